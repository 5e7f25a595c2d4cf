"""Models with one thing wrong each. dlc-compile must refuse every one with exit status 1, in seconds, within 2 GiB, and with
one `error:` line that names the file, the node where it is one's fault, and the reason; it must leave no output behind.

The models are generated: one valid node of each operator and all that can be said wrongly of it, and a list of graphs, data and
files that are wrong as a whole.

    python invalid_models.py [-k words of a case's name]
"""

import argparse
import concurrent.futures
import os
import re
import resource
import subprocess
import sys
import tempfile
import time

import numpy
import onnx
from onnx import AttributeProto, TensorProto, helper, numpy_helper

LIMIT_SECONDS, LIMIT_BYTES = 20, 2 << 30
F, I64, STRING = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING
NODE = "probe"


def make_port(name, shape, dtype=F):
    return helper.make_tensor_value_info(name, dtype, shape)


def make_model(nodes, inputs, outputs=("y",), initializers=(), opset=17, **more):
    graph = helper.make_graph(nodes, "g", inputs, [helper.make_tensor_value_info(name, F, None) for name in outputs], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8, **more)


def make_constant(name, values, dtype=numpy.float32):
    return numpy_helper.from_array(numpy.asarray(values, dtype), name)


class Probe:
    """A model of one valid node. `inputs` are (name, shape, dtype) or arrays, which become initializers."""

    def __init__(self, op, inputs, opset=17, outputs=1, types=True, ranks=True, **attributes):
        self.op, self.inputs, self.opset, self.outputs, self.attributes = op, inputs, opset, outputs, attributes
        self.types, self.ranks = types, ranks  # whether another type or rank of the first input is wrong

    def make(self, change=None, first_dtype=None, first_shape=None):
        ports, initializers, names = [], [], []
        for index, value in enumerate(self.inputs):
            name = "x" if index == 0 else f"i{index}"
            names.append(name)
            if isinstance(value, numpy.ndarray):
                initializers.append(numpy_helper.from_array(value, name))
                continue
            shape, dtype = value
            if index == 0:
                shape, dtype = first_shape or shape, first_dtype or dtype
            ports.append(make_port(name, shape, dtype))
        node = helper.make_node(self.op, names, ["y", "y2", "y3"][: self.outputs], NODE, **self.attributes)
        if change:
            change(node)
        return make_model([node], ports, initializers=initializers, opset=self.opset)


def ints(*values):
    return numpy.array(values, numpy.int64)


def floats(*shape):
    return numpy.ones(shape, numpy.float32)


IMAGE = ([1, 4, 8, 8], F)
MATRIX = ([4, 6], F)
PROBES = [
    Probe("Conv", [IMAGE, floats(5, 4, 3, 3)], pads=[1, 1, 1, 1], strides=[1, 1], dilations=[1, 1], group=1),
    Probe("ConvTranspose", [IMAGE, floats(4, 5, 2, 2)], strides=[2, 2]),
    Probe("MaxPool", [IMAGE], kernel_shape=[2, 2], strides=[2, 2]),
    Probe("AveragePool", [IMAGE], kernel_shape=[2, 2]),
    Probe("GlobalAveragePool", [IMAGE], ranks=False),
    Probe("Gemm", [MATRIX, floats(6, 3)], alpha=1.0),
    Probe("MatMul", [MATRIX, floats(6, 3)], ranks=False),
    Probe("Relu", [MATRIX], types=False, ranks=False),
    Probe("Sigmoid", [MATRIX], ranks=False),
    Probe("Add", [MATRIX, floats(6)], ranks=False),
    Probe("Mul", [MATRIX, floats(6)], ranks=False),
    Probe("Softmax", [MATRIX], ranks=False, axis=1),
    Probe("Transpose", [MATRIX], types=False, perm=[1, 0]),
    Probe("Reshape", [MATRIX, ints(24)], types=False, ranks=False, allowzero=0),
    Probe("Concat", [MATRIX, floats(4, 2)], axis=1),
    Probe("Gather", [MATRIX, ints(0)], types=False, ranks=False, axis=0),
    Probe("Slice", [MATRIX, ints(0), ints(2)], types=False, ranks=False),
    Probe("Split", [MATRIX, ints(2, 2)], types=False, ranks=False, outputs=2, axis=0),
    Probe("Squeeze", [([1, 6], F), ints(0)], types=False, ranks=False),
    Probe("Unsqueeze", [MATRIX, ints(0)], types=False, ranks=False),
    Probe("Pad", [MATRIX, ints(0, 0, 1, 1)], ranks=True, types=False, mode="constant"),
    Probe("Resize", [IMAGE, numpy.empty(0, numpy.float32), numpy.array([1, 1, 2, 2], numpy.float32)], types=False, mode="nearest"),
    Probe("LayerNormalization", [MATRIX, floats(6)], ranks=False, axis=-1),
    Probe("BatchNormalization", [IMAGE] + [floats(4)] * 4, ranks=False, epsilon=1e-5),
    Probe("ReduceMean", [MATRIX], ranks=False, axes=[1], keepdims=1),
    Probe("Clip", [MATRIX, numpy.array(0, numpy.float32)], ranks=False),
    Probe("Cast", [MATRIX], types=False, ranks=False, to=int(TensorProto.FLOAT)),
    Probe("Expand", [MATRIX, ints(2, 4, 6)], types=False, ranks=False),
    Probe("Where", [([4, 6], TensorProto.BOOL), floats(4, 6), floats(6)], ranks=False),
    Probe("Flatten", [IMAGE], types=False, ranks=False, axis=1),
    Probe("LSTM", [([3, 2, 4], F), floats(1, 20, 4), floats(1, 20, 5)], hidden_size=5),
    Probe("Einsum", [MATRIX, floats(6, 3)], equation="ij,jk->ik"),
    Probe("TopK", [MATRIX, ints(2)], ranks=False, outputs=2, axis=1),
]


def add_attribute(node):
    node.attribute.append(helper.make_attribute("no_such_attribute", 1))


def change_attribute_type(node):
    attribute = node.attribute[0]
    wrong = helper.make_attribute(attribute.name, b"text" if attribute.type != AttributeProto.STRING else 7)
    attribute.CopyFrom(wrong)


def set_input(index, name):
    def change(node):
        node.input[index] = name

    return change


def extend_inputs(node):
    node.input.extend(["x"] * 12)


def extend_outputs(node):
    node.output.extend([f"more{i}" for i in range(12)])


def drop_input(node):
    node.input[0] = ""


def list_node_cases():
    """(name, model, words of the error)"""
    for probe in PROBES:
        op = probe.op
        yield f"{op}: unknown attribute", probe.make(add_attribute), ["no_such_attribute"]
        if probe.attributes:
            yield f"{op}: attribute of another type", probe.make(change_attribute_type), [sorted(probe.attributes)[0]]
        yield f"{op}: undefined input", probe.make(set_input(0, "nowhere")), ["nowhere"]
        yield f"{op}: first input missing", probe.make(drop_input), ["input"]
        yield f"{op}: too many outputs", probe.make(extend_outputs), ["output|14 sizes"]
        if op not in ("Concat", "Einsum"):
            yield f"{op}: too many inputs", probe.make(extend_inputs), ["input"]
        if probe.types:
            yield f"{op}: strings", probe.make(first_dtype=STRING), ["string"]
        if probe.ranks:
            yield f"{op}: another rank", probe.make(first_shape=[2, 1, 1, 1, 1, 1, 3]), [r"rank|dim|shape|elements|operands|perm|equation|14 pads"]


def one(op, *constants, port=None, opset=17, outputs=("y",), **attributes):
    """A model of one node, which reads a port, a matrix where none is given, and constants."""
    names = [f"c{i}" for i in range(len(constants))]
    tensors = [numpy_helper.from_array(value, name) for name, value in zip(names, constants)]
    node = helper.make_node(op, ["x", *names], list(outputs), NODE, **attributes)
    return make_model([node], [port or make_port("x", [4, 6])], [outputs[0]], tensors, opset)


def list_window_cases():
    """As list_value_cases(), of ops that move windows over images."""
    image = make_port("x", [1, 4, 8, 8])
    yield "Conv: channels", one("Conv", floats(5, 3, 3, 3), port=image), ["channels"]
    yield "Conv: group does not divide", one("Conv", floats(5, 2, 3, 3), port=image, group=2), ["group|multiple"]
    yield "Conv: group of zero", one("Conv", floats(5, 4, 3, 3), port=image, group=0), ["group"]
    yield "Conv: stride of zero", one("Conv", floats(5, 4, 3, 3), port=image, strides=[0, 1]), ["strides"]
    yield "Conv: negative pads", one("Conv", floats(5, 4, 3, 3), port=image, pads=[-9, 0, 0, 0]), ["pads"]
    yield "Conv: too few pads", one("Conv", floats(5, 4, 3, 3), port=image, pads=[1, 1]), ["pads"]
    yield "Conv: kernel larger than image", one("Conv", floats(5, 4, 11, 11), port=image), ["positive size"]
    yield "Conv: kernel_shape contradicts", one("Conv", floats(5, 4, 3, 3), port=image, kernel_shape=[5, 5]), ["kernel_shape"]
    yield "Conv: auto_pad unknown", one("Conv", floats(5, 4, 3, 3), port=image, auto_pad="SOMEHOW"), ["auto_pad"]
    yield "Conv: bias of another length", one("Conv", floats(5, 4, 3, 3), floats(4), port=image), ["bias|'B'|dims"]
    yield "MaxPool: no kernel_shape", one("MaxPool", port=image), ["kernel_shape"]
    yield "MaxPool: kernel of zero", one("MaxPool", port=image, kernel_shape=[0, 2]), ["kernel"]
    yield "MaxPool: huge dilation", one("MaxPool", port=image, kernel_shape=[2, 2], dilations=[1 << 62, 1]), ["dilation|overflow|large|64 bits"]


def list_value_cases():
    """Nodes whose attributes or constant inputs are of the right type, and wrong."""
    yield "Gemm: inner dims", one("Gemm", floats(5, 3)), ["dims|inner|equal|6"]
    yield "MatMul: inner dims", one("MatMul", floats(5, 3)), ["dims|inner|equal|6"]
    yield "Add: no broadcast", one("Add", floats(5)), ["broadcast"]
    yield "Softmax: axis", one("Softmax", axis=2), ["axis"]
    yield "Transpose: repeated dim", one("Transpose", perm=[0, 0]), ["perm"]
    yield "Transpose: too long", one("Transpose", perm=[0, 1, 2]), ["perm"]
    yield "Transpose: dim out of range", one("Transpose", perm=[0, 7]), ["perm"]
    yield "Reshape: another number of elements", one("Reshape", ints(5, 5)), ["elements"]
    yield "Reshape: two unknown dims", one("Reshape", ints(-1, -1)), ["-1"]
    yield "Reshape: negative dim", one("Reshape", ints(-2, 12)), ["-2"]
    yield "Reshape: zero beyond rank", one("Reshape", ints(24, 1, 0)), ["0|dim"]
    yield "Concat: axis", one("Concat", floats(4, 2), axis=5), ["axis"]
    yield "Concat: other dims", one("Concat", floats(3, 2), axis=1), ["dims|equal|4"]
    yield "Gather: axis", one("Gather", ints(0), axis=-3), ["axis"]
    yield "Slice: unequal lengths", one("Slice", ints(0, 0), ints(1)), ["starts|ends|length|elements"]
    yield "Slice: step of zero", one("Slice", ints(0), ints(1), ints(0), ints(0)), ["step"]
    yield "Slice: axis", one("Slice", ints(0), ints(1), ints(4)), ["axes|axis"]
    yield "Split: sum", one("Split", ints(1, 1), outputs=("y", "z"), axis=0), ["split|sum|4"]
    yield "Squeeze: dim that is not 1", one("Squeeze", ints(0)), ["1"]
    yield "Unsqueeze: repeated", one("Unsqueeze", ints(0, 0)), ["axes|axis|twice"]
    yield "Pad: wrong length", one("Pad", ints(0, 0, 1)), ["pads"]
    yield "Pad: mode", one("Pad", ints(0, 0, 1, 1), mode="mirrored"), ["mode"]
    yield "Expand: cannot", one("Expand", ints(4, 5)), ["dims|broadcast|expand|5"]
    yield "Cast: no such type", one("Cast", to=99), ["to|99"]
    yield "Cast: undefined", one("Cast", to=0), ["to|type"]
    yield "Flatten: axis", one("Flatten", axis=3), ["axis"]
    yield "ReduceMean: axis", one("ReduceMean", axes=[4]), ["axes|axis"]
    yield "ReduceMean: repeated axis", one("ReduceMean", axes=[1, -1]), ["axes|axis|twice"]
    yield "LayerNormalization: scale", one("LayerNormalization", floats(5)), ["scale|Scale|dims|broadcast"]
    yield "LayerNormalization: axis", one("LayerNormalization", floats(6), axis=2), ["axis"]
    yield "Einsum: equation", one("Einsum", floats(6, 3), equation="ij,jk-ik"), ["equation"]
    yield "Einsum: dims", one("Einsum", floats(5, 3), equation="ij,jk->ik"), ["dims|equal|equation|5"]
    yield "TopK: more than there are", one("TopK", ints(9), outputs=("y", "z")), ["k|9|6"]
    yield "Clip: bounds of another type", one("Clip", numpy.array(1, numpy.int64)), ["min|type|elements"]
    yield "Where: condition", one("Where", floats(4, 6), floats(6)), ["condition|i1|bool"]
    yield "OneHot: depth", one("OneHot", numpy.array(-3, numpy.int64), floats(2)), ["depth|-3|indices|elements"]
    yield "ConstantOfShape: negative", make_model(
        [helper.make_node("ConstantOfShape", ["a"], ["y"], NODE)], [], ["y"], [numpy_helper.from_array(ints(-4), "a")]), ["-4|negative"]
    yield "ConstantOfShape: more than memory", make_model(
        [helper.make_node("ConstantOfShape", ["a"], ["y"], NODE)], [], ["y"],
        [numpy_helper.from_array(ints(1 << 40, 1 << 40), "a")]), ["2\\^63"]
    yield "Constant without a value", make_model([helper.make_node("Constant", [], ["y"], NODE)], [], ["y"]), ["value"]
    yield "Constant with two values", make_model(
        [helper.make_node("Constant", [], ["y"], NODE, value_float=1.0, value_int=1)], [], ["y"]), ["value|one attribute"]


def list_graph_cases():
    x, relu = make_port("x", [2, 3]), helper.make_node
    yield "cycle", make_model([relu("Relu", ["b"], ["a"], "first"), relu("Relu", ["a"], ["b"], "second"),
                               relu("Relu", ["a"], ["y"], "last")], [x]), ["first|second"]
    yield "node feeds itself", make_model([relu("Relu", ["y"], ["y"], NODE)], [x]), [NODE]
    yield "value defined twice", make_model([relu("Relu", ["x"], ["y"], "first"), relu("Tanh", ["x"], ["y"], NODE)], [x]), ["'y'"]
    yield "result named as an input", make_model([relu("Relu", ["x"], ["x"], NODE), relu("Relu", ["x"], ["y"], "last")], [x]), ["'x'"]
    yield "output that nothing computes", make_model([relu("Relu", ["x"], ["z"], NODE)], [x]), ["'y'"]
    yield "inputs of one name", make_model([relu("Relu", ["x"], ["y"], NODE)], [x, x]), ["'x'"]
    yield "output named twice", make_model([relu("Relu", ["x"], ["y"], NODE)], [x], ["y", "y"]), ["'y'"]
    yield "no nodes", make_model([], [x], ["y"]), ["'y'"]
    yield "no outputs", make_model([relu("Relu", ["x"], ["y"], NODE)], [x], []), ["output"]
    yield "input without a name", make_model([relu("Relu", ["x"], ["y"], NODE)], [x, make_port("", [1])]), ["name"]
    yield "unknown op", make_model([relu("Reluu", ["x"], ["y"], NODE)], [x]), ["Reluu"]
    yield "unknown domain", make_model([relu("Relu", ["x"], ["y"], NODE, domain="org.example")], [x]), ["org.example"]
    yield "op without a type", make_model([relu("", ["x"], ["y"], NODE)], [x]), [NODE]
    yield "op of a later opset", make_model([relu("Gelu", ["x"], ["y"], NODE)], [x], opset=13), ["opset"]
    yield "opset of the future", make_model([relu("Relu", ["x"], ["y"], NODE)], [x], opset=4000), ["opset"]
    yield "opset of zero", make_model([relu("Relu", ["x"], ["y"], NODE)], [x], opset=0), ["opset"]
    model = make_model([relu("Relu", ["x"], ["y"], NODE)], [x])
    model.opset_import.append(helper.make_opsetid("", 12))
    yield "two opsets", model, ["opset"]
    model = make_model([relu("Relu", ["x"], ["y"], NODE)], [x])
    model.ir_version = 900
    yield "IR of the future", model, ["IR version|ir_version"]
    yield "input of unknown rank", make_model([relu("Relu", ["x"], ["y"], NODE)], [make_port("x", None)]), ["'x'"]
    yield "negative dim", make_model([relu("Relu", ["x"], ["y"], NODE)], [make_port("x", [2, -3])]), ["-3|negative"]
    yield "dims that overflow", make_model([relu("Relu", ["x"], ["y"], NODE)], [make_port("x", [1 << 40, 1 << 40])]), ["2\\^63"]
    yield "input of undefined type", make_model([relu("Relu", ["x"], ["y"], NODE)], [make_port("x", [2], 0)]), ["'x'"]
    yield "input of no type in ONNX", make_model([relu("Relu", ["x"], ["y"], NODE)], [make_port("x", [2], 77)]), ["'x'"]
    model = make_model([relu("Relu", ["x"], ["y"], NODE)], [x])
    model.graph.output[0].CopyFrom(make_port("y", [2, 3], I64))
    yield "output of another type", model, ["'y'"]
    then = helper.make_graph([relu("Relu", ["nowhere"], ["t"], "inner")], "then", [], [make_port("t", None)])
    other = helper.make_graph([relu("Relu", ["x"], ["e"], "inner2")], "else", [], [make_port("e", None)])
    condition = make_port("c", [], TensorProto.BOOL)
    yield "branch that captures nothing", make_model(
        [helper.make_node("If", ["c"], ["y"], NODE, then_branch=then, else_branch=other)], [x, condition]), ["nowhere"]
    fewer = helper.make_graph([], "then", [], [])
    yield "branches of other results", make_model(
        [helper.make_node("If", ["c"], ["y"], NODE, then_branch=fewer, else_branch=other)], [x, condition]), [NODE]
    yield "branch missing", make_model([helper.make_node("If", ["c"], ["y"], NODE, else_branch=other)], [x, condition]), ["then_branch"]
    body = helper.make_graph([relu("Relu", ["x"], ["t"], "inner")], "body", [make_port("i", [], I64)], [make_port("t", None)])
    yield "loop body of too few values", make_model(
        [helper.make_node("Loop", ["n", ""], ["y"], NODE, body=body)], [x, make_port("n", [], I64)]), [NODE]


def list_function_cases():
    x = make_port("x", [2, 3])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("local", 1)]

    def with_functions(*functions, op="f"):
        model = make_model([helper.make_node(op, ["x"], ["y"], NODE, domain="local")], [x], functions=list(functions))
        model.opset_import.append(opsets[1])
        return model

    def function(name, nodes, inputs=("a",), outputs=("b",)):
        return helper.make_function("local", name, list(inputs), list(outputs), nodes, opsets)

    call = lambda name: helper.make_node(name, ["a"], ["b"], "inner", domain="local")
    yield "function calls itself", with_functions(function("f", [call("f")])), ["'?f'?|recurs|itself"]
    yield "functions call each other", with_functions(function("f", [call("g")]), function("g", [call("f")])), ["recurs|itself|f"]
    yield "function that is not there", with_functions(function("g", [helper.make_node("Relu", ["a"], ["b"])])), ["f"]
    yield "function defined twice", with_functions(*[function("f", [helper.make_node("Relu", ["a"], ["b"])])] * 2), ["f"]
    yield "function without its output", with_functions(function("f", [helper.make_node("Relu", ["a"], ["c"])])), ["'b'|output"]
    yield "function of an undefined value", with_functions(function("f", [helper.make_node("Relu", ["zz"], ["b"])])), ["zz"]
    yield "function of more inputs", with_functions(function("f", [helper.make_node("Add", ["a", "c"], ["b"])], ("a", "c"))), ["input|'c'"]
    doubling = [function(f"f{i}", [helper.make_node(f"f{i + 1}", ["a"], ["m"], domain="local"),
                                   helper.make_node(f"f{i + 1}", ["m"], ["b"], domain="local")]) for i in range(40)]
    doubling.append(function("f40", [helper.make_node("Relu", ["a"], ["b"])]))
    yield "functions of 2^40 nodes", with_functions(*doubling, op="f0"), ["calls|nodes"]


def list_tensor_cases():
    x = make_port("x", [4])

    def with_tensor(tensor):
        return make_model([helper.make_node("Add", ["x", "w"], ["y"], NODE)], [x], initializers=[tensor])

    def tensor(dims=(4,), dtype=F, **fields):
        result = TensorProto(name="w", dims=dims, data_type=dtype)
        for name, value in fields.items():
            field = getattr(result, name)
            field.extend(value) if isinstance(value, list) else setattr(result, name, value)
        return result

    yield "raw data too short", with_tensor(tensor(raw_data=b"\0" * 12)), ["'w'"]
    yield "raw data too long", with_tensor(tensor(raw_data=b"\0" * 20)), ["'w'"]
    yield "no data", with_tensor(tensor()), ["'w'"]
    yield "too few floats", with_tensor(tensor(float_data=[1.0, 2.0])), ["'w'"]
    yield "too many floats", with_tensor(tensor(float_data=[1.0] * 5)), ["'w'"]
    yield "data of another field", with_tensor(tensor(int64_data=[1, 2, 3, 4])), ["'w'"]
    yield "data in two fields", with_tensor(tensor(float_data=[1.0] * 4, raw_data=b"\0" * 16)), ["'w'"]
    yield "negative dims of data", with_tensor(tensor(dims=(-4,), raw_data=b"\0" * 16)), ["'w'"]
    yield "dims of data that overflow", with_tensor(tensor(dims=(1 << 62, 1 << 62), raw_data=b"\0" * 16)), ["'w'"]
    yield "data of undefined type", with_tensor(tensor(dtype=0, raw_data=b"\0" * 16)), ["'w'"]
    yield "data of no type in ONNX", with_tensor(tensor(dtype=99, raw_data=b"\0" * 16)), ["'w'"]
    yield "initializers of one name", make_model([helper.make_node("Add", ["x", "w"], ["y"], NODE)], [x],
                                                initializers=[make_constant("w", [1] * 4)] * 2), ["'w'"]
    model = make_model([helper.make_node("Add", ["x", "w"], ["y"], NODE)], [make_port("x", [1], TensorProto.INT8)],
                       initializers=[TensorProto(name="w", dims=[1], data_type=TensorProto.INT8, int32_data=[1000])])
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT8
    yield "integer out of its type's range", model, ["'w'"]
    yield "input of other dims than its default", make_model(
        [helper.make_node("Add", ["x", "w"], ["y"], NODE)], [x, make_port("w", [7])],
        initializers=[make_constant("w", [1] * 4)]), ["'w'"]


def list_external_cases(folder):
    """External data: where it lies, and how much of it."""
    with open(f"{folder}/data.bin", "wb") as file:
        file.write(b"\0" * 64)
    os.makedirs(f"{folder}/sub", exist_ok=True)
    outside = os.path.join(os.path.dirname(folder), "outside.bin")
    with open(outside, "wb") as file:
        file.write(b"\0" * 64)
    for link, target in (("link.bin", outside), ("loop.bin", "loop.bin"), ("up", "..")):
        if not os.path.lexists(f"{folder}/{link}"):
            os.symlink(target, f"{folder}/{link}")

    def external(**entries):
        tensor = TensorProto(name="w", dims=[16], data_type=F, data_location=TensorProto.EXTERNAL)
        for key, value in entries.items():
            tensor.external_data.add(key=key, value=str(value))
        return make_model([helper.make_node("Add", ["x", "w"], ["y"], NODE)], [make_port("x", [16])], initializers=[tensor])

    yield "external: no location", external(offset=0), ["location"]
    yield "external: missing file", external(location="nowhere.bin"), ["nowhere.bin"]
    yield "external: folder", external(location="sub"), ["sub"]
    yield "external: above the folder", external(location="../outside.bin"), ["outside.bin"]
    yield "external: below and above", external(location="sub/../../outside.bin"), ["outside.bin"]
    yield "external: absolute path", external(location=outside), ["outside.bin"]
    yield "external: link that leads out", external(location="link.bin"), ["link.bin"]
    yield "external: folder that leads out", external(location="up/outside.bin"), ["outside.bin"]
    yield "external: link to itself", external(location="loop.bin"), ["loop.bin"]
    yield "external: empty location", external(location=""), ["location"]
    yield "external: too short", external(location="data.bin", length=32), ["32|length"]
    yield "external: beyond the end", external(location="data.bin", offset=32), ["external|data.bin"]
    yield "external: offset of 2^63", external(location="data.bin", offset=1 << 63), ["offset"]
    yield "external: offset and length overflow", external(location="data.bin", offset=(1 << 63) - 1, length=64), ["data.bin|offset"]
    yield "external: negative offset", external(location="data.bin", offset=-4), ["offset"]
    yield "external: offset that is no number", external(location="data.bin", offset="four"), ["offset"]
    yield "external: zero byte in its name", external(location="data\0.bin"), ["location|data"]


def encode(field, value):
    """A length-delimited field of protobuf."""

    def varint(number):
        out = b""
        while number >= 0x80:
            out += bytes([number & 0x7F | 0x80])
            number >>= 7
        return out + bytes([number])

    return varint(field << 3 | 2) + varint(len(value)) + value


def list_file_cases():
    """Bytes that are no model."""
    valid = make_model([helper.make_node("Relu", ["x"], ["y"], NODE)], [make_port("x", [2])]).SerializeToString()
    yield "empty file", b"", ["empty|no graph|ONNX"]
    yield "text", b"this is no model\n", ["ONNX|protobuf"]
    yield "half a model", valid[: len(valid) // 2], ["ONNX|protobuf|truncated|ends"]
    yield "zeros", b"\0" * 4096, ["ONNX|protobuf"]
    yield "length beyond the end", b"\x3a\xff\xff\xff\xff\x07abc", ["ONNX|protobuf|ends"]
    yield "a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 100, ["ONNX|protobuf"]
    yield "a number of endless bytes", b"\x08" + b"\xff" * 100, ["ONNX|protobuf"]
    graph = b""
    for _ in range(5000):  # GraphProto.node.attribute.g
        graph = encode(1, encode(5, encode(6, graph)))
    yield "graphs within graphs", encode(7, graph), ["ONNX|protobuf|deep|nest"]
    yield "half of random bytes", valid + numpy.random.default_rng(1).bytes(500), ["ONNX|protobuf|ends|."]


def limit_memory():
    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT_BYTES, LIMIT_BYTES))


def check(path, words, is_about_node, only_check):
    """What is wrong with how the compiler refuses the model at `path`, or None."""
    output = path + ".so"
    started = time.monotonic()
    try:
        how = ["--check"] if only_check else ["-o", output]
        done = subprocess.run(["dlc-compile", path, *how], capture_output=True, text=True, errors="replace",
                              timeout=LIMIT_SECONDS, preexec_fn=limit_memory)
    except subprocess.TimeoutExpired:
        return f"takes more than {LIMIT_SECONDS} s"
    lines = [line for line in done.stderr.splitlines() if "error:" in line]
    if done.returncode != 1:
        return f"ended with {done.returncode} after {time.monotonic() - started:.1f} s: {done.stderr.strip()[:300]}"
    if len(lines) != 1:
        return f"expected one error, found {len(lines)}: {lines[:3]}"
    if os.path.basename(path) not in lines[0]:
        return f"does not name the file: {lines[0]}"
    if is_about_node and f"'{NODE}'" not in lines[0]:
        return f"does not name the node: {lines[0]}"
    message = lines[0].split(os.path.basename(path), 1)[1]
    missing = [word for word in words if not re.search(word, message)]
    if missing:
        return f"does not say {missing}: {lines[0]}"
    return "left its output" if os.path.exists(output) else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", default="", help="only cases with these words in their names")
    parser.add_argument("--check", action="store_true", help="by dlc-compile --check, which goes on behind a problem of import")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as parent:
        folder = f"{parent}/models"
        os.makedirs(folder)
        cases = [(*case, True) for case in [*list_node_cases(), *list_window_cases(), *list_value_cases()]]
        cases += [(*case, False) for case in [*list_graph_cases(), *list_function_cases(), *list_tensor_cases(),
                                              *list_external_cases(folder), *list_file_cases()]]
        names = [name for name, *_ in cases]
        assert len(set(names)) == len(names), "names of cases repeat"
        cases = [case for case in cases if arguments.k in case[0]]
        jobs = []
        for number, (name, model, words, is_about_node) in enumerate(cases):
            path = f"{folder}/m{number}.onnx"
            with open(path, "wb") as file:
                file.write(model if isinstance(model, bytes) else model.SerializeToString())
            jobs.append((path, words, is_about_node))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            problems = list(pool.map(lambda job: check(*job, arguments.check), jobs))
    for (name, *_), problem in zip(cases, problems):
        if problem:
            print(f"{name}: {problem}")
    found = sum(problem is not None for problem in problems)
    print(f"{found} of {len(cases)} models are refused wrongly")
    return 1 if found or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
