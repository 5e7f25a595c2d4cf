#!/usr/bin/env python3
"""Checks that the interpreter of PTX catches what it is there for: runs kernels as they are, then with a fault in them.

    check_ptx.py EXCHANGE.ptx WARPGROUP.ptx
"""

import sys

import numpy as np

from ptx import Module
from ptx_memory import Memory, PtxError


def run_exchange(text, threads=64, count=64, shift=0):
    """Each thread writes what its neighbour in the other warp had in shared memory."""
    memory = Memory()
    source = np.arange(count, dtype=np.float32)
    addresses = [memory.allocate(count * 4) for _ in range(2)]
    places = np.array([4 * i for i in range(count)], np.uint64)
    memory.store(places + np.uint64(addresses[0]), [source.view(np.uint32)], 32, 4)
    Module(text).launch("exchange", 1, threads, [addresses[0] + shift, addresses[1]], memory)
    loaded = memory.load(places + np.uint64(addresses[1]), 32, 1, 4)[0]
    return loaded.view(np.float32), source[np.arange(count) ^ 32]


def run_warpgroup(text):
    """The products of 64 rows and 8 columns of 16 halves, which lie in shared memory as warpgroups take them."""
    random = np.random.default_rng(1)
    factors = random.standard_normal((72, 16)).astype(np.float16)
    chunks = np.zeros((72, 8, 8), np.float16)
    for row in range(72):
        for chunk in range(2):
            chunks[row, chunk ^ row % 8] = factors[row, 8 * chunk:8 * chunk + 8]
    memory = Memory()
    source, results = memory.add(chunks), np.zeros((64, 8), np.float32)
    places = np.arange(512, dtype=np.uint64) * np.uint64(4)
    target = memory.allocate(results.nbytes)
    Module(text).launch("multiply", 1, 128, [source, target], memory)
    loaded = memory.load(places + np.uint64(target), 32, 1, 4)[0].view(np.float32).reshape(4, 8, 4, 2, 2)
    found = loaded.transpose(0, 3, 1, 2, 4).reshape(64, 8)
    wide = factors.astype(np.float32)
    return found.round(3), (wide[:64] @ wide[64:].T).round(3)


def expect(text, what, run=run_exchange, **arguments):
    try:
        run(text, **arguments)
    except PtxError as error:
        if what in str(error):
            print("caught:", error)
            return
        sys.exit(f"expected an error with '{what}', found '{error}'")
    sys.exit(f"expected an error with '{what}'")


def check(run, text):
    found, expected = run(text)
    if not np.array_equal(found, expected):
        sys.exit(f"expected {expected}, found {found}")


def expect_wrong(run, text):
    found, expected = run(text)
    if np.array_equal(found, expected):
        sys.exit("expected wrong numbers")
    print("caught: wrong numbers")


def main():
    text = open(sys.argv[1]).read()
    check(run_exchange, text)
    expect(text.replace("bar.sync", "// bar.sync"), "no barrier in between")
    expect(text, "outside of all allocations", threads=64, shift=256)
    expect(text, "not aligned", shift=2)
    expect(text.replace("add.s32", "unheard.of"), "unknown instruction")
    expect(text.replace("ret;", "bar.sync 0;\n@%p1 bra $L_end;\nbar.sync 0;\n$L_end:\nret;"), "barrier")
    check_warpgroups(open(sys.argv[2]).read())


def check_warpgroups(text):
    check(run_warpgroup, text)
    commit = "wgmma.commit_group.sync.aligned;"
    expect(text.replace("fence.proxy", "// "), "no fence has shown", run_warpgroup)
    expect(text.replace("wgmma.fence", "// "), "expected wgmma.fence", run_warpgroup)
    expect(text.replace(commit, commit + "\nst.shared.b32 [%rd5], %r1;"), "is not done", run_warpgroup)
    expect(text.replace("4611686293305294848", "274877906944"), "swizzled by 128 bytes", run_warpgroup)
    expect_wrong(run_warpgroup, text.replace("4611686293305294848", "4611686155866341376"))  # another stride
    expect_wrong(run_warpgroup, text.replace("wait_group.sync.aligned 0", "wait_group.sync.aligned 1"))


if __name__ == "__main__":
    main()
