#!/usr/bin/env bash
# From a fresh Debian 12 to an enlarged photo: installs what is missing, builds the tools, compiles SRCNN, runs it on a
# small photo, and compares the picture with the original.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

bash utils/setup.sh
cmake --preset dev
cmake --build --preset dev --target dlc-compile dlc-run

inputs=test/EndToEnd/Inputs
out=build/quickstart
mkdir -p $out
set -x
build/dev/bin/dlc-compile $inputs/srcnn_x3_trained.onnx -o $out/srcnn.so
build/dev/bin/dlc-run $out/srcnn.so --input input=@$inputs/photo/chelsea_low.png --output output=@$out/chelsea_x3.png
{ set +x; } 2>/dev/null
/usr/bin/python3 utils/psnr.py --low $inputs/photo/chelsea_low.png --truth $inputs/photo/chelsea.png $out/chelsea_x3.png
