#include "CpuFeatures.h"

#include "dlc/ABI/Artifact.h"

#if !defined(__x86_64__)
#error "dlc is for x86-64"
#endif

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

uint64_t dlc::runtime::hostCpuFeatures() {
  uint64_t features = 0;
  __builtin_cpu_init();
#define ADD(NAME, number, text) features |= __builtin_cpu_supports(text) ? DLC_CPU_##NAME : 0;
  DLC_CPU_FEATURES(ADD)
#undef ADD
  return features;
}

const char *dlc::runtime::missingCpuFeature(uint64_t needed, uint64_t available) {
  uint64_t missing = needed & ~available;
  for (const FeatureRow &row : featureRows)
    if (missing & row.bit)
      return row.name;
  return missing ? "a feature without a name here" : nullptr;
}
