"""Cases of ops that move elements."""

import numpy as np

from op_cases import BF16, INTEGERS, NUMBERS, SHAPES, STRING, i64, sample, scalar, tame, text

# Of each size of an element, and strings.
MOVED = [np.float32, np.int8, BF16, np.int64, bool, STRING]


def views(c):
    for dtype in MOVED:
        for shape, target in [((2, 3), (3, 2)), ((2, 3), (-1,)), ((2, 3), (0, -1)), ((), (1, 1)), ((4,), (2, -1, 2)), ((1,), ())]:
            c.onnx("reshape", [sample(shape, dtype), np.array(target, np.int64)], "Reshape", exact=True)
        c.equal("reshape", [sample((2, 0, 3), dtype), i64(0, 7)], [np.zeros((0, 7), dtype)], allow_zero=1)
        for axis in range(-3, 4):
            c.onnx("flatten", [sample((2, 3, 4), dtype)], "Flatten", exact=True, axis=axis)
        c.equal("flatten", [np.zeros((), np.float32)], [np.zeros((1, 1))], axis=0)
        x = sample((1, 3, 1), dtype)
        c.onnx("squeeze", [x], "Squeeze", exact=True)
        c.onnx("squeeze", [x, i64(-1)], "Squeeze", exact=True)
        c.onnx("squeeze", [x, i64(0, 2)], "Squeeze", exact=True)
        for axes in [(0,), (-1,), (1, 3), (3, 0)]:
            c.onnx("unsqueeze", [sample((2, 3), dtype), np.array(axes, np.int64)], "Unsqueeze", exact=True)
    c.onnx("unsqueeze", [sample((), np.float32), i64(0, 1)], "Unsqueeze", exact=True)
    c.fails("reshape", [tame((2, 3)), i64(4, 2)], "cannot reshape dims [2, 3] to [4, 2]")
    c.fails("reshape", [tame((2, 3)), i64(-1, -1)], "cannot have the dims")
    c.fails("reshape", [tame((2, 3)), i64(5, -1)], "cannot reshape")
    c.fails("reshape", [tame((6,)), i64(6, 0)], "copies dim 1")
    c.fails("reshape", [tame((0, 3)), i64(0, -1)], "cannot reshape")
    c.fails("reshape", [tame((2, 3)), i64(2**62, 2**62)], "cannot have the dims")
    c.fails("reshape", [tame((2, 3)), np.ones((1, 2), np.int64)], "to be a vector")
    c.fails("reshape", [tame((1,)), np.ones(33, np.int64)], "at most 32 dims")
    c.fails("flatten", [tame((2, 3))], "axis 3", axis=3)
    c.fails("squeeze", [tame((1, 3)), i64(1)], "expected dim 1 of [1, 3] to be 1")
    c.fails("squeeze", [tame((1, 3)), i64(2)], "axis 2 is not among 2 dims")
    c.fails("unsqueeze", [tame((2,)), i64(0, 0)], "axis 0 occurs twice")


def shapes(c):
    for shape in SHAPES:
        x = sample(shape, np.float32)
        c.onnx("shape", [x], "Shape")
        c.onnx("size", [x], "Size")
        for start, end in [(0, 1), (-1, 3), (1, -1), (-9, 9), (2, 1)]:
            c.onnx("shape", [x], "Shape", start=start, end=end)
        for dtype in MOVED:
            c.like("constant_of_shape", [np.array(shape, np.int64), sample((), dtype)], lambda s, v: np.full(s, v))
    c.fails("shape", [], "operand 0 is missing")
    c.fails("size", [[tame((2,))]], "to be a tensor, found sequence")
    c.equal("constant_of_shape", [i64(2)], [np.zeros(2)])
    c.fails("constant_of_shape", [i64(2, -1), tame(())], "cannot have the dims [2, -1]")
    c.fails("constant_of_shape", [i64(2), tame((2,))], "one element")
    for dtype in MOVED:
        for shape, target in [((3, 1), (2, 1, 4)), ((), (2,)), ((2, 3), (1,)), ((1,), (0, 2)), ((0,), (1,))]:
            c.onnx("expand", [sample(shape, dtype), np.array(target, np.int64)], "Expand", exact=True)
        for shape, target in [((3, 1), (2, 3, 4)), ((), (2,)), ((1,), (0, 2)), ((2,), (2,))]:
            c.like("broadcast", [sample(shape, dtype), np.array(target, np.int64)], np.broadcast_to, exact=True)
        for shape, repeats in [((2, 3), (2, 1)), ((2, 3), (0, 2)), ((), ()), ((0, 2), (3, 3)), ((4,), (3,))]:
            c.onnx("tile", [sample(shape, dtype), np.array(repeats, np.int64)], "Tile", exact=True)
    c.fails("expand", [tame((2, 3)), i64(2)], "do not broadcast")
    c.fails("broadcast", [tame((2, 3)), i64(3)], "do not broadcast to [3]")
    c.fails("broadcast", [tame((2, 3))], "operand 1 is missing")
    c.fails("tile", [tame((2, 3)), i64(2)], "expected 2 repeats")
    c.fails("tile", [tame((2,)), i64(-1)], "cannot repeat")
    for dtype in [np.float32, np.float64, np.int16, np.int32, np.int64]:
        for start, limit, delta in [(0, 5, 1), (5, 0, -2), (0, 0, 1), (3, 1, 1), (-7, 8, 3), (1, 2, 4)]:
            c.onnx("range", [scalar(start, dtype), scalar(limit, dtype), scalar(delta, dtype)], "Range")
    c.like("range", [scalar(0.1, np.float32), scalar(1, np.float32), scalar(0.3, np.float32)], lambda a, b, d: a + d * np.arange(3))
    least, most = -2**63, 2**63 - 1
    c.equal("range", [scalar(least), scalar(most), scalar(most)], [i64(least, -1, most - 1)])
    c.fails("range", [scalar(0), scalar(5), scalar(0)], "step of a range is zero")
    c.fails("range", [scalar(least), scalar(most), scalar(1)], "too many elements")
    c.fails("range", [scalar(0.0, np.float32), scalar(np.nan, np.float32), scalar(1.0, np.float32)], "too many elements")


def rearrangement(c):
    for dtype in MOVED:
        for shape, perm in [((2, 3, 4), (2, 0, 1)), ((2, 3), (1, 0)), ((2, 0, 3), (1, 2, 0)), ((5,), (0,))]:
            c.onnx("transpose", [sample(shape, dtype)], "Transpose", exact=True, perm=list(perm))
        c.onnx("transpose", [sample((2, 3, 4), dtype)], "Transpose", exact=True)
        for axis in (0, 1, -1):
            parts = [sample(tuple(n if i == axis % 2 else 3 for i in range(2)), dtype) for n in (2, 0, 1)]
            c.onnx("concat", parts, "Concat", exact=True, axis=axis)
        c.onnx("concat", [sample((2, 3), dtype)], "Concat", exact=True, axis=0)
        for upper in (0, 1):
            for k in (-9, -1, 0, 2):
                c.onnx("trilu", [sample((2, 3, 4), np.int64), scalar(k)], "Trilu", exact=True, upper=upper)
        c.onnx("reverse_sequence", [sample((4, 3, 2), np.int64), i64(1, 0, 4)], "ReverseSequence", exact=True, batch_axis=1, time_axis=0)
        c.onnx("reverse_sequence", [sample((2, 3), np.float32), i64(3, 2)], "ReverseSequence", exact=True, batch_axis=0, time_axis=1)
    c.onnx("trilu", [sample((0, 4), np.float32)], "Trilu", upper=1)
    c.equal("trilu", [text("a", "b", "c", "d").reshape(2, 2)], [text("a", "b", "", "d").reshape(2, 2)])
    c.fails("transpose", [tame((2, 3))], "perm names axis 0 twice", perm=[0, 0])
    c.fails("transpose", [tame((2, 3))], "expected perm to have 2 elements, found 1", perm=[0])
    c.fails("concat", [tame((2, 3)), tame((2, 4))], "cannot join dims [2, 3] and [2, 4] along axis 0", axis=0)
    c.fails("concat", [tame((2,)), tame((2,), np.int32)], "cannot join f32 and i32", axis=0)
    c.fails("concat", [tame(())], "axis 0 is not among 0 dims", axis=0)
    c.fails("concat", [], "operand 0 is missing", axis=0)
    c.fails("trilu", [tame((2,))], "at least 2 dims")
    c.fails("reverse_sequence", [tame((4, 3)), i64(1, 0, 5)], "length 5 is not from 0 to 4")
    c.fails("reverse_sequence", [tame((4, 3)), i64(1)], "expected 3 lengths")
    for dtype in MOVED:
        for axis in (0, -1):
            x = sample((6, 6), dtype)
            c.like("split", [x], lambda x: np.array_split(x, 3, axis), exact=True, axis=axis)
            c.like("split", [x, i64(1, 0, 5)], lambda x, _: np.split(x, [1, 1], axis), exact=True, axis=axis)
    c.equal("split", [i64(*range(7))], [i64(0, 1, 2), i64(3, 4, 5), i64(6)], axis=0, num_outputs=3)
    c.equal("split", [i64(1)], [i64(1), i64(), i64()], axis=0)
    c.fails("split", [i64(*range(7)), i64(3, 3)], "do not add up to 7", outputs=2, axis=0)
    c.fails("split", [i64(*range(7)), i64(3, 4)], "expected 3 sizes", outputs=3, axis=0)
    c.fails("split", [i64(*range(7))], "expected 4 outputs", outputs=3, axis=0, num_outputs=4)


def slices(c):
    most = 2**63 - 1
    bounds = [((0,), (2,), None, None), ((1,), (most,), (1,), None), ((-1,), (-most,), (0,), (-1,)), ((0, 1), (5, 3), (-1, 0), (2, 1)),
              ((2,), (1,), (0,), (1,)), ((-100,), (100,), (1,), (3,)), ((4, 0), (0, 4), (0, 1), (-3, 1)), ((-2,), (-1,), (2,), None)]
    for dtype in MOVED:
        for shape in [(5, 6, 7), (1, 4, 1), (3, 0, 2)]:
            for starts, ends, axes, steps in bounds:
                operands = [sample(shape, dtype)] + [None if a is None else np.array(a, np.int64) for a in (starts, ends, axes, steps)]
                while operands[-1] is None:
                    operands.pop()
                c.onnx("dynamic_slice", operands, "Slice", exact=True)
        x = sample((4, 5), dtype)
        c.equal("slice", [x], [x[1:4:2, ::-1]], exact=True, starts=[1, 4], sizes=[2, 5], steps=[2, -1])
        c.equal("slice", [x], [x[0:0]], exact=True, starts=[9, 0], sizes=[0, 5], steps=[1, 1])
    # The start is clamped to the first element, as the specification says; numpy takes none.
    for count in (0, 6):
        c.equal("dynamic_slice", [np.arange(count), i64(-9), i64(-100), i64(0), i64(-1)], [np.arange(count)[:1]])
    c.fails("slice", [tame((4,))], "leaves dim 0 of [4]", starts=[2], sizes=[3], steps=[1])
    c.fails("slice", [tame((4,))], "leaves dim 0 of [4]", starts=[2], sizes=[2**62], steps=[4])
    c.fails("slice", [tame((4,))], "expected 1 starts", starts=[2, 0], sizes=[1], steps=[1])
    c.fails("dynamic_slice", [tame((4,)), i64(0), i64(1), i64(0), i64(0)], "step of axis 0 is 0")
    c.fails("dynamic_slice", [tame((4,)), i64(0, 0), i64(1, 1)], "as many starts")
    c.fails("dynamic_slice", [tame((4, 4)), i64(0, 0), i64(1, 1), i64(0, -2)], "axis 0 occurs twice")


def pads(c):
    for dtype in MOVED:
        for mode in ("constant", "edge", "reflect", "wrap"):
            x = sample((3, 4), np.int64 if dtype == STRING else dtype)
            for low, high in [((1, 2), (2, 1)), ((0, 0), (0, 3)), ((0, 0), (0, 0))]:
                c.like("pad", [x], lambda x: np.pad(x, list(zip(low, high)), mode), exact=True, mode=mode, low=list(low), high=list(high))
                c.onnx("dynamic_pad", [x, i64(*low, *high)], "Pad", exact=True, mode=mode)
    x = sample((3, 4), np.int32)
    c.onnx("dynamic_pad", [x, i64(1, 2), scalar(9, np.int32), i64(-1)], "Pad", mode="constant")
    c.equal("pad", [x, scalar(7, np.int32)], [np.pad(x[1:, :-2], ((0, 1), (1, 0)), constant_values=7)], mode="constant", low=[-1, 1], high=[1, -2])
    c.equal("pad", [np.zeros((0,), np.float32)], [np.zeros(3)], low=[1], high=[2])
    c.equal("pad", [text("a")], [text("", "a", "")], low=[1], high=[1])
    c.equal("pad", [i64(1, 2)], [i64(2, 1, 2, 1, 2, 1)], mode="reflect", low=[1], high=[3])
    c.fails("pad", [tame((0,))], "cannot pad dims [0]", mode="edge", low=[1], high=[0])
    c.fails("pad", [tame((2,))], "cannot pad dims [2] by [-3]", low=[-3], high=[0])
    c.fails("pad", [tame((2,))], "unknown value 'other'", mode="other", low=[0], high=[0])
    c.fails("pad", [tame((2,))], "expected 1 pads", low=[0, 0], high=[0])
    c.fails("dynamic_pad", [tame((2,)), i64(1)], "expected pads to have 2 elements")


def gathers(c):
    for dtype in MOVED:
        x = sample((3, 4, 2), dtype)
        for axis in (0, 1, -1):
            for places in [i64(1, -2, 0), scalar(1), i64(), np.array([[0, 1], [1, 0]], np.int32)]:
                c.onnx("gather", [x, places], "Gather", exact=True, axis=axis)
            places = np.array(np.random.default_rng(1).integers(-2, 2, (3, 4, 2)))
            c.onnx("gather_elements", [x, places], "GatherElements", exact=True, axis=axis)
        c.like("gather_elements", [x, i64(1, 2).reshape(1, 2, 1)], lambda x, _: np.array([x[0, 1, 0], x[0, 2, 0]], x.dtype).reshape(1, 2, 1), exact=True, axis=1)
        for places, batch in [([[0, 1], [2, -1]], 0), ([[[1]], [[0]], [[3]]], 1), ([[0, 1, 1]], 0), ([[1], [0], [3]], 1)]:
            c.onnx("gather_nd", [x, np.array(places, np.int64)], "GatherND", exact=True, batch_dims=batch)
        c.like("gather_nd", [x, np.zeros((2, 0), np.int64)], lambda x, _: np.stack([x, x]), exact=True)
    c.equal("gather", [np.zeros((0, 3), np.float32), i64()], [np.zeros((0, 3))], axis=0)
    c.fails("gather", [tame((3,)), i64(3)], "index 3 is out of range for a dim of 3", axis=0)
    c.fails("gather", [tame((3,)), i64(-4)], "index -4 is out of range", axis=0)
    c.fails("gather", [tame((3,)), i64(0)], "axis 1 is not among 1 dims", axis=1)
    c.fails("gather", [tame((0,)), i64(0)], "out of range for a dim of 0", axis=0)
    c.fails("gather_elements", [tame((3,)), i64(3)], "index 3 is out of range", axis=0)
    c.fails("gather_elements", [tame((3,)), i64(0, 0).reshape(1, 2)], "to have rank 1", axis=0)
    c.fails("gather_elements", [tame((3, 1)), i64(0, 0).reshape(1, 2)], "leave data of dims [3, 1]", axis=0)
    c.fails("gather_nd", [tame((3, 2)), i64(1, 2)], "index 2 is out of range for a dim of 2")
    c.fails("gather_nd", [tame((3,)), i64(1, 2)], "do not fit data")


def scatters(c):
    for dtype in [np.float32, np.float16, np.int8, np.int64, np.uint64, STRING]:
        for reduction in ("none", "add", "mul", "max", "min"):
            if dtype == STRING and reduction != "none":
                continue
            draw = sample if dtype == STRING else tame
            data, updates = draw((4, 3), dtype), draw((2, 3), dtype)
            places = i64(0, 1, 2, 2, -1, 2).reshape(2, 3) if reduction != "none" else i64(0, 1, 2, 2, -1, 0).reshape(2, 3)
            c.onnx("scatter_elements", [data, places, updates], "ScatterElements", axis=0, reduction=reduction)
            columns = i64(2, 0, 1, -3 if reduction != "none" else -1).reshape(2, 2)
            c.onnx("scatter_elements", [data, columns, draw((2, 2), dtype)], "ScatterElements", axis=1, reduction=reduction)
            c.onnx("scatter_nd", [draw((4, 11), dtype), i64(1, -1, 0).reshape(3, 1), draw((3, 11), dtype)], "ScatterND", reduction=reduction)
            pairs = i64(0, 1, 2, -1).reshape(2, 2)
            c.onnx("scatter_nd", [data, pairs, draw((2,), dtype)], "ScatterND", reduction=reduction)
            c.onnx("scatter_nd", [data, i64(1, 3).reshape(2, 1), updates], "ScatterND", reduction=reduction)
    c.equal("scatter_nd", [i64(1, 2), i64().reshape(0, 1), i64()], [i64(1, 2)])
    c.equal("scatter_nd", [text("ab", "c"), i64(0, 0).reshape(2, 1), text("d", "efg")], [text("efg", "c")])  # the last one stays
    holes = np.array([1, np.nan, 3], np.float32)
    c.equal("scatter_elements", [holes, i64(0, 1, 2), holes[[1, 2, 0]]], [np.array([np.nan, np.nan, 3])], axis=0, reduction="max")
    c.equal("scatter_nd", [i64(1, 1), i64(0, 0, -2).reshape(3, 1), i64(2, 3, 4)], [i64(10, 1)], reduction="add")
    c.equal("scatter_elements", [i64(1, 2, 3), i64(), i64()], [i64(1, 2, 3)], axis=0)
    c.fails("scatter_nd", [i64(1, 2), i64(2).reshape(1, 1), i64(5)], "index 2 is out of range")
    c.fails("scatter_nd", [i64(1, 2), i64(1).reshape(1, 1), i64(5, 6)], "expected updates of dims [1]")
    c.fails("scatter_nd", [text("a"), i64(0).reshape(1, 1), text("b")], "have no reduction", reduction="add")
    c.fails("scatter_elements", [i64(1, 2), i64(2), i64(5)], "index 2 is out of range", axis=0)
    c.fails("scatter_elements", [i64(1, 2), i64(1), i64(5, 6)], "expected updates of dims [1]", axis=0)
    c.fails("scatter_elements", [i64(1), i64(0), i64(5)], "unknown value 'sum'", axis=0, reduction="sum")


def indices(c):
    for dtype in [*NUMBERS, bool]:
        for shape in [(3, 4), (0,), (2, 0), (5,)]:
            x = tame(shape, np.int32).astype(dtype) if dtype != bool else sample(shape, bool)
            c.onnx("nonzero", [x], "NonZero")
    c.equal("nonzero", [scalar(3)], [np.zeros((0, 1), np.int64)])
    c.equal("nonzero", [text("a", "", "bc")], [i64(0, 2).reshape(1, 2)])
    c.fails("nonzero", [[tame((2,))]], "to be a tensor, found sequence")
    for dtype in MOVED:
        off_on = sample((2,), dtype)
        for axis in (-1, 0, 1):
            places = i64(1, -1, 2, 0).reshape(2, 2)
            expected = np.where(np.moveaxis(np.eye(3, dtype=bool)[places], -1, axis), off_on[1], off_on[0])
            c.equal("one_hot", [places, scalar(3), off_on], [expected.astype(dtype)], exact=True, axis=axis)
    c.equal("one_hot", [i64(7, -4), scalar(3), i64(0, 1)], [np.zeros((2, 3), np.int64)])
    c.equal("one_hot", [np.array([0.5, -1, np.nan, -0.0]), scalar(2), i64(0, 1)], [i64(0, 0, 0, 1, 0, 0, 1, 0).reshape(4, 2)])
    c.equal("one_hot", [np.array(1.0, np.float32), np.array(2.0, np.float32), i64(5, 6)], [i64(5, 6)])
    c.fails("one_hot", [i64(1), scalar(-1), i64(0, 1)], "a depth is negative")
    c.fails("one_hot", [i64(1), scalar(1), i64(0)], "expected one depth and two values")


MOVEMENT_FAMILIES = [views, shapes, rearrangement, slices, pads, gathers, scatters, indices]
