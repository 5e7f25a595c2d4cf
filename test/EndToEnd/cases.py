"""Inputs of test models from one line of text: `N=2,H=7,steps=3,scale=1;1;2;2,text=the quick;brown fox,pair=2x3;4x3`.

A name is a symbol, whose size is given, or an input, whose elements are given: one for all of them, or one for each. Of a
sequence the shapes of its tensors are given. All other inputs are random, with a fixed seed.
"""

import numpy
import onnx

WORDS = ["a", "fox", "quick brown", "Österreich", "貓", "x" * 40, "the lazy  dog", "1.5", " "]


def parse_case(text):
    """'H=1,W=7' as {'H': '1', 'W': '7'}; '' for a model without symbols."""
    return dict(part.split("=", 1) for part in text.split(",") if part)


def describe_case(case):
    return ",".join(f"{name}={value}" for name, value in case.items()) or "static"


def make_specials(shape, generator):
    limits = numpy.finfo(numpy.float32)
    special = [numpy.nan, numpy.inf, -numpy.inf, 0.0, -0.0, limits.max, limits.min, limits.smallest_subnormal]
    return generator.choice(numpy.array(special, dtype=numpy.float32), shape)


def make_random(shape, dtype, arguments, generator):
    if dtype == object:
        return generator.choice(numpy.array(WORDS, dtype=object), shape)
    if dtype == bool:
        return generator.random(shape) < 0.5
    values = generator.uniform(*arguments.range, shape).astype(dtype)
    if arguments.special and dtype == numpy.float32:
        values = numpy.where(generator.random(shape) < 0.5, make_specials(shape, generator), values)
    return values


def make_given(text, shape, dtype):
    """The elements that a case states."""
    elements = text.split(";")
    if dtype != object:
        elements = numpy.array([float(element) for element in elements]).astype(dtype)
    elements = numpy.array(elements, dtype=dtype)
    return numpy.broadcast_to(elements[0], shape).copy() if len(elements) == 1 else elements.reshape(shape)


def find_shape(tensor_type, case, given):
    """The dims; a symbol that the case leaves out is an error, but for the only dim of a tensor whose elements it gives."""
    dims = tensor_type.shape.dim
    if len(dims) == 1 and given is not None and dims[0].dim_param not in case:
        return [dims[0].dim_value or given.count(";") + 1]
    return [int(case[dim.dim_param]) if dim.dim_param else dim.dim_value for dim in dims]


def make_tensor(tensor_type, case, given, arguments, generator):
    shape = find_shape(tensor_type, case, given)
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor_type.elem_type)
    if given is not None:
        return make_given(given, shape, dtype)
    return numpy.asarray(make_random(shape, dtype, arguments, generator), dtype=dtype)


def make_sequence(tensor_type, given, arguments, generator):
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor_type.elem_type)
    shapes = [[int(dim) for dim in shape.split("x") if dim] for shape in given.split(";")] if given else []
    return [numpy.asarray(make_random(shape, dtype, arguments, generator), dtype=dtype) for shape in shapes]


def make_inputs(graph, case, arguments):
    """One array, or list of arrays, for each input without an initializer."""
    initializers = {initializer.name for initializer in graph.initializer}
    generator = numpy.random.default_rng(5)
    inputs = {}
    for value in graph.input:
        given = case.get(value.name)
        if value.type.HasField("sequence_type"):
            element = value.type.sequence_type.elem_type.tensor_type
            inputs[value.name] = make_sequence(element, given, arguments, generator)
        elif value.name not in initializers:
            inputs[value.name] = make_tensor(value.type.tensor_type, case, given, arguments, generator)
    return inputs
