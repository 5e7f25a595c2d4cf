// The table that --profile prints.
#ifndef DLC_RUN_PROFILE_H
#define DLC_RUN_PROFILE_H

#include "Peak.h"
#include "Runs.h"

namespace dlc::run {

/// A line for each kernel that ran, the longest time first: calls, milliseconds of all calls, its
/// share of the runs' time, and, where the compiler counts its flops, GFLOP/s and percent of
/// `peak`; then its ONNX nodes. A last row has the time outside of kernels.
std::vector<std::string> profileLines(const dlc_session *session, const Measurement &measurement,
                                      const Peak &peak, uint32_t numThreads);

/// Whether any kernel's flops are counted, so that a peak is of use.
bool countsFlops(const Measurement &measurement);

} // namespace dlc::run

#endif
