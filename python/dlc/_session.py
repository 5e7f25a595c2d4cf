"""InferenceSession: a loaded artifact that runs."""

import os
from collections.abc import Mapping, Sequence
from ctypes import addressof, byref, c_char_p, c_int64, c_uint32, c_void_p, create_string_buffer, memset, sizeof
from dataclasses import dataclass, field
from typing import Any, Unpack

import numpy as np

from . import _native
from ._compile import CompileOptions, Source, make_flags
from ._device import DeviceArray, is_on_device, read_device
from ._errors import ArtifactError, Code, InvalidArgument, ShapeMismatch, make_error
from ._native import KIND_TENSOR, library
from ._types import KNOWN, STRING, number_of, spell
from ._values import OutputOwner, Value, as_tensor, make_value, read_output, write_strings

_ELF = b"\x7fELF"
_CPU_PROVIDER, _CUDA_PROVIDER = "CPUExecutionProvider", "CUDAExecutionProvider"
_OUTPUT_SIZE = sizeof(_native.Output)


@dataclass(frozen=True)
class NodeArg:
    """An input or output. `shape` holds numbers and, for sizes that inputs or the run decide, their names or formulas; it
    is empty for sequences and optionals, and None for a tensor of any rank."""

    name: str
    type: str
    shape: list[int | str] | None
    kind: int = field(repr=False)
    dtype: int = field(repr=False)
    on_device: bool = field(repr=False)  # the model uses it in the device's memory


@dataclass(frozen=True)
class ModelMetadata:
    """What an artifact says of itself: the model's file name, the version of dlc that compiled it, the CPU that it is for,
    the bytes of its weights, and the range of each of its symbolic dims."""

    model: str
    compiler: str
    target: str
    weights_size: int
    symbols: dict[str, tuple[int, int]]


def _make_arg(function: Any, session: c_void_p, index: int) -> NodeArg:
    info = _native.describe(_native.TensorInfo, function, session, index)
    shape: list[int | str] | None = [info.dims[i] if info.dims[i] >= 0 else info.dim_texts[i].decode()
                                     for i in range(info.rank)]
    if info.flags & _native.INFO_ANY_DIMS:
        shape = None if info.kind == KIND_TENSOR else []
    return NodeArg(info.name.decode(), spell(info.kind, info.dtype), shape, info.kind, info.dtype,
                   bool(info.flags & _native.INFO_ON_DEVICE))


class Artifact:
    """A loaded artifact, unloaded with the last session or run that uses it."""

    _release = staticmethod(library.dlc_session_release)

    def __init__(self, path: str | os.PathLike[str], verify: str, device: tuple[int, int]):
        self.handle = c_void_p()
        why = create_string_buffer(4096)
        options = _native.SessionOptions(sizeof(_native.SessionOptions), _native.VERIFY[verify], *device)
        status = library.dlc_session_load(os.fsencode(path), byref(options), why, len(why), byref(self.handle))
        if status:
            raise make_error(status, why.value.decode(errors="replace"))

    def __del__(self) -> None:
        self._release(self.handle)


class Context:
    """What one run at a time needs: a context of the runtime, and the structs that its calls read and fill."""

    _release = staticmethod(library.dlc_context_release)

    def __init__(self, artifact: Artifact, options: _native.ContextOptions, inputs: list[NodeArg], num_outputs: int):
        self.handle = c_void_p()
        status = library.dlc_context_create(artifact.handle, byref(options), byref(self.handle))
        if status:
            raise make_error(status, "no context can be made")
        self.inputs = (_native.Input * max(len(inputs), 1))()
        self.outputs = (_native.Output * max(num_outputs, 1))()
        self.counts = len(inputs), num_outputs
        self.rows = []
        for arg, row in zip(inputs, self.inputs, strict=False):
            dims = (c_int64 * _native.MAX_RANK)()
            row.struct_size, row.dims = sizeof(_native.Input), addressof(dims)
            self.rows.append((arg, row, dims))

    def __del__(self) -> None:
        self._release(self.handle)

    def fill(self, feeds: Mapping[str, Any]) -> list[Any]:
        """Lets `inputs` tell of the feeds, and returns what must live as long as they do."""
        keep: list[Any] = []
        for arg, row, dims in self.rows:
            if arg.kind == KIND_TENSOR:
                keep.append(_set_tensor(row, dims, arg, feeds[arg.name]))
            else:
                value = make_value(arg.kind, arg.dtype, feeds[arg.name], f"input '{arg.name}'")
                row.value = value.handle
                keep.append(value)
        return keep

    def run(self, feeds: Mapping[str, Any], on_device: Sequence[bool]) -> list[OutputOwner]:
        keep = self.fill(feeds)
        stream = _common_stream(keep)
        options = byref(_native.RunOptions(sizeof(_native.RunOptions), stream=stream)) if stream else None
        num_inputs, num_outputs = self.counts
        outputs = self.outputs
        memset(outputs, 0, sizeof(outputs))
        for output, is_device in zip(outputs, on_device, strict=False):
            output.struct_size = _OUTPUT_SIZE
            output.memory = is_device
        status = library.dlc_context_run(self.handle, options, self.inputs, num_inputs, outputs, num_outputs)
        del keep
        if status:
            raise make_error(status, library.dlc_context_error_text(self.handle).decode(errors="replace"))
        return [OutputOwner.from_buffer_copy(outputs, i * _OUTPUT_SIZE) for i in range(num_outputs)]


def _common_stream(keep: list[Any]) -> int | None:
    """The stream on which the arrays of a device become ready; without one, these wait for the default stream."""
    streams = {getattr(value, "stream", None) for value in keep} - {None, 0, 1}
    if len(streams) > 1:
        raise InvalidArgument("the inputs become ready on different streams")
    return streams.pop() if streams else None


def _set_tensor(row: _native.Input, dims: Any, arg: NodeArg, value: Any) -> Any:
    """Lets `row` tell of `value`, and returns what must live as long as it does."""
    row.memory = _native.MEMORY_HOST
    if type(value) is not np.ndarray and is_on_device(value):
        array = read_device(value, f"input '{arg.name}'")
        if len(array.shape) > _native.MAX_RANK:
            raise ShapeMismatch(f"input '{arg.name}': expected a rank of up to {_native.MAX_RANK}, found {len(array.shape)}")
        row.dtype, row.rank, row.size = array.number, len(array.shape), array.nbytes
        dims[:row.rank] = array.shape
        row.data, row.memory = array.pointer, _native.MEMORY_DEVICE
        return array
    flags = value.flags if type(value) is np.ndarray else None
    if flags is None or not (flags.c_contiguous and flags.aligned) or value.dtype not in KNOWN:
        value = as_tensor(value, arg.dtype, f"input '{arg.name}'")
    if value.ndim > _native.MAX_RANK:
        raise ShapeMismatch(f"input '{arg.name}': expected a rank of up to {_native.MAX_RANK}, found {value.ndim}")
    row.dtype, row.rank, row.size = number_of(value.dtype), value.ndim, value.nbytes
    dims[:value.ndim] = value.shape
    if row.dtype == STRING:
        keep, row.data = write_strings(value, f"input '{arg.name}'")
        row.size = value.size * sizeof(_native.Text)
        return keep
    row.data = value.ctypes.data
    return value


class InferenceSession:
    """A compiled model. Any number of threads may run it at the same time.

        with dlc.InferenceSession("model.onnx") as session:
            logits, = session.run(None, {"input": image})

    model           an artifact (.so) or an ONNX model, as a path or as bytes; a model is compiled first
    num_threads     how many threads compute a run at most; 0: as many as the process may use
    max_workspace   the bytes that a run's workspace may have; 0: no limit
    verify_weights  whether to compare the weights' hash: "small" (up to 16 MiB, and of a model that is compiled), "always",
                    "never"
    device          "cpu", "cuda" or "cuda:N": refuses a model that is not compiled for it (target="cuda:sm_80"); None: where
                    the model is for, and of one for both (target="cpu,cuda:sm_80") a GPU where one can be used: `device` and
                    `fallback` say which, and why. Arrays of this device (DLPack, __cuda_array_interface__) are read where
                    they lie
    outputs_on_device  whether run() returns a DeviceArray for what the model computes on the device
    cache           whether, or in which folder, artifacts of ONNX models are kept for the next time; True: in what the
                    environment variable DLC_CACHE names, or `dlc` in the user's cache folder, up to DLC_CACHE_SIZE bytes
    providers       for programs written for ONNX Runtime, instead of `device`: CUDAExecutionProvider is "cuda",
                    CPUExecutionProvider "cpu", both are None
    options         those of compile(), for an ONNX model

    Loading an artifact equals running a program: load only what you trust.
    """

    def __init__(self, model: Source, *, num_threads: int = 0, max_workspace: int = 0, verify_weights: str = "small",
                 device: str | None = None, outputs_on_device: bool = False,
                 cache: bool | str | os.PathLike[str] = True, providers: Sequence[Any] | None = None,
                 **options: Unpack[CompileOptions]):
        if providers is not None:
            device = _device_of_providers(providers, device)
        if verify_weights not in _native.VERIFY:
            raise InvalidArgument(f"verify_weights: expected {', '.join(_native.VERIFY)}, found {verify_weights}")
        self._artifact: Artifact | None = _open(model, cache, options, verify_weights, _parse_device(device))
        self._options = _native.ContextOptions(sizeof(_native.ContextOptions), num_threads, max_workspace)
        handle = self._handle
        info = _native.describe(_native.SessionInfo, library.dlc_session_describe, handle)
        self._inputs = [_make_arg(library.dlc_session_input, handle, i) for i in range(info.num_inputs)]
        self._outputs = [_make_arg(library.dlc_session_output, handle, i) for i in range(info.num_outputs)]
        #: Where the session runs: "cpu", "cuda:0 (NVIDIA H100, sm_90)".
        self.device = info.device.decode()
        #: Why that is the CPU, of a model that is compiled for both and where nobody has named a device; else "".
        self.fallback = info.fallback.decode()
        self._on_device = [outputs_on_device and arg.on_device for arg in self._outputs]
        self._input_names = {arg.name for arg in self._inputs}
        self._output_rows = {arg.name: i for i, arg in enumerate(self._outputs)}
        symbols = [_native.describe(_native.SymbolInfo, library.dlc_session_symbol, handle, i)
                   for i in range(info.num_symbols)]
        self._metadata = ModelMetadata(info.model.decode(), info.compiler.decode(), info.target.decode(), info.weights_size,
                                       {symbol.name.decode(): (symbol.min, symbol.max) for symbol in symbols})
        # Contexts that no run uses. A run takes one, or makes one, and puts it back.
        self._contexts: list[Context] = []
        # Contexts of runs. Who takes one out, its run or cancel(), is the only one to do so.
        self._running: set[Context] = set()

    @property
    def _handle(self) -> c_void_p:
        artifact = self._artifact
        if artifact is None:
            raise InvalidArgument("the session is closed")
        return artifact.handle

    def run(self, output_names: Sequence[str] | None, feeds: Mapping[str, Any]) -> list[Value]:
        """The outputs of these names, or all, as arrays, lists of arrays (sequences), or None (an empty optional).

        feeds: for each input its name and an array, a list of arrays, or None. Dense arrays are read where they lie;
        outputs lie where the run has put them. Raises an Error; the session is then as before.
        """
        artifact, contexts = self._artifact, self._contexts
        if artifact is None:
            raise InvalidArgument("the session is closed")
        rows = range(len(self._outputs)) if output_names is None else [self._find_output(name) for name in output_names]
        if feeds.keys() != self._input_names:
            self._refuse_names(feeds)
        try:
            context = contexts.pop()
        except IndexError:
            context = Context(artifact, self._options, self._inputs, len(self._outputs))
        self._running.add(context)
        try:
            owners = context.run(feeds, self._on_device)
        finally:
            try:
                self._running.remove(context)
                contexts.append(context)
            except KeyError:  # cancelled, maybe too late for this run: it must not end the next one
                pass
        return [DeviceArray(owners[row]) if self._on_device[row] else read_output(owners[row]) for row in rows]

    def cancel(self) -> None:
        """Ends the runs that other threads have begun, each after the kernel at work: they raise Cancelled. Later runs go
        on as ever."""
        for context in list(self._running):
            try:
                self._running.remove(context)
            except KeyError:  # its run has ended by itself
                continue
            library.dlc_context_cancel(context.handle)

    def _find_output(self, name: str) -> int:
        row = self._output_rows.get(name)
        if row is None:
            raise InvalidArgument(self._name_problem("output", library.dlc_session_find_output, name))
        return row

    def _name_problem(self, kind: str, find: Any, name: str) -> str:
        nearest = c_char_p()
        find(self._handle, name.encode(errors="replace"), byref(c_uint32()), byref(nearest))
        hint = f"the nearest name is '{nearest.value.decode()}'" if nearest.value else "the model has none"
        return f"no {kind} '{name}'; {hint}"

    def _refuse_names(self, feeds: Mapping[str, Any]) -> None:
        problems = [self._name_problem("input", library.dlc_session_find_input, str(name)) for name in feeds
                    if name not in self._input_names]
        problems += [f"input '{arg.name}' is missing" for arg in self._inputs if arg.name not in feeds]
        raise InvalidArgument("\n".join(problems))

    def get_inputs(self) -> list[NodeArg]:
        return list(self._inputs)

    def get_outputs(self) -> list[NodeArg]:
        return list(self._outputs)

    def get_modelmeta(self) -> ModelMetadata:
        return self._metadata

    def get_providers(self) -> list[str]:
        return [_CPU_PROVIDER] if self.device == "cpu" else [_CUDA_PROVIDER, _CPU_PROVIDER]

    def close(self) -> None:
        """Lets go of the artifact, which is unloaded when the last run that goes on has ended. Arrays that runs have
        returned stay valid."""
        self._artifact = None
        self._contexts = []

    def __enter__(self) -> "InferenceSession":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _device_of_providers(providers: Sequence[Any], device: str | None) -> str | None:
    """The device that ONNX Runtime's names mean; those with options are pairs of a name and these."""
    names = [name[0] if isinstance(name, tuple) else name for name in providers]
    if device is not None:
        raise InvalidArgument("device and providers both say where to run")
    if _CPU_PROVIDER not in names and _CUDA_PROVIDER not in names:
        raise InvalidArgument(f"providers: expected {_CPU_PROVIDER} or {_CUDA_PROVIDER}, found {', '.join(map(str, names)) or 'none'}")
    if _CUDA_PROVIDER not in names:
        return "cpu"
    return None if _CPU_PROVIDER in names else "cuda"


def _parse_device(device: str | None) -> tuple[int, int]:
    """The DLC_DEVICE_ and the ordinal of a device's name."""
    if device is None or device == "cpu":
        return (_native.DEVICE_ANY if device is None else _native.DEVICE_CPU), 0
    kind, _, ordinal = device.partition(":")
    if kind != "cuda" or not (device == "cuda" or ordinal.isdecimal()):
        raise InvalidArgument(f"device: expected cpu, cuda or cuda:N, found {device}")
    return _native.DEVICE_CUDA, int(ordinal or 0)


def _open(model: Source, cache: bool | str | os.PathLike[str], options: CompileOptions, verify: str,
          device: tuple[int, int]) -> Artifact:
    """The artifact that `model` is, or that it compiles to."""
    if isinstance(model, bytes):
        is_artifact = model.startswith(_ELF)
    else:
        try:
            with open(model, "rb") as file:
                is_artifact = file.read(len(_ELF)) == _ELF
        except OSError as error:
            raise ArtifactError(f"{os.fspath(model)}: {error.strerror}", Code.IO) from None
    if not is_artifact:
        from . import _cache

        # Nobody sees to it that the files of a cache stay as they were.
        verify = "always" if verify == "small" else verify
        return _cache.compile_and_use(model, make_flags(**options), cache, lambda path: Artifact(path, verify, device))
    if options:
        raise InvalidArgument(f"an artifact is compiled already, so that {', '.join(options)} cannot change it")
    if not isinstance(model, bytes):
        return Artifact(model, verify, device)
    import tempfile

    with tempfile.TemporaryDirectory(prefix="dlc-") as scratch:
        path = os.path.join(scratch, "model.so")
        with open(path, "wb") as file:
            file.write(model)
        return Artifact(path, verify, device)
