#!/usr/bin/env bash
# Builds the Python wheel and tests it: installs what is missing, builds the tools with LLVM inside (build/release), packs
# them with the package into build/wheel, and runs a model from a clean environment of each Python that it is given.
#
#   utils/wheel.sh [PYTHON ...]     /usr/bin/python3 by default
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

bash utils/setup.sh --python
rm -rf build/wheel
# The C library whose symbols the build keeps to (cmake/DlcStaticLLVM.cmake); the test sees that it does.
_PYTHON_HOST_PLATFORM=manylinux_2_35_x86_64 \
  build/venv/bin/pip wheel --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir build/wheel .
/usr/bin/python3 utils/test_wheel.py build/wheel/dlc-*.whl "${@:-/usr/bin/python3}"
