#!/usr/bin/env python3
"""Writes the section "NVIDIA GPUs" of docs/Performance.md from what utils/gpu-test.sh has written on machines with GPUs.

    write_section.py FOLDER... [--remark TEXT]

Each folder is the --out of `times` (times.md), of `zoo` (zoo.md), or of both. Where folders tell of the same network on the same
machine, the last one counts.
"""

import argparse
import datetime
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from report import PERFORMANCE, find_mean, write_section

METHOD = ("`utils/gpu-test.sh times` measures what `test/Benchmark/gpu/write_section.py` writes here. Both sides are replays of a CUDA "
          "graph with inputs in the device's memory, at the same precision; PyTorch is the best of eager kernels, channels first or "
          "last, and of what `torch.compile` makes. Inputs and outputs of dlc are "
          "float32 at every precision; between kernels values lie in the type that products multiply (decisions 21 and 27), and "
          "sums are of float32. Errors are from PyTorch's float64 result, relative to "
          "the largest output; random weights, so deep networks amplify rounding: PyTorch's own error stands beside.")


def split_row(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


class Machine:
    """The rows of one machine and PyTorch, by network, batch and precision."""

    def __init__(self):
        self.copies, self.head, self.rows = 0, "", {}

    def read(self, copies, head, lines):
        self.copies, self.head = max(self.copies, copies), head
        for line in lines:
            self.rows[tuple(split_row(line)[:3])] = line

    def find_ratios(self):
        """PyTorch's time over dlc's."""
        column = split_row(self.head).index("PyTorch / dlc")
        cells = {key: split_row(line)[column] for key, line in self.rows.items()}
        return {key: float(cell) for key, cell in cells.items() if cell != "-"}

    def write(self, title):
        ratios = self.find_ratios()
        slower = [f"{' '.join(key)} ({ratio:.2f})" for key, ratio in ratios.items() if ratio < 1]
        lines = [f"### {title}, copies at {self.copies} GB/s", "", self.head, "|" + " --- |" * len(split_row(self.head)),
                 *self.rows.values(), ""]
        for precision in dict.fromkeys(key[2] for key in ratios):
            of = [ratio for key, ratio in ratios.items() if key[2] == precision]
            lines.append(f"Geometric mean of PyTorch / dlc, {precision}, {len(of)} rows: **{find_mean(of):.2f}**.")
        return [*lines, "", "Slower than PyTorch: " + ("; ".join(slower) or "none") + ".", ""]


def read_times(path, machines):
    title, _, *table = path.read_text().splitlines()
    found = re.fullmatch(r"(.*); copies at (\d+) GB/s", title)
    if not found or len(table) < 2 or not table[0].startswith("| network |"):
        sys.exit(f"error: {path}: expected what time_networks.py writes, found '{title}'")
    machines.setdefault(found[1], Machine()).read(int(found[2]), table[0], [line for line in table[2:] if line.startswith("|")])


def read_zoo(path, rows):
    for line in path.read_text().splitlines()[2:]:
        cells = split_row(line)
        rows[tuple(cells[:2])] = cells[2]


def describe_zoo(rows):
    """How many models are right at each precision, and what is wrong with the others."""
    if not rows:
        return []
    is_wrong = re.compile(r"WRONG|FAILED|does not compile")
    counts = []
    for precision in dict.fromkeys(key[1] for key in rows):
        of = [text for key, text in rows.items() if key[1] == precision]
        counts.append(f"{sum(not is_wrong.search(text) for text in of)} of {len(of)} at {precision}")
    wrong = [f"{' '.join(key)} ({text})" for key, text in rows.items() if is_wrong.search(text)]
    return [f"The zoo against ONNX Runtime (`utils/gpu-test.sh zoo`), models that are right and bitwise equal from run to run: "
            f"{', '.join(counts)}." + (f" Not right: {'; '.join(wrong)}." if wrong else "")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--remark", help="a last paragraph")
    parser.add_argument("--out", type=Path, default=PERFORMANCE)
    arguments = parser.parse_args()
    machines, zoo = {}, {}
    for folder in arguments.folders:
        files = {"times.md": lambda path: read_times(path, machines), "zoo.md": lambda path: read_zoo(path, zoo)}
        found = [name for name in files if (folder / name).exists()]
        if not found:
            sys.exit(f"error: {folder}: expected {' or '.join(files)}")
        for name in found:
            files[name](folder / name)
    lines = [f"{datetime.date.today()}. {METHOD}", ""]
    for title, machine in machines.items():
        lines += machine.write(title)
    lines += describe_zoo(zoo) + (["", arguments.remark] if arguments.remark else [])
    write_section(arguments.out, "NVIDIA GPUs", lines)


if __name__ == "__main__":
    main()
