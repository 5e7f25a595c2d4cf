// Makes the device's module text of PTX, which the artifact holds as a constant.

#include "DeviceKernel.h"
#include "Machine.h"

#include "dlc/ABI/Program.h"
#include "dlc/Codegen/Codegen.h"
#include "dlc/Codegen/Passes.h"

#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"

#define DEBUG_TYPE "dlc-emit-images"

using namespace mlir;
using namespace dlc;

namespace dlc {
#define GEN_PASS_DEF_EMITIMAGES
#include "dlc/Codegen/Passes.h.inc"
} // namespace dlc

void dlc::registerDeviceTranslations(DialectRegistry &registry) {
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
}

static FailureOr<std::string> generatePtx(ModuleOp device, DeviceAttr target) {
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = translateModuleToLLVMIR(device, context, "device");
  std::unique_ptr<llvm::TargetMachine> machine = createGpuMachine(target);
  if (!module || !machine)
    return device.emitError("cannot translate device code to LLVM IR");
  module->setTargetTriple(machine->getTargetTriple());
  module->setDataLayout(machine->createDataLayout());
  SmallVector<char, 0> bytes;
  llvm::raw_svector_ostream os(bytes);
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, os, nullptr, llvm::CodeGenFileType::AssemblyFile))
    return device.emitError("LLVM cannot generate code for GPUs");
  passes.run(*module);
  std::string text(bytes.data(), bytes.size());
  // What only a math library has would be found missing when the artifact is loaded.
  if (size_t place = text.find(".extern .func"); place != std::string::npos)
    return device.emitError("device code calls a function that no device has: ")
           << StringRef(text).substr(place).take_until([](char c) { return c == '\n'; });
  return text;
}

namespace {
struct EmitImages : dlc::impl::EmitImagesBase<EmitImages> {
  void runOnOperation() override {
    ModuleOp module = getOperation(), device = getDeviceModule(module);
    if (!device)
      return;
    DeviceAttr target = getDevice(module);
    if (!target) {
      module.emitError("expected a device");
      return signalPassFailure();
    }
    FailureOr<std::string> ptx = generatePtx(device, target);
    if (failed(ptx))
      return signalPassFailure();
    ptx->push_back('\0');
    OpBuilder builder(device);
    constexpr StringLiteral name = "dlc_image_0";
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), ptx->size());
    auto image = LLVM::GlobalOp::create(builder, module.getLoc(), type, /*isConstant=*/true,
                                        LLVM::Linkage::Internal, name, builder.getStringAttr(*ptx),
                                        /*alignment=*/16);
    image.setDsoLocal(true);
    setImages(module, {{image.getName(), DLC_IMAGE_PTX,
                        static_cast<uint32_t>(target.getArchitecture()), ptx->size()}});
    device.erase();
  }
};
} // namespace
