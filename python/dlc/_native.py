"""The runtime's C API (dlc.h) by ctypes: its structs and functions, under their names. A call of it releases the GIL."""

import ctypes
import os
from ctypes import POINTER, Structure, byref, c_char_p, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p, sizeof
from typing import Any

PACKAGE = os.path.dirname(__file__)
MAX_RANK = 32
KIND_TENSOR, KIND_SEQUENCE, KIND_OPTIONAL = range(3)
INFO_ANY_DIMS = 1
INFO_ON_DEVICE = 4
MEMORY_HOST, MEMORY_DEVICE = range(2)
DEVICE_ANY, DEVICE_CPU, DEVICE_CUDA = range(3)
VERIFY = {"small": 0, "always": 1, "never": 2}


class SessionOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("verify_weights", c_uint32), ("device", c_uint32), ("ordinal", c_uint32)]


class SessionInfo(Structure):
    _fields_ = [("struct_size", c_uint32), ("num_inputs", c_uint32), ("num_outputs", c_uint32), ("num_symbols", c_uint32),
                ("num_kernels", c_uint32), ("reserved", c_uint32), ("weights_size", c_uint64), ("model", c_char_p),
                ("compiler", c_char_p), ("target", c_char_p), ("device", c_char_p), ("fallback", c_char_p)]


class TensorInfo(Structure):
    _fields_ = [("struct_size", c_uint32), ("dtype", c_int32), ("name", c_char_p), ("rank", c_uint32), ("flags", c_uint32),
                ("dims", POINTER(c_int64)), ("dim_texts", POINTER(c_char_p)), ("kind", c_uint32), ("reserved", c_uint32)]


class SymbolInfo(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("name", c_char_p), ("min", c_int64), ("max", c_int64)]


class ContextOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("num_threads", c_uint32), ("max_workspace", c_uint64)]


class RunOptions(Structure):
    _fields_ = [("struct_size", c_uint32), ("reserved", c_uint32), ("workspace", c_void_p), ("workspace_size", c_uint64),
                ("profile", c_void_p), ("num_profile_rows", c_uint32), ("reserved2", c_uint32), ("stream", c_void_p)]


class Text(Structure):
    _fields_ = [("data", c_void_p), ("size", c_uint64)]


class Input(Structure):
    _fields_ = [("struct_size", c_uint32), ("dtype", c_int32), ("name", c_char_p), ("rank", c_uint32), ("reserved", c_uint32),
                ("dims", c_void_p), ("data", c_void_p), ("size", c_uint64), ("value", c_void_p), ("memory", c_uint32), ("reserved2", c_uint32)]


class Output(Structure):
    _fields_ = [("struct_size", c_uint32), ("dtype", c_int32), ("rank", c_uint32), ("allocated", c_uint32), ("data", c_void_p),
                ("capacity", c_uint64), ("size", c_uint64), ("dims", c_int64 * MAX_RANK), ("value", c_void_p),
                ("memory", c_uint32), ("ordinal", c_uint32)]


# name: result, parameters
_FUNCTIONS: dict[str, tuple[Any, list[Any]]] = {
    "dlc_status_text": (c_char_p, [c_int32]),
    "dlc_dtype_size": (c_uint32, [c_int32]),
    "dlc_session_load": (c_int32, [c_char_p, POINTER(SessionOptions), c_char_p, c_size_t, POINTER(c_void_p)]),
    "dlc_session_release": (None, [c_void_p]),
    "dlc_session_describe": (c_int32, [c_void_p, POINTER(SessionInfo)]),
    "dlc_session_input": (c_int32, [c_void_p, c_uint32, POINTER(TensorInfo)]),
    "dlc_session_output": (c_int32, [c_void_p, c_uint32, POINTER(TensorInfo)]),
    "dlc_session_symbol": (c_int32, [c_void_p, c_uint32, POINTER(SymbolInfo)]),
    "dlc_session_find_input": (c_int32, [c_void_p, c_char_p, POINTER(c_uint32), POINTER(c_char_p)]),
    "dlc_session_find_output": (c_int32, [c_void_p, c_char_p, POINTER(c_uint32), POINTER(c_char_p)]),
    "dlc_context_create": (c_int32, [c_void_p, POINTER(ContextOptions), POINTER(c_void_p)]),
    "dlc_context_release": (None, [c_void_p]),
    "dlc_context_error_text": (c_char_p, [c_void_p]),
    "dlc_context_run": (c_int32, [c_void_p, c_void_p, c_void_p, c_uint32, c_void_p, c_uint32]),
    "dlc_context_cancel": (None, [c_void_p]),
    "dlc_output_release": (None, [c_void_p]),
    "dlc_value_create_tensor": (c_int32, [c_int32, c_uint32, c_void_p, c_void_p, POINTER(c_void_p)]),
    "dlc_value_create_sequence": (c_int32, [c_int32, c_void_p, c_uint64, POINTER(c_void_p)]),
    "dlc_value_create_optional": (c_int32, [c_int32, c_void_p, POINTER(c_void_p)]),
    "dlc_value_retain": (c_void_p, [c_void_p]),
    "dlc_value_release": (None, [c_void_p]),
    "dlc_value_kind": (c_uint32, [c_void_p]),
    "dlc_value_dtype": (c_int32, [c_void_p]),
    "dlc_value_rank": (c_uint32, [c_void_p]),
    "dlc_value_dims": (POINTER(c_int64), [c_void_p]),
    "dlc_value_data": (c_void_p, [c_void_p]),
    "dlc_value_count": (c_uint64, [c_void_p]),
    "dlc_value_element": (c_void_p, [c_void_p, c_uint64]),
}


def _load() -> ctypes.CDLL:
    loaded = ctypes.CDLL(os.path.join(PACKAGE, "lib", "libdlc_runtime.so"))
    for name, (result, parameters) in _FUNCTIONS.items():
        function = getattr(loaded, name)
        function.restype, function.argtypes = result, parameters
    return loaded


library = _load()


def describe(struct: type[Structure], function: Any, *arguments: Any) -> Any:
    """The struct that `function(*arguments, &struct)` fills."""
    info = struct(struct_size=sizeof(struct))
    function(*arguments, byref(info))
    return info
