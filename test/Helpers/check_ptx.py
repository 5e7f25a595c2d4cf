#!/usr/bin/env python3
"""Checks that the interpreter of PTX catches what it is there for: runs a kernel as it is, then with a fault in it.

    check_ptx.py KERNEL.ptx
"""

import sys

import numpy as np

from ptx import Module
from ptx_memory import Memory, PtxError


def run(text, threads=64, count=64, shift=0):
    """Each thread writes what its neighbour in the other warp had in shared memory."""
    memory = Memory()
    source = np.arange(count, dtype=np.float32)
    addresses = [memory.allocate(count * 4) for _ in range(2)]
    places = np.array([4 * i for i in range(count)], np.uint64)
    memory.store(places + np.uint64(addresses[0]), [source.view(np.uint32)], 32, 4)
    Module(text).launch("exchange", 1, threads, [addresses[0] + shift, addresses[1]], memory)
    loaded = memory.load(places + np.uint64(addresses[1]), 32, 1, 4)[0]
    return loaded.view(np.float32), source[np.arange(count) ^ 32]


def expect(text, what, **arguments):
    try:
        run(text, **arguments)
    except PtxError as error:
        if what in str(error):
            print("caught:", error)
            return
        sys.exit(f"expected an error with '{what}', found '{error}'")
    sys.exit(f"expected an error with '{what}'")


def main():
    text = open(sys.argv[1]).read()
    found, expected = run(text)
    if not np.array_equal(found, expected):
        sys.exit(f"expected {expected}, found {found}")
    expect(text.replace("bar.sync", "// bar.sync"), "no barrier in between")
    expect(text, "outside of all allocations", threads=64, shift=256)
    expect(text, "not aligned", shift=2)
    expect(text.replace("add.s32", "unheard.of"), "unknown instruction")
    expect(text.replace("ret;", "bar.sync 0;\n@%p1 bra $L_end;\nbar.sync 0;\n$L_end:\nret;"), "barrier")


if __name__ == "__main__":
    main()
