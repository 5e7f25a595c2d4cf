// What a program that plans or runs may ask of the runtime: the services of dlc/ABI/Program.h.
#ifndef DLC_RUNTIME_SERVICES_H
#define DLC_RUNTIME_SERVICES_H

#include "Arena.h"
#include "Manifest.h"
#include "Value.h"

#include "dlc/ABI/Program.h"
#include "dlc/dlc.h"

#include <atomic>

namespace dlc::runtime {

namespace cuda {
class DeviceRun;
}

/// What the service table's `state` points at during a plan or run. Services are for the thread
/// that plans or runs, but for those tasks and bodies that they call themselves.
struct RunState {
  const Manifest &manifest;
  const int64_t *symbols;
  const std::atomic<bool> &cancelled;
  uint32_t numThreads; // that may compute this run's tasks; 0: all of the process's pool
  ErrorText &error;
  Scratch &scratch;

  dlc_profile_row *profile = nullptr; // a row for each kernel; null: nobody measures
  uint32_t numProfileRows = 0;
  char *kernelScratch = nullptr; // of the first thread, see Pool::run
  int64_t kernelScratchBytes = 0;
  cuda::DeviceRun *device = nullptr; // null: a plan, or a run on the CPU
  /// Why a service refused to go on.
  dlc_status status = DLC_OK;
  uint32_t site = 0; // of the library call at work
  dlc_kernel_error kernelError = {INT64_MAX, 0, 0};
  ObjectList objects = {};

  /// Reports the first failure of a run, in printf's form. `where` is how the message starts.
  /// Returns what a service returns then.
  int32_t fail(dlc_status why, const char *where, const char *format, ...)
      __attribute__((format(printf, 4, 5)));
  /// The nodes of a row of the site table.
  const char *nodesOf(uint32_t row) const;
  /// Whether the run is to go on; reports where it is not.
  [[nodiscard]] bool goesOn();
};

/// What the `state` of a service points at.
inline RunState &runOf(void *state) { return *static_cast<RunState *>(state); }

/// The service `launch` (Launch.cpp).
int32_t launchKernel(void *state, const dlc_launch *launch);

/// Reports the index out of range that a kernel, by its row, has met.
Status failKernel(RunState &run, int64_t kernel, const dlc_kernel_error &found);

// Those for programs with device code (DeviceServices.cpp).
int32_t launchOnDevice(void *state, const dlc_device_launch *launch);
int32_t copyForDevice(void *state, uint32_t direction, void *target, const void *source,
                      int64_t bytes);
void *allocateOnDevice(void *state, int64_t bytes);

/// The services of a plan or run whose state is a RunState.
extern const dlc_services runServices;

} // namespace dlc::runtime

#endif
