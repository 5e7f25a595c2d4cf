#!/usr/bin/env python3
"""Random models of what dlc compiles, against ONNX Runtime.

    random_models.py --kind networks --models 40 [--first-seed 0] [--reference]

Each seed gives one model, its sizes, its inputs and a target. `networks` are convolutional; `programs` hold everything else,
branches and loops among it, and run at more sizes than the one that they were made for, where ONNX Runtime takes these.
Where dlc and ONNX Runtime differ, it may do what ONNX's own evaluator does.
Outputs must have the reference's shapes and differ by at most 1e-4 of its largest magnitude: sums of up to 1,200 products,
rounded in another order, over up to seven layers. compare.py says what else is checked of each run.
Exit status 1 where one differs, or is refused.
"""

import argparse
import os
import random
import sys
import tempfile

import numpy
import onnx
import onnx.reference
from onnx import TensorProto, helper, numpy_helper

from compare import ApiRuns, compare_size, compile_model, make_reference
from random_programs import Program
from session import RunError

TOLERANCE = 1e-4
CHANNELS = [1, 3, 8, 16, 17, 24, 32, 48]
SIZES = [5, 7, 9, 16, 17, 29]
TARGETS = ["host", "host", "x86-64-v3", "x86-64-v2"]


class Network:
    """A model that grows node by node. `images` are (name, channels, height, width) of the values so far."""

    def __init__(self, seed):
        self.random, self.numbers = random.Random(seed), numpy.random.default_rng(seed)
        self.nodes, self.initializers, self.outputs = [], [], []
        self.is_dynamic = self.random.random() < 0.6
        self.batch, channels = self.random.choice([1, 1, 2, 3]), self.random.choice(CHANNELS[:5])
        height, width = self.random.choice(SIZES), self.random.choice(SIZES)
        self.images = [("x", channels, height, width)]
        self.input_shape = (self.batch, channels, height, width)
        for _ in range(self.random.randint(1, 7)):
            self.random.choice([self.add_conv, self.add_conv, self.add_body, self.add_body, self.add_gate, self.add_concat,
                                self.add_pool, self.add_sum, self.add_activation, self.add_arithmetic, self.add_softmax,
                                self.add_head, self.add_reduction, self.add_product])()
        if len(self.images) > 1:
            self.outputs.append(self.images[-1][0])
        if len(self.images) > 3 and self.random.random() < 0.3:
            self.outputs.append(self.images[-3][0])
        self.outputs = [name for name in dict.fromkeys(self.outputs) if name != "x"]

    def pick(self):
        return self.random.choice(self.images[-2:])

    def weight(self, *shape, scale=1.0, low=None):
        values = self.numbers.standard_normal(shape) * scale if low is None else self.numbers.random(shape) + low
        name = f"w{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(values.astype(numpy.float32), name))
        return name

    def node(self, op, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def add_conv(self):
        name, channels, height, width = self.pick()
        kernel = [self.random.choice([1, 1, 2, 3, 3, 5]) for _ in range(2)]
        dilation, strides = self.random.choice([1, 1, 1, 2]), [self.random.choice([1, 1, 2, 3]) for _ in range(2)]
        extent = [(size - 1) * dilation + 1 for size in kernel]
        pads = [self.random.randint(0, extent[i % 2] - 1) for i in range(4)]
        rest = [size + pads[i] + pads[i + 2] - extent[i] for i, size in enumerate((height, width))]
        if min(rest) < 0:
            return
        group = self.random.choice([1, 1, 1, channels] + [size for size in (2, 3, 4) if channels % size == 0])
        outputs = self.random.choice(CHANNELS + [channels] * 4) if group == 1 else self.random.choice([1, 1, 2, 3]) * channels
        each = channels // group
        operands = [name, self.weight(outputs, each, *kernel, scale=(each * kernel[0] * kernel[1]) ** -0.5)]
        if self.random.random() < 0.5:
            operands.append(self.weight(outputs))
        value = self.node("Conv", *operands, group=group, strides=strides, pads=pads, dilations=[dilation] * 2)
        self.images.append((value, outputs, *(r // stride + 1 for r, stride in zip(rest, strides))))
        if self.random.random() < 0.3:
            scale, shift, mean, variance = (self.weight(outputs, low=low) for low in (None, None, None, 0.5))
            self.images.append((self.node("BatchNormalization", value, scale, shift, mean, variance), *self.images[-1][1:]))
        if self.random.random() < 0.6:
            self.images.append((self.node("Relu", self.images[-1][0]), *self.images[-1][1:]))

    def add_body(self):
        """A 3 x 3 convolution that keeps the image's size, of as many channels as Winograd's form takes."""
        name, channels, height, width = self.pick()
        outputs = self.random.choice([16, 17, 24, 32, 64, 80])
        value = self.node("Conv", name, self.weight(outputs, channels, 3, 3, scale=(9 * channels) ** -0.5),
                          self.weight(outputs), pads=[1] * 4)
        self.images.append((value, outputs, height, width))
        if self.random.random() < 0.6:
            self.images.append((self.node(self.random.choice(["Relu", "Sigmoid"]), value), outputs, height, width))

    def add_gate(self):
        """A factor for each channel, computed from its mean, or one for each pixel."""
        name, channels, height, width = self.pick()
        if self.random.random() < 0.7:
            mean = self.node("GlobalAveragePool", name)
            factor = self.node("Conv", mean, self.weight(channels, channels, 1, 1, scale=channels ** -0.5))
        else:
            factor = self.node("Conv", name, self.weight(1, channels, 1, 1, scale=channels ** -0.5))
        product = self.node("Mul", name, self.node("Sigmoid", factor))
        self.images.append((product, channels, height, width))

    def add_concat(self):
        name, channels, height, width = self.pick()
        others = [image for image in self.images if image[2:] == (height, width)]
        other = self.random.choice(others)
        self.images.append((self.node("Concat", other[0], name, axis=1), other[1] + channels, height, width))

    def add_pool(self):
        name, channels, height, width = self.pick()
        kernel, stride, pad, ceil = (self.random.choice(c) for c in ([2, 3], [1, 2], [0, 1], [0, 0, 1]))
        if min(height, width) + 2 * pad < kernel:
            return

        def count(size):
            windows = (size + 2 * pad - kernel + (stride - 1 if ceil else 0)) // stride + 1
            return windows - 1 if ceil and (windows - 1) * stride >= size + pad else windows

        value = self.node("MaxPool", name, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4, ceil_mode=ceil)
        self.images.append((value, channels, count(height), count(width)))

    def add_sum(self):
        name, *shape = self.pick()
        other = self.random.choice([image[0] for image in self.images if list(image[1:]) == shape])
        self.images.append((self.node("Add", name, other), *shape))

    def add_activation(self):
        name, *shape = self.pick()
        op = self.random.choice(["Relu", "Sigmoid", "Tanh", "LeakyRelu", "Clip"])
        self.images.append((self.node(op, name), *shape))

    def add_arithmetic(self):
        name, channels, *size = self.pick()
        constant = self.weight(*self.random.choice([[channels, 1, 1], [1], [], [1, channels, 1, 1]]))
        operands = [name, constant] if self.random.random() < 0.7 else [constant, name]
        self.images.append((self.node(self.random.choice(["Mul", "Add", "Sub"]), *operands), channels, *size))

    def add_softmax(self):
        name, *shape = self.pick()
        op, axis = self.random.choice(["Softmax", "Softmax", "LogSoftmax"]), self.random.randint(-4, 3)
        self.images.append((self.node(op, name, axis=axis), *shape))

    def add_reduction(self):
        name, *_ = self.pick()
        op = self.random.choice(["ReduceMax", "ReduceMean", "ReduceMin", "ReduceL1", "ReduceL2", "ReduceSumSquare",
                                 "ReduceLogSumExp"])
        if op in ("ReduceMean", "ReduceLogSumExp"): # of all signs it may be nothing but rounding
            name = self.node("Abs", name)
        axes = self.random.sample(range(4), self.random.randint(1, 4))
        self.outputs.append(self.node(op, name, axes=axes, keepdims=self.random.randint(0, 1)))

    def add_product(self):
        """Of an image's planes by a matrix, or one for each channel; of squares by themselves. The width must be known."""
        name, channels, height, width = self.pick()
        if self.is_dynamic:
            return
        columns = self.random.choice([1, 5, 16, 33])
        matrices = self.weight(*self.random.choice([(), (channels,)]), width, columns, scale=width ** -0.5)
        product = self.node("MatMul", name, matrices)
        self.images.append((product, channels, height, columns))
        if height == width:
            self.images.append((self.node("MatMul", name, name), channels, height, width))

    def add_head(self):
        name, channels, *_ = self.pick()
        pooled = self.node(self.random.choice(["GlobalAveragePool", "GlobalMaxPool"]), name)
        columns = self.random.choice([1, 5, 16, 33])
        self.outputs.append(self.node("Gemm", self.node("Flatten", pooled), self.weight(columns, channels),
                                      self.weight(columns), transB=1))

    def list_sizes(self):
        return [{}]

    def make_inputs(self, _sizes):
        return {"x": self.numbers.standard_normal(self.input_shape).astype(numpy.float32)}

    def make_model(self):
        shape = list(self.input_shape)
        if self.is_dynamic:
            shape[0], shape[2], shape[3] = "N", "H", "W"
        ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in self.outputs]
        graph = helper.make_graph(self.nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)], ports,
                                  self.initializers)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


KINDS = {"networks": Network, "programs": Program}


def agrees_with_onnx(model, inputs, sizes, program, folder, runs):
    """Whether dlc does what ONNX's own evaluator does, where ONNX Runtime does something else: it joins empty tensors of any
    dims."""
    evaluator = onnx.reference.ReferenceEvaluator(model)
    try:
        with numpy.errstate(all="ignore"):
            expected = evaluator.run(None, inputs)
    except Exception: # of an op of the evaluator, which may raise any
        try:
            runs.session.make_context(1).run(inputs)
        except RunError:
            return True
        return False
    return not compare_size(lambda _: expected, sizes, inputs, program.outputs, folder, runs, TOLERANCE)[1]


def check_sizes(program, model, artifact, folder):
    """What differs, or None; and whether ONNX Runtime takes the model at the sizes that it was made for."""
    try:
        reference = make_reference(model)
    except Exception: # of ONNX Runtime, whose exceptions have no base but this
        return None, False
    runs = ApiRuns(artifact)
    for index, sizes in enumerate(program.list_sizes()):
        inputs = program.make_inputs(sizes)
        try:
            reference(inputs)
        except Exception:
            if index == 0:
                return None, False
            continue
        _, wrong = compare_size(reference, sizes, inputs, program.outputs, folder, runs, TOLERANCE)
        if wrong and not agrees_with_onnx(model, inputs, sizes, program, folder, runs):
            return f"{sizes or 'static'}: {wrong[0]}", True
    return None, True


def check_seed(kind, seed, folder, by_library):
    """What is wrong, or None; and whether the seed gives a model that ONNX Runtime takes."""
    program, target = KINDS[kind](seed), random.Random(seed).choice(TARGETS)
    if not program.outputs:
        return None, False
    model = f"{folder}/m.onnx"
    onnx.save(program.make_model(), model)
    try:
        artifact = compile_model(model, folder, target_cpu=target if target != "host" else None, reference=by_library)
        problem, taken = check_sizes(program, model, artifact, folder)
    except SystemExit as error:
        problem, taken = str(error), True
    return (f"{kind} {seed}, {target}: {problem}" if problem else None), taken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--models", type=int, default=40)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--reference", action="store_true", help="compile with dlc-compile --reference: library ops alone")
    arguments = parser.parse_args()
    os.environ["DLC_NUM_THREADS"] = "2"
    with tempfile.TemporaryDirectory() as folder:
        seeds = range(arguments.first_seed, arguments.first_seed + arguments.models)
        results = [check_seed(arguments.kind, seed, folder, arguments.reference) for seed in seeds]
    found = [problem for problem, _ in results if problem]
    print(*found, f"{len(found)} of {sum(taken for _, taken in results)} models differ", sep="\n")
    # Seeds without a model are few: else this would test nothing.
    return 1 if found or sum(taken for _, taken in results) < 0.8 * len(results) else 0


if __name__ == "__main__":
    sys.exit(main())
