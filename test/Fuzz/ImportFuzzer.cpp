// Any bytes as a model, from import to plan: taken, or refused with a located error.

#include "dlc/IR/Program.h"
#include "dlc/Import/OnnxImporter.h"
#include "dlc/Pipeline/Pipeline.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir;
using namespace dlc;

/// The module of a model that importer and phases take; null with errors, or without where one of
/// them breaks its promise.
static CompileResult compile(MLIRContext &context, StringRef model) {
  SourceFiles &sources = context.getLoadedDialect<DlcDialect>()->getSourceFiles();
  size_t file = sources.add(llvm::MemoryBuffer::getMemBufferCopy(model));
  FailureOr<OwningOpRef<ModuleOp>> module = importOnnxModel(&context, sources, file);
  if (failed(module))
    return CompileResult::rejected;
  FailureOr<TargetAttr> target = getTarget((*module)->getLoc(), "x86-64-v3", "");
  if (failed(target))
    return CompileResult::internalError;
  setTarget(**module, *target);
  CompileOptions options;
  options.to = Phase::Plan;
  return runPhases(**module, options);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const DialectRegistry registry = [] {
    DialectRegistry all;
    registerDialects(all);
    return all;
  }();
  MLIRContext context(registry, MLIRContext::Threading::DISABLED);
  context.loadAllAvailableDialects();
  size_t numErrors = 0;
  context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
    numErrors += diagnostic.getSeverity() == DiagnosticSeverity::Error;
    return success();
  });
  CompileResult result = compile(context, StringRef(reinterpret_cast<const char *>(data), size));
  if (result == CompileResult::internalError)
    llvm::report_fatal_error("a phase broke its promise");
  if (result == CompileResult::rejected && numErrors == 0)
    llvm::report_fatal_error("refused without an error");
  return 0;
}
