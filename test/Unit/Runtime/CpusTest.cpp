// How many threads: the environment variable, affinity, cgroup quota.
#include "Cpus.h"

#include "ArtifactBuilder.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace dlc::runtime;

TEST(Cpus, ParsesNumThreads) {
  EXPECT_EQ(parseNumThreads("1"), 1u);
  EXPECT_EQ(parseNumThreads("016"), 16u);
  EXPECT_EQ(parseNumThreads("1024"), 1024u);
  for (const char *text : {"", "0", "1025", "-1", "+2", " 2", "2 ", "2x", "0x2", "1.5", "two",
                           "2,4", "99999999999999999999999", "18446744073709551618"})
    EXPECT_EQ(parseNumThreads(text), 0u) << text;
  EXPECT_EQ(parseNumThreads(nullptr), 0u);
}

TEST(Cpus, ParsesCpuMax) {
  EXPECT_EQ(parseCpuMax("max 100000\n"), 0u);
  EXPECT_EQ(parseCpuMax("100000 100000\n"), 1u);
  EXPECT_EQ(parseCpuMax("150000 100000\n"), 2u);
  EXPECT_EQ(parseCpuMax("1000 100000\n"), 1u);
  EXPECT_EQ(parseCpuMax("6400000 100000"), 64u);
  EXPECT_EQ(parseCpuMax("9223372036854775807 1"), UINT32_MAX);
  for (const char *text : {"", "100000", "100000 0", "-1 100000", "nonsense"})
    EXPECT_EQ(parseCpuMax(text), 0u) << text;
}

TEST(Cpus, ParsesCfsQuota) {
  EXPECT_EQ(parseCfsQuota("-1\n", "100000\n"), 0u);
  EXPECT_EQ(parseCfsQuota("250000\n", "100000\n"), 3u);
  EXPECT_EQ(parseCfsQuota("50000\n", "100000\n"), 1u);
  EXPECT_EQ(parseCfsQuota("50000", "0"), 0u);
  EXPECT_EQ(parseCfsQuota("", ""), 0u);
}

TEST(Cpus, FindsTheCgroupsPath) {
  auto find = [](const char *text, const char *controller, size_t capacity = 64) {
    char path[64] = "?";
    return findCgroupPath(text, controller, path, capacity) ? std::string(path) : "none";
  };
  const char *hybrid = "4:cpuset:/a\n3:cpu,cpuacct:/docker/b:c\n1:name=systemd:/d\n0::/e/f\n";
  EXPECT_EQ(find(hybrid, "cpu"), "/docker/b:c");
  EXPECT_EQ(find(hybrid, "cpuacct"), "/docker/b:c");
  EXPECT_EQ(find(hybrid, "cpuset"), "/a");
  EXPECT_EQ(find(hybrid, ""), "/e/f");
  EXPECT_EQ(find("0::/\n", ""), "");
  EXPECT_EQ(find("0::/", "cpu"), "none");
  EXPECT_EQ(find("3:cpuset:/a", "cpu"), "none");
  EXPECT_EQ(find("0::/long", "", 5), "none");
  EXPECT_EQ(find("0::/long", "", 6), "/long");
  for (const char *text : {"", "\n\n", "0", "0:", "0:cpu", "::", "nonsense\n"})
    EXPECT_EQ(find(text, "cpu"), "none") << text;
}

namespace {
/// A tree of /proc and /sys as some system may have it.
struct FakeSystem {
  void write(const std::string &path, const std::string &text) const {
    const std::filesystem::path full = folder.path(path);
    std::filesystem::create_directories(full.parent_path());
    std::ofstream(full) << text;
  }
  uint32_t quota() const { return quotaCpus(folder.path("").c_str()); }

  dlc::test::TemporaryFolder folder;
};
} // namespace

TEST(Cpus, TakesTheLeastQuotaUpToTheRoot) {
  FakeSystem system;
  EXPECT_EQ(system.quota(), 0u);
  system.write("proc/self/cgroup", "0::/slice/service\n");
  EXPECT_EQ(system.quota(), 0u);
  system.write("sys/fs/cgroup/slice/service/cpu.max", "max 100000\n");
  EXPECT_EQ(system.quota(), 0u);
  system.write("sys/fs/cgroup/slice/cpu.max", "350000 100000\n");
  EXPECT_EQ(system.quota(), 4u);
  system.write("sys/fs/cgroup/slice/service/cpu.max", "600000 100000\n");
  EXPECT_EQ(system.quota(), 4u);
  system.write("sys/fs/cgroup/slice/service/cpu.max", "200000 100000\n");
  EXPECT_EQ(system.quota(), 2u);
}

TEST(Cpus, ReadsAContainersOwnGroupWhereItsPathIsTheHosts) {
  FakeSystem system;
  system.write("proc/self/cgroup", "5:cpu,cpuacct:/docker/0123\n0::/docker/0123\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "150000\n");
  system.write("sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(system.quota(), 2u);
}

TEST(Cpus, TheDefaultFollowsEnvironmentAndAffinity) {
  // In a child, whose affinity and environment no other test sees.
  const pid_t child = fork();
  if (child == 0) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    bool good = setenv("DLC_NUM_THREADS", "7", 1) == 0 && defaultNumThreads() == 7;
    good = good && sched_setaffinity(0, sizeof(one), &one) == 0 && defaultNumThreads() == 7;
    good = good && setenv("DLC_NUM_THREADS", "many", 1) == 0 && defaultNumThreads() == 1;
    good = good && unsetenv("DLC_NUM_THREADS") == 0 && defaultNumThreads() == 1;
    _exit(good && affinityCpus() == 1 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_LE(affinityCpus(), static_cast<uint32_t>(sysconf(_SC_NPROCESSORS_CONF)));
}
