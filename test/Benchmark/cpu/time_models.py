#!/usr/bin/env python3
"""Times the model zoo on CPUs against ONNX Runtime and OpenVINO, and writes the section of CPUs with this machine's
vectors, "CPUs with AVX2" or "CPUs with AVX-512", of docs/Performance.md.

    python3 -m venv build/benchmark/venv
    build/benchmark/venv/bin/pip install -r test/Benchmark/cpu/requirements.txt
    PYTHONPATH=build/dev/python build/benchmark/venv/bin/python test/Benchmark/cpu/time_models.py ../shared/models

Each engine has a process for each model, pinned to as many CPUs as it has threads. They take turns in rounds, in another order
each round, and are stopped between turns, so that no pool of threads spins in another's time. A sample is one call with NumPy
arrays in and out; medians over all rounds are reported. Sizes are the models' usual ones, fixed for all engines. The error is the
largest difference from ONNX Runtime's outputs over the largest |output|. Nothing else should run meanwhile.

What dlc's large products and direct convolutions reach of the multiply-adds that a core can do is read from `dlc-run --profile`,
on one thread, within the run of the whole network: weights come from memory, inputs from wherever the kernel before left them.
"""

import argparse
import datetime
import json
import os
import platform
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from report import PERFORMANCE, find_mean, write_section

ROOT = Path(__file__).resolve().parents[3]
MODELS = ["srcnn_x3", "resnet18", "resnet50", "mobilenet_v2", "efficientnet_b0", "convnext_tiny", "vit_b_16", "yolov8n", "unet_small",
          "pointpillars_backbone", "bert_base", "minilm_l6", "gpt2_decode", "lstm_classifier"]
TOLERANCE = 1e-3
LARGE = 50e6  # flops of a kernel that is looked at beside the peak
PROFILES = 8  # processes whose kernels are looked at


# ---- Engines: what a process of its own runs ----

def open_dlc(model, threads):
    os.environ["DLC_NUM_THREADS"] = str(threads)
    import dlc
    session = dlc.InferenceSession(model.with_suffix(".so"))
    return dlc.__version__, lambda feeds: session.run(None, feeds)


def open_onnxruntime(model, threads):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads, options.log_severity_level = threads, 1, 3
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    return onnxruntime.__version__, lambda feeds: session.run(None, feeds)


def open_openvino(model, threads):
    import openvino
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(str(model)), "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": threads})
    request = compiled.create_infer_request()

    def run(feeds):
        results = request.infer(feeds, share_inputs=True, share_outputs=True)
        return [results[i] for i in range(len(compiled.outputs))]
    return openvino.__version__.split("-")[0], run


ENGINES = {"dlc": open_dlc, "onnxruntime": open_onnxruntime, "openvino": open_openvino}


def serve(engine, model, threads):
    """Answers a number of seconds on standard input with the milliseconds of calls, in JSON, one line each."""
    feeds = dict(np.load(model.with_suffix(".inputs.npz")))
    version, run = ENGINES[engine](model, threads)
    found = [np.asarray(output) for output in run(feeds)]
    expected = model.with_suffix(".outputs.npz")
    if not expected.exists():
        np.savez(expected, *found)
    wanted = list(np.load(expected).values())
    scale = [max(float(np.abs(b).max()), 1e-30) for b in wanted]
    error = max(float(np.abs(a.reshape(b.shape).astype(np.float64) - b).max()) / s for a, b, s in zip(found, wanted, scale, strict=True))
    print(json.dumps({"version": version, "error": error}), flush=True)
    for line in sys.stdin:
        samples, end = [], time.perf_counter() + float(line)
        run(feeds)
        while len(samples) < 2 or time.perf_counter() < end:
            start = time.perf_counter()
            run(feeds)
            samples.append((time.perf_counter() - start) * 1e3)
        print(json.dumps(samples), flush=True)


# ---- The driver ----

class Server:
    """A process that serves one engine, stopped while it is not asked."""

    def __init__(self, engine, model, threads):
        cpus = sorted(os.sched_getaffinity(0))[-threads:]
        self.process = subprocess.Popen([sys.executable, __file__, "--serve", engine, str(model), str(threads)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        preexec_fn=lambda: os.sched_setaffinity(0, cpus))
        self.about = self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"error: {' '.join(self.process.args[3:])}: {self.process.stderr.read().strip()[-300:]}")
        self.process.send_signal(signal.SIGSTOP)
        return json.loads(line)

    def ask(self, seconds):
        self.process.send_signal(signal.SIGCONT)
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()


def prepare(name, zoo, folder):
    """Writes the model with fixed sizes, its inputs, and its artifact; how long that compiled, and the artifact's bytes."""
    import make_inputs
    import materialize
    import onnx

    entry = make_inputs.index(zoo / "index.json")[name]
    raw, path = Path(materialize.materialize(zoo / entry["file"], folder / "raw")), folder / f"{name}.onnx"
    feeds, model = make_inputs.make(entry), onnx.load(raw)
    for value in model.graph.input:
        if value.name in feeds:
            for dim, size in zip(value.type.tensor_type.shape.dim, feeds[value.name].shape, strict=True):
                dim.dim_value = size
    onnx.save(model, path)
    raw.unlink()
    np.savez(path.with_suffix(".inputs.npz"), **feeds)
    start = time.perf_counter()
    subprocess.run(["dlc-compile", path, "-o", path.with_suffix(".so")], check=True, stderr=subprocess.DEVNULL)
    return path, time.perf_counter() - start, path.with_suffix(".so").stat().st_size


def measure(path, engines, threads, rounds, seconds):
    """For each engine its median in milliseconds and what it says of itself."""
    servers = {engine: Server(engine, path, threads) for engine in sorted(engines, key="dlc".__eq__)}  # the reference first
    samples = {engine: [] for engine in engines}
    for turn in range(rounds):
        order = engines[turn % len(engines):] + engines[:turn % len(engines)]
        for engine in order:
            samples[engine] += servers[engine].ask(seconds)
    for server in servers.values():
        server.close()
    return {engine: {"ms": statistics.median(samples[engine])} | servers[engine].about for engine in engines}


def profile(artifact):
    """Of each large kernel that multiplies as often as its operator says: milliseconds and share of the peak, medians of
    PROFILES processes, the largest share of these, and nodes; and the milliseconds of all kernels."""
    about = json.loads(subprocess.run(["dlc-inspect", "--json", artifact], check=True, capture_output=True, text=True).stdout)
    products = {kernel["name"] for kernel in about["kernels"] if kernel["schedule"].split(",")[0] in ("direct_conv", "row_conv", "matmul")}
    command = ["taskset", "-c", str(max(os.sched_getaffinity(0))), "dlc-run", artifact, "--input",
               f"@{artifact.with_suffix('.inputs.npz')}", "--threads", "1", "--bench", "0.3s", "--profile"]
    row = re.compile(r"(\S+) +(\d+) +([\d.]+) +[\d.]+% +(\S+) +(\S+) +(.*)")
    kernels, wholes = {}, []
    for _ in range(PROFILES):
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        rows = [match.groups() for match in map(row.fullmatch, text.splitlines()) if match]
        wholes.append(sum(float(ms) / int(calls) for _, calls, ms, _, _, _ in rows))
        for name, calls, ms, speed, peak, nodes in rows:
            if name in products and speed != "-" and float(speed) * float(ms) * 1e6 / int(calls) >= LARGE:
                kernels.setdefault(nodes, []).append((float(ms) / int(calls), float(peak[:-1])))
    large = [(statistics.median(ms for ms, _ in found), statistics.median(peak for _, peak in found), max(peak for _, peak in found), nodes)
             for nodes, found in kernels.items()]
    return large, statistics.median(wholes)


# ---- The report ----

def write_peaks(profiles):
    lines = ["\n### Large products and direct convolutions beside the peak, 1 thread\n",
             f"Kernels of {LARGE / 1e6:.0f} MFLOP or more, epilogues included, but Winograd's, within the run of the whole network; the share "
             f"of the peak of multiply-adds, the best that `dlc-run` finds in 0.1 s, of all of a network's such kernels, weighted by time, and of "
             f"the slowest: the median and the best of {PROFILES} processes of 0.3 s.\n",
             "| model | kernels | of the network's time | of the peak | best | slowest | best | its first node |",
             "| --- | --- | --- | --- | --- | --- | --- | --- |"]
    for name, (large, whole) in profiles.items():
        if not large:
            continue
        time_of_all = sum(ms for ms, _, _, _ in large)
        reached = sum(ms * peak for ms, peak, _, _ in large)
        least_time = sum(ms * peak / best for ms, peak, best, _ in large)
        _, least, best, nodes = min(large, key=lambda kernel: kernel[1])
        lines.append(f"| {name} | {len(large)} | {100 * time_of_all / whole:.0f} % | {reached / time_of_all:.0f} % | "
                     f"{reached / least_time:.0f} % | {least:.0f} % | {best:.0f} % | `{nodes.split(' (')[0]}` |")
    return lines

def write_table(results, peers, threads):
    lines = [f"\n### {threads} thread{'s' if threads > 1 else ''}\n",
             "| model | dlc, ms | " + " | ".join(f"{peer}, ms | {peer} / dlc" for peer in peers) + " | error |",
             "| --- | --- | " + " | ".join("--- | ---" for _ in peers) + " | --- |"]
    ratios, losses = {peer: [] for peer in peers}, []
    for name, found in results.items():
        own, cells = found["dlc"]["ms"], []
        for peer in peers:
            ratio = found[peer]["ms"] / own
            ratios[peer].append(ratio)
            if ratio < 1:
                losses.append(f"{name} against {peer} ({ratio:.2f})")
            cells += [f"{found[peer]['ms']:.4g}", f"{ratio:.2f}"]
        wrong = " WRONG" if found["dlc"]["error"] > TOLERANCE else ""
        lines.append(f"| {name} | {own:.4g} | {' | '.join(cells)} | {found['dlc']['error']:.1e}{wrong} |")
    lines.append("| geometric mean | | " + " | ".join(f"| **{find_mean(ratios[peer]):.2f}**" for peer in peers) + " | |")
    return lines + ["", "Slower than a peer: " + ("; ".join(losses) or "none") + "."]


def describe(results, arguments):
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())[1]
    about = next(iter(next(iter(results.values())).values()))
    versions = ", ".join(f"{engine} {about[engine]['version']}" for engine in arguments.engines)
    return [f"{datetime.date.today()}, {cpu}, {os.cpu_count()} CPUs, Linux {platform.release()}; {versions}. float32, batch 1 but "
            "where the zoo says otherwise (`lstm_classifier`: 2).",
            "", f"`test/Benchmark/cpu/time_models.py` writes this section: medians of {arguments.rounds} interleaved rounds of "
            f"{arguments.seconds} s, engines in processes of their own, pinned, and stopped while others run; a sample is one call with "
            "NumPy arrays in and out. A ratio over 1 says that dlc is faster. Errors are from ONNX Runtime's outputs, relative to the "
            "largest one."]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zoo", type=Path, help="folder with packed models and their index.json")
    parser.add_argument("--models", type=lambda text: text.split(","), default=MODELS)
    parser.add_argument("--engines", type=lambda text: text.split(","), default=list(ENGINES))
    parser.add_argument("--threads", type=lambda text: [int(n) for n in text.split(",")], default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="of one turn")
    parser.add_argument("--out", type=Path, default=PERFORMANCE)
    arguments = parser.parse_args()
    sys.path.insert(0, str(arguments.zoo.resolve()))
    os.environ["PATH"] = f"{ROOT / 'build/dev/bin'}:{os.environ['PATH']}"
    results, compiled, profiles = {threads: {} for threads in arguments.threads}, [], {}
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as scratch:
        for name in arguments.models:
            path, seconds, size = prepare(name, arguments.zoo, Path(scratch))
            compiled.append(f"| {name} | {seconds:.1f} | {size / 1e6:.1f} |")
            for threads in arguments.threads:
                found = results[threads][name] = measure(path, arguments.engines, threads, arguments.rounds, arguments.seconds)
                print(name, threads, {engine: round(row["ms"], 3) for engine, row in found.items()}, flush=True)
            profiles[name] = profile(path.with_suffix(".so"))
            for file in Path(scratch).glob(f"{name}.*"):
                file.unlink()
    peers = [engine for engine in arguments.engines if engine != "dlc"]
    lines = describe(results, arguments)
    for threads in arguments.threads:
        lines += write_table(results[threads], peers, threads)
    lines += write_peaks(profiles)
    lines += ["\n### Compile time and artifacts\n", "| model | seconds to compile | artifact, MB |", "| --- | --- | --- |", *compiled]
    vectors = "AVX-512" if re.search(r"^flags.* avx512f ", Path("/proc/cpuinfo").read_text(), re.MULTILINE) else "AVX2"
    write_section(arguments.out, f"CPUs with {vectors}", lines)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]))
    else:
        main()
