// Makes the device's module constants of the artifact: PTX, and machine code where the assembler is
// found.

#include "Assembler.h"
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
  SmallVector<DeviceImage> images;

  /// A constant with the code, in front of the device's module.
  void addImage(ModuleOp device, DeviceAttr target, uint32_t form, int64_t architecture,
                StringRef bytes) {
    OpBuilder builder(device);
    auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
    std::string name = "dlc_image_" + std::to_string(images.size());
    auto image = LLVM::GlobalOp::create(builder, device.getLoc(), type, /*isConstant=*/true,
                                        LLVM::Linkage::Internal, name, builder.getStringAttr(bytes),
                                        /*alignment=*/16);
    image.setDsoLocal(true);
    images.push_back({image.getName(), form, static_cast<uint32_t>(architecture),
                      target.getSpecific(), bytes.size()});
  }

  LogicalResult addMachineCode(ModuleOp device, DeviceAttr target, StringRef ptx) {
    std::optional<std::string> assembler = findAssembler();
    if (!assembler)
      device.emitRemark("no ptxas is found: the driver assembles device code when the artifact is "
                        "loaded; install PyPI's nvidia-cuda-nvcc, or set CUDA_HOME");
    for (int64_t architecture : target.getMachineCode()) {
      if (!assembler)
        break; // the driver compiles
      std::string name = getGpuName(architecture, target.getSpecific());
      llvm::Expected<MachineCode> code = assemble(*assembler, ptx, name);
      if (code && !code->spilling.empty())
        code = assemble(*assembler, allowAllRegisters(ptx, code->spilling), name);
      if (!code)
        return device.emitError("ptxas cannot assemble device code: ")
               << llvm::toString(code.takeError());
      for (const std::string &kernel : code->spilling)
        device.emitRemark("kernel ")
            << kernel << " keeps values in memory: it needs more registers "
            << "than " << name << " has";
      for (const std::string &loss : code->losses)
        device.emitRemark("ptxas: ") << loss;
      addImage(device, target, DLC_IMAGE_CUBIN, architecture, code->bytes);
    }
    return success();
  }

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
    images.clear();
    addImage(device, target, DLC_IMAGE_PTX, target.getArchitecture(), *ptx + '\0');
    if (failed(addMachineCode(device, target, *ptx)))
      return signalPassFailure();
    setImages(module, images);
    device.erase();
  }
};
} // namespace
