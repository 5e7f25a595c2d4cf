// How many threads a process should compute with.
#ifndef DLC_RUNTIME_CPUS_H
#define DLC_RUNTIME_CPUS_H

#include <cstddef>
#include <cstdint>

namespace dlc::runtime {

/// Nobody asks for more threads than this.
constexpr uint32_t maxThreads = 1024;

/// DLC_NUM_THREADS where it is a number from 1 to maxThreads, else the CPUs that the process may
/// use, by its affinity mask and its cgroup's quota. At least 1.
uint32_t defaultNumThreads();

/// The number from 1 to maxThreads that `text` is; 0 for any other text and for null.
uint32_t parseNumThreads(const char *text);

/// CPUs in the affinity mask of the process's main thread; 1 where it cannot be read. A caller that
/// has pinned itself to one CPU thus does not decide for the whole process.
uint32_t affinityCpus();

/// Lets the calling thread run on the CPUs that affinityCpus() counted: a new thread starts with
/// the mask of the one that made it.
void adoptProcessAffinity();

/// CPUs that the cgroup of this process and those around it may use, rounded up; 0: no limit.
/// `root` stands before /proc and /sys and is "" but in tests.
uint32_t quotaCpus(const char *root);

/// The limit in the text of cpu.max (cgroup v2: "150000 100000"), rounded up to CPUs; 0: no limit.
uint32_t parseCpuMax(const char *text);

/// The limit that cpu.cfs_quota_us and cpu.cfs_period_us (cgroup v1) state; 0: no limit.
uint32_t parseCfsQuota(const char *quotaText, const char *periodText);

/// Finds in the text of /proc/self/cgroup the path below the mount of the v1 controller `cpu`, or
/// of v2 where `controller` is "". Copies it without a `/` at its end; false where there is none.
bool findCgroupPath(const char *text, const char *controller, char *path, size_t capacity);

} // namespace dlc::runtime

#endif
