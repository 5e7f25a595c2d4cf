// Want of memory at any point: a status, no leak, and the next call works.
#include "AllocationTrap.h"
#include "Arena.h"
#include "ArtifactBuilder.h"

#include "dlc/dlc.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <gtest/gtest.h>
#include <pthread.h>

using namespace dlc::test;

// The linker directs the allocations of the runtime here (--wrap).
std::atomic<int> dlc::test::countdown{-1};
std::atomic<int64_t> dlc::test::liveAllocations{0};
std::atomic<bool> dlc::test::refusesThreads{false};

static bool failsNow() { return countdown >= 0 && countdown-- == 0; }

static void *counted(void *memory) {
  liveAllocations += memory != nullptr;
  return memory;
}

extern "C" {
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void __real_free(void *memory);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *argument);

void *__wrap_malloc(size_t size) { return failsNow() ? nullptr : counted(__real_malloc(size)); }
void *__wrap_calloc(size_t count, size_t size) {
  return failsNow() ? nullptr : counted(__real_calloc(count, size));
}
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
  if (failsNow())
    return ENOMEM;
  const int error = __real_posix_memalign(memory, alignment, size);
  liveAllocations += error == 0;
  return error;
}
void __wrap_free(void *memory) {
  liveAllocations -= memory != nullptr;
  __real_free(memory);
}
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *argument) {
  return refusesThreads ? EAGAIN : __real_pthread_create(thread, attributes, function, argument);
}
}

/// Loads, runs once and checks one number. Returns the first failure.
static dlc_status useArtifact(const std::string &path) {
  dlc_session *session = nullptr;
  dlc_context *context = nullptr;
  dlc_status status = dlc_session_load(path.c_str(), nullptr, nullptr, 0, &session);
  if (status == DLC_OK)
    status = dlc_context_create(session, nullptr, &context);
  const int64_t dims[] = {2, 3};
  const float data[6] = {1, 2, 3, 4, 5, 6};
  const dlc_input inputs[2] = {
      {sizeof(dlc_input), DLC_F32, nullptr, 2, 0, dims, data, 24, nullptr, 0, 0},
      {sizeof(dlc_input), DLC_F32, nullptr, 1, 0, dims, data, 8, nullptr, 0, 0}};
  dlc_output outputs[2] = {};
  outputs[0].struct_size = outputs[1].struct_size = sizeof(dlc_output);
  if (status == DLC_OK)
    status = dlc_context_run(context, nullptr, inputs, 2, outputs, 2);
  if (status == DLC_OK)
    EXPECT_EQ(static_cast<float *>(outputs[0].data)[5], 6.0f + 2.0f + 30.0f);
  else
    EXPECT_EQ(outputs[0].data, nullptr);
  dlc_output_release(&outputs[0]);
  dlc_output_release(&outputs[1]);
  dlc_context_release(context);
  dlc_session_release(session);
  return status;
}

TEST(Allocation, EveryFailureIsAStatus) {
  TemporaryFolder folder;
  const std::string path = folder.write("model.so", buildArtifact().bytes);
  int numFailures = 0;
  for (;; ++numFailures) {
    countdown = numFailures;
    dlc_status status = useArtifact(path);
    const bool reached = countdown < 0;
    countdown = -1;
    if (!reached) {
      EXPECT_EQ(status, DLC_OK);
      break;
    }
    ASSERT_EQ(status, DLC_OUT_OF_MEMORY) << "allocation " << numFailures;
    ASSERT_EQ(useArtifact(path), DLC_OK);
  }
  // Session, manifest and its tables, context and its tables, arena, two outputs.
  EXPECT_GE(numFailures, 15);
}

TEST(Allocation, OnlyTheFirstRunAllocates) {
  TemporaryFolder folder;
  const std::string path = folder.write("model.so", buildArtifact().bytes);
  dlc_session *session = nullptr;
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_session_load(path.c_str(), nullptr, nullptr, 0, &session), DLC_OK);
  ASSERT_EQ(dlc_context_create(session, nullptr, &context), DLC_OK);
  constexpr int64_t n = 2000;
  const int64_t dims[] = {n, 3};
  std::vector<float> data(n * 3, 1.0f), y(n * 3);
  std::vector<int64_t> rows(n - 2);
  const dlc_input inputs[2] = {
      {sizeof(dlc_input), DLC_F32, nullptr, 2, 0, dims, data.data(), n * 12, nullptr, 0, 0},
      {sizeof(dlc_input), DLC_F32, nullptr, 1, 0, dims, data.data(), n * 4, nullptr, 0, 0}};
  dlc_output outputs[2] = {};
  outputs[0].struct_size = outputs[1].struct_size = sizeof(dlc_output);
  outputs[0].data = y.data();
  outputs[0].capacity = n * 12;
  outputs[1].data = rows.data();
  outputs[1].capacity = (n - 2) * 8;
  ASSERT_EQ(dlc_context_run(context, nullptr, inputs, 2, outputs, 2), DLC_OK);
  dlc_profile_row profile[2] = {};
  profile[0].struct_size = profile[1].struct_size = sizeof(dlc_profile_row);
  const dlc_run_options profiled = {sizeof(profiled), 0, nullptr, 0, profile, 2, 0, nullptr};
  countdown = 0; // fails the first allocation, of any thread
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(dlc_context_run(context, i % 2 ? &profiled : nullptr, inputs, 2, outputs, 2), DLC_OK);
  EXPECT_EQ(countdown, 0);
  countdown = -1;
  EXPECT_EQ(profile[0].calls, 50u);
  EXPECT_EQ(y[n * 3 - 1], 32.0f);
  dlc_context_release(context);
  dlc_session_release(session);
}

TEST(Allocation, ScratchMemoryIsKeptForTheNextCall) {
  const int64_t before = liveAllocations;
  {
    dlc::runtime::Scratch scratch;
    // Later calls take less, as much, and in the third place more.
    for (uint64_t third : {1000, 900, 1000, 5000, 5000}) {
      const int64_t kept = liveAllocations;
      countdown = kept == before || third == 5000 ? -1 : 0;
      for (uint64_t size : {uint64_t{0}, uint64_t{100000}, third}) {
        auto *memory = static_cast<char *>(scratch.take(size));
        ASSERT_NE(memory, nullptr);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u);
        memset(memory, 1, size);
      }
      scratch.giveBack();
      countdown = -1;
      EXPECT_EQ(liveAllocations, before + 3);
    }
    EXPECT_EQ(scratch.take(UINT64_MAX), nullptr);
    EXPECT_EQ(scratch.take(uint64_t{1} << 62), nullptr);
    EXPECT_NE(scratch.take(1), nullptr);
  }
  EXPECT_EQ(liveAllocations, before);
}
