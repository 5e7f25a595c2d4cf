#!/usr/bin/env python3
"""Tests check_consistency.py: a small tree without problems, and one change for each thing that it must report."""

import tempfile
import unittest
from pathlib import Path

import check_consistency

PHASES = [("Import", "importOnnxModel"), ("Graph", "buildGraphPipeline"), ("Run", "dlc_context_run")]

SOUND = {
    "include/dlc/ABI/Program.h": "#include <stdint.h>\n",
    "include/dlc/IR/Dlc.h": '#include "mlir/IR/Dialect.h"\n',
    "include/dlc/IR/DlcOps.td": 'class Dlc_UnaryOp<string m> : Dlc_Op<m>;\n'
                                'def Dlc_ConvOp : Dlc_Op<"conv", [Pure]> {}\ndef Dlc_ReluOp : Dlc_UnaryOp<"relu">;\n',
    "include/dlc/Import/Import.h": "void importOnnxModel();\n",
    "include/dlc/Fuse/Passes.h": "\n",
    "include/dlc/Codegen/Common/Math.h": '#include "dlc/ABI/Program.h"\n',
    "include/dlc/Codegen/CUDA/Mma.h": "\n",
    "include/dlc/Graph/Passes.h": "void buildGraphPipeline();\n",
    "include/dlc/Graph/Passes.td": 'def FoldConstants : Pass<"dlc-fold-constants", "mlir::ModuleOp"> {}\n',
    "include/dlc/Pipeline/Phases.def": "".join(f'DLC_PHASE({name}, "{name.lower()}", {function}, "what")\n'
                                               for name, function in PHASES),
    "lib/Import/Import.cpp": '#include "onnx-ml.pb.h"\n#include "dlc/IR/Dlc.h"\nf("expected one "\n  "dim, found ");\n',
    "lib/Import/CMakeLists.txt": "dlc_add_library(DlcImport SOURCES Import.cpp LINKS DlcIR protobuf::libprotobuf-lite)\n",
    "lib/IR/CMakeLists.txt": "dlc_add_library(DlcIR SOURCES Dlc.cpp)\n",
    "lib/Graph/FoldConstants.cpp": '#include "dlc/IR/Dlc.h"\n#define DEBUG_TYPE "dlc-fold-constants"\n',
    "lib/Graph/CMakeLists.txt": "dlc_add_library(DlcGraph SOURCES\n  FoldConstants.cpp\n  LINKS DlcIR)\n",
    "lib/Codegen/CMakeLists.txt": "dlc_add_library(DlcCodegenCUDA SOURCES CUDA/Mma.cpp LINKS DlcIR)\n",
    "lib/Codegen/CPU/CMakeLists.txt": "dlc_add_library(DlcCodegenCPU SOURCES Conv.cpp LINKS DlcIR)\n",
    "lib/Codegen/CPU/Conv.cpp": '#include "dlc/Codegen/Common/Math.h"\n',
    "lib/Pipeline/Driver.cpp": '#include "dlc/Pipeline/Phases.def"\n',
    "lib/README.md": "| phase | folder |\n| --- | --- |\n| import | [lib](Import) |\n| graph | x |\n| run | x |\n",
    "runtime/include/dlc/dlc.h": "int dlc_context_run(void);\n",
    "runtime/lib/Session.cpp": '#include "dlc/dlc.h"\n#include "dlc/ABI/Program.h"\n#include <vector>\n',
    "runtime/CMakeLists.txt": "add_library(dlc_runtime SHARED lib/Session.cpp)\n",
    "tools/dlc-compile/dlc-compile.cpp": '#include "dlc/Import/Import.h"\nllvm::cl::opt<int> x;\n',
    "tools/dlc-run/dlc-run.cpp": '#include "dlc/dlc.h"\n',
    "tools/dlc-run/CMakeLists.txt": "add_executable(dlc-run dlc-run.cpp)\ntarget_link_libraries(dlc-run dlc_runtime)\n",
    "docs/Tour.md": "# Tour\n## 1. Import\n## Graph\n## Run\nSee [the top](#tour), [lib](../lib/README.md).\n",
    "docs/Troubleshooting.md": "| message | why | what next |\n| --- | --- | --- |\n| `expected one dim, found ...` | x | `y` |\n",
    "test/IR/ops.mlir": "dlc.conv\ndlc.relu\n",
    "test/Import/a.mlir": "\n",
    "test/Graph/fold-constants.mlir": "// RUN: dlc-opt --dlc-fold-constants %s\n",
    "test/Unit/Runtime/a.cpp": "\n",
}

# What is wrong -> the files that make it so (None: the file is missing), and what the report must say.
WRONG = {
    "graph uses fuse": ({"lib/Graph/A.cpp": '#include "dlc/Fuse/Passes.h"\n'},
                        "lib/Graph/A.cpp:1: Graph includes dlc/Fuse/Passes.h of Fuse"),
    "CPU uses CUDA": ({"lib/Codegen/CPU/Conv.cpp": '\n#include "dlc/Codegen/CUDA/Mma.h"\n'},
                      "lib/Codegen/CPU/Conv.cpp:2: Codegen/CPU includes"),
    "ABI uses a library": ({"include/dlc/ABI/Program.h": "#include <stdio.h>\n"}, "ABI includes stdio.h"),
    "runtime uses LLVM": ({"runtime/lib/Session.cpp": '#include "llvm/ADT/STLExtras.h"\n'},
                          "runtime includes llvm/ADT/STLExtras.h"),
    "runtime uses the compiler": ({"runtime/lib/Session.cpp": '#include "dlc/IR/Dlc.h"\n'}, "of IR"),
    "dlc-run uses MLIR": ({"tools/dlc-run/dlc-run.cpp": "#include <mlir/IR/Builders.h>\n"}, "tools/dlc-run includes mlir/"),
    "protobuf in IR": ({"include/dlc/IR/Dlc.h": "#include <google/protobuf/message_lite.h>\n"}, "only lib/Import sees"),
    "LLD in Graph": ({"lib/Graph/A.cpp": '#include "lld/Common/Driver.h"\n'}, "Graph includes lld/Common/Driver.h"),
    "unknown folder": ({"lib/Misc/A.cpp": "\n"}, "folder Misc is not part of the layering"),
    "an option in lib": ({"lib/Graph/A.cpp": "static llvm::cl::opt<bool> x;\n"}, "cl::opt outside of tools"),
    "Graph links Import": ({"lib/Graph/CMakeLists.txt": "dlc_add_library(DlcGraph SOURCES A.cpp LINKS DlcImport)\n"},
                           "DlcGraph of Graph links DlcImport of Import"),
    "CPU links CUDA": ({"lib/Codegen/CPU/CMakeLists.txt": "dlc_add_library(DlcCodegenCPU SOURCES A.cpp LINKS DlcCodegenCUDA)"},
                       "DlcCodegenCPU of Codegen/CPU links DlcCodegenCUDA of Codegen/CUDA"),
    "runtime links LLVM": ({"runtime/CMakeLists.txt": "target_link_libraries(dlc_runtime PRIVATE\n LLVMSupport)\n"},
                           "dlc_runtime of runtime links LLVMSupport"),
    "dlc-run as a tool of the compiler": ({"tools/dlc-run/CMakeLists.txt": "dlc_add_tool(dlc-run SOURCES a.cpp)\n"},
                                          "gives dlc-run LLVM's headers"),
    "protobuf linked by Graph": ({"lib/Graph/CMakeLists.txt": "target_link_libraries(DlcGraph protobuf::libprotobuf)\n"},
                                 "links protobuf::libprotobuf"),
    "flag of a pass": ({"include/dlc/Graph/Passes.td": 'def FoldConstants\n  : Pass<"dlc-fold", "x"> {}\n'},
                       "has the flag --dlc-fold"),
    "source of a pass": ({"lib/Graph/FoldConstants.cpp": None}, "pass FoldConstants has no source file"),
    "DEBUG_TYPE of a pass": ({"lib/Graph/FoldConstants.cpp": '#define DEBUG_TYPE "fold"\n'}, "no DEBUG_TYPE"),
    "test of a pass": ({"test/Graph/fold-constants.mlir": None, "test/Graph/x.mlir": ""}, "FoldConstants has no test"),
    "test of a pass that runs another": ({"test/Graph/fold-constants.mlir": "// RUN: dlc-opt\n"}, "does not run"),
    "no list of phases": ({"include/dlc/Pipeline/Phases.def": None}, "Phases.def: missing"),
    "name of a phase": ({"include/dlc/Pipeline/Phases.def": 'DLC_PHASE(Graph, "grph", buildGraphPipeline, "what")\n'},
                        'phase Graph is called "grph"'),
    "folder of a phase": ({"include/dlc/Pipeline/Phases.def": 'DLC_PHASE(Plan, "plan", importOnnxModel, "what")\n'},
                          "phase Plan has no folder lib/Plan"),
    "function of a phase": ({"include/dlc/Import/Import.h": "\n"}, "no header declares importOnnxModel"),
    "tests of a phase": ({"test/Import/a.mlir": None}, "phase Import has no tests"),
    "nobody walks the list": ({"lib/Pipeline/Driver.cpp": "\n"}, "nothing includes Phases.def"),
    "a phase spelled out": ({"tools/dlc-compile/a.cpp": 'clEnumValN(Phase::Graph, "graph", "")\n'}, 'the phase "graph"'),
    "heading missing": ({"docs/Tour.md": "## Import\n## Run\n"}, "docs/Tour.md: expected headings import, graph, run"),
    "rows in another order": ({"lib/README.md": "| graph |\n| import |\n| run |\n"}, "lib/README.md: expected rows"),
    "an op without a test": ({"test/IR/ops.mlir": "dlc.conv\ndlc.relu_x\n"}, "mentions dlc.relu"),
    "an op of another file without a test": ({"include/dlc/IR/HostOps.td": 'def Dlc_IfOp : Dlc_HostBase<"if">;\n'},
                                             "HostOps.td:1: no test in test/IR mentions dlc.if"),
    "no ops": ({"include/dlc/IR/DlcOps.td": None}, "include/dlc/IR: no file of ops"),
    "a dead link": ({"README.md": "\n[x](docs/None.md)\n"}, "README.md:2: dead link docs/None.md"),
    "a link out of the project": ({"README.md": "[x](../x)\n"}, "dead link ../x"),
    "a dead anchor": ({"README.md": "[x](docs/Tour.md#gone)\n"}, "has no heading for #gone"),
    "a message that nobody says": ({"docs/Troubleshooting.md": "| x | `y` | z |\n| `expected ... dims, found` | x | y |\n"},
                                   "docs/Troubleshooting.md:2: no source has 'dims, found'"),
    "a long source": ({"lib/Graph/A.cpp": "\n" * 601}, "lib/Graph/A.cpp: 601 lines"),
    "a path of a machine": ({"docs/A.md": "see /" + "home/me/x\n"}, "docs/A.md:1: path of a machine"),
}


def report(changes):
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**SOUND, **changes}.items():
            if text is not None:
                file = Path(root, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        return "\n".join(map(str, check_consistency.check(root)))


class CheckConsistencyTest(unittest.TestCase):
    def test_sound_tree(self):
        self.assertEqual(report({}), "")

    def test_wrong_trees(self):
        for name, (changes, expected) in WRONG.items():
            with self.subTest(name):
                self.assertIn(expected, report(changes))

    def test_kebab(self):
        for name, expected in (("FoldConstants", "fold-constants"), ("LowerToLLVM", "lower-to-llvm"),
                               ("LLVMLowering", "llvm-lowering"), ("Fuse", "fuse")):
            self.assertEqual(check_consistency.kebab(name), expected)

    def test_code_in_markdown_is_no_link(self):
        self.assertEqual(report({"README.md": "`[x](y)`\n```\n[x](y)\n```\n"}), "")


if __name__ == "__main__":
    unittest.main()
