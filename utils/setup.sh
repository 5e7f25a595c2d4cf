#!/usr/bin/env bash
# Installs the Debian 12 packages that dlc is built, tested and tried with, as far as they are missing, and names them.
#
#   utils/setup.sh            the packages
#   utils/setup.sh --python   also build/venv: the Python environment of the tests, as test/requirements.txt pins it
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

packages=(
  # compiler, linker, build
  clang-22 lld-22 cmake ninja-build ccache
  # what the compiler links (LLVM 22 is in bookworm-security)
  llvm-22-dev llvm-22-tools libmlir-22-dev mlir-22-tools liblld-22 liblld-22-dev libpolly-22-dev
  zlib1g-dev libzstd-dev libprotobuf-dev protobuf-compiler libfmt-dev libxxhash-dev libstb-dev
  # tests and scripts
  libgtest-dev python3 python3-venv python3-pil ca-certificates
)

fail() {
  echo "error: $*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env "$@"
  else
    sudo env "$@"
  fi
}

install_packages() {
  command -v dpkg-query >/dev/null || fail "no dpkg here; install what stands for these Debian 12 packages: ${packages[*]}"
  local missing=() package
  for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0

  echo "installing: ${missing[*]}"
  [ "$(id -u)" = 0 ] || command -v sudo >/dev/null ||
    fail "installing needs root or sudo; as root: apt-get install --no-install-recommends ${missing[*]}"
  as_root apt-get update -qq
  for package in "${missing[@]}"; do
    [ -n "$(apt-cache search --names-only "^$package\$")" ] ||
      fail "apt knows no package $package; LLVM 22 comes from Debian's bookworm-security suite" \
        "(deb http://deb.debian.org/debian-security bookworm-security main)"
  done
  as_root DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
    -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null
}

# The copy of the list of pins in the environment is written last: it says that the environment is whole.
make_venv() {
  local venv=$root/build/venv pins=$root/test/requirements.txt
  cmp -s "$pins" "$venv/requirements.txt" && return 0
  echo "installing into build/venv: $(grep -v '^#' "$pins" | tr '\n' ' ')"
  rm -rf "$venv"
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --no-deps --requirement "$pins"
  cp "$pins" "$venv/requirements.txt"
}

install_packages
if [ "${1:-}" = --python ]; then
  make_venv
fi
