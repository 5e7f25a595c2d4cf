"""The runtime's C API in Python, for tests: what a program does that links libdlc_runtime and brings its own memory.

    session = Session("model.so")
    outputs = session.make_context(threads=2).run({"x": array})

Values are those of the package `dlc`, whose structs and conversions this uses. A run that fails raises RunError with the
context's text.
"""

from ctypes import byref, c_uint64, sizeof

import numpy
from dlc import Error, InferenceSession
from dlc._native import ContextOptions, Output, RunOptions, library
from dlc._session import Context as RuntimeContext
from dlc._types import STRING, dtype_of
from dlc._values import OutputOwner, read_output

ALIGNMENT = 64
POISON = 0xFF  # in all bytes: a NaN of every float, -1 of every int


class RunError(Exception):
    """A run's status and its error lines."""


def make_buffer(size):
    """(an object that keeps the memory, the address of `size` poisoned and aligned bytes)"""
    memory = numpy.full(size + ALIGNMENT, POISON, dtype=numpy.uint8)
    return memory, -(-memory.ctypes.data // ALIGNMENT) * ALIGNMENT


class Session:
    """A loaded artifact."""

    def __init__(self, path):
        self.session = InferenceSession(path)

    def make_context(self, threads=0):
        return Context(self.session, threads)


class Context:
    """What one thread at a time runs with."""

    def __init__(self, session, threads):
        options = ContextOptions(sizeof(ContextOptions), threads, 0)
        self.num_outputs = len(session.get_outputs())
        self.context = RuntimeContext(session._artifact, options, session.get_inputs(), self.num_outputs)
        self.library = library

    def check(self, status):
        if status:
            name = library.dlc_status_text(status).decode()
            raise RunError(f"{name}: {library.dlc_context_error_text(self.context.handle).decode()}")

    def run(self, inputs, own_buffers=False, poison=True, execute=None):
        """The outputs in the session's order. With `own_buffers` they lie, where their sizes are known before the run, in
        poisoned memory of ours; with `poison` so does the arena. `execute` calls dlc_context_run and checks more."""
        try:
            keep = [self.context.fill(inputs)]
        except Error as error:
            raise RunError(str(error)) from None
        outputs, workspace = (Output * self.num_outputs)(), c_uint64()
        for output in outputs:
            output.struct_size = sizeof(Output)
        feeds = (self.context.inputs, len(inputs), outputs, self.num_outputs)
        self.check(library.dlc_context_plan(self.context.handle, *feeds, byref(workspace)))
        options = RunOptions(struct_size=sizeof(RunOptions))
        if poison and workspace.value:
            memory, options.workspace = make_buffer(workspace.value)
            options.workspace_size = workspace.value
            keep.append(memory)
        own = {}
        for index, output in enumerate(outputs if own_buffers else ()):
            known = output.dtype != STRING and all(dim >= 0 for dim in output.dims[:output.rank])
            if known and output.size:
                own[index], output.data = make_buffer(output.size)
                output.capacity = output.size
        self.check((execute or library.dlc_context_run)(self.context.handle, byref(options), *feeds))
        return [self.take(output, own.get(index)) for index, output in enumerate(outputs)]

    def take(self, output, memory):
        """What the run has put into an output, or into our own `memory` for it."""
        if memory is None:
            return read_output(OutputOwner.from_buffer_copy(output))
        start = output.data - memory.ctypes.data
        return memory[start:start + output.size].view(dtype_of(output.dtype)).reshape(output.dims[:output.rank])
