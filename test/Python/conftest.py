"""What the tests of the Python package share: models written as text, and a compiler cache of the test's own."""

import onnx.parser
import pytest

import dlc


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """The folder where the test's sessions keep their artifacts."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("DLC_CACHE", str(folder))
    return folder


def model_bytes(graph, opset=21):
    """The model `graph (inputs) => (outputs) { nodes }`, in ONNX's text."""
    return onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["" : {opset}]> {graph}').SerializeToString()


@pytest.fixture
def open_graph():
    def make(graph, opset=21, **options):
        return dlc.InferenceSession(model_bytes(graph, opset), **options)

    return make
