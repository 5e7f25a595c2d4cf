"""Instructions of ptx.py that bring operands to tensor cores and multiply them."""

import re

import numpy as np

from ptx_memory import U16, U32, U64, PtxError

WARP, WARPGROUP = 32, 128
F32 = np.float32


class Tensors:
    """A part of the class that runs blocks."""

    def do_cp(self, instruction, parts, operands, mask):
        """Copies of 16 bytes to shared memory: they arrive where the thread waits for their group, and until then nobody
        may touch the place."""
        if parts[2] == "commit_group":
            self.group[mask] += 1
        elif parts[2] == "wait_group":
            self.finish_copies(mask, int(operands[0]))
        elif parts[1:] == ["async", "cg", "shared", "global"] and operands[2] == 16:
            self.begin_copies(operands, mask)
        else:
            raise PtxError("unknown instruction")

    def begin_copies(self, operands, mask):
        lanes = np.nonzero(mask)[0]
        to, source = (np.broadcast_to(self.get(operands[i][1], U64), self.count)[lanes] + U64(operands[i][2] % (1 << 64))
                      for i in (0, 1))
        sizes = np.broadcast_to(self.get(operands[3], U32), self.count)[lanes] if len(operands) > 3 else np.full(lanes.size, 16)
        if (to % U64(16)).any() or not np.isin(sizes, (0, 16)).all():
            raise PtxError("expected copies of no or 16 bytes to a multiple of 16")
        values = np.zeros((4, lanes.size), U32)
        exist = sizes == 16
        values[:, exist] = self.memory.load(source[exist], 32, 4, 16)
        words = (to // U64(4)).astype(np.int64)
        for i in range(4):
            self.shared.check(self.block[lanes], self.warp[lanes], words + i, True)
            self.shared.pending[self.block[lanes], words + i] += 1
        self.copies.append((lanes, words, values, self.group[lanes]))

    def finish_copies(self, mask, pending):
        left = []
        for lanes, words, values, groups in self.copies:
            done = mask[lanes] & (groups < self.group[lanes] - pending)
            own = lanes[done]
            for i in range(4):
                self.shared.pending[self.block[own], words[done] + i] -= 1
                self.shared.check(self.block[own], self.warp[own], words[done] + i, True)
                self.shared.words[self.block[own], words[done] + i] = values[i, done]
                self.shared.hidden[self.block[own], words[done] + i] = own
            if not done.all():
                left.append((lanes[~done], words[~done], values[:, ~done], groups[~done]))
        self.copies = left

    def do_ldmatrix(self, instruction, parts, operands, mask):
        """Matrices of 8 rows of 16 bytes: lane l gets word l % 4 of row l / 4 of each, or of the transposed matrix."""
        transposed = "trans" in parts
        if [part for part in parts[1:] if part != "trans"] != ["sync", "aligned", "m8n8", "x4", "shared", "b16"]:
            raise PtxError("unknown instruction")
        self.check_warps(mask)
        address = np.broadcast_to(self.get(operands[1][1], U64), self.count) + U64(operands[1][2] % (1 << 64))
        lanes = np.nonzero(mask)[0]
        if (address[lanes] % U64(16)).any():
            raise PtxError("expected rows at multiples of 16")
        own = self.lane % WARP
        for matrix, result in enumerate(operands[0]):
            first = self.lane - own + 8 * matrix

            def load(row, half):
                words = (address[first + row] // U64(4)).astype(np.int64) + half // 2
                self.shared.check(self.block[lanes], self.warp[lanes], words[lanes], False)
                value = np.zeros(self.count, U32)
                value[lanes] = self.shared.words[self.block[lanes], words[lanes]]
                return value >> (half % 2 * 16).astype(U32) & U32(0xFFFF)

            if transposed:
                low, high = (load(own % 4 * 2 + i, own // 4) for i in (0, 1))
            else:
                low, high = (load(own // 4, own % 4 * 2 + i) for i in (0, 1))
            self.put(result, low | high << U32(16), mask)

    @staticmethod
    def check_warps(mask, size=WARP):
        groups = mask.reshape(-1, size)
        if not (groups.all(axis=1) | ~groups.any(axis=1)).all():
            raise PtxError("an instruction of a warp or warpgroup by a part of it")

    def do_mma(self, instruction, parts, operands, mask):
        """16 rows, 8 columns, and 8 words along k, which are f32 or pairs of narrower numbers."""
        self.check_warps(mask)
        kind = parts[-2]
        lane = np.arange(WARP)
        group, quarter = lane // 4, lane % 4

        def spread_words(registers, places, shape):
            words = np.zeros((self.count // WARP, *shape), U32)
            for register, (outer, word) in zip(registers, places):
                words[:, outer, word] = np.broadcast_to(self.get(register, U32), self.count).reshape(-1, WARP)
            return unpack(words, kind)

        lefts = spread_words(operands[1], [(group, quarter), (group + 8, quarter), (group, quarter + 4),
                                           (group + 8, quarter + 4)], (16, 8))
        rights = spread_words(operands[2], [(group, quarter), (group, quarter + 4)], (8, 8))
        sums = np.einsum("wik,wjk->wij", lefts, rights)
        for i, (result, initial) in enumerate(zip(operands[0], operands[3])):
            value = sums[:, group + 8 * (i // 2), 2 * quarter + i % 2].reshape(-1)
            self.put(result, (value + self.get(initial, F32)).astype(F32), mask)

    def do_wgmma(self, instruction, parts, operands, mask):
        """Products of 64 rows by four warps, from shared memory: sums are there where the threads wait for their group, and
        until then nobody may write what is multiplied."""
        if parts[2:] not in (["sync", "aligned"], ["sync", "aligned", *parts[4:]]):
            raise PtxError("unknown instruction")
        self.check_warps(mask, WARPGROUP)
        if parts[1] == "fence":
            self.fenced |= mask
        elif parts[1] == "commit_group":
            self.product_group[mask] += 1
        elif parts[1] == "wait_group":
            self.finish_products(mask, int(operands[0]))
        elif parts[1] == "mma_async":
            self.begin_products(parts, operands, mask)
        else:
            raise PtxError("unknown instruction")

    def begin_products(self, parts, operands, mask):
        shape = re.match(r"m64n(\d+)k(\d+)$", parts[4])
        columns, kind = int(shape[1]), parts[-1]
        narrow = kind != "tf32"
        if int(shape[2]) != (16 if narrow else 8) or parts[5:] != ["f32", kind, kind] or columns % 8 or columns > 256:
            raise PtxError("unknown instruction")
        if operands[4:] != ([1, 1, 0, 0] if narrow else [1, 1]) or not np.all(self.registers[operands[3]][mask]):
            raise PtxError("expected products that are added as they are")
        if not self.fenced[mask].all():
            raise PtxError("sums that a product may not know yet: expected wgmma.fence")
        lanes = np.nonzero(mask)[0].reshape(-1, WARPGROUP)
        lefts, rights = (self.read_slices(operands[i], rows, lanes, kind) for i, rows in ((1, 64), (2, columns)))
        products = np.matmul(lefts, rights.transpose(0, 2, 1))
        own = np.arange(WARPGROUP)
        row, column = own // WARP * 16 + own % WARP // 4, 2 * (own % 4)
        for i, register in enumerate(operands[0]):
            sums, groups = self.sums.setdefault(register, (np.zeros(self.count, F32), np.full(self.count, -1)))
            initial = np.where(groups >= 0, sums, self.get(register, F32))
            sums[lanes] = initial[lanes] + products[:, row + i % 4 // 2 * 8, column + i // 4 * 8 + i % 2]
            groups[lanes] = self.product_group[lanes]
            self.put(register, np.full(self.count, np.nan, F32), mask)

    def read_slices(self, descriptor, rows, lanes, kind):
        """Rows of 32 bytes in shared memory, whose chunks of 16 change places within 128 bytes by bits of their address."""
        descriptors = np.broadcast_to(self.get(descriptor, U64), self.count)[lanes]
        if (descriptors != descriptors[:, :1]).any():
            raise PtxError("expected one descriptor for all threads of a warpgroup")
        first = descriptors[:, 0].astype(np.int64)[:, None, None]
        start, stride = (first & 0x3FFF) << 4, (first >> 32 & 0x3FFF) << 4
        if (first >> 62 & 3 != 1).any() or (first >> 49 & 7).any():
            raise PtxError("expected a descriptor of rows that are swizzled by 128 bytes, from a multiple of 1024 on")
        row, word = np.arange(rows)[:, None], np.arange(8)
        place = start + row // 8 * stride + row % 8 * 128 + 4 * word
        words = (place ^ (place >> 7 & 7) << 4) // 4
        leaders = lanes[:, 0][:, None, None]
        blocks, warps = (np.broadcast_to(of[leaders], words.shape) for of in (self.block, self.warp))
        self.shared.check(blocks, warps, words, False)
        if (self.shared.hidden[blocks, words] >= 0).any():
            raise PtxError("a product reads what no fence has shown to it")
        self.reads.append((leaders[:, 0, 0], blocks, words, self.product_group[leaders[:, 0, 0]]))
        np.add.at(self.shared.reads, (blocks, words), 1)
        return unpack(self.shared.words[blocks, words], kind)

    def finish_products(self, mask, pending):
        left = []
        for leaders, blocks, words, groups in self.reads:
            done = mask[leaders] & (groups < self.product_group[leaders] - pending)
            np.subtract.at(self.shared.reads, (blocks[done], words[done]), 1)
            if not done.all():
                left.append((leaders[~done], blocks[~done], words[~done], groups[~done]))
        self.reads = left
        for register, (sums, groups) in self.sums.items():
            done = mask & (groups >= 0) & (groups < self.product_group - pending)
            if done.any():
                self.put(register, sums, done)
                groups[done] = -1
        self.fenced &= ~mask


def unpack(words, kind):
    """The numbers in words along the last dim, as f32."""
    if kind == "tf32":
        return (words & U32(0xFFFFE000)).view(F32)
    halves = np.stack([words & U32(0xFFFF), words >> U32(16)], axis=-1).reshape(*words.shape[:-1], -1)
    if kind == "f16":
        return halves.astype(U16).view(np.float16).astype(F32)
    return (halves << U32(16)).view(F32)
