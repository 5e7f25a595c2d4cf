#!/usr/bin/env python3
"""Compares a model's code for GPUs with ONNX Runtime: compiles it, and runs it on an interpreter of PTX, or on a GPU.

    compare_gpu.py MODEL.onnx --size N=2,H=1,W=7 [--device cuda]

As compare.py, with the options that it understands here. Host and device have different memories, and the interpreter takes
what a GPU leaves undefined for an error. One line is printed for each size. Exit status: 0; 1 where a size differs.
"""

import argparse
import os
import sys
import tempfile

import numpy
import onnx

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Helpers"))

import gpu_run
from cases import describe_case, make_inputs, parse_case
from compare import find_difference, make_reference, parse_range, run_tool


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--size", type=parse_case, action="append", default=[])
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--range", type=parse_range, default=(-2.0, 2.0))
    parser.add_argument("--special", action="store_true")
    parser.add_argument("--target", default="cuda:sm_80")
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--device", choices=["sim", "cuda"], default="sim")
    parser.add_argument("--tools", default="")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    graph = onnx.load(arguments.model).graph
    names = [output.name for output in graph.output]
    reference = make_reference(arguments.model)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        artifact = os.path.join(folder, "model.so")
        compiled = run_tool(arguments.tools, "dlc-compile", arguments.model, "-o", artifact, f"--target={arguments.target}",
                            f"--precision={arguments.precision}")
        if compiled.returncode != 0:
            sys.exit(f"dlc-compile ended with {compiled.returncode}: {compiled.stdout}{compiled.stderr}")
        session = gpu_run.Session(artifact, arguments.device)
        for size in arguments.size:
            inputs = make_inputs(graph, size, arguments)
            arrays = [numpy.ascontiguousarray(inputs[name]).reshape(inputs[name].shape)
                      for name, *_ in session.manifest.inputs]
            expected = reference(inputs)
            found, _ = session.run(arrays)
            results = [find_difference(*triple, arguments.tolerance) for triple in zip(names, found, expected)]
            wrong = [complaint for _, complaint in results if complaint]
            print(f"{'WRONG' if wrong else 'ok':5} {describe_case(size)}: {max(error for error, _ in results):.1e}",
                  *wrong, sep="\n      ", flush=True)
            failures += bool(wrong)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
