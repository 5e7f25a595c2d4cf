"""The package's types, for checkers: mypy passes it, and programs that use it."""

import subprocess
import sys
from pathlib import Path

import pytest

import dlc

RIGHT = """
import pathlib
import numpy as np
import dlc

with dlc.InferenceSession("model.onnx", num_threads=2, hints={"N": 4}, shapes={"x": ("N", 3)}, winograd=False) as session:
    y = session.run(None, {"x": np.ones((2, 3), np.float32), "s": [np.ones(3)], "none": None})[0]
    first: str = session.get_inputs()[0].name
    low, high = session.get_modelmeta().symbols["N"]
    span: int = high - low
path: pathlib.Path = dlc.compile(b"", pathlib.Path("model.so"), ranges={"N": (1, 32)}, target="cuda:sm_80", precision="fp16")
try:
    dlc.InferenceSession(path.read_bytes(), cache=False)
except dlc.CompileError as error:
    lines: list[str] = error.problems
except dlc.Error as error:
    code: dlc.Code = error.code
    node: str | None = error.node
    hint: str | None = error.hint
"""
# A call, and what mypy says of it.
WRONG = {
    "dlc.InferenceSession()": "Missing positional argument",
    "dlc.InferenceSession(3)": 'incompatible type "int"',
    "dlc.InferenceSession('m', num_threads='two')": 'incompatible type "str"',
    "dlc.InferenceSession('m', colour=1)": "Unexpected keyword argument",
    "dlc.compile('m', 'm.so', hints={'N': 'four'})": 'incompatible type "str"',
    "dlc.InferenceSession('m').run({})": "Missing positional argument",
    "dlc.InferenceSession('m').get_inputs()[0].dims": 'has no attribute "dims"',
    "dlc.Nothing": 'has no attribute "Nothing"',
}


@pytest.fixture
def check(tmp_path, monkeypatch):
    """mypy's exit status, and what it prints."""
    monkeypatch.setenv("MYPYPATH", str(Path(dlc.__file__).parent.parent))

    def run(*arguments):
        result = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--cache-dir", tmp_path / "types", *arguments],
                                capture_output=True, text=True)
        return result.returncode, result.stdout + result.stderr

    return run


def test_types_of_the_package_and_of_its_users(tmp_path, check):
    right, wrong = tmp_path / "right.py", tmp_path / "wrong.py"
    right.write_text(RIGHT)
    wrong.write_text("\n".join(["import dlc", *WRONG]))
    status, printed = check("-p", "dlc")
    assert status == 0, printed
    status, printed = check(right)
    assert status == 0, printed
    status, printed = check(wrong)
    for line, (call, problem) in enumerate(WRONG.items(), 2):
        assert any(f"wrong.py:{line}: error:" in text and problem in text for text in printed.splitlines()), (call, printed)
    assert status == 1


def test_the_package_says_that_it_has_types():
    assert Path(dlc.__file__).with_name("py.typed").exists()
