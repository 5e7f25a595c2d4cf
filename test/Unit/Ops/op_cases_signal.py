"""The cases of compare_ops.py, continued: Einstein sums, determinants, spectra, random numbers."""

import numpy as np

from op_cases import FLOATS, INTEGERS, i64, sample, scalar, tame


def algebra(c):
    for dtype in [np.float32, np.float64, np.int32, np.int64]:
        for equation, shapes in [("ij,jk->ik", [(2, 3), (3, 4)]), ("bij,bjk", [(2, 3, 4), (2, 4, 1)]), ("ii->i", [(3, 3)]), ("ii", [(3, 3)]),
                                 ("i,j->ij", [(2,), (5,)]), ("...i,...i->...", [(2, 3, 4), (3, 4)]), ("...ij->...ji", [(2, 3, 4)]),
                                 ("ij->", [(0, 3)]), (" b i , b j -> j i ", [(2, 3), (1, 3)]), ("i,i,i->i", [(7,)] * 3), (",->", [(), ()]),
                                 ("ba", [(2, 3)]), ("...a,a...", [(2, 3), (3, 2)])]:
            operands = [tame(shape, dtype) for shape in shapes]
            c.like("einsum", operands, lambda *x: np.einsum(equation.replace(" ", ""), *x), equation=equation)
    for equation, text in [("ij,jk->ik", "1 terms for 2"), ("ij", "expected operand 0 to have 2 dims, found [4]"), ("i->j", "no operand has"),
                           ("i->ii", "a letter twice"), ("1", "'1' where a letter"), ("..i", "no ellipsis"), ("i-", "behind its arrow"),
                           ("i,i", "more terms than operands"), ("", "expected operand 0 to have 0 dims")]:
        c.fails("einsum", [tame((4,))] * (2 if "1 terms" in text else 1), text if "1 terms" not in text else "", equation=equation)
    c.fails("einsum", [tame((4,)), tame((3,))], "dim 0 of operand 1 is 3, elsewhere 4", equation="i,i")
    for dtype in FLOATS:
        for shape in [(3, 3), (2, 4, 4), (1, 1), (0, 2, 2), (5, 0, 0)]:
            c.like("det", [tame(shape, dtype)], lambda x: np.linalg.det(x.astype(np.float64)))
    c.equal("det", [np.array([[0, 2], [3, 0]], np.float32)], [np.array(-6.0)])
    c.equal("det", [np.array([[1, 2], [2, 4]], np.float32)], [np.array(0.0)])
    c.fails("det", [tame((2, 3))], "expected square matrices, found dims [2, 3]")


def signals(c):
    for dtype in (np.float32, np.float64):
        for parts in (1, 2):
            x = tame((2, 5, 3, parts), dtype)
            for axis in (0, 1, 2, -2):
                for length in (None, 4, 7):
                    operands = [x, None if length is None else scalar(length), scalar(axis)]
                    c.onnx("dft", operands, "DFT", inverse=0, onesided=0)
                    c.onnx("dft", operands, "DFT", inverse=1, onesided=0)
                    if parts == 1:
                        c.onnx("dft", operands, "DFT", inverse=0, onesided=1)
        for length in (1, 2, 8, 9, 11, 30):  # powers, primes and others
            x = tame((2, length, 2), dtype)
            for inverse in (0, 1):
                c.onnx("dft", [x, None, scalar(1)], "DFT", inverse=inverse, onesided=0)
        signal, window = tame((2, 20, 1), dtype), np.abs(tame((6,), dtype))
        for sided in (0, 1):
            c.onnx("stft", [signal, scalar(3), window], "STFT", onesided=sided)
            c.onnx("stft", [signal, scalar(4), window, scalar(6)], "STFT", onesided=sided)
    x = np.array([1, 0, 0.5, 0.25, -1, 0], np.float32).reshape(1, 3, 2)
    c.equal("dft", [x, scalar(4), scalar(1)], [np.fft.irfft(x[..., 0] + 1j * x[..., 1], 4)[..., None]], inverse=1, onesided=1)
    c.equal("dft", [x], [np.fft.irfft(x[..., 0] + 1j * x[..., 1])[..., None]], inverse=1, onesided=1)
    c.fails("dft", [tame((2, 3))], "expected an axis before a last dim of 1 or 2")
    c.fails("dft", [tame((2, 1)), scalar(0), scalar(0)], "expected a length of at least 1, found 0")
    c.fails("stft", [tame((2, 8)), scalar(2), tame((4,))], "expected a signal of dims")
    c.fails("stft", [tame((1, 8, 1)), scalar(0), tame((4,))], "expected a positive step")
    c.fails("stft", [tame((1, 8, 1)), scalar(1), None, scalar(9)], "frames of at most 8 elements")
    edges = [np.array(0, np.float32), np.array(4000, np.float32)]
    for bands, length in ((8, 16), (1, 1), (20, 64)):
        c.onnx("mel_weight_matrix", [scalar(bands), scalar(length), scalar(8192), *edges], "MelWeightMatrix")
    c.fails("mel_weight_matrix", [scalar(0), scalar(16), scalar(8192), *edges], "expected positive numbers")


def randoms(c):
    def check(name, operands, expect, **attributes):
        [numbers] = c.library(name, operands, **attributes)
        [again] = c.library(name, operands, **attributes)
        c.equal(name, operands, [again], exact=True, **attributes)
        [others] = c.library(name, operands, **{**attributes, "seed": attributes["seed"] + 1})
        if not expect(numbers) or np.array_equal(numbers, others):
            c.problems.append(f"{name} {attributes}: not as expected")

    shape = i64(100, 300)
    for seed in (0, 5, 2**32 - 1):
        c.equal("random_uniform", [shape], [np.random.RandomState(seed).uniform(-1, 3, (100, 300))], low=-1.0, high=3.0, seed=seed, dtype=11)
        c.like("random_normal", [shape], lambda x, seed=seed: np.random.RandomState(seed).normal(2, 3, (100, 300)), mean=2.0, scale=3.0, seed=seed, dtype=11)
    check("random_uniform", [shape], lambda x: x.min() >= -1 and x.max() <= 3 and abs(x.mean() - 1) < 0.02 and abs(x.std() - 4 / 12**0.5) < 0.02,
          low=-1.0, high=3.0, seed=5, dtype=1)
    check("random_normal", [shape], lambda x: abs(x.mean() - 2) < 0.05 and abs(x.std() - 3) < 0.05, mean=2.0, scale=3.0, seed=5, dtype=11)
    weights = np.log(np.array([[1, 2, 5], [1, 0, 0]], np.float32) + 1e-30)
    check("multinomial", [weights], lambda x: (x[1] == 0).all() and np.abs(np.bincount(x[0]) / 5000 - [0.125, 0.25, 0.625]).max() < 0.03,
          sample_size=5000, seed=5, dtype=7)
    for name in ("random_uniform", "random_normal"):
        c.fails(name, [i64(2)], "of a float type, found i32", dtype=6)
        c.fails(name, [i64(-2)], "")
    c.fails("multinomial", [tame((3,))], "")
    c.fails("multinomial", [tame((3, 0))], "at least one class")


def bits(c):
    for dtype, other in [(np.float32, np.int32), (np.float64, np.uint64), (np.int8, np.uint8), (bool, np.int8), (np.float16, np.int16)]:
        x = sample((3, 5), dtype)
        numbers = {np.int32: 6, np.uint64: 13, np.uint8: 2, np.int8: 3, np.int16: 5}
        c.equal("bit_cast", [x], [x.view(other)], exact=True, dtype=numbers[other])
    c.fails("bit_cast", [tame((2,))], "the size of f32, found f64", dtype=11)
    for name, direction in {"shift_left": "LEFT", "shift_right": "RIGHT"}.items():
        for dtype in INTEGERS:
            size = 8 * np.dtype(dtype).itemsize
            signed = np.dtype(dtype).kind == "i"
            amounts = np.array([0, 1, size - 1, size, size + 1, 127] + [-1] * signed).astype(dtype)
            c.onnx(name, [sample((3, 1), dtype), amounts], "BitShift", exact=True, given={}, opset=28, direction=direction)
        c.fails(name, [tame((2,)), tame((2,))], "element type f32")


SIGNAL_FAMILIES = [algebra, signals, randoms, bits]
