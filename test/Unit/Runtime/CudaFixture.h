// Sessions on the fake driver's devices, and the kernels of DeviceProgram.c.
#ifndef DLC_TEST_CUDAFIXTURE_H
#define DLC_TEST_CUDAFIXTURE_H

#include "ArtifactBuilder.h"
#include "DeviceModes.h"
#include "FakeCuda.h"

#include "dlc/dlc.h"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace dlc::test {

template <typename T> T parameter(void **parameters, int i) {
  return *static_cast<T *>(parameters[i]);
}

/// The parameters of each: its buffers, the number of elements, where errors go, and the kernel's
/// number.
inline void registerKernels() {
  const auto add = [](void **p, unsigned, unsigned) {
    for (int64_t i = 0; i < parameter<int64_t>(p, 3); ++i)
      parameter<float *>(p, 2)[i] = parameter<float *>(p, 0)[i] + parameter<float *>(p, 1)[0];
  };
  const auto twice = [](void **p, unsigned, unsigned) {
    for (int64_t i = 0; i < parameter<int64_t>(p, 1); ++i)
      parameter<float *>(p, 0)[i] *= 2;
  };
  const auto lower = [](void **p, unsigned, unsigned) {
    *parameter<dlc_kernel_error *>(p, 2) = {parameter<int64_t>(p, 3), 7, 5};
  };
  fake_register("add_weight", add, 6);
  fake_register("twice", twice, 4);
  fake_register("add_value", add, 6);
  fake_register("lower", lower, 4);
}

/// A session, a context and the tensors of a call.
struct CudaCall {
  explicit CudaCall(dlc_session *session, int64_t n, int64_t mode = PLAIN) : mode(mode), n(n) {
    EXPECT_EQ(dlc_context_create(session, nullptr, &context), DLC_OK);
    for (int64_t i = 0; i < n; ++i)
      x.push_back(static_cast<float>(i));
    inputs[0].struct_size = inputs[1].struct_size = sizeof(dlc_input);
    inputs[0].dtype = DLC_I64;
    inputs[0].data = &this->mode;
    inputs[0].size = sizeof(int64_t);
    inputs[1].dtype = DLC_F32;
    inputs[1].rank = 1;
    inputs[1].dims = &this->n;
    inputs[1].data = x.data();
    inputs[1].size = x.size() * sizeof(float);
    output.struct_size = sizeof(output);
  }
  CudaCall(const CudaCall &) = delete;
  ~CudaCall() {
    dlc_output_release(&output);
    dlc_context_release(context);
  }
  /// Gives it another number of elements, the new ones `value`, and forgets the output.
  void resize(int64_t size, float value) {
    n = size;
    x.resize(static_cast<size_t>(size), value);
    inputs[1].data = x.data();
    inputs[1].size = x.size() * sizeof(float);
    dlc_output_release(&output);
  }
  dlc_status run(const dlc_run_options *options = nullptr) {
    return dlc_context_run(context, options, inputs, 2, &output, 1);
  }
  std::string error() const { return dlc_context_error_text(context); }
  void expectResult() const { expectResult(static_cast<const float *>(output.data)); }
  void expectResult(const float *y) const {
    for (size_t i = 0; i < x.size(); ++i)
      ASSERT_EQ(y[i], (x[i] + 10) * 2 + static_cast<float>(n)) << i;
  }

  int64_t mode, n;
  std::vector<float> x;
  dlc_context *context = nullptr;
  dlc_input inputs[2] = {};
  dlc_output output = {};
};

/// Every test ends with the driver's objects as they were, and without a misuse.
class CudaFixture : public testing::Test {
protected:
  void SetUp() override {
    fake_reset();
    registerKernels();
    live = fake_get_counts().live;
  }
  void TearDown() override {
    dlc_session_release(session);
    EXPECT_STREQ(fake_first_misuse(), "");
    EXPECT_EQ(fake_get_counts().live, live);
    EXPECT_EQ(fake_get_counts().device_bytes, 0);
  }
  dlc_status load(uint32_t device = DLC_DEVICE_ANY, uint32_t ordinal = 0) {
    return loadInto(session, path, device, ordinal);
  }
  dlc_status loadInto(dlc_session *&into, const std::string &file, uint32_t device = DLC_DEVICE_ANY,
                      uint32_t ordinal = 0) {
    char text[4096];
    const dlc_session_options options = {sizeof(options), DLC_VERIFY_SMALL, device, ordinal};
    const dlc_status status = dlc_session_load(file.c_str(), &options, text, sizeof(text), &into);
    reason = text;
    return status;
  }

  TemporaryFolder folder;
  std::string path = folder.write("model.so", buildArtifact(deviceSpec()).bytes);
  std::string reason; // why the last load failed
  dlc_session *session = nullptr;
  int64_t live = 0;
};

} // namespace dlc::test

#endif
