"""Element types: ONNX's numbers, NumPy's dtypes, and the names that ONNX Runtime has for them."""

import numpy as np

from ._errors import TypeMismatch
from ._native import KIND_OPTIONAL, KIND_SEQUENCE, library

STRING = 8

# number: (ONNX Runtime's name, NumPy's). What NumPy lacks is a type of the package ml_dtypes.
_NAMES = {
    1: ("float", "float32"), 2: ("uint8", "uint8"), 3: ("int8", "int8"), 4: ("uint16", "uint16"), 5: ("int16", "int16"),
    6: ("int32", "int32"), 7: ("int64", "int64"), STRING: ("string", "object"), 9: ("bool", "bool"),
    10: ("float16", "float16"), 11: ("double", "float64"), 12: ("uint32", "uint32"), 13: ("uint64", "uint64"),
    16: ("bfloat16", "bfloat16"),
    17: ("float8e4m3fn", "float8_e4m3fn"), 18: ("float8e4m3fnuz", "float8_e4m3fnuz"), 19: ("float8e5m2", "float8_e5m2"),
    20: ("float8e5m2fnuz", "float8_e5m2fnuz"), 21: ("uint4", "uint4"), 22: ("int4", "int4"),
    23: ("float4e2m1", "float4_e2m1fn"), 24: ("float8e8m0", "float8_e8m0fnu"), 25: ("uint2", "uint2"), 26: ("int2", "int2"),
    27: ("float6e2m3", "float6_e2m3fn"), 28: ("float6e3m2", "float6_e3m2fn"),
}
_NUMBERS = {numpy_name: number for number, (_, numpy_name) in _NAMES.items()}
# What number_of has found so far: dtypes of native byte order.
KNOWN: dict[np.dtype, int] = {np.dtype(object): STRING}
_DTYPES: dict[int, np.dtype] = {}


def number_of(dtype: np.dtype) -> int | None:
    """ONNX's number of a dtype of native byte order, or None where the runtime has no such type."""
    number = KNOWN.get(dtype)
    if number is None:
        number = STRING if dtype.kind in "UST" else _NUMBERS.get(dtype.name)
        if number is None or number != STRING and library.dlc_dtype_size(number) != dtype.itemsize:
            return None
        KNOWN[dtype] = number
    return number


def dtype_of(number: int) -> np.dtype:
    """The dtype of arrays of ONNX's type `number`."""
    dtype = _DTYPES.get(number)
    if dtype is None:
        name = _NAMES[number][1]
        try:
            dtype = np.dtype(name)
        except TypeError:
            try:
                import ml_dtypes
            except ImportError:
                raise TypeMismatch(f"elements of type {name} need the package ml_dtypes, which is not installed") from None
            dtype = np.dtype(getattr(ml_dtypes, name))
        _DTYPES[number] = dtype
    return dtype


def spell(kind: int, number: int) -> str:
    """A type in ONNX Runtime's spelling: "tensor(float)", "seq(tensor(int64))"."""
    tensor = f"tensor({_NAMES[number][0] if number in _NAMES else 'any'})"
    if kind == KIND_SEQUENCE:
        return f"seq({tensor})"
    return f"optional({tensor})" if kind == KIND_OPTIONAL else tensor
