#include "Pool.h"

#include <algorithm>
#include <bit>
#include <climits>
#include <csignal>
#include <ctime>
#include <immintrin.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

using namespace dlc::runtime;

/// Launch::tickets is seats << seatShift | share << shareShift | tasks.
static constexpr unsigned shareShift = 43, seatShift = 48;
static constexpr uint64_t oneSeat = uint64_t{1} << seatShift;
static constexpr uint64_t taskMask = (uint64_t{1} << shareShift) - 1;
static_assert(maxThreads <= UINT16_MAX);

/// log2 of how many parts the tasks that are left count as when a ticket is drawn: two or more for
/// each of `numThreads` threads, so that the last ones to finish do so at about the same time.
static uint64_t getShare(uint64_t numThreads) { return std::bit_width(numThreads); }

/// How many tasks a ticket stands for. Each change of the word takes it from one CPU's cache to
/// another's, which costs as much as a small task; so many are taken while many are left, and
/// neighbours, which share what they read.
static uint64_t getTicketSize(uint64_t tickets) {
  return std::max<uint64_t>(1, (tickets & taskMask) >> (tickets >> shareShift & 31));
}

/// How long an idle helper spins before it sleeps: several times what waking it costs, so that it
/// stays at hand between the launches of a run and is soon gone after it.
static constexpr int64_t spinNanoseconds = 100'000;

/// Pauses of an idle helper, some microseconds, before it looks at the clock and at the leaders.
static constexpr unsigned pausesPerLook = 128;

/// Pauses of a waiting leader before it lets others have its CPU. A helper that has not finished by
/// then may well be waiting for just that.
static constexpr unsigned pausesBeforeYield = 2000;

//===-- The machine ------------------------------------------------------------------------------//

/// How this thread rounds and treats denormals. Tasks must not compute one thing on the leader, for
/// whom an application may have chosen to flush denormals, and another on a helper.
static uint64_t floatingPointMode() {
  return _mm_getcsr() & ~uint32_t{_MM_EXCEPT_MASK}; // without the flags of past operations
}

static void setFloatingPointMode(uint64_t mode) {
  if (mode == floatingPointMode())
    return;
  _mm_setcsr(static_cast<uint32_t>(mode));
}

static int64_t nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

static void futex(std::atomic<uint32_t> &word, int operation, uint32_t value) {
  static_assert(sizeof(word) == sizeof(uint32_t));
  syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr);
}

//===-- Tickets ----------------------------------------------------------------------------------//

/// Takes a ticket, and a seat with it where `seat` is oneSeat and not 0: a helper's first. Returns
/// its tasks, none where there is no ticket to have.
Pool::Ticket Pool::takeTicket(Launch &launch, uint64_t seat) {
  uint64_t tickets = launch.tickets.load(std::memory_order_relaxed);
  while ((tickets & taskMask) != 0 && tickets >= seat) {
    const uint64_t size = getTicketSize(tickets);
    if (launch.tickets.compare_exchange_weak(tickets, tickets - seat - size,
                                             std::memory_order_acquire, std::memory_order_relaxed))
      return {launch.numTasks - static_cast<int64_t>(tickets & taskMask),
              static_cast<int64_t>(size), static_cast<int64_t>(tickets >> seatShift)};
  }
  return {0, 0, 0};
}

/// Computes the tasks of `ticket` and of further ones until there are no more; returns how many
/// tasks it were. The leader's seat is 0.
int64_t Pool::compute(Launch &launch, Ticket ticket, int64_t seat) {
  dlc_kernel_call call = *launch.call;
  call.scratch += seat * launch.scratchBytes;
  int64_t count = 0;
  for (; ticket.count != 0; count += ticket.count, ticket = takeTicket(launch, 0))
    for (int64_t task = ticket.first; task != ticket.first + ticket.count; ++task)
      launch.function(&call, task);
  return count;
}

bool Pool::hasTicketForHelper(const Launch &launch) {
  const uint64_t tickets = launch.tickets.load();
  return (tickets & taskMask) != 0 && tickets >= oneSeat;
}

//===-- Leaders ----------------------------------------------------------------------------------//

void Pool::run(dlc_kernel_fn function, const dlc_kernel_call &call, int64_t numTasks,
               uint32_t limit, int64_t scratchBytes) {
  uint32_t seats = 0;
  if (numTasks > 1 && limit != 1 && static_cast<uint64_t>(numTasks) <= taskMask)
    seats = ensureHelpers(static_cast<uint32_t>(
        std::min<int64_t>(numTasks, limit ? std::min(limit, maxThreads) : maxThreads) - 1));
  const int slot = seats ? claim() : -1;
  if (slot < 0) {
    for (int64_t task = 0; task < numTasks; ++task)
      function(&call, task);
    return;
  }
  Launch &launch = launches[slot];
  launch.function = function;
  launch.call = &call;
  launch.numTasks = numTasks;
  launch.scratchBytes = scratchBytes;
  launch.floatingPointMode = floatingPointMode();
  lead(launch, seats);
  claimed.fetch_and(~(uint64_t{1} << slot), std::memory_order_release);
}

/// Publishes the launch, works on it, and returns when all of its tasks are finished.
void Pool::lead(Launch &launch, uint64_t seats) {
  launch.unfinished.store(launch.numTasks, std::memory_order_relaxed);
  // Sequentially consistent, as the look at `sleepers` in wake(): either this leader sees who is
  // going to sleep, or he sees the tickets.
  launch.tickets.store(seats << seatShift | getShare(seats + 1) << shareShift |
                       static_cast<uint64_t>(launch.numTasks));
  wake(seats);
  const int64_t own = compute(launch, takeTicket(launch, 0), /*seat=*/0);
  if (launch.unfinished.fetch_sub(own, std::memory_order_acquire) == own)
    return;
  for (unsigned i = 0; launch.unfinished.load(std::memory_order_acquire) != 0; ++i) {
    if (i < pausesBeforeYield)
      _mm_pause();
    else
      sched_yield();
  }
}

/// A free place for a launch; -1 where there is none.
int Pool::claim() {
  uint64_t before = claimed.load(std::memory_order_relaxed);
  while (before != UINT64_MAX) {
    const int slot = std::countr_one(before);
    if (claimed.compare_exchange_weak(before, before | uint64_t{1} << slot))
      return slot;
  }
  return -1;
}

void Pool::wake(uint64_t count) {
  if (sleepers.load() == 0)
    return;
  wakeups.fetch_add(1);
  futex(wakeups, FUTEX_WAKE, static_cast<uint32_t>(count));
}

//===-- Helpers begin and end --------------------------------------------------------------------//

uint32_t Pool::size() {
  uint32_t threads = numThreads.load(std::memory_order_relaxed);
  if (threads != 0)
    return threads;
  // Settled here, not asked for again: reading the cgroup's quota takes longer than a small run.
  const uint32_t usable = defaultNumThreads();
  return numThreads.compare_exchange_strong(threads, usable) ? usable : threads;
}

/// Sees to it that there are `wanted` helpers, or as many of them as can be; returns how many.
uint32_t Pool::ensureHelpers(uint32_t wanted) {
  const uint32_t threadsNow = numThreads.load(std::memory_order_relaxed);
  const uint32_t most = threadsNow ? std::min(wanted, threadsNow - 1) : wanted;
  if (numHelpers() < most)
    startHelpers(wanted);
  return std::min(most, numHelpers());
}

void Pool::startHelpers(uint32_t wanted) {
  if (starting.exchange(true, std::memory_order_acquire))
    return; // another leader does it: this one goes ahead with the helpers that there are
  wanted = std::min(wanted, size() - 1);
  for (uint32_t index = numHelpers(); index < wanted; ++index) {
    if (!startHelper(index)) {
      numThreads.store(index + 1); // not to be tried again at each launch
      break;
    }
    helpers.store(index + 1, std::memory_order_release);
  }
  starting.store(false, std::memory_order_release);
}

bool Pool::startHelper(uint32_t index) {
  // The application's signals are for its own threads. Faults are not blocked: a kernel's is
  // reported by the application's handler, whichever thread it happens on.
  sigset_t blocked;
  sigfillset(&blocked);
  for (int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS})
    sigdelset(&blocked, fault);
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0)
    return false;
  const bool started = pthread_attr_setsigmask_np(&attributes, &blocked) == 0 &&
                       pthread_create(&threads[index], &attributes, helperMain, this) == 0;
  pthread_attr_destroy(&attributes);
  return started;
}

Pool::~Pool() {
  while (starting.exchange(true, std::memory_order_acquire))
    sched_yield();
  ending.store(true);
  wakeups.fetch_add(1);
  futex(wakeups, FUTEX_WAKE, INT_MAX);
  const uint32_t count = helpers.exchange(0);
  for (uint32_t index = 0; index < count; ++index)
    pthread_join(threads[index], nullptr);
}

void Pool::forgetHelpers() {
  helpers.store(0);
  sleepers.store(0);
  starting.store(ending.load());
  for (Launch &launch : launches)
    launch.tickets.store(0); // of leaders that are not in this process
  claimed.store(0);
}

//===-- Helpers ----------------------------------------------------------------------------------//

void *Pool::helperMain(void *pool) {
  pthread_setname_np(pthread_self(), "dlc-helper");
  adoptProcessAffinity();
  static_cast<Pool *>(pool)->serve();
  return nullptr;
}

void Pool::serve() {
  unsigned next = 0;
  unsigned pauses = 0; // since the last launch
  int64_t idleSince = 0;
  while (!ending.load(std::memory_order_relaxed)) {
    if (help(next)) {
      pauses = 0;
      continue;
    }
    _mm_pause();
    if (++pauses % pausesPerLook != 0)
      continue;
    if (keepsLeaderFromWork())
      sched_yield();
    const int64_t now = nanoseconds();
    if (pauses == pausesPerLook) {
      idleSince = now;
    } else if (now - idleSince > spinNanoseconds) {
      sleep();
      pauses = 0;
    }
  }
}

/// Joins a launch and works until its tickets are gone; false where no launch has a seat and a
/// ticket. Looks first behind the launch joined last, so that no leader is always served first.
bool Pool::help(unsigned &next) {
  for (uint64_t left = std::rotr(claimed.load(std::memory_order_relaxed), static_cast<int>(next));
       left; left &= left - 1) {
    const unsigned slot = (static_cast<unsigned>(std::countr_zero(left)) + next) % maxLaunches;
    Launch &launch = launches[slot];
    const Ticket ticket = takeTicket(launch, oneSeat);
    if (ticket.count == 0)
      continue;
    setFloatingPointMode(launch.floatingPointMode);
    const int64_t count = compute(launch, ticket, ticket.seat);
    launch.unfinished.fetch_sub(count, std::memory_order_release);
    next = slot + 1;
    return true;
  }
  return false;
}

bool Pool::hasWork() const {
  for (uint64_t left = claimed.load(); left; left &= left - 1)
    if (hasTicketForHelper(launches[std::countr_zero(left)]))
      return true;
  return false;
}

/// Whether a launch is finished whose leader has not noticed. It has been interrupted, perhaps to
/// let this helper wake on its CPU, and may be waiting for the helper to stop spinning.
bool Pool::keepsLeaderFromWork() const {
  for (uint64_t left = claimed.load(std::memory_order_relaxed); left; left &= left - 1)
    if (launches[std::countr_zero(left)].unfinished.load(std::memory_order_relaxed) == 0)
      return true;
  return false;
}

/// Sleeps until a leader wakes it; may return early.
void Pool::sleep() {
  const uint32_t seen = wakeups.load();
  sleepers.fetch_add(1);
  if (!hasWork() && !ending.load())
    futex(wakeups, FUTEX_WAIT, seen);
  sleepers.fetch_sub(1);
}

//===-- The process's pool -----------------------------------------------------------------------//

constinit Pool dlc::runtime::processPool(0);

/// Registered when the runtime is loaded, and taken back by the C library when it is unloaded.
[[maybe_unused]] static const int forkHandler =
    pthread_atfork(nullptr, nullptr, [] { processPool.forgetHelpers(); });
