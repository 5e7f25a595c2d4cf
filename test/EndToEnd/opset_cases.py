"""What opsets.py runs: nodes of the operators in use, with values that every element type can hold.

A spec of an input is a tuple of dims (small numbers, drawn), a list (its elements), or a function from an element type to
either. A list stands for indices, axes and the like; opsets.py gives it as a constant or at run time.
"""

import dataclasses
import math
import re
from typing import Callable

import ml_dtypes
import numpy
from onnx import TensorProto, helper

WORDS = ["a", "fox", "Österreich", "貓", ""]
NAMES = {"float": "FLOAT", "float8e4m3fn": "FLOAT8E4M3FN"}


#===-- Element types and values ------------------------------------------------------------------===#

def get_element(text):
    """The innermost type: 'float' of 'optional(seq(tensor(float)))'."""
    return re.findall(r"\w+", text)[-1]


def number_of(text):
    """TensorProto.DataType"""
    return getattr(TensorProto, get_element(text).upper())


def dtype_of(text):
    return numpy.dtype(helper.tensor_dtype_to_np_dtype(number_of(text)))


def make_type(text):
    if text.startswith("seq("):
        return helper.make_sequence_type_proto(make_type(text[4:-1]))
    if text.startswith("optional("):
        return helper.make_optional_type_proto(make_type(text[9:-1]))
    return helper.make_tensor_type_proto(number_of(text), None)


def state_shape(port, value):
    """The dims of a tensor are those of its value; the first is a symbol where it can be one."""
    if isinstance(value, numpy.ndarray):
        port.type.tensor_type.shape.Clear()
        for dim in value.shape:
            port.type.tensor_type.shape.dim.add(dim_value=dim)


def convert(value, text):
    if isinstance(value, list):
        return [each.astype(dtype_of(text)) for each in value]
    return value.astype(dtype_of(text))


def make_tensor(name, value, text):
    if value.dtype == object:
        return helper.make_tensor(name, TensorProto.STRING, value.shape, [each.encode() for each in value.flat])
    return helper.make_tensor(name, number_of(text), value.shape, value.flatten())


def get_kind(dtype):
    """'b', 'i', 'u', 'f' or 'O', for the types of ml_dtypes too."""
    if dtype.name.startswith(("int", "uint")):
        return dtype.name[0]
    return "f" if dtype.name.startswith(("float", "bfloat")) else dtype.kind


def draw(shape, dtype, generator, positive=False):
    kind = get_kind(dtype)
    if kind == "O":
        return generator.choice(numpy.array(WORDS, dtype=object), shape)
    if kind == "b":
        return generator.random(shape) < 0.5
    if dtype.name == "float8_e8m0fnu":
        return numpy.exp2(generator.integers(-2, 3, shape)).astype(dtype)
    if kind in "iu":
        bits = int(re.sub(r"\D", "", dtype.name))
        high = min(5, 2 ** (bits - (kind == "i")) - 1)
        low = 1 if positive else 0 if kind == "u" else -min(4, high + 1)
        return generator.integers(low, high + 1, shape).astype(dtype)
    small = numpy.array([0.5, 1, 1.5, 2, 3] if dtype.itemsize == 1 else numpy.arange(1, 13) / 4)
    numbers = small if positive else numpy.concatenate([small, -small, [0]])
    return generator.choice(numbers, shape).astype(dtype)


def make_value(spec, text, generator):
    dtype = dtype_of(text)
    if callable(spec):
        spec = spec(text)
    if text.startswith(("seq(", "optional(seq(")):
        return [draw(spec, dtype, generator) for _ in range(2)]
    return numpy.asarray(draw(spec, dtype, generator) if isinstance(spec, tuple) else numpy.array(spec).astype(dtype), dtype)


def positive(*shape):
    """Numbers above 0, to divide by or to take a root of."""
    generator = numpy.random.default_rng(7)
    return lambda text: draw(shape, dtype_of(text), generator, positive=True).tolist() if shape else [1, 2][-1:]


def find_difference(found, wanted, text, case):
    if isinstance(wanted, list):
        if not isinstance(found, list) or len(found) != len(wanted):
            return f"expected a sequence of {len(wanted)}, found {found}"
        return next(filter(None, (find_difference(f, w, text, case) for f, w in zip(found, wanted))), None)
    wanted, dtype = numpy.asarray(wanted), dtype_of(text)
    if found.dtype != dtype or found.shape != wanted.shape:
        return f"expected {dtype}{list(wanted.shape)}, found {found.dtype}{list(found.shape)}"
    if get_kind(dtype) != "f" or not case.computes:
        if dtype != object:
            wanted = wanted.astype(dtype)
            if get_kind(dtype) == "f":
                found, wanted = found.astype(numpy.float64), wanted.astype(numpy.float64)
        same = (found == wanted) | ((found != found) & (wanted != wanted))
        return None if numpy.all(same) else f"expected {wanted.tolist()}, found {found.tolist()}"[:300]
    found, wanted = found.astype(numpy.float64), wanted.astype(numpy.float64)
    unit = float(ml_dtypes.finfo(dtype).eps)
    if dtype == numpy.float64 and case.units:
        unit = max(unit, case.double_unit)
    allowed = case.units * unit * max(numpy.abs(wanted[numpy.isfinite(wanted)]).max(initial=0), 1e-6)
    wrong = ~((found == wanted) | (numpy.abs(found - wanted) <= allowed) | (numpy.isnan(found) & numpy.isnan(wanted)))
    if not wrong.any():
        return None
    index = tuple(map(int, numpy.argwhere(wrong)[0]))
    return f"{wrong.sum()} values; at {list(index)} expected {wanted[index]!r}, found {found[index]!r}"


#===-- Cases -------------------------------------------------------------------------------------===#

@dataclasses.dataclass
class Case:
    inputs: list
    attributes: dict | Callable = dataclasses.field(default_factory=dict)
    first: int = 7
    last: int = 28
    outputs: tuple = (True,)
    constants: tuple = ()  # inputs
    computes: bool = True  # with floats, not only moves elements
    units: float = 4  # of a float type, in which the result may be off
    double_unit: float = 0  # what stands for the unit of f64, where an attribute of f32 takes part
    types: Callable = lambda text: True
    restrict: Callable = lambda binding: binding
    varies: bool = True  # over the types
    reference: Callable | None = None
    text: str = ""

    def make_attributes(self, binding, opset):
        return self.attributes(binding, opset) if callable(self.attributes) else self.attributes

    def allows(self, text):
        return "complex" not in text and not text.startswith(("seq", "optional")) and self.types(text)


A, B, ROW = (2, 3), (2, 3), (3,)
F32 = 2.0**-23


def move(inputs, attributes=None, first=7, last=28, **more):
    return Case(inputs, attributes or {}, first, last, computes=False, **more)


def compare(first=7):
    return [Case([A, ROW], first=first)]


def arithmetic():
    return [Case([A, ROW]), Case([(2, 1), positive(2, 3)])]


def unary(first=7, **more):
    return [Case([(2, 17)], first=first, **more)]


def reductions():
    return [Case([(2, 3, 2)], {"axes": [1], "keepdims": 0}, last=17), Case([(2, 3, 2)], {"keepdims": 1}, last=17),
            Case([(2, 3, 2), [-2]], {"keepdims": 0}, first=18, constants=(1,)), Case([(2, 3, 2)], {}, first=18),
            Case([(2, 3, 2)], {"noop_with_empty_axes": 1}, first=18, varies=False)]


def reduce_sums():
    return [Case([(2, 3, 2)], {"axes": [1], "keepdims": 0}, last=12), Case([(2, 3, 2)], {"keepdims": 1}, last=12),
            Case([(2, 3, 2), [-2]], {"keepdims": 0}, first=13, constants=(1,)), Case([(2, 3, 2)], {}, first=13),
            Case([(2, 3, 2)], {"noop_with_empty_axes": 1}, first=13, varies=False)]


#===-- Attributes that hold types, values or graphs ----------------------------------------------===#

def cast_to(binding, opset):
    return {"to": number_of(binding["T2"])}


def constant_value(binding, opset):
    text = binding["T"]
    value = make_value((2, 3), text, numpy.random.default_rng(3))
    return {"value": make_tensor("value", value, text)}


def fill_value(binding, opset):
    text = binding["T2"]
    return {"value": make_tensor("value", make_value([1], text, None), text)}


def make_port(name, text):
    return helper.make_value_info(name, make_type(text))


def branches(binding, opset):
    """Both with a constant of the type."""
    def make(name, seed):
        text = binding["V"]
        value = make_value((2, 3), text, numpy.random.default_rng(seed))
        node = helper.make_node("Constant", [], ["out"], value=make_tensor("value", value, text))
        return helper.make_graph([node], name, [], [make_port("out", text)])

    return {"then_branch": make("then", 1), "else_branch": make("else", 2)}


def loop_body(binding, opset):
    """Carries a value and collects it."""
    text = binding["V"]
    nodes = [helper.make_node("Identity", ["cond_in"], ["cond_out"]), helper.make_node("Identity", ["v_in"], ["v_out"]),
             helper.make_node("Identity", ["v_in"], ["collected"])]
    inputs = [make_port("i", "tensor(int64)"), make_port("cond_in", "tensor(bool)"), make_port("v_in", text)]
    for port, dims in zip(inputs, [(), (), (2, 3)]):
        port.type.CopyFrom(helper.make_tensor_type_proto(port.type.tensor_type.elem_type, dims))
    outputs = [make_port("cond_out", "tensor(bool)"), make_port("v_out", text), make_port("collected", text)]
    return {"body": helper.make_graph(nodes, "body", inputs, outputs)}


def scan_body(binding, opset):
    """Hands the row before on."""
    text = binding["V"]
    nodes = [helper.make_node("Identity", ["row"], ["state_out"]), helper.make_node("Identity", ["state"], ["before"])]
    inputs = [helper.make_tensor_value_info(name, number_of(text), [3]) for name in ("state", "row")]
    outputs = [helper.make_tensor_value_info(name, number_of(text), [3]) for name in ("state_out", "before")]
    attributes = {"body": helper.make_graph(nodes, "body", inputs, outputs), "num_scan_inputs": 1}
    return attributes | ({"scan_input_directions": [1], "scan_output_axes": [1]} if opset > 8 else {"directions": [1]})


def repeat(count, condition, value, body):
    return [value, numpy.stack([value] * count.item())]


def scan_rows(state, rows, body, **_):
    rows = rows[::-1]
    return [rows[-1], numpy.concatenate([state[None], rows[:-1]]).swapaxes(0, 1)]


def scan_batches(state, rows, body, **_):
    rows = rows[:, ::-1]
    return [rows[:, -1], numpy.concatenate([state[:, None], rows[:, :-1]], axis=1)]


#===-- References where ONNX's evaluator has none of the specification's meaning -----------------===#

def truncate_quotient(a, b):
    if get_kind(a.dtype) == "f":
        return [a / b]
    quotient = numpy.abs(a.astype(object)) // numpy.abs(b.astype(object))
    return [(quotient * numpy.sign(a.astype(object)) * numpy.sign(b.astype(object))).astype(a.dtype)]


def normalize_batch(x, scale, bias, mean, variance, epsilon):
    column = (-1, *[1] * (x.ndim - 2))
    scale, bias, mean, variance = (each.reshape(column) for each in (scale, bias, mean, variance))
    return [scale * (x - mean) / numpy.sqrt(variance + epsilon) + bias]


def erf(x):
    return numpy.vectorize(math.erf, otypes=[float])(x)


def gelu(x, approximate="none"):
    curve = erf(x / numpy.sqrt(2)) if approximate == "none" else numpy.tanh(numpy.sqrt(2 / numpy.pi) * (x + 0.044715 * x**3))
    return [0.5 * x * (1 + curve)]


def dequantize(x, scale, zero=None, axis=1, **_):
    return [(x.astype(numpy.float64) - (0 if zero is None else zero.astype(numpy.float64))) * scale.astype(numpy.float64)]


def enlarge(x, *inputs, **_):
    """Nearest, rounded down, to twice the last two dims."""
    return [x.repeat(2, axis=-1).repeat(2, axis=-2)]


def flat_softmax(x, axis=1):
    rows = x.reshape(int(numpy.prod(x.shape[:axis])), -1)
    power = numpy.exp(rows - rows.max(axis=1, keepdims=True))
    return [(power / power.sum(axis=1, keepdims=True)).reshape(x.shape)]


#===-- The operators of the zoo ------------------------------------------------------------------===#

def is_float(text):
    return "float" in text or "double" in text


def quantize_output(binding, opset):
    name = "T3" if opset >= 23 else "T2"
    return {"output_dtype": number_of(binding[name])} if opset >= 21 else {}


def dequantize_output(binding, opset):
    return {"output_dtype": number_of(binding["T3"])} if opset >= 23 else {}


def zero_or_one(text):
    """A zero point: floats have only 0."""
    return [0] if "float" in text else [1]


def per_channel(binding, opset):
    return {"axis": 1} if opset >= 13 else {}


def power_of_two(text):
    return [2] if "e8m0" in text else [0.5]


def without_int32_points(binding):
    name = "T1" if "T1" in binding else "T"
    return binding if binding[name] != "tensor(int32)" else None


def layer_norm_stash(binding, opset):
    """The evaluator knows f32 alone."""
    return {"stash_type": 16 if "bfloat16" in binding["U"] else 1}


def mod_kind(binding, opset):
    return {"fmod": int(is_float(binding["T"]) and opset < 28)}


def range_stash(binding, opset):
    return {}


def resize_attributes(mode):
    return lambda binding, opset: {"mode": mode} if opset < 11 else {"mode": mode, "coordinate_transformation_mode": "asymmetric"} | (
        {"nearest_mode": "floor"} if mode == "nearest" else {})


def flatten_softmax(first, last):
    return Case([(2, 3, 2)], {"axis": 1}, first, last, reference=flat_softmax)


SEQUENCE = dict(outputs=(True, True), units=8)

CASES = {
    "Add": arithmetic(),
    "And": [Case([A, ROW])],
    "Attention": [Case([(1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4)], first=23, units=8,
                       restrict=lambda binding: binding if binding["T1"] == binding["T2"] else None),
                  Case([(1, 2, 3, 4), (1, 2, 5, 4), (1, 2, 5, 4), (3, 5)], {"softcap": 2.0}, first=23, units=8,
                       restrict=lambda binding: binding if binding["T1"] == binding["T2"] else None)],
    "BatchNormalization": [Case([(2, 3, 2), ROW, ROW, ROW, positive(3)], {"epsilon": 0.25}, reference=normalize_batch)],
    "Cast": [Case([lambda text: [["1", "0"], ["0", "1"]] if "string" in text else [[0, 1], [1, 0]]], cast_to, computes=False,
                  restrict=lambda binding: binding if binding["T2"] != "tensor(string)" or "int" in binding["T1"] else None),
             Case([lambda text: [["1.5", "-2.25"]] if "string" in text else [[1.5, -0.25]]], lambda binding, opset: {"to": 8}, first=9, computes=False,
                  restrict=lambda binding: binding if binding["T2"] == "tensor(string)" and "float" in binding["T1"] else None)],
    "Clip": [Case([A], {"min": -1.0, "max": 2.0}, last=10, computes=False), Case([A, 1, 2], first=11, computes=False, constants=(1, 2)),
             Case([A, None, 1], first=11, computes=False, constants=(2,))],
    "Concat": [move([A, (2, 1), (2, 2)], {"axis": 1}), move([A, A], {"axis": -2}, first=11)],
    "Constant": [move([], constant_value)],
    "ConstantOfShape": [move([[2, 3]], fill_value, constants=(0,))],
    "Conv": [Case([(1, 2, 5, 4), (3, 2, 3, 2), ROW], {"pads": [1, 0, 1, 1], "strides": [2, 1]}, units=8),
             Case([(1, 4, 6), (2, 2, 3)], {"group": 2, "dilations": [2]}, units=8)],
    "ConvTranspose": [Case([(1, 3, 3, 2), (3, 2, 3, 2), (2,)], {"pads": [1, 0, 1, 1], "strides": [2, 1]}, units=8)],
    "DequantizeLinear": [Case([(2, 3), lambda text: power_of_two(text) * 3, lambda text: zero_or_one(text) * 3],
                              lambda binding, opset: per_channel(binding, opset) | dequantize_output(binding, opset),
                              first=13, restrict=without_int32_points, reference=dequantize),
                         Case([(2, 3), lambda text: power_of_two(text)[0:1]], dequantize_output, first=10, reference=dequantize)],
    "Div": [Case([A, positive(2, 3)], reference=truncate_quotient)],
    "Equal": compare(),
    "Erf": unary(9, types=is_float, reference=lambda x: [erf(x)]),
    "Expand": [move([(2, 1), [2, 2, 3]], constants=(1,))],
    "Flatten": [move([(2, 3, 2)], {"axis": 2}), move([(2, 3, 2)], {"axis": -1}, first=11)],
    "GRU": [Case([(3, 2, 4), (1, 15, 4), (1, 15, 5), (1, 30), [3, 3], (1, 2, 5)], {"hidden_size": 5}, **SEQUENCE),
            Case([(3, 2, 4), (2, 15, 4), (2, 15, 5)], {"hidden_size": 5, "linear_before_reset": 1, "direction": "bidirectional"}, **SEQUENCE)],
    "Gather": [move([(3, 4), [[0, 2], [1, 1]]], {"axis": 1}, constants=(1,)), move([(3, 4), [-1, 0]], first=11, constants=(1,))],
    "GatherND": [move([(2, 2, 3), [[0, 1], [1, 0]]], constants=(1,)), move([(2, 2, 3), [[1], [0]]], {"batch_dims": 1}, first=12, constants=(1,))],
    "Gelu": [Case([(2, 17)], {}, first=20, reference=gelu), Case([(2, 17)], {"approximate": "tanh"}, first=20, reference=gelu)],
    "Gemm": [Case([(2, 3), (3, 4), (4,)]),
             Case([(3, 2), (4, 3), (2, 1)], {"transA": 1, "transB": 1, "alpha": 0.5, "beta": 2.0}, types=is_float), Case([(2, 3), (3, 4)], first=11)],
    "GlobalAveragePool": [Case([(2, 3, 4, 2)])],
    "Greater": compare(), "GreaterOrEqual": compare(12), "Less": compare(), "LessOrEqual": compare(12),
    "Identity": [move([(2, 3)])],
    "If": [move([[True]], branches), move([[False]], branches, constants=(0,))],
    "IsNaN": [Case([lambda text: [0, 1, float("nan")]], first=9)],
    "LSTM": [Case([(3, 2, 4), (1, 20, 4), (1, 20, 5), (1, 40), [3, 3], (1, 2, 5), (1, 2, 5), (1, 15)], {"hidden_size": 5},
                  outputs=(True, True, True), units=8),
             Case([(3, 2, 4), (2, 20, 4), (2, 20, 5)], {"hidden_size": 5, "direction": "bidirectional"}, **SEQUENCE)],
    "LayerNormalization": [Case([(2, 5), (5,), (5,)], layer_norm_stash, first=17, units=8, double_unit=F32,
                                outputs=(True, True, True))],
    "LeakyRelu": [Case([A], {"alpha": 0.25})],
    "Loop": [move([[3], [True], (2, 3)], loop_body, outputs=(True, True), reference=repeat, constants=(0,))],
    "MatMul": [Case([(2, 3), (3, 4)]), Case([(2, 2, 3), (3,)])],
    "Max": [Case([A, ROW, (2, 1)], first=8), Case([A, A], last=7)],
    "MaxPool": [Case([(1, 2, 5, 4)], {"kernel_shape": [2, 3], "strides": [2, 1], "pads": [1, 1, 0, 1]}),
                Case([(1, 2, 5)], {"kernel_shape": [2], "ceil_mode": 1, "dilations": [2]}, first=10),
                Case([(1, 1, 3, 3)], {"kernel_shape": [2, 2]}, first=8, outputs=(True, True),
                     restrict=lambda binding: binding if is_float(binding["T"]) else None)],
    "Mod": [Case([A, positive(2, 3)], mod_kind, first=10)],
    "Mul": arithmetic(),
    "Neg": unary(),
    "Not": unary(),
    "Pow": [Case([positive(2, 3), lambda text: [[1, 2, 3]]])],
    "QuantizeLinear": [Case([(2, 3), lambda text: power_of_two(text) * 3, lambda text: zero_or_one(text) * 3], per_channel, first=13),
                       Case([(2, 3), lambda text: power_of_two(text)[0], lambda text: zero_or_one(text)[0]], first=10),
                       Case([(2, 3), lambda text: power_of_two(text)[0]], quantize_output, first=21)],
    "Range": [Case([[1], [7], [2]], range_stash, first=11)],
    "ReduceMax": reductions(), "ReduceMean": reductions(), "ReduceSum": reduce_sums(),
    "Relu": unary(),
    "Reshape": [move([(2, 3, 2), [0, -1]], constants=(1,)), move([(2, 0), [0, 5]], {"allowzero": 1}, first=14, constants=(1,))],
    "Resize": [Case([(1, 1, 2, 3), [1, 1, 2, 2]], resize_attributes("nearest"), first=10, last=10, constants=(1,), computes=False, reference=enlarge),
               Case([(1, 1, 2, 3), [], [1, 1, 2, 2]], resize_attributes("nearest"), first=11, constants=(1, 2), computes=False, reference=enlarge),
               Case([(1, 1, 2, 3), [], [], [1, 1, 3, 5]], resize_attributes("linear"), first=11, last=12, constants=(1, 2, 3), types=is_float, double_unit=F32),
               Case([(1, 1, 2, 3), None, None, [1, 1, 3, 5]], resize_attributes("linear"), first=13, constants=(3,), types=is_float, double_unit=F32)],
    "Scan": [move([None, (2, 3), (2, 4, 3)], scan_body, last=8, outputs=(True, True), reference=scan_batches),
             move([(3,), (4, 3)], scan_body, first=9, outputs=(True, True), reference=scan_rows)],
    "ScatterND": [move([(3, 2), [[2], [0]], (2, 2)], constants=(1,))],
    "Shape": [move([(2, 3, 2)]), move([(2, 3, 2)], {"start": 1, "end": -1}, first=15)],
    "Sigmoid": unary(), "Sqrt": [Case([positive(2, 17)])], "Tanh": unary(),
    "Slice": [move([(3, 4)], {"starts": [1, 0], "ends": [3, -1], "axes": [0, 1]}, last=9),
              move([(3, 4), [1, 3], [3, -9], [0, 1], [1, -2]], first=10, constants=(1, 2, 3, 4)), move([(3, 4), [1], [9]], first=10, constants=(1, 2))],
    "Softmax": [flatten_softmax(7, 12), Case([(2, 3, 2)], {"axis": 1}, first=13)],
    "Split": [move([(2, 6)], {"axis": 1, "split": [2, 4]}, last=12, outputs=(True, True)), move([(2, 6)], {"axis": 1}, last=17, outputs=(True, True)),
              move([(2, 6), [2, 4]], {"axis": 1}, first=13, outputs=(True, True), constants=(1,)),
              move([(2, 5)], {"axis": 1, "num_outputs": 2}, first=18, outputs=(True, True))],
    "Squeeze": [move([(2, 1, 3)], {"axes": [1]}, last=12), move([(2, 1, 3, 1)], {}, last=12), move([(2, 1, 3), [-2]], first=13, constants=(1,)),
                move([(2, 1, 3, 1)], first=13)],
    "Sub": [Case([A, A], restrict=lambda binding: binding)],
    "Transpose": [move([(2, 3, 2)], {"perm": [2, 0, 1]}), move([A])],
    "Unsqueeze": [move([A], {"axes": [1]}, last=12), move([A, [1, -1]], first=13, constants=(1,))],
    "Where": [move([(2, 1), A, ROW], first=9)],
}
