// Cubic resize against the definition: coordinates in f32 as ONNX Runtime computes them, the rest
// in double.

#include "Program.h"

#include "llvm/Support/FormatVariadic.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace dlc::test;
using llvm::formatv;

namespace {
struct Axis {
  int64_t neighbours[4];
  double weights[4];
};

struct Resize {
  std::string coordinates;
  float scaleH, scaleW;
  double coefficient = -0.75;
};
} // namespace

static Axis getAxis(const Resize &resize, int64_t index, float scale, int64_t input,
                    int64_t output) {
  auto x = static_cast<float>(index);
  float at;
  if (resize.coordinates == "align_corners")
    at = output == 1 ? 0
                     : x * static_cast<float>(input - 1) / (static_cast<float>(input) * scale - 1);
  else if (resize.coordinates == "asymmetric")
    at = x / scale;
  else if (resize.coordinates == "pytorch_half_pixel" && output == 1)
    at = 0;
  else
    at = (x + 0.5f) / scale - 0.5f;
  float whole = std::floor(at);
  double fraction = at - whole, a = resize.coefficient;
  Axis axis;
  for (int64_t tap = 0; tap != 4; ++tap) {
    double d = std::abs(fraction - static_cast<double>(tap - 1));
    axis.weights[tap] =
        d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
    axis.neighbours[tap] = std::clamp<int64_t>(static_cast<int64_t>(whole) + tap - 1, 0, input - 1);
  }
  return axis;
}

static std::string makeModule(const Resize &resize, int64_t lanes, int64_t rows, bool blend) {
  auto scaled = [](const char *symbol, float scale) {
    return formatv("floordiv({0}*{1}, 256)", static_cast<int64_t>(scale * 256), symbol).str();
  };
  std::string input = "2 x H x W x f32",
              output = formatv("2 x {0} x {1} x f32", scaled("H", resize.scaleH),
                               scaled("W", resize.scaleW));
  SingleKernel kernel;
  kernel.symbols = {"H", "W"};
  kernel.inputs = {input};
  kernel.outputs = {output};
  kernel.schedule = formatv("loops, lanes = {0}, channels = 1, pixels = [{1}, {0}], rows = {2}",
                            lanes, 2 * lanes, rows);
  kernel.tasks = formatv("floordiv(2*{0} + {1}, {2})", scaled("H", resize.scaleH), rows - 1, rows);
  // With `blend` the ops before and behind the resize are part of the kernel: results are twice as
  // large.
  kernel.body =
      formatv(R"(
    %v = dlc.read %in0 : !dlc.buffer<!dlc.tensor<{0}>> -> !dlc.tensor<{0}>
    %x = dlc.add %v, %v : (!dlc.tensor<{0}>, !dlc.tensor<{0}>) -> !dlc.tensor<{0}>
    %s = dlc.constant dense<[1.0, {4}, {5}]> : tensor<3xf32> -> !dlc.tensor<3 x f32>
    %r = dlc.resize %{6} scales %s mode cubic coordinates {2} rounding floor policy stretch cubic_coeff {3} extrapolation 0.0 : (!dlc.tensor<{0}>, !dlc.tensor<3 x f32>) -> !dlc.tensor<{1}>
    dlc.write %r, %out0 : !dlc.tensor<{1}>, !dlc.buffer<!dlc.tensor<{1}>>)",
              input, output, resize.coordinates, std::to_string(resize.coefficient),
              std::to_string(resize.scaleH), std::to_string(resize.scaleW), blend ? "x" : "v");
  return kernel.str();
}

static void check(const Resize &resize, int64_t rows = 3, bool blend = false) {
  for (const auto &[cpu, lanes] : getCpus()) {
    SCOPED_TRACE(cpu + " " + resize.coordinates + " " + std::to_string(resize.scaleW));
    auto program = Program::compile(makeModule(resize, lanes, rows, blend), cpu);
    ASSERT_TRUE(program);
    for (auto [h, w] : {std::pair<int64_t, int64_t>{1, 1},
                        {1, 5},
                        {3, 1},
                        {2, 3},
                        {4, 4},
                        {5, 17},
                        {7, 33},
                        {2, 150}}) {
      auto oh = static_cast<int64_t>(std::floor(static_cast<float>(h) * resize.scaleH));
      auto ow = static_cast<int64_t>(std::floor(static_cast<float>(w) * resize.scaleW));
      Memory in(2 * h * w), out(2 * oh * ow);
      llvm::copy(makeNumbers(in.size(), 7), in.data());
      ASSERT_EQ(program->run({h, w}, {in.data()}, {out.data()}), DLC_PROGRAM_OK);
      EXPECT_TRUE(out.isIntact());
      for (int64_t i = 0; i != 2 * oh * ow; ++i) {
        Axis vertical = getAxis(resize, i / ow % oh, resize.scaleH, h, oh),
             horizontal = getAxis(resize, i % ow, resize.scaleW, w, ow);
        double sum = 0;
        for (int y = 0; y != 4; ++y)
          for (int x = 0; x != 4; ++x)
            sum += vertical.weights[y] * horizontal.weights[x] *
                   in[(i / (ow * oh) * h + vertical.neighbours[y]) * w + horizontal.neighbours[x]];
        // Weights are polynomials with intermediate values up to 10, rounded to f32.
        ASSERT_NEAR(out[i], sum * (blend ? 2 : 1), 1e-5) << h << " x " << w << " at " << i;
      }
    }
  }
}

TEST(Resize, Coordinates) {
  for (const char *coordinates :
       {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"})
    for (float scale : {3.0f, 1.5f, 0.5f})
      check({coordinates, scale, scale});
}

TEST(Resize, Scales) {
  for (float scale : {1.0f, 1.25f, 1.375f, 2.0f, 4.0f, 8.5f, 0.25f})
    check({"half_pixel", 1.0f, scale});
  check({"half_pixel", 2.5f, 3.0f, -0.5}, 1);
  check({"align_corners", 2.0f, 2.0f}, 100);
}

TEST(Resize, OfAComputedValue) {
  check({"half_pixel", 3.0f, 3.0f}, 2, true);
  check({"half_pixel", 0.75f, 0.75f}, 2, true);
}
