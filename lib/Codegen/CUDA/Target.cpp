// GPUs: from a name to what the compiler needs to know.

#include "Machine.h"

#include "dlc/Codegen/Codegen.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/TargetRegistry.h"

using namespace mlir;
using namespace dlc;

static constexpr StringLiteral tripleName = "nvptx64-nvidia-cuda";
static constexpr StringLiteral prefix = "sm_";

extern "C" {
void LLVMInitializeNVPTXTargetInfo();
void LLVMInitializeNVPTXTarget();
void LLVMInitializeNVPTXTargetMC();
void LLVMInitializeNVPTXAsmPrinter();
}

namespace {
/// An architecture, and the version of PTX that knows all of it: the oldest one, so that old
/// drivers take it.
struct Architecture {
  int64_t number;
  StringLiteral ptx;
};
} // namespace

static constexpr Architecture architectures[] = {
    {80, "+ptx71"}, {86, "+ptx71"},  {89, "+ptx78"},
    {90, "+ptx78"}, {100, "+ptx86"}, {120, "+ptx87"},
};

static const Architecture *find(int64_t number) {
  const auto *found = llvm::find_if(architectures, [&](const Architecture &architecture) {
    return architecture.number == number;
  });
  return found == std::end(architectures) ? nullptr : found;
}

FailureOr<DeviceAttr> dlc::getDevice(Location loc, StringRef name, Precision precision) {
  int64_t number = 0;
  StringRef digits = name;
  if (digits.consume_front(prefix) && llvm::to_integer(digits, number) && find(number))
    return DeviceAttr::get(loc.getContext(), number, precision);
  std::string known;
  for (const Architecture &architecture : architectures)
    known += (" " + prefix + std::to_string(architecture.number)).str();
  return emitError(loc, "unknown GPU '") << name << "'; expected one of" << known;
}

std::unique_ptr<llvm::TargetMachine> dlc::createGpuMachine(DeviceAttr device) {
  static const llvm::Target *target = [] {
    LLVMInitializeNVPTXTargetInfo();
    LLVMInitializeNVPTXTarget();
    LLVMInitializeNVPTXTargetMC();
    LLVMInitializeNVPTXAsmPrinter();
    std::string error;
    return llvm::TargetRegistry::lookupTarget(llvm::Triple(tripleName), error);
  }();
  const Architecture *architecture = find(device.getArchitecture());
  if (!target || !architecture)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      llvm::Triple(tripleName), (prefix + std::to_string(architecture->number)).str(),
      architecture->ptx, llvm::TargetOptions(), std::nullopt, std::nullopt,
      llvm::CodeGenOptLevel::Aggressive));
}
