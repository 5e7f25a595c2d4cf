"""Says how near an enlarged photo comes to its original, beside what bicubic interpolation reaches.

PSNR in dB over R, G and B of all pixels, 8 bit. Bicubic is Pillow's (a = -0.5). Needs Pillow alone (Debian: python3-pil).
"""

import argparse
import math
import sys

from PIL import Image, ImageChops, ImageStat


def psnr(picture, truth):
    squares = ImageStat.Stat(ImageChops.difference(picture, truth)).sum2
    error = sum(squares) / (len(squares) * truth.width * truth.height)
    return math.inf if error == 0 else 10 * math.log10(255**2 / error)


def open_rgb(path):
    try:
        return Image.open(path).convert("RGB")
    except OSError as error:
        sys.exit(f"error: {path}: {error}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", help="the enlarged photo")
    parser.add_argument("--low", required=True, help="the photo it was made from")
    parser.add_argument("--truth", required=True, help="the original, as large as the picture")
    parser.add_argument("--expect", type=float, help="fail unless the picture's PSNR is within 0.02 dB of this")
    args = parser.parse_args()

    picture, low, truth = open_rgb(args.picture), open_rgb(args.low), open_rgb(args.truth)
    if picture.size != truth.size:
        sys.exit(f"error: {args.picture}: expected {truth.width}x{truth.height} pixels as in {args.truth}, "
                 f"found {picture.width}x{picture.height}")
    reached = psnr(picture, truth)
    print(f"bicubic {psnr(low.resize(truth.size, Image.Resampling.BICUBIC), truth):.2f} dB   "
          f"dlc {reached:.2f} dB   {args.picture}")
    if args.expect is not None and abs(reached - args.expect) > 0.02:
        sys.exit(f"error: {args.picture}: expected {args.expect} dB, found {reached:.3f} dB")


if __name__ == "__main__":
    main()
