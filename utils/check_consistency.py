#!/usr/bin/env python3
"""Checks what the project promises about its own tree. Prints one line a problem, each with a hint how to mend it.

    check_consistency.py [ROOT]

layering  who may include and link whom
stems     a pass has one name: its definition, flag, file, DEBUG_TYPE and test
phases    Phases.def against folders, functions, tests and docs
ops       every op of the dialect is printed and parsed by a test
links     relative links in Markdown files lead somewhere
sizes     no source is longer than 600 lines
paths     no path of somebody's machine
"""

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

MAX_LINES = 600
SOURCE = {".h", ".hpp", ".c", ".cpp", ".def", ".td", ".py", ".sh", ".cmake"}
CODE = {".h", ".hpp", ".c", ".cpp", ".def", ".td"}
TEXT = SOURCE | {".md", ".mlir", ".txt", ".json", ".toml", ".in", ".cfg", ""}
NOT_OURS = {".git", "build", "__pycache__"}

# Layer -> the layers it may include and link, beside itself.
ALLOWED = {
    "ABI": set(),
    "Support": set(),
    "IR": {"ABI", "Support"},
    "Import": {"ABI", "IR", "Support"},
    "Graph": {"ABI", "IR", "Support", "runtime/ops"},
    "Fuse": {"IR", "Support"},
    "Schedule": {"IR", "Support"},
    "Plan": {"IR", "Support"},
    "Codegen": {"IR", "Support", "ABI", "Codegen/Common", "Codegen/CPU", "Codegen/CUDA"},
    "Codegen/Common": {"IR", "Support", "ABI", "Codegen"},
    "Codegen/CPU": {"IR", "Support", "ABI", "Codegen", "Codegen/Common"},
    "Codegen/CUDA": {"IR", "Support", "ABI", "Codegen", "Codegen/Common"},
    "Package": {"ABI", "Support", "IR"},
    "Pipeline": {"ABI", "Support", "IR", "Graph", "Fuse", "Schedule", "Plan", "Codegen", "Codegen/Common", "Codegen/CPU",
                 "Codegen/CUDA", "Package"},
    "tools": {"Support", "IR", "Import", "Pipeline", "tools/terminal"},
    "tools/dlc-run": {"runtime", "tools/terminal"},
    "tools/dlc-inspect": {"ABI", "runtime", "tools/dlc-run"},  # it reads inputs as dlc-run does
    "tools/terminal": set(),
    "runtime": {"ABI", "runtime/ops"},
    "runtime/ops": {"ABI"},
}
NO_LLVM = {"ABI", "runtime", "runtime/ops", "tools/dlc-run", "tools/dlc-inspect", "tools/terminal"}
# Headers from outside: pattern, the layers that may see them, hint.
COMPILER = set(ALLOWED) - NO_LLVM
FOREIGN = [
    (re.compile(r"^(google/protobuf/|onnx)|\.pb\.h$"), {"Import"}, "only lib/Import sees ONNX's protobuf classes"),
    (re.compile(r"^lld/"), {"Package"}, "only lib/Package calls the linker"),
    (re.compile(r"^(mlir|mlir-c)/"), COMPILER - {"Support"}, "Support knows LLVM's Support library alone; the runtime and "
                                                              "its tools know neither LLVM nor MLIR"),
    (re.compile(r"^(fmt|stb)/"), {"tools", "tools/dlc-run", "tools/dlc-inspect"}, "libraries format with LLVM's streams, the runtime with its own; "
                                                             "fmt and stb are for tools"),
    (re.compile(r"^(llvm|llvm-c|clang)/"), COMPILER, "the runtime and its tools know neither LLVM nor MLIR"),
]
INCLUDE = re.compile(r'^[ \t]*#?[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)


class Problem(NamedTuple):
    where: str
    what: str
    hint: str

    def __str__(self):
        return f"{self.where}: {self.what}\n    hint: {self.hint}"


class Tree:
    """The project's files by path relative to its root, with their text."""

    def __init__(self, root):
        self.root = Path(root)
        self.files = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(f for f in folders if f not in NOT_OURS)
            self.files += [Path(folder, name).relative_to(self.root).as_posix() for name in sorted(names)]
        self._texts = {}

    def text(self, path):
        if path not in self._texts:
            self._texts[path] = (self.root / path).read_text(encoding="utf-8", errors="replace")
        return self._texts[path]

    def exists(self, path):
        return (self.root / path).exists()

    def under(self, folder, suffixes):
        return [f for f in self.files if f.startswith(folder + "/") and Path(f).suffix in suffixes]


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def kebab(name):
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def layer_of(path):
    """The layer of a file or of an included `dlc/...` header; None for what the rules do not speak of."""
    parts = path.split("/")
    if path in ("include/dlc/Precompiled.h", "lib/Precompiled.cpp"):
        return "IR"
    if parts[:2] == ["include", "dlc"]:
        parts = parts[2:]
    elif parts[0] == "lib":
        parts = parts[1:]
    elif parts[0] == "runtime":
        return "runtime/ops" if parts[1] == "ops" else "runtime"
    elif parts[0] == "tools":
        return "/".join(parts[:2]) if f"tools/{parts[1]}" in ALLOWED else "tools"
    else:
        return None
    if parts[0] == "Codegen" and len(parts) > 2:
        return "/".join(parts[:2])
    return parts[0] if len(parts) > 1 else None


def target_of_include(tree, header):
    if not header.startswith("dlc/"):
        return None
    return "runtime" if tree.exists(f"runtime/include/{header}") else layer_of(f"include/{header}")


def check_includes(tree):
    for path in tree.files:
        layer = layer_of(path)
        if layer is None or Path(path).suffix not in CODE:
            continue
        if layer not in ALLOWED:
            yield Problem(path, f"folder {layer} is not part of the layering", "add it to ALLOWED in this script")
            continue
        text = tree.text(path)
        for match in INCLUDE.finditer(text):
            where, header = f"{path}:{line_of(text, match.start())}", match[2]
            target = target_of_include(tree, header)
            if layer == "ABI" and header not in ("stdint.h", "stddef.h") and target != "ABI":
                yield Problem(where, f"ABI includes {header}", "ABI headers include stdint.h, stddef.h and each other alone")
            elif target is not None and target != layer and target not in ALLOWED[layer]:
                allowed = ", ".join(sorted(ALLOWED[layer])) or "nothing"
                yield Problem(where, f"{layer} includes {header} of {target}",
                              f"{layer} may use {allowed}; move what both need into a layer below them")
            for pattern, layers, hint in FOREIGN:
                if layer != "ABI" and pattern.search(header) and layer not in layers:
                    yield Problem(where, f"{layer} includes {header}", hint)
                    break
        for match in re.finditer(r"\bcl::(opt|list|bits|alias)\b", text):
            if not layer.startswith("tools"):
                yield Problem(f"{path}:{line_of(text, match.start())}", f"{match[0]} outside of tools",
                              "take a field of the phase's options struct; tools fill it")


def cmake_calls(text, *names):
    """(function, arguments, line) of each call; comments are left out."""
    text = re.sub(r"#.*", "", text)
    for match in re.finditer(rf"\b({'|'.join(names)})\s*\(([^()]*)\)", text):
        yield match[1], match[2].split(), line_of(text, match.start())


def check_links(tree):
    lists = [f for f in tree.files if Path(f).name == "CMakeLists.txt" and layer_of(f)]
    # A library belongs where its first source lies: one list may declare the libraries of several folders.
    layer_of_library = {}
    for path in lists:
        for _, arguments, _ in cmake_calls(tree.text(path), "dlc_add_library", "add_library"):
            sources = [a for a in arguments if re.search(r"\.(c|cpp)$", a)]
            layer_of_library[arguments[0]] = layer_of(f"{os.path.dirname(path)}/{sources[0]}" if sources else path)
    for path in lists:
        for call, arguments, line in cmake_calls(tree.text(path), "dlc_add_library", "dlc_add_tool", "target_link_libraries"):
            layer = layer_of_library.get(arguments[0], layer_of(path))
            where = f"{path}:{line}"
            if layer in NO_LLVM and call != "target_link_libraries":
                yield Problem(where, f"{call} gives {arguments[0]} LLVM's headers and libraries",
                              "the runtime and its tools use add_library and add_executable")
            for item in arguments[1:]:
                target = layer_of_library.get(item)
                if target is not None and target != layer and target not in ALLOWED.get(layer, set()):
                    yield Problem(where, f"{arguments[0]} of {layer} links {item} of {target}",
                                  f"{layer} may link {', '.join(sorted(ALLOWED.get(layer, set()))) or 'nothing'}")
                if layer in NO_LLVM and re.match(r"(LLVM|MLIR|lld)|protobuf", item):
                    yield Problem(where, f"{arguments[0]} of {layer} links {item}",
                                  "the runtime and its tools never link LLVM, MLIR, LLD or protobuf")
                if re.match(r"protobuf", item) and layer != "Import":
                    yield Problem(where, f"{arguments[0]} of {layer} links {item}", "only lib/Import sees protobuf")


def check_layering(tree):
    yield from check_includes(tree)
    yield from check_links(tree)


def check_stems(tree):
    for path in tree.under("include/dlc", {".td"}):
        if Path(path).name != "Passes.td":
            continue
        folder, text = path.split("/")[2], tree.text(path)
        for match in re.finditer(r'^def\s+(\w+)\s*:\s*(?:Interface)?Pass<\s*"([^"]*)"', text, re.M):
            name, flag = match[1], match[2]
            stem, where = kebab(name), f"{path}:{line_of(text, match.start())}"
            if flag != f"dlc-{stem}":
                yield Problem(where, f"pass {name} has the flag --{flag}", f"call the flag dlc-{stem}")
            sources = [f for f in tree.under(f"lib/{folder}", {".cpp"}) if Path(f).name == f"{name}.cpp"]
            if not sources:
                yield Problem(where, f"pass {name} has no source file", f"implement it in lib/{folder}/**/{name}.cpp")
            for source in sources:
                if f'#define DEBUG_TYPE "dlc-{stem}"' not in tree.text(source):
                    yield Problem(source, f"no DEBUG_TYPE of pass {name}", f'write #define DEBUG_TYPE "dlc-{stem}"')
            tests = [f for f in tree.under(f"test/{folder}", {".mlir"}) if Path(f).name == f"{stem}.mlir"]
            if not tests:
                yield Problem(where, f"pass {name} has no test", f"write test/{folder}/{stem}.mlir")
            elif not any(f"--dlc-{stem}" in tree.text(test) for test in tests):
                yield Problem(tests[0], f"does not run --dlc-{stem}", "a pass's own test runs the pass alone")


def check_phases(tree):
    path = "include/dlc/Pipeline/Phases.def"
    if not tree.exists(path):
        yield Problem(path, "missing", "it is the one list of phases")
        return
    phases = re.findall(r'^DLC_PHASE\(\s*(\w+)\s*,\s*"([^"]*)"\s*,\s*(\w+)\s*,\s*"', tree.text(path), re.M)
    headers = "\n".join(tree.text(f) for folder in ("include/dlc", "runtime/include") for f in tree.under(folder, {".h"}))
    for name, flag, function in phases:
        folder = "runtime" if name == "Run" else f"lib/{name}"
        if flag != kebab(name):
            yield Problem(path, f'phase {name} is called "{flag}"', f'call it "{kebab(name)}"')
        if not tree.exists(folder):
            yield Problem(path, f"phase {name} has no folder {folder}", "create it, or rename the phase")
        if not re.search(rf"\b{function}\s*\(", headers):
            yield Problem(path, f"no header declares {function} of phase {name}", "declare it, or mend the row")
        unit = f"test/Unit/{'Runtime' if name == 'Run' else name}"
        if not any(tree.under(f, {".mlir", ".cpp", ".test", ".py"}) for f in (f"test/{name}", unit)):
            yield Problem(path, f"phase {name} has no tests", f"put them into test/{name} or {unit}")
    yield from check_phase_values(tree, [flag for _, flag, _ in phases])
    yield from check_phase_docs(tree, [name for name, _, _ in phases])


def check_phase_values(tree, flags):
    drivers = tree.under("tools", CODE) + tree.under("lib/Pipeline", CODE)
    if not any('"dlc/Pipeline/Phases.def"' in tree.text(f) for f in drivers + tree.under("include/dlc/Pipeline", CODE)):
        yield Problem("lib/Pipeline", "nothing includes Phases.def", "the driver walks the list")
    for path in drivers:
        for match in re.finditer(rf'\bclEnumValN\([^)]*"({"|".join(flags)})"', tree.text(path)):
            yield Problem(path, f'spells the phase "{match[1]}"', "derive --compile-to from Phases.def")


def check_phase_docs(tree, names):
    for path, pattern, what in (("docs/Tour.md", r"^#+ (?:\d+\.? )?(\w+)", "headings"),
                                ("lib/README.md", r"^\| *`?(\w+)`? *\|", "rows of the table")):
        if not tree.exists(path):
            yield Problem(path, "missing", "it follows the phases of Phases.def")
            continue
        lower = [name.lower() for name in names]
        found = [word.lower() for word in re.findall(pattern, tree.text(path), re.M) if word.lower() in lower]
        if found != lower:
            yield Problem(path, f"expected {what} {', '.join(lower)}, found {', '.join(found) or 'none'}",
                          "bring it into the order of Phases.def")


def check_ops(tree):
    tables = [f for f in tree.under("include/dlc/IR", {".td"}) if f.endswith("Ops.td")]
    if not tables:
        yield Problem("include/dlc/IR", "no file of ops", "DlcOps.td defines the ops of the dialect")
    tests = "\n".join(tree.text(f) for f in tree.under("test/IR", {".mlir"}))
    for path in tables:
        text = tree.text(path)
        for match in re.finditer(r'^def\s+\w+Op\s*:\s*Dlc_\w+<\s*"([\w.]+)"', text, re.M):
            if not re.search(rf"\bdlc\.{re.escape(match[1])}\b(?![.\w])", tests):
                yield Problem(f"{path}:{line_of(text, match.start())}", f"no test in test/IR mentions dlc.{match[1]}",
                              "add it to the round-trip test")


def anchors(text):
    for heading in re.findall(r"^#+ +(.*?)\s*$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def check_markdown(tree):
    for path in tree.files:
        if Path(path).suffix != ".md":
            continue
        text = re.sub(r"^```.*?^```|`[^`\n]*`", lambda m: "\n" * m[0].count("\n"), tree.text(path), flags=re.M | re.S)
        for match in re.finditer(r"\]\(([^)\s]+)\)|^\[[^\]]+\]:\s+(\S+)", text, re.M):
            link = match[1] or match[2]
            if re.match(r"[a-z]+:", link):
                continue
            file, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            where = f"{path}:{line_of(text, match.start())}"
            if target.startswith("..") or os.path.isabs(target) or not tree.exists(target):
                yield Problem(where, f"dead link {link}", "links are relative to the file and stay in the project")
            elif anchor and target.endswith(".md") and anchor not in anchors(tree.text(target)):
                yield Problem(where, f"{target} has no heading for #{anchor}", "mend the anchor")


def check_sizes(tree):
    for path in tree.files:
        lines = tree.text(path).count("\n") if Path(path).suffix in SOURCE else 0
        if lines > MAX_LINES:
            yield Problem(path, f"{lines} lines, at most {MAX_LINES}", "split it by concept")


# Put together, so that this line is none itself.
MACHINE_PATH = re.compile(r"(?<![\w.$}/~-])/(?:" + "|".join(["work", "home", "root", "Users"]) + r")/\w")


def check_paths(tree):
    for path in tree.files:
        if Path(path).suffix not in TEXT:
            continue
        text = tree.text(path)
        for match in MACHINE_PATH.finditer(text):
            yield Problem(f"{path}:{line_of(text, match.start())}", f"path of a machine: {match[0]}...",
                          "name files relative to the project")


def check_messages(tree):
    """What docs/Troubleshooting.md says that messages are is what the sources say: each row's quoted pieces stand in a string."""
    page = "docs/Troubleshooting.md"
    if not tree.exists(page):
        return
    sources = [f for folder in ("lib", "runtime", "tools", "python") for f in tree.under(folder, {".cpp", ".h", ".py"})]
    # Literals that follow each other are one, and what is inserted is `...`.
    strings = "\n".join(re.sub(r'"\s*"', "", tree.text(path)) for path in sources)
    for number, line in enumerate(tree.text(page).splitlines(), 1):
        if not line.startswith("| ") or line.startswith("| ---") or line.count(" | ") != 2:
            continue
        for message in re.findall(r"`([^`]+)`", line.split(" | ")[0]):
            for piece in filter(None, (part.strip() for part in message.split("..."))):
                if piece not in strings:
                    yield Problem(f"{page}:{number}", f"no source has '{piece}'", "quote the message as it is, with ... for what varies")


CHECKS = [check_layering, check_stems, check_phases, check_ops, check_markdown, check_sizes, check_paths, check_messages]


def check(root):
    tree = Tree(root)
    return [problem for run in CHECKS for problem in run(tree)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    problems = check(root)
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"error: {len(problems)} problem(s)")


if __name__ == "__main__":
    main()
