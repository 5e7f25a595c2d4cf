"""compile(), and the options that it takes. What runs the compiler is imported where it is used: most programs open artifacts
that are compiled already."""

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, TypedDict, Unpack

if TYPE_CHECKING:
    from pathlib import Path

Source = str | os.PathLike[str] | bytes


class CompileOptions(TypedDict, total=False):
    """See compile()."""

    shapes: Mapping[str, Iterable[int | str]]
    ranges: Mapping[str, tuple[int, int]]
    hints: Mapping[str, int]
    specialize: Mapping[str, Iterable[int]]
    target: str
    target_cpu: str
    target_features: str
    precision: str
    winograd: bool


def make_flags(*, shapes: Mapping[str, Iterable[int | str]] | None = None, ranges: Mapping[str, tuple[int, int]] | None = None,
               hints: Mapping[str, int] | None = None, specialize: Mapping[str, Iterable[int]] | None = None,
               target: str | None = None, target_cpu: str | None = None, target_features: str | None = None,
               precision: str | None = None, winograd: bool | None = None) -> list[str]:
    """The options of dlc-compile; see compile()."""
    flags = [f"--shape={name}={_join(dims)}" for name, dims in (shapes or {}).items()]
    flags += [f"--range={symbol}={low}:{high}" for symbol, (low, high) in (ranges or {}).items()]
    flags += [f"--hint={symbol}={size}" for symbol, size in (hints or {}).items()]
    flags += [f"--specialize={symbol}={_join(sizes)}" for symbol, sizes in (specialize or {}).items()]
    named = {"target": target, "target-cpu": target_cpu, "target-features": target_features, "precision": precision,
             "winograd": None if winograd is None else "on" if winograd else "off"}
    return flags + [f"--{name}={value}" for name, value in named.items() if value is not None]


def _join(sizes: Iterable[int | str]) -> str:
    return ",".join(str(size) for size in sizes)


def compile(model: Source, output: str | os.PathLike[str], **options: Unpack[CompileOptions]) -> "Path":
    """Compiles an ONNX model, a file or its bytes, into an artifact at `output`, which appears whole or not at all.

    shapes           {"x": ("N", 3, 224, 224)}: numbers fix dims of an input, names name them
    ranges           {"N": (1, 32)}: what a symbolic dim may be
    hints            {"N": 8}: its usual value, that memory is planned for
    specialize       {"N": (1, 8)}: more versions, for these values
    target           "cuda:sm_80": the GPUs that kernels run on; "cuda:sm_90a": H100 and H200 alone, and the fastest for them;
                     "cpu,cuda:sm_80": a GPU where there is one, else the CPU
    target_cpu       one of LLVM's names; this machine's CPU by default
    target_features  "+avx2,-fma"
    precision        "fp32", "tf32", "fp16" or "bf16": what a GPU rounds the operands of products to
    winograd         False: 3 x 3 convolutions as direct sums

    Raises CompileError with a line for each node that cannot be compiled.
    """
    from pathlib import Path

    from ._compiler import run_compiler

    run_compiler(model, output, make_flags(**options))
    return Path(output)
