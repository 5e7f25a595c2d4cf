#!/usr/bin/env python3
"""Assembles the device code of artifacts for several GPUs, and fails where registers do not suffice.

    assemble_ptx.py PTXAS ARTIFACT... [--most BYTES]

`--most` is what a thread may keep in memory for want of registers; nothing by default.
"""

import argparse
import re
import subprocess
import sys
import tempfile


def find_ptx(path):
    data = open(path, "rb").read()
    start = data.find(b"\n.version ")
    if start < 0:
        sys.exit(f"error: {path}: no device code")
    return data[start:data.index(b"\0", start)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("ptxas")
    parser.add_argument("artifacts", nargs="+")
    parser.add_argument("--most", type=int, default=0)
    arguments = parser.parse_args()
    for path in arguments.artifacts:
        with tempfile.NamedTemporaryFile(suffix=".ptx") as file:
            file.write(find_ptx(path))
            file.flush()
            for gpu in ("sm_80", "sm_90"):
                done = subprocess.run([arguments.ptxas, "-v", f"-arch={gpu}", file.name, "-o", "/dev/null"], capture_output=True,
                                      text=True)
                spills, entry = [], ""
                for line in done.stderr.splitlines():
                    if found := re.search(r"Compiling entry function '(\w+)'", line):
                        entry = found[1]
                    elif (found := re.search(r"(\d+) bytes spill stores", line)) and int(found[1]) > arguments.most:
                        spills.append(f"{entry} stores {found[1]} bytes of registers")
                if done.returncode or spills:
                    sys.exit(f"error: {path} for {gpu}: {done.stderr if done.returncode else '; '.join(spills)}")
                print(f"ok {gpu}: {len(re.findall('Used', done.stderr))} kernels")


if __name__ == "__main__":
    main()
