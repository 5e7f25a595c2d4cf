"""dlc: compiles ONNX models and runs them.

    import dlc

    session = dlc.InferenceSession("model.onnx")        # compiled once, kept in a cache; or an artifact, "model.so"
    outputs = session.run(None, {"input": array})

    dlc.compile("model.onnx", "model.so", ranges={"N": (1, 32)})

Calls and types are spelt as in ONNX Runtime. What goes wrong raises a dlc.Error that names the input or node.
"""

from typing import TYPE_CHECKING

from ._compile import compile
from ._errors import (ArtifactError, Cancelled, Code, CompileError, DeviceError, Error, InternalError, InvalidArgument, OpFailed,
                      OutOfMemory, ShapeMismatch, TypeMismatch)
from ._version import __version__

__all__ = ["ArtifactError", "Cancelled", "Code", "CompileError", "DeviceArray", "DeviceError", "Error", "InferenceSession",
           "InternalError", "InvalidArgument", "ModelMetadata", "NodeArg", "OpFailed", "OutOfMemory", "ShapeMismatch", "TypeMismatch", "__version__", "compile"]

if TYPE_CHECKING:
    from ._device import DeviceArray
    from ._session import InferenceSession, ModelMetadata, NodeArg
else:
    # What needs NumPy is imported when the first of its names is used: NumPy alone takes five times as long as all else here.

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        from . import _session
        globals()[name] = value = getattr(_session, name)
        return value

    def __dir__():
        return sorted({*globals(), *__all__})
