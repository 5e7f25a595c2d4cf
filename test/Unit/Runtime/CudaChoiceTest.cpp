// Artifacts for both machines: which one a session takes, and what it says of it; drivers that
// cannot be used.
#include "CudaFixture.h"

using namespace dlc::test;

namespace {
class CudaChoiceTest : public CudaFixture {
protected:
  void SetUp() override {
    CudaFixture::SetUp();
    // A test of a driver that is opened for the first time begins a process of its own.
    GTEST_FLAG_SET(death_test_style, "threadsafe");
  }

  dlc_session_info describe() {
    dlc_session_info info = {};
    info.struct_size = sizeof(info);
    EXPECT_EQ(dlc_session_describe(session, &info), DLC_OK);
    return info;
  }

  uint32_t flagsOfX() {
    dlc_tensor_info x = {};
    x.struct_size = sizeof(x);
    EXPECT_EQ(dlc_session_input(session, 1, &x), DLC_OK);
    return x.flags;
  }

  void expectRun() {
    CudaCall call(session, 9);
    for (int run = 0; run < 3; ++run) {
      ASSERT_EQ(call.run(), DLC_OK) << call.error();
      call.expectResult();
    }
  }

  /// Loads an artifact for both machines where nobody asks for one; expects the CPU and the reason.
  void expectFallback(const std::string &reason) {
    ASSERT_EQ(loadInto(session, both), DLC_OK) << this->reason;
    EXPECT_STREQ(describe().device, "cpu");
    EXPECT_EQ(std::string(describe().fallback), reason);
    EXPECT_EQ(flagsOfX(), 0U);
    expectRun();
    EXPECT_EQ(fake_get_counts().launches, 0);
  }

  /// Ends the process with the status of a load, whose reason goes to standard error.
  [[noreturn]] void exitWithLoad(const std::string &file, uint32_t device) {
    const dlc_status status = loadInto(session, file, device);
    fprintf(stderr, "%s|%s", reason.c_str(), session ? describe().fallback : "");
    dlc_session_release(session);
    _exit(status);
  }

  std::string both = folder.write("both.so", buildArtifact(bothSpec()).bytes);
};
} // namespace

TEST_F(CudaChoiceTest, TheDeviceIsTakenWhereThereIsOne) {
  ASSERT_EQ(loadInto(session, both), DLC_OK) << reason;
  EXPECT_STREQ(describe().device, "cuda:0 (Fake GPU, sm_90)");
  EXPECT_STREQ(describe().fallback, "");
  EXPECT_EQ(flagsOfX(), static_cast<uint32_t>(DLC_INFO_ON_DEVICE));
  expectRun();
  EXPECT_EQ(fake_get_counts().launches, 9);
}

TEST_F(CudaChoiceTest, TheCallerChooses) {
  ASSERT_EQ(loadInto(session, both, DLC_DEVICE_CUDA, 1), DLC_OK) << reason;
  EXPECT_STREQ(describe().device, "cuda:1 (Fake GPU, sm_90)");
  expectRun();
  dlc_session_release(session);
  fake_reset();
  ASSERT_EQ(loadInto(session, both, DLC_DEVICE_CPU), DLC_OK) << reason;
  EXPECT_STREQ(describe().device, "cpu");
  EXPECT_STREQ(describe().fallback, "");
  EXPECT_EQ(flagsOfX(), 0U);
  expectRun();
  EXPECT_EQ(fake_get_counts().calls, 0);
}

TEST_F(CudaChoiceTest, SessionsOnBothMachinesAtATime) {
  dlc_session *onCpu = nullptr;
  ASSERT_EQ(loadInto(session, both), DLC_OK) << reason;
  ASSERT_EQ(loadInto(onCpu, both, DLC_DEVICE_CPU), DLC_OK) << reason;
  std::swap(session, onCpu);
  expectRun();
  std::swap(session, onCpu);
  expectRun();
  dlc_session_release(onCpu);
}

TEST_F(CudaChoiceTest, OnTheCpuNoMemoryOfADeviceIsTaken) {
  ASSERT_EQ(loadInto(session, both, DLC_DEVICE_CPU), DLC_OK) << reason;
  CudaCall call(session, 9);
  call.inputs[1].memory = DLC_MEMORY_DEVICE;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 'x': expected memory of the host, as the session runs on the CPU, "
                          "found memory of a device");
}

TEST_F(CudaChoiceTest, OnlyTheDevicesWeightsAreBroughtThere) {
  ASSERT_EQ(loadInto(session, both), DLC_OK) << reason;
  EXPECT_EQ(fake_get_counts().bytes_to_device, 4); // of 12
}

TEST_F(CudaChoiceTest, ADeviceThatCannotBeUsedIsNamed) {
  fake_set_devices(1, 61);
  expectFallback(
      "expected code for device cuda:0 (Fake GPU, sm_61), found sm_80 (PTX), sm_70 (PTX), "
      "sm_86a (PTX)");
  dlc_session_release(session);
  session = nullptr;
  EXPECT_EQ(loadInto(session, both, DLC_DEVICE_CUDA), DLC_INCOMPATIBLE);
  EXPECT_EQ(session, nullptr);
}

TEST_F(CudaChoiceTest, TooLittleMemoryForTheWeights) {
  fake_set_memory(2);
  expectFallback("device cuda:0 (Fake GPU, sm_90): bringing 4 bytes of weights: out of memory "
                 "(CUDA_ERROR_OUT_OF_MEMORY, 2)");
  dlc_session_release(session);
  session = nullptr;
  EXPECT_EQ(loadInto(session, both, DLC_DEVICE_CUDA), DLC_OUT_OF_MEMORY);
}

TEST_F(CudaChoiceTest, CodeForDevicesThatIsDamagedIsNoReasonForTheCpu) {
  ArtifactSpec spec = bothSpec();
  spec.images.pop_back();
  EXPECT_EQ(loadInto(session, folder.write("bad.so", buildArtifact(spec).bytes)), DLC_BAD_ARTIFACT);
  spec = bothSpec();
  spec.versions[1].onDevice = 2;
  EXPECT_EQ(loadInto(session, folder.write("two.so", buildArtifact(spec).bytes)), DLC_BAD_ARTIFACT);
  EXPECT_NE(reason.find("version 1 is for an unknown machine"), std::string::npos) << reason;
}

TEST_F(CudaChoiceTest, WithoutADeviceASessionPlans) {
  for (const std::string &file : {path, both}) {
    ASSERT_EQ(loadInto(session, file, DLC_DEVICE_NONE), DLC_OK) << reason;
    EXPECT_STREQ(describe().device, "none");
    {
      CudaCall call(session, 9);
      ASSERT_EQ(dlc_context_plan(call.context, call.inputs, 2, &call.output, 1, nullptr), DLC_OK)
          << call.error();
      EXPECT_EQ(call.output.dims[0], 9);
      EXPECT_EQ(call.run(), DLC_NO_DEVICE);
      EXPECT_EQ(call.error(), "the session has been loaded without a device, to plan alone");
    }
    dlc_session_release(session);
    session = nullptr;
  }
  EXPECT_EQ(fake_get_counts().calls, 0);
}

TEST_F(CudaChoiceTest, ADriverThatIsTooOld) {
  const std::string text = "the CUDA driver is too old: expected one for CUDA 11.4 or later, found "
                           "11.0";
  auto load = [&](const std::string &file, uint32_t device) {
    fake_set_version(11000);
    exitWithLoad(file, device);
  };
  EXPECT_EXIT(load(path, DLC_DEVICE_ANY), testing::ExitedWithCode(DLC_NO_DEVICE), text);
  EXPECT_EXIT(load(both, DLC_DEVICE_CUDA), testing::ExitedWithCode(DLC_NO_DEVICE), text);
  EXPECT_EXIT(load(both, DLC_DEVICE_ANY), testing::ExitedWithCode(DLC_OK), "\\|" + text);
}

TEST_F(CudaChoiceTest, ADriverWithoutADevice) {
  const std::string text = "the CUDA driver cannot start: no CUDA-capable device is detected "
                           ".CUDA_ERROR_NO_DEVICE, 100.";
  auto load = [&](const std::string &file, uint32_t device) {
    fake_set_devices(0, 0);
    exitWithLoad(file, device);
  };
  EXPECT_EXIT(load(path, DLC_DEVICE_ANY), testing::ExitedWithCode(DLC_NO_DEVICE), text);
  EXPECT_EXIT(load(both, DLC_DEVICE_CUDA), testing::ExitedWithCode(DLC_NO_DEVICE), text);
  EXPECT_EXIT(load(both, DLC_DEVICE_ANY), testing::ExitedWithCode(DLC_OK), "\\|" + text);
}
