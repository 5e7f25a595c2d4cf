// Recipes against plain loops in double: equal to the bit, since both round once.

#include "WeightsFixture.h"

#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <limits>
#include <random>

using namespace dlc;
using llvm::formatv;

namespace {

class RecipeTest : public WeightsFixture {
protected:
  static std::vector<float> makeValues(int64_t count, float low, float high) {
    static std::mt19937 generator(7);
    std::uniform_real_distribution<float> distribution(low, high);
    std::vector<float> values(count);
    for (float &value : values)
      value = distribution(generator);
    return values;
  }

  static std::string bytesOf(llvm::ArrayRef<float> values) {
    return std::string(reinterpret_cast<const char *>(values.data()), values.size() * 4);
  }

  /// The text of a weight whose data is appended to the one source.
  std::string addWeight(llvm::StringRef data, llvm::StringRef shape, llvm::StringRef recipe,
                        llvm::StringRef type = "f32") {
    size_t offset = contents.size();
    contents += data;
    return formatv("#dlc.weight<source = #dlc.range<file = 0, offset = {0}, length = {1}>, shape = "
                   "[{2}], type = {3}{4}>",
                   offset, data.size(), shape, type,
                   recipe.empty() ? "" : (", recipe = [" + recipe + "]").str())
        .str();
  }
  std::string addVector(llvm::ArrayRef<float> values, llvm::StringRef recipe = "") {
    return addWeight(bytesOf(values), std::to_string(values.size()), recipe);
  }

  static std::string placed(llvm::StringRef weight, int64_t offset = 0) {
    return formatv("{{offset = {0} : i64, weight = {1}}", offset, weight).str();
  }

  std::string packText(llvm::StringRef weights) {
    return packModule(*makeModule(addSource("source", contents), weights));
  }

  /// A vector of one element: 1, combined `depth` times with what came out before.
  WeightAttr makeNested(int depth, llvm::ArrayRef<CombineKind> kinds) {
    mlir::Builder builder(&context);
    auto source = mlir::DenseElementsAttr::get(
        mlir::RankedTensorType::get({1}, builder.getF32Type()), llvm::ArrayRef<float>{1.0f});
    auto leaf = WeightAttr::get(&context, source, {1}, builder.getF32Type(), {});
    WeightAttr weight = leaf;
    for (int i = 0; i < depth; ++i) {
      WeightAttr next = leaf;
      for (CombineKind kind : kinds)
        next = next.withStep(CombineAttr::get(&context, kind, weight));
      weight = next;
    }
    return weight;
  }

  std::string contents = "odd";
};

/// The panels of `filter`, M x C x taps.
std::string packPanels(llvm::StringRef filter, int64_t m, int64_t c, int64_t taps, int64_t outputs,
                       int64_t inputs, int64_t bytes) {
  std::string packed;
  for (int64_t m0 = 0; m0 < m; m0 += outputs)
    for (int64_t c0 = 0; c0 < c; c0 += inputs)
      for (int64_t tap = 0; tap < taps; ++tap)
        for (int64_t i = c0; i < c0 + inputs; ++i)
          for (int64_t o = m0; o < m0 + outputs; ++o)
            packed += o < m && i < c
                          ? filter.substr(((o * c + i) * taps + tap) * bytes, bytes).str()
                          : std::string(bytes, '\0');
  return packed;
}

std::string transpose(llvm::StringRef matrix, int64_t rows, int64_t columns, int64_t bytes) {
  std::string result;
  for (int64_t column = 0; column < columns; ++column)
    for (int64_t row = 0; row < rows; ++row)
      result += matrix.substr((row * columns + column) * bytes, bytes);
  return result;
}

TEST_F(RecipeTest, joinedMatrices) {
  constexpr int64_t inner = 5, outputs = 4;
  for (int64_t first : {1, 3, 4, 17}) {
    contents = "odd";
    std::string a = bytesOf(makeValues(inner * first, -1, 1)),
                b = bytesOf(makeValues(6 * inner, -1, 1)), c = bytesOf(makeValues(inner, -1, 1));
    std::string other = addWeight(b, "6, 5", ""), last = addWeight(c, "5, 1", "#dlc.transpose");
    std::string joined = formatv("#dlc.join<{0}>, #dlc.join<{1}>", other, last).str();
    std::string shape = formatv("5, {0}", first).str();
    std::string pack = "#dlc.pack<#dlc.filter_layout<outputs = 4, inputs = 5>>";
    std::string rows = transpose(a, inner, first, sizeof(float)) + b + c;
    EXPECT_EQ(
        packText(placed(addWeight(a, shape, "#dlc.transpose, " + joined))).substr(0, rows.size()),
        rows);
    std::string panels = packPanels(rows, first + 7, inner, 1, outputs, inner, sizeof(float));
    EXPECT_EQ(packText(placed(addWeight(a, shape, "#dlc.transpose, " + joined + ", " + pack)))
                  .substr(0, panels.size()),
              panels);
  }
}

TEST_F(RecipeTest, foldedNormalization) {
  constexpr int64_t c = 5, taps = 6;
  const float epsilon = 1e-5f;
  for (int64_t m : {3, 17, 64}) {
    contents = "odd";
    auto filter = makeValues(m * c * taps, -1, 1), convBias = makeValues(m, -1, 1);
    auto gamma = makeValues(m, 0.5, 2), beta = makeValues(m, -1, 1), mean = makeValues(m, -1, 1),
         variance = makeValues(m, 0.01, 4);

    std::string scale = addVector(
        gamma, "#dlc.combine<mul, " +
                   addVector(variance, formatv("#dlc.rsqrt<{0} : f32>", "1.0e-5").str()) + ">");
    std::string folded =
        addWeight(bytesOf(filter), formatv("{0}, {1}, 3, 2", m, c).str(),
                  "#dlc.combine<mul, " + scale +
                      ">, #dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 4>>");
    std::string bias =
        addVector(convBias, "#dlc.combine<sub, " + addVector(mean) + ">, #dlc.combine<mul, " +
                                scale + ">, #dlc.combine<add, " + addVector(beta) +
                                ">, #dlc.pack<#dlc.padded_layout<16>>");

    std::vector<float> expectedFilter(filter.size()), expectedBias(m);
    for (int64_t i = 0; i < m; ++i) {
      double factor = gamma[i] * (1 / std::sqrt(static_cast<double>(variance[i]) + epsilon));
      for (int64_t k = 0; k < c * taps; ++k)
        expectedFilter[i * c * taps + k] = filter[i * c * taps + k] * factor;
      expectedBias[i] = beta[i] + (static_cast<double>(convBias[i]) - mean[i]) * factor;
    }
    std::string expected = packPanels(bytesOf(expectedFilter), m, c, taps, 16, 4, 4);
    size_t offset = llvm::alignTo(expected.size(), 64);
    expected.resize(offset);
    expected += bytesOf(expectedBias);
    expected.resize(offset + llvm::alignTo(m, 16) * 4);
    EXPECT_TRUE(packText(placed(folded) + ", " + placed(bias, offset)) == expected) << m;
  }
}

TEST_F(RecipeTest, transposedMatrixInPanels) {
  struct Case {
    const char *type;
    int64_t bytes;
  };
  for (auto [type, bytes] : {Case{"f32", 4}, {"f16", 2}, {"i8", 1}, {"f64", 8}, {"i24", 3}}) {
    std::string data(5 * 17 * bytes, '\0');
    for (size_t i = 0; i < data.size(); ++i)
      data[i] = static_cast<char>(1 + i % 251);
    contents = "odd";
    std::string weight =
        addWeight(data, "5, 17",
                  "#dlc.transpose, #dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 2>>", type);
    EXPECT_EQ(packText(placed(weight)),
              packPanels(transpose(data, 5, 17, bytes), 17, 5, 1, 16, 2, bytes))
        << type;
  }
}

TEST_F(RecipeTest, matrixInPanels) {
  std::string data = bytesOf(makeValues(17 * 5, -1, 1));
  std::string weight =
      addWeight(data, "17, 5", "#dlc.pack<#dlc.filter_layout<outputs = 16, inputs = 1>>");
  EXPECT_EQ(packText(placed(weight)), packPanels(data, 17, 5, 1, 16, 1, 4));
}

// Larger than a chunk, whose ends are inside rows, and than a block of columns.
TEST_F(RecipeTest, largeTransposedMatrix) {
  std::string data = bytesOf(makeValues(700 * 601, -1, 1));
  std::string once = addWeight(data, "700, 601", "#dlc.transpose");
  std::string twice = addWeight(data, "700, 601", "#dlc.transpose, #dlc.transpose");
  size_t offset = llvm::alignTo(data.size(), 64);
  std::string expected = transpose(data, 700, 601, 4);
  expected.resize(offset);
  expected += data;
  EXPECT_TRUE(packText(placed(once) + ", " + placed(twice, offset)) == expected);
}

// A step's operand goes along the first dim that the matrix has when the step comes.
TEST_F(RecipeTest, arithmeticAroundTranspositions) {
  constexpr int64_t rows = 5, columns = 67;
  auto matrix = makeValues(rows * columns, -1, 1), byRow = makeValues(rows, -1, 1),
       byColumn = makeValues(columns, -1, 1);
  std::string steps = "#dlc.combine<mul, " + addVector(byRow) +
                      ">, #dlc.transpose, #dlc.combine<add, " + addVector(byColumn) + ">";
  std::string data = bytesOf(matrix), shape = formatv("{0}, {1}", rows, columns).str();
  std::string once = addWeight(data, shape, steps);
  std::string twice = addWeight(
      data, shape, steps + ", #dlc.transpose, #dlc.combine<sub, " + addVector(byRow) + ">");
  std::vector<float> expectedOnce(matrix.size()), expectedTwice(matrix.size());
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      double product = static_cast<double>(matrix[r * columns + c]) * byRow[r];
      double value = product + byColumn[c];
      expectedOnce[c * rows + r] = value;
      expectedTwice[r * columns + c] = value - byRow[r];
    }
  size_t offset = llvm::alignTo(data.size(), 64);
  std::string expected = bytesOf(expectedOnce);
  expected.resize(offset);
  expected += bytesOf(expectedTwice);
  EXPECT_TRUE(packText(placed(once) + ", " + placed(twice, offset)) == expected);
}

// 1 + 2^-30 is no f32.
TEST_F(RecipeTest, operandsAreNotRounded) {
  const float tiny = std::ldexp(1.0f, -30);
  std::string almostOne = addVector({1.0f}, "#dlc.combine<add, " + addVector({tiny}) + ">");
  std::string weight = addVector({-1.0f}, "#dlc.combine<add, " + almostOne + ">");
  EXPECT_EQ(packText(placed(weight)), bytesOf({tiny}));
}

// Without sharing, the work would double with each level.
TEST_F(RecipeTest, sharedOperandsAreComputedOnce) {
  auto module = makeModule("", "");
  setWeights(*module, {{makeNested(32, {CombineKind::mul, CombineKind::add}), 0, 4}});
  EXPECT_EQ(packModule(*module), bytesOf({std::ldexp(1.0f, 32)}));
}

TEST_F(RecipeTest, nestedTooDeep) {
  auto module = makeModule("", "");
  setWeights(*module, {{makeNested(33, {CombineKind::mul}), 0, 4}});
  EXPECT_TRUE(failed(bindWeights(*module, sources)));
  EXPECT_EQ(llvm::join(errors, "\n"),
            "weight 0: a weight of its recipe: expected weights in recipes of weights at most 32 "
            "deep");
}

TEST_F(RecipeTest, valuesWithoutOrder) {
  const float infinity = std::numeric_limits<float>::infinity();
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::string weight =
      addVector({-2, 0, nan, infinity, 4, 3e38f}, "#dlc.rsqrt<0.0 : f64>, #dlc.combine<mul, " +
                                                      addVector({1, 1, 1, 1, 3e38f, 3e38f}) + ">");
  std::string packed = packText(placed(weight));
  float values[6];
  ASSERT_EQ(packed.size(), sizeof(values));
  std::memcpy(values, packed.data(), sizeof(values));
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], infinity);
  EXPECT_TRUE(std::isnan(values[2]));
  EXPECT_EQ(values[3], 0);
  EXPECT_EQ(values[4], 1.5e38f);
  EXPECT_EQ(values[5], static_cast<float>(1 / std::sqrt(static_cast<double>(3e38f)) * 3e38f));

  weight = addVector({3e38f, -3e38f}, "#dlc.combine<mul, " + addVector({2, 2}) + ">");
  EXPECT_EQ(packText(placed(weight)), bytesOf({infinity, -infinity}));
}

TEST_F(RecipeTest, scalarsAndEmptyWeights) {
  std::string scalar = addWeight(bytesOf({3.0f}), "", "#dlc.rsqrt<1.0 : f32>");
  EXPECT_EQ(packText(placed(scalar)), bytesOf({0.5f}));
  std::string empty = addWeight("", "0", "#dlc.combine<mul, " + addVector({}) + ">");
  EXPECT_EQ(packText(placed(empty)), "");
  std::string noColumns =
      addWeight("", "3, 0", "#dlc.combine<mul, " + addVector({1, 2, 3}) + ">, #dlc.transpose");
  EXPECT_EQ(packText(placed(noColumns)), "");
  std::string wide = addWeight("", "0, 4611686018427387904, 4611686018427387904",
                               "#dlc.combine<mul, " + addVector({}) + ">");
  EXPECT_EQ(packText(placed(wide)), "");
}

TEST_F(RecipeTest, badOperands) {
  std::string source = addSource("source", "12345678");
  auto errorOf = [&](llvm::StringRef operandSource, int64_t size) {
    errors.clear();
    return bindingError(
        source,
        formatv("{{offset = 0 : i64, weight = #dlc.weight<source = dense<> : tensor<{0}x0xf32>, "
                "shape = [{0}, 0], type = f32, recipe = [#dlc.combine<mul, #dlc.weight<source = "
                "{1}, shape = [{0}], type = f32>>]>}",
                size, operandSource)
            .str());
  };
  EXPECT_EQ(errorOf("#dlc.range<file = 0, offset = 4, length = 8>", 2),
            "weight 0: a weight of its recipe: expected bytes 4 to 12 of its source, which has 8");
  EXPECT_EQ(errorOf("#dlc.range<file = 3, offset = 0, length = 8>", 2),
            "weight 0: a weight of its recipe: expected one of 1 sources, found source 3");
  EXPECT_EQ(errorOf("dense<1.0> : tensor<1000000000000xf32>", 1000000000000),
            "weight 0: a weight of its recipe: expected at most 1073741824 bytes of a dense "
            "source, found 4000000000000");
}

} // namespace
