"""NumPy arrays, lists and None from and to the runtime's memory."""

import ctypes
import math
from ctypes import byref, c_char, c_int64, c_void_p
from typing import Any

import numpy as np

from ._errors import TypeMismatch, make_error
from ._native import KIND_OPTIONAL, KIND_SEQUENCE, KIND_TENSOR, Output, Text, library
from ._types import STRING, dtype_of, number_of

Value = Any  # np.ndarray | list | None


class OutputOwner(Output):
    """A copy of a dlc_output that a run has filled, which frees what the run has allocated."""

    _release = staticmethod(library.dlc_output_release)

    def __del__(self) -> None:
        self._release(byref(self))


class ValueOwner:
    """One reference to a value of the runtime."""

    _release = staticmethod(library.dlc_value_release)

    def __init__(self, handle: int | None):
        self.handle = handle

    def __del__(self) -> None:
        self._release(self.handle)


def _read_tensor(owner: Any, number: int, dims: list[int], address: int | None) -> np.ndarray:
    """The tensor that lies in `owner`'s memory at `address`, without a copy but of strings: the array keeps the owner."""
    if number == STRING:
        return _read_strings(dims, address)
    dtype = dtype_of(number)
    if not address or 0 in dims:
        return np.empty(dims, dtype)
    memory: Any = (c_char * (math.prod(dims) * dtype.itemsize)).from_address(address)
    memory.owner = owner
    return np.ndarray(dims, dtype, memory)


def _read_strings(dims: list[int], address: int | None) -> np.ndarray:
    array = np.empty(dims, dtype=object)
    flat = array.reshape(-1)
    texts = (Text * flat.size).from_address(address) if address else ()
    for i, text in enumerate(texts):
        flat[i] = ctypes.string_at(text.data, text.size).decode(errors="surrogateescape") if text.size else ""
    return array


def read_output(owner: OutputOwner) -> Value:
    """What a run has put into an output."""
    if owner.value:
        return read_value(owner.value)
    return _read_tensor(owner, owner.dtype, owner.dims[:owner.rank], owner.data)


def read_value(handle: int) -> Value:
    kind = library.dlc_value_kind(handle)
    if kind == KIND_TENSOR:
        rank = library.dlc_value_rank(handle)
        dims = library.dlc_value_dims(handle)[:rank] if rank else []
        array = _read_tensor(ValueOwner(library.dlc_value_retain(handle)), library.dlc_value_dtype(handle), dims,
                             library.dlc_value_data(handle))
        array.flags.writeable = array.dtype == object  # other values may share the elements
        return array
    parts = [read_value(library.dlc_value_element(handle, i)) for i in range(library.dlc_value_count(handle))]
    return parts if kind == KIND_SEQUENCE else (parts or [None])[0]


def as_tensor(value: Any, wanted: int, what: str) -> np.ndarray:
    """`value` as a dense array of native, aligned elements that the runtime can read; numbers and lists of Python become
    elements of the type `wanted` (a number of ONNX, or 0 for any) where that loses no kind."""
    if not isinstance(value, (np.ndarray, np.generic)):
        value = _from_python(value, wanted, what)
    array = np.asarray(value)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    if number_of(array.dtype) is None:
        raise TypeMismatch(f"{what}: expected element type {_name(wanted)}, found {array.dtype}")
    return np.require(array, requirements=("C", "A")).reshape(array.shape)


def _from_python(value: Any, wanted: int, what: str) -> np.ndarray:
    if value is None or isinstance(value, dict):
        raise TypeMismatch(f"{what}: expected a tensor, found {'nothing' if value is None else 'a dict'}")
    try:
        array = np.asarray(value)
        if wanted == STRING:
            array = array.astype(object)
        elif wanted and array.dtype.kind in "biufc":
            array = array.astype(dtype_of(wanted), casting="same_kind" if array.size else "unsafe")
        return array
    except (TypeError, ValueError):
        raise TypeMismatch(f"{what}: expected element type {_name(wanted)}, found a {type(value).__name__} of others") from None


def _name(number: int) -> str:
    return dtype_of(number).name if number else "one that the runtime knows"


def write_strings(array: np.ndarray, what: str) -> tuple[Any, int]:
    """(what must live as long as the address is used, the address of dlc_texts)"""
    texts, buffers = (Text * max(array.size, 1))(), []
    for text, element in zip(texts, array.reshape(-1), strict=False):
        if isinstance(element, str):
            element = element.encode(errors="surrogateescape")
        elif not isinstance(element, bytes):
            raise TypeMismatch(f"{what}: expected strings, found a {type(element).__name__}")
        buffer = ctypes.c_char_p(element)
        buffers.append(buffer)
        text.data, text.size = ctypes.cast(buffer, c_void_p).value, len(element)
    return (texts, buffers), ctypes.addressof(texts)


def make_value(kind: int, number: int, element: Any, what: str) -> ValueOwner:
    """`element` as a new value of the runtime: an array, a list of arrays, or, for an optional, these or None. `number` is
    the type of the elements, or 0 for any."""
    value = c_void_p()
    if kind == KIND_OPTIONAL:
        inner = ValueOwner(None)
        if element is not None:
            inner = make_value(KIND_SEQUENCE if isinstance(element, (list, tuple)) else KIND_TENSOR, number, element, what)
        status = library.dlc_value_create_optional(number or 1, inner.handle, byref(value))
    elif kind == KIND_SEQUENCE:
        status = _make_sequence(number, element, what, value)
    else:
        array = as_tensor(element, number, what)
        found = number_of(array.dtype)
        keep, address = write_strings(array, what) if found == STRING else (array, array.ctypes.data)
        status = library.dlc_value_create_tensor(found, array.ndim, (c_int64 * max(array.ndim, 1))(*array.shape), address,
                                                 byref(value))
        del keep
    if status:
        raise make_error(status, f"{what}: {library.dlc_status_text(status).decode()}")
    return ValueOwner(value.value)


def _make_sequence(number: int, elements: Any, what: str, value: c_void_p) -> int:
    if not isinstance(elements, (list, tuple)):
        raise TypeMismatch(f"{what}: expected a list, found a {type(elements).__name__}")
    parts = [make_value(KIND_TENSOR, number, element, what) for element in elements]
    types = {library.dlc_value_dtype(part.handle) for part in parts} or {number or 1}
    if len(types) > 1:
        raise TypeMismatch(f"{what}: expected tensors of one element type, found "
                           f"{', '.join(sorted(dtype_of(n).name for n in types))}")
    handles = (c_void_p * max(len(parts), 1))(*(part.handle for part in parts))
    status: int = library.dlc_value_create_sequence(types.pop(), handles, len(parts), byref(value))
    return status
