// Cubic resize against the definition: coordinates in f32 as ONNX Runtime computes them, the rest
// in double. Resizes of images in blocks of channels against those of dense values.

#include "Layout.h"
#include "Program.h"

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

//===----------------------------------------------------------------------===//
// Blocks of channels
//===----------------------------------------------------------------------===//

namespace {
struct ImageResize {
  std::string mode, coordinates, rounding = "floor";
  float scaleH = 2, scaleW = 2;
  bool knowsScales = true;
  int64_t channels = 17;
};
} // namespace

/// Resizes `input` to `output`, in blocks or dense.
static std::string makeModule(const ImageResize &resize, const Layout &input, const Layout &output,
                              int64_t lanes) {
  bool isBlocked = input.block != 1;
  int64_t rows = 3;
  auto getBuffer = [&](const std::string &type, const Layout &layout) {
    return isBlocked ? type + ", " + getImageLayout(layout) : type;
  };
  std::string from = formatv("N x {0} x H x W x f32", resize.channels),
              to = formatv("N x {0} x P x Q x f32", resize.channels);
  SingleKernel kernel;
  kernel.symbols = {"N", "H", "W", "P", "Q"};
  kernel.inputs = {getBuffer(from, input), "4 x f32"};
  kernel.outputs = {getBuffer(to, output)};
  kernel.schedule = formatv("{0}, lanes = {1}, channels = {2}, pixels = [{3}, {4}], rows = {5}",
                            isBlocked ? "blocks" : "loops", lanes, isBlocked ? lanes : 1,
                            isBlocked ? 4 : 2 * lanes, isBlocked ? 1 : lanes, rows);
  std::string bands = formatv("max(floordiv(P + {0}, {1}), 1)", rows - 1, rows);
  kernel.tasks =
      isBlocked ? formatv("{0}*N * {1}", llvm::divideCeil(resize.channels, lanes), bands).str()
                : formatv("floordiv({0}*N*P + {1}, {2})", resize.channels, rows - 1, rows).str();
  std::string scales = resize.knowsScales
                           ? formatv("dlc.constant dense<[1.0, 1.0, {0}, {1}]> : tensor<4xf32> -> ",
                                     std::to_string(resize.scaleH), std::to_string(resize.scaleW))
                                 .str()
                           : "dlc.read %in1 : !dlc.buffer<!dlc.tensor<4 x f32>> -> ";
  kernel.body = formatv(R"(
    %s = {0} !dlc.tensor<4 x f32>
    %v = dlc.read %in0 : !dlc.buffer<!dlc.tensor<{1}>> -> !dlc.tensor<{2}>
    %r = dlc.resize %v scales %s mode {3} coordinates {4} rounding {5} policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<{2}>, !dlc.tensor<4 x f32>) -> !dlc.tensor<{6}>
    dlc.write %r, %out0 : !dlc.tensor<{6}>, !dlc.buffer<!dlc.tensor<{7}>>)",
                        scales, kernel.inputs[0], from, resize.mode, resize.coordinates,
                        resize.rounding, to, kernel.outputs[0]);
  return kernel.str();
}

/// The same bits in both layouts; zeros in halos and in lanes that are no channels.
static void check(const ImageResize &resize) {
  constexpr int64_t images = 2;
  for (const auto &[cpu, lanes] : getCpus()) {
    SCOPED_TRACE(cpu + " " + resize.mode + " " + resize.coordinates + " " +
                 std::to_string(resize.scaleW));
    auto getLayout = [&](int64_t h, int64_t w, int64_t block, std::array<int64_t, 4> halo) {
      return Layout{images, resize.channels, h, w, block, halo};
    };
    auto getInput = [&](int64_t h, int64_t w) { return getLayout(h, w, lanes, {1, 2, 0, 1}); };
    auto getOutput = [&](int64_t h, int64_t w) { return getLayout(h, w, lanes, {2, 1, 1, 0}); };
    Layout dense = getLayout(0, 0, 1, {});
    auto blocked =
        Program::compile(makeModule(resize, getInput(0, 0), getOutput(0, 0), lanes), cpu);
    auto planar = Program::compile(makeModule(resize, dense, dense, lanes), cpu);
    ASSERT_TRUE(blocked && planar);
    for (auto [h, w] : {std::pair<int64_t, int64_t>{1, 1}, {3, 5}, {7, 18}, {8, 1}, {0, 4}}) {
      auto p = static_cast<int64_t>(std::floor(static_cast<float>(h) * resize.scaleH));
      auto q = static_cast<int64_t>(std::floor(static_cast<float>(w) * resize.scaleW));
      Layout input = getInput(h, w), output = getOutput(p, q);
      Memory scales(4), values(images * resize.channels * h * w), in(input.size());
      llvm::copy(std::array<float, 4>{1, 1, resize.scaleH, resize.scaleW}, scales.data());
      llvm::copy(makeNumbers(values.size(), 3), values.data());
      input.forEach(
          [&](int64_t place, int64_t index) { in[place] = index < 0 ? 0 : values[index]; });
      Memory expected(images * resize.channels * p * q), out(output.size());
      std::array<int64_t, 5> symbols = {images, h, w, p, q};
      ASSERT_EQ(planar->run(symbols, {values.data(), scales.data()}, {expected.data()}),
                DLC_PROGRAM_OK);
      ASSERT_EQ(blocked->run(symbols, {in.data(), scales.data()}, {out.data()}), DLC_PROGRAM_OK);
      EXPECT_TRUE(out.isIntact());
      int64_t wrong = 0;
      output.forEach([&](int64_t place, int64_t index) {
        wrong += out[place] != (index < 0 ? 0 : expected[index]);
      });
      ASSERT_EQ(wrong, 0) << h << " x " << w;
    }
  }
}

TEST(ResizeInBlocks, Nearest) {
  check({"nearest", "asymmetric"});
  for (const char *rounding : {"round_prefer_floor", "round_prefer_ceil", "ceil", "floor_or_ceil"})
    check({"nearest", "half_pixel", rounding, 0.75, 2.375});
  check({"nearest", "tf_half_pixel_for_nn", "floor", 3, 1.5, /*knowsScales=*/false});
}

TEST(ResizeInBlocks, Linear) {
  for (const char *coordinates :
       {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "half_pixel_symmetric"})
    check({"linear", coordinates, "floor", 1.5, 3});
  check({"linear", "half_pixel", "floor", 1, 0.375});
  check({"linear", "half_pixel", "floor", 4, 1, /*knowsScales=*/true, /*channels=*/32});
  check({"linear", "align_corners", "floor", 2.5, 3, /*knowsScales=*/false, /*channels=*/3});
}

TEST(ResizeInBlocks, Cubic) {
  check({"cubic", "half_pixel", "floor", 2, 2.5});
  check({"cubic", "align_corners", "floor", 0.75, 0.5});
  check({"cubic", "asymmetric", "floor", 1.5, 3, /*knowsScales=*/false});
}
