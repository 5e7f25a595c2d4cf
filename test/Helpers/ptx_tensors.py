"""Instructions of ptx.py that bring operands to tensor cores and multiply them."""

import numpy as np

from ptx_memory import U16, U32, U64, PtxError

WARP = 32
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
    def check_warps(mask):
        if not (mask.reshape(-1, WARP).all(axis=1) | ~mask.reshape(-1, WARP).any(axis=1)).all():
            raise PtxError("an instruction of a warp by a part of it")

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


def unpack(words, kind):
    """The numbers in words along the last dim, as f32."""
    if kind == "tf32":
        return (words & U32(0xFFFFE000)).view(F32)
    halves = np.stack([words & U32(0xFFFF), words >> U32(16)], axis=-1).reshape(*words.shape[:-1], -1)
    if kind == "f16":
        return halves.astype(U16).view(np.float16).astype(F32)
    return (halves << U32(16)).view(F32)
