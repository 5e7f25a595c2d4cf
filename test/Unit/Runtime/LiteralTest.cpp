// Numbers on the command line.
#include "Literal.h"
#include "Elements.h"

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

TEST(Literal, TakesTheDimsOfBrackets) {
  EXPECT_EQ(parse("[[1,2,3],[4,5,6]]", DLC_I64, {-1, -1}).tensor.dims,
            (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(parse(" [ [ 1 ] , [ 2 ] ] ", DLC_F32, {-1, -1}).tensor.as<float>()[1], 2.0f);
  EXPECT_EQ(parse("[]", DLC_F32, {-1}).tensor.dims, (std::vector<int64_t>{0}));
  EXPECT_EQ(parse("[[],[]]", DLC_F32, {-1, -1}).tensor.dims, (std::vector<int64_t>{2, 0}));
  EXPECT_EQ(parse("[1,[2]]", DLC_F32, {-1}).problem,
            "input 'x': expected all elements within equally many brackets");
  EXPECT_EQ(parse("[[1],2]", DLC_F32, {-1}).problem,
            "input 'x': expected all elements within equally many brackets");
  EXPECT_EQ(parse("[[],1]", DLC_F32, {-1}).problem,
            "input 'x': expected all elements within equally many brackets");
  EXPECT_EQ(parse("[1,[]]", DLC_F32, {-1}).problem,
            "input 'x': expected all elements within equally many brackets");
  EXPECT_EQ(parse("[[1],[2,3]]", DLC_F32, {-1}).problem,
            "input 'x': expected lists of equal lengths");
  EXPECT_EQ(parse("[1", DLC_F32, {-1}).problem, "input 'x': expected a comma or a closing bracket");
  EXPECT_EQ(parse("[1]2", DLC_F32, {-1}).problem,
            "input 'x': expected nothing behind the last bracket");
  EXPECT_EQ(parse(std::string(33, '['), DLC_F32, {-1}).problem,
            "input 'x': expected at most 32 nested brackets");
}

TEST(Literal, ReadsStrings) {
  auto strings = [](const std::string &text) {
    dlc_tensor_info info = {};
    info.struct_size = sizeof(info);
    info.dtype = DLC_STRING;
    info.flags = DLC_INFO_ANY_DIMS;
    Tensor tensor;
    Problems problems;
    if (!parseLiteral("input 'x'", text, info, tensor, problems))
      return problems.all();
    std::vector<std::string> found = {dimsText(tensor.dims)};
    for (size_t i = 0; i < tensor.data.size() / sizeof(dlc_text); ++i)
      found.emplace_back(stringAt(tensor.data.data(), i));
    return found;
  };
  using Strings = std::vector<std::string>;
  EXPECT_EQ(strings("[\"a, b\",\"c\"]"), (Strings{"2", "a, b", "c"}));
  EXPECT_EQ(strings("one two , three"), (Strings{"2", "one two", "three"}));
  EXPECT_EQ(strings("[[x],[\"\"]]"), (Strings{"2 x 1", "x", ""}));
  EXPECT_EQ(strings("\"\\\"q\\\"\\n\\\\\""), (Strings{"1", "\"q\"\n\\"}));
  EXPECT_EQ(strings("\"a"), (Strings{"input 'x': expected a closing quotation mark"}));
  EXPECT_EQ(strings("\"a\"b"), (Strings{"input 'x': expected a comma behind a quoted string"}));
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
  EXPECT_EQ(parse("65520", DLC_F16, {}).problem, "input 'x': '65520' is not a number of type f16");
  EXPECT_EQ(parse("x", DLC_BF16, {}).problem, "input 'x': 'x' is not a number of type bf16");
}

TEST(Literal, TakesEveryType) {
  for (int32_t dtype : {DLC_F32, DLC_U8, DLC_I8, DLC_U16, DLC_I16, DLC_I32, DLC_I64, DLC_BOOL,
                        DLC_F16, DLC_F64, DLC_U32, DLC_U64, DLC_BF16}) {
    Result result = parse("0,1", dtype, {2});
    EXPECT_EQ(result.problem, "");
    EXPECT_TRUE(hasNumbers(dtype));
    const uint32_t size = dlc_dtype_size(dtype);
    ASSERT_EQ(result.tensor.data.size(), 2 * size);
    EXPECT_EQ(loadElement(dtype, result.tensor.data.data()), 0);
    EXPECT_EQ(loadElement(dtype, result.tensor.data.data() + size), 1);
  }
  EXPECT_EQ(parse("18446744073709551615", DLC_U64, {}).tensor.as<uint64_t>()[0], UINT64_MAX);
  EXPECT_EQ(parse("-9223372036854775808", DLC_I64, {}).tensor.as<int64_t>()[0], INT64_MIN);
  EXPECT_EQ(parse("-inf", DLC_F16, {}).tensor.as<uint16_t>()[0], 0xfc00);
  EXPECT_EQ(parse("nan", DLC_BF16, {}).tensor.as<uint16_t>()[0], 0x7fc0);
}

TEST(Literal, RefusesTypesWithoutNumbers) {
  for (int32_t dtype = DLC_BF16 + 1; dlc_dtype_size(dtype) != 0; ++dtype) {
    EXPECT_EQ(parse("1,2", dtype, {2}).problem,
              std::string("input 'x': dlc-run has no numbers of type ") + dlc_dtype_name(dtype) +
                  "; use Python");
    EXPECT_FALSE(hasNumbers(dtype));
  }
  for (int32_t dtype : {0, static_cast<int32_t>(DLC_STRING), 14, 15}) // the last two are complex
    EXPECT_FALSE(hasNumbers(dtype));
}

TEST(Literal, RoundsToNearestEven) {
  // Of f16: ties at 2^-11, the largest number, subnormal numbers and their ties.
  Result halves = parse("1.00048828125,1.00146484375,65519,5.9604644775390625e-8,"
                        "2.98023223876953125e-8,-0,6.1005353927612305e-5,6.103e-5",
                        DLC_F16, {-1});
  ASSERT_EQ(halves.problem, "");
  const std::vector<uint16_t> expected = {0x3c00, 0x3c02, 0x7bff, 1, 0, 0x8000, 0x0400, 0x0400};
  EXPECT_EQ(std::vector<uint16_t>(halves.tensor.as<uint16_t>(), halves.tensor.as<uint16_t>() + 8),
            expected);
  EXPECT_EQ(parse("1.00390625", DLC_BF16, {}).tensor.as<uint16_t>()[0], 0x3f80);
  EXPECT_EQ(parse("1.01171875", DLC_BF16, {}).tensor.as<uint16_t>()[0], 0x3f82);
  // Each f16 and bf16 is read and written without loss.
  for (int32_t dtype : {DLC_F16, DLC_BF16})
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
      char element[2] = {static_cast<char>(bits), static_cast<char>(bits >> 8)}, again[2];
      const auto value = static_cast<double>(loadElement(dtype, element));
      storeElement(dtype, value, again);
      if (value == value) // of NaN there are many
        ASSERT_EQ(std::string(element, 2), std::string(again, 2)) << bits;
    }
}
