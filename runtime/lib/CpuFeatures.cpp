#include "CpuFeatures.h"

#include "dlc/ABI/Artifact.h"

#include <elf.h>

using namespace dlc::runtime;

namespace {
struct FeatureRow {
  uint64_t bit;
  const char *name;
};
} // namespace

static constexpr FeatureRow featureRows[] = {
#define ROW(NAME, number, text) {DLC_CPU_##NAME, text},
    DLC_CPU_FEATURES(ROW)
#undef ROW
};

uint32_t dlc::runtime::hostMachine() {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#else
#error "the runtime knows x86-64 and aarch64"
#endif
}

const char *dlc::runtime::machineName(uint32_t machine) {
  switch (machine) {
  case EM_X86_64:
    return "x86-64";
  case EM_AARCH64:
    return "aarch64";
  default:
    return nullptr;
  }
}

uint64_t dlc::runtime::hostCpuFeatures() {
  uint64_t features = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
#define ADD(NAME, number, text) features |= __builtin_cpu_supports(text) ? DLC_CPU_##NAME : 0;
  DLC_CPU_FEATURES(ADD)
#undef ADD
#endif
  return features;
}

const char *dlc::runtime::missingCpuFeature(uint64_t needed, uint64_t available) {
  uint64_t missing = needed & ~available;
  for (const FeatureRow &row : featureRows)
    if (missing & row.bit)
      return row.name;
  return missing ? "a feature without a name here" : nullptr;
}
