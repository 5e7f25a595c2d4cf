"""What a caller is told. After each error the session goes on."""

import pickle

import numpy as np
import pytest
from conftest import model_bytes

import dlc

GRAPH = "g (float[N,3] pixels, float[N,3] weights, int64[2] sizes) => (float[N,3] total, int64[2] kept) " \
        "{ total = Add(pixels, weights) kept = Identity(sizes) }"
GOOD = {"pixels": np.ones((2, 3), np.float32), "weights": np.ones((2, 3), np.float32), "sizes": np.array([1, 2])}

# what is changed (None: left out), class, code, input, expected, found, a part of the text
CASES = {
    "missing": ({"weights": None}, dlc.InvalidArgument, "INVALID_ARGUMENT", "weights", None, None, "is missing"),
    "extra": ({"mask": np.ones(1)}, dlc.InvalidArgument, "INVALID_ARGUMENT", "mask", "sizes", "mask", "no input 'mask'"),
    "misspelt": ({"weights": None, "weigths": GOOD["weights"]}, dlc.InvalidArgument, "INVALID_ARGUMENT", "weigths", "weights",
                 "weigths", "the nearest name is 'weights'"),
    "dtype": ({"pixels": np.ones((2, 3))}, dlc.TypeMismatch, "TYPE_MISMATCH", "pixels", "element type f32", "f64", ""),
    "integer": ({"sizes": np.array([1, 2], np.int32)}, dlc.TypeMismatch, "TYPE_MISMATCH", "sizes", "element type i64", "i32", ""),
    "unknown dtype": ({"pixels": np.ones((2, 3), "datetime64[s]")}, dlc.TypeMismatch, "TYPE_MISMATCH", "pixels",
                      "element type float32", "datetime64[s]", ""),
    "list of floats": ({"sizes": [1.5, 2.5]}, dlc.TypeMismatch, "TYPE_MISMATCH", "sizes", "element type int64",
                       "a list of others", ""),
    "ragged": ({"sizes": [[1], [1, 2]]}, dlc.TypeMismatch, "TYPE_MISMATCH", "sizes", "element type int64", "a list of others", ""),
    "nothing": ({"pixels": np.array(None)}, dlc.TypeMismatch, "TYPE_MISMATCH", "pixels", None, None, "found"),
    "rank": ({"pixels": np.ones(3, np.float32)}, dlc.ShapeMismatch, "SHAPE_MISMATCH", "pixels", "rank 2", "1", ""),
    "high rank": ({"pixels": np.ones((1,) * 40, np.float32)}, dlc.ShapeMismatch, "SHAPE_MISMATCH", "pixels",
                  "a rank of up to 32", "40", ""),
    "dim": ({"pixels": np.ones((2, 4), np.float32)}, dlc.ShapeMismatch, "SHAPE_MISMATCH", "pixels", "3 in dimension 1", "4", ""),
    "empty dim": ({"sizes": np.ones(0, np.int64)}, dlc.ShapeMismatch, "SHAPE_MISMATCH", "sizes", "2 in dimension 0", "0", ""),
    "two sizes": ({"weights": np.ones((3, 3), np.float32)}, dlc.ShapeMismatch, "SHAPE_MISMATCH", "weights", None, None,
                  "as in dimension 0 of input 'pixels'"),
}


@pytest.fixture(scope="module")
def session():
    return dlc.InferenceSession(model_bytes(GRAPH), cache=False)


@pytest.mark.parametrize("case", CASES)
def test_feeds_that_do_not_fit(session, case):
    change, kind, code, name, expected, found, text = CASES[case]
    feeds = {key: value for key, value in (GOOD | change).items() if value is not None}
    with pytest.raises(kind) as caught:
        session.run(None, feeds)
    error = caught.value
    assert isinstance(error, dlc.Error) and error.code == dlc.Code[code] and error.input == name
    assert text in str(error)
    if expected is not None:
        assert (error.expected, error.found) == (expected, found)
    total, kept = session.run(None, GOOD)
    assert (total == 2).all() and kept.tolist() == [1, 2]


def test_all_problems_are_told_at_once(session):
    with pytest.raises(dlc.InvalidArgument) as caught:
        session.run(None, {"pixel": GOOD["pixels"], "sizes": GOOD["sizes"]})
    assert str(caught.value).splitlines() == ["no input 'pixel'; the nearest name is 'pixels'", "input 'pixels' is missing",
                                              "input 'weights' is missing"]
    with pytest.raises(dlc.Error) as caught:
        session.run(None, GOOD | {"pixels": np.ones((2, 4), np.float32), "sizes": np.ones(3, np.int64)})
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["input 'pixels'", "input 'sizes'"]


def test_unknown_outputs(session):
    with pytest.raises(dlc.InvalidArgument) as caught:
        session.run(["totals"], GOOD)
    assert (caught.value.output, caught.value.expected, caught.value.found) == ("totals", "total", "totals")


@pytest.mark.parametrize("case, hint", [("misspelt", "did you mean 'weights'?"), ("dtype", "astype"), ("dim", "get_inputs"),
                                        ("missing", None)])
def test_hints(session, case, hint):
    feeds = {key: value for key, value in (GOOD | CASES[case][0]).items() if value is not None}
    with pytest.raises(dlc.Error) as caught:
        session.run(None, feeds)
    assert hint in caught.value.hint if hint else caught.value.hint is None
    assert getattr(caught.value, "__notes__", []) == ([f"hint: {caught.value.hint}"] if hint else [])
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), str(again), again.code, again.hint) == (type(caught.value), str(caught.value), caught.value.code,
                                                                 caught.value.hint)


def test_hints_tell_artifacts_for_another_device_from_devices_that_are_not_there(tmp_path):
    artifact = dlc.compile(model_bytes(GRAPH), tmp_path / "model.so", target="cuda:sm_80")
    with pytest.raises(dlc.ArtifactError, match="code for the CPU") as caught:
        dlc.InferenceSession(artifact, device="cpu")
    assert caught.value.code == dlc.Code.INCOMPATIBLE and "target=" in caught.value.hint
    with pytest.raises(dlc.DeviceError) as caught:
        dlc.InferenceSession(artifact, device="cuda:99")
    assert caught.value.code == dlc.Code.NO_DEVICE and "nvidia-smi" in caught.value.hint


def test_errors_are_those_of_python_too():
    assert issubclass(dlc.ShapeMismatch, ValueError) and issubclass(dlc.TypeMismatch, TypeError)
    assert issubclass(dlc.ArtifactError, OSError) and issubclass(dlc.OutOfMemory, MemoryError)


def test_a_node_that_fails_is_named(open_graph):
    session = open_graph("g (float[N] x, int64[K] i) => (float[K] y) { [pick] y = Gather<axis=0>(x, i) }")
    x = np.arange(4, dtype=np.float32)
    with pytest.raises(dlc.OpFailed) as caught:
        session.run(None, {"x": x, "i": np.array([1, 9])})
    assert caught.value.code == dlc.Code.OP_FAILED and caught.value.node == "pick"
    assert str(caught.value) == "node 'pick' (Gather): index 9 is out of range for a dim of 4 elements"
    assert session.run(None, {"x": x, "i": np.array([1, -1])})[0].tolist() == [1, 3]


@pytest.mark.parametrize("text, node", [
    ("one of the nodes pick it (Gather), act (Relu): index 9 is out of range", "pick it, act"),
    ("node 'pick' (Gather): index 9 is out of range", "pick"),
    ("a workspace of 12 bytes (too many) is over the limit", None),
])
def test_names_of_nodes(text, node):
    assert dlc.OpFailed(text).node == node


def test_a_limit_of_the_arena(open_graph):
    session = open_graph("g (float[N,N] x) => (float[N,N] y) { a = MatMul(x, x) y = MatMul(a, x) }", max_workspace=4096)
    assert session.run(None, {"x": np.eye(8, dtype=np.float32)})[0].shape == (8, 8)
    with pytest.raises(dlc.OutOfMemory) as caught:
        session.run(None, {"x": np.eye(300, dtype=np.float32)})
    assert isinstance(caught.value, MemoryError)
    assert session.run(None, {"x": np.eye(8, dtype=np.float32)})[0].shape == (8, 8)


def test_a_model_that_does_not_compile_lists_every_node():
    with pytest.raises(dlc.CompileError) as caught:
        dlc.InferenceSession(model_bytes("g (float[N] x) => (float[N] y) { [a] h = Nonsense(x) [b] y = Rubbish(h) }"))
    assert caught.value.code == dlc.Code.COMPILE_FAILED and caught.value.node == "a"
    assert [("(Nonsense)" in p, "(Rubbish)" in p) for p in caught.value.problems] == [(True, False), (False, True)]


def test_files_that_are_no_models(tmp_path):
    missing, text, damaged = tmp_path / "missing.onnx", tmp_path / "text.onnx", tmp_path / "damaged.so"
    with pytest.raises(dlc.ArtifactError, match="missing.onnx") as caught:
        dlc.InferenceSession(missing)
    assert caught.value.code == dlc.Code.IO
    text.write_text("this is no model")
    with pytest.raises(dlc.CompileError, match="text.onnx"):
        dlc.InferenceSession(text)
    artifact = dlc.compile(model_bytes(GRAPH), tmp_path / "good.so").read_bytes()
    damaged.write_bytes(artifact[:len(artifact) // 2])
    for source in (damaged, damaged.read_bytes()):
        with pytest.raises(dlc.ArtifactError) as caught:
            dlc.InferenceSession(source)
        assert caught.value.code == dlc.Code.BAD_ARTIFACT and "compile the model again" in caught.value.hint


def test_wrong_options(tmp_path):
    with pytest.raises(dlc.InvalidArgument, match="verify_weights"):
        dlc.InferenceSession(model_bytes(GRAPH), verify_weights="often")
    with pytest.raises(dlc.ArtifactError, match="cannot write") as caught:
        dlc.compile(model_bytes(GRAPH), tmp_path / "no" / "folder" / "x.so")
    assert caught.value.code == dlc.Code.IO
    with pytest.raises(dlc.Error, match="nonsense"):
        dlc.compile(model_bytes(GRAPH), tmp_path / "x.so", shapes={"nonsense": (1,)})
    with pytest.raises(TypeError):
        dlc.compile(model_bytes(GRAPH), tmp_path / "x.so", colour="blue")
