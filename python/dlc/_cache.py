"""Artifacts of models that were compiled before: files in a folder, named by all that an artifact depends on.

The folder is `dlc` in the user's cache folder, or what the environment variable DLC_CACHE names. Where it serves for
nothing (it cannot be written, the disk is full), a model is compiled all the same, for once, with a warning.

An entry appears whole or not at all, so that any number of processes may use the folder at the same time; those that
need the same entry wait for the first of them to make it. The least recently used ones go where all together exceed
DLC_CACHE_SIZE bytes (4 GiB by default).
"""

import contextlib
import fcntl
import functools
import hashlib
import mmap
import os
import struct
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from . import _onnx_files
from ._compile import Source
from ._compiler import COMPILER, run_compiler
from ._errors import ArtifactError, Code

DEFAULT_SIZE = 4 << 30
_LEFT_OVER = 24 * 3600  # seconds after which a file that is no entry belongs to nobody
_MEMORY = "/dev/shm"  # where there is room on a machine whose disk is full

T = TypeVar("T")
Use = Callable[[Path], T]


def default_folder() -> Path:
    if named := os.environ.get("DLC_CACHE"):
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME", "")
    return Path(base if os.path.isabs(base) else os.path.expanduser("~/.cache"), "dlc")


def compile_and_use(model: Source, flags: list[str], cache: bool | str | os.PathLike[str], use: Use[T]) -> T:
    """What `use` gives for an artifact of `model`, from the cache where it has one that `use` can load. Without a cache, or
    where that serves for nothing, the artifact lies in a temporary folder as long as `use` runs.

    cache: a folder; True: the default one; False: none."""
    if cache:
        folder = default_folder() if cache is True else Path(cache)
        try:
            return _use_entry(model, flags, folder, use)
        except OSError as error:
            if _is_incompatible(error):
                raise
            warnings.warn(f"dlc: compiled without a cache: {folder}: {error}", stacklevel=4)
    return _compile_for_once(model, flags, use)


def _use_entry(model: Source, flags: list[str], folder: Path, use: Use[T]) -> T:
    files = _files_of(model)
    states = _states(files)
    entry = folder / f"{_make_key(model, flags, files)}.so"
    with contextlib.suppress(OSError):  # there is none, or it is damaged
        return _use_made(entry, use)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _lock(entry.with_suffix(".lock")):
        with contextlib.suppress(OSError):
            return _use_made(entry, use)  # by another process meanwhile
        made = entry.with_suffix(".new")
        try:
            run_compiler(model, made, flags)
            used = use(made)
            if _states(files) == states:  # else it may be of other contents than the key tells of
                os.replace(made, entry)
                _shrink(folder, entry)
            return used
        finally:
            made.unlink(missing_ok=True)


def _use_made(entry: Path, use: Use[T]) -> T:
    used = use(entry)
    with contextlib.suppress(OSError):
        os.utime(entry)
    return used


def _compile_for_once(model: Source, flags: list[str], use: Use[T]) -> T:
    for place in (None, _MEMORY):
        try:
            with tempfile.TemporaryDirectory(prefix="dlc-", dir=place) as scratch:
                artifact = Path(scratch, "model.so")
                run_compiler(model, artifact, flags, scratch)
                return use(artifact)
        except OSError as error:
            if _is_incompatible(error):
                raise
            problem = error
    raise problem


def _is_incompatible(error: OSError) -> bool:
    """Whether the runtime refuses the artifact as such; any other fault may be that of the place where it lies."""
    return isinstance(error, ArtifactError) and error.code == Code.INCOMPATIBLE


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Held by one thread of all processes at a time. The file is there as long as somebody holds the lock."""
    descriptor = _take(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _take(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(descriptor), os.stat(path)):
                return descriptor
        except FileNotFoundError:  # removed by the holder before: a lock of nothing
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _shrink(folder: Path, newest: Path) -> None:
    """Removes the least recently used entries, but never the newest, and what killed processes have left."""
    given = os.environ.get("DLC_CACHE_SIZE", "")
    limit = int(given) if given.isdecimal() else DEFAULT_SIZE
    if given and not given.isdecimal():
        warnings.warn(f"dlc: DLC_CACHE_SIZE: expected a number of bytes, found '{given}': it is {limit}", stacklevel=6)
    entries = []
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            state = path.stat()
            if path.suffix == ".so":
                entries.append((state.st_mtime_ns, state.st_size, path))
            elif path.suffix in (".new", ".tmp", ".lock") and state.st_mtime < time.time() - _LEFT_OVER:
                path.unlink()
    total = sum(size for _, size, _ in entries)
    for _, size, path in sorted(entries):
        if total <= limit:
            break
        if path != newest:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
                total -= size


#-- What an artifact depends on -----------------------------------------------------------------------------------------


def _make_key(model: Source, flags: list[str], files: list[Path]) -> str:
    """A name for what compiling `model`, which lies in `files`, with `flags` gives."""
    parts = [_build_id(), _cpu(), "\0".join(flags).encode(errors="surrogateescape")]
    if isinstance(model, bytes):
        parts.append(hashlib.sha256(model).digest())
    for path in files:
        # The model's own name decides nothing, those that it gives to others do.
        parts += [os.fsencode(os.path.relpath(path, files[0].parent))] if path != files[0] else []
        parts.append(_hash_file(path))
    key = hashlib.sha256()
    for part in parts:
        key.update(len(part).to_bytes(8, "little") + part)
    return key.hexdigest()


def _files_of(model: Source) -> list[Path]:
    """The model's file and those that it refers to, as far as they are there."""
    if isinstance(model, bytes):
        return []
    path = Path(model)
    with open(path, "rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return [path]
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            names = _onnx_files.external_files(data)
    return [path] + [other for other in (path.parent / name for name in names) if other.is_file()]


def _states(files: list[Path]) -> list[tuple[int, int, int]]:
    """What differs where one of the files was written."""
    return [(state.st_ino, state.st_size, state.st_mtime_ns) for state in map(os.stat, files)]


def _hash_file(path: Path) -> bytes:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@functools.cache
def _build_id() -> bytes:
    """The linker's hash of the compiler, from its ELF note."""
    with open(COMPILER, "rb") as file:
        header = file.read(64)
        table, = struct.unpack_from("<Q", header, 32)
        size, count = struct.unpack_from("<HH", header, 54)
        file.seek(table)
        segments = file.read(size * count)
        for begin in range(0, len(segments), size):
            kind, _, offset, _, _, length = struct.unpack_from("<IIQQQQ", segments, begin)
            if kind == 4:  # PT_NOTE
                file.seek(offset)
                notes = file.read(length)
                name = notes.find(b"\x03\0\0\0GNU\0")  # NT_GNU_BUILD_ID; before it the sizes of name and hash
                if name >= 8:
                    return notes[name + 8:name + 8 + int.from_bytes(notes[name - 4:name], "little")]
    return _hash_file(COMPILER)


@functools.cache
def _cpu() -> bytes:
    """What the compiler makes code for where it is not told: the folder may be shared by machines."""
    try:
        first = Path("/proc/cpuinfo").read_bytes().split(b"\n\n")[0].splitlines()
    except OSError:
        return b""
    return b"\n".join(line for line in first if line.split(b"\t")[0] in (b"model name", b"flags"))
