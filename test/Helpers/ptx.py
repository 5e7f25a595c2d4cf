"""An interpreter of PTX, for kernels of dlc on machines without a GPU.

All threads of a launch's blocks run in lockstep, as lanes of numpy arrays, until they branch apart; the ones that are
furthest behind go on first. What a GPU leaves undefined is an error here: an access outside of every allocation or
across an alignment, a shuffle with a thread that is elsewhere, a barrier that not all threads reach, and data in shared
memory that one warp writes and another one touches with no barrier in between.

    memory = Memory(); address = memory.allocate(1024)
    Module(text).launch("kernel", blocks, threads, [address, ...], memory)
"""

import re

import numpy as np

from ptx_memory import U8, U16, U32, U64, UNSIGNED, Memory, PtxError, Shared
from ptx_tensors import WARP, Tensors

F32, F64 = np.float32, np.float64
SIGNED = {8: np.int8, 16: np.int16, 32: np.int32, 64: np.int64}
FLOAT = {16: np.float16, 32: F32, 64: F64}


class Instruction:
    def __init__(self, text, predicate, parts, operands):
        self.text, self.predicate, self.parts, self.operands = text, predicate, parts, operands


def parse_operand(text):
    text = text.strip()
    if text[0] == "{":
        return [parse_operand(part) for part in text[1:-1].split(",")]
    if text[0] == "[":
        base, _, offset = text[1:-1].partition("+")
        return ("memory", parse_operand(base), int(offset or 0))
    if text[:2] == "0f":
        return int(text[2:], 16)
    if text[:2] == "0d":
        return int(text[2:], 16)
    if re.match(r"-?(0x[0-9A-Fa-f]+|\d+)U?$", text):
        return int(text.rstrip("U"), 0)
    return text


def split_operands(text):
    operands, depth, start = [], 0, 0
    for i, letter in enumerate(text + ","):
        depth += letter in "{["
        depth -= letter in "}]"
        if letter in ",|" and depth == 0:
            operands.append(parse_operand(text[start:i]))
            start = i + 1
    return operands


class Kernel:
    def __init__(self, name):
        self.name, self.code, self.labels = name, [], {}
        self.parameters, self.shared, self.shared_size = [], {}, 0
        self.leaders = set()

    def add_line(self, line):
        match = re.match(r"\.shared \.align (\d+) \.b8 ([\w$]+)\[(\d+)\];", line)
        if match:
            alignment, name, size = int(match[1]), match[2], int(match[3])
            self.shared_size += -self.shared_size % alignment
            self.shared[name] = self.shared_size
            self.shared_size += size
            return
        match = re.match(r"(\$[\w$]+):", line)
        if match:
            self.labels[match[1]] = len(self.code)
            return
        match = re.match(r"(?:@(!?)(%p\d+)\s+)?([a-z][\w.:]*)\s*(.*);$", line)
        if match and not line.startswith("."):
            predicate = (match[2], match[1] == "!") if match[2] else None
            operands = split_operands(match[4]) if match[4] else []
            self.code.append(Instruction(line, predicate, match[3].split("."), operands))

    def finish(self):
        self.leaders = set(self.labels.values())
        for i, instruction in enumerate(self.code):
            if instruction.parts[0] in ("bra", "bar", "ret"):
                self.leaders.add(i + 1)


class Module:
    def __init__(self, text):
        self.kernels, self.globals, self.dynamic = {}, [], {}
        kernel, begun, depth = None, "", 0
        for line in text.splitlines():
            line = (begun + " " + re.sub(r"//.*", "", line).strip()).strip()
            begun = ""
            if kernel and re.match(r"(@!?%p\d+\s+)?[a-z][\w.:]*(\s|$)", line) and not line.endswith(";"):
                begun = line  # an instruction of several lines
                continue
            match = re.match(r"\.visible \.entry ([\w$]+)\(", line)
            if match:
                kernel = self.kernels[match[1]] = Kernel(match[1])
            elif line.startswith(".param") and kernel and not kernel.code:
                kernel.parameters.append(re.search(r"([\w$]+),?$", line)[1])
            elif match := re.match(r"\.extern \.shared \.align (\d+) \.b8 ([\w$]+)\[\];", line):
                self.dynamic[match[2]] = int(match[1])
            elif re.match(r"\.(visible |extern )?\.?global", line) or ".global .align" in line:
                self.globals.append(line)
            elif line in ("{", "}") and kernel:  # in a kernel, around registers that are named in there alone
                depth += 1 if line == "{" else -1
                if depth == 0:
                    kernel.finish()
                    kernel = None
            elif kernel and line:
                kernel.add_line(line)

    def load_globals(self, memory):
        """Constants of the module, by name."""
        addresses = {}
        for line in self.globals:
            match = re.search(r"\.align (\d+) \.([bf])(\d+) ([\w$]+)\[(\d+)\](?:\s*=\s*\{(.*)\})?;", line)
            if not match:
                raise PtxError(f"unknown global: {line}")
            bits, count = int(match[3]), int(match[5])
            values = [int(value, 0) for value in match[6].split(",")] if match[6] else []
            contents = np.zeros(count, UNSIGNED[bits])
            contents[:len(values)] = np.array(values, dtype=object) % (1 << bits) if values else []
            address = memory.allocate(contents.nbytes, int(match[1]))
            memory.store(np.array([address + i * (bits // 8) for i in range(count)], U64), [contents], bits, bits // 8)
            addresses[match[4]] = address
        return addresses

    def launch(self, name, blocks, threads, arguments, memory, dynamic=0, lanes_at_once=1 << 15):
        """`dynamic` bytes of shared memory lie behind what the kernel has by itself."""
        if not hasattr(memory, "globals_of"):
            memory.globals_of = {}
        if id(self) not in memory.globals_of:
            memory.globals_of[id(self)] = self.load_globals(memory)
        at_once = max(1, lanes_at_once // threads)
        for first in range(0, blocks, at_once):
            numbers = np.arange(first, min(blocks, first + at_once))
            Run(self, self.kernels[name], numbers, threads, arguments, memory, dynamic).run()


def spread(values, mask, old):
    """`old` with `values` in the lanes of `mask`."""
    if old is None:
        old = np.zeros(mask.size, values.dtype)
    return np.where(mask, values, old)


class Run(Tensors):
    """Some blocks of a launch."""

    def __init__(self, module, kernel, numbers, threads, arguments, memory, dynamic):
        self.kernel, self.memory, self.threads = kernel, memory, threads
        self.count = count = numbers.size * threads
        self.block = np.repeat(np.arange(numbers.size), threads)
        thread = np.tile(np.arange(threads), numbers.size)
        self.warp = thread // WARP
        self.lane = np.arange(count)
        own = kernel.shared_size + -kernel.shared_size % max(module.dynamic.values(), default=128)
        self.shared = Shared(numbers.size, own + dynamic)
        self.group, self.copies = np.zeros(count, np.int64), []
        self.product_group, self.sums, self.reads = np.zeros(count, np.int64), {}, []
        self.fenced = np.zeros(count, bool)
        self.registers = {"%tid.x": thread.astype(U32), "%ctaid.x": np.repeat(numbers, threads).astype(U32),
                          "%ntid.x": np.full(count, threads, U32)}
        self.constants = {**memory.globals_of[id(module)], **kernel.shared, **dict.fromkeys(module.dynamic, own)}
        self.parameters = dict(zip(kernel.parameters, arguments, strict=True))
        self.pc = np.zeros(count, np.int64)
        self.state = np.zeros(count, U8)  # 0 runs, 1 waits, 2 has ended

    def run(self):
        try:
            while True:
                running = self.state == 0
                if not running.any():
                    if (self.state == 2).all():
                        return
                    self.release()
                    continue
                self.pc_now = int(self.pc[running].min())
                self.active = running & (self.pc == self.pc_now)
                self.all_active = bool(self.active.all())
                self.run_straight()
        except PtxError as error:
            where = self.kernel.code[self.pc_now].text if self.pc_now < len(self.kernel.code) else "the end"
            raise PtxError(f"{self.kernel.name}: {where}: {error}") from None

    def release(self):
        """Lets the blocks go on all of whose threads wait; others have ended."""
        waiting = self.state == 1
        waits = np.zeros(self.shared.epoch.size, bool)
        waits[self.block[waiting]] = True
        if (~waiting & waits[self.block]).any():
            raise PtxError("not all threads of a block reach a barrier")
        self.shared.epoch[waits] += 1
        self.state[waiting] = 0

    def run_straight(self):
        code, leaders = self.kernel.code, self.kernel.leaders
        while True:
            instruction = code[self.pc_now]
            kind = instruction.parts[0]
            if kind in ("bra", "bar", "ret"):
                return self.leave(instruction, kind)
            self.execute(instruction)
            self.pc_now += 1
            if self.pc_now in leaders:
                self.pc[self.active] = self.pc_now
                return

    def leave(self, instruction, kind):
        taken = self.active & self.predicate(instruction)
        self.pc[self.active] = self.pc_now + 1
        if kind == "bra":
            self.pc[taken] = self.kernel.labels[instruction.operands[0]]
        elif kind == "bar":
            self.state[taken] = 1
        else:
            self.state[taken] = 2

    def predicate(self, instruction):
        if not instruction.predicate:
            return np.ones(self.count, bool)
        name, negated = instruction.predicate
        return self.registers[name] != negated

    def get(self, operand, kind):
        """An operand as an array of numpy type `kind`, of as many lanes or 1."""
        if isinstance(operand, int):
            bits = np.dtype(kind).itemsize * 8
            return np.array([operand % (1 << bits)], UNSIGNED[bits]).view(kind)
        if operand in self.constants:
            return np.array([self.constants[operand]], U64).astype(kind)
        value = self.registers[operand]
        if value.dtype == bool:
            return value
        size = np.dtype(kind).itemsize
        if value.dtype.itemsize == size:
            return value.view(kind)
        return value.astype(UNSIGNED[size * 8]).view(kind)

    def put(self, operand, value, mask=None):
        if operand == "_":
            return
        value = np.broadcast_to(np.ascontiguousarray(value), self.count)
        if value.dtype.itemsize == 1 and value.dtype != bool:  # no register is so narrow
            value = value.astype(np.int16 if value.dtype.kind == "i" else U16)
        if value.dtype != bool:
            value = np.ascontiguousarray(value).view(UNSIGNED[value.dtype.itemsize * 8])
        mask = self.active if mask is None else mask
        if mask is not self.active or not self.all_active:
            value = spread(value, mask, self.registers.get(operand))
        self.registers[operand] = value

    # Instructions.

    def execute(self, instruction):
        mask = self.active if not instruction.predicate else self.active & self.predicate(instruction)
        method = getattr(self, "do_" + instruction.parts[0], None)
        if method is None:
            raise PtxError("unknown instruction")
        with np.errstate(all="ignore"):
            method(instruction, instruction.parts, instruction.operands, mask)

    @staticmethod
    def kind_of(text):
        bits = int(text[1:])
        return {"f": FLOAT, "s": SIGNED}.get(text[0], UNSIGNED)[bits]

    def binary(self, parts, operands, mask, function):
        kind = self.kind_of(parts[-1])
        self.put(operands[0], function(self.get(operands[1], kind), self.get(operands[2], kind)).astype(kind), mask)

    def do_ld(self, instruction, parts, operands, mask):
        bits = int(parts[-1][1:])
        memory, results = operands[1], operands[0] if isinstance(operands[0], list) else [operands[0]]
        if parts[1] == "param":
            value = int(self.parameters[memory[1]]) % (1 << 64)
            return self.put(results[0], np.array([value], U64).astype(UNSIGNED[bits]), mask)
        lanes = np.nonzero(mask)[0]
        addresses = np.broadcast_to(self.get(memory[1], U64), self.count)[lanes] + U64(memory[2] % (1 << 64))
        size = bits // 8 * len(results)
        if parts[1] == "shared":
            loaded = self.load_shared(addresses, bits, len(results), lanes)
        else:
            loaded = self.memory.load(addresses, bits, len(results), size)
        for result, values in zip(results, loaded):
            register = 16 if result.startswith("%rs") else 64 if result.startswith("%rd") else 32
            kinds = SIGNED if parts[-1][0] == "s" else UNSIGNED  # how narrow ones are extended
            wide = np.zeros(self.count, kinds[register])
            wide[lanes] = values.view(kinds[bits])
            self.put(result, wide, mask)

    def do_st(self, instruction, parts, operands, mask):
        bits = int(parts[-1][1:])
        memory, values = operands[0], operands[1] if isinstance(operands[1], list) else [operands[1]]
        lanes = np.nonzero(mask)[0]
        addresses = np.broadcast_to(self.get(memory[1], U64), self.count)[lanes] + U64(memory[2] % (1 << 64))
        stored = [np.broadcast_to(self.get(value, UNSIGNED[bits]), self.count)[lanes] for value in values]
        if parts[1] == "shared":
            if bits == 64:
                stored = [half for value in stored for half in (value & U64(0xFFFFFFFF), value >> U64(32))]
            words = (addresses // U64(4)).astype(np.int64)
            for i, value in enumerate(stored):
                self.shared.check(self.block[lanes], self.warp[lanes], words + i, True)
                self.shared.words[self.block[lanes], words + i] = value
                self.shared.hidden[self.block[lanes], words + i] = lanes
        else:
            self.memory.store(addresses, stored, bits, bits // 8 * len(values))

    def load_shared(self, addresses, bits, count, lanes):
        if bits not in (32, 64) or (addresses % U64(bits // 8 * count)).any():
            raise PtxError("expected aligned words in shared memory")
        if bits == 64:
            words = [word.astype(U64) for word in self.load_shared(addresses, 32, 2 * count, lanes)]
            return [low | high << U64(32) for low, high in zip(words[::2], words[1::2])]
        words = (addresses // U64(4)).astype(np.int64)
        blocks = self.block[lanes]
        for i in range(count):
            self.shared.check(blocks, self.warp[lanes], words + i, False)
        return [self.shared.words[blocks, words + i] for i in range(count)]

    def do_atom(self, instruction, parts, operands, mask):
        kind = self.kind_of(parts[-1])
        bits = np.dtype(kind).itemsize * 8
        lanes = np.nonzero(mask)[0]
        address = np.broadcast_to(self.get(operands[1][1], U64), self.count)[lanes] + U64(operands[1][2])
        value = np.broadcast_to(self.get(operands[2], kind), self.count)[lanes]
        found = np.zeros(self.count, kind)
        for lane, place, own in zip(lanes, address, value):
            place = np.array([place], U64)
            old = self.memory.load(place, bits, 1, bits // 8)[0].view(kind)
            new = np.minimum(old, own) if "min" in parts else np.maximum(old, own) if "max" in parts else old + own
            self.memory.store(place, [new.astype(kind).view(UNSIGNED[bits])], bits, bits // 8)
            found[lane] = old[0]
        self.put(operands[0], found, mask)

    def do_fence(self, instruction, parts, operands, mask):
        """Threads see what others have stored at once; warpgroups' products, what a fence has shown to them."""
        if parts[1:] == ["proxy", "async", "shared::cta"]:
            hidden = self.shared.hidden
            hidden[(hidden >= 0) & mask[hidden]] = -1
        elif parts[1] == "proxy":
            raise PtxError("unknown instruction")

    do_membar = do_fence

    def do_shfl(self, instruction, parts, operands, mask):
        number, segments = int(operands[2]), int(operands[3]) >> 8
        partner = self.lane ^ number if parts[2] == "bfly" else self.lane & (segments | ~31) | number
        if not mask[partner[mask]].all():
            raise PtxError("a shuffle with a thread that is elsewhere")
        self.put(operands[0].split("|")[0], self.get(operands[1], U32)[partner], mask)

    def do_mov(self, instruction, parts, operands, mask):
        kind = UNSIGNED[int(parts[1][1:])] if parts[1] != "pred" else bool
        if isinstance(operands[0], list):  # unpacks
            value, width = np.broadcast_to(self.get(operands[1], kind), self.count), 64 // len(operands[0])
            width = int(parts[1][1:]) // len(operands[0])
            for i, target in enumerate(operands[0]):
                self.put(target, (value >> kind(width * i)).astype(UNSIGNED[width]), mask)
            return
        if isinstance(operands[1], list):  # packs
            width = int(parts[1][1:]) // len(operands[1])
            value = kind(0)
            for i, source in enumerate(operands[1]):
                value = value | (self.get(source, UNSIGNED[width]).astype(kind) << kind(width * i))
            return self.put(operands[0], value, mask)
        if parts[1] == "pred":
            source = operands[1]
            value = self.registers[source] if isinstance(source, str) else np.full(1, bool(source))
            return self.put(operands[0], value, mask)
        self.put(operands[0], self.get(operands[1], kind), mask)

    def do_cvta(self, instruction, parts, operands, mask):
        self.put(operands[0], self.get(operands[1], U64), mask)

    def convert_packed(self, parts, operands, mask):
        """To tf32, or to a pair of narrower numbers, the first operand above the second."""
        if parts[1:] == ["rna", "tf32", "f32"]:
            return self.put(operands[0], (self.get(operands[1], U32) + U32(0x1000)) & U32(0xFFFFE000), mask)
        halves = []
        for operand in operands[1:]:
            value = self.get(operand, F32)
            if parts[2] == "f16x2":
                halves.append(value.astype(np.float16).view(U16).astype(U32))
            else:
                bits = value.view(U32)
                halves.append((bits + U32(0x7FFF) + (bits >> U32(16) & U32(1))) >> U32(16))
        self.put(operands[0], halves[0] << U32(16) | halves[1], mask)

    def do_cvt(self, instruction, parts, operands, mask):
        if parts[-2] in ("tf32", "f16x2", "bf16x2"):
            return self.convert_packed(parts, operands, mask)
        source, target = self.kind_of(parts[-1]), self.kind_of(parts[-2])
        value = self.get(operands[1], source)
        rounding = parts[1] if len(parts) > 3 else ""
        saturates = "sat" in parts
        if np.dtype(source).kind == "f":
            for name, function in (("rni", np.rint), ("rmi", np.floor), ("rpi", np.ceil), ("rzi", np.trunc)):
                if rounding == name:
                    value = function(value)
            if np.dtype(target).kind != "f":
                limits = np.iinfo(target)
                whole = np.nan_to_num(value.astype(F64), nan=0.0, posinf=2.0**70, neginf=-2.0**70)
                low, high = float(limits.min), float(limits.max)
                clipped = np.clip(whole, low, np.nextafter(high + 1, 0) if high > 2**53 else high)
                value = np.where(whole >= high + 1, limits.max, np.where(whole <= low, limits.min, clipped.astype(target)))
        elif saturates:
            raise PtxError("unknown instruction")
        self.put(operands[0], value.astype(target), mask)

    def do_setp(self, instruction, parts, operands, mask):
        kind = self.kind_of(parts[-1])
        lhs, rhs, test = self.get(operands[1], kind), self.get(operands[2], kind), parts[1]
        functions = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
                     "ge": np.greater_equal, "lo": np.less, "ls": np.less_equal, "hi": np.greater, "hs": np.greater_equal}
        if test in ("nan", "num"):
            unordered = np.isnan(lhs) | np.isnan(rhs)
            return self.put(operands[0], unordered if test == "nan" else ~unordered, mask)
        if np.dtype(kind).kind == "f":
            unordered = np.isnan(lhs) | np.isnan(rhs)
            if test.endswith("u") and test != "neu":
                value = functions[test[:-1]](lhs, rhs) | unordered
            elif test == "neu":
                value = np.not_equal(lhs, rhs)
            else:
                value = functions[test](lhs, rhs) & ~unordered
        else:
            value = functions[test](lhs, rhs)
        self.put(operands[0], value, mask)

    def do_selp(self, instruction, parts, operands, mask):
        kind = UNSIGNED[int(parts[-1][1:])]
        value = np.where(self.registers[operands[3]], self.get(operands[1], kind), self.get(operands[2], kind))
        self.put(operands[0], value, mask)

    def logic(self, parts, operands, mask, function):
        if parts[-1] == "pred":
            lhs, rhs = (self.registers[o] if isinstance(o, str) else bool(o) for o in operands[1:3])
            return self.put(operands[0], function(lhs, rhs), mask)
        self.binary(parts, operands, mask, function)

    def do_and(self, instruction, parts, operands, mask):
        self.logic(parts, operands, mask, np.bitwise_and)

    def do_or(self, instruction, parts, operands, mask):
        self.logic(parts, operands, mask, np.bitwise_or)

    def do_xor(self, instruction, parts, operands, mask):
        self.logic(parts, operands, mask, np.bitwise_xor)

    def do_not(self, instruction, parts, operands, mask):
        if parts[-1] == "pred":
            return self.put(operands[0], ~self.registers[operands[1]], mask)
        self.put(operands[0], ~self.get(operands[1], self.kind_of(parts[-1])), mask)

    def do_add(self, instruction, parts, operands, mask):
        self.binary(parts, operands, mask, np.add)

    def do_sub(self, instruction, parts, operands, mask):
        self.binary(parts, operands, mask, np.subtract)

    def do_min(self, instruction, parts, operands, mask):
        self.binary(parts, operands, mask, np.minimum if "NaN" in parts or parts[-1][0] != "f" else np.fmin)

    def do_max(self, instruction, parts, operands, mask):
        self.binary(parts, operands, mask, np.maximum if "NaN" in parts or parts[-1][0] != "f" else np.fmax)

    def multiply(self, parts, lhs, rhs):
        kind = self.kind_of(parts[-1])
        bits = np.dtype(kind).itemsize * 8
        if parts[1] == "hi":
            if bits == 32:
                wide = SIGNED[64] if parts[-1][0] == "s" else U64
                return (lhs.astype(wide) * rhs.astype(wide) >> wide(32)).astype(kind)
            product = [int(a) * int(b) >> 64 for a, b in np.broadcast(lhs, rhs)]
            return np.array(product, dtype=object).astype(kind) if parts[-1][0] == "s" else high_product(lhs, rhs)
        if parts[1] == "wide":
            wide = (SIGNED if parts[-1][0] == "s" else UNSIGNED)[bits * 2]
            return lhs.astype(wide) * rhs.astype(wide)
        return lhs * rhs

    def do_mul(self, instruction, parts, operands, mask):
        kind = self.kind_of(parts[-1])
        self.put(operands[0], self.multiply(parts, self.get(operands[1], kind), self.get(operands[2], kind)), mask)

    def do_mad(self, instruction, parts, operands, mask):
        kind = self.kind_of(parts[-1])
        product = self.multiply(parts, self.get(operands[1], kind), self.get(operands[2], kind))
        self.put(operands[0], product + self.get(operands[3], product.dtype.type), mask)

    def do_fma(self, instruction, parts, operands, mask):
        kind = self.kind_of(parts[-1])
        lhs, rhs, sum_ = (self.get(operand, kind) for operand in operands[1:])
        if kind is F32:  # the product is exact
            value = (lhs.astype(F64) * rhs.astype(F64) + sum_.astype(F64)).astype(F32)
        else:
            value = lhs * rhs + sum_
        self.put(operands[0], value, mask)

    def do_div(self, instruction, parts, operands, mask):
        def divide(lhs, rhs):
            if lhs.dtype.kind == "f":
                return lhs / rhs
            safe = np.where(rhs == 0, np.ones_like(rhs), rhs)
            quotient = lhs // safe
            if lhs.dtype.kind == "i":
                quotient += ((lhs % safe != 0) & ((lhs < 0) != (safe < 0))).astype(lhs.dtype)
            return quotient
        self.binary(parts, operands, mask, divide)

    def do_rem(self, instruction, parts, operands, mask):
        self.binary(parts, operands, mask, lambda lhs, rhs: np.fmod(lhs, np.where(rhs == 0, np.ones_like(rhs), rhs)))

    def unary(self, parts, operands, mask, function):
        kind = self.kind_of(parts[-1])
        self.put(operands[0], function(self.get(operands[1], kind)).astype(kind), mask)

    def do_rcp(self, instruction, parts, operands, mask):
        self.unary(parts, operands, mask, lambda value: value.dtype.type(1) / value)

    def do_sqrt(self, instruction, parts, operands, mask):
        self.unary(parts, operands, mask, np.sqrt)

    def do_abs(self, instruction, parts, operands, mask):
        self.unary(parts, operands, mask, np.abs)

    def do_neg(self, instruction, parts, operands, mask):
        self.unary(parts, operands, mask, np.negative)

    def do_copysign(self, instruction, parts, operands, mask):  # the sign of the first operand
        self.binary(parts, operands, mask, lambda sign, value: np.copysign(value, sign))

    def do_shl(self, instruction, parts, operands, mask):
        kind = UNSIGNED[int(parts[-1][1:])]
        amount = self.get(operands[2], U32).astype(kind)
        value = np.where(amount < kind(int(parts[-1][1:])), self.get(operands[1], kind) << amount, kind(0))
        self.put(operands[0], value.astype(kind), mask)

    def do_shr(self, instruction, parts, operands, mask):
        bits = int(parts[-1][1:])
        kind = self.kind_of(parts[-1])
        amount = np.minimum(self.get(operands[2], U32), U32(bits - 1 if parts[-1][0] == "s" else bits)).astype(kind)
        value = self.get(operands[1], kind)
        shifted = value >> np.minimum(amount, kind(bits - 1))
        self.put(operands[0], np.where(amount < kind(bits), shifted, kind(0)).astype(kind), mask)

    def do_bfe(self, instruction, parts, operands, mask):
        kind = self.kind_of(parts[-1])
        start, length = int(operands[2]), int(operands[3])
        if parts[-1][0] == "s":
            bits = np.dtype(kind).itemsize * 8
            value = self.get(operands[1], kind) << kind(bits - start - length)
            return self.put(operands[0], value >> kind(bits - length), mask)
        self.put(operands[0], (self.get(operands[1], kind) >> kind(start)) & kind((1 << length) - 1), mask)

    def do_prmt(self, instruction, parts, operands, mask):
        pair = self.get(operands[1], U32).astype(U64) | (self.get(operands[2], U32).astype(U64) << U64(32))
        selector = int(operands[3])
        value = U64(0)
        for i in range(4):
            nibble = selector >> 4 * i & 15
            byte = pair >> U64(8 * (nibble & 7)) & U64(255)
            if nibble & 8:
                byte = np.where(byte & U64(128), U64(255), U64(0))
            value = value | (byte << U64(8 * i))
        self.put(operands[0], value.astype(U32), mask)


def high_product(lhs, rhs):
    """The upper 64 bits of products of unsigned numbers."""
    low = U64(0xFFFFFFFF)
    a, b, c, d = lhs >> U64(32), lhs & low, rhs >> U64(32), rhs & low
    middle = a * d + (b * d >> U64(32))
    other = b * c + (middle & low)
    return a * c + (middle >> U64(32)) + (other >> U64(32))
