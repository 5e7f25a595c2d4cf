#!/usr/bin/env python3
"""Tests a wheel of dlc: what it needs, and that a model compiles and runs from a clean environment.

    test_wheel.py WHEEL PYTHON...
"""

import re
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "test/Helpers"))
from commands import expect, run

MAX_SIZE = 40 << 20
MODEL = ROOT / "test/EndToEnd/Inputs/srcnn_x3_trained.onnx"
PHOTO = ROOT / "test/EndToEnd/Inputs/photo"
READELF = "/usr/lib/llvm-22/bin/llvm-readelf"
PROGRAM = """
import sys, numpy, dlc
with dlc.InferenceSession(sys.argv[1]) as session:
    y, = session.run(None, {"input": numpy.load(sys.argv[2])})
wanted = numpy.load(sys.argv[3])
assert y.shape == wanted.shape and y.tobytes() == wanted.tobytes(), "the session and dlc-run differ"
assert abs(y - 0.5).max() > 0.1
try:
    dlc.InferenceSession(sys.argv[1]).run(None, {"inptu": y})
except dlc.InvalidArgument as error:
    assert error.hint == "did you mean 'input'?", error.hint
else:
    raise AssertionError("a wrong name is no error")
print("dlc", dlc.__version__, "with CPython", sys.version.split()[0], "and NumPy", numpy.__version__)
"""


def check_needs(wheel):
    """Each native file needs the C library alone, and no newer one than the wheel's tag names."""
    minor = int(re.search(r"-py3-none-manylinux_2_(\d+)_x86_64\.whl$", wheel.name)[1])
    expect(wheel.stat().st_size <= MAX_SIZE, f"{wheel.name} has {wheel.stat().st_size} bytes, more than {MAX_SIZE}")
    native = 0
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            path = Path(archive.extract(name, folder))
            if path.is_dir() or path.read_bytes()[:4] != b"\x7fELF":
                continue
            native += 1
            libraries = set(re.findall(r"NEEDED.*\[(.*)\]", run(READELF, "--dynamic-table", path)))
            expect(libraries <= {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2"}, f"{name} needs {', '.join(libraries)}")
            versions = {int(v) for v in re.findall(r"GLIBC_2\.(\d+)", run(READELF, "--version-info", path))}
            expect(max(versions) <= minor, f"{name} needs glibc 2.{max(versions)}, and the wheel is for 2.{minor}")
    expect(native == 4, f"{native} native files in {wheel.name}, expected three tools and the runtime")


def check_use(wheel, python, folder):
    """Installs the wheel where nothing else is, and uses it with nothing else on the PATH."""
    run(python, "-m", "venv", folder / "venv")
    binaries = folder / "venv" / "bin"
    run(binaries / "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    clean = {"PATH": str(binaries), "HOME": str(folder)}
    artifact, pixels, output, picture = (folder / name for name in ("srcnn.so", "x.npy", "y.npy", "y.png"))

    expect("dlc" in run(binaries / "dlc-compile", "--version", env=clean), "dlc-compile tells no version")
    run(binaries / "dlc-compile", MODEL, "-o", artifact, env=clean)
    expect("input: f32[1, 3, H, W]" in run(binaries / "dlc-inspect", artifact, env=clean), "dlc-inspect tells no input")
    run(binaries / "dlc-run", artifact, "--input", f"input=@{PHOTO}/chelsea_low.png", "--output", f"output=@{picture}", env=clean)
    run("/usr/bin/python3", ROOT / "utils/psnr.py", "--low", PHOTO / "chelsea_low.png", "--truth", PHOTO / "chelsea.png",
        "--expect", "32.10", picture)

    run(binaries / "python", "-c", "import sys, numpy; numpy.save(sys.argv[1], "
        "numpy.random.default_rng(0).random((1, 3, 17, 23), numpy.float32))", pixels, env=clean)
    run(binaries / "dlc-run", artifact, "--input", f"input=@{pixels}", "--output", f"output=@{output}", env=clean)
    print(run(binaries / "python", "-W", "error", "-c", PROGRAM, MODEL, pixels, output, env=clean).strip())


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__.strip())
    wheel = Path(sys.argv[1]).resolve()
    check_needs(wheel)
    for python in sys.argv[2:]:
        with tempfile.TemporaryDirectory(prefix="dlc-wheel-") as folder:
            check_use(wheel, python, Path(folder))
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.1f} MB, works")


if __name__ == "__main__":
    main()
