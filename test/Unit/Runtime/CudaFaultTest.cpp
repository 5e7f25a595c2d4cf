// What a session on a device says and leaves behind where something is wrong.
#include "CudaFixture.h"

#include <thread>

using namespace dlc::test;

namespace {
class CudaFaultTest : public CudaFixture {
protected:
  static constexpr int illegalAddress = 700;
  static constexpr int outOfMemory = 2;
};
} // namespace

TEST_F(CudaFaultTest, NoDevice) {
  ASSERT_EQ(load(DLC_DEVICE_CUDA, 2), DLC_NO_DEVICE);
  EXPECT_EQ(reason, path + ": no device cuda:2: the CUDA driver finds 2 devices");
}

TEST_F(CudaFaultTest, AnOldDevice) {
  fake_set_devices(1, 61);
  ASSERT_EQ(load(), DLC_INCOMPATIBLE);
  EXPECT_EQ(reason, path +
                        ": expected code for device cuda:0 (Fake GPU, sm_61), found sm_80 (PTX), "
                        "sm_70 (PTX), sm_86a (PTX)");
}

TEST_F(CudaFaultTest, CodeForOneArchitectureIsForNoLaterOne) {
  fake_set_devices(1, 86);
  ASSERT_EQ(load(), DLC_INCOMPATIBLE);
  EXPECT_NE(reason.find("loading code for sm_86a (PTX)"), std::string::npos) << reason;
  fake_set_devices(1, 89);
  EXPECT_EQ(load(), DLC_OK) << reason;
}

TEST_F(CudaFaultTest, TheDriversCompilerRefuses) {
  fake_set_devices(1, 75);
  ASSERT_EQ(load(), DLC_INCOMPATIBLE);
  EXPECT_EQ(reason, path + ": device cuda:0 (Fake GPU, sm_75): loading code for sm_70 (PTX): ptxas "
                           "fatal: line 1: a fake failure (CUDA_ERROR_FAKE, 218)");
}

TEST_F(CudaFaultTest, TheOtherDeviceIsNeverTakenSilently) {
  EXPECT_EQ(load(DLC_DEVICE_CPU), DLC_INCOMPATIBLE);
  EXPECT_EQ(reason, path + ": expected an artifact with code for the CPU alone, found one for "
                           "cuda:sm_80: compile it with --target=cpu too");
  const std::string cpu = folder.write("cpu.so", buildArtifact().bytes);
  EXPECT_EQ(loadInto(session, cpu, DLC_DEVICE_CUDA), DLC_INCOMPATIBLE);
  EXPECT_EQ(reason, cpu + ": expected an artifact with code for CUDA, found one for the CPU alone: "
                          "compile it with --target=cuda:sm_80 or a later architecture");
  EXPECT_EQ(load(4), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(load(DLC_DEVICE_ANY, 1), DLC_INVALID_ARGUMENT);
}

TEST_F(CudaFaultTest, AManifestThatContradictsTheCode) {
  ArtifactSpec spec = deviceSpec();
  spec.images.pop_back();
  EXPECT_EQ(loadInto(session, folder.write("bad.so", buildArtifact(spec).bytes)), DLC_BAD_ARTIFACT);
  spec.images.clear();
  EXPECT_EQ(loadInto(session, folder.write("none.so", buildArtifact(spec).bytes)),
            DLC_BAD_ARTIFACT);
  EXPECT_NE(reason.find("input 'x' cannot lie on a device"), std::string::npos);
}

TEST_F(CudaFaultTest, TooLittleMemory) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  fake_set_memory(1 << 16);
  CudaCall call(session, 100000);
  EXPECT_EQ(call.run(), DLC_OUT_OF_MEMORY);
  EXPECT_EQ(call.error(),
            "device cuda:0 (Fake GPU, sm_90): allocating an arena of 1204608 bytes: out "
            "of memory (CUDA_ERROR_OUT_OF_MEMORY, 2)");
  fake_set_memory(1 << 30);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

TEST_F(CudaFaultTest, TooLittleMemoryForWhatTheRunFinds) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  CudaCall call(session, 100000);
  ASSERT_EQ(call.run(), DLC_OK) << call.error(); // the arena is there
  fake_set_memory(static_cast<uint64_t>(fake_get_counts().device_bytes) + 1000);
  call.mode = LATE;
  EXPECT_EQ(call.run(), DLC_OUT_OF_MEMORY);
  EXPECT_NE(call.error().find("(CUDA_ERROR_OUT_OF_MEMORY, 2)"), std::string::npos) << call.error();
  call.mode = PLAIN;
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

TEST_F(CudaFaultTest, TooManyBlocks) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  CudaCall call(session, 10, MANY_BLOCKS);
  EXPECT_EQ(call.run(), DLC_OVERFLOW);
  EXPECT_EQ(call.error(), "expected a launch of up to 2147483647 blocks, found 2147483648");
}

TEST_F(CudaFaultTest, ARunIsCancelled) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  CudaCall call(session, 10, ENDLESS);
  dlc_context_cancel(call.context);
  EXPECT_EQ(call.run(), DLC_CANCELLED);
  call.mode = PLAIN;
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

TEST_F(CudaFaultTest, AStickyErrorIsNamedUntilTheDeviceIsLetGo) {
  ASSERT_EQ(load(), DLC_OK) << reason;
  {
    CudaCall call(session, 10);
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    fake_fail_at(3, illegalAddress);
    EXPECT_EQ(call.run(), DLC_DEVICE_FAILED);
    const std::string first = call.error();
    EXPECT_NE(first.find("an illegal memory access was encountered (CUDA_ERROR_ILLEGAL_ADDRESS, "
                         "700)"),
              std::string::npos)
        << first;
    EXPECT_EQ(call.run(), DLC_DEVICE_FAILED);
    EXPECT_EQ(call.error(), first);
    // Another device goes on.
    dlc_session *other = nullptr;
    dlc_session *same = nullptr;
    EXPECT_EQ(loadInto(same, path), DLC_DEVICE_FAILED);
    fake_fail_at(-1, 0);
    ASSERT_EQ(loadInto(other, path, DLC_DEVICE_CUDA, 1), DLC_OK) << reason;
    {
      CudaCall sound(other, 10);
      ASSERT_EQ(sound.run(), DLC_OK) << sound.error();
      sound.expectResult();
    }
    dlc_session_release(other);
  }
  dlc_session_release(session);
  ASSERT_EQ(load(), DLC_OK) << reason;
  CudaCall call(session, 10);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

/// Lets each call of the driver fail once, from the load to the fourth run: whatever fails is
/// reported, nothing is left behind, and the next session is sound.
TEST_F(CudaFaultTest, EachCallFailsOnce) {
  for (int result : {outOfMemory, illegalAddress}) {
    for (int64_t at = 0;; ++at) {
      fake_reset();
      fake_fail_at(at, result);
      dlc_status status = load();
      if (status == DLC_OK) {
        CudaCall call(session, 10, LOOK_BACK);
        for (int run = 0; run < 4 && status == DLC_OK; ++run)
          if ((status = call.run()) != DLC_OK)
            EXPECT_NE(call.error(), "") << at;
      } else {
        EXPECT_NE(reason, "") << at;
      }
      const bool reached = fake_get_counts().calls > at;
      dlc_session_release(session);
      session = nullptr;
      fake_fail_at(-1, 0);
      ASSERT_STREQ(fake_first_misuse(), "") << at;
      ASSERT_EQ(fake_get_counts().live, live) << at << " with " << result;
      if (!reached)
        break;
      ASSERT_LT(at, 1000);
    }
  }
}
