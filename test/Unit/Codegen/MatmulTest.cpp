// Matrix products against sums in double.

#include "Program.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace dlc::test;
using llvm::formatv;

namespace {
/// M x K times K x N, in panels of vectors * lanes columns.
struct Matmul {
  int64_t m = 3, k = 20, n = 37;
  int64_t vectors = 2;
  bool bias = true, relu = true;
  std::vector<int64_t> pixels = {4, 1};
};
} // namespace

static std::string makeModule(const Matmul &matmul, int64_t lanes) {
  int64_t channels = matmul.vectors * lanes;
  SingleKernel kernel;
  kernel.symbols = {"M"};
  std::string lhs = formatv("M x {0} x f32", matmul.k),
              rhs = formatv("{0} x {1} x f32", matmul.n, matmul.k),
              bias = formatv("{0} x f32", matmul.n), out = formatv("M x {0} x f32", matmul.n);
  kernel.inputs = {lhs, formatv("{0}, #dlc.filter_layout<outputs = {1}, inputs = {2}>", rhs,
                                channels, std::max<int64_t>(matmul.k, 1))};
  if (matmul.bias)
    kernel.inputs.push_back(formatv("{0}, #dlc.padded_layout<{1}>", bias, channels));
  kernel.outputs = {out};
  std::string pixels;
  for (int64_t width : matmul.pixels)
    pixels += (pixels.empty() ? "" : ", ") + std::to_string(width);
  kernel.schedule = formatv("direct_conv, lanes = {0}, channels = {1}, pixels = [{2}], rows = 5",
                            lanes, channels, pixels);
  kernel.tasks = formatv("{0} * floordiv(M + 4, 5)", llvm::divideCeil(matmul.n, channels));
  for (auto [index, type] : llvm::enumerate(std::vector<std::string>{lhs, rhs, bias}))
    if (index < kernel.inputs.size())
      kernel.body += formatv(
          "    %v{0} = dlc.read %in{0} : !dlc.buffer<!dlc.tensor<{1}>> -> !dlc.tensor<{2}>\n",
          index, kernel.inputs[index], type);
  kernel.body += formatv("    %p = dlc.matmul %v0, %v1{0} transpose_rhs : (!dlc.tensor<{1}>, "
                         "!dlc.tensor<{2}>{3}) -> !dlc.tensor<{4}>\n",
                         matmul.bias ? ", %v2" : "", lhs, rhs,
                         matmul.bias ? ", !dlc.tensor<" + bias + ">" : "", out);
  if (matmul.relu)
    kernel.body += formatv("    %r = dlc.relu %p : (!dlc.tensor<{0}>) -> !dlc.tensor<{0}>\n", out);
  kernel.body +=
      formatv("    dlc.write {1}, %out0 : !dlc.tensor<{0}>, !dlc.buffer<!dlc.tensor<{0}>>", out,
              matmul.relu ? "%r" : "%p");
  return kernel.str();
}

static void check(const Matmul &matmul) {
  auto [m, k, n] = std::tuple(matmul.m, matmul.k, matmul.n);
  for (const auto &[cpu, lanes] : getCpus()) {
    SCOPED_TRACE(formatv("{0}: {1} x {2} x {3}", cpu, m, k, n).str());
    int64_t channels = matmul.vectors * lanes, columns = llvm::alignTo(n, channels);
    auto program = Program::compile(makeModule(matmul, lanes), cpu);
    ASSERT_TRUE(program);
    auto numbers = makeNumbers(n * k, 1), biases = makeNumbers(n, 2);
    Memory lhs(m * k), panels(columns * k), bias(columns), out(m * n);
    llvm::copy(makeNumbers(m * k, 3), lhs.data());
    for (int64_t column = 0; column != columns; ++column) {
      bias[column] = column < n ? biases[column] : 0;
      for (int64_t i = 0; i != k; ++i)
        panels[column / channels * channels * k + i * channels + column % channels] =
            column < n ? numbers[column * k + i] : 0;
    }
    std::vector<void *> inputs = {lhs.data(), panels.data()};
    if (matmul.bias)
      inputs.push_back(bias.data());
    ASSERT_EQ(program->run({m}, inputs, {out.data()}), DLC_PROGRAM_OK);
    EXPECT_TRUE(out.isIntact());
    for (int64_t row = 0; row != m; ++row)
      for (int64_t column = 0; column != n; ++column) {
        double sum = matmul.bias ? biases[column] : 0, magnitude = 1;
        for (int64_t i = 0; i != k; ++i) {
          double product = static_cast<double>(lhs[row * k + i]) * numbers[column * k + i];
          sum += product, magnitude += std::abs(product);
        }
        if (matmul.relu)
          sum = std::max(sum, 0.0);
        ASSERT_NEAR(out[row * n + column], sum, magnitude * 0x1p-18) << row << ", " << column;
      }
  }
}

TEST(Matmul, Columns) {
  for (int64_t n : {0, 1, 3, 4, 15, 16, 17, 32, 37, 64, 80})
    check({.n = n});
}

TEST(Matmul, Rows) {
  for (int64_t m : {0, 1, 2, 7, 29})
    check({.m = m, .pixels = {14, 4, 1}});
}

TEST(Matmul, InnerDims) {
  for (int64_t k : {0, 1, 5, 512})
    check({.k = k, .vectors = 3});
}

/// Panels that are read part by part, of whole iterations or not.
TEST(Matmul, PartsOfPanels) {
  for (int64_t k : {1500, 2000, 2003})
    for (int64_t m : {1, 29})
      check({.m = m, .k = k, .vectors = 3});
}

TEST(Matmul, WithoutBiasAndEpilogue) { check({.bias = false, .relu = false}); }
