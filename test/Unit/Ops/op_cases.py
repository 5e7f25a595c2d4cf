"""The cases of compare_ops.py: functions that take a Checker, one for each family of ops."""

import math

import ml_dtypes
import numpy as np

BF16 = ml_dtypes.bfloat16
FLOATS = [np.float32, np.float64, np.float16, BF16]
SIGNED = [np.int8, np.int16, np.int32, np.int64]
UNSIGNED = [np.uint8, np.uint16, np.uint32, np.uint64]
INTEGERS = SIGNED + UNSIGNED
NUMBERS = FLOATS + INTEGERS
SHAPES = [(), (1,), (0,), (7,), (2, 0, 3), (3, 1, 5)]
BROADCASTS = [((), ()), ((3,), ()), ((2, 3), (3,)), ((2, 1, 4), (3, 1)), ((0, 3), (3,)), ((1,), (0,)), ((2, 0), (1,)), ((7,), (7,))]
RNG = np.random.default_rng(7)
STRING = np.dtype(object)


def text(*items):
    return np.array(items, object)


def i64(*items):
    return np.array(items, np.int64)


def scalar(value, dtype=np.int64):
    return np.array(value, dtype)


def sample(shape, dtype):
    """Numbers of some spread; integers reach the limits of their type, floats have specials among them."""
    dtype = np.dtype(dtype)
    if dtype == np.bool_:
        return RNG.random(shape) < 0.5
    if dtype == object:
        return np.array([f"s{RNG.integers(4)}" * int(RNG.integers(3)) for _ in range(math.prod(shape))], object).reshape(shape)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        small = RNG.integers(max(info.min, -9), 10, shape)
        picked = RNG.integers(0, 6, shape)
        values = np.where(picked == 0, np.array(info.min, dtype), np.array(small, dtype))
        return np.asarray(np.where(picked == 1, np.array(info.max, dtype), values), dtype)
    values = np.array(RNG.standard_normal(shape) * 4)
    if values.size > 4:
        values.reshape(-1)[:4] = [np.nan, np.inf, -0.0, 0.5]
    return values.astype(dtype)


def tame(shape, dtype=np.float32):
    """Numbers without specials, for sums."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        return RNG.integers(0 if dtype.kind == "u" else -9, 10, shape).astype(dtype)
    return np.array(RNG.standard_normal(shape)).astype(dtype)


def exact(function):
    """A function of Python's integers, for each element, wrapped to the type of the first operand."""
    def apply(a, b):
        results = [function(int(x), int(y)) for x, y in np.broadcast(a, b)]
        bits = 8 * a.dtype.itemsize
        wrapped = [((r + (1 << bits - 1)) % (1 << bits)) - (1 << bits - 1) if a.dtype.kind == "i" else r % (1 << bits)
                   for r in results]
        return np.array(wrapped, a.dtype).reshape(np.broadcast_shapes(a.shape, b.shape))
    return apply


def truncated_quotient(a, b):
    return 0 if b == 0 else (abs(a) // abs(b)) * (1 if (a < 0) == (b < 0) else -1)


def with_both(integers, floats):
    return lambda a, b: floats(a, b) if a.dtype.kind == "f" else integers(a, b)


def binary(c):
    cases = {"add": with_both(exact(lambda a, b: a + b), np.add), "sub": with_both(exact(lambda a, b: a - b), np.subtract),
             "mul": with_both(exact(lambda a, b: a * b), np.multiply),
             "div": with_both(exact(truncated_quotient), np.divide), "min": np.minimum, "max": np.maximum,
             "less": np.less, "less_equal": np.less_equal, "greater": np.greater, "greater_equal": np.greater_equal,
             "equal": np.equal}
    for name, reference in cases.items():
        for dtype in NUMBERS:
            for left, right in BROADCASTS:
                c.like(name, [sample(left, dtype), sample(right, dtype)], reference, exact=True)
        c.fails(name, [tame((2, 3)), tame((2,))], "do not broadcast")
        c.fails(name, [tame((2,)), tame((2,), np.int32)], "expected operand 1 to have element type f32, found i32")
        c.fails(name, [tame((2,))], "operand 1 is missing")
    for name, reference in {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}.items():
        for dtype in INTEGERS:
            for left, right in BROADCASTS:
                c.like(name, [sample(left, dtype), sample(right, dtype)], reference, exact=True)
    for name, reference in {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor, "equal": np.equal}.items():
        for left, right in BROADCASTS:
            c.like(name, [sample(left, bool), sample(right, bool)], reference)
        if name != "equal":
            c.fails(name, [tame((2,)), tame((2,))], "element type f32")
    c.like("equal", [text("a", "b", ""), text("a", "c", "")], lambda a, b: np.array([True, False, True]))
    c.equal("equal", [text("a", "bb", ""), np.array("bb", object)], [np.array([False, True, False])])
    c.equal("div", [np.array([-7, 7, -128, 5], np.int8), np.array([2, -2, -1, 0], np.int8)], [np.array([-3, -3, -128, 0], np.int8)])


def mod_and_pow(c):
    for dtype in INTEGERS:
        for left, right in BROADCASTS:
            a, b = sample(left, dtype), sample(right, dtype)
            c.like("mod", [a, b], exact(lambda x, y: 0 if y == 0 else x % y))
            c.like("mod", [a, b], exact(lambda x, y: 0 if y == 0 else x - y * truncated_quotient(x, y)), fmod=1)
            power = RNG.integers(0, 9, right).astype(dtype)
            c.like("pow", [a, power], exact(lambda x, y: x ** y))
    for dtype in FLOATS:
        for left, right in BROADCASTS:
            a, b = sample(left, dtype), sample(right, dtype)
            c.like("mod", [a, b], np.fmod, exact=True, fmod=1)
            c.like("mod", [a, b], np.mod)
            c.like("pow", [a, b], np.power)
    c.equal("pow", [i64(2, -1, -1, 1, 0, -2), i64(-1, -3, -4, -9, -1, -1)], [i64(0, -1, 1, 1, 0, 0)])
    c.equal("pow", [i64(2, 9), np.array([0.5, 0.5], np.float32)], [i64(1, 3)])
    c.equal("pow", [np.array([2.0, 4.0], np.float32), i64(3, -1)], [np.array([8, 0.25])])
    c.fails("pow", [tame((2,)), tame((3,))], "do not broadcast")
    c.fails("mod", [tame((2,)), tame((3,))], "do not broadcast")


def unary(c):
    erf = np.vectorize(math.erf, otypes=[float])
    real = {"floor": np.floor, "ceil": np.ceil, "round": np.round, "sqrt": np.sqrt, "exp": np.exp, "log": np.log,
            "erf": erf, "sin": np.sin, "cos": np.cos, "tanh": np.tanh, "is_nan": np.isnan, "tan": np.tan, "asin": np.arcsin,
            "acos": np.arccos, "atan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "asinh": np.arcsinh, "acosh": np.arccosh,
            "atanh": np.arctanh,
            "sigmoid": lambda x: 1 / (1 + np.exp(-x))}
    any_number = {"abs": np.abs, "sign": np.sign}
    signed = {"neg": np.negative, "relu": lambda x: np.where(x < 0, x.dtype.type(0), x)}
    for shape in SHAPES:
        for dtype in FLOATS:
            for name, reference in (real | any_number | signed).items():
                c.like(name, [sample(shape, dtype)], reference)
            c.like("leaky_relu", [sample(shape, dtype)], lambda x: np.where(x < 0, x * 0.25, x), alpha=0.25)
        for dtype in INTEGERS:
            for name, reference in any_number.items():
                c.like(name, [sample(shape, dtype)], reference)
        for dtype in SIGNED:
            for name, reference in signed.items():
                c.like(name, [sample(shape, dtype)], reference)
        c.like("not", [sample(shape, bool)], np.logical_not)
        for dtype in INTEGERS:
            c.like("not", [sample(shape, dtype)], np.invert, exact=True)
    c.equal("round", [np.array([0.5, 1.5, 2.5, -0.5, -2.5], np.float32)], [np.array([0.0, 2, 2, -0.0, -2])], exact=True)
    c.fails("not", [tame((2,))], "element type f32")
    for name in [*real, "leaky_relu"]:
        c.fails(name, [tame((2,), np.int32)], "element type i32")
    for name in [*any_number, *signed]:
        c.fails(name, [text("a")], "element type string")
        c.fails(name, [], "operand 0 is missing")


def choices(c):
    for dtype in NUMBERS:
        for shape in SHAPES:
            low, high = np.array(1, dtype), np.array(5, dtype)
            x = sample(shape, dtype)
            c.like("clip", [x, low, high], lambda x, l, h: np.minimum(np.maximum(x, l), h))
            c.like("clip", [x, None, high], lambda x, _, h: np.minimum(x, h))
            c.like("clip", [x, low], lambda x, l: np.maximum(x, l))
            c.like("clip", [x], lambda x: x)
            c.like("clip", [x, high, low], lambda x, l, h: np.where(np.isnan(x), x, h) if x.dtype.kind == "f" else np.full_like(x, h))
    c.fails("clip", [tame((2,)), tame((2,))], "one element")
    for dtype in [*NUMBERS, bool, STRING]:
        for left, right in BROADCASTS:
            c.like("select", [sample(right, bool), sample(left, dtype), sample((1,), dtype)], np.where, exact=True)
            c.like("select", [sample(left, bool), sample((), dtype), sample(right, dtype)], np.where, exact=True)
    c.fails("select", [sample((2,), bool), tame((3,)), tame((3,))], "do not broadcast")
    for dtype in [*NUMBERS, bool, STRING]:
        c.like("identity", [sample((2, 3), dtype)], lambda x: x, exact=True)
    c.fails("identity", [], "operand 0 is missing")


def small_casts(c):
    """All patterns of the types of 8 bits or less, and numbers beside and halfway between them."""
    for name in ("float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2", "float8_e5m2fnuz", "float4_e2m1fn"):
        dtype = np.dtype(getattr(ml_dtypes, name))
        every = np.arange(256 if name[5] == "8" else 16, dtype=np.uint8).view(dtype)
        c.equal("cast", [every], [every.astype(np.float32)], exact=True, to=1)
        values = np.unique(every.astype(np.float64)[np.isfinite(every.astype(np.float64))])
        x = np.concatenate([values, (values[1:] + values[:-1]) / 2, np.nextafter(values, 9e9), [2 * values[-1], -1e30, np.nan, -0.0]])
        found = c.library("cast", [x.astype(np.float64)], to=dtype_number(dtype), saturate=0)[0]
        expected = x.astype(np.float64).astype(dtype).view(np.uint8)
        c.equal("identity", [found.view(np.uint8)], [expected], exact=True)
        top = c.library("cast", [np.array([1e30, -np.inf])], to=dtype_number(dtype))[0].astype(np.float64)
        c.equal("identity", [top], [np.array([values[-1], values[0]])], exact=True)
    for name in ("int4", "uint4", "int2", "uint2"):
        dtype = np.dtype(getattr(ml_dtypes, name))
        x = np.arange(-20, 21, dtype=np.float32)
        found = c.library("cast", [x], to=dtype_number(dtype))[0]
        c.equal("identity", [found.astype(np.int8)], [x.astype(np.int8).astype(dtype).astype(np.int8)], exact=True)
        c.equal("cast", [found], [found.astype(np.int64)], exact=True, to=7)
    powers = np.arange(256, dtype=np.uint8).view(ml_dtypes.float8_e8m0fnu)
    c.equal("cast", [powers], [powers.astype(np.float64)], exact=True, to=11)
    x = np.array([1, 1.25, 1.5, 1.75, 3e38, np.inf, 0], np.float32)
    for mode, bits in (("up", [127, 128, 128, 128, 254, 255, 0]), ("down", [127, 127, 127, 127, 254, 255, 0]),
                       ("nearest", [127, 127, 128, 128, 254, 255, 0])):
        found = c.library("cast", [x], to=24, round_mode=mode)[0].view(np.uint8)
        c.equal("identity", [found], [np.array(bits, np.uint8)], exact=True)


def casts(c):
    fits = {np.dtype(t): np.array([0, 1, 3, 100], t) for t in INTEGERS}
    for source in [*INTEGERS, bool]:
        for target in [*INTEGERS, bool]:
            c.like("cast", [sample((9,), source)], lambda x: x.astype(target), to=dtype_number(target))
        for target in FLOATS:
            x = sample((40,), source)
            c.equal("cast", [x], [nearest(x, target)], exact=True, to=dtype_number(target))
    for source in FLOATS:
        for target in FLOATS:
            x = sample((40,), source)
            c.equal("cast", [x], [x.astype(np.float64).astype(target)], exact=True, to=dtype_number(target))
        for target in INTEGERS:
            x = fits[np.dtype(target)].astype(source) + np.array(0.75, source)
            c.equal("cast", [x], [x.astype(np.float64).astype(target)], to=dtype_number(target))
        x = sample((9,), source)
        c.equal("cast", [x], [x.astype(np.float64) != 0], to=9)
    # A little more than halfway between two floats, by a bit that double does not have.
    for bits, target in ((24, np.float32), (11, np.float16), (8, BF16)):
        halfway = [sign * (((1 << bits) + 1 << 62 - bits) + rest) for sign in (1, -1) for rest in (0, 1, -1)]
        for x in (np.array(halfway, np.int64), 2 * np.array(halfway[:3], np.uint64)):
            c.equal("cast", [x], [nearest(x, target)], exact=True, to=dtype_number(target))
    limits = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30])
    small_casts(c)
    for target in INTEGERS:
        info = np.iinfo(target)
        c.equal("cast", [limits], [np.array([0, info.max, info.min, info.max, info.min], target)], to=dtype_number(target))
    for shape in SHAPES:
        c.equal("cast", [np.zeros(shape, np.float32)], [np.zeros(shape, np.int32)], to=6)
    c.fails("cast", [tame((2,))], "unknown element type 77", to=77)
    c.fails("cast", [tame((2,))], "unknown element type 0")


def dtype_number(dtype):
    from op_library import DTYPES
    return DTYPES[np.dtype(dtype)]


def nearest(integers, target):
    """Integers as floats, rounded once: by fractions of Python's integers."""
    if np.dtype(target) == np.float64:
        return np.array([float(int(x)) for x in integers.reshape(-1)]).reshape(integers.shape)
    bits = {np.dtype(np.float32): 24, np.dtype(np.float16): 11, np.dtype(BF16): 8}[np.dtype(target)]
    results = []
    for x in integers.reshape(-1):
        x = int(x)
        magnitude, drop = abs(x), max(abs(x).bit_length() - bits, 0)
        kept, rest = magnitude >> drop, magnitude & ((1 << drop) - 1)
        half = (1 << drop) >> 1
        kept += bool(drop) and (rest > half or (rest == half and kept & 1))
        results.append(math.copysign(float(kept << drop), x))
    with np.errstate(all="ignore"):
        return np.array(results, np.float64).astype(target).reshape(integers.shape)


from op_cases_attention import ATTENTION_FAMILIES  # noqa: E402
from op_cases_math import MATH_FAMILIES  # noqa: E402
from op_cases_movement import MOVEMENT_FAMILIES  # noqa: E402
from op_cases_recurrence import recurrences  # noqa: E402
from op_cases_regions import REGION_FAMILIES  # noqa: E402
from op_cases_signal import SIGNAL_FAMILIES  # noqa: E402

FAMILIES = [binary, mod_and_pow, unary, choices, casts, *MOVEMENT_FAMILIES, *MATH_FAMILIES, recurrences,
            *REGION_FAMILIES, *SIGNAL_FAMILIES, *ATTENTION_FAMILIES]

# Every op but those of strings and sequences, which OpsTests checks.
NUMERIC = set("""
abs acos acosh add and arg_max arg_min asin asinh atan atanh attention batch_norm bit_cast broadcast cast ceil clip
col2im concat constant_of_shape conv cos cosh cumprod cumsum deform_conv det dft div dynamic_pad dynamic_reduce
dynamic_slice einsum equal erf exp expand flatten floor gather gather_elements gather_nd global_pool greater
greater_equal grid_sample identity is_nan layer_norm leaky_relu less less_equal linear_attention log matmul max
max_pool_indices max_unpool mel_weight_matrix min mod mul multinomial neg non_max_suppression nonzero not one_hot or
pad pool pow random_normal random_uniform range recurrence reduce relu reshape resize resize_sizes reverse_sequence
roi_align rotary_embedding round scatter_elements scatter_nd select shape shift_left shift_right sigmoid sign sin sinh
size slice softmax split sqrt squeeze stft sub tan tanh tensor_scatter tile top_k transpose trilu unique unsqueeze xor
""".split())
