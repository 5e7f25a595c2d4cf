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
  bool isSpecific = false; ///< its code runs on no other one
};
} // namespace

static constexpr Architecture architectures[] = {
    {80, "+ptx71"},       {86, "+ptx71"},  {89, "+ptx78"},  {90, "+ptx78"},
    {90, "+ptx80", true}, {100, "+ptx86"}, {120, "+ptx87"},
};

std::string dlc::getGpuName(int64_t architecture, bool isSpecific) {
  return prefix.str() + std::to_string(architecture) + (isSpecific ? "a" : "");
}

static std::string getName(const Architecture &architecture) {
  return getGpuName(architecture.number, architecture.isSpecific);
}

static const Architecture *find(StringRef name) {
  const auto *found = llvm::find_if(architectures, [&](const Architecture &architecture) {
    return getName(architecture) == name;
  });
  return found == std::end(architectures) ? nullptr : found;
}

FailureOr<DeviceAttr> dlc::getDevice(Location loc, ArrayRef<std::string> names,
                                     Precision precision) {
  SmallVector<int64_t> numbers;
  bool isSpecific = false;
  for (StringRef name : names) {
    const Architecture *architecture = find(name);
    if (!architecture) {
      std::string known;
      for (const Architecture &architecture : architectures)
        known += " " + getName(architecture);
      return emitError(loc, "unknown GPU '") << name << "'; expected one of" << known;
    }
    if (architecture->isSpecific && !llvm::all_equal(names))
      return emitError(loc, "expected ") << name << " alone: its code runs on no other GPU";
    isSpecific = architecture->isSpecific;
    numbers.push_back(architecture->number);
  }
  llvm::sort(numbers);
  numbers.erase(llvm::unique(numbers), numbers.end());
  return DeviceAttr::get(loc.getContext(), numbers.front(), precision, numbers, isSpecific);
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
  std::string name = getGpuName(device.getArchitecture(), device.getSpecific());
  const Architecture *architecture = find(name);
  if (!target || !architecture)
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(target->createTargetMachine(
      llvm::Triple(tripleName), name, architecture->ptx, llvm::TargetOptions(), std::nullopt,
      std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}
