#!/usr/bin/env python3
"""Runs ONNX's backend tests, which lie beside the project in ../shared/conformance, with the Python package.

    build/venv/bin/python utils/conformance.py --update     all cases in all modes; writes docs/Conformance.md
    build/venv/bin/python utils/conformance.py --check      all cases as they are, a sample in the other modes

The check compares with docs/Conformance.md: a case that it lists must not pass, and every other must.
"""

import argparse
import collections
import datetime
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITE = ROOT.parent / "shared" / "conformance"
DOC = ROOT / "docs" / "Conformance.md"
# Mode -> what it is, and of how many cases a check runs one.
MODES = {
    "static": ("the models as they are", 1),
    "dynamic": ("every dim of an input, an output or a stated value is a symbol of its own", 20),
    "constant+dynamic": ("all tensor inputs but the first are constants, what remains is dynamic", 20),
}
KINDS = ("official", "node", "simple", "pytorch-converted", "pytorch-operator", "real", "simple-extra")
TIMEOUT = 60
CASE = re.compile(r"(?<![\w/-])(?:node|simple|pytorch-converted|pytorch-operator|real|simple-extra)/test_\w+")


def unpack_suite():
    """The folder of the cases, unpacked where that has not been done."""
    archive = next(SUITE.glob("onnx-suite-*.tar.xz"))
    folder = ROOT / "build" / "conformance" / archive.name.removesuffix(".tar.xz")
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch, tarfile.open(archive) as tar:
            tar.extractall(scratch)
            Path(scratch, "suite").rename(folder)
    return folder


def score(suite, build, mode, every, jobs):
    """The scorer's report."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch, "report.json")
        # One thread for each job: the cases are small.
        environment = os.environ | {"PYTHONPATH": str(build / "python"), "DLC_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        subprocess.run([sys.executable, "-B", SUITE / "score.py", suite, "dlc", "--mode", mode, "--every", str(every), "--jobs",
                        str(jobs), "--timeout", str(TIMEOUT), "--out", out], check=True, env=environment)
        report = json.loads(out.read_text())
    if report["loaded"]:
        sys.exit(f"error: the package loads other executors: {', '.join(report['loaded'])}")
    return report


def reason_of(verdict, message):
    """Why a case does not pass, without what differs from case to case."""
    text = re.sub(r"^(prepare|run): \w+: ([\w.-]+\.onnx: )?", "", message)
    text = re.sub(r" [\w.-]+\.onnx: .*$", "", text)  # the first of several problems
    text = re.sub(r"node '[^']*' \(([\w.]+)\): ", r"\1: ", text)
    text = re.sub(r"'[^']*'", "'...'", text)
    text = re.sub(r"(?<![\w.])-?\d[\d.e+-]*(?![\w.])", "N", text)
    return text if verdict == "refused" else f"{verdict}: {text}".rstrip(": ")


def write_reasons(lines, cases):
    groups = collections.defaultdict(list)
    for case, (verdict, message) in cases.items():
        groups[reason_of(verdict, message)].append(case)
    for reason, names in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        lines += [f"- {len(names)} x {reason.replace('<', '&lt;').replace('[', '&#91;')}", *(f"  {name}" for name in sorted(names))]
    lines.append("")


def write_doc(reports):
    first = reports["static"]
    lines = ["# Conformance", "",
             f"The backend tests of onnx {first['onnx']}, scored on {datetime.date.today()} with dlc {first['version']} on one CPU thread.",
             "`utils/conformance.py --update` writes this file, and a test compares. A case passes where every output has the expected type,",
             "dims and values, by the tolerances of onnx's own runner; everything else counts against dlc.", "",
             "| mode | what it is | official | " + " | ".join(KINDS[1:-1]) + " |",
             "| --- | --- | --- | " + " | ".join("---" for _ in KINDS[1:-1]) + " |"]
    for mode, report in reports.items():
        counts = [report["by_kind"].get(kind, {}) for kind in KINDS[:-1]]
        share = 100 * counts[0].get("pass", 0) / counts[0]["all"]
        row = [f"**{share:.1f} %**, {counts[0].get('pass', 0)} of {counts[0]['all']}",
               *(f"{count.get('pass', 0)} of {count.get('all', 0)}" for count in counts[1:])]
        lines.append(f"| {mode} | {MODES[mode][0]} | " + " | ".join(row) + " |")
    lines += ["", "## Cases that do not pass: static", "", "By reason; N stands for a number.", ""]
    write_reasons(lines, first["not_passed"])
    for mode in list(MODES)[1:]:
        failing = reports[mode]["not_passed"]
        more = {case: why for case, why in failing.items() if case not in first["not_passed"]}
        fewer = sorted(set(first["not_passed"]) - set(failing))
        lines += [f"## Cases that do not pass: {mode}", "", "Those of the static mode" + (", and these:" if more else "."), ""]
        if more:
            write_reasons(lines, more)
        if fewer:
            lines += ["But these do pass:", "", *(f"  {case}" for case in fewer), ""]
    DOC.write_text("\n".join(lines).rstrip() + "\n")


def read_doc():
    """Mode -> the cases that do not pass, as the document says."""
    sections = re.split(r"^## Cases that do not pass: (.*)$", DOC.read_text(), flags=re.M)
    known = {}
    for mode, text in zip(sections[1::2], sections[2::2], strict=True):
        more, _, fewer = text.partition("But these do pass:")
        known[mode] = (known.get("static", set()) | set(CASE.findall(more))) - set(CASE.findall(fewer))
    return known


def check(suite, build, jobs):
    known, problems = read_doc(), []
    cases = [f"{case['kind']}/{case['name']}" for case in json.loads((suite / "index.json").read_text())["cases"]]
    for mode, (_, every) in MODES.items():
        failing = score(suite, build, mode, every, jobs)["not_passed"]
        for case in cases[::every]:
            if case in failing and case not in known[mode]:
                problems.append(f"{mode}: {case} fails: {': '.join(failing[case])}")
            elif case not in failing and case in known[mode]:
                problems.append(f"{mode}: {case} passes, but docs/Conformance.md says that it does not")
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"error: {len(problems)} case(s); where all is well, utils/conformance.py --update brings the document up to date")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--check", action="store_true", help="compare with docs/Conformance.md")
    what.add_argument("--update", action="store_true", help="write docs/Conformance.md")
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "dev")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    if not SUITE.is_dir():
        sys.exit("error: there is no ../shared/conformance")
    suite, build = unpack_suite(), args.build.resolve()
    if args.check:
        return check(suite, build, args.jobs)
    write_doc({mode: score(suite, build, mode, 1, args.jobs) for mode in MODES})


if __name__ == "__main__":
    main()
