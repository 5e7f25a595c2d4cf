#!/usr/bin/env python3
"""Sessions on a real GPU: which machine they take, memory of PyTorch's tensors in and out, streams, threads.

    check_sessions.py [--target sm_90] [--out FOLDER]

Needs PyTorch with CUDA, onnx, and the Python package dlc (PYTHONPATH) with its compiler. Prints a line for each check; the exit
status is 1 where one fails.
"""

import argparse
import sys
import threading
from pathlib import Path

import numpy as np
import onnx.parser
import torch

import dlc

INNER, COLUMNS, SIZES = 256, 320, (1, 7, 64, 333)
MODEL = f"""<ir_version: 8, opset_import: ["" : 17]>
g (float[N, {INNER}] x, float[{INNER}, {COLUMNS}] w) => (float[N, {COLUMNS}] y) {{
  product = MatMul (x, w)
  waves = Sin (product)
  y = Softmax <axis = 1> (waves)
}}"""


class Interface:
    """An array that has nothing but __cuda_array_interface__."""

    def __init__(self, tensor, stream=None, **changes):
        self.tensor = tensor
        self.__cuda_array_interface__ = {"shape": tuple(tensor.shape), "typestr": "<f4", "data": (tensor.data_ptr(), False),
                                         "version": 3, "strides": None, "stream": stream} | changes


def make_feeds(size, seed=1):
    random = np.random.default_rng(seed)
    return {"x": random.standard_normal((size, INNER), np.float32), "w": random.standard_normal((INNER, COLUMNS), np.float32)}


def on_device(feeds):
    return {name: torch.from_numpy(array).cuda() for name, array in feeds.items()}


def compute(feeds):
    waves = np.sin(feeds["x"].astype(np.float64) @ feeds["w"].astype(np.float64))
    powers = np.exp(waves - waves.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def is_close(found, feeds):
    wanted = compute(feeds)
    return np.abs(found - wanted).max() <= 1e-4 * np.abs(wanted).max()


def check_choice(model, options):
    with dlc.InferenceSession(model, **options) as anywhere, dlc.InferenceSession(model, device="cpu", **options) as cpu:
        assert anywhere.device.startswith("cuda:0 (") and anywhere.fallback == "", (anywhere.device, anywhere.fallback)
        assert cpu.device == "cpu", cpu.device
        for size in SIZES:
            feeds = make_feeds(size)
            for session in (anywhere, cpu):
                assert is_close(session.run(None, feeds)[0], feeds), (session.device, size)


def check_pointers(model, options):
    """DLPack and __cuda_array_interface__ give the bits of arrays of the host; outputs are tensors without a copy."""
    with dlc.InferenceSession(model, **options) as host, dlc.InferenceSession(model, outputs_on_device=True, **options) as device:
        for size in SIZES:
            feeds = make_feeds(size)
            wanted = host.run(None, feeds)[0].tobytes()
            tensors = on_device(feeds)
            ways = [tensors, {name: Interface(tensor) for name, tensor in tensors.items()}, {**feeds, "x": tensors["x"]}]
            for way in ways:
                (found,) = device.run(None, way)
                tensor = torch.from_dlpack(found)
                assert tensor.is_cuda and tensor.data_ptr() == found.__cuda_array_interface__["data"][0]
                assert tensor.cpu().numpy().tobytes() == wanted, size
                again = device.run(None, {"x": tensors["x"] * 2, "w": tensors["w"]})  # another's memory stays
                assert tensor.cpu().numpy().tobytes() == wanted and again


def check_refusals(model, options):
    feeds = make_feeds(4)
    tensors = on_device(feeds)
    cases = {"an address that the CUDA driver does not know": Interface(tensors["x"], data=(0x1000, False)),
             "a dense array": tensors["x"].t().contiguous().t(),
             "not aligned": Interface(tensors["x"], data=(tensors["x"].data_ptr() + 1, False))}
    with dlc.InferenceSession(model, **options) as session:
        for text, x in cases.items():
            try:
                session.run(None, {"x": x, "w": tensors["w"]})
            except dlc.Error as error:
                assert text in str(error), error
            else:
                raise AssertionError(f"expected a refusal: {text}")
        assert is_close(session.run(None, tensors)[0], feeds)


def check_streams(model, options):
    """A run waits for what is queued on the stream that its input names."""
    with dlc.InferenceSession(model, outputs_on_device=True, **options) as session:
        feeds = make_feeds(64)
        tensors = on_device(feeds)
        large = torch.randn(4096, 4096, device="cuda")
        wanted = torch.from_dlpack(session.run(None, tensors)[0]).clone()
        stream = torch.cuda.Stream()
        for _ in range(10):
            late = torch.full_like(tensors["x"], float("nan"))
            torch.cuda.synchronize()
            with torch.cuda.stream(stream):
                for _ in range(20):
                    large = large @ large
                    large = large / large.norm()
                late.copy_(tensors["x"])
            found = session.run(None, {"x": Interface(late, stream.cuda_stream), "w": tensors["w"]})
            assert torch.equal(torch.from_dlpack(found[0]), wanted)


def check_threads(model, options):
    """Several sessions, sizes and threads at once give the bits of one."""
    sessions = [dlc.InferenceSession(model, **options) for _ in range(2)] + [dlc.InferenceSession(model, device="cuda:0", **options)]
    cases = [(make_feeds(size, size), size) for size in SIZES]
    wanted = {size: sessions[0].run(None, feeds)[0].tobytes() for feeds, size in cases}
    wrong = []

    def work(number):
        for run in range(40):
            feeds, size = cases[(number + run) % len(cases)]
            given = on_device(feeds) if run % 2 else feeds
            if sessions[(number + run) % len(sessions)].run(None, given)[0].tobytes() != wanted[size]:
                wrong.append((number, run, size))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong, wrong
    for session in sessions:
        session.close()


def check_memory(model, options):
    """What sessions take they give back."""
    def use():
        with dlc.InferenceSession(model, **options) as session:
            session.run(None, make_feeds(4096))

    use()
    torch.cuda.synchronize()
    before = torch.cuda.mem_get_info()[0]
    for _ in range(20):
        use()
    torch.cuda.synchronize()
    assert torch.cuda.mem_get_info()[0] >= before - (4 << 20), (before, torch.cuda.mem_get_info()[0])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", default="sm_90")
    parser.add_argument("--out", type=Path, default=Path("gpu-sessions"), help="gets sessions.txt")
    arguments = parser.parse_args()
    model = onnx.parser.parse_model(MODEL).SerializeToString()
    options = {"target": f"cpu:host,cuda:{arguments.target}"}
    lines = []
    for check in (check_choice, check_pointers, check_refusals, check_streams, check_threads, check_memory):
        try:
            check(model, options)
            lines.append(f"ok {check.__name__}")
        except Exception as error:  # the others go on
            lines.append(f"WRONG {check.__name__}: {type(error).__name__}: {error}")
        print(lines[-1], flush=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "sessions.txt").write_text("\n".join(lines) + "\n")
    return 0 if all(line.startswith("ok ") for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
