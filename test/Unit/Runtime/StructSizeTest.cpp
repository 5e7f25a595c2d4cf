// Callers of earlier and later versions of the API.
#include "StructSize.h"
#include "ArtifactBuilder.h"

#include <gtest/gtest.h>

using namespace dlc::test;

namespace {
/// A struct whose first version ended before `later`.
struct Grown {
  uint32_t struct_size;
  uint32_t first;
  uint64_t later;
};

/// What a caller of a later version passes.
template <typename T> struct Larger {
  T known;
  uint64_t later;
};

class StructSizeTest : public testing::Test {
protected:
  StructSizeTest() {
    EXPECT_EQ(dlc_session_load(path.c_str(), nullptr, nullptr, 0, &session), DLC_OK);
  }
  ~StructSizeTest() override { dlc_session_release(session); }

  /// Expects that `call` takes a larger struct and refuses one smaller than the first version.
  template <typename T, typename Call> static void expectVersions(Call call) {
    Larger<T> larger = {{}, 7};
    larger.known.struct_size = sizeof(larger);
    EXPECT_EQ(call(&larger.known), DLC_OK);
    EXPECT_EQ(larger.known.struct_size, sizeof(larger));
    EXPECT_EQ(larger.later, 7u);
    T smaller = {};
    for (uint32_t size : {uint32_t{0}, dlc::runtime::firstSize<T> - 1}) {
      smaller.struct_size = size;
      EXPECT_EQ(call(&smaller), DLC_INVALID_ARGUMENT) << size;
    }
    smaller.struct_size = dlc::runtime::firstSize<T>;
    EXPECT_EQ(call(&smaller), DLC_OK);
  }

  TemporaryFolder folder;
  const std::string path = folder.write("model.so", buildArtifact().bytes);
  dlc_session *session = nullptr;
};
} // namespace

template <> inline constexpr uint32_t dlc::runtime::firstSize<Grown> = 8;

TEST(StructSize, LaterFieldsAreTouchedWhereCovered) {
  using namespace dlc::runtime;
  Grown full = {0, 0, 5};
  EXPECT_TRUE(readStruct(Grown{8, 1, 2}, full)); // an earlier caller: the default stays
  EXPECT_EQ(full.first, 1u);
  EXPECT_EQ(full.later, 5u);
  EXPECT_TRUE(readStruct(Grown{16, 3, 4}, full));
  EXPECT_EQ(full.later, 4u);
  EXPECT_FALSE(readStruct(Grown{7, 9, 9}, full));
  EXPECT_EQ(full.first, 3u);

  Grown given = {8, 0, 6};
  EXPECT_TRUE(writeStruct(given, {0, 1, 2}));
  EXPECT_EQ(given.struct_size, 8u);
  EXPECT_EQ(given.first, 1u);
  EXPECT_EQ(given.later, 6u);
  given.struct_size = 4;
  EXPECT_FALSE(writeStruct(given, {0, 9, 9}));
}

TEST_F(StructSizeTest, Options) {
  expectVersions<dlc_session_options>([&](const dlc_session_options *options) {
    dlc_session *other = nullptr;
    dlc_status status = dlc_session_load(path.c_str(), options, nullptr, 0, &other);
    dlc_session_release(other);
    return status;
  });
  expectVersions<dlc_context_options>([&](const dlc_context_options *options) {
    dlc_context *context = nullptr;
    dlc_status status = dlc_context_create(session, options, &context);
    dlc_context_release(context);
    return status;
  });
}

TEST_F(StructSizeTest, Infos) {
  expectVersions<dlc_session_info>(
      [&](dlc_session_info *info) { return dlc_session_describe(session, info); });
  expectVersions<dlc_tensor_info>(
      [&](dlc_tensor_info *info) { return dlc_session_output(session, 1, info); });
  expectVersions<dlc_symbol_info>(
      [&](dlc_symbol_info *info) { return dlc_session_symbol(session, 0, info); });
  expectVersions<dlc_kernel_info>(
      [&](dlc_kernel_info *info) { return dlc_session_kernel(session, 1, info); });
}

TEST_F(StructSizeTest, Runs) {
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_context_create(session, nullptr, &context), DLC_OK);
  const int64_t dims[] = {2, 3};
  const float data[6] = {1, 2, 3, 4, 5, 6};
  Larger<dlc_input> inputs[2] = {
      {{sizeof(inputs[0]), DLC_F32, nullptr, 2, 0, dims, data, 24, nullptr, 0, 0}, 7},
      {{sizeof(inputs[0]), DLC_F32, nullptr, 1, 0, dims, data, 8, nullptr, 0, 0}, 7}};
  Larger<dlc_output> outputs[2] = {};
  outputs[0].known.struct_size = outputs[1].known.struct_size = sizeof(outputs[0]);
  auto run = [&](const dlc_run_options *options) {
    return dlc_context_run(context, options, &inputs[0].known, 2, &outputs[0].known, 2);
  };
  expectVersions<dlc_run_options>(run);
  Larger<dlc_profile_row> rows[2] = {};
  rows[0].known.struct_size = rows[1].known.struct_size = sizeof(rows[0]);
  const dlc_run_options profiled = {sizeof(profiled), 0, nullptr, 0, &rows[0].known, 2, 0, nullptr};
  EXPECT_EQ(run(&profiled), DLC_OK);
  EXPECT_EQ(rows[1].known.calls, 1u);
  EXPECT_EQ(rows[1].later, 0u);
  rows[0].known.struct_size = rows[1].known.struct_size = sizeof(dlc_profile_row) - 8;
  EXPECT_EQ(run(&profiled), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(static_cast<float *>(outputs[0].known.data)[5], 6.0f + 2.0f + 30.0f);
  outputs[0].known.struct_size = outputs[1].known.struct_size =
      dlc::runtime::firstSize<dlc_output> - 8;
  EXPECT_EQ(run(nullptr), DLC_INVALID_ARGUMENT);
  outputs[0].known.struct_size = outputs[1].known.struct_size = sizeof(outputs[0]);
  inputs[0].known.struct_size = inputs[1].known.struct_size =
      dlc::runtime::firstSize<dlc_input> - 8;
  EXPECT_EQ(run(nullptr), DLC_INVALID_ARGUMENT);
  dlc_output_release(&outputs[0].known);
  dlc_output_release(&outputs[1].known);
  dlc_context_release(context);
}
