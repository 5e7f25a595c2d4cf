#!/usr/bin/env python3
"""Elementwise operators over all element types, against numpy.

    element_types.py [--type int8 ...] [--target-cpu CPU]

For each type one model of all operators that allow it runs at sizes around the number of lanes. Integers and truth values
must equal the reference; floats must be within a few units in the last place of numpy's result in f64, with NaNs and
infinities where numpy has them. Exit status 1 where one differs.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy
import onnx
from onnx import TensorProto, helper

SIZES = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 53]
ROWS = 3
TYPES = {
    "float": (TensorProto.FLOAT, numpy.float32), "double": (TensorProto.DOUBLE, numpy.float64),
    "float16": (TensorProto.FLOAT16, numpy.float16), "int8": (TensorProto.INT8, numpy.int8),
    "int16": (TensorProto.INT16, numpy.int16), "int32": (TensorProto.INT32, numpy.int32),
    "int64": (TensorProto.INT64, numpy.int64), "uint8": (TensorProto.UINT8, numpy.uint8),
    "uint16": (TensorProto.UINT16, numpy.uint16), "uint32": (TensorProto.UINT32, numpy.uint32),
    "uint64": (TensorProto.UINT64, numpy.uint64), "bool": (TensorProto.BOOL, numpy.bool_),
}  # fmt: skip


def erf(x):
    import math

    return numpy.vectorize(math.erf, otypes=[numpy.float64])(x)


def softplus(x):
    return numpy.logaddexp(0, x)


def truncated_quotient(a, b):
    quotient = numpy.floor_divide(a, b)
    return quotient + ((quotient < 0) & (quotient * b != a)).astype(a.dtype)


# name: (operator, attributes, reference); binary ones compute from a and b.
FLOAT_UNARY = {
    "Abs": ({}, numpy.abs), "Neg": ({}, numpy.negative), "Floor": ({}, numpy.floor), "Ceil": ({}, numpy.ceil),
    "Round": ({}, numpy.rint), "Sqrt": ({}, numpy.sqrt), "Exp": ({}, numpy.exp), "Log": ({}, numpy.log),
    "Erf": ({}, erf), "Sin": ({}, numpy.sin), "Cos": ({}, numpy.cos), "Sign": ({}, numpy.sign),
    "Reciprocal": ({}, lambda x: 1 / x), "Relu": ({}, lambda x: numpy.maximum(x, 0)), "Tanh": ({}, numpy.tanh),
    "Sigmoid": ({}, lambda x: 1 / (1 + numpy.exp(-x))), "IsNaN": ({}, numpy.isnan),
    "LeakyRelu": ({"alpha": 0.25}, lambda x: numpy.where(x < 0, 0.25 * x, x)),
    "Elu": ({"alpha": 2.0}, lambda x: numpy.where(x < 0, 2 * (numpy.exp(x) - 1), x)),
    "Celu": ({"alpha": 2.0}, lambda x: numpy.where(x < 0, 2 * (numpy.exp(x / 2) - 1), x)),
    "Selu": ({"alpha": 1.5, "gamma": 2.0}, lambda x: 2 * numpy.where(x < 0, 1.5 * (numpy.exp(x) - 1), x)),
    "HardSigmoid": ({"alpha": 0.25, "beta": 0.5}, lambda x: numpy.clip(x / 4 + 0.5, 0, 1)),
    "Softplus": ({}, softplus), "Softsign": ({}, lambda x: x / (1 + numpy.abs(x))),
    "Mish": ({}, lambda x: x * numpy.tanh(softplus(x))),
    "ThresholdedRelu": ({"alpha": 0.5}, lambda x: numpy.where(x > 0.5, x, 0)),
    "Gelu": ({}, lambda x: 0.5 * x * (1 + erf(x / numpy.sqrt(2)))),
}  # fmt: skip
# Differences of nearly equal numbers: relative to 1, not to the result.
CANCELLING = {"Elu", "Celu", "Selu", "Gelu", "Sin", "Cos", "Log", "Softplus", "Mish", "Erf", "HardSigmoid"}
# 0 * inf, inf / inf and sums beyond the largest number, by the formula.
FINITE_ONLY = {"Gelu", "Mean", "Mish", "Softsign"}
COMPARISONS = {
    "Equal": numpy.equal, "Less": numpy.less, "LessOrEqual": numpy.less_equal, "Greater": numpy.greater,
    "GreaterOrEqual": numpy.greater_equal,
}  # fmt: skip
ARITHMETIC = {
    "Add": numpy.add, "Sub": numpy.subtract, "Mul": numpy.multiply, "Max": numpy.maximum, "Min": numpy.minimum,
}  # fmt: skip
LOGIC = {"And": numpy.logical_and, "Or": numpy.logical_or, "Xor": numpy.logical_xor, "Equal": numpy.equal}


class Cases:
    """Nodes over inputs a [ROWS, N], b [N] and p [N] (no zeros) with their references."""

    def __init__(self, name):
        self.proto, self.dtype = TYPES[name]
        self.nodes, self.references = [], {}
        self.is_float = name in ("float", "double", "float16")
        if name == "bool":
            self.add_logic()
        else:
            self.add_numbers()
        self.add_casts()

    def add(self, op, inputs, reference, name=None, **attributes):
        name = name or op
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        self.references[name] = (op, reference)

    def add_logic(self):
        for op, compute in LOGIC.items():
            self.add(op, ["a", "b"], lambda v, compute=compute: compute(v["a"], v["b"]))
        self.add("Not", ["a"], lambda v: ~v["a"])

    def add_numbers(self):
        for op, compute in {**ARITHMETIC, **COMPARISONS}.items():
            self.add(op, ["a", "b"], lambda v, compute=compute: compute(v["a"], v["b"]))
        self.add("Where", ["c", "a", "b"], lambda v: numpy.where(v["c"], v["a"], v["b"]))
        self.add("Clip", ["a", "low", "high"], lambda v: numpy.minimum(numpy.maximum(v["a"], 2), 5))
        if self.is_float:
            for op, (attributes, compute) in FLOAT_UNARY.items():
                self.add(op, ["a"], lambda v, compute=compute: compute(v["a"]), **attributes)
            self.add("Div", ["a", "b"], lambda v: v["a"] / v["b"])
            self.add("Mod", ["a", "b"], lambda v: numpy.fmod(v["a"], v["b"]), fmod=1)
            self.add("Pow", ["a", "b"], lambda v: numpy.power(v["a"], v["b"]))
            self.add("PRelu", ["a", "b"], lambda v: numpy.where(v["a"] < 0, v["a"] * v["b"], v["a"]))
            self.add("Mean", ["a", "b", "a"], lambda v: (2 * v["a"] + v["b"]) / 3)
            return
        self.add("Div", ["a", "p"], lambda v: truncated_quotient(v["a"], v["p"]))
        self.add("Mod", ["a", "p"], lambda v: numpy.mod(v["a"], v["p"]))
        self.add("Mod", ["a", "p"], lambda v: numpy.fmod(v["a"], v["p"]), "ModC", fmod=1)
        self.add("Abs", ["a"], lambda v: numpy.abs(v["a"]))
        self.add("Sign", ["a"], lambda v: numpy.sign(v["a"]))
        self.add("Div", ["a", "b"], None, "DivByZero")  # any numbers, but no trap
        self.add("Mod", ["a", "b"], None, "ModByZero")
        if numpy.issubdtype(self.dtype, numpy.signedinteger):
            self.add("Neg", ["a"], lambda v: numpy.negative(v["a"]))
            self.add("Relu", ["a"], lambda v: numpy.maximum(v["a"], 0))

    def add_casts(self):
        for name, (proto, dtype) in TYPES.items():
            source = "p" if self.is_float and not numpy.issubdtype(dtype, numpy.inexact) else "a"
            if dtype != self.dtype:
                self.add("Cast", [source], lambda v, s=source, dtype=dtype: v[s].astype(dtype), f"To_{name}", to=proto)
        # Two readers keep the bf16 values in memory.
        self.nodes.append(helper.make_node("Cast", ["a"], ["brain"], to=TensorProto.BFLOAT16))
        self.add("Cast", ["brain"], self.round_brain, "BrainFloat", to=TensorProto.FLOAT)
        self.add("Cast", ["brain"], lambda v: self.round_brain(v) != 0, "BrainBool", to=TensorProto.BOOL)

    @staticmethod
    def round_brain(values):
        import ml_dtypes

        return values["a"].astype(numpy.float32).astype(ml_dtypes.bfloat16).astype(numpy.float32)

    def make_model(self):
        ports = [helper.make_tensor_value_info(name, 0, None) for name in self.references]
        for port in ports:
            port.ClearField("type")
        inputs = [helper.make_tensor_value_info("a", self.proto, [ROWS, "N"])]
        inputs += [helper.make_tensor_value_info(name, self.proto, ["N"]) for name in ("b", "p")]
        inputs.append(helper.make_tensor_value_info("c", TensorProto.BOOL, [ROWS, 1]))
        bounds = [helper.make_tensor(name, self.proto, [], [value]) for name, value in (("low", 2), ("high", 5))]
        graph = helper.make_graph(self.nodes, "g", inputs, ports, bounds)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def make_inputs(cases, size, generator):
    dtype, shape = cases.dtype, (ROWS, size)
    if dtype == numpy.bool_:
        a, b = generator.random(shape) < 0.5, generator.random(size) < 0.5
        return {"a": a, "b": b, "p": ~b, "c": generator.random((ROWS, 1)) < 0.5}
    if cases.is_float:
        limits = numpy.finfo(dtype)
        special = [numpy.nan, numpy.inf, -numpy.inf, 0.0, -0.0, limits.smallest_subnormal, limits.max, 0.5, 2.5, -1.5]
        a, b = (generator.uniform(-8, 8, s).astype(dtype) for s in (shape, size))
        a = numpy.where(generator.random(shape) < 0.3, generator.choice(numpy.array(special, dtype), shape), a)
        return {"a": a, "b": b, "p": generator.uniform(0, 100, size).astype(dtype), "c": generator.random((ROWS, 1)) < 0.5}
    limits = numpy.iinfo(dtype)
    a, b = (generator.integers(limits.min, limits.max, s, dtype, endpoint=True) for s in (shape, size))
    a = numpy.where(generator.random(shape) < 0.2, dtype(limits.min), a)
    b = numpy.where(generator.random(size) < 0.5, generator.integers(0, 3, size).astype(dtype) - dtype(limits.min < 0), b)
    # One quotient overflows: the least number by -1.
    p = generator.integers(1, 9, size).astype(dtype)
    p = numpy.where((generator.random(size) < 0.5) & (limits.min < 0), -p - dtype(1), p).astype(dtype)
    return {"a": a, "b": b, "p": p, "c": generator.random((ROWS, 1)) < 0.5}


def find_difference(name, op, found, expected, dtype):
    if found.dtype != expected.dtype or found.shape != expected.shape:
        return f"{name}: expected {expected.dtype}{list(expected.shape)}, found {found.dtype}{list(found.shape)}"
    if not numpy.issubdtype(expected.dtype, numpy.inexact):
        wrong = found != expected
    else:
        unit = max(numpy.finfo(expected.dtype).eps, numpy.finfo(dtype).eps if numpy.issubdtype(dtype, numpy.inexact) else 0)
        wide, reference = found.astype(numpy.float64), expected.astype(numpy.float64)
        scale = numpy.maximum(numpy.abs(reference), 1 if op in CANCELLING else numpy.finfo(expected.dtype).tiny)
        same = (wide == reference) | (numpy.isnan(wide) & numpy.isnan(reference))
        wrong = ~same & ~(numpy.abs(wide - reference) <= 8 * unit * scale)
    if not wrong.any():
        return None
    index = tuple(map(int, numpy.argwhere(wrong)[0]))
    return f"{name}: {wrong.sum()} of {wrong.size} values; at {list(index)} expected {expected[index]}, found {found[index]}"


def compute(cases, name, inputs):
    """The reference in f64 where it is a float's, rounded once."""
    op, reference = cases.references[name]
    if not cases.is_float or op == "Cast":
        return reference(inputs)
    wide = {key: value.astype(numpy.float64) if value.dtype == cases.dtype else value for key, value in inputs.items()}
    result = reference(wide)
    return result.astype(cases.dtype) if result.dtype == numpy.float64 else result


def check_size(cases, folder, size):
    inputs = make_inputs(cases, size, numpy.random.default_rng(size))
    command = ["dlc-run", f"{folder}/m.so"]
    for name, value in inputs.items():
        numpy.save(f"{folder}/{name}.npy", value)
        command += ["--input", f"{name}=@{folder}/{name}.npy"]
    for name in cases.references:
        command += ["--output", f"{name}=@{folder}/out_{name}.npy"]
    subprocess.run(command, check=True, env=dict(os.environ, MALLOC_PERTURB_="128"), stdout=subprocess.DEVNULL)
    problems = []
    for name, (op, reference) in cases.references.items():
        if reference is None:
            continue
        found = numpy.load(f"{folder}/out_{name}.npy")
        with numpy.errstate(all="ignore"):
            expected = compute(cases, name, inputs)
            if op in FINITE_ONLY:
                keep = numpy.isfinite(inputs["a"]) & (numpy.abs(inputs["a"].astype(numpy.float64)) < 1e4)
                found, expected = numpy.where(keep, found, 0), numpy.where(keep, expected, 0)
            problems.append(find_difference(name, op, found, expected, cases.dtype))
    return [f"N={size}: {problem}" for problem in problems if problem]


def check_type(name, target):
    cases = Cases(name)
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(cases.make_model(), f"{folder}/m.onnx")
        cpu = [f"--target-cpu={target}"] if target else []
        try:
            subprocess.run(["dlc-compile", f"{folder}/m.onnx", "-o", f"{folder}/m.so", *cpu], check=True)
            return [problem for size in SIZES for problem in check_size(cases, folder, size)]
        except subprocess.CalledProcessError as error:
            return [f"{error.cmd[0]} ended with status {error.returncode}"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--type", action="append", choices=TYPES)
    parser.add_argument("--target-cpu", help="as dlc-compile's")
    arguments = parser.parse_args()
    failures = 0
    for name in arguments.type or TYPES:
        problems = check_type(name, arguments.target_cpu)
        print(f"{name}:", *problems or ["ok"], sep="\n  " if problems else " ", flush=True)
        failures += bool(problems)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
