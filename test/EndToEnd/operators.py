#!/usr/bin/env python3
"""Models of one operator each over boundary shapes: kernels, library ops and ONNX's reference evaluator must agree.

    operators.py [--only Add,Softmax] [--seed 0]

A row of OPERATORS is an operator, what its inputs are, its attributes and its element types. Each row gives a model with
symbolic dims M and N for each element type, compiled with and without --reference, and run at SIZES (those that are 0, 1, 2, 3,
next to a vector's width, and prime). Integers and bools must be equal, floats within 1e-5 of the largest magnitude.
Exit status 1 where one differs, or does not compile.
"""

import argparse
import os
import sys
import tempfile

import numpy
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

from compare import compile_model, find_difference
from session import RunError, Session

SIZES = [(0, 3), (3, 0), (1, 1), (1, 2), (2, 3), (3, 7), (2, 8), (3, 9), (1, 15), (2, 16), (3, 17), (5, 31)]
FLOATS = ["float32"]
NUMBERS = ["float32", "int32", "int64"]
SAME, ROW, COLUMN = ("M", "N"), ("N",), ("M", 1)

# (operator, dims of its inputs, attributes, element types, LOW and HIGH of the values)
OPERATORS = [
    ("Add", [SAME, SAME], {}, NUMBERS, (-9, 9)),
    ("Add", [SAME, ROW], {}, NUMBERS, (-9, 9)),
    ("Sub", [COLUMN, SAME], {}, NUMBERS, (-9, 9)),
    ("Mul", [SAME, ROW], {}, NUMBERS, (-9, 9)),
    ("Div", [SAME, SAME], {}, NUMBERS, (1, 9)),
    ("Relu", [SAME], {}, FLOATS, (-9, 9)),
    ("Tanh", [SAME], {}, FLOATS, (-9, 9)),
    ("Sigmoid", [SAME], {}, FLOATS, (-9, 9)),
    ("Exp", [SAME], {}, FLOATS, (-9, 9)),
    ("Sqrt", [SAME], {}, FLOATS, (0, 9)),
    ("Softmax", [SAME], {"axis": 1}, FLOATS, (-9, 9)),
    ("Softmax", [SAME], {"axis": 0}, FLOATS, (-9, 9)),
    ("MatMul", [SAME, ("N", 17)], {}, FLOATS, (-2, 2)),
    ("Transpose", [SAME], {"perm": [1, 0]}, NUMBERS, (-9, 9)),
    ("Concat", [SAME, SAME], {"axis": 1}, NUMBERS, (-9, 9)),
    ("ReduceSum", [SAME], {"keepdims": 0}, FLOATS, (-9, 9)),
    ("Neg", [SAME], {}, ["float32", "int8", "int64"], (-9, 9)),
    ("Abs", [SAME], {}, ["float32", "int8", "int64"], (-9, 9)),
    ("Erf", [SAME], {}, FLOATS, (-4, 4)),
    ("Floor", [SAME], {}, FLOATS, (-9, 9)),
    ("Pow", [SAME, ROW], {}, FLOATS, (0.1, 3)),
    ("Min", [SAME, SAME], {}, NUMBERS, (-9, 9)),
    ("Max", [SAME, SAME], {}, NUMBERS, (-9, 9)),
    ("Less", [SAME, ROW], {}, NUMBERS, (-9, 9)),
    ("Equal", [SAME, SAME], {}, NUMBERS, (-2, 2)),
    ("ReduceMean", [SAME], {"keepdims": 0}, FLOATS, (1, 9)),
    ("ReduceMax", [("M", "N", 3)], {}, FLOATS, (-9, 9)),
    ("Add", [SAME, SAME], {}, ["float16", "float64", "int8", "uint8"], (1, 9)),
    ("Mul", [SAME, ROW], {}, ["float16", "float64", "uint8"], (1, 9)),
    ("LeakyRelu", [SAME], {"alpha": 0.1}, FLOATS, (-9, 9)),
    ("HardSigmoid", [SAME], {}, FLOATS, (-9, 9)),
    ("Not", [SAME], {}, ["bool"], (0, 2)),
    ("And", [SAME, ROW], {}, ["bool"], (0, 2)),
    ("Clip", [SAME], {}, NUMBERS, (-9, 9)),
    ("Mod", [SAME, SAME], {}, ["int32", "int64"], (1, 9)),
    ("Softplus", [SAME], {}, FLOATS, (-9, 9)),
    ("Mish", [SAME], {}, FLOATS, (-9, 9)),
    ("Elu", [SAME], {}, FLOATS, (-9, 9)),
    ("LayerNormalization", [SAME, ROW, ROW], {}, FLOATS, (-9, 9)),
    ("Gemm", [SAME, ("N", 5), (5,)], {}, FLOATS, (-2, 2)),
    ("Gemm", [SAME, ("M", 5), ("N", 1)], {"transA": 1}, FLOATS, (-2, 2)),
    ("MatMul", [(2, "M", "N"), ("N", 3)], {}, ["float32", "int32"], (-3, 3)),
    ("Shape", [("M", "N", 3)], {}, FLOATS, (-9, 9)),
    ("Size", [SAME], {}, FLOATS, (-9, 9)),
    ("Identity", [SAME], {}, NUMBERS, (-9, 9)),
    ("ReduceSum", [("M", "N", 3)], {"keepdims": 1}, NUMBERS, (1, 9)),
    ("ReduceProd", [SAME], {"keepdims": 0}, FLOATS, (0.5, 1.5)),
    ("ReduceL2", [SAME], {"keepdims": 0}, FLOATS, (-9, 9)),
    ("LogSoftmax", [SAME], {"axis": -1}, FLOATS, (-9, 9)),
    ("BatchNormalization", [("M", "N", 3), ROW, ROW, ROW, ROW], {}, FLOATS, (1, 9)),
    ("NonZero", [SAME], {}, NUMBERS, (-2, 2)),
    ("DepthToSpace", [("M", 4, 2, "N")], {"blocksize": 2}, FLOATS, (-9, 9)),
]


def make_model(operator, dims, attributes, dtype, path):
    element = helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype))
    names = [f"x{index}" for index in range(len(dims))]
    inputs = [helper.make_tensor_value_info(name, element, each) for name, each in zip(names, dims)]
    node = helper.make_node(operator, names, ["y"], **attributes)
    graph = helper.make_graph([node], "g", inputs, [onnx.ValueInfoProto(name="y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)


def check_row(row, dtype, numbers, folder):
    operator, dims, attributes, _, (low, high) = row
    path, wrong = os.path.join(folder, "m.onnx"), []
    make_model(operator, dims, attributes, dtype, path)
    evaluator = ReferenceEvaluator(path)
    for by_library in (False, True):
        route = "library ops" if by_library else "kernels"
        try:
            options = argparse.Namespace(model=path, target_cpu=None, tools="", reference=by_library, winograd="on")
            context = Session(compile_model(options, folder)).make_context(1)
        except SystemExit as error:
            wrong.append(f"{route}: {error}")
            continue
        for m, n in SIZES:
            shapes = [[{"M": m, "N": n}.get(dim, dim) for dim in each] for each in dims]
            feeds = {f"x{i}": numbers.uniform(low, high, shape).astype(dtype) for i, shape in enumerate(shapes)}
            try:
                found = context.run(feeds)
            except RunError as error:
                wrong.append(f"{route}, M={m}, N={n}: {error}")
                continue
            _, problem = find_difference("y", found[0], numpy.asarray(evaluator.run(None, feeds)[0]), 1e-5)
            wrong += [f"{route}, M={m}, N={n}: {problem}"] if problem else []
    return [f"{operator} {attributes} of {dtype}: {text}" for text in wrong]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="operators, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rows = [row for row in OPERATORS if not arguments.only or row[0] in arguments.only.split(",")]
    numbers, wrong, count = numpy.random.default_rng(arguments.seed), [], 0
    with tempfile.TemporaryDirectory() as folder:
        for row in rows:
            for dtype in row[3]:
                wrong += check_row(row, dtype, numbers, folder)
                count += 1
    print(*wrong, f"{count} models, {len(wrong)} faults", sep="\n")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
