"""The runtime's C API in Python, for tests: what a program does that links libdlc_runtime.

    session = Session("model.so", find_runtime(""))
    outputs = session.make_context(threads=2).run({"x": array})

A tensor is a numpy array (of objects that are `str` where its elements are strings), a sequence a list of them, an
optional None or what it holds. A run that fails raises RunError with the context's text.
"""

import ctypes
import os
import shutil
from ctypes import POINTER, Structure, byref, c_char_p, c_int32, c_int64, c_uint32, c_uint64, c_void_p, sizeof

import numpy

STRING, SEQUENCE, OPTIONAL = 8, 1, 2
DTYPES = {1: "f4", 2: "u1", 3: "i1", 4: "u2", 5: "i2", 6: "i4", 7: "i8", 9: "?", 10: "f2", 11: "f8", 12: "u4", 13: "u8"}
NUMBERS = {numpy.dtype(name): number for number, name in DTYPES.items()} | {numpy.dtype(object): STRING}
ALIGNMENT = 64
POISON = 0xFF  # in all bytes: a NaN of every float, -1 of every int


class SessionInfo(Structure):
    _fields_ = [(name, c_uint32) for name in ("struct_size", "num_inputs", "num_outputs", "num_symbols", "num_kernels",
                                              "reserved")] + [("weights_size", c_uint64)] + \
               [(name, c_char_p) for name in ("model", "compiler", "target")]


class TensorInfo(Structure):
    _fields_ = [("struct_size", c_uint32), ("dtype", c_int32), ("name", c_char_p), ("rank", c_uint32), ("flags", c_uint32),
                ("dims", POINTER(c_int64)), ("dim_texts", POINTER(c_char_p)), ("kind", c_uint32), ("reserved", c_uint32)]


class Text(Structure):
    _fields_ = [("data", c_void_p), ("size", c_uint64)]


class ContextOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("num_threads", c_uint32), ("max_workspace", c_uint64)]


class RunOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("workspace", c_void_p), ("workspace_size", c_uint64)]


class Input(Structure):
    _fields_ = [("struct_size", c_uint32), ("dtype", c_int32), ("name", c_char_p), ("rank", c_uint32), ("reserved", c_uint32),
                ("dims", POINTER(c_int64)), ("data", c_void_p), ("size", c_uint64), ("value", c_void_p)]


class Output(Structure):
    _fields_ = [("struct_size", c_uint32), ("dtype", c_int32), ("rank", c_uint32), ("allocated", c_uint32), ("data", c_void_p),
                ("capacity", c_uint64), ("size", c_uint64), ("dims", c_int64 * 32), ("value", c_void_p)]


class RunError(Exception):
    """A run's status and its error lines."""


def find_runtime(tools):
    """The runtime's library, which lies beside the folder of dlc-run: `tools`, or where the path finds it."""
    folder = tools or os.path.dirname(shutil.which("dlc-run") or "")
    return os.path.join(folder, "..", "lib", "libdlc_runtime.so")


def load_runtime(path):
    library = ctypes.CDLL(path)
    for name in ("dlc_context_error_text", "dlc_status_text"):
        getattr(library, name).restype = c_char_p
    for name in ("dlc_value_dims", "dlc_value_data", "dlc_value_element"):
        if hasattr(library, name):
            getattr(library, name).restype = c_void_p
    return library


def make_buffer(size):
    """(an object that keeps the memory, the address of `size` poisoned and aligned bytes)"""
    memory = numpy.full(size + ALIGNMENT, POISON, dtype=numpy.uint8)
    return memory, -(-memory.ctypes.data // ALIGNMENT) * ALIGNMENT


def read_texts(address, count):
    texts = ctypes.cast(address, POINTER(Text))
    return [ctypes.string_at(texts[i].data, texts[i].size).decode() if texts[i].size else "" for i in range(count)]


def read_tensor(dtype, dims, address):
    """A copy of the tensor at `address`."""
    count = int(numpy.prod(dims, dtype=numpy.int64))
    if dtype == STRING:
        array = numpy.empty(count, dtype=object)
        array[:] = read_texts(address, count)
        return array.reshape(dims)
    element = numpy.dtype(DTYPES[dtype])
    data = ctypes.string_at(address, count * element.itemsize) if count else b""
    return numpy.frombuffer(data, dtype=element).reshape(dims)


def write_tensor(array):
    """(what must live as long as the address is used, the address, bytes)"""
    if array.dtype != object:
        dense = numpy.ascontiguousarray(array).reshape(array.shape)
        return dense, dense.ctypes.data, dense.nbytes
    data = [str(text).encode() for text in array.ravel()]
    texts = (Text * max(len(data), 1))()
    buffers = [ctypes.create_string_buffer(text, len(text) or 1) for text in data]
    for text, buffer, item in zip(texts, buffers, data):
        text.data, text.size = ctypes.addressof(buffer), len(item)
    return (texts, buffers), ctypes.addressof(texts), len(data) * sizeof(Text)


class Session:
    """A loaded artifact."""

    def __init__(self, path, runtime):
        self.library, self.handle = load_runtime(runtime), c_void_p()
        why = ctypes.create_string_buffer(1024)
        if self.library.dlc_session_load(path.encode(), None, why, c_uint64(len(why)), byref(self.handle)):
            raise RunError(why.value.decode())
        info = SessionInfo(struct_size=sizeof(SessionInfo))
        self.library.dlc_session_describe(self.handle, byref(info))
        self.outputs = [self.describe(self.library.dlc_session_output, index) for index in range(info.num_outputs)]

    def describe(self, function, index):
        info = TensorInfo(struct_size=sizeof(TensorInfo))
        function(self.handle, c_uint32(index), byref(info))
        return info

    def make_context(self, threads=0):
        return Context(self, threads)

    def __del__(self):
        self.library.dlc_session_release(self.handle)


class Context:
    """What one thread at a time runs with."""

    def __init__(self, session, threads):
        self.session, self.library, self.handle = session, session.library, c_void_p()
        options = ContextOptions(sizeof(ContextOptions), threads, 0)
        if self.library.dlc_context_create(session.handle, byref(options), byref(self.handle)):
            raise RunError("no context")

    def __del__(self):
        self.library.dlc_context_release(self.handle)

    def check(self, status):
        if status:
            name = self.library.dlc_status_text(c_int32(status)).decode()
            raise RunError(f"{name}: {self.library.dlc_context_error_text(self.handle).decode()}")

    def make_value(self, element):
        """The element as a dlc_value with one reference."""
        value = c_void_p()
        if isinstance(element, list):
            parts = [self.make_value(part) for part in element]
            dtype = NUMBERS[element[0].dtype] if element else 1
            pointers = (c_void_p * max(len(parts), 1))(*(part.value for part in parts))
            self.check(self.library.dlc_value_create_sequence(c_int32(dtype), pointers, c_uint64(len(parts)), byref(value)))
            for part in parts:
                self.library.dlc_value_release(part)
            return value
        keep, address, _ = write_tensor(element)
        dims = (c_int64 * max(element.ndim, 1))(*element.shape)
        self.check(self.library.dlc_value_create_tensor(c_int32(NUMBERS[element.dtype]), c_uint32(element.ndim), dims,
                                                        c_void_p(address), byref(value)))
        return value

    def make_input(self, name, element, keep):
        entry = Input(struct_size=sizeof(Input), name=name.encode())
        if isinstance(element, list):
            value = self.make_value(element)
            entry.value = value.value
            keep.append(value)
            return entry
        if element.dtype.kind == "U":
            element = element.astype(object)
        memory, entry.data, entry.size = write_tensor(element)
        dims = (c_int64 * max(element.ndim, 1))(*element.shape)
        entry.dtype, entry.rank, entry.dims = NUMBERS[element.dtype], element.ndim, dims
        keep += [memory, dims]
        return entry

    def read_value(self, value):
        count = self.library.dlc_value_count
        count.restype = c_uint64
        handle, kind = c_void_p(value), self.library.dlc_value_kind(c_void_p(value))
        if kind == 0:
            rank = self.library.dlc_value_rank(handle)
            dims = ctypes.cast(self.library.dlc_value_dims(handle), POINTER(c_int64))[:rank] if rank else []
            return read_tensor(self.library.dlc_value_dtype(handle), dims, self.library.dlc_value_data(handle))
        parts = [self.read_value(self.library.dlc_value_element(handle, c_uint64(i))) for i in range(count(handle))]
        return parts if kind == SEQUENCE else (parts or [None])[0]

    def run(self, inputs, own_buffers=False, poison=True, execute=None):
        """The outputs in the session's order. With `own_buffers` they lie, where their sizes are known before the run, in
        poisoned memory of ours; with `poison` so does the arena. `execute` calls dlc_context_run and checks more."""
        keep, library = [], self.library
        entries = [self.make_input(name, element, keep) for name, element in inputs.items()]
        array = (Input * max(len(entries), 1))(*entries)
        outputs = (Output * len(self.session.outputs))()
        for output in outputs:
            output.struct_size = sizeof(Output)
        workspace = c_uint64()
        feeds = (array, c_uint32(len(entries)), outputs, c_uint32(len(outputs)))
        self.check(library.dlc_context_plan(self.handle, *feeds, byref(workspace)))
        options = RunOptions(struct_size=sizeof(RunOptions))
        if poison and workspace.value:
            memory, options.workspace = make_buffer(workspace.value)
            options.workspace_size = workspace.value
            keep.append(memory)
        for output in outputs if own_buffers else ():
            known = output.dtype != STRING and all(dim >= 0 for dim in output.dims[:output.rank])
            if known and output.size:
                memory, output.data = make_buffer(output.size)
                output.capacity = output.size
                keep.append(memory)
        try:
            status = (execute or library.dlc_context_run)(self.handle, byref(options), *feeds)
            self.check(status)
            return [self.read_value(output.value) if output.value
                    else read_tensor(output.dtype, output.dims[:output.rank], output.data) for output in outputs]
        finally:
            for entry in entries:
                if entry.value:
                    library.dlc_value_release(c_void_p(entry.value))
            for output in outputs:
                library.dlc_output_release(byref(output))
