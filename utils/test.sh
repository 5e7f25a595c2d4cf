#!/usr/bin/env bash
# Installs what is missing, builds everything, runs all tests. The exit status is that of ctest, or of the first step
# that fails before it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

bash utils/setup.sh --python
cmake --preset dev
cmake --build --preset dev
exec ctest --test-dir build/dev --output-on-failure -j2
