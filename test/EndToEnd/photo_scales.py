#!/usr/bin/env python3
"""Photos made small and enlarged again at several scales, by dlc and by ONNX Runtime.

    photo_scales.py MODEL.onnx ARTIFACT.so PHOTO.png --scale 2 --scale 4

Prints the PSNR against the original (dB over R, G and B, 8 bit) of Pillow's bicubic enlargement, of dlc and of ONNX Runtime.
Exit status 1 where dlc is more than 0.02 dB off ONNX Runtime, or not above bicubic.
"""

import argparse
import os
import subprocess
import sys
import tempfile

import numpy
import onnxruntime
from PIL import Image


def find_psnr(picture, truth):
    error = numpy.mean((numpy.asarray(picture, dtype=numpy.float64) - numpy.asarray(truth, dtype=numpy.float64)) ** 2)
    return 10 * numpy.log10(255**2 / error)


def enlarge_by_reference(model, low, scale):
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    image = numpy.asarray(low, dtype=numpy.float32).transpose(2, 0, 1)[None]
    output, = session.run(None, {"input": image, "scale": numpy.array([1, 1, scale, scale], dtype=numpy.float32)})
    return numpy.clip(numpy.rint(output[0].transpose(1, 2, 0)), 0, 255)


def enlarge(artifact, low, scale):
    with tempfile.TemporaryDirectory() as folder:
        low.save(os.path.join(folder, "low.png"))
        subprocess.run(["dlc-run", artifact, "--input", f"input=@{folder}/low.png", "--input", f"scale=1,1,{scale},{scale}",
                        "--output", f"output=@{folder}/high.png"], check=True)
        return numpy.asarray(Image.open(os.path.join(folder, "high.png")))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("artifact")
    parser.add_argument("photo")
    parser.add_argument("--scale", type=int, action="append", required=True)
    arguments = parser.parse_args()
    failures = 0
    for scale in arguments.scale:
        photo = Image.open(arguments.photo).convert("RGB")
        truth = photo.crop((0, 0, photo.width // scale * scale, photo.height // scale * scale))
        low = truth.resize((truth.width // scale, truth.height // scale), Image.Resampling.BICUBIC)
        found = find_psnr(enlarge(arguments.artifact, low, scale), truth)
        expected = find_psnr(enlarge_by_reference(arguments.model, low, scale), truth)
        bicubic = find_psnr(low.resize(truth.size, Image.Resampling.BICUBIC), truth)
        print(f"x{scale}: bicubic {bicubic:.2f}, dlc {found:.2f}, ONNX Runtime {expected:.2f}")
        failures += abs(found - expected) > 0.02 or found <= bicubic
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
