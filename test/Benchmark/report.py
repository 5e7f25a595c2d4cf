"""What the reports of all machines share."""

import math
import re
import statistics
from pathlib import Path

PERFORMANCE = Path(__file__).resolve().parents[2] / "docs" / "Performance.md"


def find_mean(ratios):
    """The geometric mean."""
    return math.exp(statistics.mean(math.log(ratio) for ratio in ratios))


def write_section(path, title, lines):
    """Replaces the section of this title in a Markdown file."""
    text = path.read_text() if path.exists() else "# Performance\n"
    section = "\n".join([f"## {title}", "", *lines, ""])
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    text = old.sub(lambda _: section + "\n", text) if old.search(text) else text.rstrip("\n") + "\n\n" + section
    path.write_text(text.rstrip("\n") + "\n")
