"""What dlc raises. Every error is an Error, and also an instance of the builtin exception it is closest to."""

import re
from enum import IntEnum

# How messages of compiler and runtime name what is at fault. Compiled when the first error is made.
_SUBJECT = r"\b(input|output|node) '(.*?)'(?=[ :;,]|$)"
_KERNEL = r"^one of the nodes (.+ \([\w.]+\)): "  # "a (Gather), b (Relu)", which run as one
_OP = r" \([\w.]+\)(?=, |$)"
_FOUND = r": expected (.*), found (.*)$"
_NEAREST = r"no (?:input|output) '(.*)'; the nearest name is '(.*)'$"


class Code(IntEnum):
    """Why a call failed. Up to DEVICE_FAILED these are the numbers of `dlc_status` in dlc.h."""

    INVALID_ARGUMENT = 1
    IO = 2
    BAD_ARTIFACT = 3
    INCOMPATIBLE = 4
    SHAPE_MISMATCH = 5
    TYPE_MISMATCH = 6
    BUFFER_TOO_SMALL = 7
    OUT_OF_MEMORY = 8
    OVERFLOW = 9
    CANCELLED = 10
    INTERNAL = 11
    OP_FAILED = 12
    NO_DEVICE = 13
    DEVICE_FAILED = 14
    COMPILE_FAILED = 100


# Hints that are of a code and not of its class alone.
_HINTS = {
    Code.BAD_ARTIFACT: "copy the file again, or compile the model again",
    Code.INCOMPATIBLE: "compile the model again, with this version of dlc; target= and target_cpu= name what is to run it",
}


class Error(Exception):
    """What went wrong, in one line for each problem.

    code             why, a Code
    input, output,   the names at fault in the first line that has one, or None; of nodes that run as one kernel all, as
    node             "gather, relu"
    expected, found  what that line expected and found, or None; of an unknown name the nearest one and itself
    hint             what may help, or None; a traceback ends with it
    """

    code: Code = Code.INTERNAL
    hint: str | None = None

    def __init__(self, message: str, code: Code | None = None):
        super().__init__(message)
        if code is not None:
            self.code = code
            self.hint = _HINTS.get(code, self.hint)
        names: dict[str, str] = {}
        expected: str | None = None
        found: str | None = None
        for line in message.splitlines():
            for kind, name in re.findall(_SUBJECT, line):
                names.setdefault(kind, name)
            if not names and (match := re.match(_KERNEL, line)):
                names["node"] = re.sub(_OP, "", match[1])
            if match := re.search(_FOUND, line):
                expected, found = match[1], match[2]
            elif match := re.search(_NEAREST, line):
                found, expected = match[1], match[2]
                self.hint = f"did you mean '{expected}'?"
            if names:
                break
        self.input, self.output, self.node = (names.get(kind) for kind in ("input", "output", "node"))
        self.expected, self.found = expected, found
        if self.hint:
            self.add_note(f"hint: {self.hint}")


class InvalidArgument(Error, ValueError):
    """The call itself is wrong: a name that the model has not, one that is missing, an option."""

    code = Code.INVALID_ARGUMENT


class ShapeMismatch(Error, ValueError):
    """An input's rank or dims."""

    code = Code.SHAPE_MISMATCH
    hint = "session.get_inputs() tells the shapes; the compiler's shapes= and ranges= decide what may vary"


class TypeMismatch(Error, TypeError):
    """An input's element type, or a list where the model takes a tensor."""

    code = Code.TYPE_MISMATCH
    hint = "session.get_inputs() tells the types; array.astype() converts"


class ArtifactError(Error, OSError):
    """A file that is no artifact, a damaged one, or one for another machine or version."""

    code = Code.BAD_ARTIFACT


class CompileError(Error, ValueError):
    """The compiler refuses the model. `problems` has each of its lines: file, node, reason."""

    code = Code.COMPILE_FAILED
    hint = "dlc-compile --check tells what keeps a model from compiling, and writes nothing"

    @property
    def problems(self) -> list[str]:
        return str(self).splitlines()


class OpFailed(Error, RuntimeError):
    """A node cannot compute what it was given."""

    code = Code.OP_FAILED


class DeviceError(Error, RuntimeError):
    """There is no such device, no driver for it, or the driver reports a failure."""

    code = Code.DEVICE_FAILED
    hint = "nvidia-smi tells whether there is a driver, and its devices"


class OutOfMemory(Error, MemoryError):
    """An allocation failed, or a run needs a larger workspace than it may have."""

    code = Code.OUT_OF_MEMORY
    hint = "smaller inputs need less; max_workspace= limits the workspace of a run"


class Cancelled(Error, RuntimeError):
    """Another thread has cancelled the run: InferenceSession.cancel()."""

    code = Code.CANCELLED


class InternalError(Error, RuntimeError):
    """A fault of dlc's own."""

    code = Code.INTERNAL
    hint = "please report this, with the model"


_CLASSES: dict[Code, type[Error]] = {
    Code.IO: ArtifactError,
    Code.INCOMPATIBLE: ArtifactError,
    Code.BUFFER_TOO_SMALL: InternalError,  # all buffers are ours
    Code.OVERFLOW: ShapeMismatch,
    Code.NO_DEVICE: DeviceError,
} | {kind.code: kind for kind in Error.__subclasses__()}


def make_error(status: int, message: str) -> Error:
    """The error for a status of the C API."""
    code = Code(status)
    return _CLASSES[code](message, code)
