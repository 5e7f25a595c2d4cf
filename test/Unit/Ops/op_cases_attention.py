"""Cases of attention and linear attention, rotary embedding and the update of a cache, against ONNX's reference evaluator."""

import numpy as np

from op_cases import FLOATS, RNG, i64, tame

OPTIONS = [{}, {"is_causal": 1}, {"scale": 0.25}, {"softcap": 1.5}, {"is_causal": 1, "left_window_size": 1},
           {"left_window_size": 1, "right_window_size": 2}, {"softmax_precision": 11}]


def heads(length, heads=2, size=3, dtype=np.float64):
    return tame((2, heads, length, size), dtype)


def attentions(c):
    def check(inputs, **attributes):
        c.onnx("attention", inputs, "Attention", opset=25, given=attributes | {"pad_mask": 1}, **attributes)

    for options in OPTIONS:
        for queries, keys in [(1, 1), (1, 5), (4, 3), (3, 7)]:
            q, k, v = heads(queries), heads(keys), heads(keys, size=5)
            check([q, k, v], **options)
            whole = [(queries, keys), (2, queries, keys), (2, 2, queries, keys)]
            # The evaluator expects a row for each query of a causal mask.
            partial = [] if "is_causal" in options else [(keys,), (1, keys), (2, 1, 1, keys)]
            for mask in [*whole, *partial]:
                check([q, k, v, tame(mask, np.float64)], **options)
                check([q, k, v, RNG.random(mask) < 0.5], **options)
            check([heads(queries, 4), k, v], **options)
    q, k, v, past = heads(2), heads(3), heads(3, size=5), heads(4)
    for mode in range(4):
        attributes = {"qk_matmul_output_mode": mode, "is_causal": 1}
        c.onnx("attention", [q, k, v, tame((2, 7), np.float64), past, heads(4, size=5)], "Attention", outputs=4, opset=25,
               **attributes)
    check([q, k, v, RNG.random((2, 2)) < 0.7], is_causal=1)
    for lengths in [i64(0, 3), i64(1, 2)]:
        check([q, k, v, None, None, None, lengths], is_causal=1)
    check([tame((2, 3, 8), np.float64), tame((2, 5, 4), np.float64), tame((2, 5, 6), np.float64)], q_num_heads=4, kv_num_heads=2)
    # No key, no query.
    c.equal("attention", [heads(2), heads(0), heads(0)], [np.zeros((2, 2, 2, 3))])
    c.equal("attention", [heads(0), heads(2), heads(2)], [np.zeros((2, 2, 0, 3))])
    for dtype in FLOATS:
        one = np.ones((1, 1, 2, 4), dtype)
        c.equal("attention", [one, one, one], [np.ones((1, 1, 2, 4))])
        c.equal("attention", [one, one, one, np.array([[True, False], [False, False]])], [np.array([[[[1] * 4, [0] * 4]]], float)])
        c.equal("attention", [one, one, one, np.array([[True, False], [False, False]])], [np.array([[[[1] * 4, [np.nan] * 4]]], float)],
                nan_blocked=1)
        rows = np.arange(2, dtype=dtype).reshape(1, 1, 2, 1)
        c.equal("attention", [rows, rows, rows, np.array([[True, False], [False, False]])],
                [np.array([[[[0], [0.5]]]], float)], blocked=-60000.0)
    c.fails("attention", [heads(2), heads(3), heads(4)], "do not fit each other")
    c.fails("attention", [heads(2, 3), heads(3), heads(3)], "do not fit each other")
    c.fails("attention", [heads(2), heads(3), heads(3), tame((4,), np.float64)], "does not broadcast to [2, 2, 2, 3]")
    c.fails("attention", [heads(2), heads(3), heads(3), tame((2,), np.float64)], "does not broadcast to [2, 2, 2, 3]")
    c.fails("attention", [heads(2), heads(3), heads(3), None, heads(1, 1), heads(1)], "does not fit operand 1")
    c.fails("attention", [heads(2), heads(3), heads(3), None, None, None, i64(1)], "expected 2 lengths of the batch, found 1")
    c.fails("attention", [tame((1, 2, 5))] * 3, "a multiple of q_num_heads (2)", q_num_heads=2, kv_num_heads=2)
    c.fails("attention", [heads(2)] * 3, "is no float type", softmax_precision=7)
    c.fails("attention", [heads(2)] * 3, "expected qk_matmul_output_mode from 0 to 3, found 4", qk_matmul_output_mode=4)
    c.fails("attention", [heads(2)] * 3, "expected window sizes of at least -1", left_window_size=-2)


def linear_attentions(c):
    for rule, isGated, corrects in [("linear", 0, 0), ("gated", 1, 0), ("delta", 0, 1), ("gated_delta", 1, 1)]:
        for steps, past in [(1, None), (5, tame((2, 2, 3, 4)))]:
            q, k, v = tame((2, steps, 12)), tame((2, steps, 6)) / 4, tame((2, steps, 8))
            for width in ((2, 1), (6, 2)):
                inputs = [q, k, v, past, -np.abs(tame((2, steps, width[0]))) if isGated else None,
                          np.abs(tame((2, steps, width[1]))) if corrects else None]
                expected = linear_attention(*inputs, heads=2, group=2, scale=1 / np.sqrt(3))
                c.equal("linear_attention", inputs, expected, q_num_heads=4, kv_num_heads=2, update_rule=rule)
    one = tame((1, 2, 4))
    c.equal("linear_attention", [np.zeros((1, 0, 4), np.float32)] * 3 + [tame((1, 1, 4, 4))], [np.zeros((1, 0, 4))],
            q_num_heads=1, kv_num_heads=1, update_rule="linear")
    attributes = {"q_num_heads": 2, "kv_num_heads": 2}
    c.fails("linear_attention", [one] * 3, "the update rule needs a decay and needs a beta", **attributes)
    attributes["update_rule"] = "linear"
    c.fails("linear_attention", [one] * 3, "do not fit 3 heads of queries", q_num_heads=3, kv_num_heads=2, update_rule="linear")
    c.fails("linear_attention", [one, tame((1, 3, 4)), one], "expected operand 1 of 1 x 2 rows", **attributes)
    c.fails("linear_attention", [one, one, one, tame((1, 2, 2, 3))], "expected a state of dims [1, 2, 2, 2]", **attributes)


def linear_attention(query, key, value, past, decay, beta, heads, group, scale):
    """S_t = exp(decay) S_{t-1} + k (beta (v - S^T k))^T, o_t = scale S_t^T q, for each head in double."""
    batch, steps = query.shape[:2]

    def split(x, count):
        return None if x is None else x.astype(np.float64).reshape(batch, steps, count, -1)

    q, k, v, g = split(query, heads * group), split(key, heads), split(value, heads), split(decay, heads)
    b = None if beta is None else np.broadcast_to(beta.astype(np.float64), (batch, steps, heads))
    size = k.shape[-1], v.shape[-1]
    state = np.zeros((batch, heads, *size)) if past is None else past.astype(np.float64)
    output = np.zeros((batch, steps, heads * group, size[1]))
    for t in range(steps):
        if g is not None:
            state = state * np.exp(g[:, t])[..., None]
        written = v[:, t]
        if b is not None:
            written = b[:, t, :, None] * (written - np.einsum("bhkm,bhk->bhm", state, k[:, t]))
        state = state + k[:, t][..., None] * written[..., None, :]
        output[:, t] = scale * np.einsum("bhkm,bhk->bhm", np.repeat(state, group, axis=1), q[:, t])
    return [output.reshape(batch, steps, -1), state]


def rotations(c):
    for dtype in FLOATS:
        for interleaved in (0, 1):
            for turned in (0, 2, 4):
                half = (turned or 6) // 2
                angles = [tame((7, half), dtype), tame((7, half), dtype), RNG.integers(0, 7, (2, 3))]
                attributes = {"interleaved": interleaved, "rotary_embedding_dim": turned}
                c.onnx("rotary_embedding", [tame((2, 4, 3, 6), dtype), *angles], "RotaryEmbedding", **attributes)
                c.onnx("rotary_embedding", [tame((2, 3, 24), dtype), *angles], "RotaryEmbedding", num_heads=4, **attributes)
                angles = [tame((2, 3, half), dtype), tame((2, 3, half), dtype)]
                c.onnx("rotary_embedding", [tame((2, 4, 3, 6), dtype), *angles], "RotaryEmbedding", **attributes)
    x, angles = tame((2, 4, 3, 6)), tame((7, 3))
    c.fails("rotary_embedding", [x, angles, tame((7, 2))], "do not fit an input")
    c.fails("rotary_embedding", [x, angles, angles, np.full((2, 3), 7)], "position 7 is out of range for 7 angles")
    c.fails("rotary_embedding", [x, angles, angles, i64(1)], "positions of dims [1] do not fit")
    c.fails("rotary_embedding", [x, angles, angles], "found 3", rotary_embedding_dim=3)
    c.fails("rotary_embedding", [tame((2, 3, 24)), angles, angles], "of rank 3 and a multiple of num_heads (0)")


def cache_updates(c):
    for dtype in [*FLOATS, np.int8, np.int64, bool]:
        for mode in ("linear", "circular"):
            cache, update = tame((2, 3, 5, 2)).astype(dtype), tame((2, 3, 2, 2)).astype(dtype)
            c.onnx("tensor_scatter", [cache, update, i64(0, 3)], "TensorScatter", opset=24, exact=True, mode=mode)
            c.onnx("tensor_scatter", [cache, update], "TensorScatter", opset=24, exact=True, mode=mode)
        c.onnx("tensor_scatter", [cache, update, i64(4, 8)], "TensorScatter", opset=24, exact=True, mode="circular")
        c.onnx("tensor_scatter", [tame((2, 5)).astype(dtype), tame((2, 5)).astype(dtype)], "TensorScatter", opset=24, axis=1)
    cache, update = tame((2, 4, 2)), tame((2, 3, 2))
    c.fails("tensor_scatter", [cache, update, i64(0, 2)], "an update of 3 rows at place 2 leaves a cache of 4")
    c.fails("tensor_scatter", [cache, update, i64(-1, 0)], "at place -1")
    c.fails("tensor_scatter", [cache, update, i64(0)], "expected 2 places to write to")
    c.fails("tensor_scatter", [update, cache], "does not fit a cache")
    c.fails("tensor_scatter", [cache, update], "does not fit a cache", axis=0)
    c.fails("tensor_scatter", [cache, update], "unknown value 'square'", mode="square")


ATTENTION_FAMILIES = [attentions, linear_attentions, rotations, cache_updates]
