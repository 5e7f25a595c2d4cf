// Elementwise kernels: results are those of the same f32 operations in C++, exactly.

#include "Program.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace dlc::test;
using llvm::formatv;

static std::string makeSchedule(int64_t lanes, int64_t rows) {
  return formatv("loops, lanes = {0}, channels = 1, pixels = [{1}, {0}], rows = {2}", lanes,
                 2 * lanes, rows);
}

static std::string read(int index, const std::string &buffer, const std::string &type) {
  return formatv(
      "    %v{0} = dlc.read %in{0} : !dlc.buffer<!dlc.tensor<{1}>> -> !dlc.tensor<{2}>\n", index,
      buffer, type);
}

static Memory fill(size_t count, uint32_t seed) {
  Memory memory(count);
  llvm::copy(makeNumbers(count, seed), memory.data());
  return memory;
}

/// relu((a * b - c) / 3) with a: A x B x W, b: B x 1, c: W.
static void checkBroadcast(int64_t a, int64_t b, int64_t w, int64_t rows) {
  for (const auto &[cpu, lanes] : getCpus()) {
    SCOPED_TRACE(cpu);
    SingleKernel kernel;
    kernel.symbols = {"A", "B", "W"};
    kernel.inputs = {"A x B x W x f32", "B x 1 x f32", "W x f32"};
    kernel.outputs = {"A x B x W x f32"};
    kernel.schedule = makeSchedule(lanes, rows);
    kernel.tasks = formatv("floordiv(A*B + {0}, {1})", rows - 1, rows);
    for (int i = 0; i != 3; ++i)
      kernel.body += read(i, kernel.inputs[i], kernel.inputs[i]);
    kernel.body += R"(
    %c = dlc.constant dense<3.0> : tensor<f32> -> !dlc.tensor<f32>
    %p = dlc.mul %v0, %v1 : (!dlc.tensor<A x B x W x f32>, !dlc.tensor<B x 1 x f32>) -> !dlc.tensor<A x B x W x f32>
    %d = dlc.sub %p, %v2 : (!dlc.tensor<A x B x W x f32>, !dlc.tensor<W x f32>) -> !dlc.tensor<A x B x W x f32>
    %q = dlc.div %d, %c : (!dlc.tensor<A x B x W x f32>, !dlc.tensor<f32>) -> !dlc.tensor<A x B x W x f32>
    %r = dlc.relu %q : (!dlc.tensor<A x B x W x f32>) -> !dlc.tensor<A x B x W x f32>
    dlc.write %r, %out0 : !dlc.tensor<A x B x W x f32>, !dlc.buffer<!dlc.tensor<A x B x W x f32>>)";
    auto program = Program::compile(kernel.str(), cpu);
    ASSERT_TRUE(program);
    Memory x = fill(a * b * w, 1), y = fill(b, 2), z = fill(w, 3), out(a * b * w);
    ASSERT_EQ(program->run({a, b, w}, {x.data(), y.data(), z.data()}, {out.data()}),
              DLC_PROGRAM_OK);
    EXPECT_TRUE(out.isIntact());
    for (int64_t i = 0; i != a * b * w; ++i) {
      volatile float product = x[i] * y[i / w % b];
      float expected = (product - z[i % w]) / 3.0f;
      ASSERT_EQ(out[i], expected > 0 ? expected : 0) << i;
    }
  }
}

TEST(Loops, Broadcasting) {
  for (int64_t w : {1, 3, 4, 15, 16, 17, 33, 70})
    checkBroadcast(2, 3, w, 1);
  checkBroadcast(1, 1, 5, 4);
  checkBroadcast(3, 5, 20, 4);
  checkBroadcast(3, 5, 20, 100);
}

TEST(Loops, RanksZeroAndOne) {
  for (const auto &[cpu, lanes] : getCpus())
    for (bool scalar : {true, false}) {
      SingleKernel kernel;
      kernel.symbols = {"N"};
      std::string type = scalar ? "f32" : "N x f32";
      kernel.inputs = kernel.outputs = {type};
      kernel.schedule = makeSchedule(lanes, 1);
      kernel.tasks = "1";
      kernel.body =
          read(0, type, type) +
          formatv("    %s = dlc.add %v0, %v0 : (!dlc.tensor<{0}>, !dlc.tensor<{0}>) -> "
                  "!dlc.tensor<{0}>\n"
                  "    dlc.write %s, %out0 : !dlc.tensor<{0}>, !dlc.buffer<!dlc.tensor<{0}>>",
                  type)
              .str();
      auto program = Program::compile(kernel.str(), cpu);
      ASSERT_TRUE(program);
      for (int64_t n : {0, 1, 31, 32, 33}) {
        size_t count = scalar ? 1 : n;
        Memory in = fill(count, 1), out(count);
        ASSERT_EQ(program->run({n}, {in.data()}, {out.data()}), DLC_PROGRAM_OK);
        EXPECT_TRUE(out.isIntact());
        for (size_t i = 0; i != count; ++i)
          ASSERT_EQ(out[i], in[i] + in[i]);
      }
    }
}

/// NaN stays a NaN, where it meets a bound too; -0 and infinities come out as numbers.
TEST(Loops, ClipAndNan) {
  for (const auto &[cpu, lanes] : getCpus()) {
    SingleKernel kernel;
    kernel.inputs = kernel.outputs = {"5 x f32"};
    kernel.schedule = makeSchedule(lanes, 1);
    kernel.tasks = "1";
    kernel.body = read(0, "5 x f32", "5 x f32") + R"(
    %low = dlc.constant dense<-1.0> : tensor<f32> -> !dlc.tensor<f32>
    %high = dlc.constant dense<2.0> : tensor<f32> -> !dlc.tensor<f32>
    %r = dlc.clip %v0 low %low high %high : (!dlc.tensor<5 x f32>, !dlc.tensor<f32>, !dlc.tensor<f32>) -> !dlc.tensor<5 x f32>
    dlc.write %r, %out0 : !dlc.tensor<5 x f32>, !dlc.buffer<!dlc.tensor<5 x f32>>)";
    auto program = Program::compile(kernel.str(), cpu);
    ASSERT_TRUE(program);
    float infinity = std::numeric_limits<float>::infinity();
    float in[] = {std::nanf(""), -infinity, infinity, 0.5f, -7.0f}, out[5];
    ASSERT_EQ(program->run({}, {in}, {out}), DLC_PROGRAM_OK);
    EXPECT_TRUE(std::isnan(out[0]));
    EXPECT_EQ(out[1], -1);
    EXPECT_EQ(out[2], 2);
    EXPECT_EQ(out[3], 0.5f);
    EXPECT_EQ(out[4], -1);
  }
}

/// Images with halo in and out, and a constant of several elements.
TEST(Loops, HalosAndConstants) {
  for (const auto &[cpu, lanes] : getCpus())
    for (int64_t rows : {1, 3}) {
      std::string type = "2 x 3 x H x W x f32";
      SingleKernel kernel;
      kernel.symbols = {"H", "W"};
      kernel.inputs = {type + ", #dlc.image_layout<block = 1, halo = [1, 2, 0, 3]>"};
      kernel.outputs = {type + ", #dlc.image_layout<block = 1, halo = [2, 1, 3, 0]>"};
      kernel.schedule = makeSchedule(lanes, rows);
      kernel.tasks = formatv("max(floordiv(6*H + {0}, {1}), 1)", rows - 1, rows);
      kernel.body = read(0, kernel.inputs[0], type) + formatv(R"(
    %c = dlc.constant dense<[[[1.0]], [[2.0]], [[-4.0]]]> : tensor<3x1x1xf32> -> !dlc.tensor<3 x 1 x 1 x f32>
    %r = dlc.mul %v0, %c : (!dlc.tensor<{0}>, !dlc.tensor<3 x 1 x 1 x f32>) -> !dlc.tensor<{0}>
    dlc.write %r, %out0 : !dlc.tensor<{0}>, !dlc.buffer<!dlc.tensor<{1}>>)",
                                                              type, kernel.outputs[0])
                                                          .str();
      auto program = Program::compile(kernel.str(), cpu);
      ASSERT_TRUE(program);
      for (auto [h, w] : {std::pair<int64_t, int64_t>{1, 1}, {2, 19}, {5, 16}, {0, 3}, {3, 0}}) {
        Memory in = fill(6 * (h + 1) * (w + 5), 1), out(6 * (h + 5) * (w + 1));
        ASSERT_EQ(program->run({h, w}, {in.data()}, {out.data()}), DLC_PROGRAM_OK);
        EXPECT_TRUE(out.isIntact());
        const float factors[] = {1, 2, -4};
        for (int64_t plane = 0; plane != 6; ++plane)
          for (int64_t y = -2; y != h + 3; ++y)
            for (int64_t x = -1; x != w; ++x) {
              bool inside = y >= 0 && y < h && x >= 0;
              float expected =
                  inside ? in[(plane * (h + 1) + y + 1) * (w + 5) + x + 2] * factors[plane % 3] : 0;
              ASSERT_EQ(out[(plane * (h + 5) + y + 2) * (w + 1) + x + 1], expected)
                  << plane << " " << y << " " << x;
            }
      }
    }
}
