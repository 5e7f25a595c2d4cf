"""Artifacts of models that were compiled before: files in a folder, named by all that an artifact depends on.

The folder is `dlc` in the user's cache folder, or what the environment variable DLC_CACHE names. An entry appears whole
or not at all, so that any number of processes may use the folder at the same time. The least recently used ones go
where all together exceed DLC_CACHE_SIZE bytes (4 GiB by default).
"""

import functools
import hashlib
import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path

from . import _onnx_files
from ._compile import COMPILER, Source, run_compiler

DEFAULT_SIZE = 4 << 30


def default_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("DLC_CACHE") or Path(base, "dlc"))


def _hash_file(path: Path) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@functools.cache
def _compiler_hash(state: tuple[int, int]) -> bytes:
    return _hash_file(COMPILER)


@functools.cache
def _cpu() -> bytes:
    """What the compiler makes code for where it is not told: the folder may be shared by machines."""
    try:
        first = Path("/proc/cpuinfo").read_bytes().split(b"\n\n")[0].splitlines()
    except OSError:
        return b""
    return b"\n".join(line for line in first if line.split(b"\t")[0] in (b"model name", b"flags"))


def make_key(model: Source, flags: list[str]) -> str:
    """A name for what compiling `model` with `flags` gives. Files that the model refers to count with their contents."""
    data = model if isinstance(model, bytes) else Path(model).read_bytes()
    state = COMPILER.stat()
    parts = [_compiler_hash((state.st_size, state.st_mtime_ns)), _cpu(), "\0".join(flags).encode(), hashlib.sha256(data).digest()]
    if not isinstance(model, bytes):
        folder = Path(model).parent
        for name in _onnx_files.external_files(data):
            path = folder / name
            parts += [name.encode(), _hash_file(path) if path.is_file() else b""]
    key = hashlib.sha256()
    for part in parts:
        key.update(len(part).to_bytes(8, "little") + part)
    return key.hexdigest()


def compile_and_use(model: Source, flags: list[str], folder: Path | None, use: Callable[[Path], object]) -> None:
    """Calls `use` with an artifact of `model`, from the cache where it has one that `use` can load. Without a folder, or
    where that cannot be written, the artifact lies in a temporary one as long as `use` runs."""
    entry = folder / f"{make_key(model, flags)}.so" if folder else None
    if entry and entry.is_file():
        try:
            use(entry)
            os.utime(entry)
            return
        except OSError:  # damaged, or gone meanwhile
            pass
    if folder and entry:
        try:
            _store(model, flags, entry)
        except OSError as error:
            warnings.warn(f"dlc: compiled without a cache, because {folder} cannot be written: {error}", stacklevel=4)
        else:
            use(entry)
            _shrink(folder, entry)
            return
    with tempfile.TemporaryDirectory(prefix="dlc-") as scratch:
        artifact = Path(scratch, "model.so")
        run_compiler(model, artifact, flags)
        use(artifact)


def _store(model: Source, flags: list[str], entry: Path) -> None:
    entry.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="new-", dir=entry.parent) as scratch:
        artifact = Path(scratch, "model.so")
        run_compiler(model, artifact, flags)
        os.replace(artifact, entry)


def _shrink(folder: Path, newest: Path) -> None:
    """Removes the least recently used entries, but never the newest."""
    limit = int(os.environ.get("DLC_CACHE_SIZE") or DEFAULT_SIZE)
    entries = []
    for path in folder.glob("*.so"):
        try:
            state = path.stat()
        except OSError:
            continue
        entries.append((state.st_mtime_ns, state.st_size, path))
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= limit:
            break
        if path != newest:
            path.unlink(missing_ok=True)
            total -= size
