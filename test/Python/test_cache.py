"""Artifacts of ONNX models are kept: compiled once, never wrong."""

import os
import resource
import subprocess
import sys
import warnings

import numpy as np
import onnx
import pytest
from conftest import model_bytes

import dlc
from dlc import _cache

SCALED = "g (float[N] x) => (float[N] y) <float c = {{{0}}}> {{ y = Mul(x, c) }}"
X = np.ones(3, np.float32)
# Opens models and says what they give; notes each run of the compiler in a file.
SCRIPT = """
import sys, warnings, numpy, dlc
from dlc import _cache
warnings.simplefilter("always")
def counted(*arguments, run=_cache.run_compiler):
    with open(sys.argv[1], "a") as log:
        log.write(".")
    run(*arguments)
_cache.run_compiler = counted
for model in sys.argv[2:]:
    print(dlc.InferenceSession(model).run(None, {"x": numpy.ones(3, "f4")})[0][0])
"""


def entries(folder):
    return sorted(path.name for path in folder.glob("*") if path.suffix == ".so")


@pytest.fixture
def compiles(monkeypatch):
    """One element for each run of the compiler."""
    runs, run = [], _cache.run_compiler
    monkeypatch.setattr(_cache, "run_compiler", lambda *args: (runs.append(args), run(*args)))
    return runs


def first(source, **options):
    return float(dlc.InferenceSession(source, **options).run(None, {"x": X})[0][0])


def test_compiles_once(tmp_path, cache, compiles):
    path = tmp_path / "model.onnx"
    path.write_bytes(model_bytes(SCALED.format(2)))
    assert first(path) == first(str(path)) == first(path.read_bytes()) == 2
    assert len(compiles) == 1 and len(entries(cache)) == 1
    assert [p for p in cache.iterdir() if p.suffix != ".so"] == []


def test_contents_and_flags_decide(tmp_path, cache, compiles):
    path = tmp_path / "model.onnx"
    for factor in (2, 3, 2):
        path.write_bytes(model_bytes(SCALED.format(factor)))
        assert first(path) == factor
    assert len(compiles) == 2
    assert first(path, target_cpu="x86-64-v2") == 2 and first(path, hints={"N": 3}) == 2
    assert len(compiles) == len(entries(cache)) == 4


def test_external_data_counts(tmp_path, compiles):
    path = tmp_path / "model.onnx"
    for factor in (2, 3):
        model = onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : 21]> {SCALED.format(factor)}')
        weight = model.graph.initializer[0]
        weight.CopyFrom(onnx.numpy_helper.from_array(np.float32(factor), "c"))
        onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
        if factor == 2:
            text = path.read_bytes()
        assert path.read_bytes() == text  # the weights alone differ
        assert first(path) == factor
        os.remove(tmp_path / "weights.bin")
    assert len(compiles) == 2


def test_a_damaged_entry_is_made_anew(cache, compiles):
    model = model_bytes(SCALED.format(2))
    for damage in (b"", b"\x7fELF nonsense", None):
        assert first(model) == 2
        entry = cache / entries(cache)[0]
        whole = entry.read_bytes()
        entry.unlink()
        if damage is not None:
            entry.write_bytes(damage)
        else:
            entry.write_bytes(whole[:-100])
    assert first(model) == 2 and len(compiles) == 4


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("DLC_CACHE", str(blocked / "cache"))
    with pytest.warns(UserWarning, match="without a cache"):
        assert first(model_bytes(SCALED.format(2))) == 2


def test_without_a_cache_nothing_is_kept(cache):
    assert first(model_bytes(SCALED.format(2)), cache=False) == 2
    assert not cache.exists()


def test_a_cache_elsewhere(tmp_path, cache):
    assert first(model_bytes(SCALED.format(2)), cache=tmp_path / "own") == 2
    assert len(entries(tmp_path / "own")) == 1 and not cache.exists()


def test_the_least_recently_used_go(cache, monkeypatch):
    models = [model_bytes(SCALED.format(factor)) for factor in (2, 3, 4)]
    first(models[0])
    oldest = entries(cache)[0]
    size = (cache / oldest).stat().st_size
    monkeypatch.setenv("DLC_CACHE_SIZE", str(size * 5 // 2))
    first(models[1])
    for name in entries(cache):
        os.utime(cache / name, (1, 1) if name == oldest else (2, 2))
    assert first(models[0]) == 2  # used again: now the other is the oldest
    second = next(name for name in entries(cache) if name != oldest)
    first(models[2])
    assert oldest in entries(cache) and second not in entries(cache) and len(entries(cache)) == 2
    monkeypatch.setenv("DLC_CACHE_SIZE", "1")
    assert first(model_bytes(SCALED.format(5))) == 5
    assert len(entries(cache)) == 1


def run_processes(tmp_path, *lists_of_models, prefix=(), **environment):
    """What processes print that open these models at the same time, and how often they run the compiler."""
    log = tmp_path / "log"
    log.write_text("")
    runs = [subprocess.Popen([*prefix, sys.executable, "-c", SCRIPT, log, *models], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True, env={**os.environ, **environment})
            for models in lists_of_models]
    return [run.communicate() for run in runs], len(log.read_text())


def save_models(tmp_path, factors):
    paths = [tmp_path / f"times{factor}.onnx" for factor in factors]
    for path, factor in zip(paths, factors, strict=True):
        path.write_bytes(model_bytes(SCALED.format(factor)))
    return paths


def test_processes_at_the_same_time(tmp_path, cache):
    printed, compiles = run_processes(tmp_path, *[save_models(tmp_path, [2])] * 8)
    assert printed == [("2.0\n", "")] * 8 and compiles == 1
    assert len(entries(cache)) == 1 and len(list(cache.iterdir())) == 1


def test_processes_push_out_what_others_have_made(tmp_path, cache):
    models = save_models(tmp_path, [2, 3])
    printed, _ = run_processes(tmp_path, *[models * 4, models[::-1] * 4] * 2, DLC_CACHE_SIZE="1")
    assert printed == [("2.0\n3.0\n" * 4, ""), ("3.0\n2.0\n" * 4, "")] * 2
    assert len(entries(cache)) <= 2


def test_what_a_killed_process_leaves(tmp_path, cache, monkeypatch):
    model, = save_models(tmp_path, [2])
    killed = SCRIPT.replace("    run(*arguments)", "    arguments[1].write_bytes(b'part'); __import__('os').kill(0, 9)")
    process = subprocess.run([sys.executable, "-c", killed, tmp_path / "log", model], start_new_session=True)
    left = {path.suffix: path for path in cache.iterdir()}
    assert process.returncode == -9 and left.keys() == {".lock", ".new"}
    other = cache / "other.so.123-0.tmp"
    other.write_text("part")
    os.utime(other, (1, 1))
    assert first(model) == 2
    assert [path.name for path in cache.iterdir()] == entries(cache) == [left[".new"].stem + ".so"]


def test_damaged_weights(tmp_path, cache, compiles):
    weights = np.ones(5_000_000, np.float32)  # more than a session looks at by default
    model = onnx.parser.parse_model('<ir_version: 10, opset_import: ["" : 21]> g (float[5000000] x) => (float[5000000] y) '
                                    "{ y = Mul(x, c) }")
    model.graph.initializer.append(onnx.numpy_helper.from_array(weights, "c"))
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    for _ in range(2):
        assert (dlc.InferenceSession(path).run(None, {"x": weights})[0] == 1).all()
        entry, = cache.glob("*.so")
        with open(entry, "r+b") as file:
            file.seek(-4_000_000, os.SEEK_END)
            file.write(b"\7")
    assert len(compiles) == 2


def test_a_model_that_changes_while_it_is_compiled(tmp_path, cache, monkeypatch):
    path, other = save_models(tmp_path, [2, 3])
    before = path.read_bytes()

    def write_and_run(*arguments, run=_cache.run_compiler):
        path.write_bytes(other.read_bytes())
        run(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(_cache, "run_compiler", write_and_run)
        assert first(path) == 3
    assert list(cache.iterdir()) == []
    path.write_bytes(before)
    assert first(path) == 2


def test_an_artifact_for_another_machine_is_no_fault_of_the_cache(cache, compiles, recwarn):
    def refuse(path):
        if path.exists():
            raise dlc.ArtifactError("needs a CPU with what this one lacks", dlc.Code.INCOMPATIBLE)
        raise FileNotFoundError(path)

    with pytest.raises(dlc.ArtifactError) as caught:
        _cache.compile_and_use(model_bytes(SCALED.format(2)), [], True, refuse)
    assert caught.value.code == dlc.Code.INCOMPATIBLE and len(compiles) == 1 and not recwarn


@pytest.mark.parametrize("size", ["", "many", "-1", "0.5", "2G"])
def test_a_limit_that_is_no_number_is_none(monkeypatch, cache, size):
    monkeypatch.setenv("DLC_CACHE_SIZE", size)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert [first(model_bytes(SCALED.format(factor))) for factor in (2, 3)] == [2, 3]
    assert len(entries(cache)) == 2
    wanted = f"dlc: DLC_CACHE_SIZE: expected a number of bytes, found '{size}': it is {4 << 30}"
    assert [str(each.message) for each in told] == ([wanted] * 2 if size else [])
    assert all(each.filename == __file__ for each in told)


def test_the_folder_is_the_users(tmp_path, monkeypatch):
    monkeypatch.delenv("DLC_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which its specification forbids
    assert _cache.default_folder() == tmp_path / ".cache" / "dlc"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    assert _cache.default_folder() == tmp_path / "own" / "dlc"


#-- Folders where nothing can be kept -----------------------------------------------------------------------------------


def mounted(folder, options):
    """A command in front of another: a file system of memory is there as long as that runs."""
    prefix = ["unshare", "--mount", "--map-root-user"]
    if subprocess.run([*prefix, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount")
    return [*prefix, "sh", "-c", f'mount -t tmpfs -o {options} tmpfs "{folder}" && exec "$@"', "sh"]


def is_one_warning(printed):
    return printed.count("without a cache") == 1 and printed.count("Warning") == 1


@pytest.mark.parametrize("options", ["size=4k", "size=8k,nr_inodes=2", "ro", "noexec"])
def test_a_cache_that_serves_for_nothing_is_one_warning(tmp_path, cache, options):
    cache.mkdir()
    models = save_models(tmp_path, [2])
    ((printed, warned),), _ = run_processes(tmp_path, models, prefix=mounted(cache, options))
    assert printed == "2.0\n" and is_one_warning(warned), warned


def test_a_full_disk_everywhere_but_in_memory(tmp_path, cache):
    full = tmp_path / "full"
    full.mkdir()
    models = save_models(tmp_path, [2])
    ((printed, warned),), _ = run_processes(tmp_path, models, prefix=mounted(full, "size=4k"), TMPDIR=str(full),
                                            DLC_CACHE=str(full / "cache"))
    assert printed == "2.0\n" and is_one_warning(warned), warned


def test_an_entry_that_may_only_be_read(tmp_path, cache):
    models = save_models(tmp_path, [2])
    assert first(models[0]) == 2
    prefix = mounted(tmp_path, "size=1k")
    prefix[-2] = f'mount --bind -o ro "{cache}" "{cache}" && exec "$@"'
    printed, compiles = run_processes(tmp_path, models, prefix=prefix)
    assert printed == [("2.0\n", "")] and compiles == 0


def test_no_room_at_all_is_an_error(tmp_path, cache, monkeypatch):
    """A limit of file sizes stands for disks that are full everywhere."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limit[1]))
    try:
        with pytest.warns(UserWarning, match="without a cache"), pytest.raises(dlc.ArtifactError, match="too large") as caught:
            first(model_bytes(SCALED.format(2)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert caught.value.code == dlc.Code.IO and list(cache.iterdir()) == []
    assert first(model_bytes(SCALED.format(2))) == 2
