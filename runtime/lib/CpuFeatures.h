// Which CPU features an artifact needs and which this CPU and its system offer.
#ifndef DLC_RUNTIME_CPUFEATURES_H
#define DLC_RUNTIME_CPUFEATURES_H

#include <cstdint>

namespace dlc::runtime {

/// DLC_CPU_ bits of the CPU that executes this.
uint64_t hostCpuFeatures();

/// The name of the first feature in `needed` that `available` lacks ("avx512f"; a bit that is not
/// known here has a name that says so), or null where none is missing.
const char *missingCpuFeature(uint64_t needed, uint64_t available);

} // namespace dlc::runtime

#endif
