"""The library ops as Python functions, through the shared object that the build makes for tests.

Values are numpy arrays (dtype object: strings), lists (sequences) and tuples (optionals); None is an absent operand.
Every call is also made with each of its allocations failing, and once more with described outputs where they can be.
"""

import ctypes as c

import ml_dtypes
import numpy as np

DTYPES = {np.dtype(t): n for t, n in [
    (np.float32, 1), (np.uint8, 2), (np.int8, 3), (np.uint16, 4), (np.int16, 5), (np.int32, 6), (np.int64, 7), (object, 8),
    (np.bool_, 9), (np.float16, 10), (np.float64, 11), (np.uint32, 12), (np.uint64, 13), (ml_dtypes.bfloat16, 16),
    (ml_dtypes.float8_e4m3fn, 17), (ml_dtypes.float8_e4m3fnuz, 18), (ml_dtypes.float8_e5m2, 19), (ml_dtypes.float8_e5m2fnuz, 20),
    (ml_dtypes.uint4, 21), (ml_dtypes.int4, 22), (ml_dtypes.float4_e2m1fn, 23), (ml_dtypes.float8_e8m0fnu, 24), (ml_dtypes.uint2, 25),
    (ml_dtypes.int2, 26)]}
NUMPY = {n: t for t, n in DTYPES.items()}
STRING = 8
TENSOR, SEQUENCE, OPTIONAL = 0, 1, 2


class String(c.Structure):
    _fields_ = [("data", c.c_void_p), ("size", c.c_uint64)]


class Value(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("kind", c.c_uint32), ("dtype", c.c_int32), ("is_object", c.c_uint32),
                ("rank", c.c_uint32), ("reserved", c.c_uint32), ("dims", c.POINTER(c.c_int64)), ("count", c.c_uint64),
                ("data", c.c_void_p)]


class Attribute(c.Structure):
    _fields_ = [("name", c.c_char_p), ("kind", c.c_uint32), ("reserved", c.c_uint32), ("count", c.c_uint64),
                ("data", c.c_void_p)]


class Call(c.Structure):
    _fields_ = [("struct_size", c.c_uint32), ("num_inputs", c.c_uint32), ("num_outputs", c.c_uint32),
                ("num_attributes", c.c_uint32), ("inputs", c.c_void_p), ("outputs", c.c_void_p), ("attributes", c.c_void_p),
                ("state", c.c_void_p), ("services", c.c_void_p)]


class OpError(Exception):
    """What an op has reported."""


def strings(items):
    """An array of String, and what must be kept alive for it."""
    encoded = [item.encode() for item in items]
    buffers = [c.create_string_buffer(text, len(text) or 1) for text in encoded]
    array = (String * max(len(encoded), 1))()
    for place, text, buffer in zip(array, encoded, buffers):
        place.data, place.size = c.addressof(buffer), len(text)
    return array, buffers


class OpLibrary:
    def __init__(self, path):
        self.library = c.CDLL(path)
        self.library.dlc_test_new.restype = c.c_void_p
        self.library.dlc_test_objects.restype = c.c_int64
        for name in ("dlc_test_message", "dlc_test_problem"):
            getattr(self.library, name).restype = c.c_char_p
        self.heap = c.c_void_p(self.library.dlc_test_new())

    def __call__(self, name, inputs, outputs=1, **attributes):
        """The outputs of op `name`."""
        kept = []
        described = [None if value is None else self._describe(value, kept) for value in inputs]
        attributes = self._attributes(attributes, kept)
        made = (c.POINTER(Value) * outputs)()
        try:
            self._call(name, described, made, attributes)
            results = [self._read(made[i].contents) for i in range(outputs)]
        finally:
            for value in made:
                self.library.dlc_test_release(self.heap, value)
            assert self.library.dlc_test_objects(self.heap) == 0, f"{name}: objects are left"
        if all(isinstance(result, np.ndarray) and result.dtype != object for result in results):
            self._call_described(name, described, attributes, results)
        return results

    def _call(self, name, inputs, outputs, attributes):
        pointers = (c.POINTER(Value) * max(len(inputs), 1))(*[c.pointer(v) if v else None for v in inputs])
        call = Call(num_inputs=len(inputs), num_outputs=len(outputs), num_attributes=len(attributes),
                    inputs=c.addressof(pointers), outputs=c.addressof(outputs), attributes=c.addressof(attributes))
        status = self.library.dlc_test_call(self.heap, name.encode(), c.byref(call))
        problem = self.library.dlc_test_problem(self.heap).decode()
        assert not problem, f"{name}: {problem}"
        assert status != -1, f"no op {name}"
        if status:
            raise OpError(self.library.dlc_test_message(self.heap).decode())

    def _call_described(self, name, inputs, attributes, expected):
        kept = []
        memory = [np.full(result.nbytes + 64, 0xa5, np.uint8) for result in expected]
        outputs = (c.POINTER(Value) * len(expected))()
        for i, (result, raw) in enumerate(zip(expected, memory)):
            value = self._describe(result, kept)
            value.data = raw.ctypes.data
            kept.append(value)
            outputs[i] = c.pointer(value)
        self._call(name, inputs, outputs, attributes)
        for result, raw in zip(expected, memory):
            assert raw[:result.nbytes].tobytes() == result.tobytes(), f"{name}: described outputs differ"
            assert (raw[result.nbytes:] == 0xa5).all(), f"{name}: writes beyond its output"

    def _describe(self, value, kept):
        if isinstance(value, (list, tuple)):
            children = [self._describe(child, kept) for child in value]
            pointers = (c.POINTER(Value) * max(len(children), 1))(*[c.pointer(child) for child in children])
            kept += [children, pointers]
            kind = SEQUENCE if isinstance(value, list) else OPTIONAL
            return Value(c.sizeof(Value), kind, children[0].dtype if children else 0, 0, 0, 0, None, len(children),
                         c.addressof(pointers))
        dims = (c.c_int64 * max(value.ndim, 1))(*value.shape)
        if value.dtype == object:
            data, buffers = strings(value.reshape(-1))
            address = c.addressof(data)
        else:
            data = buffers = np.array(value, order="C")  # not ascontiguousarray, which makes a vector of a scalar
            address = data.ctypes.data
        kept += [dims, data, buffers]
        return Value(c.sizeof(Value), TENSOR, DTYPES[value.dtype], 0, value.ndim, 0, dims, value.size, address)

    def _read(self, value):
        if value.kind != TENSOR:
            children = c.cast(value.data, c.POINTER(c.POINTER(Value)))
            values = [self._read(children[i].contents) for i in range(value.count)]
            return values if value.kind == SEQUENCE else tuple(values)
        shape = tuple(value.dims[i] for i in range(value.rank))
        if value.dtype == STRING:
            array = c.cast(value.data, c.POINTER(String))
            result = np.empty(shape, object)
            result.reshape(-1)[:] = [c.string_at(array[i].data, array[i].size).decode() for i in range(value.count)]
            return result
        dtype = NUMPY[value.dtype]
        assert value.count == np.prod(shape, dtype=np.int64)
        return np.frombuffer(c.string_at(value.data, value.count * dtype.itemsize), dtype).reshape(shape)

    def _attributes(self, attributes, kept):
        made = (Attribute * max(len(attributes), 1))()
        for place, (name, value) in zip(made, attributes.items()):
            items = list(value) if isinstance(value, (list, tuple, np.ndarray)) else [value]
            sample = items[0] if items else 0
            if isinstance(sample, str):
                kind, (data, buffers) = 2, strings(items)
                kept.append(buffers)
            elif isinstance(sample, float):
                kind, data = 1, (c.c_double * len(items))(*items)
            else:
                kind, data = 0, (c.c_int64 * max(len(items), 1))(*[int(item) for item in items])
            kind += 3 if items is not value and isinstance(value, (list, tuple, np.ndarray)) else 0
            kept.append(data)
            place.name, place.kind, place.count, place.data = name.encode(), kind, len(items), c.addressof(data)
        array = (Attribute * len(attributes))(*made[:len(attributes)])
        kept.append(made)
        return array
