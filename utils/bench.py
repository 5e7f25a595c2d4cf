"""Compares an artifact with ONNX Runtime on equally many threads: time and numbers. For models with one input and one output.

    build/venv/bin/python utils/bench.py model.onnx model.so --shape 1,3,224,224 --max-ratio 1.0

Both run in this process, in rounds of dlc, ORT, ORT, dlc, so that other load of the machine meets both alike; medians
are reported. Both write into a buffer made beforehand. Exit status 1: the numbers differ, or dlc is slower than allowed.
"""

import argparse
import ctypes
import statistics
import sys
import time
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
F32 = 1
MAX_RANK = 32
# Of the largest |output|. ONNX Runtime itself is up to 2e-4 away from float64, by rounded coordinates in Resize.
TOLERANCE = 1e-3


class ContextOptions(ctypes.Structure):
    """dlc_context_options of dlc/dlc.h."""
    _fields_ = [("struct_size", ctypes.c_uint32), ("num_threads", ctypes.c_uint32), ("max_workspace", ctypes.c_uint64)]


class Input(ctypes.Structure):
    """dlc_input of dlc/dlc.h."""
    _fields_ = [("struct_size", ctypes.c_uint32), ("dtype", ctypes.c_int32), ("name", ctypes.c_char_p),
                ("rank", ctypes.c_uint32), ("reserved", ctypes.c_uint32), ("dims", ctypes.POINTER(ctypes.c_int64)),
                ("data", ctypes.c_void_p), ("size", ctypes.c_uint64)]


class Output(ctypes.Structure):
    """dlc_output of dlc/dlc.h."""
    _fields_ = [("struct_size", ctypes.c_uint32), ("dtype", ctypes.c_int32), ("rank", ctypes.c_uint32),
                ("allocated", ctypes.c_uint32), ("data", ctypes.c_void_p), ("capacity", ctypes.c_uint64),
                ("size", ctypes.c_uint64), ("dims", ctypes.c_int64 * MAX_RANK)]


class Dlc:
    """An artifact with one input and one output, bound to `x`."""

    def __init__(self, runtime, artifact, x, threads):
        self.lib = ctypes.CDLL(str(runtime))
        self.lib.dlc_context_error_text.restype = ctypes.c_char_p
        session, self.context, why = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.create_string_buffer(512)
        if self.lib.dlc_session_load(str(artifact).encode(), None, why, ctypes.c_size_t(len(why)), ctypes.byref(session)):
            sys.exit(f"error: {why.value.decode()}")
        options = ContextOptions(ctypes.sizeof(ContextOptions), threads)
        self._check(self.lib.dlc_context_create(session, ctypes.byref(options), ctypes.byref(self.context)))
        self.lib.dlc_session_release(session)

        self.x, self.dims = x, (ctypes.c_int64 * x.ndim)(*x.shape)
        self.input = Input(ctypes.sizeof(Input), F32, None, x.ndim, 0, self.dims, x.ctypes.data, x.nbytes)
        self.output = Output(struct_size=ctypes.sizeof(Output))
        self._check(self.lib.dlc_context_plan(self.context, ctypes.byref(self.input), 1, ctypes.byref(self.output), 1, None))
        self.y = np.empty(self.output.dims[:self.output.rank], np.float32)
        self.output.data, self.output.capacity = self.y.ctypes.data, self.y.nbytes

    def _check(self, status):
        if status:
            sys.exit(f"error: status {status}: {(self.lib.dlc_context_error_text(self.context) or b'').decode()}")

    def run(self):
        self._check(self.lib.dlc_context_run(self.context, None, ctypes.byref(self.input), 1, ctypes.byref(self.output), 1))


class Ort:
    """The model in ONNX Runtime, bound to `x`."""

    def __init__(self, model, x, shape, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self.y = np.empty(shape, np.float32)
        self.binding = self.session.io_binding()
        self.binding.bind_cpu_input(self.session.get_inputs()[0].name, x)
        self.binding.bind_output(self.session.get_outputs()[0].name, "cpu", 0, np.float32, shape, self.y.ctypes.data)

    def run(self):
        self.session.run_with_iobinding(self.binding)


def make_input(shape):
    """Pictures in 0..255 where there are four dims: noise at all scales, the finer the weaker, as in photos. Else normal noise."""
    random = np.random.default_rng(0)
    if len(shape) != 4:
        return random.standard_normal(shape, np.float32)
    height, width = shape[2:]
    picture, weight, cells = np.zeros((shape[0] * shape[1], height, width)), 1.0, 4
    while cells <= max(height, width):
        for plane in picture:
            noise = Image.fromarray(random.random((cells, cells), np.float32))
            plane += weight * np.asarray(noise.resize((width, height), Image.Resampling.BICUBIC))
        cells, weight = cells * 2, weight / 2
    picture -= picture.min()
    return np.ascontiguousarray(255 * picture.reshape(shape) / max(picture.max(), 1e-9), np.float32)


# After a run, idle threads of ONNX Runtime spin for some time, and would take a CPU from the next engine's.
PAUSE_SECONDS = 0.05


def milliseconds(engine):
    """Two runs in a row, after one that finds caches and threads as the other engine left them."""
    time.sleep(PAUSE_SECONDS)
    engine.run()
    times = []
    for _ in range(2):
        start = time.perf_counter()
        engine.run()
        times.append((time.perf_counter() - start) * 1e3)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("artifact", type=Path)
    parser.add_argument("--shape", required=True, help="dims of the input, such as 1,3,224,224")
    parser.add_argument("--runtime", type=Path, default=ROOT / "build/dev/lib/libdlc_runtime.so")
    parser.add_argument("--threads", type=int, default=1,
                        help="threads of each (default 1); dlc takes no more than DLC_NUM_THREADS, or else CPUs")
    parser.add_argument("--rounds", type=int, default=10, help="rounds of four runs (default 10)")
    parser.add_argument("--max-ratio", type=float, help="fail if dlc's time is more than this times ORT's")
    args = parser.parse_args()

    x = make_input([int(dim) for dim in args.shape.split(",")])
    dlc = Dlc(args.runtime, args.artifact.resolve(), x, args.threads)
    ort = Ort(args.model, x, dlc.y.shape, args.threads)
    for engine in (dlc, ort, ort, dlc):
        engine.run()

    times = {dlc: [], ort: []}
    for _ in range(args.rounds):
        for engine in (dlc, ort, ort, dlc):
            times[engine] += milliseconds(engine)
    ours, theirs = statistics.median(times[dlc]), statistics.median(times[ort])
    error = float(np.abs(dlc.y - ort.y).max() / np.abs(ort.y).max())
    print(f"dlc {ours:.2f} ms   ORT {theirs:.2f} ms   ratio {ours / theirs:.3f}   max relative error {error:.1e}   "
          f"({args.shape}, {args.threads} thread{'s' * (args.threads != 1)}, {4 * args.rounds} runs each)")

    if not error <= TOLERANCE:
        sys.exit(f"error: expected a relative error of at most {TOLERANCE}, found {error:.1e}")
    if args.max_ratio is not None and ours / theirs > args.max_ratio:
        sys.exit(f"error: expected at most {args.max_ratio} of ORT's time, found {ours / theirs:.3f}")


if __name__ == "__main__":
    main()
