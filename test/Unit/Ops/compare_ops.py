#!/usr/bin/env python3
"""Compares the library ops with ONNX's reference evaluator and numpy.

    compare_ops.py OPS.SO

Floats are compared with a reference that computes in double from the same operands: an op may differ by one unit in the
last place of its own element type, or by what its sum of rounded doubles loses.
"""

import sys
import traceback

import ml_dtypes
import numpy as np
import onnx
from onnx import helper
from onnx.reference import ReferenceEvaluator

import op_cases
from op_library import OpError, OpLibrary

FLOATS = (np.float32, np.float64, np.float16, ml_dtypes.bfloat16)


def is_float(dtype):
    return np.dtype(dtype) in [np.dtype(t) for t in FLOATS]


def widen(value):
    """Floats as double."""
    return value.astype(np.float64) if isinstance(value, np.ndarray) and is_float(value.dtype) else value


def evaluate(op_type, inputs, outputs=1, opset=23, **attributes):
    """The outputs of ONNX's own reference evaluator."""
    names = [f"x{i}" if value is not None else "" for i, value in enumerate(inputs)]
    node = helper.make_node(op_type, names, [f"y{i}" for i in range(outputs)], **attributes)
    infos = [helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
             for name, value in zip(names, inputs) if name]
    graph = helper.make_graph([node], "g", infos, [onnx.ValueInfoProto(name=name) for name in node.output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)])
    return ReferenceEvaluator(model).run(None, {name: value for name, value in zip(names, inputs) if name})


class Checker:
    """What a family of cases calls. Problems are collected, so that one run shows all of them."""

    def __init__(self, library):
        self.library = library
        self.checked = set()
        self.failed = set()
        self.numChecks = 0
        self.problems = []

    def equal(self, name, inputs, expected, exact=False, **attributes):
        """The op's outputs are `expected`, a list: dtypes and dims too, but that doubles stand for any float."""
        self.checked.add(name)
        self.numChecks += 1
        try:
            found = self.library(name, inputs, outputs=len(expected), **attributes)
            for one, other in zip(found, expected):
                self._compare(one, other, exact)
        except (AssertionError, OpError) as error:
            described = [getattr(x, "shape", x) for x in inputs]
            types = [str(getattr(x, "dtype", "")) for x in inputs]
            self.problems.append(f"{name}{described}{types} {attributes}: {type(error).__name__} {error}")

    def like(self, name, inputs, reference, exact=False, outputs=1, **attributes):
        """The op computes what `reference` computes from the operands in double, a list or an array."""
        with np.errstate(all="ignore"):
            expected = reference(*[widen(value) for value in inputs])
        self.equal(name, inputs, expected if isinstance(expected, list) else [expected], exact, **attributes)

    def onnx(self, name, inputs, op_type, exact=False, outputs=1, given=None, opset=23, **attributes):
        """The same with ONNX's reference evaluator; `given` are the attributes of our op where they differ."""
        with np.errstate(all="ignore"):
            expected = evaluate(op_type, [widen(value) for value in inputs], outputs, opset, **attributes)
        self.equal(name, inputs, expected, exact, **(attributes if given is None else given))

    def fails(self, name, inputs, text, outputs=1, **attributes):
        """The op reports an error that contains `text`."""
        self.failed.add(name)
        self.numChecks += 1
        try:
            self.library(name, inputs, outputs=outputs, **attributes)
            self.problems.append(f"{name} {attributes}: expected a failure with '{text}'")
        except OpError as error:
            if text not in str(error):
                self.problems.append(f"{name}: expected a failure with '{text}', found '{error}'")
        except AssertionError as error:
            self.problems.append(f"{name}: {error}")

    @staticmethod
    def _compare(found, expected, exact):
        if isinstance(expected, (list, tuple)):
            assert type(found) is type(expected) and len(found) == len(expected), f"found {found}, expected {expected}"
            for one, other in zip(found, expected):
                Checker._compare(one, other, exact)
            return
        expected = np.asarray(expected)
        assert found.shape == expected.shape, f"dims {found.shape}, expected {expected.shape}"
        if expected.dtype == np.float64 and is_float(found.dtype):
            with np.errstate(all="ignore"):
                expected = expected.astype(found.dtype)
        assert found.dtype == expected.dtype, f"dtype {found.dtype}, expected {expected.dtype}"
        if found.dtype == object:
            same = found == expected
        elif not is_float(found.dtype):
            same = found == expected
        else:
            a, b = found.astype(np.float64), expected.astype(np.float64)
            same = (a == b) | (np.isnan(a) & np.isnan(b))
            if not exact:
                eps = float(ml_dtypes.finfo(found.dtype).eps)
                finite = np.isfinite(a) & np.isfinite(b)
                with np.errstate(all="ignore"):
                    scale = max(1.0, float(np.max(np.abs(b[finite]), initial=0)))
                    same |= finite & (np.abs(a - b) <= np.maximum(eps * np.abs(b), 1e-13 * scale))
        assert np.all(same), f"found {found}, expected {expected}"


def main():
    checker = Checker(OpLibrary(sys.argv[1]))
    for family in op_cases.FAMILIES:
        try:
            family(checker)
        except Exception:
            checker.problems.append(f"{family.__name__}: {traceback.format_exc()}")
    for name in sorted(op_cases.NUMERIC - checker.checked):
        checker.problems.append(f"{name} is compared with nothing")
    for name in sorted(op_cases.NUMERIC - checker.failed):
        checker.problems.append(f"{name} has no case that fails")
    print(f"{checker.numChecks} checks of {len(checker.checked)} ops")
    sys.exit("\n".join(checker.problems) or 0)


if __name__ == "__main__":
    main()
