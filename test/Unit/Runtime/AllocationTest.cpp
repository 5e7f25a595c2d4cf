// Want of memory at any point: a status, no leak, and the next call works.
#include "ArtifactBuilder.h"

#include "dlc/dlc.h"

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <gtest/gtest.h>

using namespace dlc::test;

// The linker directs the allocations of the runtime here (--wrap). The one that counts `countdown`
// down to zero fails; a negative number never gets there.
static std::atomic<int> countdown{-1};

static bool failsNow() { return countdown >= 0 && countdown-- == 0; }

extern "C" {
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);

void *__wrap_malloc(size_t size) { return failsNow() ? nullptr : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) {
  return failsNow() ? nullptr : __real_calloc(count, size);
}
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
  return failsNow() ? ENOMEM : __real_posix_memalign(memory, alignment, size);
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
  const dlc_input inputs[2] = {{sizeof(dlc_input), DLC_F32, nullptr, 2, 0, dims, data, 24},
                               {sizeof(dlc_input), DLC_F32, nullptr, 1, 0, dims, data, 8}};
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
      {sizeof(dlc_input), DLC_F32, nullptr, 2, 0, dims, data.data(), n * 12},
      {sizeof(dlc_input), DLC_F32, nullptr, 1, 0, dims, data.data(), n * 4}};
  dlc_output outputs[2] = {};
  outputs[0].struct_size = outputs[1].struct_size = sizeof(dlc_output);
  outputs[0].data = y.data();
  outputs[0].capacity = n * 12;
  outputs[1].data = rows.data();
  outputs[1].capacity = (n - 2) * 8;
  ASSERT_EQ(dlc_context_run(context, nullptr, inputs, 2, outputs, 2), DLC_OK);
  dlc_profile_row profile[2] = {};
  profile[0].struct_size = profile[1].struct_size = sizeof(dlc_profile_row);
  const dlc_run_options profiled = {sizeof(profiled), 0, nullptr, 0, profile, 2, 0};
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
