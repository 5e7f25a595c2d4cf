"""Cases of recurrences, by the equations of ONNX's RNN, GRU and LSTM."""

import numpy as np

from op_cases import FLOATS, tame

FUNCTIONS = {
    "Affine": lambda x, a, b: a * x + b, "Elu": lambda x, a, b: np.where(x < 0, a * np.expm1(x), x),
    "HardSigmoid": lambda x, a, b: np.clip(a * x + b, 0, 1), "LeakyRelu": lambda x, a, b: np.where(x < 0, a * x, x),
    "Relu": lambda x, a, b: np.maximum(x, 0), "ScaledTanh": lambda x, a, b: a * np.tanh(b * x),
    "Sigmoid": lambda x, a, b: 1 / (1 + np.exp(-x)), "Softplus": lambda x, a, b: np.log1p(np.exp(x)),
    "Softsign": lambda x, a, b: x / (1 + np.abs(x)), "Tanh": lambda x, a, b: np.tanh(x),
    "ThresholdedRelu": lambda x, a, b: np.where(x >= a, x, 0)}
USUAL = {"rnn": ["Tanh"], "gru": ["Sigmoid", "Tanh"], "lstm": ["Sigmoid", "Tanh", "Tanh"]}
GATES = {"rnn": 1, "gru": 3, "lstm": 4}


def recurrence(cell, direction, activations, alphas, betas, clip=np.inf, input_forget=0, linear_before_reset=0):
    """A function of the operands, for a batch of one direction after the other."""
    def run(products, weights, bias, lengths, h0, c0, peepholes):
        steps, batch, _ = products.shape
        count, _, size = weights.shape
        states, lasts, cells = np.zeros((steps, count, batch, size)), [], []
        for d in range(count):
            per = len(USUAL[cell])
            f = [lambda x, i=i: FUNCTIONS[activations[i]](x if cell == "lstm" and i % 3 == 2 else np.clip(x, -clip, clip), alphas[i], betas[i])
                 for i in range(d * per, (d + 1) * per)]
            for n in range(batch):
                h = np.zeros(size) if h0 is None else h0[d, n]
                c = np.zeros(size) if c0 is None else c0[d, n]
                length = steps if lengths is None else int(lengths[n])
                order = range(length) if direction == "forward" or (direction == "bidirectional" and d == 0) else range(length - 1, -1, -1)
                for t in order:
                    x = np.split(products[t, n].reshape(count, -1)[d], GATES[cell])
                    r = np.split(weights[d], GATES[cell])
                    b = np.split(np.zeros(GATES[cell] * size) if bias is None else bias[d], GATES[cell])
                    if cell == "rnn":
                        h = f[0](x[0] + r[0] @ h + b[0])
                    elif cell == "gru":
                        z, reset = f[0](x[0] + r[0] @ h + b[0]), f[0](x[1] + r[1] @ h + b[1])
                        fresh = x[2] + (reset * (r[2] @ h + b[2]) if linear_before_reset else r[2] @ (reset * h) + b[2])
                        h = (1 - z) * f[1](fresh) + z * h
                    else:
                        p = np.zeros((3, size)) if peepholes is None else peepholes[d].reshape(3, size)
                        i = f[0](x[0] + r[0] @ h + b[0] + p[0] * c)
                        forget = 1 - i if input_forget else f[0](x[2] + r[2] @ h + b[2] + p[2] * c)
                        fresh = forget * c + i * f[1](x[3] + r[3] @ h + b[3])
                        h = f[0](x[1] + r[1] @ h + b[1] + p[1] * fresh) * f[2](fresh)
                        c = fresh
                    states[t, d, n] = h
                lasts.append(h)
                cells.append(c)
        shape = (count, batch, size)
        results = [states, np.array(lasts).reshape(shape)]
        return [*results, np.array(cells).reshape(shape)] if cell == "lstm" else results
    return run


def recurrences(c):
    def operands(cell, count, steps, batch, size, dtype, given=()):
        gates = GATES[cell]
        shapes = {"bias": (count, gates * size), "h": (count, batch, size), "c": (count, batch, size), "p": (count, 3 * size)}
        made = [tame(shapes[name], dtype) / dtype(4) if name in given else None for name in shapes]
        lengths = (np.arange(batch) % (steps + 1)).astype(np.int32) if "lengths" in given else None
        return [tame((steps, batch, count * gates * size), dtype) / dtype(4), tame((count, gates * size, size), dtype) / dtype(8),
                made[0], lengths, *made[1:]]

    def check(cell, direction, sizes, dtype=np.float64, given=(), names=None, **attributes):
        count = 2 if direction == "bidirectional" else 1
        names = names or USUAL[cell] * count
        alphas, betas = [0.5 + i / 8 for i in range(len(names))], [0.25 + i / 8 for i in range(len(names))]
        given = given if cell == "lstm" else [it for it in given if it not in ("c", "p")]
        known = {"activations": names, "alphas": alphas, "betas": betas} | attributes
        c.like("recurrence", operands(cell, count, *sizes, dtype, given), recurrence(cell, direction, **known), cell=cell, direction=direction, **known)

    for cell in GATES:
        for direction in ("forward", "reverse", "bidirectional"):
            for dtype in (t for t in FLOATS if t in (np.float32, np.float64)):
                check(cell, direction, (3, 2, 5), dtype)
            check(cell, direction, (3, 2, 3), given=("bias", "lengths", "h", "c", "p"))
            check(cell, direction, (4, 1, 1), given=("bias", "h"), clip=0.25)
        for sizes in ((0, 2, 3), (2, 0, 3), (1, 1, 1)):
            check(cell, "bidirectional", sizes, given=("h", "c"))
        for name in FUNCTIONS:
            check(cell, "forward", (2, 2, 3), names=[name] * len(USUAL[cell]))
    check("gru", "forward", (3, 2, 4), given=("bias",), linear_before_reset=1)
    check("lstm", "forward", (3, 2, 4), given=("p",), input_forget=1)
    half = operands("lstm", 1, 2, 1, 3, np.float16)
    usual = {"activations": USUAL["lstm"], "alphas": [0.0] * 3, "betas": [0.0] * 3}
    c.like("recurrence", half, recurrence("lstm", "forward", **usual), cell="lstm", direction="forward", **usual)

    x = operands("rnn", 1, 2, 2, 3, np.float32)
    one = {"activations": ["Tanh"], "alphas": [0.0], "betas": [0.0]}
    c.fails("recurrence", x, "unknown value 'xyz'", cell="xyz", direction="forward", **one)
    c.fails("recurrence", x, "unknown value 'up'", cell="rnn", direction="up", **one)
    c.fails("recurrence", x, "expected operand 0 to have dims [2, 2, 9], found [2, 2, 3]", cell="gru", direction="forward", **one)
    c.fails("recurrence", x, "unknown activation 'Cos'", cell="rnn", direction="forward", **one | {"activations": ["Cos"]})
    c.fails("recurrence", x, "expected 1 activations", cell="rnn", direction="forward", **one | {"betas": [0.0, 1.0]})
    for lengths, same in (([1, 3], [1, 2]), ([-1, 2], [0, 2])):
        x[3] = np.array(lengths, np.int32)
        expected = recurrence("rnn", "reverse", **one)(*x[:3], same, *x[4:])
        c.equal("recurrence", [np.array(it, np.float64) if it is not None and it.dtype.kind == "f" else it for it in x],
                expected, cell="rnn", direction="reverse", **one)
