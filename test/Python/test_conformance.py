"""utils/conformance.py: what it writes it reads back, and the check sees every case that changes."""

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2] / "utils"))
import conformance

CASES = [f"node/test_{name}" for name in ("abs", "add", "conv_1d", "dft", "where")]
FAILING = {
    "static": {"node/test_dft": ["refused", "prepare: CompileError: model.onnx: node 'DFT_0' (DFT): unknown op"],
               "node/test_conv_1d": ["fail", "AssertionError: output[0]: shape (1, 2), not (2, 1)"]},
    "dynamic": {"node/test_dft": ["refused", "prepare: CompileError: model.onnx: node 'DFT_0' (DFT): unknown op"],
                "node/test_where": ["timeout", ""]},
    "constant+dynamic": {},
}


def make_report(failing):
    counts = {"pass": len(CASES) - len(failing), "all": len(CASES)}
    return {"onnx": "1.2", "version": "0.1", "by_kind": {"official": counts, "node": counts}, "not_passed": failing, "loaded": []}


@pytest.fixture
def suite(tmp_path, monkeypatch):
    """A suite of five cases with a document that tells of FAILING; its result is what the test puts into the dict."""
    monkeypatch.setattr(conformance, "DOC", tmp_path / "Conformance.md")
    monkeypatch.setattr(conformance, "MODES", {mode: (text, 1) for mode, (text, _) in conformance.MODES.items()})
    cases = [dict(zip(("kind", "name"), case.split("/"), strict=True)) for case in CASES]
    (tmp_path / "index.json").write_text(json.dumps({"cases": cases}))
    conformance.write_doc({mode: make_report(failing) for mode, failing in FAILING.items()})
    result = {mode: dict(failing) for mode, failing in FAILING.items()}
    monkeypatch.setattr(conformance, "score", lambda suite, build, mode, every, jobs: make_report(result[mode]))
    return tmp_path, result


def test_reads_what_it_writes(suite):
    assert conformance.read_doc() == {mode: set(failing) for mode, failing in FAILING.items()}
    text = conformance.DOC.read_text()
    assert "- 1 x DFT: unknown op\n  node/test_dft\n" in text and "| static | the models as they are | **60.0 %**, 3 of 5 |" in text
    conformance.check(suite[0], None, 1)


@pytest.mark.parametrize("mode", FAILING)
def test_a_case_that_begins_to_fail(suite, mode, capsys):
    suite[1][mode]["node/test_abs"] = ["crash", "SIGSEGV"]
    with pytest.raises(SystemExit, match="1 case"):
        conformance.check(suite[0], None, 1)
    assert f"{mode}: node/test_abs fails: crash: SIGSEGV" in capsys.readouterr().out


def test_a_listed_case_that_passes(suite, capsys):
    del suite[1]["static"]["node/test_dft"]
    with pytest.raises(SystemExit, match="1 case"):
        conformance.check(suite[0], None, 1)
    assert "static: node/test_dft passes, but" in capsys.readouterr().out


@pytest.mark.parametrize("message, reason", [
    ("prepare: CompileError: model.onnx: node 'a b' (Conv): filter 'w' has 3 dims", "Conv: filter '...' has N dims"),
    ("prepare: CompileError: model.onnx: node 'a' (Foo): unknown op model.onnx: node 'b' (Bar): unknown op", "Foo: unknown op"),
    ("run: OpFailed: node 'n' (Gather): index 12 is out of range", "Gather: index N is out of range"),
])
def test_reasons(message, reason):
    assert conformance.reason_of("refused", message) == reason
