#include "Launch.h"

#include "Pool.h"

using namespace dlc::runtime;

static int32_t launchKernel(void *state, const dlc_launch *launch) {
  auto *run = static_cast<const RunState *>(state);
  if (run->cancelled->load(std::memory_order_relaxed))
    return DLC_PROGRAM_STOPPED;
  const dlc_kernel_call call = {sizeof(dlc_kernel_call), 0, launch->buffers, run->symbols, nullptr};
  processPool.run(launch->function, call, launch->num_tasks, run->numThreads);
  return DLC_PROGRAM_OK;
}

const dlc_services dlc::runtime::runServices = {sizeof(dlc_services), 0, launchKernel};
