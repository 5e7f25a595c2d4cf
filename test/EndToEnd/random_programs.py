"""Random models of everything but convolutions: arithmetic on floats, ints and bools, movement, reductions, products, chains
of shape arithmetic, sizes known in the run alone, branches and loops, nested too.

    program = Program(seed)
    program.make_model(), program.make_inputs(sizes) for sizes in program.list_sizes()

A model grows node by node in a scope. Each value has a stand-in, an array of its element type and shape (and of its right
elements where a shape depends on them), found by ONNX's own evaluator, which tells what may come next.
"""

import random
from typing import NamedTuple

import numpy
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

OPSET = 18
SIZES = [1, 2, 3, 5, 8, 17]
LARGEST = 3000  # elements of a value
TYPES = {numpy.dtype("float32"): TensorProto.FLOAT, numpy.dtype("int64"): TensorProto.INT64, numpy.dtype("bool"): TensorProto.BOOL}


class Value(NamedTuple):
    name: str
    array: numpy.ndarray
    exact: bool  # no rounding on its way: it may decide what is true or where something is found
    late: bool  # its size depends on elements: its stand-in may have another


class Scope:
    """Values that nodes may read: those of the outer scopes and its own."""

    def __init__(self, program, outer=None):
        self.program, self.values, self.nodes = program, list(outer.values) if outer else [], []
        self.depth = outer.depth + 1 if outer else 0

    def add(self, op, inputs, exact=False, late=False, count=1, **attributes):
        """Appends a node; returns its values, or None where an input is None or a value is too large."""
        if None in inputs:
            return None
        names = [self.program.new_name() for _ in range(count)]
        node = helper.make_node(op, [value.name for value in inputs], names, **attributes)
        feeds = {value.name: value.array for value in inputs}
        arrays = ReferenceEvaluator(node, opsets={"": OPSET}).run(None, feeds)
        late = late or any(value.late for value in inputs)
        made = [Value(name, numpy.asarray(array), exact, late) for name, array in zip(names, arrays)]
        if any(value.array.size > LARGEST or value.array.ndim > 5 for value in made):
            return None
        self.nodes.append(node)
        self.values += made
        return made

    def one(self, op, *inputs, **more):
        made = self.add(op, inputs, **more)
        return made[0] if made else None

    def pick(self, test=lambda value: True, dtype=None):
        """A value that passes, sooner a late one in the list; None where there is none."""
        fitting = [v for v in self.values if test(v) and (dtype is None or v.array.dtype == dtype)]
        recent = fitting[-4:]
        return self.program.random.choice(recent if recent and self.program.random.random() < 0.7 else fitting) if fitting else None

    def constant(self, elements, dtype="int64"):
        return self.program.constant(numpy.asarray(elements, dtype=dtype))


class Program:
    def __init__(self, seed):
        self.random, self.numbers = random.Random(seed), numpy.random.default_rng(seed)
        self.num_names, self.initializers = 0, []
        self.symbols = {name: self.random.choice(SIZES) for name in "ABC"}
        self.inputs = {}  # name -> (dims, dtype)
        scope = Scope(self)
        for index in range(self.random.randint(2, 4)):
            self.add_input(scope, f"x{index}", self.random.choice(["float32", "float32", "int64", "bool"]))
        self.add_input(scope, "x_float", "float32")
        scope.values += [self.flag(scope, name) for name in ("flag", "other")]
        grow(scope, self.random.randint(4, 14))
        self.scope = scope
        made = [value for value in scope.values if value.name not in self.inputs and value.name.startswith("v")]
        chosen = made[-2:] + self.random.sample(made, min(2, len(made)))
        self.outputs = list(dict.fromkeys(value.name for value in chosen))
        self.by_name = {value.name: value for value in scope.values}

    def new_name(self):
        self.num_names += 1
        return f"v{self.num_names}"

    def constant(self, array):
        name = f"c{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(array, name))
        return Value(name, array, True, False)

    def elements(self, shape, dtype):
        if dtype == "bool":
            return self.numbers.random(shape) < 0.5
        if dtype == "int64":
            return self.numbers.integers(-4, 5, shape)
        return self.numbers.uniform(-2, 2, shape).astype(numpy.float32)

    def add_input(self, scope, name, dtype):
        dims = [self.random.choice(["A", "B", "C", "A", "B", 1, 3, 5]) for _ in range(self.random.choice([1, 2, 2, 3, 3, 4]))]
        array = self.elements([self.symbols.get(dim, dim) for dim in dims], dtype)
        if array.size > LARGEST:
            dims, array = dims[:2], self.elements([self.symbols.get(dim, dim) for dim in dims[:2]], dtype)
        self.inputs[name] = (dims, dtype)
        scope.values.append(Value(name, numpy.asarray(array), True, False))

    def flag(self, scope, name):
        self.inputs[name] = ([], "bool")
        return Value(name, numpy.asarray(self.random.random() < 0.5), True, False)

    def list_sizes(self):
        """Those of the stand-ins first, and two that may not fit."""
        return [self.symbols, dict.fromkeys(self.symbols, 1), {name: size + 1 for name, size in self.symbols.items()}]

    def make_inputs(self, sizes):
        return {name: numpy.asarray(self.elements([sizes.get(dim, dim) for dim in dims], dtype), dtype=dtype)
                for name, (dims, dtype) in self.inputs.items()}

    def make_model(self):
        ports = [helper.make_tensor_value_info(name, TYPES[numpy.dtype(dtype)], dims) for name, (dims, dtype) in self.inputs.items()]
        results = [describe(self.by_name[name]) for name in self.outputs]
        graph = helper.make_graph(self.scope.nodes, "g", ports, results, self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


#===-- Nodes: each adds some to a scope, or none where nothing fits ------------------------------===#

def is_float(value):
    return value.array.dtype == numpy.float32


def is_int(value):
    return value.array.dtype == numpy.int64


def is_ranked(value):
    return value.array.ndim > 0


def choose(scope, *options):
    return scope.program.random.choice(options)


def add_unary(scope):
    if value := scope.pick(is_float):
        op = choose(scope, "Relu", "Neg", "Abs", "Tanh", "Sigmoid", "Erf", "Exp", "Sqrt")
        if op in ("Exp", "Sqrt"):
            value = scope.one("Sigmoid", value)
        scope.one(op, value, exact=value.exact and op in ("Relu", "Neg", "Abs"))


def can_broadcast(a, b):
    return all(x == y or 1 in (x, y) for x, y in zip(a.array.shape[::-1], b.array.shape[::-1]))


def add_binary(scope):
    a = scope.pick(lambda value: is_float(value) or is_int(value))
    b = a and scope.pick(lambda v: v.array.dtype == a.array.dtype and not v.late and not a.late and can_broadcast(a, v))
    b = b or a
    if a:
        op = choose(scope, "Add", "Sub", "Mul", "Max", "Min")
        made = scope.one(op, a, b, exact=a.exact and b.exact and (is_int(a) or op in ("Max", "Min")))
        if made and is_int(made):  # small again
            scope.one("Mod", made, scope.constant(choose(scope, 5, 7)), exact=made.exact)
        elif made:
            scope.one("Tanh", made)


def add_int(scope):
    if value := scope.pick(is_int):
        scope.one(choose(scope, "Abs", "Neg"), value, exact=value.exact)
        scope.one("Div", scope.values[-1], scope.constant(choose(scope, 2, 3)), exact=value.exact)


def add_cast(scope):
    if value := scope.pick(lambda v: not is_float(v)):
        scope.one("Cast", value, exact=value.exact, to=TensorProto.FLOAT)
    if value := scope.pick(lambda v: is_float(v) and v.exact):
        scope.one("Cast", value, exact=True, to=choose(scope, TensorProto.INT64, TensorProto.BOOL))


def add_comparison(scope):
    if value := scope.pick(lambda v: v.exact and v.array.dtype != bool):
        threshold = scope.constant(choose(scope, -1, 0, 1), value.array.dtype)
        condition = scope.one(choose(scope, "Greater", "Less", "Equal", "LessOrEqual"), value, threshold, exact=True)
        other = scope.one("Not", condition, exact=True)
        scope.one(choose(scope, "And", "Or", "Xor"), other, condition, exact=True)


def add_where(scope):
    condition = scope.pick(lambda v: v.array.dtype == bool and not v.late)
    a = condition and scope.pick(lambda v: is_float(v) and not v.late and can_broadcast(condition, v))
    if a:
        scope.one("Where", condition, a, scope.constant(0.25, "float32"), exact=condition.exact and a.exact)


def add_transpose(scope):
    if value := scope.pick(is_ranked):
        perm = list(range(value.array.ndim))
        scope.program.random.shuffle(perm)
        scope.one("Transpose", value, exact=value.exact, perm=perm)


def add_slice(scope):
    if value := scope.pick(is_ranked):
        axis = scope.program.random.randrange(value.array.ndim)
        start, end, step = choose(scope, (0, -1, 1), (1, 1000, 1), (-2, 1000, 1), (0, 1000, 2), (-1, -1000, -1), (1, 3, 1), (0, 2, 1))
        bounds = [scope.constant([number]) for number in (start, end, axis, step)]
        scope.one("Slice", value, *bounds, exact=value.exact)


def add_concat(scope):
    if value := scope.pick(is_ranked):
        axis = scope.program.random.randrange(value.array.ndim)

        def fits(other):
            shapes = [list(v.array.shape) for v in (value, other)]
            return (other.array.dtype == value.array.dtype and other.array.ndim == value.array.ndim and not other.late
                    and not value.late and all(a == b for i, (a, b) in enumerate(zip(*shapes)) if i != axis))

        other = scope.pick(fits) or value
        scope.one("Concat", value, other, exact=value.exact and other.exact, axis=axis)


def add_split(scope):
    if value := scope.pick(lambda v: is_ranked(v) and not v.late and max(v.array.shape) > 1):
        axis = int(numpy.argmax(value.array.shape))
        scope.add("Split", [value], exact=value.exact, count=2, axis=axis, num_outputs=2)


def add_pad(scope):
    if value := scope.pick(lambda v: is_ranked(v) and is_float(v)):
        pads = [choose(scope, 0, 0, 1, 2) for _ in range(2 * value.array.ndim)]
        scope.one("Pad", value, scope.constant(pads), scope.constant(0.5, "float32"), exact=value.exact)


def add_axes(scope):
    if value := scope.pick():
        axis = scope.program.random.randrange(value.array.ndim + 1)
        longer = scope.one("Unsqueeze", value, scope.constant([axis]), exact=value.exact)
        if longer and choose(scope, True, False):
            scope.one("Squeeze", longer, scope.constant([axis]), exact=value.exact)


def add_reshape(scope):
    """By a chain of shape arithmetic: [last dim, -1], or the product of all dims."""
    if value := scope.pick(lambda v: is_ranked(v) and v.array.size > 0):
        shape = scope.one("Shape", value, exact=True)
        last = scope.one("Gather", shape, scope.constant([-1]), exact=True, axis=0)
        target = scope.one("Concat", last, scope.constant([-1]), exact=True, axis=0)
        if choose(scope, True, False):
            product = scope.one("ReduceProd", shape, exact=True, keepdims=1)
            double = scope.one("Mul", product, scope.constant([2]), exact=True)
            count = scope.one("Div", double, scope.constant([2]), exact=True)
            target = scope.one("Concat", count, scope.constant([1]), exact=True, axis=0)
        scope.one("Reshape", value, target, exact=value.exact)


def add_expand(scope):
    if value := scope.pick(lambda v: v.array.size < 200):
        shape = scope.one("Shape", value, exact=True)
        target = scope.one("Concat", scope.constant([choose(scope, 2, 3)]), shape, exact=True, axis=0)
        scope.one("Expand", value, target, exact=value.exact)


def add_gather(scope):
    if value := scope.pick(lambda v: is_ranked(v) and v.array.shape[0] > 0 and not v.late):
        scope.one("Gather", value, scope.constant(choose(scope, [0, -1, 0], [[0], [-1]], 0)), exact=value.exact, axis=0)


def add_reduction(scope):
    if value := scope.pick(lambda v: is_float(v) and is_ranked(v) and v.array.size > 0 and not v.late):
        op = choose(scope, "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin")
        axis, keep = scope.program.random.randrange(value.array.ndim), choose(scope, 0, 1)
        if op == "ReduceMean": # of no elements, as there may be at other sizes, it is undefined
            pads = numpy.zeros((2, value.array.ndim), dtype=numpy.int64)
            pads[0, axis] = 1
            value = scope.one("Pad", value, scope.constant(pads.ravel()), scope.constant(0.5, "float32"))
        if value:
            exact = value.exact and op in ("ReduceMax", "ReduceMin")
            scope.one(op, value, scope.constant([axis]), exact=exact, keepdims=keep)


def add_arg_max(scope):
    if value := scope.pick(lambda v: v.exact and is_float(v) and is_ranked(v) and v.array.size > 0 and not v.late):
        scope.one("ArgMax", value, exact=True, axis=-1, keepdims=choose(scope, 0, 1))


def add_softmax(scope):
    if value := scope.pick(lambda v: is_float(v) and is_ranked(v) and v.array.size > 0):
        scope.one("Softmax", value, axis=choose(scope, 0, -1))


def add_product(scope):
    """With weights, where the last dim is known to the file; else with itself turned."""
    if value := scope.pick(lambda v: is_float(v) and v.array.ndim >= 2):
        turned = scope.one("Transpose", value, exact=value.exact, perm=[*range(value.array.ndim - 2), value.array.ndim - 1, value.array.ndim - 2])
        made = turned and scope.one("MatMul", value, turned)
        if made:
            scope.one("Tanh", made)


def add_late(scope):
    value = scope.pick(lambda v: v.exact and is_ranked(v) and is_float(v) and v.array.size > 0)
    if value:
        mask = scope.one("Greater", value, scope.constant(0.3, "float32"), exact=True)
        found = scope.one("NonZero", mask, exact=True, late=True)
        places = scope.one("Transpose", found, exact=True, perm=[1, 0])
        scope.one("GatherND", value, places, exact=True)


#===-- Control flow ------------------------------------------------------------------------------===#

def describe(value):
    """The value's type; its rank alone is known."""
    return helper.make_tensor_value_info(value.name, TYPES[value.array.dtype], [None] * value.array.ndim)


def close(scope, name, value, inputs=()):
    """The scope as a graph that ends in this value under a name of its own."""
    return helper.make_graph(scope.nodes, name, list(inputs), [describe(value)])


def make_branch(scope, source):
    """A scope that ends in a value of the same element type and rank as `source`, often of another size."""
    inner = Scope(scope.program, scope)
    grow(inner, scope.program.random.randint(0, 3))
    result = inner.one("Identity", source, exact=source.exact)
    if is_float(source):
        result = inner.one(choose(scope, "Tanh", "Relu", "Neg"), source)
    if source.array.ndim and choose(scope, True, False):
        result = inner.one("Concat", result, result, exact=result.exact, axis=0) or result
    return inner, result


def add_if(scope):
    condition = scope.pick(lambda v: v.array.dtype == bool and v.array.ndim == 0 and v.exact)
    source = scope.pick()
    if scope.depth > 1 or not condition or not source:
        return
    branches = [make_branch(scope, source) for _ in range(2)]
    name = scope.program.new_name()
    graphs = [close(inner, f"b{name}_{i}", result) for i, (inner, result) in enumerate(branches)]
    scope.nodes.append(helper.make_node("If", [condition.name], [name], then_branch=graphs[0], else_branch=graphs[1]))
    taken = branches[0 if condition.array else 1][1]
    sized = any(result.array.shape != source.array.shape for _, result in branches)
    scope.values.append(Value(name, taken.array, False, taken.late or sized))


def add_loop(scope):
    state = scope.pick(is_float)
    if scope.depth > 1 or not state:
        return
    program, trips = scope.program, choose(scope, 0, 1, 2, 5)
    inner = Scope(program, scope)
    names = [program.new_name() for _ in range(3)]
    index, keep = (Value(names[0], numpy.asarray(0), True, False), Value(names[1], numpy.asarray(True), True, False))
    carried = Value(names[2], state.array, False, state.late)
    inner.values += [index, keep, carried]
    grow(inner, program.random.randint(0, 3))
    last = inner.pick(lambda v: is_float(v) and not v.late)
    number = inner.one("Cast", index, to=TensorProto.FLOAT)
    moved = inner.one("Add", carried, number)
    after = inner.one("Tanh", moved)
    go = inner.one("Identity", keep, exact=True)
    row = inner.one("Identity", last or after)
    graph = helper.make_graph(inner.nodes, f"b{names[0]}", [describe(v) for v in (index, keep, carried)],
                              [describe(v) for v in (go, after, row)])
    outputs = [program.new_name() for _ in range(2)]
    count = scope.constant(trips)
    scope.nodes.append(helper.make_node("Loop", [count.name, "", state.name], outputs, body=graph))
    scope.values.append(Value(outputs[0], state.array, False, state.late))
    rows = numpy.broadcast_to(row.array, (trips, *row.array.shape)).copy()
    # Of rows that no iteration made, ONNX Runtime does not know the dims.
    if trips and row.array.ndim < 5 and rows.size < LARGEST:
        scope.values.append(Value(outputs[1], rows, False, row.late))


SIMPLE = [add_unary, add_binary, add_binary, add_int, add_cast, add_comparison, add_where, add_transpose, add_slice, add_concat,
          add_split, add_pad, add_axes, add_reshape, add_expand, add_gather, add_reduction, add_arg_max, add_softmax, add_product]


def grow(scope, count):
    for _ in range(count):
        kinds = SIMPLE + ([add_if, add_if, add_loop, add_loop] if scope.depth < 2 else []) + [add_late]
        scope.program.random.choice(kinds)(scope)
