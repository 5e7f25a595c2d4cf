#!/usr/bin/env python3
"""Runs the model zoo on a GPU and compares with ONNX Runtime on the CPU: usual sizes, every precision, equal bits from run to run.

    check_zoo.py MODELS [NAME ...] [--precision fp32,tf32,fp16] [--out FOLDER]

MODELS is the folder with packed models and their index.json. Needs numpy, onnx and onnxruntime, and the Python package dlc
(PYTHONPATH) with its compiler. Writes a table in Markdown; the exit status is 1 where a model differs.
"""

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import dlc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Helpers"))
from compare_arrays import find_error

TOOLS = Path(dlc.__file__).parent / "bin"
TOLERANCES = {"fp32": 1e-4, "tf32": 1e-2, "fp16": 1e-2, "bf16": 8e-2}
# ONNX Runtime rounds the source coordinates of Resize; sums of int8 products are rounded to steps of 1/100 or so of an
# activation's range, and a sum that lies between two goes one way here and another there.
MODEL_TOLERANCES = {"srcnn_x3": 1e-3, "srcnn_dyn": 1e-3, "resnet18_qdq": 5e-2}
RUNS = 4


def prepare(name, models, precisions, folder, target):
    """The model's inputs and expected outputs, and one artifact for each precision with what the compiler has said."""
    sys.path.append(str(models))
    import make_inputs
    import materialize
    from references import open_reference

    entry = {entry["name"]: entry for entry in json.loads((models / "index.json").read_text())["models"]}[name]
    path = materialize.materialize(models / entry["file"], folder)
    feeds = make_inputs.make(entry)
    reference = open_reference(path, intra_op_num_threads=2)
    expected = reference.run(None, feeds)
    said = {}
    for precision in precisions:
        command = [TOOLS / "dlc-compile", path, "-o", folder / f"{name}-{precision}.so", f"--target=cuda:{target}",
                   f"--precision={precision}", "--jobs=2"]
        start = time.time()
        done = subprocess.run(command, capture_output=True, text=True)
        said[precision] = done.returncode, done.stdout + done.stderr, time.time() - start
    path.unlink()
    return feeds, expected, said


def check(name, precision, folder, feeds, expected, said):
    """A row of the table, and whether it is right."""
    status, text, seconds = said
    if status:
        return [name, precision, "does not compile: " + text.strip().splitlines()[0], "", ""], False
    artifact = folder / f"{name}-{precision}.so"
    start = time.time()
    session = dlc.InferenceSession(artifact, device="cuda")
    runs = [session.run(None, feeds)]
    first = time.time() - start
    runs += [session.run(None, feeds) for _ in range(RUNS - 1)]
    equal = all(a.tobytes() == b.tobytes() for run in runs[1:] for a, b in zip(runs[0], run, strict=True))
    error = max(find_error(found, wanted) for found, wanted in zip(runs[0], expected, strict=True))
    good = equal and error <= max(TOLERANCES[precision], MODEL_TOLERANCES.get(name, 0))
    remarks = ([] if equal else ["NOT EQUAL FROM RUN TO RUN"]) + [line.strip() for line in text.splitlines() if "host" in line]
    artifact.unlink()
    return [name, precision, f"{error:.1e}" + ("" if good else " WRONG"), f"{seconds:.1f} s, {first * 1e3:.0f} ms",
            "; ".join(remarks)[:200]], good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", type=Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--precision", type=lambda text: text.split(","), default=["fp32", "tf32", "fp16"])
    parser.add_argument("--target", default="sm_90")
    parser.add_argument("--jobs", type=int, default=max((os.cpu_count() or 2) // 2, 1))
    parser.add_argument("--out", type=Path, default=Path("gpu-zoo"), help="gets zoo.md")
    arguments = parser.parse_args()
    names = arguments.names or [entry["name"] for entry in json.loads((arguments.models / "index.json").read_text())["models"]]
    lines = ["| model | precision | error | to compile, file to first result | remarks |", "|" + " --- |" * 5]
    good = True
    arguments.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ProcessPoolExecutor(arguments.jobs) as pool:
        folder = Path(scratch)
        jobs = {pool.submit(prepare, name, arguments.models, arguments.precision, folder, arguments.target): name for name in names}
        for job in concurrent.futures.as_completed(jobs):
            name = jobs[job]
            for precision in arguments.precision:
                try:
                    feeds, expected, said = job.result()
                    row, right = check(name, precision, folder, feeds, expected, said[precision])
                except Exception as error:
                    row, right = [name, precision, f"FAILED: {str(error).splitlines()[0][:200]}", "", ""], False
                good &= right
                lines.append("| " + " | ".join(row) + " |")
                print(lines[-1], flush=True)
                (arguments.out / "zoo.md").write_text("\n".join(lines) + "\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
