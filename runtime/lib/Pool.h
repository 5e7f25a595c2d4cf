// The threads that help with the tasks of a launch.
#ifndef DLC_RUNTIME_POOL_H
#define DLC_RUNTIME_POOL_H

#include "Cpus.h"

#include "dlc/ABI/Program.h"

#include <atomic>
#include <pthread.h>

namespace dlc::runtime {

/// Helper threads that any number of launches share. The thread that asks for a launch, its leader,
/// publishes it and hands out its tasks by tickets, to itself as to every helper that comes, until
/// none is left; then it waits for those that helpers still compute. So it can always finish alone:
/// helpers that are busy, asleep or missing cost time, never progress, and a task may itself lead a
/// launch. No lock is held while tasks run, and only starting a helper needs memory.
///
/// Helpers start when a launch first has use for them. An idle one spins for a short time, then
/// sleeps until a launch wakes it.
class Pool {
public:
  /// For at most `numThreads` threads, leader included; 0: what defaultNumThreads() says when the
  /// pool is first asked for its size or for helpers.
  constexpr explicit Pool(uint32_t numThreads) : numThreads(numThreads) {}
  Pool(const Pool &) = delete;
  Pool &operator=(const Pool &) = delete;
  /// Ends and joins the helpers. Leaders still at work, as other threads' at the end of a process,
  /// finish alone.
  ~Pool();

  /// Computes the tasks 0 to numTasks - 1 on at most `limit` threads, this one included (0: as many
  /// as the pool has). All are finished on return. Each thread's call has scratch of its own, of
  /// `scratchBytes` bytes: call.scratch is that of the first thread, the others' lie behind it.
  void run(dlc_kernel_fn function, const dlc_kernel_call &call, int64_t numTasks, uint32_t limit,
           int64_t scratchBytes = 0);

  /// Threads at most, leader included.
  uint32_t size();

  /// Helpers started so far.
  uint32_t numHelpers() const { return helpers.load(std::memory_order_acquire); }

  /// Makes the copy of a pool usable that a process finds in itself after fork(), which has copied
  /// no helper.
  void forgetHelpers();

private:
  /// One published launch. Lies in the pool, so that a late helper may look at it at any time.
  struct alignas(64) Launch {
    /// Tasks not yet taken, above them the share of these that a ticket stands for, and above that
    /// the seats: how many more helpers may join. All else here is read by those alone who have
    /// taken a ticket: until that is paid back the leader waits, and the launch is certainly the
    /// one that the ticket was drawn from.
    std::atomic<uint64_t> tickets{0};
    dlc_kernel_fn function = nullptr;
    const dlc_kernel_call *call = nullptr;
    int64_t numTasks = 0;
    int64_t scratchBytes = 0;
    uint64_t floatingPointMode = 0;
    /// Tasks not yet finished. On a line of its own: the leader watches it.
    alignas(64) std::atomic<int64_t> unfinished{0};
  };

  /// Tasks of a launch, one after another.
  struct Ticket {
    int64_t first, count;
    int64_t seat; // with a helper's first ticket: which of the launch's seats it has, from 1 on
  };

  static Ticket takeTicket(Launch &launch, uint64_t seat);
  static int64_t compute(Launch &launch, Ticket ticket, int64_t seat);
  static bool hasTicketForHelper(const Launch &launch);

  void lead(Launch &launch, uint64_t seats);
  int claim();
  uint32_t ensureHelpers(uint32_t wanted);
  void startHelpers(uint32_t wanted);
  bool startHelper(uint32_t index);
  void wake(uint64_t count);

  static void *helperMain(void *pool);
  void serve();
  bool help(unsigned &next);
  bool hasWork() const;
  bool keepsLeaderFromWork() const;
  void sleep();

  static constexpr unsigned maxLaunches = 64;

  /// Bit i: a leader has launches[i]. The one word that spinning helpers watch.
  alignas(64) std::atomic<uint64_t> claimed{0};
  Launch launches[maxLaunches];

  alignas(64) std::atomic<uint32_t> numThreads;
  std::atomic<uint32_t> helpers{0};
  std::atomic<bool> starting{false}; // a leader starts helpers; after the end: nobody may
  std::atomic<bool> ending{false};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> wakeups{0}; // the futex that they sleep on
  pthread_t threads[maxThreads] = {};
};

/// The pool that all sessions of the process share.
extern Pool processPool;

} // namespace dlc::runtime

#endif
