"""Arrays in the memory of a CUDA device, in and out without copies: DLPack and __cuda_array_interface__."""

import ctypes
import math
from ctypes import POINTER, Structure, c_char_p, c_int32, c_int64, c_uint8, c_uint16, c_uint64, c_void_p
from typing import Any

import numpy as np

from ._errors import InvalidArgument, TypeMismatch
from ._types import dtype_of, number_of

_CUDA = 2  # kDLCUDA
_LEGACY_STREAM = 1
_CODES = {"i": 0, "u": 1, "f": 2, "b": 6}  # DLDataTypeCode by NumPy's kind
_BFLOAT = 4


class _DLTensor(Structure):
    _fields_ = [("data", c_void_p), ("device_type", c_int32), ("device_id", c_int32), ("ndim", c_int32), ("code", c_uint8),
                ("bits", c_uint8), ("lanes", c_uint16), ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)),
                ("byte_offset", c_uint64)]


_Deleter = ctypes.CFUNCTYPE(None, c_void_p)


class _DLManagedTensor(Structure):
    _fields_ = [("tensor", _DLTensor), ("context", c_void_p), ("deleter", _Deleter)]


_new_capsule = ctypes.pythonapi.PyCapsule_New
_new_capsule.restype, _new_capsule.argtypes = ctypes.py_object, [c_void_p, c_char_p, c_void_p]
_capsule_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_capsule_pointer.restype, _capsule_pointer.argtypes = c_void_p, [ctypes.py_object, c_char_p]
_capsule_valid = ctypes.pythonapi.PyCapsule_IsValid
_capsule_valid.restype, _capsule_valid.argtypes = ctypes.c_int, [c_void_p, c_char_p]

# What consumers of DLPack hold, by address, until they call the deleter.
_lent: dict[int, Any] = {}


def _give_back(address: int) -> None:
    _lent.pop(address, None)


def _drop_capsule(capsule: int) -> None:
    if _capsule_valid(capsule, b"dltensor"):  # nobody has taken it
        get = ctypes.PYFUNCTYPE(c_void_p, c_void_p, c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))
        _lent.pop(get(capsule, b"dltensor"), None)


_deleter = _Deleter(_give_back)
_destructor = ctypes.CFUNCTYPE(None, c_void_p)(_drop_capsule)


class DeviceArray:
    """A dense array in the memory of a CUDA device that a run has made; freed with the last that uses it. torch.from_dlpack,
    cupy.asarray and the like read it where it lies."""

    def __init__(self, owner: Any):
        self._owner = owner
        self.shape = tuple(owner.dims[:owner.rank])
        self.dtype = dtype_of(owner.dtype)
        self.device = f"cuda:{owner.ordinal}"

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        return {"shape": self.shape, "typestr": self.dtype.str, "data": (self._owner.data or 0, False), "version": 3,
                "strides": None, "stream": None}  # the run has ended: there is nothing to wait for

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CUDA, self._owner.ordinal

    def __dlpack__(self, *, stream: Any = None, **_: Any) -> Any:
        shape = (c_int64 * max(len(self.shape), 1))(*self.shape)
        managed = _DLManagedTensor()
        code = _BFLOAT if self.dtype.name == "bfloat16" else _CODES[self.dtype.kind]
        managed.tensor = _DLTensor(self._owner.data, _CUDA, self._owner.ordinal, len(self.shape), code,
                                   self.dtype.itemsize * 8, 1, shape, None, 0)
        managed.deleter = _deleter
        address = ctypes.addressof(managed)
        _lent[address] = (managed, shape, self._owner)
        return _new_capsule(address, b"dltensor", ctypes.cast(_destructor, c_void_p))


class DeviceInput:
    """An array of another library in a device's memory, as a run takes it."""

    def __init__(self, pointer: int, shape: tuple[int, ...], number: int, stream: int | None, keep: Any):
        self.pointer, self.shape, self.number, self.stream, self.keep = pointer, shape, number, stream, keep
        self.nbytes = math.prod(shape) * dtype_of(number).itemsize


def is_on_device(value: Any) -> bool:
    if hasattr(value, "__cuda_array_interface__"):
        return True
    return hasattr(value, "__dlpack_device__") and not isinstance(value, np.ndarray) and value.__dlpack_device__()[0] == _CUDA


def read_device(value: Any, what: str) -> DeviceInput:
    """A dense array of a device, without a copy."""
    if hasattr(value, "__dlpack__"):
        return _read_dlpack(value.__dlpack__(stream=_LEGACY_STREAM), what)
    interface = value.__cuda_array_interface__
    shape = tuple(interface["shape"])
    dtype = np.dtype(interface["typestr"])
    number = number_of(dtype)
    if number is None:
        raise TypeMismatch(f"{what}: expected an element type that the runtime knows, found {dtype}")
    strides = interface.get("strides")
    _demand_dense(shape, strides and [stride // dtype.itemsize for stride in strides], what)
    return DeviceInput(interface["data"][0], shape, number, interface.get("stream"), value)


def _read_dlpack(capsule: Any, what: str) -> DeviceInput:
    # The capsule is not taken over: it lives as long as the run, and frees the array when it goes.
    tensor = _DLManagedTensor.from_address(_capsule_pointer(capsule, b"dltensor")).tensor
    shape = tuple(tensor.shape[:tensor.ndim])
    name = {0: "int", 1: "uint", 2: "float", _BFLOAT: "bfloat", 6: "bool"}.get(tensor.code, "?")
    number = next((n for n in (*range(1, 8), *range(9, 14), 16) if _spelling(n) == (name, tensor.bits)), None)
    if number is None or tensor.lanes != 1:
        raise TypeMismatch(f"{what}: expected an element type that the runtime knows, found {name}{tensor.bits}")
    _demand_dense(shape, tensor.strides[:tensor.ndim] if tensor.strides else None, what)
    return DeviceInput((tensor.data or 0) + tensor.byte_offset, shape, number, None, capsule)


def _spelling(number: int) -> tuple[str, int]:
    dtype = dtype_of(number)
    return dtype.name.rstrip("0123456789"), dtype.itemsize * 8


def _demand_dense(shape: tuple[int, ...], strides: Any, what: str) -> None:
    step = 1
    for size, stride in zip(reversed(shape), reversed(strides or []), strict=False):
        if size > 1 and stride != step:
            raise InvalidArgument(f"{what}: expected a dense array in the device's memory, found one with strides")
        step *= size
