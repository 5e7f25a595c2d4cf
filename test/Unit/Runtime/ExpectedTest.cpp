// Verdicts on outputs, and random inputs.
#include "Expected.h"
#include "Random.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <gtest/gtest.h>

using namespace dlc::run;

namespace {
struct Verdict {
  std::vector<std::string> lines;
  std::string problem;
};

template <typename T>
Verdict compare(int32_t dtype, const std::vector<T> &expected, const std::vector<T> &found,
                double tolerance = 1e-4) {
  Expectation expectation = {0, "y", {}};
  Problems problems;
  expectation.tensor.dtype = dtype;
  expectation.tensor.dims = {static_cast<int64_t>(expected.size())};
  EXPECT_TRUE(expectation.tensor.allocate("y", problems));
  std::copy_n(expected.begin(), expected.size(), expectation.tensor.as<T>());
  Verdict verdict;
  compareTensors(
      expectation, tolerance,
      {dtype, {static_cast<int64_t>(found.size())}, found.data(), found.size() * sizeof(T)},
      verdict.lines, problems);
  EXPECT_EQ(verdict.lines.size() + problems.all().size(), 1u);
  if (!problems.empty())
    verdict.problem = problems.all().front();
  return verdict;
}

Verdict compareFloats(const std::vector<float> &expected, const std::vector<float> &found) {
  return compare(DLC_F32, expected, found);
}
} // namespace

TEST(Expected, ComparesWithTheLargest) {
  EXPECT_EQ(compareFloats({1, -1000}, {1.0625f, -1000}).lines.front(),
            "y: as expected: max |error| 0.0625, 6.25e-05 of the largest |expected| 1000");
  EXPECT_EQ(compareFloats({1, -1000}, {1.125f, -1000}).problem,
            "output 'y': max |error| 0.125, 0.000125 of the largest |expected| 1000, over the "
            "tolerance of 0.0001: expected 1 at [0], found 1.125");
  EXPECT_EQ(compareFloats({}, {}).problem, "");
  EXPECT_EQ(compareFloats({0, 0}, {0, 0}).problem, "");
  EXPECT_NE(compareFloats({0, 0}, {0, 1e-30f}).problem, "");
  EXPECT_EQ(compare<double>(DLC_F64, {1}, {1 + 1e-9}, 1e-8).problem, "");
  EXPECT_NE(compare<double>(DLC_F64, {1}, {1 + 1e-9}, 0).problem, "");
}

TEST(Expected, WantsNanAndInfinityInTheirPlaces) {
  EXPECT_EQ(compareFloats({NAN, INFINITY, -INFINITY, 1}, {NAN, INFINITY, -INFINITY, 1}).problem,
            "");
  for (const std::vector<float> &found : {std::vector<float>{1, INFINITY, 3},
                                          {NAN, -INFINITY, 3},
                                          {NAN, 1, 3},
                                          {NAN, NAN, 3},
                                          {NAN, INFINITY, NAN}})
    EXPECT_NE(compareFloats({NAN, INFINITY, 3}, found).problem, "");
}

TEST(Expected, WantsIntegersEqual) {
  EXPECT_EQ(compare<int64_t>(DLC_I64, {INT64_MAX}, {INT64_MAX}).problem, "");
  EXPECT_NE(compare<int64_t>(DLC_I64, {INT64_MAX}, {INT64_MAX - 1}).problem, "");
  EXPECT_NE(compare<uint64_t>(DLC_U64, {UINT64_MAX}, {UINT64_MAX - 1}).problem, "");
  EXPECT_NE(compare<uint8_t>(DLC_BOOL, {0, 1}, {0, 0}).problem, "");
  EXPECT_EQ(compare<int32_t>(DLC_I32, {1000000}, {1000001}).problem,
            "output 'y': max |error| 1, over the tolerance of 0: expected 1000000 at [0], found "
            "1000001");
}

TEST(Expected, WantsTheSameDims) {
  EXPECT_EQ(compareFloats({1, 2}, {1}).problem, "output 'y': expected f32 2, found f32 1");
}

static Tensor randomTensor(int32_t dtype, uint64_t seed, uint32_t input, int64_t count) {
  Tensor tensor;
  Problems problems;
  tensor.dtype = dtype;
  tensor.dims = {count};
  EXPECT_TRUE(tensor.allocate("x", problems));
  fillRandom(seed, input, tensor);
  return tensor;
}

TEST(Random, IsTheSameEverywhere) {
  // Computed with Python from the definition of SplitMix64.
  const Tensor floats = randomTensor(DLC_F32, 7, 1, 3);
  const Tensor integers = randomTensor(DLC_I64, 7, 1, 5);
  EXPECT_EQ(
      std::vector<float>(floats.as<float>(), floats.as<float>() + 3),
      (std::vector<float>{-0x1.605d500000000p-1f, -0x1.7f27400000000p-3f, 0x1.3bcee80000000p-2f}));
  EXPECT_EQ(std::vector<int64_t>(integers.as<int64_t>(), integers.as<int64_t>() + 5),
            (std::vector<int64_t>{1, 4, 6, 9, 3}));
}

TEST(Random, KeepsItsRange) {
  const Tensor floats = randomTensor(DLC_F32, 1, 0, 100000);
  double sum = 0;
  for (int i = 0; i < 100000; ++i) {
    ASSERT_LE(std::fabs(floats.as<float>()[i]), 1.0f);
    sum += static_cast<double>(floats.as<float>()[i]);
  }
  EXPECT_LT(std::fabs(sum / 100000), 0.01);
  const Tensor bytes = randomTensor(DLC_U8, 1, 0, 1000), bools = randomTensor(DLC_BOOL, 1, 0, 1000);
  bool seen[10] = {};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_LT(bytes.as<uint8_t>()[i], 10);
    ASSERT_LT(bools.as<uint8_t>()[i], 2);
    seen[bytes.as<uint8_t>()[i]] = true;
  }
  for (bool digit : seen)
    EXPECT_TRUE(digit);
  EXPECT_NE(memcmp(randomTensor(DLC_F32, 1, 0, 4).data.data(),
                   randomTensor(DLC_F32, 1, 1, 4).data.data(), 16),
            0);
}
