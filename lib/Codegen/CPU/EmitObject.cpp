// From the `llvm` dialect to machine code. No optimization of LLVM IR runs: emitters decide on
// loops and registers, and unrolling or vectorizing once more costs registers that the tiles have
// already spent.
//
// Each kernel is a module with a context of its own, so that the backend runs on several at a time.

#include "Machine.h"

#include "dlc/Codegen/Codegen.h"
#include "dlc/IR/Program.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/ADT/SetVector.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/ThreadPool.h"

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

/// LLVM IR of `module` in a context of its own, which errors of the backend reach `loc` through.
struct Unit {
  std::unique_ptr<llvm::LLVMContext> context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module;
  BackendErrors *errors;
  std::unique_ptr<llvm::TargetMachine> machine;
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

static FailureOr<Unit> translate(ModuleOp module, TargetAttr target, StringRef name) {
  Unit unit;
  auto handler = std::make_unique<BackendErrors>(module.getLoc());
  unit.errors = handler.get();
  unit.context->setDiagnosticHandler(std::move(handler));
  unit.machine = createMachine(target);
  if (!unit.machine)
    return module.emitError("expected a 64-bit x86 CPU that LLVM knows, found '")
           << target.getCpu() << "'";
  unit.module = translateModuleToLLVMIR(module, *unit.context, name);
  if (!unit.module)
    return module.emitError("cannot translate to LLVM IR");
  unit.module->setTargetTriple(unit.machine->getTargetTriple());
  unit.module->setDataLayout(unit.machine->createDataLayout());
  setAttributes(*unit.module, target);
  return unit;
}

/// Runs the backend. Touches nothing outside of the unit.
static FailureOr<std::string> generate(Unit &unit, llvm::CodeGenFileType type) {
  llvm::SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::legacy::PassManager passes;
  if (unit.machine->addPassesToEmitFile(passes, os, nullptr, type))
    return failure();
  passes.run(*unit.module);
  if (unit.errors->HasErrors)
    return failure();
  return std::string(bytes.data(), bytes.size());
}

static void registerTranslations(MLIRContext *context) {
  registerBuiltinDialectTranslation(*context);
  registerLLVMDialectTranslation(*context);
}

FailureOr<std::string> dlc::emitText(ModuleOp module, TextFormat format) {
  FailureOr<TargetAttr> target = getTarget(module);
  if (failed(target))
    return failure();
  registerTranslations(module.getContext());
  FailureOr<Unit> unit = translate(module, *target, getModelName(module));
  if (failed(unit))
    return failure();
  if (format == TextFormat::assembly)
    return generate(*unit, llvm::CodeGenFileType::AssemblyFile);
  std::string text;
  llvm::raw_string_ostream os(text);
  unit->module->print(os, nullptr);
  return text;
}

/// Copies what the functions of `unit` refer to from `module`: constants, and declarations of
/// functions.
static void cloneReferences(ModuleOp unit, ModuleOp module) {
  SetVector<StringRef> names;
  unit.walk([&](Operation *op) {
    if (auto address = dyn_cast<LLVM::AddressOfOp>(op))
      names.insert(address.getGlobalName());
    else if (auto call = dyn_cast<LLVM::CallOp>(op); call && call.getCallee())
      names.insert(*call.getCallee());
  });
  OpBuilder builder = OpBuilder::atBlockBegin(unit.getBody());
  for (StringRef name : names)
    if (Operation *op = module.lookupSymbol(name); op && !unit.lookupSymbol(name))
      builder.clone(*op);
}

/// A module for each kernel, and one for everything else, which knows the kernels by name.
static SmallVector<OwningOpRef<ModuleOp>> split(ModuleOp module) {
  SmallVector<OwningOpRef<ModuleOp>> units;
  OpBuilder builder(module.getContext());
  auto begin = [&] {
    units.push_back(ModuleOp::create(module.getLoc()));
    builder.setInsertionPointToEnd(units.back()->getBody());
  };
  begin();
  for (Operation &op : *module.getBody()) {
    auto kernel = dyn_cast<LLVM::LLVMFuncOp>(op);
    if (!kernel || !kernel->hasAttr(scheduleName)) {
      builder.clone(op);
      continue;
    }
    auto declaration = cast<LLVM::LLVMFuncOp>(builder.cloneWithoutRegions(op));
    OpBuilder::InsertionGuard guard(builder);
    begin();
    auto definition = cast<LLVM::LLVMFuncOp>(builder.clone(op));
    cloneReferences(*units.back(), module);
    for (LLVM::LLVMFuncOp function : {declaration, definition}) {
      function.setLinkage(LLVM::Linkage::External);
      function.setVisibility_(LLVM::Visibility::Hidden);
    }
  }
  return units;
}

FailureOr<SmallVector<std::string>> dlc::emitObjects(ModuleOp module, unsigned jobs) {
  FailureOr<TargetAttr> target = getTarget(module);
  if (failed(target))
    return failure();
  registerTranslations(module.getContext());
  SmallVector<Unit> units;
  for (OwningOpRef<ModuleOp> &part : split(module)) {
    FailureOr<Unit> unit = translate(*part, *target, getModelName(module));
    if (failed(unit))
      return failure();
    units.push_back(std::move(*unit));
  }
  SmallVector<FailureOr<std::string>> results(units.size(), failure());
  {
    llvm::DefaultThreadPool pool(llvm::hardware_concurrency(jobs));
    for (auto [unit, result] : llvm::zip_equal(units, results))
      pool.async([&unit, &result] { result = generate(unit, llvm::CodeGenFileType::ObjectFile); });
  }
  SmallVector<std::string> objects;
  for (FailureOr<std::string> &result : results) {
    if (failed(result))
      return module.emitError("LLVM cannot generate code for the module");
    objects.push_back(std::move(*result));
  }
  return objects;
}
