// Counts the runtime's allocations, and lets one of them, or its threads, fail.
#ifndef DLC_TEST_ALLOCATIONTRAP_H
#define DLC_TEST_ALLOCATIONTRAP_H

#include <atomic>
#include <cstdint>

namespace dlc::test {

/// The allocation that counts this down to zero fails; a negative number never gets there.
extern std::atomic<int> countdown;

/// Allocations not freed. What libc has allocated for the runtime is counted when it is freed
/// alone: differences between two points of a test count.
extern std::atomic<int64_t> liveAllocations;

/// Whether no thread of the runtime can be started.
extern std::atomic<bool> refusesThreads;

} // namespace dlc::test

#endif
