// Sessions on a device: choice, numbers, memory of callers, streams, profiles.
#include "CudaFixture.h"

#include <thread>

using namespace dlc::test;

// Of the driver's API, to act as a caller with memory of a device.
extern "C" int cuDevicePrimaryCtxRetain(void **context, int device);
extern "C" int cuDevicePrimaryCtxRelease_v2(int device);
extern "C" int cuCtxPushCurrent_v2(void *context);
extern "C" int cuCtxPopCurrent_v2(void **context);
extern "C" int cuMemAlloc_v2(uint64_t *pointer, size_t bytes);
extern "C" int cuMemFree_v2(uint64_t pointer);
extern "C" int cuStreamCreate(void **stream, unsigned flags);
extern "C" int cuStreamDestroy_v2(void *stream);

namespace {
class CudaTest : public CudaFixture {};

/// A caller's own memory on a device.
struct CallersMemory {
  CallersMemory(int device, size_t count) : device(device) {
    cuDevicePrimaryCtxRetain(&context, device);
    cuCtxPushCurrent_v2(context);
    cuMemAlloc_v2(&pointer, count * sizeof(float));
    cuCtxPopCurrent_v2(&context);
  }
  ~CallersMemory() {
    cuCtxPushCurrent_v2(context);
    cuMemFree_v2(pointer);
    cuCtxPopCurrent_v2(&context);
    cuDevicePrimaryCtxRelease_v2(device);
  }
  float *data() const { return reinterpret_cast<float *>(pointer); }
  int device;
  void *context = nullptr;
  uint64_t pointer = 0;
};
} // namespace

TEST_F(CudaTest, TheSessionSaysWhereItRuns) {
  ASSERT_EQ(load(DLC_DEVICE_CUDA, 1), DLC_OK) << reason;
  dlc_session_info info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(dlc_session_describe(session, &info), DLC_OK);
  EXPECT_STREQ(info.device, "cuda:1 (Fake GPU, sm_90)");
  dlc_tensor_info x = {};
  x.struct_size = sizeof(x);
  ASSERT_EQ(dlc_session_input(session, 1, &x), DLC_OK);
  EXPECT_EQ(x.flags, static_cast<uint32_t>(DLC_INFO_ON_DEVICE));
}

TEST_F(CudaTest, RunsOfManySizes) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  for (int64_t mode : {PLAIN, LOOK_BACK, LATE, SHARED, MANY_COPIES})
    for (int64_t n : {1, 2, 127, 128, 129, 0, 5000}) {
      CudaCall call(session, n, mode);
      for (int run = 0; run < 4; ++run) {
        ASSERT_EQ(call.run(), DLC_OK) << call.error();
        call.expectResult();
      }
    }
}

TEST_F(CudaTest, ACopyOnTheDeviceFollowsTheKernels) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  CudaCall call(session, 100, COPY_ON_DEVICE);
  for (int run = 0; run < 3; ++run) {
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    call.expectResult();
  }
}

TEST_F(CudaTest, SessionsOfAFileShareCodeAndWeights) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  const fake_counts before = fake_get_counts();
  dlc_session *second = nullptr;
  ASSERT_EQ(loadInto(second, path), DLC_OK) << reason;
  EXPECT_EQ(fake_get_counts().live, before.live);
  EXPECT_EQ(fake_get_counts().bytes_to_device, before.bytes_to_device);
  dlc_session_release(second);
  CudaCall call(session, 10);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

TEST_F(CudaTest, MemoryOfTheDeviceIsUsedWithoutACopy) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  const CallersMemory x(0, 50), y(0, 50);
  CudaCall call(session, 50);
  std::copy(call.x.begin(), call.x.end(), x.data());
  call.inputs[1].data = x.data();
  call.inputs[1].memory = DLC_MEMORY_DEVICE;
  call.output.data = y.data();
  call.output.capacity = 200;
  call.output.memory = DLC_MEMORY_DEVICE;
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult(y.data());
  const int64_t bytes = fake_get_counts().bytes_to_device;
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  EXPECT_EQ(fake_get_counts().bytes_to_device - bytes, 4); // the program's own copy
}

TEST_F(CudaTest, AnAllocatedOutputOutlivesTheSession) {
  ASSERT_EQ(load(DLC_DEVICE_CUDA, 1), DLC_OK) << reason;
  dlc_output output = {};
  {
    CudaCall call(session, 7);
    call.output.memory = DLC_MEMORY_DEVICE;
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    std::swap(output, call.output);
    dlc_session_release(session);
    session = nullptr;
    call.output.struct_size = 0;
    call.expectResult(static_cast<const float *>(output.data));
  }
  EXPECT_EQ(output.ordinal, 1U);
  dlc_output_release(&output);
  EXPECT_EQ(output.data, nullptr);
}

TEST_F(CudaTest, MemoryThatCannotBeUsedIsRefused) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  const CallersMemory other(1, 50), small(0, 49);
  CudaCall call(session, 50);
  call.inputs[1].memory = DLC_MEMORY_DEVICE;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 'x': expected memory of device cuda:0 (Fake GPU, sm_90), found an "
                          "address that the CUDA driver does not know");
  call.inputs[1].data = other.data();
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 'x': expected memory of device cuda:0 (Fake GPU, sm_90), found "
                          "memory of cuda:1");
  call.inputs[1].data = small.data();
  EXPECT_EQ(call.run(), DLC_BUFFER_TOO_SMALL);
  EXPECT_EQ(call.error(), "input 'x': expected 200 bytes of memory, found an allocation with 196");
  call.inputs[1].data = reinterpret_cast<char *>(small.data()) + 1;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 'x': data is not aligned to its elements");
  call.inputs[1].memory = DLC_MEMORY_HOST;
  call.inputs[1].data = call.x.data();
  call.inputs[0].memory = DLC_MEMORY_DEVICE;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(),
            "input 'mode': expected memory of the host, where the model uses it, found "
            "memory of a device");
  call.inputs[0].memory = 7;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 'mode': unknown kind of memory 7");
  call.inputs[0].memory = DLC_MEMORY_HOST;
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

TEST_F(CudaTest, OutputsThatCannotBeWrittenAreRefused) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  const CallersMemory other(1, 50), small(0, 49), large(0, 51);
  CudaCall call(session, 50);
  auto give = [&](void *data) {
    call.output.data = data;
    call.output.capacity = 200;
    call.output.memory = DLC_MEMORY_DEVICE;
    return call.run();
  };
  EXPECT_EQ(give(call.x.data()), DLC_INVALID_ARGUMENT);
  EXPECT_NE(call.error().find("output 'y': expected memory of device cuda:0"), std::string::npos);
  EXPECT_EQ(give(other.data()), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 'y': expected memory of device cuda:0 (Fake GPU, sm_90), found "
                          "memory of cuda:1");
  EXPECT_EQ(give(small.data()), DLC_BUFFER_TOO_SMALL);
  EXPECT_EQ(call.error(), "output 'y': expected 200 bytes of memory, found an allocation with 196");
  EXPECT_EQ(give(reinterpret_cast<char *>(large.data()) + 2), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 'y': data is not aligned to its elements");
  ASSERT_EQ(give(large.data()), DLC_OK) << call.error();
  call.expectResult(large.data());
}

TEST_F(CudaTest, ASessionOnTheCpuTakesMemoryOfTheHostAlone) {
  const std::string cpu = folder.write("cpu.so", buildArtifact().bytes);
  ASSERT_EQ(loadInto(session, cpu), DLC_OK) << reason;
  dlc_session_info info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(dlc_session_describe(session, &info), DLC_OK);
  EXPECT_STREQ(info.device, "cpu");
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_context_create(session, nullptr, &context), DLC_OK);
  const int64_t dims[] = {2, 3};
  float data[6] = {};
  dlc_input inputs[2] = {};
  for (uint32_t i = 0; i < 2; ++i) {
    inputs[i].struct_size = sizeof(dlc_input);
    inputs[i].dtype = DLC_F32;
    inputs[i].rank = 2 - i;
    inputs[i].dims = dims;
    inputs[i].data = data;
    inputs[i].memory = DLC_MEMORY_DEVICE;
  }
  EXPECT_EQ(dlc_context_plan(context, inputs, 2, nullptr, 0, nullptr), DLC_INVALID_ARGUMENT);
  EXPECT_NE(std::string(dlc_context_error_text(context)).find("as the session runs on the CPU"),
            std::string::npos);
  dlc_context_release(context);
}

TEST_F(CudaTest, RunsOnTheCallersStream) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  void *context = nullptr, *stream = nullptr;
  cuDevicePrimaryCtxRetain(&context, 0);
  cuCtxPushCurrent_v2(context);
  cuStreamCreate(&stream, 0);
  CudaCall call(session, 9);
  dlc_run_options options = {};
  options.struct_size = sizeof(options);
  options.stream = stream;
  for (int run = 0; run < 3; ++run)
    ASSERT_EQ(call.run(&options), DLC_OK) << call.error();
  call.expectResult();
  cuStreamDestroy_v2(stream);
  cuCtxPopCurrent_v2(&context);
  cuDevicePrimaryCtxRelease_v2(0);
}

TEST_F(CudaTest, AProfileHasADevicesTimes) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  for (int64_t mode : {PLAIN, LOOK_BACK}) {
    CudaCall call(session, 9, mode);
    dlc_profile_row rows[2] = {};
    rows[0].struct_size = rows[1].struct_size = sizeof(rows[0]);
    dlc_run_options options = {};
    options.struct_size = sizeof(options);
    options.profile = rows;
    options.num_profile_rows = 2;
    for (int run = 0; run < 2; ++run)
      ASSERT_EQ(call.run(&options), DLC_OK) << call.error();
    call.expectResult();
    EXPECT_EQ(rows[0].calls, 2U);
    EXPECT_EQ(rows[1].calls, 4U);
    EXPECT_EQ(rows[1].nanoseconds, 1000000U);
    EXPECT_EQ(rows[1].flops, 36U);
  }
}

TEST_F(CudaTest, ThreadsRunAtTheSameTime) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  std::vector<std::thread> threads;
  for (int64_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      CudaCall call(session, 100 + t, t % 2 ? PLAIN : LOOK_BACK);
      for (int run = 0; run < 20; ++run) {
        ASSERT_EQ(call.run(), DLC_OK) << call.error();
        call.expectResult();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}
