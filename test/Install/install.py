"""Installs the build, moves what was installed, and uses it from there as a C program elsewhere would: finds it with
CMake, compiles a model, builds docs/examples/c against either library, and compares its output with dlc-run's.

    install.py --source SOURCE --build BUILD --compiler CC --cmake CMAKE
"""

import argparse
import os
import re
import shutil
import struct
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Helpers"))
from commands import expect, run

DIMS = [1, 3, 17, 23]


def write_input(path):
    """The elements that run_model.c makes, as .npy."""
    count = 1
    for dim in DIMS:
        count *= dim
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {tuple(DIMS)}, }}".ljust(117) + "\n"
    data = struct.pack(f"<{count}f", *(i % 251 for i in range(count)))
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + data)


def read_npy(path):
    data = path.read_bytes()
    end = 10 + struct.unpack_from("<H", data, 8)[0]
    shape = re.search(rb"'shape': \(([^)]*)\)", data[:end])[1].decode()
    return [int(dim) for dim in shape.split(",") if dim.strip()], [e[0] for e in struct.iter_unpack("<f", data[end:])]


def check_tree(prefix, origins, compiler):
    """Nothing there says where it was built or first installed, and the headers are C."""
    for path in sorted(prefix.rglob("*.cmake")):
        for origin in origins:
            expect(str(origin) not in path.read_text(), f"{path.name} names {origin}")
    for path in [*prefix.glob("bin/*"), *prefix.rglob("*.so")]:
        entries = run("readelf", "-d", path)
        expect(not re.search(rf"R(UN)?PATH.*({'|'.join(re.escape(str(o)) for o in origins)})", entries),
               f"{path.name} looks for libraries where it was built:\n{entries}")
    for header in sorted((prefix / "include").rglob("*.h")):
        run(compiler, "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c",
            "-I", prefix / "include", header)


def check_wheel(cmake, build, prefix):
    """What a wheel has beside the sources: the tools in the package, and scripts that start them."""
    run(cmake, "--install", build, "--prefix", prefix, "--component", "wheel")
    expect((prefix / "dlc/lib/libdlc_runtime.so").exists(), "the wheel lacks the runtime")
    for tool in ("dlc-compile", "dlc-run", "dlc-inspect"):
        script = prefix / "bin" / tool
        expect(script.read_text().startswith("#!python\n"), f"{tool} does not start as installers of wheels want it to")
        printed = run(sys.executable, script, "--help", env={**os.environ, "PYTHONPATH": str(prefix)})
        expect(tool in printed, f"{tool} prints {printed}")
        run(sys.executable, script, "no-such-file", status=1, env={**os.environ, "PYTHONPATH": str(prefix)})


def main():
    parser = argparse.ArgumentParser()
    for option in ("source", "build", "compiler", "cmake"):
        parser.add_argument(f"--{option}", required=True)
    args = parser.parse_args()
    source, build = Path(args.source), Path(args.build)

    with tempfile.TemporaryDirectory(prefix="dlc-install-") as folder:
        first, prefix, work = Path(folder, "first"), Path(folder, "moved", "here"), Path(folder, "work")
        run(args.cmake, "--install", build, "--prefix", first)
        prefix.parent.mkdir()
        work.mkdir()
        shutil.move(first, prefix)
        expect(not (prefix / "dlc").exists(), "what is for wheels is installed too")
        check_tree(prefix, [source, build, first], args.compiler)
        check_wheel(args.cmake, build, Path(folder, "wheel"))

        model, artifact = source / "test/EndToEnd/Inputs/srcnn_x3_trained.onnx", work / "srcnn.so"
        run(prefix / "bin/dlc-compile", model, "-o", artifact)
        write_input(work / "input.npy")
        run(prefix / "bin/dlc-run", artifact, "--input", f"input=@{work}/input.npy", "--output", f"output=@{work}/output.npy")
        dims, elements = read_npy(work / "output.npy")
        total = 0.0
        for element in elements:
            total += element
        expected = f"output {' '.join(map(str, dims))}, sum {total:.17g}\n"
        expect(dims == [1, 3, 51, 69] and total != 0, f"dlc-run gives {expected}")

        for library in ("dlc::runtime", "dlc::runtime_static"):
            example = work / library.replace("::", "_")
            run(args.cmake, "-G", "Ninja", "-S", source / "docs/examples/c", "-B", example, f"-DCMAKE_PREFIX_PATH={prefix}",
                f"-DRUNTIME={library}", f"-DCMAKE_C_COMPILER={args.compiler}",
                "-DCMAKE_C_FLAGS=-Wall -Wextra -Wpedantic -Werror")
            run(args.cmake, "--build", example)
            shared = "libdlc_runtime.so" in run("readelf", "-d", example / "run-model")
            expect(shared == (library == "dlc::runtime"), f"{library} is the other library")
            printed = run(example / "run-model", artifact, *DIMS)
            expect(printed == expected, f"with {library}, run-model prints\n{printed}expected\n{expected}")
            printed = run(example / "run-model", artifact, 1, 4, 17, 23, status=1)
            expect(printed.startswith("error: ") and "input" in printed, f"for wrong dims run-model prints\n{printed}")
            printed = run(example / "run-model", model, *DIMS, status=1)
            expect(printed.startswith(f"error: {model}"), f"for what is no artifact run-model prints\n{printed}")


if __name__ == "__main__":
    main()
