"""Checks elementwise functions of f32 against numpy in f64: each result is within some units in the last place.

    ulps.py MODEL.onnx FOLDER [--ulps 2] [dlc-compile's options]

Every node of the model is a function of its input `x`; the output has the node's name. Numbers of all magnitudes and
signs are tried, and what is infinite, zero or no number must be so in both.
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx

FUNCTIONS = {"Acos": np.arccos, "Acosh": np.arccosh, "Asin": np.arcsin, "Asinh": np.arcsinh, "Atan": np.arctan, "Atanh": np.arctanh,
             "Cosh": np.cosh, "Sinh": np.sinh, "Tan": np.tan}


def make_numbers():
    generator = np.random.default_rng(3)
    scales = np.exp2(generator.uniform(-149, 128, 20000))
    near = [generator.uniform(-limit, limit, 20000) for limit in (1, 2, 10, 100)]
    edges = [0, -0.0, 1, -1, np.inf, -np.inf, np.nan, 1 + 2**-23, 1 - 2**-24, 2**-149, 89.4, -89.4, 88.8, 3.4e38, 1.5707963]
    return np.concatenate([scales, -scales, *near, edges]).astype(np.float32)


def count_ulps(found, expected):
    unit = np.spacing(np.maximum(np.abs(expected.astype(np.float32)), np.float32(2**-126)).astype(np.float32)).astype(np.float64)
    unit[~np.isfinite(unit)] = np.spacing(np.float32(3e38))
    largest = float(np.finfo(np.float32).max)
    same = (np.isnan(found) & np.isnan(expected)) | (found == expected.astype(np.float32))
    distance = np.abs(np.clip(found.astype(np.float64), -largest, largest) - np.clip(expected, -largest, largest)) / unit
    return np.where(same, 0, distance)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--ulps", type=float, default=2)
    arguments, options = parser.parse_known_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    artifact, x = arguments.folder / "model.so", make_numbers()
    np.save(arguments.folder / "x.npy", x)
    subprocess.run(["dlc-compile", arguments.model, "-o", artifact, *options], check=True)
    nodes = {node.output[0]: node.op_type for node in onnx.load(arguments.model).graph.node}
    outputs = [f"--output={name}=@{arguments.folder / name}.npy" for name in nodes]
    subprocess.run(["dlc-run", artifact, f"--input=x=@{arguments.folder / 'x.npy'}", *outputs], check=True)
    bad = False
    for name, op in nodes.items():
        with np.errstate(all="ignore"):
            ulps = count_ulps(np.load(arguments.folder / f"{name}.npy"), FUNCTIONS[op](x.astype(np.float64)))
        worst = int(np.nanargmax(np.where(np.isnan(ulps), np.inf, ulps)))
        print(f"{op}: {ulps[worst]:.3f} ulps at {x[worst]!r}")
        bad |= not ulps[worst] <= arguments.ulps
    return bad


if __name__ == "__main__":
    sys.exit(main())
