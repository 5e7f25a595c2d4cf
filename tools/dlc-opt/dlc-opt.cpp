// Runs passes and phases on IR text, for tests and for looking at what the compiler does.

#include "Terminal.h"

#include "dlc/Pipeline/Pipeline.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

static constexpr const char *helpText = R"(usage: dlc-opt [FILE.mlir] [options]

Runs passes on IR as text, from a file or standard input, in the order that they are named.

  --dlc-PHASE-pipeline     all passes of a phase: graph fuse schedule plan codegen
  --dlc-PASS               one pass, such as --dlc-infer-shapes, or --dlc-fuse=OPTION=VALUE;
                           docs/generated/Passes.md describes them with their options
  --canonicalize, --cse    MLIR's own
  --pass-pipeline TEXT     passes as dlc-compile --print-pipeline prints them
  -o FILE                  where to write; standard output by default
  --mlir-print-debuginfo   writes the locations too: which nodes ops come from
  --mlir-print-ir-after-all, --mlir-print-ir-before-all   the IR around each pass, to standard error
  --split-input-file       takes the file as several modules, between lines of // -----
  --verify-diagnostics     compares what is reported with comments, expected-error {{...}}
  --help-list-hidden       the options of MLIR and LLVM
  --help, --version        print this, or the version
)";

int main(int argc, char **argv) {
  llvm::ArrayRef<const char *> arguments(argv + 1, argv + argc);
  const bool wantsHelp = llvm::any_of(arguments, dlc::isHelp);
  if (wantsHelp || llvm::any_of(arguments, dlc::isVersion)) {
    llvm::outs() << (wantsHelp ? helpText : dlc::versionText);
    return EXIT_SUCCESS;
  }
  mlir::DialectRegistry registry;
  dlc::registerDialects(registry);
  dlc::registerPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "dlc: passes and phases on IR\n", registry));
}
