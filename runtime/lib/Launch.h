// What a running program may ask of the runtime.
#ifndef DLC_RUNTIME_LAUNCH_H
#define DLC_RUNTIME_LAUNCH_H

#include "dlc/ABI/Program.h"
#include "dlc/dlc.h"

#include <atomic>

namespace dlc::runtime {

/// What the service table's `state` points at during a run.
struct RunState {
  const int64_t *symbols;
  const std::atomic<bool> *cancelled;
  uint32_t numThreads;      // that may compute this run's tasks; 0: all of the process's pool
  dlc_profile_row *profile; // a row for each kernel; null: nobody measures
  uint32_t numProfileRows;
};

/// The services of a run whose state is a RunState.
extern const dlc_services runServices;

} // namespace dlc::runtime

#endif
