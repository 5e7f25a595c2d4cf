"""dlc: compiles ONNX models and runs them.

    import dlc

    session = dlc.InferenceSession("model.onnx")        # compiled once, kept in a cache; or an artifact, "model.so"
    outputs = session.run(None, {"input": array})

    dlc.compile("model.onnx", "model.so", ranges={"N": (1, 32)})

Calls and types are spelt as in ONNX Runtime. What goes wrong raises a dlc.Error that names the input or node.
"""

from ._compile import compile
from ._device import DeviceArray
from ._errors import (ArtifactError, Cancelled, Code, CompileError, DeviceError, Error, InternalError, InvalidArgument, OpFailed,
                      OutOfMemory, ShapeMismatch, TypeMismatch)
from ._session import InferenceSession, ModelMetadata, NodeArg
from ._version import __version__

__all__ = ["ArtifactError", "Cancelled", "Code", "CompileError", "DeviceArray", "DeviceError", "Error", "InferenceSession",
           "InternalError", "InvalidArgument", "ModelMetadata", "NodeArg", "OpFailed", "OutOfMemory", "ShapeMismatch", "TypeMismatch", "__version__", "compile"]
