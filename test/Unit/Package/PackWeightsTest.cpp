// Packing against the layouts' definitions, element by element.

#include "WeightsFixture.h"

#include "llvm/Support/FormatVariadic.h"

#include <array>
#include <cmath>
#include <cstring>

using namespace dlc;

namespace {

class PackWeightsTest : public WeightsFixture {
protected:
  /// `size` bytes that differ from their neighbours and from zero.
  static std::string makeData(int64_t size) {
    std::string data(size, '\0');
    for (int64_t i = 0; i < size; ++i)
      data[i] = static_cast<char>(1 + i % 251);
    return data;
  }

  /// The section of one weight over `data`, which lies at an odd offset of its source.
  std::string pack(llvm::StringRef data, llvm::StringRef shape, llvm::StringRef type,
                   llvm::StringRef layout) {
    std::string recipe = layout.empty() ? "" : (", recipe = [#dlc.pack<" + layout + ">]").str();
    std::string source = addSource("source", "abc" + data.str() + "end");
    auto module =
        makeModule(source, "{offset = 0 : i64, weight = #dlc.weight<source = #dlc.range<file = 0, "
                           "offset = 3, length = " +
                               std::to_string(data.size()) + ">, shape = " + shape.str() +
                               ", type = " + type.str() + recipe + ">}");
    return packModule(*module);
  }
};

TEST_F(PackWeightsTest, filterPanels) {
  struct Case {
    int64_t m, c, kh, kw, outputs, inputs, bytes;
    const char *type;
  };
  const Case cases[] = {{32, 3, 9, 9, 32, 1, 4, "f32"},   {64, 64, 3, 3, 32, 16, 4, "f32"},
                        {17, 17, 3, 1, 16, 16, 4, "f32"}, {3, 64, 5, 5, 3, 1, 4, "f32"},
                        {17, 3, 2, 3, 4, 4, 2, "f16"},    {17, 3, 1, 1, 32, 8, 8, "f64"},
                        {3, 17, 2, 2, 16, 3, 1, "i8"},    {5, 3, 2, 2, 4, 2, 3, "i24"}};
  for (const Case &k : cases) {
    std::string data = makeData(k.m * k.c * k.kh * k.kw * k.bytes);
    std::string packed =
        pack(data, llvm::formatv("[{0}, {1}, {2}, {3}]", k.m, k.c, k.kh, k.kw).str(), k.type,
             llvm::formatv("#dlc.filter_layout<outputs = {0}, inputs = {1}>", k.outputs, k.inputs)
                 .str());
    std::string expected;
    for (int64_t m0 = 0; m0 < k.m; m0 += k.outputs)
      for (int64_t c0 = 0; c0 < k.c; c0 += k.inputs)
        for (int64_t y = 0; y < k.kh; ++y)
          for (int64_t x = 0; x < k.kw; ++x)
            for (int64_t c = c0; c < c0 + k.inputs; ++c)
              for (int64_t m = m0; m < m0 + k.outputs; ++m)
                expected +=
                    m < k.m && c < k.c
                        ? data.substr((((m * k.c + c) * k.kh + y) * k.kw + x) * k.bytes, k.bytes)
                        : std::string(k.bytes, '\0');
    EXPECT_TRUE(packed == expected) << k.m << " x " << k.c << " " << k.type;
  }
}

/// The polynomial of a row of taps, divided by the product of what its point differs by from the
/// others: interpolation's denominators. The last point is infinity.
static std::array<double, 6> evaluateAtPoints(const std::array<double, 3> &row) {
  const std::array<double, 5> points = {0, 0.75, -0.75, 1.5, -1.5};
  std::array<double, 6> values;
  for (size_t i = 0; i < 5; ++i) {
    double product = 1;
    for (double other : points)
      if (other != points[i])
        product *= points[i] - other;
    values[i] = (row[0] + points[i] * (row[1] + points[i] * row[2])) / product;
  }
  values[5] = row[2];
  return values;
}

TEST_F(PackWeightsTest, factors) {
  constexpr int64_t m = 17, c = 5, outputs = 16;
  std::vector<float> filter(m * c * 9);
  for (size_t i = 0; i < filter.size(); ++i)
    filter[i] = static_cast<float>(static_cast<int64_t>(i * 37 % 101) - 50) / 7;
  std::string packed =
      pack(std::string(reinterpret_cast<const char *>(filter.data()), filter.size() * 4),
           "[17, 5, 3, 3]", "f32", "#dlc.filter_layout<outputs = 16, inputs = 4, winograd = true>");
  std::vector<float> expected(2 * 36 * 8 * outputs); // 17 outputs and 5 inputs, padded
  for (int64_t o = 0; o < m; ++o)
    for (int64_t i = 0; i < c; ++i) {
      std::array<std::array<double, 6>, 3> rows;
      const float *taps = &filter[(o * c + i) * 9];
      for (int64_t y = 0; y < 3; ++y)
        rows[y] = evaluateAtPoints({taps[3 * y], taps[3 * y + 1], taps[3 * y + 2]});
      for (int64_t x = 0; x < 6; ++x) {
        std::array<double, 6> column = evaluateAtPoints({rows[0][x], rows[1][x], rows[2][x]});
        for (int64_t y = 0; y < 6; ++y)
          expected[((o / outputs * 36 + y * 6 + x) * 8 + i) * outputs + o % outputs] =
              static_cast<float>(column[y]);
      }
    }
  ASSERT_EQ(packed.size(), expected.size() * sizeof(float));
  for (size_t i = 0; i < expected.size(); ++i) {
    float found;
    std::memcpy(&found, &packed[i * sizeof(float)], sizeof(float));
    ASSERT_NEAR(found, expected[i], 1e-6 * std::abs(expected[i])) << i;
  }
}

TEST_F(PackWeightsTest, vectors) {
  for (int64_t size : {3, 17, 64}) {
    std::string data = makeData(size * 4);
    std::string padded = data;
    padded.resize(llvm::alignTo(size, 32) * 4, '\0');
    std::string shape = "[" + std::to_string(size) + "]";
    EXPECT_EQ(pack(data, shape, "f32", "#dlc.padded_layout<32>"), padded);
    EXPECT_EQ(pack(data, shape, "f32", ""), data);
  }
}

TEST_F(PackWeightsTest, longVectorsInChunks) {
  std::string data = makeData((3 << 20) + 5);
  EXPECT_TRUE(pack(data, "[" + std::to_string(data.size()) + "]", "i8", "") == data);
}

TEST_F(PackWeightsTest, denseSources) {
  auto module = makeModule("", "{offset = 0 : i64, weight = #dlc.weight<source = dense<[1.0, 2.0]> "
                               ": tensor<2xf32>, shape = [2], "
                               "type = f32>},"
                               "{offset = 64 : i64, weight = #dlc.weight<source = "
                               "dense<0x3f800001> : tensor<3xi32>, shape = [3], "
                               "type = i32, recipe = [#dlc.pack<#dlc.padded_layout<4>>]>},"
                               "{offset = 128 : i64, weight = #dlc.weight<source = dense<[true, "
                               "false, true]> : tensor<3xi1>, "
                               "shape = [3], type = i1>},"
                               "{offset = 192 : i64, weight = #dlc.weight<source = dense<> : "
                               "tensor<0xf32>, shape = [0], type = f32>}");
  std::string section = packModule(*module);
  std::string expected(192, '\0');
  expected.replace(0, 8, std::string("\0\0\x80\x3f\0\0\0\x40", 8));
  for (int i : {0, 1, 2})
    expected.replace(64 + 4 * i, 4, std::string("\x01\0\x80\x3f", 4));
  expected.replace(128, 3, std::string("\1\0\1", 3));
  EXPECT_EQ(section, expected);
}

TEST_F(PackWeightsTest, listsAllMissingSources) {
  std::string error = bindingError(
      "#dlc.source<hash = \"0123\", size = 5>, #dlc.source<hash = \"4567\", size = 6>", "");
  EXPECT_EQ(
      error,
      "weights come from a file of 5 bytes with the XXH3 hash 0123, which was not given: expected "
      "--source=FILE\n"
      "weights come from a file of 6 bytes with the XXH3 hash 4567, which was not given: expected "
      "--source=FILE");
}

TEST_F(PackWeightsTest, rangeOutsideItsSource) {
  std::string source = addSource("source", "12345678");
  EXPECT_EQ(
      bindingError(source,
                   "{offset = 0 : i64, weight = #dlc.weight<source = #dlc.range<file = 0, offset = "
                   "5, length = 4>, shape = [1], type = f32>}"),
      "weight 0: expected bytes 5 to 9 of its source, which has 8");
  errors.clear();
  EXPECT_EQ(
      bindingError(source,
                   "{offset = 0 : i64, weight = #dlc.weight<source = #dlc.range<file = 1, offset = "
                   "0, length = 4>, shape = [1], type = f32>}"),
      "weight 0: expected one of 1 sources, found source 1");
}

TEST_F(PackWeightsTest, badOffsets) {
  auto weightAt = [](int64_t offset) {
    return "{offset = " + std::to_string(offset) +
           " : i64, weight = #dlc.weight<source = dense<1> : tensor<20xi32>, shape = [20], type = "
           "i32>}";
  };
  for (auto [first, second] : {std::pair{-64, 64}, {0, 64}, {0, 100}}) {
    errors.clear();
    EXPECT_NE(
        bindingError("", weightAt(first) + ", " + weightAt(second)).find("expected an offset"),
        std::string::npos);
  }
}

TEST_F(PackWeightsTest, hugeDenseSource) {
  EXPECT_EQ(bindingError("", "{offset = 0 : i64, weight = #dlc.weight<source = dense<1> : "
                             "tensor<1000000000000xi32>, shape = [1000000000000], type = i32>}"),
            "weight 0: expected at most 1073741824 bytes of a dense source, found 4000000000000");
}

} // namespace
