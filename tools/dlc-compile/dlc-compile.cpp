// ONNX models to artifacts: import, then the phases, then the package.

#include "Options.h"
#include "Progress.h"
#include "Terminal.h"

#include "dlc/IR/NodeLocation.h"
#include "dlc/IR/Program.h"
#include "dlc/Import/OnnxImporter.h"
#include "dlc/Support/ScratchFile.h"

#include "mlir/IR/AsmState.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Signals.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <csignal>
#include <unistd.h>

using namespace mlir;
using namespace dlc;

namespace {
enum ExitCode {
  exitOk = 0,
  exitRejected = 1,
  exitUsage = 2,
  exitInternalError = 70,
  exitInterrupted = 130
};
} // namespace

static Progress progress("dlc-compile");

static int reportError(const Twine &message) {
  auto hidden = progress.hide();
  llvm::errs() << "error: " << escape(message.str()) << '\n';
  return exitRejected;
}

/// One line for each error: `error: model.onnx: node 'conv1' (Conv): expected ...`.
static LogicalResult printDiagnostic(Diagnostic &diagnostic, bool withOpset) {
  StringRef severity = diagnostic.getSeverity() == DiagnosticSeverity::Error     ? "error"
                       : diagnostic.getSeverity() == DiagnosticSeverity::Warning ? "warning"
                       : diagnostic.getSeverity() == DiagnosticSeverity::Remark  ? "remark"
                                                                                 : "note";
  std::string place = describeLocation(diagnostic.getLocation(), withOpset);
  if (!place.empty())
    place += ": ";
  {
    auto hidden = progress.hide();
    llvm::errs() << severity << ": " << escape(place + diagnostic.str()) << '\n';
  }
  for (Diagnostic &note : diagnostic.getNotes())
    (void)printDiagnostic(note, withOpset);
  return success();
}

/// IR text that --compile-to wrote.
static OwningOpRef<ModuleOp> parseIR(MLIRContext &context, const ToolOptions &options) {
  SourceFiles files;
  auto file = files.add(options.input);
  if (!file) {
    reportError(toString(file.takeError()));
    return {};
  }
  llvm::SourceMgr sourceMgr; // wants a byte 0 behind the text
  sourceMgr.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(files[*file].contents->getBuffer(), options.input), {});
  return parseSourceFile<ModuleOp>(sourceMgr, ParserConfig(&context));
}

static OwningOpRef<ModuleOp> loadModule(MLIRContext &context, const ToolOptions &options,
                                        SourceFiles &sources) {
  for (const std::string &path : options.sources)
    if (auto file = sources.add(path); !file) {
      reportError(toString(file.takeError()));
      return {};
    }
  if (options.fromIR)
    return parseIR(context, options);
  auto file = sources.add(options.input);
  if (!file) {
    reportError(toString(file.takeError()));
    return {};
  }
  FailureOr<OwningOpRef<ModuleOp>> module =
      importOnnxModel(&context, sources, *file, /*remainder=*/options.check);
  return succeeded(module) ? std::move(*module) : OwningOpRef<ModuleOp>();
}

/// What --compile-from reads beside the IR. Nothing goes on from standard output or a device.
static LogicalResult writeSideFile(ModuleOp module, const ToolOptions &options) {
  llvm::sys::fs::file_status status;
  bool isFile = options.output != "-" && (llvm::sys::fs::status(options.output, status) ||
                                          llvm::sys::fs::is_regular_file(status));
  return options.emit == Emit::artifact && isFile ? dlc::writeSideFile(module, options.output)
                                                  : success();
}

static int writeText(ModuleOp module, const ToolOptions &options) {
  FailureOr<std::string> text = std::string();
  if (options.emit == Emit::llvm || options.emit == Emit::assembly)
    text = emitText(module, options.emit == Emit::llvm ? TextFormat::llvmIR : TextFormat::assembly);
  else
    text = printWithLocations(module);
  if (failed(text))
    return exitRejected;
  if (failed(writeSideFile(module, options)))
    return exitRejected;
  auto hidden = progress.hide(); // the text may go to the same terminal
  if (llvm::Error error = writeTextFile(options.output, *text)) {
    hidden.unlock();
    llvm::sys::fs::remove(getSideFilePath(options.output));
    return reportError(toString(std::move(error)));
  }
  return exitOk;
}

/// Whether writing the output would destroy a file that is read.
static bool overwritesInput(const ToolOptions &options) {
  SmallVector<std::string> outputs = {options.output};
  if (options.to < Phase::Package)
    outputs.push_back(getSideFilePath(options.output));
  return llvm::any_of(llvm::concat<const std::string>(ArrayRef(options.input), options.sources),
                      [&](const std::string &path) {
                        return llvm::any_of(outputs, [&](const std::string &output) {
                          return llvm::sys::fs::equivalent(path, output);
                        });
                      });
}

/// --help and what else needs no model; its exit status.
static int printText(const ToolOptions &options) {
  std::string text;
  if (options.help)
    text = helpText.str();
  else if (options.version)
    text = std::string(versionText) + "ptxas: " + findAssembler().value_or("none") + "\n";
  else
    text = printPipeline(options.pipeline);
  llvm::Error error = writeTextFile("-", text);
  return error ? reportError(toString(std::move(error))) : int(exitOk);
}

/// Refuses an output that would destroy a file that is read.
static LogicalResult checkOutput(const ToolOptions &options) {
  if (options.check || !overwritesInput(options))
    return success();
  reportError(options.outputGiven
                  ? "cannot write '" + options.output + "': it is an input"
                  : "'" + options.output +
                        "' is what would be written: expected an ONNX model, or another file "
                        "named by -o");
  return failure();
}

/// Says in the module what it is compiled for, where the user or nobody has said so.
static LogicalResult setMachines(ModuleOp module, const ToolOptions &options) {
  if (hasTarget(module) && !options.targetGiven)
    return success();
  FailureOr<TargetAttr> target =
      getTarget(module->getLoc(), options.targetCpu, options.targetFeatures);
  if (failed(target))
    return failure();
  setTarget(module, *target);
  FailureOr<DeviceAttr> device = DeviceAttr();
  if (!options.targetDevices.empty())
    device = getDevice(module->getLoc(), options.targetDevices, options.precision);
  if (failed(device))
    return failure();
  setDevice(module, *device, options.withCpu);
  return success();
}

static int compile(const ToolOptions &options) {
  if (options.help || options.version || options.printPipeline)
    return printText(options);
  if (options.listOperators) {
    printOperators(llvm::outs());
    return exitOk;
  }
  if (failed(checkOutput(options)))
    return exitRejected;
  DialectRegistry registry;
  registerDialects(registry);
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  context.printOpOnDiagnostic(false);
  bool hasErrors = false;
  context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
    hasErrors |= diagnostic.getSeverity() == DiagnosticSeverity::Error;
    return printDiagnostic(diagnostic, /*withOpset=*/options.check);
  });
  progress.begin("import");
  SourceFiles &sources = context.getLoadedDialect<DlcDialect>()->getSourceFiles();
  OwningOpRef<ModuleOp> module = loadModule(context, options, sources);
  if (!module || failed(setMachines(*module, options)))
    return exitRejected;
  CompileOptions compileOptions{options.pipeline, options.from, options.to, options.dumpFolder,
                                [&](Phase phase) { progress.begin(getFlag(phase).data()); }};
  switch (runPhases(*module, compileOptions)) {
  case CompileResult::ok:
    break;
  case CompileResult::rejected:
    return exitRejected;
  case CompileResult::internalError:
    if (hasErrors && options.check)
      return exitRejected;
    Progress::wipe();
    llvm::errs()
        << "internal error: a phase broke its promise; please report this with the model\n";
    return exitInternalError;
  }
  if (options.check)
    return succeeded(checkPackage(*module, sources)) && !hasErrors ? exitOk : exitRejected;
  if (options.to < Phase::Package)
    return writeText(*module, options);
  progress.begin(getFlag(Phase::Package).data());
  return succeeded(buildArtifact(*module, sources, options.output, options.jobs)) ? exitOk
                                                                                  : exitRejected;
}

int main(int argc, char **argv) {
  llvm::install_fatal_error_handler([](void *, const char *reason, bool) {
    Progress::wipe();
    llvm::errs() << "internal error: " << reason << '\n';
    _exit(exitInternalError);
  });
  std::signal(SIGXFSZ, SIG_IGN); // a file over the limit is an error of the write
  llvm::sys::SetInterruptFunction([] {
    Progress::wipe();
    _exit(exitInterrupted);
  });
  std::optional<ToolOptions> options = parseOptions(argc, argv);
  return options ? compile(*options) : exitUsage;
}
