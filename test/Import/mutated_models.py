"""Models with a few bytes changed. dlc-compile must take every one or refuse it with exit status 1 and an `error:` line for
each of its faults, in seconds, within 2 GiB: no crash and no hang. With --to run, dlc-run computes those that are taken, of
random sizes and elements: to the end, or to an `error:` line and exit status 1. Changed sizes may be more than it can compute
in time; then it must end when it is interrupted.

The models that are changed are invalid_models.py's probes, and those found under --seeds. Each number gives one mutant: by the
same --seeds, a number that fails fails again.

    python mutated_models.py --models 200 [--first 0] [--to plan|package|run] [--seeds folder] [--seconds 600] [--jobs 2]
                             [--keep folder]
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

from invalid_models import LIMIT_SECONDS, PROBES, limit_memory

LARGEST_SEED = 8 << 10
# Lengths, tags and dims that parsers get wrong: zero, one, the most of 7 bits, continued and negative varints.
BYTES = [0x00, 0x01, 0x02, 0x7F, 0x80, 0xFE, 0xFF]
SIZES = [0, 1, 2, 3, 5, 8, 17]
RUN_SECONDS, INTERRUPTED_SECONDS = 5, 10


def read_seeds(folder):
    if not folder:
        return [probe.make().SerializeToString() for probe in PROBES]
    paths = sorted(path for path in pathlib.Path(folder).rglob("*.onnx") if path.stat().st_size <= LARGEST_SEED)
    return [path.read_bytes() for path in paths]


def mutate(seeds, number):
    """One to three changes of one model: of a bit, of a byte, a piece taken out, doubled, or taken from another model."""
    choice = random.Random(number)
    data = bytearray(choice.choice(seeds))
    for _ in range(choice.randint(1, 3)):
        at = choice.randrange(len(data) + 1)
        size = choice.randint(1, 8)
        kind = choice.choice(["bit", "bit", "byte", "byte", "cut", "double", "other"])
        if kind in ("bit", "byte") and at < len(data):
            data[at] = data[at] ^ (1 << choice.randrange(8)) if kind == "bit" else choice.choice(BYTES)
        elif kind == "cut":
            del data[at : at + size]
        elif kind == "double":
            data[at:at] = data[at : at + size]
        elif kind == "other":
            other = choice.choice(seeds)
            start = choice.randrange(len(other))
            data[at : at + size] = other[start : start + size]
    return bytes(data)


def judge(command, done, seconds):
    """What is wrong with how a tool has ended, or None."""
    if done is None:
        return f"{command[0]} takes more than {seconds} s"
    if done.returncode not in (0, 1):
        return f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[:300]}"
    errors = [line for line in done.stderr.splitlines() if "error:" in line]
    return f"{command[0]} ended with 1 without an error" if done.returncode == 1 and not errors else None


def call(command):
    """The finished process, or None, and what is wrong with it, or None."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=LIMIT_SECONDS,
                              preexec_fn=limit_memory)
    except subprocess.TimeoutExpired:
        done = None
    return done, judge(command, done, LIMIT_SECONDS)


def call_interrupted(command):
    """The same for a run that may take longer than anybody waits: it is interrupted then."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
                          preexec_fn=limit_memory) as process:
        try:
            errors = process.communicate(timeout=RUN_SECONDS)[1]
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            try:
                process.communicate(timeout=INTERRUPTED_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                return f"{command[0]} goes on for {INTERRUPTED_SECONDS} s after it was interrupted"
            return None if process.returncode in (1, 130) else f"{command[0]} ended with {process.returncode}, interrupted"
        return judge(command, subprocess.CompletedProcess(command, process.returncode, "", errors), RUN_SECONDS)


def run_artifact(artifact, number):
    """What is wrong with a run of random sizes and elements, or None."""
    inspected, problem = call(["dlc-inspect", "--json", artifact])
    if problem or inspected.returncode:
        return problem or f"dlc-inspect refuses the artifact: {inspected.stderr.strip()[:300]}"
    choice = random.Random(number)
    command = ["dlc-run", artifact, f"--random={number}", "--threads=1"]
    for symbol in json.loads(inspected.stdout)["symbols"]:
        if symbol["class"] == "shape":
            command.append(f"--dim={symbol['name']}={choice.choice(SIZES)}")
    return call_interrupted(command)


def check(path, phase, number):
    """Whether the compiler took the model at `path`, and what is wrong with how it or a run ended, or None."""
    output = path + ".out"
    to = [f"--compile-to={phase}"] if phase not in ("package", "run") else []
    done, problem = call(["dlc-compile", path, "-o", output, "--jobs=1", *to])
    taken = done is not None and done.returncode == 0
    if taken and phase == "run":
        problem = run_artifact(output, number)
    return taken, problem


def run_one(folder, seeds, number, arguments, deadline):
    """The number of the mutant, whether it was taken, and its problem; None once the time is up."""
    if deadline and time.monotonic() > deadline:
        return None
    with tempfile.TemporaryDirectory(dir=folder) as own:
        path = f"{own}/mutant.onnx"
        with open(path, "wb") as file:
            file.write(mutate(seeds, number))
        return number, *check(path, arguments.to, number)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--to", default="plan")
    parser.add_argument("--seeds", default="", help="a folder of models in place of the probes")
    parser.add_argument("--seconds", type=float, default=0, help="when to stop; no limit by default")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", default="", help="a folder for the mutants that fail")
    arguments = parser.parse_args()
    seeds = read_seeds(arguments.seeds)
    deadline = arguments.seconds and time.monotonic() + arguments.seconds
    numbers = range(arguments.first, arguments.first + arguments.models)
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        results = list(filter(None, pool.map(lambda n: run_one(folder, seeds, n, arguments, deadline), numbers)))
    problems = [(number, problem) for number, _, problem in results if problem]
    for number, problem in problems:
        print(f"mutant {number}: {problem}")
        if arguments.keep:
            os.makedirs(arguments.keep, exist_ok=True)
            pathlib.Path(arguments.keep, f"{number}.onnx").write_bytes(mutate(seeds, number))
    taken = sum(was_taken for _, was_taken, _ in results)
    print(f"{len(results)} mutants of {len(seeds)} models: {taken} taken, {len(problems)} wrongly ended")
    return 1 if problems or not results else 0


if __name__ == "__main__":
    sys.exit(main())
