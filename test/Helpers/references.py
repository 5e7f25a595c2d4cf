"""Sessions of ONNX Runtime that results are compared with."""

import onnxruntime


def open_reference(path, **settings):
    """A session on the CPU; `settings` are members of SessionOptions."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # CPUs without VNNI saturate sums of two products of int8 otherwise.
    options.add_session_config_entry("session.x64quantprecision", "1")
    for name, value in settings.items():
        setattr(options, name, value)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
