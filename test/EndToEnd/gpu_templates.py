#!/usr/bin/env python3
"""A model of products, convolutions and attention at many sizes, so that each tile and each way to compute them on a GPU occurs.

    gpu_templates.py MODEL.onnx [stored]

`stored`: products alone, and each of what another one has stored, as warpgroups take it.
"""

import sys

import numpy as np
from onnx import TensorProto, helper, numpy_helper, save

ROWS, COLUMNS, INNER = (1, 40, 128, 1024, 8192), (5, 16, 32, 64, 128, 1000), 72
IMAGES = ((3, 32, 7, 2, 112), (16, 24, 3, 1, 56), (64, 64, 3, 1, 28), (64, 256, 1, 1, 14), (256, 128, 1, 2, 28))
STORED_ROWS, STORED_COLUMNS = (40, 128, 2048, 8192), (64, 256, 768, 3072)
HEADS = ((16, 5), (32, 64), (64, 128), (64, 1000), (80, 64), (128, 5), (128, 128), (128, 1000))


class Graph:
    def __init__(self):
        self.nodes, self.inputs, self.outputs, self.weights = [], [], [], []

    def take(self, shape):
        name = f"x{len(self.inputs)}"
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        return name

    def keep(self, shape):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.ones(shape, np.float32), name))
        return name

    def add(self, operator, *inputs, **attributes):
        name = f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [name], **attributes))
        return name

    def give(self, name):
        self.outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))


def add_stored(graph):
    for rows in STORED_ROWS:
        for inner in (INNER, 1024):
            x = graph.add("Gemm", graph.take([rows, INNER]), graph.keep([INNER, inner]))
            for columns in STORED_COLUMNS:
                graph.give(graph.add("Relu", graph.add("Gemm", x, graph.keep([inner, columns]), graph.keep([columns]))))
    for inputs, outputs, size, stride, side in IMAGES[1:]:
        for batch in (1, 16):
            x = graph.add("Conv", graph.take([batch, 8, side, side]), graph.keep([inputs, 8, 1, 1]))
            conv = graph.add("Conv", x, graph.keep([outputs, inputs, size, size]), graph.keep([outputs]), strides=[stride] * 2,
                             pads=[size // 2] * 4)
            graph.give(graph.add("HardSwish", conv))


def add_all(graph):
    for rows in ROWS:
        x = graph.take([rows, INNER])
        for columns in COLUMNS:
            graph.give(graph.add("Relu", graph.add("Gemm", x, graph.keep([INNER, columns]), graph.keep([columns]))))
            graph.give(graph.add("MatMul", x, graph.take([INNER, columns])))
        graph.give(graph.add("MatMul", x, graph.take([1024, INNER, 64])))
    x, y = (graph.add("MatMul", graph.take([8, 4096, 64]), graph.keep([64, INNER])) for _ in range(2))
    graph.give(graph.add("MatMul", x, graph.add("Transpose", y, perm=[0, 2, 1])))
    for inputs, outputs, size, stride, side in IMAGES:
        for batch in (1, 16):
            x = graph.take([batch, inputs, side, side])
            conv = graph.add("Conv", x, graph.keep([outputs, inputs, size, size]), graph.keep([outputs]), strides=[stride] * 2,
                             pads=[size // 2] * 4)
            graph.give(graph.add("HardSwish", conv))
            graph.give(graph.add("Conv", x, graph.keep([inputs, 1, 3, 3]), group=inputs, pads=[1] * 4))
    for size, length in HEADS:
        for batch in (1, 16):
            q, k, v = (graph.take([batch, 12, length, size]) for _ in range(3))
            graph.give(graph.add("Attention", q, k, v))
            graph.give(graph.add("Attention", q, k, v, graph.take([length, length]), is_causal=1))


def main():
    graph = Graph()
    (add_stored if sys.argv[2:] == ["stored"] else add_all)(graph)
    made = helper.make_graph(graph.nodes, "templates", graph.inputs, graph.outputs, graph.weights)
    save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 23)], ir_version=10), sys.argv[1])


if __name__ == "__main__":
    main()
