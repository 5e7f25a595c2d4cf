"""Which files an ONNX model refers to, read from protobuf's wire format: the package needs neither protobuf nor onnx."""

import mmap
from collections.abc import Iterator

# Messages of onnx.proto: field number -> the message of that field, as far as tensors can lie in it.
_FIELDS: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Function": {7: "Node", 11: "Attribute"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Node": {5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor"},
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {13: "Entry"},
}
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _fields(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Number and contents of each field that holds bytes."""
    at = 0
    while at < len(data):
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == _BYTES:
            size, at = _varint(data, at)
            yield tag >> 3, data[at:at + size]
            at += size
        elif wire == _VARINT:
            _, at = _varint(data, at)
        elif wire in (_FIXED64, _FIXED32):
            at += 8 if wire == _FIXED64 else 4
        else:
            return


def external_files(model: bytes | mmap.mmap) -> list[str]:
    """The locations of external data, each once. What is no ONNX model has none: the compiler says what is wrong."""
    found, todo = set(), [("Model", memoryview(model))]
    try:
        while todo:
            message, data = todo.pop()
            if message == "Entry":
                entry = {number: bytes(value) for number, value in _fields(data)}
                if entry.get(1) == b"location":
                    found.add(entry.get(2, b"").decode(errors="surrogateescape"))
                continue
            inner = _FIELDS[message]
            todo += [(inner[number], value) for number, value in _fields(data) if number in inner]
    except IndexError:
        pass
    return sorted(found)
