#!/usr/bin/env python3
"""Models of one operator each over boundary shapes: kernels, library ops and ONNX's reference evaluator must agree.

    operators.py [--only Add,Softmax] [--seed 0]

A row of OPERATORS is an operator, what its inputs are, its attributes and its element types; one of FORMS has inputs of several
types, constants, or more outputs; one of GRAPHS is a model as text, for operators with bodies. Each row gives a model with
symbolic dims M and N for each element type, compiled with and without --reference, and run at SIZES (those that are 0, 1, 2, 3,
next to a vector's width, and prime). Integers and bools must be equal, floats within 1e-5 of the largest magnitude.
Exit status 1 where one differs, or does not compile.
"""

import argparse
import os
import sys
import tempfile
from typing import NamedTuple

import numpy
import onnx
import onnx.parser
from onnx import helper
from onnx.reference import ReferenceEvaluator

from compare import compile_model, find_difference
from session import RunError, Session

SIZES = [(0, 3), (3, 0), (1, 1), (1, 2), (2, 3), (3, 7), (2, 8), (3, 9), (1, 15), (2, 16), (3, 17), (5, 31)]
FLOATS = ["float32"]
NUMBERS = ["float32", "int32", "int64"]
SAME, ROW, COLUMN = ("M", "N"), ("N",), ("M", 1)
IMAGE = (1, 3, "M", "N")


class Input(NamedTuple):
    """An input of a row of FORMS: random values of these dims, or, as a constant of the model, of this array."""
    dims: tuple = ()
    dtype: str = "float32"
    values: tuple = (-2, 2)
    constant: bool = False
    array: object = None


class Form(NamedTuple):
    """An operator with inputs of several kinds; `least` is the least size of M and N that it takes."""
    operator: str
    inputs: list
    attributes: dict = {}
    outputs: int = 1
    opset: int = 18
    least: int = 0


def weights(*dims):
    return Input(dims, constant=True)


def given(array, dtype="int64"):
    return Input(array=numpy.array(array, dtype=dtype), constant=True)

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
    ("Greater", [SAME, ROW], {}, NUMBERS, (-9, 9)),
    ("GreaterOrEqual", [SAME, COLUMN], {}, NUMBERS, (-2, 2)),
    ("LessOrEqual", [SAME, SAME], {}, NUMBERS, (-2, 2)),
    ("Mod", [SAME, ROW], {}, ["int32", "int64"], (1, 9)),
    ("Mod", [SAME, SAME], {"fmod": 1}, FLOATS, (1, 9)),
    ("GlobalAveragePool", [(2, 3, "M", "N")], {}, FLOATS, (-9, 9)),
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

FORMS = [
    Form("Conv", [Input(IMAGE), weights(8, 3, 3, 3), weights(8)], {"pads": [1, 1, 1, 1]}, least=1),
    Form("Conv", [Input((1, 4, "M", "N")), weights(4, 1, 3, 3)], {"pads": [1, 1, 1, 1], "group": 4, "strides": [2, 2]}, least=1),
    Form("Conv", [Input(IMAGE), weights(17, 3, 1, 1)], least=1),
    Form("ConvTranspose", [Input(IMAGE), weights(3, 5, 2, 2), weights(5)], {"strides": [2, 2]}, least=1),
    Form("BatchNormalization", [Input(IMAGE), weights(3), weights(3), weights(3), Input((3,), values=(0.5, 2), constant=True)]),
    Form("MaxPool", [Input(IMAGE)], {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}, least=1),
    Form("Gemm", [Input(SAME), Input((17, "N"), ), weights(17)], {"transB": 1, "alpha": 0.5}),
    Form("LayerNormalization", [Input(("M", 17)), weights(17), weights(17)], {"axis": -1}),
    Form("LayerNormalization", [Input(SAME), Input(("N",)), Input(("N",))], {"axis": -1}, least=1),
    Form("Flatten", [Input(("M", "N", 3))], {"axis": 1}, least=1),
    Form("Gelu", [Input(SAME)], opset=20),
    Form("Gelu", [Input(SAME)], {"approximate": "tanh"}, opset=20),
    Form("Attention", [Input((1, 2, "M", 8)), Input((1, 2, "N", 8)), Input((1, 2, "N", 8))], opset=23, least=1),
    Form("LSTM", [Input(("M", "N", 5)), weights(1, 12, 5), weights(1, 12, 3), weights(1, 24)], {"hidden_size": 3}, 3, least=1),
    Form("GRU", [Input(("M", "N", 5)), weights(1, 9, 5), weights(1, 9, 3), weights(1, 18)],
         {"hidden_size": 3, "linear_before_reset": 1}, 2, least=1),
    Form("Gather", [Input((7, "N")), Input(("M",), "int64", (-7, 7))]),
    Form("GatherND", [Input((7, "N")), Input(("M", 1), "int64", (0, 7))]),
    Form("ScatterND", [Input(("M", "N", 3)), given([[0], [0]]), Input((2, "N", 3))], {"reduction": "add"}, least=1),
    Form("Slice", [Input(SAME), given([1, 0]), given([2**62, -1]), given([0, 1]), given([1, 2])]),
    Form("Slice", [Input(SAME), given([-1]), given([-2**62]), given([1]), given([-1])]),
    Form("Split", [Input((6, "N"))], {"axis": 0, "num_outputs": 3}, 3),
    Form("Squeeze", [Input(("M", 1, "N")), given([1])]),
    Form("Unsqueeze", [Input(SAME), given([0, 3])]),
    Form("Reshape", [Input(("M", "N", 6)), given([0, -1, 3])], least=1),
    Form("Expand", [Input(COLUMN), given([2, 1, 5])]),
    Form("Where", [Input(SAME, "bool", (0, 2)), Input(ROW), Input(COLUMN)]),
    Form("IsNaN", [Input(SAME)]),
    Form("Resize", [Input(IMAGE), None, given([1, 1, 2, 2], "float32")], {"mode": "nearest", "nearest_mode": "floor",
         "coordinate_transformation_mode": "asymmetric"}, least=1),
    Form("Resize", [Input(IMAGE), None, given([1, 1, 2, 2], "float32")], {"mode": "linear"}, least=1),
    Form("QuantizeLinear", [Input(SAME), given(0.05, "float32"), given(3, "uint8")], opset=19),
    Form("DequantizeLinear", [Input(SAME, "uint8", (0, 255)), given(0.05, "float32"), given(3, "uint8")], opset=19),
    Form("Cast", [Input(SAME, values=(-99, 99))], {"to": onnx.TensorProto.INT32}),
    Form("Cast", [Input(SAME, "int64", (-99, 99))], {"to": onnx.TensorProto.FLOAT}),
]

GRAPHS = {
    "Range": """g (float[M] x) => (int64[K] y) { n = Shape(x)  z = Constant<value_int=0>()  o = Constant<value_int=1>()
                s = Squeeze(n)  y = Range(z, s, o) }""",
    "ConstantOfShape": "g (float[M,N] x) => (float[M,N] y) { s = Shape(x)  c = ConstantOfShape(s)  y = Add(c, x) }",
    "If": """g (float[M,N] x) => (float[M,N] y) { n = Size(x)  l = Constant<value_int=20>()  c = Less(n, l)
             y = If (c) <then_branch = a () => (float[M,N] t) { t = Exp(x) }, else_branch = b () => (float[M,N] e) { e = Neg(x) }> }""",
    "Loop": """g (float[M,N] x) => (float[M,N] y, float[1,K] z) { n = Constant<value_int=3>()  c = Constant<value_int=1>()
               k = Cast<to=9>(c)
               y, w = Loop (n, k, x) <body = b (int64 i, bool c0, float[M,N] s) => (bool c1, float[M,N] t, float[M,N] u)
                                      { c1 = Identity(c0)  t = Add(s, x)  u = Mul(t, s) }>
               z = Flatten<axis=0>(w) }""",  # the evaluator's joins along the first dim what it should stack
    "Scan": """g (float[M,N] x, float[N] s) => (float[N] y, float[M,N] z) {
               y, z = Scan <num_scan_inputs=1, body = b (float[N] a, float[N] r) => (float[N] t, float[N] u)
                            { t = Add(a, r)  u = Identity(t) }> (s, x) }""",
}


def make_model(operator, dims, attributes, dtype, path):
    element = helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype))
    names = [f"x{index}" for index in range(len(dims))]
    inputs = [helper.make_tensor_value_info(name, element, each) for name, each in zip(names, dims)]
    node = helper.make_node(operator, names, ["y"], **attributes)
    graph = helper.make_graph([node], "g", inputs, [onnx.ValueInfoProto(name="y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)


def make_form(form, numbers, path):
    """Writes the model of a Form; the names of its inputs that are no constants, with what they are."""
    element = lambda dtype: helper.np_dtype_to_tensor_dtype(numpy.dtype(dtype))
    names, feeds, constants = [], {}, []
    for index, given_input in enumerate(form.inputs):
        names.append(f"x{index}" if given_input else "")
        if given_input and given_input.constant:
            array = given_input.array
            if array is None:
                array = numbers.uniform(*given_input.values, given_input.dims).astype(given_input.dtype)
            constants.append(onnx.numpy_helper.from_array(array, names[-1]))
        elif given_input:
            feeds[names[-1]] = given_input
    inputs = [helper.make_tensor_value_info(name, element(each.dtype), each.dims) for name, each in feeds.items()]
    outputs = [f"y{index}" for index in range(form.outputs)]
    node = helper.make_node(form.operator, names, outputs, **form.attributes)
    graph = helper.make_graph([node], "g", inputs, [onnx.ValueInfoProto(name=name) for name in outputs], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", form.opset)], ir_version=10)
    onnx.save(onnx.shape_inference.infer_shapes(model), path)
    return feeds


def make_graph(text, path):
    """The same for a row of GRAPHS."""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["" : 18]> {text}')
    onnx.save(model, path)
    dims = {each.name: tuple(dim.dim_param or dim.dim_value for dim in each.type.tensor_type.shape.dim) for each in model.graph.input}
    return {name: Input(each) for name, each in dims.items()}


def check_model(path, inputs, least, numbers, folder):
    """What differs, by kernels and by library ops."""
    evaluator, wrong = ReferenceEvaluator(path), []
    for by_library in (False, True):
        route = "library ops" if by_library else "kernels"
        try:
            context = Session(compile_model(path, folder, reference=by_library)).make_context(1)
        except SystemExit as error:
            wrong.append(f"{route}: {error}")
            continue
        for m, n in SIZES:
            if min(m, n) < least:
                continue
            sizes = {"M": m, "N": n}
            feeds = {name: numbers.uniform(*each.values, [sizes.get(dim, dim) for dim in each.dims]).astype(each.dtype)
                     for name, each in inputs.items()}
            try:
                found, wanted = context.run(feeds), evaluator.run(None, feeds)
            except (RunError, ValueError) as error:  # ours, the evaluator's
                wrong.append(f"{route}, M={m}, N={n}: {error!r}")
                continue
            for index, (output, expected) in enumerate(zip(found, wanted, strict=True)):
                _, problem = find_difference(f"output {index}", output, numpy.asarray(expected), 1e-5)
                wrong += [f"{route}, M={m}, N={n}: {problem}"] if problem else []
    return wrong


def check_all(only, numbers, folder):
    """(the number of models, what differs)"""
    path, count, wrong = os.path.join(folder, "m.onnx"), 0, []

    def check(label, inputs, least=0):
        nonlocal count
        count += 1
        wrong.extend(f"{label}: {text}" for text in check_model(path, inputs, least, numbers, folder))

    for operator, dims, attributes, dtypes, values in OPERATORS:
        for dtype in dtypes if only(operator) else []:
            make_model(operator, dims, attributes, dtype, path)
            check(f"{operator} {attributes} of {dtype}", {f"x{i}": Input(each, dtype, values) for i, each in enumerate(dims)})
    for form in filter(lambda each: only(each.operator), FORMS):
        check(f"{form.operator} {form.attributes}", make_form(form, numbers, path), form.least)
    for operator, text in GRAPHS.items():
        if only(operator):
            check(operator, make_graph(text, path), least=operator == "Scan")  # the evaluator's needs a step
    return count, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", help="operators, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        count, wrong = check_all(lambda operator: not arguments.only or operator in arguments.only.split(","),
                                 numpy.random.default_rng(arguments.seed), folder)
    print(*wrong, f"{count} models, {len(wrong)} faults", sep="\n")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main())
