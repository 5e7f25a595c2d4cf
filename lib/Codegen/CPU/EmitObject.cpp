// From the `llvm` dialect to machine code. No optimization of LLVM IR runs: emitters decide on
// loops and registers, and unrolling or vectorizing once more costs registers that the tiles have
// already spent.

#include "Machine.h"

#include "dlc/Codegen/Codegen.h"
#include "dlc/IR/Program.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace dlc;

namespace {
/// Errors of the backend become diagnostics on the module.
struct BackendErrors : llvm::DiagnosticHandler {
  explicit BackendErrors(Location loc) : loc(loc) {}

  bool handleDiagnostics(const llvm::DiagnosticInfo &info) override {
    if (info.getSeverity() != llvm::DS_Error)
      return true;
    HasErrors = true;
    std::string text;
    llvm::raw_string_ostream os(text);
    llvm::DiagnosticPrinterRawOStream printer(os);
    info.print(printer);
    emitError(loc, "LLVM: ") << text;
    return true;
  }

  Location loc;
};
} // namespace

/// Vectors as wide as the target's lanes: for some CPUs LLVM prefers narrower ones.
static void setAttributes(llvm::Module &module, TargetAttr target) {
  std::string bits = std::to_string(target.getLanes() * 32);
  for (llvm::Function &function : module) {
    if (function.isDeclaration())
      continue;
    function.addFnAttr("prefer-vector-width", bits);
    function.addFnAttr("min-legal-vector-width", bits);
    function.addFnAttr("target-cpu", target.getCpu());
    if (!target.getFeatures().empty())
      function.addFnAttr("target-features", target.getFeatures());
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
}

FailureOr<std::string> dlc::emitObject(ModuleOp module, ObjectFormat format) {
  FailureOr<TargetAttr> target = getTarget(module);
  if (failed(target))
    return failure();
  std::unique_ptr<llvm::TargetMachine> machine = createMachine(*target);
  if (!machine)
    return module.emitError("expected a 64-bit x86 CPU that LLVM knows, found '")
           << target->getCpu() << "'";
  registerBuiltinDialectTranslation(*module.getContext());
  registerLLVMDialectTranslation(*module.getContext());
  llvm::LLVMContext context;
  auto handler = std::make_unique<BackendErrors>(module.getLoc());
  BackendErrors &errors = *handler;
  context.setDiagnosticHandler(std::move(handler));
  std::unique_ptr<llvm::Module> llvmModule =
      translateModuleToLLVMIR(module, context, getModelName(module));
  if (!llvmModule)
    return module.emitError("cannot translate to LLVM IR");
  llvmModule->setTargetTriple(machine->getTargetTriple());
  llvmModule->setDataLayout(machine->createDataLayout());
  setAttributes(*llvmModule, *target);
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  if (format == ObjectFormat::llvmIR) {
    llvmModule->print(os, nullptr);
  } else {
    auto type = format == ObjectFormat::object ? llvm::CodeGenFileType::ObjectFile
                                               : llvm::CodeGenFileType::AssemblyFile;
    llvm::legacy::PassManager passes;
    if (machine->addPassesToEmitFile(passes, os, nullptr, type))
      return module.emitError("LLVM cannot write this kind of file");
    passes.run(*llvmModule);
  }
  if (errors.HasErrors)
    return failure();
  return std::string(bytes.data(), bytes.size());
}
