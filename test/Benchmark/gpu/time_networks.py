#!/usr/bin/env python3
"""Times networks on a GPU against PyTorch, and writes a table in Markdown.

    time_networks.py [NETWORK[:BATCH] ...] [--precision tf32,fp16] [--out FOLDER] [--no-compile]

Needs PyTorch with CUDA, its exporter to ONNX, and the Python package dlc (PYTHONPATH) with its compiler. Each network is built
once, exported, and compiled. Both sides are timed as replays of a CUDA graph whose inputs lie in the device's memory, at the
same precision; PyTorch is the better of eager kernels (channels first or last) and of what torch.compile makes. Errors are
from PyTorch's float64 result, relative to the largest number in it.
"""

import argparse
import concurrent.futures
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import networks
import numpy as np
import torch

import dlc

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "Helpers"))
import gpu_run
from compare_arrays import find_difference

TOOLS = Path(dlc.__file__).parent / "bin"
TOLERANCES = {"fp32": 1e-4, "tf32": 1e-2, "fp16": 1e-2, "bf16": 8e-2}
RUNS = 5  # that must give equal bits


def make_inputs(name, batch):
    torch.manual_seed(1)
    return networks.NETWORKS[name][1](batch)


def prepare(name, batch, precisions, folder, target):
    """Exports and compiles a network; how many seconds that took."""
    torch.set_num_threads(2)
    path, start = Path(folder) / f"{name}-{batch}", time.time()
    inputs = tuple(make_inputs(name, batch))
    model = path.with_suffix(".onnx")
    torch.onnx.export(networks.make_network(name), inputs, str(model), dynamo=True, verbose=False,
                      input_names=[f"input{i}" for i in range(len(inputs))])
    seconds = {"export": time.time() - start}
    for precision in precisions:
        start = time.time()
        done = subprocess.run([TOOLS / "dlc-compile", model, "-o", f"{path}-{precision}.so", f"--target=cuda:{target}",
                               f"--precision={precision}"], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{name}: {done.stdout}{done.stderr}")
        seconds[precision] = time.time() - start
    return seconds


def measure_graph(run, replays):
    """Seconds of a replay of what `run` launches."""
    stream = torch.cuda.Stream()
    with torch.cuda.stream(stream):
        for _ in range(3):
            run()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    best = float("inf")
    for _ in range(5):
        torch.cuda.synchronize()
        start = time.time()
        for _ in range(replays):
            graph.replay()
        torch.cuda.synchronize()
        best = min(best, (time.time() - start) / replays)
    return best


def as_arrays(outputs):
    return [y.double().cpu().numpy() for y in (outputs if isinstance(outputs, tuple) else (outputs,))]


def measure_torch(network, inputs, precision, replays, compiles):
    """What PyTorch computes at this precision, and the seconds of each way that it has."""
    tf32 = precision == "tf32"
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    dtype = {"fp16": torch.float16, "bf16": torch.bfloat16}.get(precision, torch.float32)
    network = network.to(device="cuda", dtype=dtype)
    inputs = [x.cuda().to(dtype) if x.is_floating_point() else x.cuda() for x in inputs]
    results = {}

    def attempt(what, run):
        try:
            with torch.no_grad():
                results[what] = measure_graph(run, replays)
        except Exception as error:
            print(f"PyTorch, {what}: {str(error).splitlines()[0]}", flush=True)

    with torch.no_grad():
        outputs = as_arrays(network(*inputs))
    attempt("eager", lambda: network(*inputs))
    if inputs[0].dim() == 4:
        network = network.to(memory_format=torch.channels_last)
        inputs = [x.contiguous(memory_format=torch.channels_last) for x in inputs]
        attempt("channels last", lambda: network(*inputs))
    if compiles:
        torch._dynamo.reset()
        compiled = torch.compile(network)
        attempt("compiled", lambda: compiled(*inputs))
    return outputs, results


def measure_dlc(artifact, inputs, replays):
    """Outputs, and seconds: of a replay, of a call of the runtime, and from the file to the first result."""
    arrays = [x.numpy() for x in inputs]
    start = time.time()
    session = dlc.InferenceSession(artifact, device="cuda", outputs_on_device=True)
    feeds = dict(zip([arg.name for arg in session.get_inputs()], [x.cuda() for x in inputs], strict=True))
    runs = [[torch.from_dlpack(y).cpu().numpy() for y in session.run(None, feeds)]]
    first = time.time() - start
    runs += [[torch.from_dlpack(y).cpu().numpy() for y in session.run(None, feeds)] for _ in range(RUNS - 1)]
    start = time.time()
    for _ in range(replays):
        session.run(None, feeds)
    call = (time.time() - start) / replays
    equal = all(a.tobytes() == b.tobytes() for run in runs[1:] for a, b in zip(runs[0], run, strict=True))
    bare = gpu_run.Session(artifact, "cuda")
    bare.replays = replays
    outputs, seconds = bare.run([np.ascontiguousarray(array) for array in arrays])
    equal &= all(a.tobytes() == b.tobytes() for a, b in zip(runs[0], outputs, strict=True))
    return runs[0], equal, {"graph": seconds, "call": call, "first": first}


def get_reference(network, inputs):
    with torch.no_grad():
        return as_arrays(network.double().cuda()(*[x.double().cuda() if x.is_floating_point() else x.cuda() for x in inputs]))


def find_error(outputs, reference):
    return max(find_difference(a, b) for a, b in zip(outputs, reference, strict=True))


def time_network(name, batch, precision, folder, arguments):
    inputs, artifact = make_inputs(name, batch), str(folder / f"{name}-{batch}-{precision}.so")
    reference = get_reference(networks.make_network(name), inputs)
    outputs, equal, seconds = measure_dlc(artifact, inputs, arguments.replays)
    rival_outputs, rivals = measure_torch(networks.make_network(name), inputs, precision, arguments.replays, not arguments.no_compile)
    row = {"network": name, "batch": batch, "precision": precision, "error": find_error(outputs, reference), "equal": equal,
           "torch_error": find_error(rival_outputs, reference),
           "dlc": seconds, "torch": rivals}
    if reference[0].shape[-1] == 1000 and reference[0].ndim == 2:
        row["top1"] = float((outputs[0].argmax(1) == reference[0].argmax(1)).mean())
    if name in ("elementwise", "softmax", "layer_norm"):
        row["bandwidth"] = (inputs[0].nbytes + outputs[0].nbytes) / seconds["graph"]
    profile = subprocess.run([TOOLS / "dlc-run", artifact, "--random", "1", "--profile"], capture_output=True, text=True)
    return row, f"== {name} batch {batch} {precision}\n{profile.stdout}{profile.stderr}\n"


def get_copy_bandwidth():
    source = torch.randn(1 << 28, device="cuda")
    target = torch.empty_like(source)
    return 2 * source.nbytes / measure_graph(lambda: target.copy_(source), 20)


HEAD = ("| network | batch | precision | dlc, us | PyTorch, us | of these, the best is | PyTorch / dlc | a call of dlc, us | "
        "file to first result, ms | error | PyTorch's error |\n|" + " --- |" * 11)


def write_row(row):
    micros = {way: seconds * 1e6 for way, seconds in row["torch"].items()}
    best = min(micros, key=micros.get, default="none")
    dlc_time = row["dlc"]["graph"] * 1e6
    rival, ratio = (f"{micros[best]:.0f}", f"{micros[best] / dlc_time:.2f}") if micros else ("-", "-")
    remarks = [f"{row['error']:.1e}"]
    if not row["error"] <= TOLERANCES[row["precision"]]:
        remarks.append("WRONG")
    if not row["equal"]:
        remarks.append("NOT EQUAL FROM RUN TO RUN")
    if row.get("top1", 1.0) != 1.0:
        remarks.append(f"top-1 agrees for {row['top1']:.0%}")
    if "bandwidth" in row:
        remarks.append(f"{row['bandwidth'] / 1e9:.0f} GB/s")
    cells = [row["network"], row["batch"], row["precision"], f"{dlc_time:.0f}", rival, best, ratio,
             f"{row['dlc']['call'] * 1e6:.0f}", f"{row['dlc']['first'] * 1e3:.0f}", ", ".join(remarks), f"{row['torch_error']:.1e}"]
    return "| " + " | ".join(map(str, cells)) + " |"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", help=f"of {', '.join(networks.NETWORKS)}; all by default")
    parser.add_argument("--precision", type=lambda text: text.split(","), default=["fp32", "tf32", "fp16"])
    parser.add_argument("--target", default="sm_90a", help="sm_90a is for H100 and H200 alone")
    parser.add_argument("--replays", type=int, default=50)
    parser.add_argument("--no-compile", action="store_true", help="leaves torch.compile out, which takes minutes")
    parser.add_argument("--jobs", type=int, default=8, help="networks that are exported and compiled at a time")
    parser.add_argument("--out", type=Path, default=Path("gpu-times"), help="gets times.md, times.json and profile.txt")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    chosen = []
    for text in arguments.networks or networks.NETWORKS:
        name, _, batch = text.partition(":")
        chosen += [(name, size) for size in ([int(batch)] if batch else networks.NETWORKS[name][2])]
    arguments.out.mkdir(parents=True, exist_ok=True)
    rows, lines, profiles, problems = [], [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        pool = concurrent.futures.ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn"))
        with pool:
            jobs = {key: pool.submit(prepare, *key, arguments.precision, folder, arguments.target) for key in chosen}
            seconds = {}
            for key, job in jobs.items():
                try:
                    seconds[key] = job.result()
                    print(f"{key[0]}, batch {key[1]}: seconds to compile {seconds[key]}", flush=True)
                except Exception as error:
                    problems.append(f"{key}: {error}")
                    print("error:", problems[-1], flush=True)
        without = " without torch.compile" if arguments.no_compile else ""
        lines.append(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}{without}; copies at {get_copy_bandwidth() / 1e9:.0f} GB/s\n")
        lines.append(HEAD)
        print("\n".join(lines), flush=True)
        for key in seconds:
            for precision in arguments.precision:
                try:
                    row, profile = time_network(*key, precision, folder, arguments)
                except (Exception, SystemExit) as error:
                    problems.append(f"{key} {precision}: {error}")
                    print("error:", problems[-1], flush=True)
                    continue
                rows.append(row | {"compile": seconds[key][precision]})
                lines.append(write_row(row))
                profiles.append(profile)
                print(lines[-1], flush=True)
                torch.cuda.empty_cache()
                (arguments.out / "times.md").write_text("\n".join(lines) + "\n")
                (arguments.out / "times.json").write_text(json.dumps(rows, indent=1))
                (arguments.out / "profile.txt").write_text("".join(profiles))
    wrong = [row for row in rows if not (row["equal"] and row["error"] <= TOLERANCES[row["precision"]])]
    return 1 if wrong or problems else 0


if __name__ == "__main__":
    sys.exit(main())
