#!/usr/bin/env python3
"""Runs an artifact with device code without dlc's runtime: on an interpreter of PTX, or on a GPU by the driver's API.

    gpu_run.py model.so --input x=x.npy --expected y=y.npy [--device sim|cuda] [--tolerance 1e-4] [--repeat N]

Inputs and outputs are in the order of the manifest. Host memory and device memory are different arrays in either case,
so that a missing copy shows.
"""

import argparse
import ctypes as c
import sys
import time

import numpy as np

P, I32, U32, I64, U64 = c.c_void_p, c.c_int32, c.c_uint32, c.c_int64, c.c_uint64
DTYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16, 6: np.int32, 7: np.int64, 9: np.bool_,
          10: np.float16, 11: np.float64, 12: np.uint32, 13: np.uint64}
PORT_DEVICE = 2
DEVICE_ZEROS = 4096  # bytes in front of the arena


def struct(name, fields):
    return type(name, (c.Structure,), {"_fields_": fields})


Program = struct("Program", [("struct_size", U32), ("abi_version", U32), ("plan", P), ("run", P), ("weights", P),
                             ("weights_size", I64), ("num_symbols", U32), ("num_shape_symbols", U32),
                             ("num_output_dims", U32), ("num_images", U32), ("images", P), ("device_functions", P),
                             ("num_device_functions", U32), ("reserved", U32),
                             ("scratch", I64), ("device_weights_size", I64)])
Image = struct("Image", [("struct_size", U32), ("form", U32), ("architecture", U32), ("reserved", U32), ("data", P),
                         ("size", U64)])
PlanCall = struct("PlanCall", [("struct_size", U32), ("version", U32), ("state", P), ("services", P), ("symbols", P),
                               ("inputs", P), ("output_dims", P), ("workspace", I64), ("device_workspace", I64),
                               ("on_device", U32), ("reserved", U32)])
RunCall = struct("RunCall", [("struct_size", U32), ("version", U32), ("state", P), ("services", P), ("symbols", P),
                             ("inputs", P), ("outputs", P), ("arena", P), ("weights", P), ("values", P),
                             ("device_arena", P), ("device_weights", P)])
Launch = struct("Launch", [("struct_size", U32), ("kernel", U32), ("function", P), ("buffers", P), ("num_tasks", I64),
                           ("flops", I64)])
DeviceLaunch = struct("DeviceLaunch", [("struct_size", U32), ("kernel", U32), ("function", U32), ("threads", U32),
                                       ("blocks", I64), ("shared_memory", U32), ("num_buffers", U32),
                                       ("buffers", c.POINTER(U64)), ("symbols", c.POINTER(I64)), ("num_symbols", U32),
                                       ("reserved", U32), ("flops", I64)])
KernelCall = struct("KernelCall", [("struct_size", U32), ("reserved", U32), ("buffers", P), ("symbols", P),
                                   ("error", P), ("scratch", P)])
LibraryCall = struct("LibraryCall", [("struct_size", U32), ("site", U32), ("function", P), ("call", P)])
OpCall = struct("OpCall", [("struct_size", U32), ("num_inputs", U32), ("num_outputs", U32), ("num_attributes", U32),
                           ("inputs", P), ("outputs", P), ("attributes", P), ("state", P), ("services", P)])
SERVICES = [("launch", c.CFUNCTYPE(I32, P, c.POINTER(Launch))), ("call", c.CFUNCTYPE(I32, P, c.POINTER(LibraryCall))),
            ("unequal", c.CFUNCTYPE(I32, P, U32, I64, I64)), ("match", P), ("new_tensor", P), ("keep", P),
            ("release", P), ("poll", c.CFUNCTYPE(I32, P)),
            ("launch_on_device", c.CFUNCTYPE(I32, P, c.POINTER(DeviceLaunch))),
            ("copy", c.CFUNCTYPE(I32, P, U32, P, P, I64)), ("allocate_on_device", c.CFUNCTYPE(P, P, I64))]
Services = struct("Services", [("struct_size", U32), ("reserved", U32)] + SERVICES)
OP_SERVICES = [("new_tensor", P), ("new_list", P), ("keep", P), ("release", P), ("scratch", c.CFUNCTYPE(P, P, U64)),
               ("parallel_for", c.CFUNCTYPE(None, P, I64, c.CFUNCTYPE(None, P, I64), P)),
               ("fail", c.CFUNCTYPE(I32, P, c.c_char_p))]
OpServices = struct("OpServices", [("struct_size", U32), ("reserved", U32)] + OP_SERVICES)


class Manifest:
    """Names, types, dims and flags of the ports, and the launches."""

    def __init__(self, path):
        data = open(path, "rb").read()
        note = data.find(b"dlc\0", data.find((0x444C4331).to_bytes(4, "little")) - 8)
        self.abi_version = int(np.frombuffer(data, np.uint32, 1, note + 4 + 8)[0])
        fields = np.frombuffer(data, np.uint64, 4, note + 4 + 24)
        self.blob = data[int(fields[0]):int(fields[0] + fields[1])]
        header = np.frombuffer(self.blob, np.uint32, 18)
        self.inputs = [self.port(header[2] + 32 * i) for i in range(header[1])]
        self.outputs = [self.port(header[4] + 32 * i) for i in range(header[3])]
        self.kernels = [self.string(np.frombuffer(self.blob, np.uint32, 1, int(header[8]) + 8 * i)[0])
                        for i in range(header[7])]

    def string(self, offset):
        return self.blob[offset:self.blob.index(b"\0", offset)].decode()

    def port(self, offset):
        name, dtype, rank, dims, port, flags, _, _ = np.frombuffer(self.blob, np.uint32, 8, int(offset))
        if port != 0:
            sys.exit("error: handles are not supported")
        rows = [(int(np.frombuffer(self.blob, np.int64, 1, int(dims) + 16 * i)[0]),
                 int(np.frombuffer(self.blob, np.int32, 1, int(dims) + 16 * i + 8)[0])) for i in range(rank)]
        return self.string(name), DTYPES[int(dtype)], rows, int(flags)


class Simulator:
    """The device as ptx.py's."""

    def __init__(self, image):
        from ptx import Module
        from ptx_memory import Memory
        self.memory = Memory()
        self.module = Module(image.rstrip(b"\0").decode())

    def allocate(self, size):
        return self.memory.allocate(max(size, 1))

    def copy(self, target, source, size):
        c.memmove(target, source, size)

    upload = download = copy_on_device = copy

    def launch(self, name, blocks, threads, shared, arguments):
        self.module.launch(name, blocks, threads, arguments, self.memory, shared)

    def wait(self):
        pass


class Gpu:
    """The device by the driver's API."""

    def __init__(self, image):
        self.cuda = c.CDLL("libcuda.so.1")
        self.call("cuInit", U32(0))
        device, context, self.module = I32(), P(), P()
        self.call("cuDeviceGet", c.byref(device), I32(0))
        self.call("cuDevicePrimaryCtxRetain", c.byref(context), device)
        self.call("cuCtxSetCurrent", context)
        start = time.time()
        self.call("cuModuleLoadDataEx", c.byref(self.module), c.c_char_p(image), U32(0), None, None)
        self.load_time = time.time() - start
        self.functions = {}
        self.stream = P()
        self.call("cuStreamCreate", c.byref(self.stream), U32(1))

    def call(self, name, *arguments):
        result = getattr(self.cuda, name)(*arguments)
        if result != 0:
            text = c.c_char_p()
            self.cuda.cuGetErrorName(I32(result), c.byref(text))
            sys.exit(f"error: {name}: {text.value.decode() if text.value else result}")

    def allocate(self, size):
        address = U64()
        self.call("cuMemAlloc_v2", c.byref(address), c.c_size_t(max(size, 1)))
        return address.value

    def upload(self, target, source, size):
        if size:
            self.call("cuMemcpyHtoD_v2", U64(target), P(source), c.c_size_t(size))

    def download(self, target, source, size):
        self.wait()
        if size:
            self.call("cuMemcpyDtoH_v2", P(target), U64(source), c.c_size_t(size))

    def copy_on_device(self, target, source, size):
        if size:
            self.call("cuMemcpyDtoDAsync_v2", U64(target), U64(source), c.c_size_t(size), self.stream)

    def launch(self, name, blocks, threads, shared, arguments):
        if name not in self.functions:
            self.functions[name] = P()
            self.call("cuModuleGetFunction", c.byref(self.functions[name]), self.module, name.encode())
        self.call("cuFuncSetAttribute", self.functions[name], I32(8), I32(shared))  # dynamic shared memory
        values = (U64 * len(arguments))(*[argument % (1 << 64) for argument in arguments])
        pointers = (P * len(arguments))(*[c.addressof(values) + 8 * i for i in range(len(arguments))])
        self.call("cuLaunchKernel", self.functions[name], U32(blocks), U32(1), U32(1), U32(threads), U32(1), U32(1),
                  U32(shared), self.stream, pointers, None)

    def wait(self):
        self.call("cuStreamSynchronize", self.stream)

    def measure(self, run, repeat):
        """Seconds of a replay of what `run` launches, as a graph; it must copy nothing to the host."""
        graph, executable = P(), P()
        self.call("cuStreamBeginCapture_v2", self.stream, U32(2))
        run()
        self.call("cuStreamEndCapture", self.stream, c.byref(graph))
        self.call("cuGraphInstantiateWithFlags", c.byref(executable), graph, U64(0))
        best = None
        for _ in range(5):
            start = time.time()
            for _ in range(repeat):
                self.call("cuGraphLaunch", executable, self.stream)
            self.wait()
            best = min(best or 1e9, (time.time() - start) / repeat)
        return best


class Session:
    def __init__(self, path, device):
        self.manifest = Manifest(path)
        self.library = c.CDLL(path)
        query = self.library.dlc_query
        query.restype = c.POINTER(Program)
        self.program = query(U32(self.manifest.abi_version)).contents
        if self.program.num_images == 0:
            sys.exit("error: the artifact has no device code")
        images = c.cast(self.program.images, c.POINTER(Image))
        images = [images[i] for i in range(self.program.num_images)]
        # PTX for any device comes first; machine code for the newest GPU that is named comes last.
        image = images[-1] if device == "cuda" else images[0]
        self.device = (Gpu if device == "cuda" else Simulator)(c.string_at(image.data, image.size))
        names = c.cast(self.program.device_functions, c.POINTER(c.c_char_p))
        self.functions = [names[i].decode() for i in range(self.program.num_device_functions)]
        self.weights = self.device.allocate(self.program.device_weights_size)
        if self.program.device_weights_size:
            self.device.upload(self.weights, self.program.weights, self.program.device_weights_size)
        self.error = self.device.allocate(24)
        self.times, self.scratch = {}, []
        self.profile, self.replays = False, 0
        functions = {name: kind(getattr(self, "on_" + name)) if kind is not P else None for name, kind in SERVICES}
        self.services = Services(c.sizeof(Services), 0, **functions)
        operations = {name: kind(getattr(self, "op_" + name)) if kind is not P else None for name, kind in OP_SERVICES}
        self.op_services = OpServices(c.sizeof(OpServices), 0, **operations)

    # Services.

    def on_launch(self, state, launch):
        launch = launch.contents
        word = (I64 * 3)(2**63 - 1)
        scratch = self.op_scratch(None, self.program.scratch)
        call = KernelCall(c.sizeof(KernelCall), 0, launch.buffers, self.symbols.ctypes.data, c.addressof(word), scratch)
        kernel = c.CFUNCTYPE(None, P, I64)(launch.function)
        for task in range(launch.num_tasks):
            kernel(c.addressof(call), task)
        return int(word[0] != 2**63 - 1)

    def on_call(self, state, call):
        record = c.cast(call.contents.call, c.POINTER(OpCall)).contents
        record.state, record.services = 0, c.addressof(self.op_services)
        return c.CFUNCTYPE(I32, P)(call.contents.function)(call.contents.call)

    def on_unequal(self, state, site, lhs, rhs):
        print(f"error: expected sizes to be equal, found {lhs} and {rhs}")
        return 1

    def on_poll(self, state):
        return 0

    def on_launch_on_device(self, state, launch):
        launch = launch.contents
        if launch.blocks == 0:
            return 0
        arguments = [launch.buffers[i] for i in range(launch.num_buffers)]
        arguments += [launch.symbols[i] for i in range(launch.num_symbols)] + [self.error, launch.kernel]
        start = time.time()
        name = self.functions[launch.function]
        try:
            self.device.launch(name, launch.blocks, launch.threads, launch.shared_memory, arguments)
            if self.profile:
                self.device.wait()
                self.times[launch.kernel] = time.time() - start
        except Exception as error:  # ctypes would swallow it
            print(f"error: {error}")
            return 1
        return 0

    def on_copy(self, state, direction, target, source, size):
        copies = {1: self.device.upload, 2: self.device.download, 3: self.device.copy_on_device}
        if size:
            copies[direction](target, source, size)
        return 0

    def on_allocate_on_device(self, state, size):
        return self.device.allocate(size)

    def op_scratch(self, state, size):
        self.scratch.append(np.zeros(size + 64, np.uint8))
        return self.scratch[-1].ctypes.data + -self.scratch[-1].ctypes.data % 64

    def op_parallel_for(self, state, count, body, argument):
        for i in range(count):
            body(argument, i)

    def op_fail(self, state, text):
        print("error:", text.decode())
        return 1

    # Runs.

    def run(self, inputs, repeat=1):
        self.symbols = np.zeros(max(self.program.num_symbols, 1), np.int64)
        for (name, dtype, dims, _), value in zip(self.manifest.inputs, inputs, strict=True):
            assert value.dtype == dtype and value.ndim == len(dims), f"{name}: expected {dtype}, rank {len(dims)}"
            for size, (_, symbol) in zip(value.shape, dims):
                if symbol >= 0:
                    self.symbols[symbol] = size
        hosts = (P * max(len(inputs), 1))(*[value.ctypes.data for value in inputs])
        dims = np.zeros(max(self.program.num_output_dims, 1), np.int64)
        plan = PlanCall(c.sizeof(PlanCall), 0, None, c.addressof(self.services), self.symbols.ctypes.data,
                        c.addressof(hosts), dims.ctypes.data, 0, 0, 1, 0)
        status = c.CFUNCTYPE(I32, P)(self.program.plan)(c.addressof(plan))
        if status:
            sys.exit(f"error: plan returned {status}")
        arena = np.full(plan.workspace + 64, 0xA5, np.uint8)
        outputs, places = [], []
        for (name, dtype, rows, flags) in self.manifest.outputs:
            shape, dims = [int(size) for size in dims[:len(rows)]], dims[len(rows):]
            if min(shape, default=0) < 0:
                sys.exit("error: outputs of late sizes are not supported")
            outputs.append(np.full(shape, 77).astype(dtype))
            size = outputs[-1].nbytes
            places.append(self.device.allocate(size) if flags & PORT_DEVICE else outputs[-1].ctypes.data)
        pointers = []
        for (_, _, _, flags), value in zip(self.manifest.inputs, inputs):
            pointers.append(self.device.allocate(value.nbytes) if flags & PORT_DEVICE else value.ctypes.data)
            if flags & PORT_DEVICE and value.nbytes:
                self.device.upload(pointers[-1], value.ctypes.data, value.nbytes)
        ins, outs = (P * max(len(pointers), 1))(*pointers), (P * max(len(places), 1))(*places)
        values = (P * max(len(places), 1))()
        device_arena = self.device.allocate(plan.device_workspace)
        zeros = np.zeros(min(plan.device_workspace, DEVICE_ZEROS), np.uint8)
        self.device.upload(device_arena, zeros.ctypes.data, zeros.size)
        word = (I64 * 3)(2**63 - 1)
        self.device.upload(self.error, c.addressof(word), 24)
        run = RunCall(c.sizeof(RunCall), plan.version, None, c.addressof(self.services), self.symbols.ctypes.data,
                      c.addressof(ins), c.addressof(outs), arena.ctypes.data + -arena.ctypes.data % 64,
                      self.program.weights, c.addressof(values), device_arena, self.weights)
        best = None
        for _ in range(repeat):
            start = time.time()
            status = c.CFUNCTYPE(I32, P)(self.program.run)(c.addressof(run))
            if status:
                sys.exit(f"error: run returned {status}")
            self.device.wait()
            best = min(best or 1e9, time.time() - start)
        if self.replays:
            best = self.device.measure(lambda: c.CFUNCTYPE(I32, P)(self.program.run)(c.addressof(run)), self.replays)
        self.device.download(c.addressof(word), self.error, 24)
        if word[0] != 2**63 - 1:
            sys.exit(f"error: index {word[1]} is out of range for a dim of {word[2]} in {self.manifest.kernels[word[0]]}")
        for (_, _, _, flags), value, place in zip(self.manifest.outputs, outputs, places):
            if flags & PORT_DEVICE and value.nbytes:
                self.device.download(value.ctypes.data, place, value.nbytes)
        return outputs, best


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifact")
    parser.add_argument("--input", action="append", default=[])
    parser.add_argument("--expected", action="append", default=[])
    parser.add_argument("--device", choices=["sim", "cuda"], default="sim")
    parser.add_argument("--tolerance", type=float, default=1e-4)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--replays", type=int, default=0, help="time so many replays of a graph instead, on a GPU")
    options = parser.parse_args()
    load = lambda pairs: {name: np.load(path) for name, _, path in (pair.partition("=") for pair in pairs)}
    inputs, expected = load(options.input), load(options.expected)
    session = Session(options.artifact, options.device)
    session.profile, session.replays = options.profile, options.replays
    arrays = [np.ascontiguousarray(inputs[name]) for name, *_ in session.manifest.inputs]
    outputs, seconds = session.run(arrays, options.repeat)
    worst = 0.0
    for (name, *_), value in zip(session.manifest.outputs, outputs):
        if name not in expected:
            continue
        wanted = expected[name]
        if wanted.shape != value.shape or wanted.dtype != value.dtype:
            sys.exit(f"error: {name}: expected {wanted.dtype}{wanted.shape}, found {value.dtype}{value.shape}")
        scale = float(np.abs(wanted.astype(np.float64)).max()) if wanted.size else 0.0
        error = float(np.abs(wanted.astype(np.float64) - value.astype(np.float64)).max()) if wanted.size else 0.0
        if not error <= options.tolerance * max(scale, 1e-30):
            sys.exit(f"error: {name}: differs by {error} where the largest is {scale}")
        worst = max(worst, error / scale if scale else 0.0)
    print(f"ok, error {worst:.2e}, {seconds * 1e3:.3f} ms")
    if options.profile:
        for kernel, spent in sorted(session.times.items(), key=lambda item: -item[1]):
            print(f"{spent * 1e6:10.1f} us  {session.manifest.kernels[kernel]}")


if __name__ == "__main__":
    main()
