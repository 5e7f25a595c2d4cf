#!/usr/bin/env python3
"""Elementwise functions of f32 at some hundred thousand numbers of all exponents, against numpy in longer floats.

    exponents.py FOLDER [--stride 8191] [--only Exp,Tanh] [dlc-compile's options]

A function's inputs are each bit pattern that is a multiple of the stride, which is odd: all exponents, with fractions spread
over each. The error is counted in units in the last place of the exact result rounded to f32; what is a NaN, an infinity or
a zero must be that, with its sign. FUNCTIONS states the bound of each. Exit status 1 where one is beyond it.
"""

import argparse
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, save

LONG = np.longdouble


def erf(x):
    return np.vectorize(math.erf, otypes=[np.float64])(x.astype(np.float64)).astype(LONG)


def normal_share(x):
    """(1 + erf(x / sqrt(2))) / 2, which cancels for what is far below 0."""
    wide = x.astype(np.float64)
    return (np.vectorize(math.erfc, otypes=[np.float64])(-wide / np.sqrt(2)) / 2).astype(LONG)


def softplus(x):
    return np.where(x > 0, x, 0) + np.log1p(np.exp(-np.abs(x)))


def where_negative(curve):
    return lambda x: np.where(x < 0, curve(np.minimum(x, 0)), x)


def gelu_tanh(x):
    z = np.sqrt(LONG(2) / LONG(np.pi)) * (x + LONG(0.044715) * x**3)
    return x / (1 + np.exp(-2 * z))


# Operator, attributes, reference, bound. Those that are composed of others follow ONNX's formulas, and have bounds of their own:
# where the result is a small difference of larger numbers, the last number of the row is the share of |x| whose units are
# counted.
FUNCTIONS = [
    ("Abs", {}, np.abs, 0), ("Acos", {}, np.arccos, 2), ("Acosh", {}, np.arccosh, 2), ("Asin", {}, np.arcsin, 2),
    ("Asinh", {}, np.arcsinh, 2), ("Atan", {}, np.arctan, 2), ("Atanh", {}, np.arctanh, 2), ("Ceil", {}, np.ceil, 0),
    ("Cos", {}, np.cos, 2), ("Cosh", {}, np.cosh, 2), ("Erf", {}, erf, 2), ("Exp", {}, np.exp, 2), ("Floor", {}, np.floor, 0),
    ("Log", {}, np.log, 2), ("Neg", {}, np.negative, 0), ("Reciprocal", {}, lambda x: 1 / x, 0.5),
    ("Relu", {}, lambda x: np.where(x < 0, 0, x), 0), ("Round", {}, np.rint, 0), ("Sigmoid", {}, lambda x: 1 / (1 + np.exp(-x)), 2),
    ("Sign", {}, np.sign, 0), ("Sin", {}, np.sin, 2), ("Sinh", {}, np.sinh, 2), ("Sqrt", {}, np.sqrt, 0.5), ("Tan", {}, np.tan, 2),
    ("Tanh", {}, np.tanh, 2), ("Softplus", {}, softplus, 3), ("Mish", {}, lambda x: x * np.tanh(softplus(x)), 4, 2**-126),
    ("Gelu", {}, lambda x: x * normal_share(x), 2, 0.5), ("Gelu", {"approximate": "tanh"}, gelu_tanh, 160),
    ("Elu", {"alpha": 1.0}, where_negative(np.expm1), 3), ("Celu", {"alpha": 1.0}, where_negative(np.expm1), 3),
    ("Selu", {"alpha": 1.0, "gamma": 1.0}, where_negative(np.expm1), 3), ("Softsign", {}, lambda x: x / (1 + np.abs(x)), 2),
    ("HardSigmoid", {"alpha": 0.25}, lambda x: np.clip(x / 4 + LONG(0.5), 0, 1), 1), ("LeakyRelu", {"alpha": 0.25}, where_negative(lambda x: x / 4), 0.5),
    ("HardSwish", {}, lambda x: x * np.clip(x / 6 + LONG(0.5), 0, 1), 2, 0.5), ("Swish", {}, lambda x: x / (1 + np.exp(-x)), 4, 2**-126),
]
EXPONENTS = [0.5, 1.5, -2.25, 10.1, 1 / 3]  # of Pow


def make_numbers(stride):
    numbers = np.arange(0, 2**32, stride, dtype=np.uint32).view(np.float32)
    near = np.array([0, 1, -1, np.inf, -np.inf, np.nan, 0.5, -0.5, 2.5, 88.72283, -87.33655, -103.97], np.float32)
    return np.concatenate([numbers, near, -near[:1]])


def count_units(found, exact, beside):
    """How many units in the last place each result is from the exact one; infinite where its kind is another."""
    with np.errstate(all="ignore"):
        wanted = exact.astype(np.float32)
        unit = np.spacing(np.clip(np.maximum(np.abs(wanted), beside), np.float32(2**-126), np.finfo(np.float32).max)).astype(LONG)
        errors = np.abs(found.astype(LONG) - exact) / unit
    same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
    largest = np.finfo(np.float32).max
    # Next to the limit of f32 the rounded result may be infinite, and the other one the largest number.
    overflow = np.isinf(found) & (np.abs(exact) > largest * (1 - LONG(2) ** -23)) | np.isinf(wanted) & (np.abs(found) == largest)
    errors = np.where(overflow, 1, errors)
    errors = np.where(same & ~np.isfinite(found), 0, np.where(np.isnan(errors), np.inf, errors))
    wrong_zero = (found == 0) & (exact == 0) & ~np.isnan(exact) & (np.signbit(found) != np.signbit(exact))
    return np.where(wrong_zero, np.inf, errors)


def make_model(rows, path):
    nodes, outputs = [], []
    for index, (operator, attributes, *_) in enumerate(rows):
        inputs = ["x", attributes["exponent"]] if operator == "Pow" else ["x"]
        nodes.append(helper.make_node(operator, inputs, [f"y{index}"], **({} if operator == "Pow" else attributes)))
        outputs.append(helper.make_tensor_value_info(f"y{index}", TensorProto.FLOAT, ["N"]))
    powers = [helper.make_tensor(f"e{i}", TensorProto.FLOAT, [1], [value]) for i, value in enumerate(EXPONENTS)]
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N"])], outputs, powers)
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 24)], ir_version=10), path)


def get_rows(only):
    rows = [row for row in FUNCTIONS if not only or row[0] in only]
    if not only or "Pow" in only:
        for index, exponent in enumerate(EXPONENTS):
            wide = LONG(np.float32(exponent))
            rows.append(("Pow", {"exponent": f"e{index}"}, lambda x, wide=wide: np.power(x, wide), 2))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--stride", type=int, default=8191)
    parser.add_argument("--only", type=lambda text: text.split(","))
    arguments, options = parser.parse_known_args()
    folder, rows, bad = arguments.folder, get_rows(arguments.only), False
    folder.mkdir(parents=True, exist_ok=True)
    x = make_numbers(arguments.stride)
    np.save(folder / "x.npy", x)
    make_model(rows, folder / "m.onnx")
    subprocess.run(["dlc-compile", folder / "m.onnx", "-o", folder / "m.so", *options], check=True)
    outputs = [f"--output=y{index}=@{folder / f'y{index}.npy'}" for index in range(len(rows))]
    subprocess.run(["dlc-run", folder / "m.so", f"--input=x=@{folder / 'x.npy'}", *outputs], check=True, stdout=subprocess.DEVNULL)
    for index, (operator, attributes, compute, bound, *share) in enumerate(rows):
        found = np.load(folder / f"y{index}.npy")
        with np.errstate(all="ignore"):
            errors = count_units(found, np.asarray(compute(x.astype(LONG)), LONG), np.abs(x) * np.float32(share[0]) if share else 0)
        worst = int(np.argmax(errors))
        wrong = bool(errors[worst] > bound)
        bad |= wrong
        print(f"{'WRONG' if wrong else 'ok':5} {operator} {attributes}: {float(errors[worst]):.3f} units of {bound} at {x[worst]!r}, "
              f"found {found[worst]!r}; {int((errors > bound).sum())} of {x.size} beyond")
    return bad


if __name__ == "__main__":
    sys.exit(main())
