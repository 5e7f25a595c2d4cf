"""Strings, sequences and optionals, in and out."""

import numpy as np
import pytest

import dlc

TEXTS = ["", "abc", "gr\u00fc\u00df", "\U0001f600", "a\0b"]


def objects(texts):
    array = np.empty(len(texts), object)
    array[:] = texts
    return array


def test_strings_go_in_and_out(open_graph):
    session = open_graph("g (string[N] x) => (string[M] y) { s = SequenceConstruct(x, x) y = ConcatFromSequence<axis=0>(s) }")
    assert session.get_inputs()[0].type == "tensor(string)"
    for texts in (TEXTS, [], ["one"]):
        y, = session.run(None, {"x": objects(texts)})
        assert y.dtype == object and y.tolist() == texts + texts
    plain = TEXTS[:4]
    for x in (np.array(plain), plain, np.array([text.encode() for text in plain], object), np.array(plain, np.dtypes.StringDType())):
        assert session.run(None, {"x": x})[0].tolist() == plain + plain
    strided = objects(TEXTS)[::-1]
    assert session.run(None, {"x": strided})[0].tolist() == TEXTS[::-1] * 2
    with pytest.raises(dlc.TypeMismatch, match="input 'x': expected strings, found a int") as caught:
        session.run(None, {"x": objects(["a", 1])})
    assert caught.value.input == "x"


def test_scalars_of_strings(open_graph):
    session = open_graph("g (string x, string y) => (string z) { z = StringConcat(x, y) }")
    z, = session.run(None, {"x": "ab", "y": np.array("cd", object)})
    assert z.shape == () and z.item() == "abcd"


def test_sequences_go_in_and_out(open_graph):
    session = open_graph("g (seq(float[A,B]) s, float[C,D] x) => (seq(float[A,B]) t, int64 n) "
                         "{ t = SequenceInsert(s, x) n = SequenceLength(t) }")
    x = np.full((2, 2), 7, np.float32)
    for s in ([], [np.zeros((1, 3), np.float32)], [x, np.empty((0, 4), np.float32), x.T]):
        t, n = session.run(None, {"s": s, "x": x})
        assert isinstance(t, list) and int(n) == len(t) == len(s) + 1
        for got, wanted in zip(t, [*s, x], strict=True):
            assert got.dtype == np.float32
            np.testing.assert_array_equal(got, wanted)
    for s, message in ((x, "expected a list"), ([x, x.astype(np.int32)], "one element type"),
                       ([x.astype(np.float64)], "expected element type f32, found f64"), ([None], "found nothing")):
        with pytest.raises(dlc.TypeMismatch, match=message) as caught:
            session.run(None, {"s": s, "x": x})
        assert caught.value.input == "s"
    assert len(session.run(None, {"s": [x], "x": x})[0]) == 2


def test_elements_of_sequences_outlive_the_session(open_graph):
    with open_graph("g (float[N] x) => (seq(float[M]) s) { s = SplitToSequence<axis=0>(x) }") as session:
        s, = session.run(None, {"x": np.arange(4, dtype=np.float32)})
    last = s.pop()
    del session, s
    assert last.tolist() == [3.0] and not last.flags.writeable


def test_sequences_of_strings(open_graph):
    session = open_graph("g (seq(string[N]) s) => (string[M] y) { y = ConcatFromSequence<axis=0>(s) }")
    y, = session.run(None, {"s": [objects(["a", "b"]), np.array(["c"])]})
    assert y.tolist() == ["a", "b", "c"]


def test_optionals_hold_something_or_nothing(open_graph):
    session = open_graph("g (optional(float[N]) x) => (bool has) { has = OptionalHasElement(x) }")
    assert session.get_inputs()[0].type == "optional(tensor(float))"
    assert bool(session.run(None, {"x": np.ones(3, np.float32)})[0])
    assert not session.run(None, {"x": None})[0]
