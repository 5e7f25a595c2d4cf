// CPUs: from a name to what the compiler needs to know.

#include "Machine.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/Codegen/Codegen.h"

#include "mlir/IR/Diagnostics.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/SubtargetFeature.h"

using namespace mlir;
using namespace dlc;

static constexpr StringLiteral tripleName = "x86_64-unknown-linux-gnu";

extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86Target();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmPrinter();
}

static const llvm::Target &getX86() {
  static const llvm::Target *target = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    std::string error;
    return llvm::TargetRegistry::lookupTarget(llvm::Triple(tripleName), error);
  }();
  return *target;
}

static bool has(const llvm::MCSubtargetInfo &subtarget, StringRef feature) {
  return subtarget.checkFeatures(("+" + feature).str());
}

std::unique_ptr<llvm::MCSubtargetInfo> dlc::createSubtarget(StringRef cpu, StringRef features) {
  // An empty name is LLVM's generic CPU; here CPUs are named. Unknown names would be reported on
  // stderr.
  std::unique_ptr<llvm::MCSubtargetInfo> generic(
      getX86().createMCSubtargetInfo(llvm::Triple(tripleName), "x86-64", ""));
  if (!generic->isCPUStringValid(cpu))
    return nullptr;
  return std::unique_ptr<llvm::MCSubtargetInfo>(
      getX86().createMCSubtargetInfo(llvm::Triple(tripleName), cpu, features));
}

std::unique_ptr<llvm::TargetMachine> dlc::createMachine(TargetAttr target) {
  auto subtarget = createSubtarget(target.getCpu(), target.getFeatures());
  if (!subtarget || !has(*subtarget, "64bit"))
    return nullptr;
  return std::unique_ptr<llvm::TargetMachine>(getX86().createTargetMachine(
      llvm::Triple(tripleName), target.getCpu(), target.getFeatures(), llvm::TargetOptions(),
      llvm::Reloc::PIC_, std::nullopt, llvm::CodeGenOptLevel::Aggressive));
}

/// The features in which this machine differs from what LLVM says of its CPU: a virtual machine may
/// hide some.
static std::string getHostDifferences(const llvm::MCSubtargetInfo &subtarget) {
  llvm::StringMap<bool> hostFeatures = llvm::sys::getHostCPUFeatures();
  SmallVector<std::string> differences;
  for (const llvm::SubtargetFeatureKV &known : subtarget.getAllProcessorFeatures()) {
    auto found = hostFeatures.find(known.Key);
    if (found != hostFeatures.end() && found->second != has(subtarget, known.Key))
      differences.push_back((found->second ? "+" : "-") + std::string(known.Key));
  }
  llvm::sort(differences);
  return llvm::join(differences, ",");
}

/// An error for a feature that LLVM does not know.
static LogicalResult verifyFeatures(Location loc, const llvm::MCSubtargetInfo &subtarget,
                                    StringRef features) {
  for (StringRef feature : llvm::split(features, ',')) {
    if (feature.empty())
      continue;
    bool known = llvm::any_of(subtarget.getAllProcessorFeatures(), [&](const auto &candidate) {
      return feature.drop_front() == candidate.Key;
    });
    if (!llvm::SubtargetFeatures::hasFlag(feature) || !known)
      return emitError(loc, "expected CPU features of LLVM with '+' or '-' in front, found '")
             << feature << "'";
  }
  return success();
}

FailureOr<TargetAttr> dlc::getTarget(Location loc, StringRef name, StringRef features) {
  StringRef cpu = name == "host" ? llvm::sys::getHostCPUName() : name;
  std::unique_ptr<llvm::MCSubtargetInfo> base = createSubtarget(cpu, "");
  if (!base || !has(*base, "64bit"))
    return emitError(loc, "expected a 64-bit x86 CPU that LLVM knows, found '") << cpu << "'";
  if (failed(verifyFeatures(loc, *base, features)))
    return failure();
  std::string all = name == "host" ? getHostDifferences(*base) : "";
  if (!features.empty())
    all += (all.empty() ? "" : ",") + features.str();
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget = createSubtarget(cpu, all);
  for (auto [feature, wanted] : {std::pair<StringRef, bool>{"64bit", true}, {"soft-float", false}})
    if (has(*subtarget, feature) != wanted)
      return emitError(loc, "expected a target ")
             << (wanted ? "with" : "without") << " feature '" << feature << "'";
  bool avx512 = llvm::all_of(ArrayRef<StringRef>{"avx512f", "avx512vl", "avx512dq", "avx512bw"},
                             [&](StringRef feature) { return has(*subtarget, feature); });
  int64_t lanes = avx512 ? 16 : has(*subtarget, "avx") ? 8 : 4;
  return TargetAttr::get(loc.getContext(), cpu, all, lanes, /*registers=*/avx512 ? 32 : 16,
                         has(*subtarget, "fma"));
}

uint64_t dlc::getCpuFeatures(TargetAttr target) {
  constexpr std::pair<StringLiteral, uint64_t> bits[] = {
#define ROW(NAME, number, text) {text, DLC_CPU_##NAME},
      DLC_CPU_FEATURES(ROW)
#undef ROW
  };
  uint64_t features = 0;
  if (auto subtarget = createSubtarget(target.getCpu(), target.getFeatures()))
    for (auto [name, bit] : bits)
      if (has(*subtarget, name))
        features |= bit;
  return features;
}
