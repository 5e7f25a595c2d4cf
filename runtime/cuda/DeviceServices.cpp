// The services of dlc/ABI/Program.h that programs with device code call.
#include "DeviceRun.h"

using namespace dlc::runtime;
using namespace dlc::runtime::cuda;

/// What a service returns; the reason of a failure is in the run's text already.
static int32_t settle(RunState &run, dlc_status status) {
  if (run.status == DLC_OK)
    run.status = status;
  return run.status == DLC_OK ? DLC_PROGRAM_OK : DLC_PROGRAM_STOPPED;
}

/// Whether a service for the device can be carried out.
static bool isReady(RunState &run) {
  if (!run.device)
    (void)run.fail(DLC_INTERNAL, nullptr,
                   "the artifact's code uses a device outside of a run on one");
  return run.goesOn();
}

int32_t dlc::runtime::launchOnDevice(void *state, const dlc_device_launch *launch) {
  RunState &run = runOf(state);
  return isReady(run) ? settle(run, run.device->launch(run, *launch)) : DLC_PROGRAM_STOPPED;
}

int32_t dlc::runtime::copyForDevice(void *state, uint32_t direction, void *target,
                                    const void *source, int64_t bytes) {
  RunState &run = runOf(state);
  if (!isReady(run))
    return DLC_PROGRAM_STOPPED;
  if (bytes < 0 || direction < DLC_COPY_TO_DEVICE || direction > DLC_COPY_ON_DEVICE)
    return run.fail(DLC_INTERNAL, nullptr, "the artifact's code copies %lld bytes in direction %u",
                    static_cast<long long>(bytes), direction);
  return settle(run,
                run.device->copy(run, direction, target, source, static_cast<uint64_t>(bytes)));
}

void *dlc::runtime::allocateOnDevice(void *state, int64_t bytes) {
  RunState &run = runOf(state);
  if (!isReady(run))
    return nullptr;
  void *pointer = nullptr;
  if (bytes < 0) {
    (void)run.fail(DLC_SHAPE_MISMATCH, nullptr, "a dim of a value would be negative");
    return nullptr;
  }
  (void)settle(run, run.device->allocate(static_cast<uint64_t>(bytes), pointer, run.error));
  return pointer;
}
