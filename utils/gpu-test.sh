#!/usr/bin/env bash
# Checks the model zoo on a GPU and times networks against PyTorch there, on a machine without this tree and without LLVM.
#
#   utils/gpu-test.sh pack FOLDER [BUILD]      here: all that travels, into FOLDER; BUILD is build/release, whose tools need
#                                              libc alone (cmake --preset release; ninja -C build/release dlc-compile dlc-run)
#   FOLDER/gpu-test.sh zoo [ARGUMENTS]         there: test/Benchmark/gpu/check_zoo.py; needs numpy, onnx, onnxruntime
#   FOLDER/gpu-test.sh times [ARGUMENTS]       there: test/Benchmark/gpu/time_networks.py; needs PyTorch with CUDA
#   FOLDER/gpu-test.sh sessions [ARGUMENTS]    there: test/Benchmark/gpu/check_sessions.py (DLPack, streams, threads); needs PyTorch with CUDA, onnx
#   FOLDER/gpu-test.sh math [ARGUMENTS]        there: test/EndToEnd/exponents.py, each function of f32 within its bound
#   FOLDER/gpu-test.sh all                     all of them; results lie in FOLDER/out
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
  echo "error: $*" >&2
  exit 1
}

pack() {
  local root folder=${1:?expected a folder} build=${2:-} zoo
  root=$(cd "$here/.." && pwd)
  build=${build:-$root/build/release} zoo=$root/../shared/models
  [ -x "$build/bin/dlc-compile" ] || fail "there is no $build/bin/dlc-compile"
  mkdir -p "$folder"/{python/dlc/bin,python/dlc/lib,Benchmark,Helpers,models}
  cp "$root"/python/dlc/*.py "$build/python/dlc/_version.py" "$folder/python/dlc"
  cp "$build"/bin/{dlc-compile,dlc-run} "$folder/python/dlc/bin"
  cp "$build/lib/libdlc_runtime.so" "$folder/python/dlc/lib"
  cp -r "$root/test/Benchmark/gpu" "$folder/Benchmark"
  cp "$root"/test/Helpers/{gpu_run,compare_arrays,references}.py "$root/test/EndToEnd/exponents.py" "$folder/Helpers"
  if [ -d "$zoo" ]; then
    cp "$zoo"/{*.onnx.xz,index.json,materialize.py,make_inputs.py} "$folder/models"
  fi
  cp "${BASH_SOURCE[0]}" "$folder/gpu-test.sh"
  du -sh "$folder"
}

[ $# -gt 0 ] || fail "expected pack, zoo, times, sessions, math or all"
step=$1
shift
export PATH=$here/python/dlc/bin:$PATH PYTHONPATH=$here/python PYTHONUNBUFFERED=1 PYTHONWARNINGS=ignore
case $step in
pack) pack "$@" ;;
zoo) python3 "$here/Benchmark/gpu/check_zoo.py" --out "$here/out" "$here/models" "$@" ;;
times) python3 "$here/Benchmark/gpu/time_networks.py" --out "$here/out" "$@" ;;
sessions) python3 "$here/Benchmark/gpu/check_sessions.py" --out "$here/out" "$@" ;;
math) python3 "$here/Helpers/exponents.py" "$here/out/math" --target=cuda:sm_80 "$@" ;;
all)
  status=0
  python3 "$here/Benchmark/gpu/check_sessions.py" --out "$here/out" || status=1
  python3 "$here/Helpers/exponents.py" "$here/out/math" --target=cuda:sm_80 || status=1
  python3 "$here/Benchmark/gpu/check_zoo.py" "$here/models" --out "$here/out" || status=1
  python3 "$here/Benchmark/gpu/time_networks.py" --out "$here/out" || status=1
  exit $status
  ;;
*) fail "expected pack, zoo, times, sessions, math or all, found $step" ;;
esac
