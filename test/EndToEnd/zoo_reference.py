#!/usr/bin/env python3
"""Whole networks by library ops alone (`dlc-compile --reference`), against ONNX Runtime, at small inputs.

    zoo_reference.py ZOO                     the models that take seconds
    zoo_reference.py ZOO --all               every model of ZOO/index.json
    zoo_reference.py ZOO --only resnet50     some
    zoo_reference.py ZOO --models FOLDER     takes FOLDER/NAME.onnx where there is one, rather than unpack ZOO/NAME.onnx.xz

Symbolic dims are small. Images whose size an exporter has fixed, though the network takes others, are made smaller in a copy
of the model. The weights are random but keep activations at unit scale: 1e-4 of the largest |output| is two orders of
magnitude above what is seen. Sums of int8 products are rounded to steps of 1/100 or so of an activation's range: a sum that
lies between two goes one way here and another there. A line for each model, slow ones with their times; exit status 1 where
one differs or does not compile.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy
import onnx

from compare import compile_model, find_difference, open_reference
from session import RunError, Session

TOLERANCE = 1e-4
TOLERANCES = {"resnet18_qdq": 3e-2}
# What sizes of a model must be multiples of; others of its symbolic dims are SMALL.
SMALL = 2
STEPS = {"unet_small_ts11": {"height": 8, "width": 8}}
# Of static models: height and width that do.
IMAGES = {"srcnn_x3": (9, 7), "unet_small": (16, 24), "mobilenet_v2": (32, 32), "mobilenet_v2_ts11": (32, 32),
          "efficientnet_b0": (32, 32), "resnet18": (32, 32), "resnet18_dyn": (32, 32), "resnet18_ts13_bn": (32, 32),
          "resnet18_qdq": (32, 32), "resnet50": (32, 32), "resnet50_ts13": (32, 32), "convnext_tiny": (32, 32),
          "pointpillars_backbone": (16, 24), "pointpillars_backbone_ts11": (16, 24)}
# These are small, or soon unpacked.
QUICK = ["cond_torch", "control_flow", "local_functions", "pointpillars_pfn", "srcnn_dyn", "srcnn_x3", "unet_small",
         "unet_small_ts11", "gru_classifier", "lstm_classifier", "mobilenet_v2", "mobilenet_v2_ts11", "efficientnet_b0",
         "pointpillars_backbone", "pointpillars_backbone_ts11", "resnet18", "resnet18_dyn", "resnet18_ts13_bn", "resnet18_qdq"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("zoo", type=Path)
    parser.add_argument("--only", help="models, separated by commas")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--models", type=Path, help="a folder of unpacked models")
    return parser.parse_args()


def shrink(path, entry, folder):
    """The model and its entry with images of the size in IMAGES; unchanged where none is given."""
    size = IMAGES.get(entry["name"])
    if not size:
        return path, entry
    model = onnx.load(path)
    dims = model.graph.input[0].type.tensor_type.shape.dim
    dims[2].dim_value, dims[3].dim_value = size
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")
    small = Path(folder, "small.onnx")
    onnx.save(model, small)
    image = dict(entry["inputs"][0])
    image["shape"] = image["shape"][:2] + list(size)
    image["default_shape"] = image["default_shape"][:2] + list(size)
    return small, entry | {"inputs": [image] + entry["inputs"][1:]}


def check_model(path, entry, folder):
    """(what to print, what is wrong)"""
    import make_inputs

    name = entry["name"]
    path, entry = shrink(path, entry, folder)
    symbols = {dim for tensor in entry["inputs"] for dim in tensor["shape"] if isinstance(dim, str)}
    sizes = {dim: SMALL * STEPS.get(name, {}).get(dim, 1) for dim in sorted(symbols)}
    feeds = make_inputs.make(entry, sizes)
    start = time.monotonic()
    try:
        context = Session(compile_model(str(path), folder, reference=True)).make_context(2)
        compiled = time.monotonic()
        found = context.run(feeds)
    except (SystemExit, RunError) as error:
        return "failed", [str(error)]
    ran = time.monotonic()
    session = open_reference(path)
    names = [output.name for output in session.get_outputs()]
    tolerance = TOLERANCES.get(name, TOLERANCE)
    results = [find_difference(*each, tolerance) for each in zip(names, found, session.run(None, feeds), strict=True)]
    times = f", {compiled - start:.0f} s and {ran - compiled:.0f} s" if ran - start > 10 else ""
    return f"{max(error for error, _ in results):.1e}{times}", [text for _, text in results if text]


def main():
    arguments = parse_arguments()
    sys.path.append(str(arguments.zoo))
    import materialize

    index = {entry["name"]: entry for entry in json.loads((arguments.zoo / "index.json").read_text())["models"]}
    names = arguments.only.split(",") if arguments.only else list(index) if arguments.all else QUICK
    faults = 0
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            path = arguments.models / f"{name}.onnx" if arguments.models else None
            if not path or not path.exists():
                path = materialize.materialize(arguments.zoo / index[name]["file"], folder)
            summary, wrong = check_model(Path(path), index[name], folder)
        print(f"{'WRONG' if wrong else 'ok':5} {name}: {summary}", *wrong, sep="\n      ", flush=True)
        faults += bool(wrong)
    return 1 if faults or not names else 0


if __name__ == "__main__":
    sys.exit(main())
