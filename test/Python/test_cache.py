"""Artifacts of ONNX models are kept: compiled once, never wrong."""

import os
import subprocess
import sys

import numpy as np
import onnx
import pytest
from conftest import model_bytes

import dlc
from dlc import _cache

SCALED = "g (float[N] x) => (float[N] y) <float c = {{{0}}}> {{ y = Mul(x, c) }}"
X = np.ones(3, np.float32)


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


def test_processes_at_the_same_time(tmp_path, cache):
    path = tmp_path / "model.onnx"
    path.write_bytes(model_bytes(SCALED.format(2)))
    script = "import sys, numpy, dlc; print(dlc.InferenceSession(sys.argv[1]).run(None, {'x': numpy.ones(3, 'f4')})[0][0])"
    runs = [subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE, text=True) for _ in range(8)]
    assert {run.communicate()[0].strip() for run in runs} == {"2.0"}
    assert len(entries(cache)) == 1 and len(list(cache.iterdir())) == 1
