// What a process keeps of sessions and contexts that it has released: nothing, however many they
// were.
#include "AllocationTrap.h"
#include "ArtifactBuilder.h"

#include "dlc/dlc.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

using namespace dlc::test;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static constexpr int numRounds = 1000; // they take ten times as long, and keep what was freed
static constexpr bool countsPages = false;
#else
static constexpr int numRounds = 10000;
static constexpr bool countsPages = true;
#endif

static size_t countEntries(const char *folder) {
  const std::filesystem::directory_iterator begin(folder);
  return static_cast<size_t>(std::distance(begin, {}));
}

/// Pages of this process that lie in memory.
static int64_t countPages() {
  int64_t all = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> all >> resident;
  return resident;
}

/// Loads, plans, runs and releases, with an output that the run allocates; every third time the run
/// fails.
static void useOnce(const std::string &path, int round) {
  dlc_session *session = nullptr;
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_session_load(path.c_str(), nullptr, nullptr, 0, &session), DLC_OK);
  ASSERT_EQ(dlc_context_create(session, nullptr, &context), DLC_OK);
  const int64_t dims[] = {5, 3};
  const float data[15] = {};
  const uint64_t size = round % 3 == 0 ? 16 : 20;
  const dlc_input inputs[2] = {
      {sizeof(dlc_input), DLC_F32, nullptr, 2, 0, dims, data, 60, nullptr, 0, 0},
      {sizeof(dlc_input), DLC_F32, nullptr, 1, 0, dims, data, size, nullptr, 0, 0}};
  dlc_output outputs[2] = {};
  outputs[0].struct_size = outputs[1].struct_size = sizeof(dlc_output);
  EXPECT_EQ(dlc_context_run(context, nullptr, inputs, 2, outputs, 2),
            size == 20 ? DLC_OK : DLC_BUFFER_TOO_SMALL);
  dlc_output_release(&outputs[0]);
  dlc_output_release(&outputs[1]);
  dlc_context_release(context);
  dlc_session_release(session);
}

TEST(Lifetime, ThousandsOfSessionsLeaveNothing) {
  TemporaryFolder folder;
  const std::string path = folder.write("model.so", buildArtifact().bytes);
  for (int i = 0; i < numRounds / 10; ++i)
    useOnce(path, i);
  const int64_t allocations = liveAllocations, pages = countPages();
  const size_t threads = countEntries("/proc/self/task"), files = countEntries("/proc/self/fd"),
               mappings = countEntries("/proc/self/map_files");
  for (int i = 0; i < numRounds; ++i)
    useOnce(path, i);
  // Of each load libc has allocated the file's real name, which is counted when it is freed.
  EXPECT_EQ(liveAllocations, allocations - numRounds);
  EXPECT_EQ(countEntries("/proc/self/task"), threads);
  EXPECT_EQ(countEntries("/proc/self/fd"), files);
  EXPECT_LE(countEntries("/proc/self/map_files"), mappings + 8); // the heap may grow by a few
  if (countsPages) {
    EXPECT_LE(countPages(), pages + 64); // of 4 KiB; a file alone would be 10,000 times 5 of them
  }
}

TEST(Lifetime, ContextsOfOneSessionLeaveNothing) {
  TemporaryFolder folder;
  dlc_session *session = nullptr;
  ASSERT_EQ(dlc_session_load(folder.write("model.so", buildArtifact().bytes).c_str(), nullptr,
                             nullptr, 0, &session),
            DLC_OK);
  const int64_t allocations = liveAllocations;
  for (int i = 0; i < numRounds; ++i) {
    dlc_context *context = nullptr;
    ASSERT_EQ(dlc_context_create(session, nullptr, &context), DLC_OK);
    dlc_context_release(context);
  }
  EXPECT_EQ(liveAllocations, allocations);
  dlc_session_release(session);
}
