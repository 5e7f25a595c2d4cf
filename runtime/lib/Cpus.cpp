#include "Cpus.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

using namespace dlc::runtime;

namespace {
/// The set of CPUs that a thread may use. Larger than cpu_set_t, which ends at CPU 1023 and which
/// the kernel refuses to fill on larger machines.
struct CpuMask {
  static constexpr int maxCpus = 8192;
  alignas(cpu_set_t) unsigned char bits[maxCpus / CHAR_BIT];

  cpu_set_t *set() { return reinterpret_cast<cpu_set_t *>(bits); }
  /// Reads the main thread's mask.
  bool read() {
    memset(bits, 0, sizeof(bits));
    return sched_getaffinity(getpid(), sizeof(bits), set()) == 0;
  }
};
} // namespace

uint32_t dlc::runtime::parseNumThreads(const char *text) {
  if (!text || *text < '0' || *text > '9')
    return 0;
  char *end = nullptr;
  errno = 0;
  const unsigned long number = strtoul(text, &end, 10);
  return *end == '\0' && errno == 0 && number <= maxThreads ? static_cast<uint32_t>(number) : 0;
}

uint32_t dlc::runtime::affinityCpus() {
  CpuMask mask;
  const int count = mask.read() ? CPU_COUNT_S(sizeof(mask.bits), mask.set()) : 0;
  return count > 0 ? static_cast<uint32_t>(count) : 1;
}

void dlc::runtime::adoptProcessAffinity() {
  CpuMask mask;
  if (mask.read())
    (void)sched_setaffinity(0, sizeof(mask.bits), mask.set()); // Where refused: slower, not wrong.
}

/// Quota over period, both in microseconds, rounded up; 0 where they are no limit.
static uint32_t limitOf(long long quota, long long period) {
  if (quota <= 0 || period <= 0)
    return 0;
  const long long cpus = quota / period + (quota % period != 0);
  return static_cast<uint32_t>(std::min<long long>(cpus, UINT32_MAX));
}

uint32_t dlc::runtime::parseCpuMax(const char *text) {
  long long quota = 0, period = 0; // "max 100000" does not start with a number
  return sscanf(text, "%lld %lld", &quota, &period) == 2 ? limitOf(quota, period) : 0;
}

uint32_t dlc::runtime::parseCfsQuota(const char *quotaText, const char *periodText) {
  return limitOf(atoll(quotaText), atoll(periodText)); // a quota of -1: no limit
}

/// Whether `name` is one of a comma-separated list of `length` characters.
static bool listContains(const char *list, size_t length, const char *name) {
  const size_t nameLength = strlen(name);
  for (size_t begin = 0; begin <= length;) {
    size_t end = begin;
    while (end < length && list[end] != ',')
      ++end;
    if (end - begin == nameLength && memcmp(list + begin, name, nameLength) == 0)
      return true;
    begin = end + 1;
  }
  return false;
}

bool dlc::runtime::findCgroupPath(const char *text, const char *controller, char *path,
                                  size_t capacity) {
  // One line for each hierarchy: number:controllers:path. That of v2 has no controllers.
  for (const char *line = text; *line;) {
    const char *end = strchrnul(line, '\n');
    const char *first = strchrnul(line, ':');
    const char *second = first < end ? strchrnul(first + 1, ':') : end;
    if (second < end &&
        listContains(first + 1, static_cast<size_t>(second - first - 1), controller)) {
      auto length = static_cast<size_t>(end - second - 1);
      while (length > 0 && second[length] == '/')
        --length;
      if (length >= capacity)
        return false;
      memcpy(path, second + 1, length);
      path[length] = '\0';
      return true;
    }
    line = *end ? end + 1 : end;
  }
  return false;
}

/// Reads the start of a file whose path is given in parts; false where it cannot be read.
static bool readText(const char *root, const char *folder, const char *path, const char *name,
                     char *text, size_t capacity) {
  char full[PATH_MAX];
  const int length = snprintf(full, sizeof(full), "%s%s%s/%s", root, folder, path, name);
  if (length < 0 || static_cast<size_t>(length) >= sizeof(full))
    return false;
  const int file = open(full, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return false;
  const ssize_t size = read(file, text, capacity - 1);
  close(file);
  text[size > 0 ? size : 0] = '\0';
  return size > 0;
}

/// The limit of one cgroup; 0: none.
static uint32_t limitOfGroup(const char *root, const char *mount, const char *path, bool isV2) {
  char first[64], second[64];
  if (isV2)
    return readText(root, mount, path, "cpu.max", first, sizeof(first)) ? parseCpuMax(first) : 0;
  return readText(root, mount, path, "cpu.cfs_quota_us", first, sizeof(first)) &&
                 readText(root, mount, path, "cpu.cfs_period_us", second, sizeof(second))
             ? parseCfsQuota(first, second)
             : 0;
}

/// The least limit of the cgroup at `path` and of all above it up to the mount. In a container the
/// path may be one that only its host knows: then the container's own group is the mount, the last
/// that is looked at.
static uint32_t leastLimit(const char *root, const char *mount, char *path, bool isV2) {
  uint32_t least = 0;
  for (;;) {
    const uint32_t limit = limitOfGroup(root, mount, path, isV2);
    if (limit != 0 && (least == 0 || limit < least))
      least = limit;
    char *last = strrchr(path, '/');
    if (!last)
      return least;
    *last = '\0';
  }
}

uint32_t dlc::runtime::quotaCpus(const char *root) {
  // Where everybody mounts them; the kernel lets only one hierarchy have the cpu controller.
  static constexpr struct {
    const char *mount;
    bool isV2;
  } hierarchies[] = {{"/sys/fs/cgroup", true},
                     {"/sys/fs/cgroup/unified", true},
                     {"/sys/fs/cgroup/cpu", false},
                     {"/sys/fs/cgroup/cpu,cpuacct", false}};
  char text[8192];
  if (!readText(root, "/proc", "/self", "cgroup", text, sizeof(text)))
    return 0;
  for (const auto &hierarchy : hierarchies) {
    char path[PATH_MAX];
    if (!findCgroupPath(text, hierarchy.isV2 ? "" : "cpu", path, sizeof(path)))
      continue;
    if (uint32_t limit = leastLimit(root, hierarchy.mount, path, hierarchy.isV2))
      return limit;
  }
  return 0;
}

uint32_t dlc::runtime::defaultNumThreads() {
  if (uint32_t given = parseNumThreads(getenv("DLC_NUM_THREADS")))
    return given;
  const uint32_t cpus = std::min(affinityCpus(), maxThreads);
  const uint32_t quota = quotaCpus("");
  return quota != 0 ? std::min(cpus, quota) : cpus;
}
