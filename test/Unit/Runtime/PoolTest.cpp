// The pool: every task once, helpers that take part, leaders of all kinds, fork, the end.
#include "Pool.h"
#include "AllocationTrap.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <gtest/gtest.h>
#include <immintrin.h>
#include <set>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace dlc::runtime;

// The process's pool, which the tests of contexts use too, has helpers on the smallest machine.
static const int environmentSet = setenv("DLC_NUM_THREADS", "4", 1);

namespace {
using Task = std::function<void(int64_t)>;

/// Runs a C++ function as the tasks of a launch. It comes to the kernel as a buffer.
void launch(Pool &pool, int64_t numTasks, const Task &task, uint32_t limit = 0) {
  void *const buffers[] = {const_cast<Task *>(&task)};
  const dlc_kernel_call call = {sizeof(call), 0, buffers, nullptr, nullptr, nullptr};
  pool.run([](const dlc_kernel_call *of,
              int64_t number) { (*static_cast<const Task *>(of->buffers[0]))(number); },
           call, numTasks, limit);
}

template <typename Condition> bool waitFor(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end)
      return false;
    std::this_thread::yield();
  }
  return true;
}

/// A launch whose tasks all wait for each other: ends only when as many threads work at it.
bool meet(Pool &pool, int64_t numThreads) {
  std::atomic<int64_t> arrived{0};
  std::atomic<bool> met{true};
  launch(pool, numThreads, [&](int64_t) {
    arrived.fetch_add(1);
    if (!waitFor([&] { return arrived.load() == numThreads; }))
      met = false;
  });
  return met;
}

/// Launches with plain counters: that each is 1 afterwards, and that a race detector finds nothing,
/// also says that a launch's results are visible to its leader.
void countTasks(Pool &pool, int numLaunches) {
  std::vector<int> counts(64);
  for (int i = 0; i < numLaunches; ++i) {
    const int64_t numTasks = (i * 37) % 64;
    std::fill(counts.begin(), counts.end(), 0);
    launch(pool, numTasks, [&](int64_t task) { ++counts[static_cast<size_t>(task)]; });
    for (int64_t task = 0; task < 64; ++task)
      ASSERT_EQ(counts[static_cast<size_t>(task)], task < numTasks) << "launch " << i;
  }
}
} // namespace

TEST(Pool, ComputesEachTaskOnce) {
  for (uint32_t numThreads : {1, 2, 3, 8}) {
    Pool pool(numThreads);
    countTasks(pool, 5000);
    EXPECT_EQ(pool.numHelpers(), numThreads - 1);
  }
}

TEST(Pool, HelpersTakePart) {
  Pool pool(4);
  for (int i = 0; i < 20; ++i)
    ASSERT_TRUE(meet(pool, 4));
}

TEST(Pool, StartsHelpersWhenThereIsUseForThem) {
  Pool pool(4);
  EXPECT_EQ(pool.numHelpers(), 0u);
  launch(pool, 0, [](int64_t) { FAIL(); });
  launch(pool, 1, [](int64_t) {});
  launch(pool, 100, [](int64_t) {}, 1);
  EXPECT_EQ(pool.numHelpers(), 0u);
  launch(pool, 2, [](int64_t) {});
  EXPECT_EQ(pool.numHelpers(), 1u);
  launch(pool, 100, [](int64_t) {}, 3);
  EXPECT_EQ(pool.numHelpers(), 2u);
  launch(pool, 100, [](int64_t) {}, UINT32_MAX);
  EXPECT_EQ(pool.numHelpers(), 3u);
  Pool alone(1);
  launch(alone, 100, [](int64_t) {});
  EXPECT_EQ(alone.numHelpers(), 0u);
}

TEST(Pool, AsksForItsSizeOnce) {
  Pool pool(0);
  EXPECT_EQ(pool.size(), 4u);
  setenv("DLC_NUM_THREADS", "3", 1);
  EXPECT_EQ(pool.size(), 4u);
  EXPECT_EQ(Pool(0).size(), 3u);
  setenv("DLC_NUM_THREADS", "4", 1);
}

TEST(Pool, NoMoreHelpersJoinThanTheLimitAllows) {
  Pool pool(8);
  ASSERT_TRUE(meet(pool, 8)); // all of them are there and awake
  for (int i = 0; i < 50; ++i) {
    std::mutex mutex;
    std::set<std::thread::id> seen;
    launch(
        pool, 24,
        [&](int64_t) {
          std::this_thread::sleep_for(std::chrono::microseconds(50));
          std::lock_guard<std::mutex> lock(mutex);
          seen.insert(std::this_thread::get_id());
        },
        3);
    ASSERT_LE(seen.size(), 3u);
  }
}

TEST(Pool, ServesManyLeaders) {
  Pool pool(3);
  std::vector<std::thread> leaders;
  for (int i = 0; i < 16; ++i)
    leaders.emplace_back([&] { countTasks(pool, 100); });
  for (std::thread &leader : leaders)
    leader.join();
}

TEST(Pool, ATaskMayLeadALaunch) {
  Pool pool(3);
  for (int i = 0; i < 200; ++i) {
    std::atomic<int> count{0};
    launch(pool, 6, [&](int64_t) {
      launch(pool, 5, [&](int64_t) { launch(pool, 4, [&](int64_t) { count.fetch_add(1); }); });
    });
    ASSERT_EQ(count, 6 * 5 * 4);
  }
}

TEST(Pool, HasNoPlaceForAHundredLaunchesAtOnceAndComputesThemAll) {
  Pool pool(2);
  std::atomic<int> count{0};
  std::function<void(int)> descend = [&](int depth) {
    launch(pool, 2, [&](int64_t task) {
      count.fetch_add(1);
      if (task == 0 && depth > 1)
        descend(depth - 1);
    });
  };
  descend(100);
  EXPECT_EQ(count, 200);
  EXPECT_TRUE(meet(pool, 2)) << "the places were not given back";
}

TEST(Pool, ASleepingHelperIsWoken) {
  Pool pool(3);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(meet(pool, 3));
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

TEST(Pool, IdleHelpersTakeNoTime) {
  Pool pool(3);
  ASSERT_TRUE(meet(pool, 3));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const std::clock_t before = std::clock();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_LT(std::clock() - before, CLOCKS_PER_SEC / 20);
}

TEST(Pool, HelpersAreNamedAndTakeNoSignals) {
  Pool pool(2);
  const std::thread::id leader = std::this_thread::get_id();
  std::string name;
  sigset_t blocked;
  sigemptyset(&blocked);
  std::atomic<int> arrived{0};
  launch(pool, 2, [&](int64_t) {
    if (std::this_thread::get_id() != leader) {
      char text[16];
      pthread_getname_np(pthread_self(), text, sizeof(text));
      name = text;
      pthread_sigmask(SIG_SETMASK, nullptr, &blocked);
    }
    arrived.fetch_add(1);
    EXPECT_TRUE(waitFor([&] { return arrived == 2; }));
  });
  EXPECT_EQ(name, "dlc-helper");
  for (int signal : {SIGINT, SIGTERM, SIGUSR1, SIGALRM, SIGCHLD})
    EXPECT_TRUE(sigismember(&blocked, signal)) << signal;
  EXPECT_FALSE(sigismember(&blocked, SIGSEGV)) << "a fault's handler would not be called";
}

TEST(Pool, HelpersComputeInTheLeadersMode) {
  Pool pool(4);
  for (unsigned mode : {_MM_FLUSH_ZERO_ON, _MM_FLUSH_ZERO_OFF}) {
    _MM_SET_FLUSH_ZERO_MODE(mode);
    std::atomic<int> arrived{0}, matching{0};
    launch(pool, 4, [&](int64_t) {
      volatile float least = 1.17549435e-38f;
      const bool flushed = least * 0.5f == 0.0f;
      matching.fetch_add(flushed == (mode == _MM_FLUSH_ZERO_ON));
      arrived.fetch_add(1);
      EXPECT_TRUE(waitFor([&] { return arrived == 4; }));
    });
    EXPECT_EQ(matching, 4);
  }
}

// ThreadSanitizer takes a forked child's new thread for a helper that stayed behind, and aborts.
#if !defined(__SANITIZE_THREAD__)
TEST(Pool, AForkedChildStartsItsOwnHelpers) {
  ASSERT_TRUE(meet(processPool, 4));
  const pid_t child = fork();
  if (child == 0) {
    const bool none = processPool.numHelpers() == 0;
    const bool works = meet(processPool, 4) && processPool.numHelpers() == 3;
    // Through exit(), which ends the child's helpers and does not look for the parent's.
    none &&works ? std::exit(0) : _exit(1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_TRUE(meet(processPool, 4));
}

TEST(Pool, AForkDuringLaunchesOfOtherThreadsIsHarmless) {
  std::atomic<bool> done{false};
  std::thread leader([&] {
    while (!done)
      launch(processPool, 16, [](int64_t) {});
  });
  for (int i = 0; i < 20; ++i) {
    const pid_t child = fork();
    if (child == 0)
      _exit(meet(processPool, 4) ? 0 : 1);
    int status = -1;
    waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  done = true;
  leader.join();
}

#endif

TEST(Pool, WithoutThreadsTheLeaderComputesAlone) {
  Pool pool(3);
  dlc::test::refusesThreads = true;
  countTasks(pool, 100);
  EXPECT_EQ(pool.numHelpers(), 0u);
  dlc::test::refusesThreads = false;
}

TEST(Pool, EndsWhileHelpersSpinAndWhileTheySleep) {
  for (int i = 0; i < 100; ++i) {
    Pool pool(3);
    launch(pool, 8, [](int64_t) {});
    if (i % 4 == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}
