// Numbers on the command line.
#include "Literal.h"

#include <gtest/gtest.h>

using namespace dlc::run;

namespace {
struct Result {
  Tensor tensor;
  std::string problem;
};

Result parse(const std::string &text, int32_t dtype, const std::vector<int64_t> &dims) {
  dlc_tensor_info info = {};
  info.struct_size = sizeof(info);
  info.dtype = dtype;
  info.rank = static_cast<uint32_t>(dims.size());
  info.dims = dims.data();
  Result result;
  Problems problems;
  bool read = parseLiteral("input 'x'", text, info, result.tensor, problems);
  EXPECT_EQ(read, problems.empty());
  if (!read)
    result.problem = problems.all().front();
  return result;
}
} // namespace

TEST(Literal, TakesTheInputsTypeAndDims) {
  Result floats = parse("1, 2.5,-3e2,inf", DLC_F32, {2, 2});
  EXPECT_EQ(floats.problem, "");
  EXPECT_EQ(floats.tensor.dims, (std::vector<int64_t>{2, 2}));
  EXPECT_EQ(floats.tensor.as<float>()[2], -300.0f);
  Result open = parse("1,2,3,4,5,6", DLC_I64, {-1, 3});
  EXPECT_EQ(open.problem, "");
  EXPECT_EQ(open.tensor.dims, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(open.tensor.as<int64_t>()[5], 6);
  EXPECT_EQ(parse("7", DLC_U8, {}).tensor.as<uint8_t>()[0], 7);
  EXPECT_EQ(parse("true,0", DLC_BOOL, {-1}).tensor.as<uint8_t>()[0], 1);
}

TEST(Literal, SaysWhatIsWrong) {
  EXPECT_EQ(parse("1,2", DLC_F32, {3}).problem, "input 'x': expected 3 numbers, found 2");
  EXPECT_EQ(parse("1,2", DLC_F32, {-1, 3}).problem,
            "input 'x': expected a multiple of 3 numbers, found 2");
  EXPECT_EQ(parse("1,2", DLC_F32, {-1, -1}).problem,
            "input 'x': numbers alone do not say the dims of rank 2; use a .npy file");
  EXPECT_EQ(parse("1,zwei", DLC_F32, {2}).problem, "input 'x': 'zwei' is not a number of type f32");
  EXPECT_EQ(parse("1,", DLC_I32, {2}).problem, "input 'x': '' is not a number of type i32");
  EXPECT_EQ(parse("1.5", DLC_I32, {}).problem, "input 'x': '1.5' is not a number of type i32");
  EXPECT_EQ(parse("256", DLC_U8, {}).problem, "input 'x': '256' is not a number of type u8");
  EXPECT_EQ(parse("2", DLC_BOOL, {}).problem, "input 'x': '2' is not a bool (0, 1, false, true)");
  EXPECT_EQ(parse("1", DLC_F16, {}).problem,
            "input 'x': numbers of type f16 cannot be written here; use a .npy file");
}
