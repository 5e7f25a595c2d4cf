"""Draws what a compiled model's nodes have become: ONNX nodes on the left, the artifact's kernels on the right, as SVG."""

import json
import re
import subprocess
import tempfile
from html import escape
from pathlib import Path

ROW, WIDTH, LEFT, RIGHT = 50, 900, 250, 330  # of a node, of the picture, where its columns end and begin


def draw(build, model, cpu):
    kernels = read_kernels(build, model, cpu)
    count = sum(len(nodes) for nodes, _, _ in kernels)
    height = 70 + ROW * count
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="14">',
             f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
             text(20, 34, f"{model.name}: {count} nodes", "#000000", "bold"),
             text(RIGHT, 34, f"the artifact: {len(kernels)} kernels", "#000000", "bold")]
    top = 54
    for nodes, name, how in kernels:
        size = ROW * len(nodes)
        middle = top + (size - 8) / 2
        parts += [box(RIGHT, top, WIDTH - RIGHT - 20, size - 8, "#dcecd9", "#4b8b3b"),
                  text(RIGHT + 14, middle - 4, name, "#000000", "bold"), text(RIGHT + 14, middle + 14, how, "#333333")]
        for row, (node, op) in enumerate(nodes):
            y = top + ROW * row
            parts += [box(20, y, LEFT - 20, ROW - 8, "#dbe7f5", "#3b6ea5"), text(34, y + 26, op, "#000000", "bold"),
                      text(130, y + 26, node, "#333333"),
                      f'<path d="M{LEFT} {y + 21} C{LEFT + 40} {y + 21} {RIGHT - 40} {middle:g} {RIGHT} {middle:g}" fill="none" '
                      'stroke="#888888" stroke-width="1.5"/>']
        top += size
    return "\n".join(parts + ["</svg>"]) + "\n"


def read_kernels(build, model, cpu):
    """Of each kernel its nodes as (name, operator), its name, and how it is computed."""
    with tempfile.TemporaryDirectory() as folder:
        artifact = Path(folder, "model.so")
        subprocess.run([build / "bin/dlc-compile", model, "-o", artifact, f"--target-cpu={cpu}"], check=True)
        told = json.loads(subprocess.run([build / "bin/dlc-inspect", artifact, "--json"], check=True, capture_output=True).stdout)
    return [(re.findall(r"(?:^|, )(.+?) \((\w+)\)", kernel["nodes"]), kernel["name"], kernel["schedule"])
            for kernel in told["kernels"]]


def box(x, y, width, height, fill, stroke):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" stroke="{stroke}"/>'


def text(x, y, content, fill, weight="normal"):
    return f'<text x="{x}" y="{y:g}" fill="{fill}" font-weight="{weight}">{escape(content)}</text>'
