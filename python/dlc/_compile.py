"""Runs dlc-compile, the compiler beside this package."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from ._errors import CompileError, InternalError, InvalidArgument
from ._native import PACKAGE

COMPILER = PACKAGE / "bin" / "dlc-compile"
Source = str | os.PathLike | bytes

# Statuses of dlc-compile.
_INPUT_AT_FAULT, _WRONG_USAGE = 1, 2


def make_flags(*, shapes: Mapping[str, Iterable[int | str]] | None = None, ranges: Mapping[str, tuple[int, int]] | None = None,
               hints: Mapping[str, int] | None = None, specialize: Mapping[str, Iterable[int]] | None = None,
               target_cpu: str | None = None, target_features: str | None = None) -> list[str]:
    """The options of dlc-compile; see compile()."""
    flags = [f"--shape={name}={_join(dims)}" for name, dims in (shapes or {}).items()]
    flags += [f"--range={symbol}={low}:{high}" for symbol, (low, high) in (ranges or {}).items()]
    flags += [f"--hint={symbol}={size}" for symbol, size in (hints or {}).items()]
    flags += [f"--specialize={symbol}={_join(sizes)}" for symbol, sizes in (specialize or {}).items()]
    flags += [f"--target-cpu={target_cpu}"] if target_cpu else []
    return flags + ([f"--target-features={target_features}"] if target_features else [])


def _join(sizes: Iterable[int | str]) -> str:
    return ",".join(str(size) for size in sizes)


def compile(model: Source, output: str | os.PathLike, **options) -> Path:
    """Compiles an ONNX model, a file or its bytes, into an artifact at `output`, which appears whole or not at all.

    shapes           {"x": ("N", 3, 224, 224)}: numbers fix dims of an input, names name them
    ranges           {"N": (1, 32)}: what a symbolic dim may be
    hints            {"N": 8}: its usual value, that memory is planned for
    specialize       {"N": (1, 8)}: more versions, for these values
    target_cpu       one of LLVM's names; this machine's CPU by default
    target_features  "+avx2,-fma"

    Raises CompileError with a line for each node that cannot be compiled.
    """
    run_compiler(model, output, make_flags(**options))
    return Path(output)


def run_compiler(model: Source, output: str | os.PathLike, flags: list[str]) -> None:
    if not isinstance(model, bytes):
        return _run([os.fspath(model), "-o", os.fspath(output), *flags])
    with tempfile.TemporaryDirectory(prefix="dlc-") as folder:
        path = Path(folder, "model.onnx")
        path.write_bytes(model)
        return _run([str(path), "-o", os.fspath(output), *flags])


def _run(arguments: list[str]) -> None:
    try:
        result = subprocess.run([str(COMPILER), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                                errors="replace")
    except OSError as error:
        raise InternalError(f"dlc-compile cannot be started: {error}") from None
    if result.returncode == 0:
        return
    lines = [line.removeprefix("error: ") for line in result.stderr.splitlines() if "error: " in line]
    text = "\n".join(lines) or result.stderr.strip() or f"dlc-compile ended with status {result.returncode}"
    if result.returncode == _INPUT_AT_FAULT:
        raise CompileError(text)
    raise InvalidArgument(text) if result.returncode == _WRONG_USAGE else InternalError(text)
