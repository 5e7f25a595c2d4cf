#!/usr/bin/env python3
"""Compares dlc with ONNX Runtime: compiles a model once, then runs the artifact and ONNX Runtime on the same inputs.

    compare.py MODEL.onnx --size N=2,H=1,W=7 --size N=1,H=16,W=16
    compare.py MODEL.onnx --size H=8 --refuse H=2

Inputs are random, with a fixed seed. One and two threads must give the same bits. Each output must have the reference's element type and shape, NaNs and infinities
where the reference has them, and elsewhere differ by at most the tolerance times the largest finite magnitude of the
reference. One line is printed for each size. Exit status: 0; 1 where a size differs; 2 for a wrong command line.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy
import onnx
import onnx.reference
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument


def parse_size(text):
    """'H=1,W=7' as {'H': 1, 'W': 7}; '' for a model without symbols."""
    return {name: int(value) for name, value in (part.split("=") for part in text.split(",") if part)}


def parse_range(text):
    low, high = map(float, text.split(":"))
    return low, high


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--size", type=parse_size, action="append", default=[], help="sizes of the symbols, to compare at")
    parser.add_argument("--refuse", type=parse_size, action="append", default=[],
                        help="sizes at which dlc-run must end with status 1 and `error:` lines alone")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--range", type=parse_range, default=(-2.0, 2.0), help="LOW:HIGH of the inputs' values")
    parser.add_argument("--special", action="store_true",
                        help="every second value is a NaN, an infinity, a zero or an extreme number")
    parser.add_argument("--target-cpu", help="as dlc-compile's; a CPU that this machine lacks is an error")
    parser.add_argument("--tools", default="", help="folder of dlc-compile and dlc-run; by default they are on the path")
    arguments = parser.parse_args()
    if not arguments.size and not arguments.refuse:
        parser.error("expected --size or --refuse")
    return arguments


def make_input(shape, arguments, generator):
    values = generator.uniform(*arguments.range, shape).astype(numpy.float32)
    if arguments.special:
        limits = numpy.finfo(numpy.float32)
        special = [numpy.nan, numpy.inf, -numpy.inf, 0.0, -0.0, limits.max, limits.min, limits.smallest_subnormal]
        chosen = generator.choice(numpy.array(special, dtype=numpy.float32), shape)
        values = numpy.where(generator.random(shape) < 0.5, chosen, values)
    return values


def make_inputs(graph, size, arguments):
    """One array of f32 for each input without an initializer. A symbol that `size` leaves out is an error."""
    initializers = {initializer.name for initializer in graph.initializer}
    generator = numpy.random.default_rng(5)
    inputs = {}
    for value in graph.input:
        if value.name not in initializers:
            dims = value.type.tensor_type.shape.dim
            shape = [size[dim.dim_param] if dim.dim_param else dim.dim_value for dim in dims]
            inputs[value.name] = make_input(shape, arguments, generator)
    return inputs


def make_reference(path):
    """A function from inputs to outputs. ONNX Runtime refuses some empty tensors, which ONNX's own evaluator takes."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    # The model as it is written: no rewritten arithmetic in the reference.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])

    def run(inputs):
        try:
            return session.run(None, inputs)
        except InvalidArgument:
            if all(array.size for array in inputs.values()):
                raise
            return onnx.reference.ReferenceEvaluator(path).run(None, inputs)

    return run


def run_tool(tools, name, *arguments, threads=2):
    # glibc fills fresh memory with 0x7f, floats of 3.4e38: what is read but never written shows.
    environment = {**os.environ, "MALLOC_PERTURB_": "128", "DLC_NUM_THREADS": str(threads)}
    return subprocess.run([os.path.join(tools, name), *arguments], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def run_artifact(artifact, inputs, outputs, folder, tools, threads=2):
    """The finished process, and the arrays that it wrote (none where it failed)."""
    command = [artifact]
    for index, (name, array) in enumerate(inputs.items()):
        path = os.path.join(folder, f"in{index}.npy")
        numpy.save(path, array)
        command += ["--input", f"{name}=@{path}"]
    paths = [os.path.join(folder, f"out{index}.npy") for index in range(len(outputs))]
    for name, path in zip(outputs, paths):
        command += ["--output", f"{name}=@{path}"]
    process = run_tool(tools, "dlc-run", *command, threads=threads)
    arrays = [numpy.load(path) for path in paths] if process.returncode == 0 else []
    return process, arrays


def find_difference(name, found, expected, tolerance):
    """(the relative difference, what is wrong or None)"""
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return 0.0, f"{name}: expected {expected.dtype}{list(expected.shape)}, found {found.dtype}{list(found.shape)}"
    finite = numpy.isfinite(expected)
    same = numpy.equal(found, expected) | (numpy.isnan(found) & numpy.isnan(expected))
    wrong = ~finite & ~same | finite & ~numpy.isfinite(found)
    if wrong.any():
        index = tuple(map(int, numpy.argwhere(wrong)[0]))
        return 0.0, f"{name}: {wrong.sum()} values; at {list(index)} expected {expected[index]}, found {found[index]}"
    if not finite.any():
        return 0.0, None
    errors = numpy.zeros(expected.shape)
    errors[finite] = numpy.abs(found[finite].astype(numpy.float64) - expected[finite])
    scale = float(numpy.abs(expected[finite]).max())
    relative = float(errors.max()) / scale if scale else float(errors.max())
    if relative <= tolerance:
        return relative, None
    index = numpy.unravel_index(numpy.argmax(errors), errors.shape)
    wrong = int((errors > tolerance * scale).sum())
    return relative, (f"{name}: {relative:.2e} > {tolerance:.0e} in {wrong} of {errors.size} values; "
                      f"at {list(map(int, index))} expected {expected[index]}, found {found[index]}")


def compare_size(reference, artifact, inputs, names, folder, arguments):
    """(what to print, what is wrong)"""
    process, found = run_artifact(artifact, inputs, names, folder, arguments.tools)
    if process.returncode != 0:
        return "failed", [f"dlc-run ended with {process.returncode}: {process.stdout}{process.stderr}".strip()]
    _, alone = run_artifact(artifact, inputs, names, folder, arguments.tools, threads=1)
    unequal = [f"{name}: one thread and two give different bits" for name, one, two in zip(names, alone, found, strict=True)
               if one.tobytes() != two.tobytes()]
    expected = reference(inputs)
    results = [find_difference(*triple, arguments.tolerance) for triple in zip(names, found, expected)]
    worst = max(range(len(names)), key=lambda index: results[index][0])
    shape = "x".join(map(str, expected[worst].shape))
    summary = f"{results[worst][0]:.1e} in '{names[worst]}' ({shape}), the worst of {len(names)}"
    return summary, [complaint for _, complaint in results if complaint] + unequal


def check_refusal(artifact, inputs, names, folder, arguments):
    """(what to print, what is wrong)"""
    process, _ = run_artifact(artifact, inputs, names, folder, arguments.tools)
    lines = process.stderr.splitlines()
    if process.returncode == 1 and lines and all(line.startswith("error: ") for line in lines):
        return "refused: " + lines[0].removeprefix("error: "), []
    return "not refused", [f"dlc-run ended with {process.returncode}: {process.stdout}{process.stderr}".strip()]


def main():
    arguments = parse_arguments()
    graph = onnx.load(arguments.model).graph
    names = [output.name for output in graph.output]
    reference = make_reference(arguments.model)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        artifact = os.path.join(folder, "model.so")
        cpu = [f"--target-cpu={arguments.target_cpu}"] if arguments.target_cpu else []
        compiled = run_tool(arguments.tools, "dlc-compile", arguments.model, "-o", artifact, *cpu)
        if compiled.returncode != 0:
            sys.exit(f"dlc-compile ended with {compiled.returncode}: {compiled.stdout}{compiled.stderr}")
        runs = [(size, True) for size in arguments.size] + [(size, False) for size in arguments.refuse]
        for size, accepted in runs:
            inputs = make_inputs(graph, size, arguments)
            if accepted:
                summary, wrong = compare_size(reference, artifact, inputs, names, folder, arguments)
            else:
                summary, wrong = check_refusal(artifact, inputs, names, folder, arguments)
            text = ",".join(f"{name}={value}" for name, value in size.items()) or "static"
            print(f"{'WRONG' if wrong else 'ok':5} {text}: {summary}", *wrong, sep="\n      ", flush=True)
            failures += bool(wrong)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
