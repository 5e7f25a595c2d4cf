#include "Launch.h"

#include "Binding.h"
#include "Pool.h"

#include <ctime>

using namespace dlc::runtime;

static uint64_t nanosecondsNow() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

/// Adds a launch that took so long to its kernel's row.
static void count(const RunState &run, const dlc_launch &launch, uint64_t nanoseconds) {
  if (launch.kernel >= run.numProfileRows)
    return;
  dlc_profile_row &row = rowOf(run.profile, launch.kernel);
  ++row.calls;
  row.nanoseconds += nanoseconds;
  if (launch.struct_size >= offsetof(dlc_launch, flops) + sizeof(launch.flops))
    row.flops += static_cast<uint64_t>(launch.flops);
}

static int32_t launchKernel(void *state, const dlc_launch *launch) {
  auto *run = static_cast<const RunState *>(state);
  if (run->cancelled->load(std::memory_order_relaxed))
    return DLC_PROGRAM_STOPPED;
  const dlc_kernel_call call = {sizeof(dlc_kernel_call), 0, launch->buffers, run->symbols, nullptr};
  const uint64_t begin = run->profile ? nanosecondsNow() : 0;
  processPool.run(launch->function, call, launch->num_tasks, run->numThreads);
  if (run->profile)
    count(*run, *launch, nanosecondsNow() - begin);
  return DLC_PROGRAM_OK;
}

const dlc_services dlc::runtime::runServices = {sizeof(dlc_services), 0, launchKernel};
