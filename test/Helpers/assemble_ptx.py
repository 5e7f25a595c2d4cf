#!/usr/bin/env python3
"""Assembles the device code of artifacts for several GPUs, and fails where registers do not suffice: where a kernel has all
that there are, and some of its values in memory. With fewer it is the assembler that prefers more blocks at a time.

    assemble_ptx.py PTXAS ARTIFACT...
"""

import re
import subprocess
import sys
import tempfile


MOST_REGISTERS = 254


def find_ptx(path):
    data = open(path, "rb").read()
    start = data.find(b"\n.version ")
    if start < 0:
        sys.exit(f"error: {path}: no device code")
    return data[start:data.index(b"\0", start)]


def main():
    ptxas, artifacts = sys.argv[1], sys.argv[2:]
    for path in artifacts:
        with tempfile.NamedTemporaryFile(suffix=".ptx") as file:
            file.write(find_ptx(path))
            file.flush()
            for gpu in ("sm_80", "sm_90"):
                done = subprocess.run([ptxas, "-v", f"-arch={gpu}", file.name, "-o", "/dev/null"], capture_output=True,
                                      text=True)
                kernels = re.findall(r"(\d+) bytes spill stores.*?\n.*?Used (\d+) registers", done.stderr)
                spills = [pair for pair in kernels if int(pair[0]) and int(pair[1]) >= MOST_REGISTERS]
                if done.returncode or spills:
                    sys.exit(f"error: {path} for {gpu}: {done.stderr if done.returncode else spills}")
                print(f"ok {gpu}: {len(re.findall('Used', done.stderr))} kernels")


if __name__ == "__main__":
    main()
