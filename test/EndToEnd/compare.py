#!/usr/bin/env python3
"""Compares dlc with ONNX Runtime: compiles a model once, then runs the artifact and ONNX Runtime on the same inputs.

    compare.py MODEL.onnx --size N=2,H=1,W=7 --size N=1,H=16,W=16,steps=3
    compare.py MODEL.onnx --size H=8 --refuse H=2

cases.py says what a size may hold. Each output must have the reference's element type and shape, NaNs and infinities where
the reference has them, and elsewhere differ by at most the tolerance times the largest finite magnitude of the reference;
integers, bools and strings must be equal.

dlc-run computes each size in a process of its own. Then this process does so through the C API with one artifact, in
contexts of one and of two threads that serve all sizes in turn, twice each, with the arena and the outputs full of NaNs
before the run; and at last in several threads at once. All of this must give the same bits as dlc-run.

One line is printed for each size. Exit status: 0; 1 where a size differs; 2 for a wrong command line.
"""

import argparse
import ctypes
import os
import subprocess
import sys
import tempfile
import threading

import numpy
import onnx
import onnx.reference
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidArgument

from cases import describe_case, make_inputs, parse_case
from session import RunError, Session

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Helpers"))
from references import open_reference


def parse_range(text):
    low, high = map(float, text.split(":"))
    return low, high


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--size", type=parse_case, action="append", default=[], help="sizes of the symbols, to compare at")
    parser.add_argument("--refuse", type=parse_case, action="append", default=[],
                        help="sizes at which a run must fail, dlc-run with status 1 and `error:` lines alone")
    parser.add_argument("--tolerance", type=float, default=1e-5)
    parser.add_argument("--range", type=parse_range, default=(-2.0, 2.0), help="LOW:HIGH of the inputs' values")
    parser.add_argument("--special", action="store_true",
                        help="every second f32 is a NaN, an infinity, a zero or an extreme number")
    parser.add_argument("--count-allocations", action="store_true",
                        help="no run but a context's first may allocate; needs the test library that counts, preloaded")
    parser.add_argument("--target", help="as dlc-compile's")
    parser.add_argument("--target-cpu", help="as dlc-compile's; a CPU that this machine lacks is an error")
    parser.add_argument("--winograd", default="on", help="as dlc-compile's")
    parser.add_argument("--reference", action="store_true", help="as dlc-compile's: library ops alone")
    parser.add_argument("--tools", default="", help="folder of dlc-compile and dlc-run; by default they are on the path. The "
                                                    "package dlc is that of PYTHONPATH")
    arguments = parser.parse_args()
    if not arguments.size and not arguments.refuse:
        parser.error("expected --size or --refuse")
    return arguments


#===-- The reference -----------------------------------------------------------------------------===#

def make_reference(path):
    """A function from inputs to outputs. ONNX Runtime refuses some empty tensors, which ONNX's own evaluator takes."""
    # The model as it is written: no rewritten arithmetic in the reference.
    session = open_reference(path, intra_op_num_threads=1, log_severity_level=4,
                             graph_optimization_level=onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL)

    def run(inputs):
        try:
            return session.run(None, inputs)
        except InvalidArgument:
            if all(array.size for array in inputs.values()):
                raise
            return onnx.reference.ReferenceEvaluator(path).run(None, inputs)

    return run


def have_same_shape(found, expected):
    """Of what a loop without iterations collects, ONNX Runtime knows no dims of the elements and says 0."""
    if expected.size or found.ndim != expected.ndim:
        return found.shape == expected.shape
    return not found.size and all(e in (0, f) for f, e in zip(found.shape, expected.shape))


def find_tensor_difference(name, found, expected, tolerance):
    """(the relative difference, what is wrong or None)"""
    if found.dtype != expected.dtype or not have_same_shape(found, expected):
        return 0.0, f"{name}: expected {expected.dtype}{list(expected.shape)}, found {found.dtype}{list(found.shape)}"
    if not expected.size:
        return 0.0, None
    exact = not numpy.issubdtype(expected.dtype, numpy.floating)
    finite = numpy.zeros(expected.shape, dtype=bool) if exact else numpy.isfinite(expected)
    same = found == expected if exact else (found == expected) | (numpy.isnan(found) & numpy.isnan(expected))
    wrong = ~finite & ~same if exact else ~finite & ~same | finite & ~numpy.isfinite(found)
    if wrong.any():
        index = tuple(map(int, numpy.argwhere(wrong)[0]))
        return 0.0, f"{name}: {wrong.sum()} values; at {list(index)} expected {expected[index]!r}, found {found[index]!r}"
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


def find_difference(name, found, expected, tolerance):
    if not isinstance(expected, list):
        return find_tensor_difference(name, found, numpy.asarray(expected), tolerance)
    if not isinstance(found, list) or len(found) != len(expected):
        return 0.0, f"{name}: expected a sequence of {len(expected)}, found {found}"
    pairs = enumerate(zip(found, expected))
    results = [find_difference(f"{name}[{i}]", *pair, tolerance) for i, pair in pairs] or [(0.0, None)]
    return max(error for error, _ in results), next((text for _, text in results if text), None)


def are_equal(found, expected):
    """Whether all bits are."""
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(are_equal, found, expected))
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return False
    return (found == expected).all() if expected.dtype == object else found.tobytes() == expected.tobytes()


#===-- dlc-run -----------------------------------------------------------------------------------===#

def run_tool(tools, name, *arguments):
    # glibc fills fresh memory with 0x7f, floats of 3.4e38: what is read but never written shows.
    environment = {**os.environ, "MALLOC_PERTURB_": "128"}
    return subprocess.run([os.path.join(tools, name), *arguments], env=environment, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)


def fits_files(value):
    """Whether a file of numpy can hold it."""
    return not isinstance(value, list) and value.dtype != object


def run_artifact(artifact, inputs, outputs, folder, tools):
    """The finished process, and the arrays that it wrote to `outputs` (none where it failed)."""
    command = [artifact]
    for index, (name, array) in enumerate(inputs.items()):
        path = os.path.join(folder, f"in{index}.npy")
        numpy.save(path, array)
        command += ["--input", f"{name}=@{path}"]
    paths = [os.path.join(folder, f"out{index}.npy") for index in range(len(outputs))]
    for name, path in zip(outputs, paths):
        command += ["--output", f"{name}=@{path}"]
    process = run_tool(tools, "dlc-run", *command)
    arrays = [numpy.load(path) for path in paths] if process.returncode == 0 else []
    return process, arrays


#===-- The C API ---------------------------------------------------------------------------------===#

class ApiRuns:
    """Contexts of one and of two threads, and what they have computed."""

    def __init__(self, artifact, count_allocations=False):
        self.artifact = artifact
        self.session = Session(artifact)
        self.contexts = {threads: self.session.make_context(threads) for threads in (1, 2)}
        self.done = []  # (text, inputs, outputs)
        self.counter = None
        if count_allocations:
            self.counter = ctypes.CDLL(None).dlc_test_count_allocations
            self.counter.restype = ctypes.c_int64

    def check(self, text, inputs, expected):
        """What differs from the outputs `expected` (None: not known yet), by name of the run."""
        wrong = []
        for threads, context in self.contexts.items():
            for own_buffers in (True, False, True):
                found = context.run(inputs, own_buffers=own_buffers)
                expected = expected or found
                if not all(map(are_equal, found, expected)):
                    wrong.append(f"other bits on {threads} threads{' in poisoned buffers' if own_buffers else ''}")
            if self.counter and (count := self.count_allocations(context, inputs)):
                wrong.append(f"{count} allocations on {threads} threads")
        self.done.append((text, inputs, expected))
        return wrong

    def count_allocations(self, context, inputs):
        """Of a run in the context's own arena, once that is large enough."""
        counted = []

        def execute(*call):
            status = ctypes.c_int32()
            counted.append(self.counter(context.library.dlc_context_run, *call, ctypes.byref(status)))
            return status.value

        context.run(inputs, poison=False)
        context.run(inputs, own_buffers=True, poison=False, execute=execute)
        return counted[0]

    def check_refusal(self, inputs):
        """(the error lines, what is wrong); the context must go on."""
        lines, wrong = [], []
        for threads, context in self.contexts.items():
            try:
                context.run(inputs)
                wrong.append(f"not refused on {threads} threads")
            except RunError as error:
                lines = str(error).splitlines()
            for text, earlier, expected in self.done[:1]:
                if not all(map(are_equal, context.run(earlier), expected)):
                    wrong.append(f"other bits for {text} after the refusal on {threads} threads")
        return lines, wrong

    def check_threads(self):
        """Runs all sizes at the same time, each in a context of its own, several times."""
        wrong = []

        def work(text, inputs, expected):
            context = self.session.make_context()
            for _ in range(3):
                if not all(map(are_equal, context.run(inputs), expected)):
                    wrong.append(f"{text}: other bits beside other runs")

        threads = [threading.Thread(target=work, args=self.done[i % len(self.done)]) for i in range(4)] if self.done else []
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return wrong


#===-- Sizes -------------------------------------------------------------------------------------===#

def compare_size(reference, case, inputs, names, folder, runs, tolerance, tools=""):
    """(what to print, what is wrong)"""
    expected = reference(inputs)
    found = None
    if all(map(fits_files, inputs.values())):
        written = [index for index, value in enumerate(expected) if fits_files(numpy.asarray(value))
                   and not isinstance(value, list)]
        process, arrays = run_artifact(runs.artifact, inputs, [names[index] for index in written], folder, tools)
        if process.returncode != 0:
            return "failed", [f"dlc-run ended with {process.returncode}: {process.stdout}{process.stderr}".strip()]
        if len(written) == len(names):
            found = arrays
    try:
        wrong = runs.check(describe_case(case), inputs, found)
    except RunError as error:
        return "failed", [str(error)]
    found = runs.done[-1][2]
    results = [find_difference(*triple, tolerance) for triple in zip(names, found, expected)]
    worst = max(range(len(names)), key=lambda index: results[index][0])
    shape = "x".join(map(str, numpy.shape(expected[worst]))) if not isinstance(expected[worst], list) else "sequence"
    summary = f"{results[worst][0]:.1e} in '{names[worst]}' ({shape}), the worst of {len(names)}"
    return summary, [complaint for _, complaint in results if complaint] + wrong


def check_refusal(inputs, names, folder, runs, tools=""):
    """(what to print, what is wrong)"""
    lines, wrong = runs.check_refusal(inputs)
    if all(map(fits_files, inputs.values())):
        process, _ = run_artifact(runs.artifact, inputs, names, folder, tools)
        lines = process.stderr.splitlines()
        if process.returncode != 1 or not lines or not all(line.startswith("error: ") for line in lines):
            return "not refused", [f"dlc-run ended with {process.returncode}: {process.stdout}{process.stderr}".strip()]
    return "refused: " + "; ".join(line.removeprefix("error: ") for line in lines), wrong


def compile_model(model, folder, *, target=None, target_cpu=None, reference=False, winograd="on", tools=""):
    artifact = os.path.join(folder, "model.so")
    options = [f"--target-cpu={target_cpu}"] if target_cpu else []
    options += [f"--target={target}"] if target else []
    options += [f"--winograd={winograd}"]
    options += ["--reference"] if reference else []
    compiled = run_tool(tools, "dlc-compile", model, "-o", artifact, *options)
    if compiled.returncode != 0:
        sys.exit(f"dlc-compile ended with {compiled.returncode}: {compiled.stdout}{compiled.stderr}")
    return artifact


def main():
    arguments = parse_arguments()
    os.environ["DLC_NUM_THREADS"] = "2"  # also where there is one CPU
    graph = onnx.load(arguments.model).graph
    names = [output.name for output in graph.output]
    reference = make_reference(arguments.model)
    failures = 0
    with tempfile.TemporaryDirectory() as folder:
        artifact = compile_model(arguments.model, folder, target=arguments.target, target_cpu=arguments.target_cpu, reference=arguments.reference,
                                 winograd=arguments.winograd, tools=arguments.tools)
        runs = ApiRuns(artifact, arguments.count_allocations)
        sizes = [(size, True) for size in arguments.size] + [(size, False) for size in arguments.refuse]
        for size, accepted in sizes:
            inputs = make_inputs(graph, size, arguments)
            if accepted:
                summary, wrong = compare_size(reference, size, inputs, names, folder, runs, arguments.tolerance, arguments.tools)
            else:
                summary, wrong = check_refusal(inputs, names, folder, runs, arguments.tools)
            print(f"{'WRONG' if wrong else 'ok':5} {describe_case(size)}: {summary}", *wrong, sep="\n      ", flush=True)
            failures += bool(wrong)
        for complaint in (wrong := runs.check_threads()):
            print("WRONG", complaint)
        failures += len(wrong)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
