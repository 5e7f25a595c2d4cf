"""What scorers of ONNX's backend tests call: `prepare(path).run({"x": array}) -> [array, ...]`."""

import os
from collections.abc import Mapping
from typing import Any

from ._session import InferenceSession


class PreparedModel:
    def __init__(self, session: InferenceSession):
        self._session = session

    def run(self, inputs: Mapping[str, Any]) -> list[Any]:
        """The outputs in the graph's order for inputs by name: arrays, lists for sequences, None for absent optionals."""
        return self._session.run(None, inputs)


def prepare(model_path: str | os.PathLike[str]) -> PreparedModel:
    """Compiles a model for this machine."""
    return PreparedModel(InferenceSession(model_path, cache=False))
