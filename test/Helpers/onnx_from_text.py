#!/usr/bin/env python3
"""Writes an ONNX file from ONNX's textual syntax.

    onnx_from_text.py INPUT.txt OUTPUT.onnx

Lines that start with `#` are comments (RUN and CHECK lines of a test). Lines that start with `#!` are Python statements,
executed in order once the text is parsed, for what the syntax cannot say: they see `model`, `graph` (its graph), `onnx`,
`weight(name, shape)`, which adds an initializer of f32 ramps as raw data, and `noise(name, shape)`, which adds one of
random values between -1 and 1.
"""

import sys

import numpy
import onnx
import onnx.parser


def build(text):
    lines = text.splitlines()
    model = onnx.parser.parse_model("\n".join("" if line.startswith("#") else line for line in lines))

    def weight(name, shape):
        count = int(numpy.prod(shape))
        values = (numpy.arange(count, dtype=numpy.float32) % 7 - 3).reshape(shape)
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))

    generator = numpy.random.default_rng(5)

    def noise(name, shape):
        values = generator.uniform(-1, 1, shape).astype(numpy.float32)
        model.graph.initializer.append(onnx.numpy_helper.from_array(values, name))

    names = {"model": model, "graph": model.graph, "onnx": onnx, "weight": weight, "noise": noise}
    exec("\n".join(line[2:].strip() for line in lines if line.startswith("#!")), names)
    return model


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as source:
        model = build(source.read())
    with open(sys.argv[2], "wb") as output:
        output.write(model.SerializeToString())


if __name__ == "__main__":
    main()
