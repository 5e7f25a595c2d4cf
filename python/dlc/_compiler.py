"""Runs dlc-compile, the compiler beside this package."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from ._compile import Source
from ._errors import ArtifactError, Code, CompileError, InternalError, InvalidArgument
from ._native import PACKAGE

COMPILER = Path(PACKAGE, "bin", "dlc-compile")

# Statuses of dlc-compile.
_INPUT_AT_FAULT, _WRONG_USAGE = 1, 2
# What it says where the disk is full, or may not be written.
_CANNOT_WRITE = re.compile(r"\bcannot (write '|hold )")


def run_compiler(model: Source, output: str | os.PathLike[str], flags: list[str], scratch: str | None = None) -> None:
    """scratch: the folder where temporary files lie; the system's by default. Raises an ArtifactError where there is no room
    for what is written."""
    if not isinstance(model, bytes):
        return _run([os.fspath(model), "-o", os.fspath(output), *flags], scratch)
    with tempfile.TemporaryDirectory(prefix="dlc-", dir=scratch) as folder:
        path = Path(folder, "model.onnx")
        path.write_bytes(model)
        return _run([str(path), "-o", os.fspath(output), *flags], scratch)


def _run(arguments: list[str], scratch: str | None) -> None:
    environment = {**os.environ, "TMPDIR": scratch} if scratch else None
    try:
        # Signals stay as Python has set them: a write beyond a limit of file sizes is an error, no end.
        result = subprocess.run([str(COMPILER), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                errors="replace", env=environment, restore_signals=False)
    except OSError as error:
        raise InternalError(f"dlc-compile cannot be started: {error}") from None
    if result.returncode == 0:
        return
    lines = [line.removeprefix("error: ") for line in result.stderr.splitlines() if "error: " in line]
    text = "\n".join(lines) or result.stderr.strip() or f"dlc-compile ended with status {result.returncode}"
    if result.returncode == _INPUT_AT_FAULT:
        raise ArtifactError(text, Code.IO) if any(map(_CANNOT_WRITE.search, lines)) else CompileError(text)
    raise InvalidArgument(text.removesuffix("; see --help")) if result.returncode == _WRONG_USAGE else InternalError(text)
