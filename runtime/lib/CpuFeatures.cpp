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
    {DLC_CPU_SSE42, "sse4.2"},      {DLC_CPU_AVX, "avx"},           {DLC_CPU_AVX2, "avx2"},
    {DLC_CPU_FMA, "fma"},           {DLC_CPU_AVX512F, "avx512f"},   {DLC_CPU_AVX512BW, "avx512bw"},
    {DLC_CPU_AVX512DQ, "avx512dq"}, {DLC_CPU_AVX512VL, "avx512vl"},
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
  features |= __builtin_cpu_supports("sse4.2") ? DLC_CPU_SSE42 : 0;
  features |= __builtin_cpu_supports("avx") ? DLC_CPU_AVX : 0;
  features |= __builtin_cpu_supports("avx2") ? DLC_CPU_AVX2 : 0;
  features |= __builtin_cpu_supports("fma") ? DLC_CPU_FMA : 0;
  features |= __builtin_cpu_supports("avx512f") ? DLC_CPU_AVX512F : 0;
  features |= __builtin_cpu_supports("avx512bw") ? DLC_CPU_AVX512BW : 0;
  features |= __builtin_cpu_supports("avx512dq") ? DLC_CPU_AVX512DQ : 0;
  features |= __builtin_cpu_supports("avx512vl") ? DLC_CPU_AVX512VL : 0;
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
