"""The memories of ptx.py: allocations that are known by address, and what the threads of a block share."""

import numpy as np

U8, U16, U32, U64 = np.uint8, np.uint16, np.uint32, np.uint64
UNSIGNED = {8: U8, 16: U16, 32: U32, 64: U64}


class PtxError(Exception):
    """A kernel did what a GPU leaves undefined, or what this interpreter does not know."""


class Memory:
    """Allocations, by address."""

    def __init__(self):
        self.arrays = []
        self.bases = np.zeros(0, U64)

    def allocate(self, size, alignment=256):
        """Bytes that are not zero, so that nobody relies on it."""
        raw = np.full(size + alignment, 0xA5, U8)
        start = -raw.ctypes.data % alignment
        return self.add(raw[start:start + size])

    def add(self, array):
        """Makes the bytes of a contiguous array known; returns their address."""
        self.arrays.append(array.reshape(-1).view(U8))
        self.arrays.sort(key=lambda known: known.ctypes.data)
        self.bases = np.array([known.ctypes.data for known in self.arrays], U64)
        return array.ctypes.data

    def find(self, addresses, size, alignment):
        """Pairs of an allocation and the lanes whose addresses lie in it, with their offsets."""
        if addresses.size and (addresses % U64(alignment)).any():
            raise PtxError(f"an access of {size} bytes is not aligned to {alignment}")
        index = np.searchsorted(self.bases, addresses, side="right") - 1
        for number in np.unique(index):
            lanes = np.nonzero(index == number)[0]
            array = self.arrays[number] if number >= 0 else np.zeros(0, U8)
            offsets = (addresses[lanes] - U64(array.ctypes.data)).astype(np.int64) if number >= 0 else None
            if number < 0 or (offsets + size > array.size).any():
                raise PtxError(f"an access of {size} bytes lies outside of all allocations")
            yield array, lanes, offsets

    def load(self, addresses, bits, count, alignment):
        result = np.zeros((count, addresses.size), UNSIGNED[bits])
        width = bits // 8
        for array, lanes, offsets in self.find(addresses, width * count, alignment):
            whole = array[:array.size // width * width].view(UNSIGNED[bits])
            for i in range(count):
                result[i, lanes] = whole[offsets // width + i]
        return result

    def store(self, addresses, values, bits, alignment):
        width = bits // 8
        for array, lanes, offsets in self.find(addresses, width * len(values), alignment):
            whole = array[:array.size // width * width].view(UNSIGNED[bits])
            for i, value in enumerate(values):
                whole[offsets // width + i] = value[lanes]


class Shared:
    """The shared memory of each block, and who has touched it since the last barrier."""

    def __init__(self, blocks, size):
        words = (size + 3) // 4
        self.words = np.full((blocks, words), 0xA5A5A5A5, U32)
        self.epoch = np.zeros(blocks, np.int64)
        self.writer = np.full((blocks, words), -1, np.int64)  # epoch * 64 + warp
        self.reader = np.full((blocks, words), -1, np.int64)
        self.pending = np.zeros((blocks, words), np.int64)  # copies on their way
        self.reads = np.zeros((blocks, words), np.int64)  # products that are not done
        self.hidden = np.full((blocks, words), -1, np.int64)  # from products: the lane that wrote it, and has to show it

    def check(self, blocks, warps, words, writes):
        if (words < 0).any() or (words >= self.words.shape[1]).any():
            raise PtxError("an access lies outside of the block's shared memory")
        if self.pending[blocks, words].any():
            raise PtxError("a copy to this shared memory is on its way")
        if writes and self.reads[blocks, words].any():
            raise PtxError("a product that reads this shared memory is not done")
        mine = self.epoch[blocks] * 64 + warps
        written = self.writer[blocks, words]
        race = (written // 64 == self.epoch[blocks]) & (written != mine)
        if writes:
            read = self.reader[blocks, words]
            race |= (read // 64 == self.epoch[blocks]) & (read != mine)
            self.writer[blocks, words] = mine
        else:
            self.reader[blocks, words] = mine
        if race.any():
            raise PtxError("two warps use the same shared memory with no barrier in between")
