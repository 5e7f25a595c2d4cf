// The speed that the CPU could have.
#ifndef DLC_RUN_PEAK_H
#define DLC_RUN_PEAK_H

#include <cstdint>

namespace dlc::run {

struct Peak {
  double gflops;    // of f32, all threads together; 0 where it was not measured
  const char *unit; // "AVX-512", ...
};

/// Measures multiply-adds, fused where the CPU has such, in its widest vectors on so many threads
/// at the same time, which takes a tenth of a second.
Peak measurePeak(uint32_t numThreads);

} // namespace dlc::run

#endif
