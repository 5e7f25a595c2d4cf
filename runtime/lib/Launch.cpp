#include "Services.h"

#include "Binding.h"
#include "Pool.h"

#include <cstdio>
#include <cstring>
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

/// "node 'x' (Gather)" of the one node "x (Gather)" that a kernel computes; of several their list.
static void describeNodes(const char *nodes, char *text, size_t size) {
  const char *op = strrchr(nodes, '(');
  if (!op || op - nodes < 2 || op[-1] != ' ' || strstr(nodes, "), "))
    snprintf(text, size, "one of the nodes %s", nodes);
  else
    snprintf(text, size, "node '%.*s' %s", static_cast<int>(op - nodes - 1), nodes, op);
}

static void describeKernel(const RunState &run, int64_t kernel, char *text, size_t size) {
  const OwnedArray<ManifestKernel> &kernels = run.manifest.kernels();
  const bool isKnown = kernel >= 0 && static_cast<uint64_t>(kernel) < kernels.size();
  describeNodes(isKnown ? kernels[static_cast<size_t>(kernel)].nodes : "of a kernel", text, size);
}

Status dlc::runtime::failKernel(RunState &run, int64_t kernel, const dlc_kernel_error &found) {
  char where[256];
  describeKernel(run, kernel, where, sizeof(where));
  (void)run.fail(DLC_OP_FAILED, where, "index %lld is out of range for a dim of %lld elements",
                 static_cast<long long>(found.index), static_cast<long long>(found.size));
  return run.status;
}

int32_t dlc::runtime::launchKernel(void *state, const dlc_launch *launch) {
  RunState &run = runOf(state);
  if (!run.goesOn())
    return DLC_PROGRAM_STOPPED;
  const dlc_kernel_call call = {sizeof(dlc_kernel_call), 0,
                                launch->buffers,         run.symbols,
                                &run.kernelError,        run.kernelScratch};
  const uint64_t begin = run.profile ? nanosecondsNow() : 0;
  processPool.run(launch->function, call, launch->num_tasks, run.numThreads,
                  run.kernelScratchBytes);
  if (run.profile)
    count(run, *launch, nanosecondsNow() - begin);
  if (run.kernelError.task == INT64_MAX)
    return DLC_PROGRAM_OK;
  // Several threads may have met an error: the first one's first is the same in every run.
  const int64_t task = run.kernelError.task;
  run.kernelError = {INT64_MAX, 0, 0};
  launch->function(&call, task);
  (void)failKernel(run, launch->kernel, run.kernelError);
  return DLC_PROGRAM_STOPPED;
}
