#!/usr/bin/env python3
"""Checks what the objects of the library ops define and need.

    check_symbols.py NM ARCHIVE OPS.DEF LINK.CPP

Undefined symbols are those that artifacts may take from libc and libm (the lists in LINK.CPP), or defined by another
object of the archive; nothing is writable; the ops are those of OPS.DEF, which is sorted.
"""

import re
import subprocess
import sys
from pathlib import Path


def main():
    nm, archive, ops, link = sys.argv[1:]
    allowed = set()
    for name in ("libcSymbols", "libmSymbols"):
        allowed |= set(re.findall(r'"(\w+)"', re.search(name + r"\[\] = \{(.*?)\};", Path(link).read_text(), re.S)[1]))
    listed = re.findall(r"^DLC_OP\((\w+)\)", Path(ops).read_text(), re.M)
    problems = []
    if listed != sorted(set(listed)) or not listed:
        problems.append(f"{ops}: the list is empty, unsorted or repeats a name")

    defined, undefined = set(), {}
    member = ""
    for line in subprocess.run([nm, archive], check=True, capture_output=True, text=True).stdout.splitlines():
        if line.endswith(":"):
            member = line[:-1]
            continue
        match = re.fullmatch(r"[0-9a-f ]* ([a-zA-Z]) (\S+)", line)
        if not match:
            continue
        kind, symbol = match.groups()
        if kind == "U":
            undefined.setdefault(symbol, member)
        else:
            defined.add(symbol)
        if kind in "bBdDCgGsSu":
            problems.append(f"{member}: {symbol} is writable or unique (nm says {kind})")
    for symbol, member in sorted(undefined.items()):
        if symbol not in allowed | defined:
            problems.append(f"{member}: needs {symbol}, which artifacts do not have")
    for symbol in sorted(defined - {f"dlc_op_{name}" for name in listed}):
        if symbol.startswith("dlc_op_"):
            problems.append(f"{symbol} is not listed in {ops}")
    for name in listed:
        if f"dlc_op_{name}" not in defined:
            problems.append(f"{ops}: no object defines dlc_op_{name}")
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
