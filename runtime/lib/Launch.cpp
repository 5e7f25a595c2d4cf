#include "Launch.h"

#include "Pool.h"

using namespace dlc::runtime;

int32_t dlc::runtime::launchKernel(void *state, const dlc_launch *launch) {
  auto *run = static_cast<RunState *>(state);
  if (!run->goesOn())
    return DLC_PROGRAM_STOPPED;
  const dlc_kernel_call call = {sizeof(dlc_kernel_call), 0, launch->buffers, run->symbols,
                                &run->errorWord};
  processPool.run(launch->function, call, launch->num_tasks, run->numThreads);
  if (run->errorWord == INT64_MAX)
    return DLC_PROGRAM_OK;
  const OwnedArray<ManifestKernel> &kernels = run->manifest.kernels();
  return run->fail(DLC_OP_FAILED,
                   launch->kernel < kernels.size() ? kernels[launch->kernel].nodes : "a kernel",
                   "an index is out of range");
}
