// Executes the tasks of one kernel launch.
#ifndef DLC_RUNTIME_LAUNCH_H
#define DLC_RUNTIME_LAUNCH_H

#include "dlc/ABI/Program.h"

#include <atomic>

namespace dlc::runtime {

/// A launch whose tasks are handed out as tickets: who wants to work takes the next number until
/// none is left. The thread that runs the host program can always finish alone, and it matters to
/// no result who took which number.
class TicketedLaunch {
public:
  TicketedLaunch(const dlc_launch &launch, const int64_t *symbols)
      : function(launch.function), numTasks(launch.num_tasks),
        call{sizeof(dlc_kernel_call), 0, launch.buffers, symbols} {}

  /// Takes tickets and computes their tasks until all are taken.
  void work() {
    for (int64_t task; (task = nextTicket.fetch_add(1, std::memory_order_relaxed)) < numTasks;)
      function(&call, task);
  }

private:
  const dlc_kernel_fn function;
  const int64_t numTasks;
  const dlc_kernel_call call;
  std::atomic<int64_t> nextTicket{0};
};

/// What the service table's `state` points at during a run.
struct RunState {
  const int64_t *symbols;
  const std::atomic<bool> *cancelled;
};

/// The services of a run whose state is a RunState.
extern const dlc_services runServices;

} // namespace dlc::runtime

#endif
