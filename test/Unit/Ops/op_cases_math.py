"""Cases of ops that combine elements with each other."""

import numpy as np

from op_cases import BF16, FLOATS, INTEGERS, NUMBERS, i64, sample, scalar, tame, text


def matmuls(c):
    for dtype in [*FLOATS, np.int32, np.int64, np.uint32, np.uint64]:
        for left, right in [((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,)), ((5, 2, 3), (3, 4)), ((2, 1, 2, 3), (4, 3, 2)),
                            ((0, 3), (3, 2)), ((2, 0), (0, 2)), ((2, 3), (5, 3, 0)), ((1, 1), (1, 1)), ((9, 5), (2, 5, 70))]:
            c.like("matmul", [tame(left, dtype), tame(right, dtype)], np.matmul)
        a, b, bias = tame((2, 3, 5), dtype), tame((4, 5), dtype), tame((4,), dtype)
        c.like("matmul", [a, b, bias], lambda a, b, bias: a @ b.T + bias, transpose_rhs=1)
        c.like("matmul", [a, b], lambda a, b: a @ b.T, transpose_rhs=1)
        c.like("matmul", [b, tame((4, 67), dtype)], lambda a, b: a.T @ b, transpose_lhs=1)
    c.fails("matmul", [tame((2, 3)), tame((4, 2))], "cannot multiply dims [2, 3] and [4, 2]")
    c.fails("matmul", [tame((2, 3)), tame(())], "expected matrices")
    c.fails("matmul", [tame((2, 3)), tame((3, 4)), tame((3,))], "expected a bias of 4 elements")
    c.fails("matmul", [tame((2, 2, 3)), tame((3, 3, 4))], "do not broadcast")


def convolutions(c):
    cases = [((1, 1, 5), (1, 1, 3), {}), ((2, 4, 5, 6), (6, 2, 3, 2), {"group": 2, "strides": [2, 1], "pads": [1, 0, 2, 1]}),
             ((1, 2, 7, 7), (3, 2, 3, 3), {"dilations": [2, 3], "pads": [2, 3, 2, 3]}), ((1, 3, 4, 4), (3, 1, 1, 1), {"group": 3}),
             ((1, 2, 3, 4, 5), (2, 2, 2, 2, 2), {"pads": [1, 1, 1, 0, 0, 0]}), ((0, 1, 3), (2, 1, 2), {}), ((1, 1, 2), (1, 1, 2), {"strides": [5]})]
    for dtype in FLOATS:
        for shape, filter_shape, attributes in cases:
            full = {"strides": [1] * (len(shape) - 2), "pads": [0] * 2 * (len(shape) - 2), "dilations": [1] * (len(shape) - 2), "group": 1} | attributes
            x, w = tame(shape, dtype), tame(filter_shape, dtype)
            b = tame((filter_shape[0],), dtype)
            c.like("conv", [x, w, b], lambda x, w, b: direct_conv(x, w, b, **full), **attributes)
            c.like("conv", [x, w], lambda x, w: direct_conv(x, w, np.zeros(len(w)), **full), **full)
    x, w = tame((1, 2, 5, 5)), tame((2, 2, 3, 3))
    c.like("conv", [x, w], lambda x, w: direct_conv(x, w, np.zeros(2), [1, 1], [0] * 4, [1, 1], 1), strides=[], pads=[], dilations=[])
    c.fails("conv", [x, tame((2, 3, 3, 3))], "does not fit an input of dims [1, 2, 5, 5] in 1 groups")
    c.fails("conv", [x, tame((2, 2, 3))], "expected input and filter of one rank")
    c.fails("conv", [x, w, tame((3,))], "expected a bias of 2 elements")
    c.fails("conv", [x, w], "0 is not allowed among the strides", strides=[0, 1])
    c.fails("conv", [x, w], "expected 2 dilations, found 1", dilations=[1])
    c.fails("conv", [x, tame((2, 2, 6, 3))], "a window of 6 elements does not fit a dim of 5")


def direct_conv(x, w, b, strides, pads, dilations, group):
    """By slices of the padded input, one for each tap."""
    rank, count = len(strides), w.shape[0] // group
    padded = np.pad(x, [(0, 0), (0, 0)] + [(pads[i], pads[rank + i]) for i in range(rank)])
    sizes = [(padded.shape[i + 2] - (w.shape[i + 2] - 1) * dilations[i] - 1) // strides[i] + 1 for i in range(rank)]
    result = np.zeros([x.shape[0], w.shape[0], *sizes]) + b.reshape(-1, *[1] * rank)
    for tap in np.ndindex(*w.shape[2:]):
        window = tuple(slice(t * d, t * d + (n - 1) * s + 1, s) for t, d, n, s in zip(tap, dilations, sizes, strides))
        for m in range(w.shape[0]):
            first = m // count * w.shape[1]
            for k in range(w.shape[1]):
                result[:, m] += padded[(slice(None), first + k, *window)] * w[(m, k, *tap)]
    return result


def pools(c):
    for dtype in [*FLOATS, np.int8, np.uint8]:
        for kernel, given in [([2, 2], {}), ([3, 2], {"strides": [2, 1], "pads": [1, 0, 1, 1]}), ([2, 2], {"dilations": [2, 2]}),
                              ([3, 3], {"strides": [2, 2], "ceil_mode": 1}), ([2, 2], {"strides": [3, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1})]:
            x = tame((2, 3, 6, 5), dtype)
            ours = {name: value for name, value in given.items() if name != "ceil_mode"} | ({"ceil": 1} if "ceil_mode" in given else {})
            full = {"strides": [1, 1], "pads": [0] * 4, "dilations": [1, 1], "ceil_mode": 0} | given
            c.like("pool", [x], lambda x: direct_pool(x, kernel, **full), exact=True, kind="max", kernel=kernel, **ours)
            c.like("max_pool_indices", [x], lambda x: indexed_pool(x, kernel, full), exact=True, kernel=kernel, **ours)
            if dtype in FLOATS:
                for kind in ("sum", "mean", "l1", "l2"):
                    c.like("pool", [x], lambda x: pool_sums(x, kernel, full, kind, False), kind=kind, kernel=kernel, **ours)
                c.like("pool", [x], lambda x: pool_sums(x, kernel, full, "mean", True), kind="mean", kernel=kernel, include_pads=1, **ours)
    c.equal("max_pool_indices", [np.array([[[[1, 5], [7, 2]]]], np.float32)], [np.array([[[[7]]]], np.float32), i64(1).reshape(1, 1, 1, 1)],
            kernel=[2, 2], storage_order=1)
    c.fails("max_pool_indices", [tame((2, 3))], "expected at least 3 dims", kernel=[])
    c.equal("pool", [np.array([[[1, np.nan, 0, 2]]], np.float32)], [np.array([[[np.nan, np.nan, 2]]])], kernel=[2], kind="max")
    c.fails("pool", [tame((2, 3))], "expected at least 3 dims", kernel=[], kind="max")
    c.fails("pool", [tame((2, 3, 4))], "expected a kernel of rank 1", kernel=[1, 1], kind="max")
    c.fails("pool", [tame((2, 3, 4))], "does not fit an input", kernel=[0], kind="max")
    c.fails("pool", [tame((2, 3, 4))], "a window of 5 elements does not fit", kernel=[5], kind="max")
    for dtype in FLOATS:
        for shape in [(2, 3, 4, 5), (1, 2, 3), (0, 2, 3)]:
            axes = tuple(range(2, len(shape)))
            c.like("global_pool", [tame(shape, dtype)], lambda x: x.mean(axes, keepdims=True), kind="mean")
            c.like("global_pool", [tame(shape, dtype)], lambda x: x.max(axes, keepdims=True), kind="max")
    c.fails("global_pool", [tame((2, 3, 4))], "unknown value 'median'", kind="median")
    c.fails("global_pool", [tame((2,))], "expected at least 2 dims", kind="max")


def direct_pool(x, kernel, strides, pads, dilations, ceil_mode):
    least = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    sizes = []
    for i, k in enumerate(kernel):
        room = x.shape[i + 2] + pads[i] + pads[i + 2] - (k - 1) * dilations[i] - 1
        size = (room + (strides[i] - 1 if ceil_mode else 0)) // strides[i] + 1
        sizes.append(size - ((size - 1) * strides[i] >= x.shape[i + 2] + pads[i]))
    result = np.full([*x.shape[:2], *sizes], least, x.dtype)
    for at in np.ndindex(*sizes):
        for tap in np.ndindex(*kernel):
            place = [a * s - p + t * d for a, s, p, t, d in zip(at, strides, pads, tap, dilations)]
            if all(0 <= p < n for p, n in zip(place, x.shape[2:])):
                result[(..., *at)] = np.maximum(result[(..., *at)], x[(..., *place)])
    return result


def windows(x, kernel, form):
    """(index in the result, places of the taps inside of the input, taps inside of the pads) for each window."""
    strides, pads, dilations = form["strides"], form["pads"], form["dilations"]
    for at in np.ndindex(*direct_pool(x, kernel, **form).shape[2:]):
        places = [[a * s - p + t * d for a, s, p, t, d in zip(at, strides, pads, tap, dilations)] for tap in np.ndindex(*kernel)]
        inside = [tuple(place) for place in places if all(0 <= p < n for p, n in zip(place, x.shape[2:]))]
        yield at, inside, sum(all(p < n + end for p, n, end in zip(place, x.shape[2:], pads[2:])) for place in places)


def pool_sums(x, kernel, form, kind, include_pads):
    result = np.zeros(direct_pool(x, kernel, **form).shape)
    for at, inside, padded in windows(x, kernel, form):
        taps = np.stack([x[(..., *place)] for place in inside]).astype(np.float64)
        sums = {"l1": np.abs(taps), "l2": taps * taps}.get(kind, taps).sum(0)
        count = padded if include_pads else len(inside)
        result[(..., *at)] = sums / count if kind == "mean" else np.sqrt(sums) if kind == "l2" else sums
    return result


def indexed_pool(x, kernel, form):
    most = direct_pool(x, kernel, **form)
    found = np.zeros(most.shape, np.int64)
    flat = np.arange(x.size).reshape(x.shape)
    for at, inside, _ in windows(x, kernel, form):
        taps = np.stack([x[(..., *place)] for place in inside])
        numbers = np.stack([flat[(..., *place)] for place in inside])
        found[(..., *at)] = np.take_along_axis(numbers, taps.argmax(0)[None], 0)[0]
    return [most, found]


def reductions(c):
    kinds = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod, "l1": lambda x, a, **k: np.sum(np.abs(x), a, **k),
             "l2": lambda x, a, **k: np.sqrt(np.sum(x * x, a, **k)), "sum_square": lambda x, a, **k: np.sum(x * x, a, **k),
             "log_sum_exp": lambda x, a, **k: np.log(np.sum(np.exp(x), a, **k)), "log_sum": lambda x, a, **k: np.log(np.sum(x, a, **k))}
    for kind, reference in kinds.items():
        for dtype in FLOATS:
            for shape, axes in [((2, 3, 4), (1,)), ((2, 3, 4), (0, -1)), ((2, 3), (0, 1)), ((5,), ()), ((), ()), ((3, 0), (0,))]:
                x = np.abs(tame(shape, dtype)) if kind == "log_sum" else tame(shape, dtype)
                for keep in (0, 1):
                    c.like("reduce", [x], lambda x: reference(x, axes, keepdims=bool(keep)), kind=kind, axes=list(axes), keep_dims=keep)
        c.like("reduce", [np.abs(tame((2, 3)))], lambda x: reference(x, None), kind=kind)
    for dtype in INTEGERS:
        x = tame((3, 4), dtype)
        for kind in ("sum", "max", "min", "prod", "sum_square", "l1"):
            c.like("reduce", [x], lambda x: kinds[kind](x, 1).astype(x.dtype), kind=kind, axes=[1])
        c.like("reduce", [sample((3, 4), dtype)], lambda x: np.max(x, 0), kind="max", axes=[0])
        info = np.iinfo(dtype)
        c.equal("reduce", [np.zeros((0, 2), dtype)], [np.full(2, info.min, dtype)], kind="max", axes=[0])
        c.equal("reduce", [np.zeros((0, 2), dtype)], [np.full(2, info.max, dtype)], kind="min", axes=[0])
        c.equal("reduce", [np.zeros((0, 2), dtype)], [np.zeros(2, dtype)], kind="mean", axes=[0])
    empty = np.zeros((0, 2), np.float32)
    for kind, value in {"sum": 0, "prod": 1, "max": -np.inf, "min": np.inf, "mean": np.nan, "log_sum": -np.inf, "log_sum_exp": -np.inf}.items():
        c.equal("reduce", [empty], [np.full(2, float(value))], kind=kind, axes=[0])
    c.equal("reduce", [np.array([-7, 2], np.int32)], [np.array(-2, np.int32)], kind="mean", axes=[0])
    c.equal("reduce", [np.array([1e30, 3, -1e30])], [np.array(0.0)], kind="sum", axes=[0])
    c.equal("reduce", [np.array([1, np.nan, 3], np.float32)], [np.array(np.nan)], kind="max", axes=[0])
    c.equal("reduce", [np.array([1000, 1000], np.float32)], [np.array(1000 + np.log(2))], kind="log_sum_exp", axes=[0])
    for extreme in (np.inf, -np.inf):
        c.equal("reduce", [np.array([extreme, extreme], np.float32)], [np.array(extreme)], kind="log_sum_exp", axes=[0])
    c.equal("reduce", [np.array([True, False])], [np.array(True)], kind="max", axes=[0])
    c.fails("reduce", [tame((2, 3))], "axis 2 is not among 2 dims", kind="sum", axes=[2])
    c.fails("reduce", [tame((2, 3))], "axis -2 occurs twice", kind="sum", axes=[0, -2])
    c.equal("reduce", [np.array([[5, 7], [0, 0]], np.int32)], [np.array([2, np.iinfo(np.int32).min], np.int32)], kind="log_sum", axes=[1])
    c.fails("reduce", [tame((2,), np.int32)], "an exponential of i32 is none", kind="log_sum_exp", axes=[0])
    x = tame((2, 3, 4), np.float64)
    for axes in ((1,), (0, -1), (0, 1, 2)):
        c.equal("dynamic_reduce", [x, i64(*axes)], [np.sum(x, axes, keepdims=True)], kind="sum", keep_dims=1)
    c.equal("dynamic_reduce", [x, i64()], [np.sum(x)], kind="sum")
    c.equal("dynamic_reduce", [x, i64()], [np.abs(x)], kind="l1", keep_all=1)
    c.fails("dynamic_reduce", [x, i64(3)], "axis 3 is not among 3 dims", kind="sum")
    c.fails("dynamic_reduce", [x, i64(0, -3)], "axis -3 occurs twice", kind="sum")
    c.fails("reduce", [tame((2,))], "unknown value ''", axes=[0])


def extrema(c):
    for dtype in NUMBERS:
        for shape in [(3, 4), (5,), (2, 1, 3)] + [(300,), (3, 300)] * (dtype in (np.float32, np.int8)):
            for axis in range(-1, len(shape)):
                for last in (0, 1):
                    for keep in (0, 1):
                        x = (tame(shape, np.int32) % 3).astype(dtype)
                        c.onnx("arg_max", [x], "ArgMax", axis=axis, keepdims=keep, select_last_index=last)
                        c.onnx("arg_min", [x], "ArgMin", axis=axis, keepdims=keep, select_last_index=last)
    c.equal("arg_max", [np.array([1, np.nan, 3, np.nan], np.float32)], [i64(1)])
    holes = np.array([[1, np.nan, 3, 0.0], [np.nan, 5, np.nan, -0.0]], np.float32)
    c.equal("arg_max", [holes], [i64(1, 0, 1, 0)], axis=0, keepdims=0)
    c.equal("arg_max", [holes], [i64(1, 0, 1, 1)], axis=0, keepdims=0, select_last_index=1)
    c.equal("arg_min", [holes], [i64(1, 2)], axis=1, keepdims=0, select_last_index=1)
    c.equal("arg_max", [np.zeros((2, 0), np.float32)], [np.zeros((1, 0), np.int64)])
    for name in ("arg_max", "arg_min"):
        c.fails(name, [tame((2, 0))], "dim 1 has no elements", axis=1)
        c.fails(name, [tame((2,))], "axis 1 is not among 1 dims", axis=1)


def normalizations(c):
    def softmax(x, axis):
        shifted = np.exp(x - np.max(x, axis, keepdims=True, initial=-np.inf))
        return shifted / np.sum(shifted, axis, keepdims=True)

    for dtype in FLOATS:
        for shape, axis in [((2, 3), -1), ((2, 3, 4), 1), ((5,), 0), ((0, 3), 1), ((3, 0), 1), ((1,), 0)]:
            x = tame(shape, dtype)
            c.like("softmax", [x], lambda x: softmax(x, axis), axis=axis)
            c.like("softmax", [x], lambda x: np.log(softmax(x, axis)), axis=axis, log=1)
        for shape in [(2, 3, 4, 5), (2, 3), (0, 3, 2), (4,)]:
            size = shape[1] if len(shape) > 1 else 1
            vectors = [tame((size,), dtype) for _ in range(3)] + [np.abs(tame((size,), dtype))]
            broad = (-1, *[1] * (len(shape) - 2)) if len(shape) > 1 else (1,)
            c.like("batch_norm", [tame(shape, dtype), *vectors], lambda x, s, b, m, v: (x - m.reshape(broad)) / np.sqrt(
                v.reshape(broad) + 0.125) * s.reshape(broad) + b.reshape(broad), epsilon=0.125)
        for shape, axis in [((2, 3, 4), -1), ((2, 3, 4), 1), ((4,), 0), ((0, 3), 1)]:
            inner = shape[axis:] if axis >= 0 else shape[-1:]
            x, scale, bias = tame(shape, dtype), tame(inner, dtype), tame(inner, dtype)
            c.like("layer_norm", [x, scale, bias], lambda x, s, b: layer_norm(x, s, b, axis, 1e-3), axis=axis, epsilon=1e-3)
            c.like("layer_norm", [x, scale], lambda x, s: layer_norm(x, s, 0, axis, 1e-3)[:1], axis=axis, epsilon=1e-3)
            c.like("layer_norm", [x], lambda x: layer_norm(x, 1, 0, axis, 1e-3)[:1], axis=axis, epsilon=1e-3)
            c.like("layer_norm", [x, scale], lambda x, s: rms_norm(x, s, axis, 1e-3), axis=axis, epsilon=1e-3, rms=1)
        broad = [tame((2, 3, 4), dtype), tame((2, 1, 4), dtype), tame((3, 1), dtype)]
        c.like("layer_norm", broad, lambda x, s, b: layer_norm(x, s, b, -1, 1e-3)[:1], axis=-1, epsilon=1e-3)
    c.equal("softmax", [np.array([1000, 1001], np.float32)], [np.array([1 / (1 + np.e), np.e / (1 + np.e)])])
    c.fails("softmax", [tame(())], "axis -1 is not among 0 dims")
    c.fails("batch_norm", [tame((2, 3)), *[tame((3,))] * 3, tame((2,))], "expected operand 4 to have dims [3], found [2]")
    c.fails("layer_norm", [tame((2, 3)), tame((2,))], "do not broadcast")
    c.fails("layer_norm", [tame((2, 3)), tame((1, 2, 3))], "do not broadcast to [2, 3]")


def layer_norm(x, scale, bias, axis, epsilon):
    axes = tuple(range(axis % x.ndim, x.ndim))
    mean = x.mean(axes, keepdims=True)
    inverse = 1 / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + epsilon)
    return [(x - mean) * inverse * scale + bias, mean.astype(np.float32), inverse.astype(np.float32)]


def rms_norm(x, scale, axis, epsilon):
    axes = tuple(range(axis % x.ndim, x.ndim))
    return x / np.sqrt((x * x).mean(axes, keepdims=True) + epsilon) * scale


def order(c):
    for dtype in [*FLOATS, np.int32, np.int64, np.uint32, np.uint64]:
        for shape, axis in [((2, 3), 0), ((2, 3, 4), 1), ((5,), -1), ((0, 3), 1), ((3, 0), 1)]:
            for exclusive in (0, 1):
                for reverse in (0, 1):
                    c.onnx("cumsum", [tame(shape, dtype), scalar(axis)], "CumSum", exclusive=exclusive, reverse=reverse)
    for dtype in (np.float32, np.float64, np.int32, np.int64):
        for exclusive in (0, 1):
            c.onnx("cumprod", [tame((2, 5), dtype), scalar(1)], "CumProd", opset=26, exclusive=exclusive, reverse=exclusive)
            c.onnx("cumprod", [tame((3,), dtype), scalar(-1)], "CumProd", opset=26, exclusive=exclusive, reverse=0)
    c.fails("cumprod", [tame((2,)), scalar(2)], "axis 2 is not among 1 dims")
    c.fails("cumsum", [tame((2,)), scalar(1)], "axis 1 is not among 1 dims")
    c.fails("cumsum", [tame((2,)), i64(0, 0)], "to have one element")
    for dtype in NUMBERS:
        for shape, axis, k in [((3, 5), -1, 3), ((5, 2), 0, 5), ((4,), 0, 0), ((2, 0), 1, 0), ((0, 3), 1, 2), ((2, 3, 2), 1, 1),
                               ((2, 90), 1, 7), ((90, 2), 0, 1), ((50,), 0, 50)]:
            for largest in (0, 1):
                x = (tame(shape, np.int32) % 4).astype(dtype)
                c.like("top_k", [x, i64(k)], lambda x, k: top_k(x, int(k[0]), axis, largest), axis=axis, largest=largest)
    c.equal("top_k", [np.array([1, np.nan, 3], np.float32), i64(2)], [np.array([np.nan, 3]), i64(1, 2)])
    c.equal("top_k", [np.array([-np.inf, 0.0, np.nan, -0.0, -1], np.float32), i64(4)], [np.array([-np.inf, -1, 0.0, -0.0]), i64(0, 4, 1, 3)], largest=0)
    rising = np.arange(1000) // 2
    for x, expected in [(rising, [998, 999, 996, 997]), (rising[::-1], [0, 1, 2, 3])]:
        c.equal("top_k", [x, i64(4)], [x[expected], i64(*expected)])
    limits = np.array([0, 2**63, 2**64 - 1, 2**63 - 1], np.uint64)
    c.equal("top_k", [limits, i64(3)], [limits[[2, 1, 3]], i64(2, 1, 3)])
    c.equal("top_k", [limits.astype(np.int64), i64(3)], [limits.astype(np.int64)[[3, 0, 2]], i64(3, 0, 2)])
    c.fails("top_k", [tame((3,)), i64(4)], "expected k from 0 to 3, found 4", outputs=2)
    c.fails("top_k", [tame((3,)), i64(-1)], "expected k from 0 to 3, found -1", outputs=2)
    for dtype in [*NUMBERS, bool]:
        for shape in [(7,), (3, 4), (0,), (), (2, 0)]:
            x = (tame(shape, np.int32) % 3).astype(dtype)
            c.like("unique", [x], lambda x: unique(x, None, True))
            c.like("unique", [x], lambda x: unique(x, None, False), sorted=0)
        x = (tame((3, 5, 2), np.int32) % 2).astype(dtype)
        for axis in (0, 1, -1):
            c.like("unique", [x], lambda x: unique(x, axis, True), axis=axis)
            c.like("unique", [x], lambda x: unique(x, axis, False), axis=axis, sorted=0)
    c.equal("unique", [text("b", "a", "", "b", "ab")], [text("", "a", "ab", "b"), i64(2, 1, 4, 0), i64(3, 1, 0, 3, 2), i64(1, 1, 1, 2)])
    c.equal("unique", [np.array([np.nan, 1, np.nan])], [np.array([1, np.nan]), i64(1, 0), i64(1, 0, 1), i64(1, 2)])
    c.equal("unique", [i64(2, 1, 1)], [i64(1, 2)])
    c.fails("unique", [tame((3,))], "axis 1 is not among 1 dims", axis=1)


def top_k(x, k, axis, largest):
    """Stable: of equal elements the first ones."""
    keys = -x.astype(np.float64) if largest else x.astype(np.float64)
    places = np.take(np.argsort(keys, axis, kind="stable"), range(k), axis)
    return [np.take_along_axis(x, places, axis), places.astype(np.int64)]


def unique(x, axis, in_order):
    values, first, inverse, counts = np.unique(x, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    if not in_order:
        by_place = np.argsort(first)
        values = values[by_place] if axis is None else np.take(values, by_place, axis)
        inverse = np.argsort(by_place)[inverse.reshape(-1)] if len(by_place) else inverse
        first, counts = first[by_place], counts[by_place]
    return [values, *[a.reshape(-1).astype(np.int64) for a in (first, inverse, counts)]]


def resizes(c):
    for sizes, scales in [((1, 3, 5, 7), (1, 1, 2, 1.5)), ((), ()), ((5,), (0.3,)), ((10,), (1.1,)), ((7, 0), (2, 9))]:
        sizes, scales = np.array(sizes, np.int64), np.array(scales, np.float32)
        c.equal("resize_sizes", [sizes, scales], [np.floor(sizes.astype(np.float32) * scales).astype(np.int64)])
    c.fails("resize_sizes", [i64(3), np.array([np.nan], np.float32)], "expected positive scales, found nan")
    c.fails("resize_sizes", [i64(3), np.array([-1], np.float32)], "expected positive scales")
    c.fails("resize_sizes", [i64(3, 4), np.array([1], np.float32)], "expected 2 scales, found dims [1]")
    for dtype in FLOATS:
        for shape, scales in [((1, 2, 4, 5), (1, 1, 2, 3)), ((2, 3, 3), (1, 0.5, 1.5)), ((5, 1), (1, 4)), ((3, 4), (1, 0.25)), ((0, 2, 2), (1, 2, 2))]:
            for coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
                c.like("resize", [tame(shape, dtype), None, np.array(scales, np.float32)], lambda x, r, s: cubic(x, scales, coordinates, -0.5),
                       mode="cubic", coordinates=coordinates, cubic_coeff=-0.5)
    x, scales = tame((1, 2, 5, 6)), np.array([1, 1, 2, 1.5], np.float32)
    c.fails("resize", [x, None, np.array([1, 1], np.float32)], "expected 4 scales, found dims [2]")
    c.fails("resize", [tame((1, 0)), None, np.array([1, np.inf], np.float32)], "expected positive scales")
    c.fails("resize", [x, None, scales], "unknown value 'tf_crop'", coordinates="tf_crop")


def cubic(x, scales, coordinates, a):
    """One matrix of weights for each of the last two dims."""
    def matrix(size, scale):
        # Coordinates are computed in f32, as implementations do.
        f, scale = np.float32, np.float32(scale)
        count = int(np.floor(f(size) * scale))
        weights = np.zeros((count, size))
        for i in range(count):
            half = (f(i) + f(0.5)) / scale - f(0.5)
            at = float({"half_pixel": half, "pytorch_half_pixel": half if count > 1 else 0,
                        "align_corners": f(i) * f(size - 1) / (f(size) * scale - f(1)) if count > 1 else 0,
                        "asymmetric": f(i) / scale}[coordinates])
            for k in range(int(np.floor(at)) - 1, int(np.floor(at)) + 3):
                d = abs(at - k)
                w = (a + 2) * d**3 - (a + 3) * d**2 + 1 if d <= 1 else a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
                weights[i, min(max(k, 0), size - 1)] += w
        return weights
    return matrix(x.shape[-2], scales[-2]) @ x @ matrix(x.shape[-1], scales[-1]).T


MATH_FAMILIES = [matmuls, convolutions, pools, reductions, extrema, normalizations, order, resizes]
