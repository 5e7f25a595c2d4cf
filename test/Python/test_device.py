"""Where sessions run, and arrays of devices: what needs no GPU to be seen."""

from types import SimpleNamespace

import dlc
import pytest
from dlc._device import is_on_device, read_device

RELU = "g (float[N] x) => (float[N] y) { y = Relu(x) }"
ADDRESS = 0x7F0000000100


def device_array(dims, number=1, ordinal=1):
    return dlc.DeviceArray(SimpleNamespace(data=ADDRESS, dims=list(dims), rank=len(dims), dtype=number, ordinal=ordinal))


class Foreign:
    """An array of another library."""

    def __init__(self, shape, typestr="<f4", strides=None, stream=None):
        self.__cuda_array_interface__ = {"shape": shape, "typestr": typestr, "data": (ADDRESS, False), "version": 3,
                                         "strides": strides, "stream": stream}


def test_a_session_says_where_it_runs(open_graph):
    with open_graph(RELU) as anywhere, open_graph(RELU, device="cpu") as cpu:
        assert anywhere.device == cpu.device == "cpu"


def test_cuda_is_never_the_cpu(open_graph):
    with pytest.raises(dlc.ArtifactError, match="expected an artifact with code for CUDA, found one for the CPU alone"):
        open_graph(RELU, device="cuda")


BOTH = {"target": "cpu:host,cuda:sm_80"}


def test_a_model_for_both_machines(open_graph):
    with open_graph(RELU, **BOTH) as anywhere, open_graph(RELU, device="cpu", **BOTH) as cpu:
        assert anywhere.device.startswith("cuda:0") if anywhere.fallback == "" else anywhere.device == "cpu"
        assert cpu.device == "cpu" and cpu.fallback == "" and cpu.get_providers() == ["CPUExecutionProvider"]
        for session in (anywhere, cpu):
            assert session.run(None, {"x": [-1.0, 2.0]})[0].tolist() == [0, 2]


def test_a_model_for_both_says_why_it_is_on_the_cpu(open_graph):
    try:
        open_graph(RELU, device="cuda", **BOTH).close()
    except dlc.Error as error:
        with open_graph(RELU, **BOTH) as session:
            assert session.device == "cpu" and session.fallback and str(error).endswith(session.fallback)


def test_providers_are_devices(open_graph):
    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    with open_graph(RELU, providers=[("CUDAExecutionProvider", {"device_id": 0}), "CPUExecutionProvider"], **BOTH) as session:
        assert session.get_providers() in (both, both[1:])
    with open_graph(RELU, providers=both[1:], **BOTH) as session:
        assert session.device == "cpu" and session.fallback == ""
    with pytest.raises(dlc.ArtifactError, match="expected an artifact with code for CUDA"):
        open_graph(RELU, providers=both[:1])
    with pytest.raises(dlc.ArtifactError, match="expected an artifact with code for the CPU alone"):
        open_graph(RELU, providers=both[1:], target="cuda:sm_80")
    with pytest.raises(dlc.InvalidArgument, match="expected CPUExecutionProvider or CUDAExecutionProvider, found TensorrtExecutionProvider"):
        open_graph(RELU, providers=["TensorrtExecutionProvider"])
    with pytest.raises(dlc.InvalidArgument, match="device and providers both say where to run"):
        open_graph(RELU, providers=both, device="cpu")


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cuda:-1", "cpu:0", ""])
def test_unknown_devices(open_graph, name):
    with pytest.raises(dlc.InvalidArgument, match=f"device: expected cpu, cuda or cuda:N, found {name}"):
        open_graph(RELU, device=name)


def test_the_cpu_takes_no_memory_of_a_device(open_graph):
    with open_graph(RELU) as session:
        for array in (Foreign((3,)), device_array((3,))):
            with pytest.raises(dlc.InvalidArgument, match="input 'x': expected memory of the host"):
                session.run(None, {"x": array})
        assert session.run(None, {"x": [-1.0, 2.0]})[0].tolist() == [0, 2]


@pytest.mark.parametrize("number", [1, 2, 3, 6, 7, 9, 10, 11])
def test_dlpack_gives_what_it_takes(number):
    array = device_array((2, 0, 3), number)
    assert array.__dlpack_device__() == (2, 1)
    assert is_on_device(array)
    taken = read_device(SimpleNamespace(__dlpack__=array.__dlpack__), "input 'x'")
    assert (taken.pointer, taken.shape, taken.number, taken.stream) == (ADDRESS, (2, 0, 3), number, None)


def test_a_capsule_that_nobody_takes_is_freed():
    from dlc import _device

    capsule = device_array((4,)).__dlpack__()
    assert len(_device._lent) == 1
    del capsule
    assert not _device._lent


def test_the_cuda_array_interface():
    taken = read_device(Foreign((2, 3), stream=7), "input 'x'")
    assert (taken.pointer, taken.shape, taken.number, taken.nbytes, taken.stream) == (ADDRESS, (2, 3), 1, 24, 7)
    assert read_device(Foreign((2, 3), strides=(12, 4)), "input 'x'").shape == (2, 3)
    with pytest.raises(dlc.InvalidArgument, match="input 'x': expected a dense array"):
        read_device(Foreign((2, 3), strides=(4, 8)), "input 'x'")
    with pytest.raises(dlc.TypeMismatch, match="input 'x': expected an element type that the runtime knows"):
        read_device(Foreign((2,), "<c8"), "input 'x'")
    interface = device_array((5,)).__cuda_array_interface__
    assert (interface["shape"], interface["typestr"], interface["data"]) == ((5,), "<f4", (ADDRESS, False))
