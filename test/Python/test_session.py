"""Sessions: what they say of a model, and what runs give."""

import gc
import os
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import model_bytes

import dlc


class Subclass(np.ndarray):
    pass


ADD = "g (float[N,3] x, float[N,3] y) => (float[N,3] sum, float[N,3] difference) { sum = Add(x, y) difference = Sub(x, y) }"


def test_describes_its_inputs_and_outputs(open_graph):
    session = open_graph("g (float[N,3,H] x, int64 k, seq(int64[]) s) => (float[N,3,M] y, seq(int64[]) u, bool b) "
                         "{ y = Concat<axis=2>(x, x) u = Identity(s) z = Cast<to=9>(k) b = Not(z) }")
    assert [(i.name, i.type, i.shape) for i in session.get_inputs()] == [
        ("x", "tensor(float)", ["N", 3, "H"]), ("k", "tensor(int64)", []), ("s", "seq(tensor(int64))", [])]
    assert [(o.name, o.type, o.shape) for o in session.get_outputs()] == [
        ("y", "tensor(float)", ["N", 3, "2*H"]), ("u", "seq(tensor(int64))", []), ("b", "tensor(bool)", [])]
    assert session.get_providers() == ["CPUExecutionProvider"]
    meta = session.get_modelmeta()
    assert meta.compiler == dlc.__version__
    assert meta.symbols["N"][0] == 0


def test_gives_all_outputs_or_those_named(open_graph):
    session = open_graph(ADD)
    x, y = np.arange(6, dtype=np.float32).reshape(2, 3), np.ones((2, 3), np.float32)
    both = session.run(None, {"y": y, "x": x})
    np.testing.assert_array_equal(both[0], x + y)
    np.testing.assert_array_equal(both[1], x - y)
    difference, total, again = session.run(["difference", "sum", "difference"], {"x": x, "y": y})
    np.testing.assert_array_equal(difference, x - y)
    np.testing.assert_array_equal(again, x - y)
    np.testing.assert_array_equal(total, x + y)
    assert session.run([], {"x": x, "y": y}) == []


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 17])
def test_one_session_takes_every_size(open_graph, rows):
    session = open_graph(ADD)
    for count in (rows, 3, rows):
        x = np.random.default_rng(count).standard_normal((count, 3), np.float32)
        total, difference = session.run(None, {"x": x, "y": x})
        assert total.shape == (count, 3) and total.dtype == np.float32
        np.testing.assert_array_equal(total, x + x)
        np.testing.assert_array_equal(difference, np.zeros_like(x))


def test_reads_arrays_however_they_lie(open_graph):
    session = open_graph(ADD)
    base = np.arange(24, dtype=np.float32).reshape(4, 6)
    wanted = base[::2, ::-2]
    unaligned = np.frombuffer(b"?" + wanted.tobytes(), np.uint8)[1:].view(np.float32).reshape(2, 3)
    fortran, swapped, read_only = np.asfortranarray(wanted), wanted.astype(">f4"), wanted.copy()
    read_only.flags.writeable = False
    assert not unaligned.flags.aligned and not fortran.flags.c_contiguous
    for x in (wanted, unaligned, fortran, swapped, read_only, wanted.tolist(), wanted.view(Subclass)):
        np.testing.assert_array_equal(session.run(["sum"], {"x": x, "y": np.zeros((2, 3), np.float32)})[0], wanted)


def test_copies_no_dense_array(open_graph):
    session = open_graph(ADD)
    x, y = np.ones((1000, 3), np.float32), np.zeros((1000, 3), np.float32)
    outputs = session.run(None, {"x": x, "y": y})
    context, = session._contexts
    assert [row.data for row in context.inputs] == [x.ctypes.data, y.ctypes.data]
    assert [row.data for row in context.outputs] == [output.ctypes.data for output in outputs]


def test_takes_scalars_in_every_form(open_graph):
    session = open_graph("g (float x, int64 k, bool b) => (float y, int64 n, bool c) { y = Neg(x) n = Neg(k) c = Not(b) }")
    for x, k, b in ((1.5, 3, True), (np.float32(1.5), np.int64(3), np.bool_(True)),
                    (np.array(1.5, np.float32), np.array(3), np.array(True))):
        y, n, c = session.run(None, {"x": x, "k": k, "b": b})
        assert (y.shape, y.dtype, n.dtype, c.dtype) == ((), np.float32, np.int64, np.bool_)
        assert (float(y), int(n), bool(c)) == (-1.5, -3, False)


@pytest.mark.parametrize("name", ["float16", "double", "uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
                                  "bool", "bfloat16"])
def test_passes_every_element_type(open_graph, name):
    ml_dtypes = pytest.importorskip("ml_dtypes")
    session = open_graph(f"g ({name}[N] x) => ({name}[M] y) {{ y = Concat<axis=0>(x, x) }}")
    dtype = np.dtype(ml_dtypes.bfloat16 if name == "bfloat16" else {"double": "float64"}.get(name, name))
    assert session.get_inputs()[0].type == f"tensor({name})"
    x = np.array([0, 1, 1, 0, 1], dtype)
    y, = session.run(None, {"x": x})
    assert y.dtype == dtype
    np.testing.assert_array_equal(y, np.concatenate([x, x]))


def test_outputs_outlive_the_session_and_may_be_written(open_graph):
    with open_graph(ADD) as session:
        x = np.ones((1000, 3), np.float32)
        first, _ = session.run(None, {"x": x, "y": x})
        view = first[10:20]
        second, _ = session.run(None, {"x": first, "y": x})
    del session, first
    gc.collect()
    assert (view == 2).all() and (second == 3).all()
    view += 1
    assert (view == 3).all()


def test_nothing_is_left_of_a_run(open_graph):
    session = open_graph("g (float[N] x, seq(float[N]) s, string[K] t) => (float[2*N] y, seq(float[N]) u, string[K] v) "
                         "{ y = Concat<axis=0>(x, x) u = SequenceInsert(s, x) v = Identity(t) }".replace("2*N", "M"))
    x = np.ones(50_000, np.float32)
    feeds = {"x": x, "s": [x, x], "t": np.array(["some text" * 100] * 50)}

    def run(count):
        for _ in range(count):
            session.run(None, feeds)
            with pytest.raises(dlc.Error):
                session.run(None, feeds | {"x": x.astype(np.int32)})
        gc.collect()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    before = run(30)
    assert run(300) < before + 20_000  # KiB; one output alone would be 120,000


def test_thousands_of_sessions_leave_nothing(tmp_path):
    path = dlc.compile(model_bytes("g (float[N] x) => (float[N] y) { y = Relu(x) }"), tmp_path / "model.so")
    feeds = {"x": np.ones(7, np.float32)}

    def use(count):
        for _ in range(count):
            with dlc.InferenceSession(path) as session:
                session.run(None, feeds)
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages, len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

    pages, *others = use(1000)
    pages_later, *others_later = use(9000)
    assert others_later == others
    assert pages_later <= pages + 256  # 4 KiB each: not one for every 35 sessions


def test_a_forked_child_uses_its_parents_session(open_graph):
    session = open_graph(ADD)
    x = np.arange(3000, dtype=np.float32).reshape(1000, 3)

    def works():
        return bool(np.array_equal(session.run(["sum"], {"x": x, "y": x})[0], x + x))

    assert works()
    child = os.fork()
    if child == 0:
        os._exit(0 if works() and works() else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert works()


def test_a_closed_session_says_so(open_graph):
    session = open_graph(ADD)
    session.close()
    session.close()
    with pytest.raises(dlc.InvalidArgument, match="closed"):
        session.run(None, {"x": np.zeros((1, 3), np.float32), "y": np.zeros((1, 3), np.float32)})


def test_threads_share_a_session(open_graph):
    session = open_graph("g (float[N,N] x) => (float[N,N] y) { a = MatMul(x, x) b = Relu(a) y = MatMul(b, x) }")
    failures = []

    def work(size):
        x = np.random.default_rng(size).standard_normal((size, size), np.float32)
        wanted = np.maximum(x @ x, 0) @ x
        for _ in range(20):
            y, = session.run(None, {"x": x})
            if np.abs(y - wanted).max() > 1e-4 * np.abs(wanted).max():
                failures.append(size)

    threads = [threading.Thread(target=work, args=(size,)) for size in (1, 7, 16, 31, 64, 90)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


ENDLESS = """g (int64 n, float[4] x) => (float[4] y) {
  y = Loop <body = b (int64 i, bool c, float[4] s) => (bool d, float[4] t) { d = Identity(c) t = Sin(s) }> (n, , x)
}"""


def test_cancel_ends_the_runs_that_go_on(open_graph):
    session = open_graph(ENDLESS)
    x = np.ones(4, np.float32)
    session.cancel()  # of no run
    assert session.run(None, {"n": 0, "x": x})[0].tolist() == [1] * 4
    raised = []

    def work():
        try:
            session.run(None, {"n": 2**62, "x": x})
        except dlc.Error as error:
            raised.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    while len(session._running) < 3:
        time.sleep(0.001)
    session.cancel()
    for thread in threads:
        thread.join(60)
    assert [(type(error), error.code) for error in raised] == [(dlc.Cancelled, dlc.Code.CANCELLED)] * 3
    np.testing.assert_allclose(session.run(None, {"n": 1, "x": x})[0], np.sin(x), rtol=1e-6)
    assert not session._running


def test_a_run_lets_other_threads_go_on(open_graph):
    """While the runtime computes, the thread does not hold Python's lock: a counter moves on meanwhile."""
    session = open_graph("g (float[N,N] x) => (float[N,N] y) { y = MatMul(x, x) }", num_threads=1)
    x = np.ones((1500, 1500), np.float32)
    session.run(None, {"x": x})
    counted, done = 0, threading.Event()

    def work():
        session.run(None, {"x": x})
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.0005):
        counted += 1
    thread.join()
    assert counted > 3


def test_opens_an_artifact_by_path_and_by_its_bytes(tmp_path):
    artifact = dlc.compile(model_bytes(ADD), tmp_path / "add.so", hints={"N": 4}, ranges={"N": (1, 8)})
    x = np.ones((2, 3), np.float32)
    for source in (str(artifact), artifact, artifact.read_bytes()):
        session = dlc.InferenceSession(source)
        assert session.get_modelmeta().symbols == {"N": (1, 8)}
        assert (session.run(["sum"], {"x": x, "y": x})[0] == 2).all()
        with pytest.raises(dlc.ShapeMismatch, match="expected 1 to 8"):
            session.run(None, {"x": np.ones((9, 3), np.float32), "y": np.ones((9, 3), np.float32)})
    with pytest.raises(dlc.InvalidArgument, match="compiled already"):
        dlc.InferenceSession(artifact, hints={"N": 4})


def test_compile_options_reach_the_compiler(open_graph):
    session = open_graph(ADD, shapes={"x": (4, 3)}, target_cpu="x86-64-v2")
    assert session.get_inputs()[0].shape == [4, 3]
    assert session.get_modelmeta().target == "x86-64-v2"


def test_takes_providers_of_onnx_runtime(open_graph):
    open_graph(ADD, providers=["CUDAExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(dlc.ArtifactError, match="code for CUDA"):
        open_graph(ADD, providers=["CUDAExecutionProvider"])


def test_the_backend_gives_outputs_in_order(tmp_path):
    from dlc import onnx_backend

    path = tmp_path / "model.onnx"
    path.write_bytes(model_bytes(ADD))
    x = np.ones((2, 3), np.float32)
    total, difference = onnx_backend.prepare(str(path)).run({"x": x, "y": x})
    assert (total == 2).all() and (difference == 0).all()


def run_python(program, *arguments):
    """What the program prints, in a process of its own."""
    return subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True).stdout


def test_importing_loads_nothing_that_sessions_alone_need():
    loaded = set(run_python("import sys, dlc; print(*sys.modules)").split())
    assert "dlc" in loaded and not loaded & {"ctypes", "dlc._session", "numpy"}
    program = "import sys, numpy; before = set(sys.modules); from dlc import InferenceSession; print(*set(sys.modules) - before)"
    loaded = set(run_python(program).split())
    assert "dlc._session" in loaded
    assert not loaded & {"dlc._cache", "dlc._compiler", "hashlib", "pathlib", "subprocess", "tempfile"}


def test_names_that_are_imported_late_are_there_all_the_same():
    assert set(run_python("import dlc; print(*dir(dlc))").split()) >= set(dlc.__all__)
    assert set(run_python("from dlc import *; print(*dir())").split()) >= set(dlc.__all__)
    with pytest.raises(AttributeError, match="^module 'dlc' has no attribute 'Session'$"):
        dlc.Session


def test_threads_may_open_the_first_sessions_at_once(tmp_path):
    program = """
import sys, threading
from concurrent.futures import ThreadPoolExecutor
import dlc

together = threading.Barrier(4)

def open(path):
    together.wait()
    return len(dlc.InferenceSession(path).get_inputs())

with ThreadPoolExecutor(4) as pool:
    print(*pool.map(open, [sys.argv[1]] * 4))
"""
    assert run_python(program, dlc.compile(model_bytes(ADD), tmp_path / "model.so")).split() == ["2"] * 4
