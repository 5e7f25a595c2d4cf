# Configuration of the lit tests: tools on the path, substitutions, features.
import os
import shutil

import lit.formats

config.name = "dlc"
config.test_format = lit.formats.ShTest(False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "Unit", "Helpers"]
config.test_source_root = os.path.join(config.dlc_source_dir, "test")
config.test_exec_root = os.path.join(config.dlc_binary_dir, "test")

config.environment["PATH"] = os.pathsep.join(
    [os.path.join(config.dlc_binary_dir, "bin"), config.llvm_tools_dir, os.environ["PATH"]]
)
config.environment["PYTHONPATH"] = os.path.join(config.dlc_binary_dir, "python")

# The environment that utils/test.sh makes: onnx and ONNX Runtime, for models and references.
python = os.path.join(config.dlc_source_dir, "build", "venv", "bin", "python")
config.substitutions += [
    ("%python", python),
    ("%onnx_from_text", f"{python} {config.test_source_root}/Helpers/onnx_from_text.py"),
    ("%system_python", "/usr/bin/python3 -B"),
    ("%status", f"{config.test_source_root}/Helpers/status.sh"),
    ("%inputs", os.path.join(config.test_source_root, "EndToEnd", "Inputs")),
    ("%utils", os.path.join(config.dlc_source_dir, "utils")),
    ("%count_allocations", os.path.join(config.dlc_binary_dir, "lib", "libdlc_test_count_allocations.so")),
    ("%lib", os.path.join(config.dlc_binary_dir, "lib")),
]

# NVIDIA's assembler, where a CUDA Toolkit is installed.
ptxas = shutil.which("ptxas") or "/usr/local/cuda/bin/ptxas"
if os.path.exists(ptxas):
    config.available_features.add("ptxas")

# Larger models lie beside the project where they are needed; it builds and tests without them.
zoo = os.path.normpath(os.path.join(config.dlc_source_dir, "..", "shared", "models"))
if os.path.isdir(zoo):
    config.available_features.add("zoo")
    config.substitutions.append(("%zoo", zoo))
