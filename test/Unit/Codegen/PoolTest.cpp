// Windows and reductions, of blocked images and in loops, against plain loops in double.

#include "Layout.h"
#include "Program.h"

#include "llvm/ADT/STLExtras.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

using namespace dlc::test;
using llvm::formatv;

static constexpr float infinity = std::numeric_limits<float>::infinity();

static std::string getKernel(const std::string &input, const std::string &inputBuffer,
                             const std::string &output, const std::string &outputBuffer,
                             llvm::StringRef op) {
  return formatv(R"(
    %0 = dlc.read %in0 : !dlc.buffer<!dlc.tensor<{0}>> -> !dlc.tensor<{1}>
    %1 = dlc.{2} : (!dlc.tensor<{1}>) -> !dlc.tensor<{3}>
    dlc.write %1, %out0 : !dlc.tensor<{3}>, !dlc.buffer<!dlc.tensor<{4}>>)",
                 inputBuffer, input, op, output, outputBuffer);
}

/// What lies in an image: elements, or the value of padding.
static Memory fill(const Layout &layout, llvm::ArrayRef<float> numbers) {
  Memory memory(layout.size());
  layout.forEach(
      [&](int64_t place, int64_t index) { memory[place] = index < 0 ? 0 : numbers[index]; });
  return memory;
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

namespace {
struct MaxPool {
  int64_t n = 1, c = 3, h = 6, w = 19;
  std::array<int64_t, 2> kernel = {3, 3}, strides = {2, 2}, dilations = {1, 1};
  std::array<int64_t, 4> pads = {1, 1, 1, 1}, inputHalo = {0, 0, 0, 0}, outputHalo = {0, 0, 0, 0};
  int64_t over = 0; ///< how far the last window reaches over the end, as with `ceil`
  int64_t rows = 1;
  bool nan = false;

  int64_t outputSize(int axis) const {
    int64_t size = axis ? w : h;
    int64_t extent =
        size + pads[axis] + pads[axis + 2] + over - (kernel[axis] - 1) * dilations[axis] - 1;
    return extent < 0 ? 0 : extent / strides[axis] + 1;
  }
};
} // namespace

static std::string makeModule(const MaxPool &pool, const Layout &input, const Layout &output,
                              int64_t lanes) {
  auto outputDim = [&](int axis) {
    return formatv("floordiv({0} + {1}, {2}) + 1", axis ? "W" : "H",
                   pool.pads[axis] + pool.pads[axis + 2] + pool.over -
                       (pool.kernel[axis] - 1) * pool.dilations[axis] - 1,
                   pool.strides[axis])
        .str();
  };
  bool blocked = input.block != 1;
  std::string inputType = formatv("N x {0} x H x W x f32", pool.c);
  std::string outputType = formatv("N x {0} x {1} x {2} x f32", pool.c, outputDim(0), outputDim(1));
  SingleKernel kernel;
  kernel.symbols = {"N", "H", "W"};
  kernel.inputs = {inputType + ", " + getImageLayout(input)};
  kernel.outputs = {outputType + ", " + getImageLayout(output)};
  kernel.schedule =
      formatv("{0}, lanes = {1}, channels = {2}, pixels = {3}, rows = {4}",
              blocked ? "pool" : "loops", lanes, blocked ? lanes : 1,
              list(blocked ? std::vector<int64_t>{4, 2} : std::vector<int64_t>{lanes}), pool.rows);
  bool hasHalo = pool.outputHalo[0] != 0;
  std::string tasks =
      blocked ? formatv("floordiv({0} + {1}, {2})", outputDim(0), pool.rows - 1, pool.rows).str()
              : formatv("floordiv({0}*N*{1} + {2}, {3})", pool.c,
                        // "floordiv(...) + 1", times N
                        outputDim(0) + formatv("*{0}*N", pool.c).str(), pool.rows - 1, pool.rows)
                    .str();
  if (hasHalo)
    tasks = "max(" + tasks + ", 1)";
  kernel.tasks =
      blocked ? formatv("{0}*N * {1}", llvm::divideCeil(pool.c, lanes), tasks).str() : tasks;
  std::string op =
      formatv("pool max %0 kernel {0} strides {1} pads {2} dilations {3}", list(pool.kernel),
              list(pool.strides), list(pool.pads), list(pool.dilations));
  kernel.body = getKernel(inputType, kernel.inputs[0], outputType, kernel.outputs[0], op);
  return kernel.str();
}

static float reference(const MaxPool &pool, llvm::ArrayRef<float> input, int64_t plane, int64_t oy,
                       int64_t ox) {
  float result = -infinity;
  for (int64_t ky = 0; ky != pool.kernel[0]; ++ky)
    for (int64_t kx = 0; kx != pool.kernel[1]; ++kx) {
      int64_t y = oy * pool.strides[0] - pool.pads[0] + ky * pool.dilations[0];
      int64_t x = ox * pool.strides[1] - pool.pads[1] + kx * pool.dilations[1];
      if (y < 0 || y >= pool.h || x < 0 || x >= pool.w || std::isnan(result))
        continue;
      float value = input[(plane * pool.h + y) * pool.w + x];
      if (!(value <= result))
        result = value;
    }
  return result;
}

static void check(const MaxPool &pool) {
  for (bool blocked : {true, false})
    for (const auto &[cpu, lanes] : getCpus()) {
      int64_t block = blocked ? lanes : 1, oh = pool.outputSize(0), ow = pool.outputSize(1);
      SCOPED_TRACE(formatv("{0} {1} {2} x {3}", cpu, block, pool.h, pool.w).str());
      Layout input = {pool.n, pool.c, pool.h, pool.w, block, pool.inputHalo};
      Layout output = {pool.n, pool.c, oh, ow, block, pool.outputHalo};
      auto program = Program::compile(makeModule(pool, input, output, lanes), cpu);
      ASSERT_TRUE(program);
      auto numbers = makeNumbers(pool.n * pool.c * pool.h * pool.w, 1);
      // Pads are smaller than all elements, zeros of the halo are not.
      llvm::for_each(numbers, [](float &number) { number -= 2; });
      if (pool.nan)
        for (size_t i = 0; i < numbers.size(); i += 7)
          numbers[i] = std::nanf("");
      Memory in = fill(input, numbers), out(output.size());
      ASSERT_EQ(program->run({pool.n, pool.h, pool.w}, {in.data()}, {out.data()}), DLC_PROGRAM_OK);
      EXPECT_TRUE(out.isIntact());
      int64_t wrong = 0;
      output.forEach([&](int64_t place, int64_t index) {
        float expected =
            index < 0 ? 0
                      : reference(pool, numbers, index / (ow * oh), index / ow % oh, index % ow);
        bool good = std::isnan(expected) ? std::isnan(out[place]) : out[place] == expected;
        if (!good && ++wrong < 5)
          ADD_FAILURE() << "expected " << expected << " at " << place << " (element " << index
                        << "), found " << out[place];
      });
      ASSERT_EQ(wrong, 0);
    }
}

TEST(MaxPool, Widths) {
  for (int64_t w : {0, 1, 2, 8, 9, 16, 31, 33, 70})
    check({.w = w});
}

TEST(MaxPool, ChannelsAndImages) {
  for (int64_t c : {1, 4, 17, 32})
    check({.n = 2, .c = c, .w = 9, .outputHalo = {1, 2, 3, 1}, .rows = 2});
}

TEST(MaxPool, Windows) {
  check({.kernel = {2, 2}, .strides = {2, 2}, .pads = {0, 0, 0, 0}});
  check({.kernel = {3, 3}, .strides = {1, 1}, .inputHalo = {1, 2, 1, 2}});
  check({.h = 9, .kernel = {2, 5}, .strides = {3, 1}, .pads = {1, 4, 0, 2}});
  check({.kernel = {3, 2}, .strides = {1, 2}, .dilations = {2, 3}, .pads = {3, 2, 1, 1}});
  check({.h = 7, .w = 7, .kernel = {3, 3}, .pads = {0, 0, 0, 0}, .over = 1});
  check({.h = 2, .w = 3, .kernel = {5, 7}, .strides = {1, 1}, .pads = {4, 6, 4, 6}});
}

TEST(MaxPool, Nan) { check({.nan = true}); }

TEST(MaxPool, EmptyImages) {
  check({.h = 0, .outputHalo = {1, 1, 1, 1}});
  check({.n = 0, .outputHalo = {1, 1, 1, 1}});
  check({.h = 0, .kernel = {2, 2}, .strides = {1, 1}, .outputHalo = {1, 1, 1, 1}});
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

static double reduce(llvm::StringRef kind, llvm::ArrayRef<float> elements) {
  double result = kind == "max" ? -infinity : kind == "min" ? infinity : 0;
  for (double element : elements) {
    if (std::isnan(element) || std::isnan(result))
      result = std::nan("");
    else if (kind == "max")
      result = std::max(result, element);
    else if (kind == "min")
      result = std::min(result, element);
    else
      result += element;
  }
  return kind == "mean" ? result / static_cast<double>(elements.size()) : result;
}

/// `results` against reductions of `count` elements each.
static void compare(llvm::StringRef kind, llvm::ArrayRef<float> numbers, int64_t count,
                    llvm::ArrayRef<float> results) {
  for (auto [index, result] : llvm::enumerate(results)) {
    double expected = reduce(kind, numbers.slice(index * count, count));
    if (std::isnan(expected))
      ASSERT_TRUE(std::isnan(result)) << kind.str() << " " << index;
    else if (std::isinf(expected))
      ASSERT_EQ(result, expected) << kind.str() << " " << index;
    else // elements are at most 1
      ASSERT_NEAR(result, expected, static_cast<double>(count) * 0x1p-20) << kind.str() << index;
  }
}

static const char *const kinds[] = {"sum", "mean", "max", "min"};

using Sizes = std::vector<std::pair<int64_t, int64_t>>;

/// Over the pixels of n x c x each of `sizes`; with `halo` the result is an image with one.
static void checkPixels(int64_t n, int64_t c, const Sizes &sizes, bool blocked, bool keepDims,
                        bool halo = false) {
  for (const auto &[cpu, lanes] : getCpus())
    for (const char *kind : kinds) {
      Layout input = {n, c, 0, 0, blocked ? lanes : 1, {1, 2, 0, 1}};
      Layout output = {n, c, 1, 1, 1, {halo, 2 * halo, halo, 0}};
      std::string inputType = formatv("N x {0} x H x W x f32", c),
                  outputType = formatv(keepDims ? "N x {0} x 1 x 1 x f32" : "N x {0} x f32", c);
      SingleKernel kernel;
      kernel.symbols = {"N", "H", "W"};
      kernel.inputs = {inputType + ", " + getImageLayout(input)};
      kernel.outputs = {halo ? outputType + ", " + getImageLayout(output) : outputType};
      kernel.schedule = formatv("{0}, lanes = {1}, channels = {2}, pixels = [{1}], rows = 1",
                                blocked ? "pool" : "loops", lanes, blocked ? lanes : 1);
      kernel.tasks = formatv("N * {0}", blocked    ? llvm::divideCeil(c, lanes)
                                        : keepDims ? static_cast<uint64_t>(c)
                                                   : 1);
      if (halo && !blocked)
        kernel.tasks = "max(" + kernel.tasks + ", 1)";
      kernel.body = getKernel(
          inputType, kernel.inputs[0], outputType, kernel.outputs[0],
          formatv("reduce {0} %0 axes [2, -1]{1}", kind, keepDims ? " keep_dims" : "").str());
      auto program = Program::compile(kernel.str(), cpu);
      ASSERT_TRUE(program);
      for (auto [h, w] : sizes) {
        input.h = h, input.w = w;
        auto numbers = makeNumbers(n * c * h * w, 1);
        if (numbers.size() > 5)
          numbers[5] = std::nanf("");
        Memory in = fill(input, numbers), out(output.size());
        ASSERT_EQ(program->run({n, h, w}, {in.data()}, {out.data()}), DLC_PROGRAM_OK);
        EXPECT_TRUE(out.isIntact());
        std::vector<float> results;
        output.forEach([&](int64_t place, int64_t index) {
          if (index >= 0)
            results.push_back(out[place]);
          else
            EXPECT_EQ(out[place], 0);
        });
        compare(kind, numbers, h * w, results);
      }
    }
}

TEST(Reduce, PixelsOfImages) {
  Sizes sizes = {{7, 7}, {1, 1}, {2, 35}, {0, 3}, {3, 0}};
  for (bool blocked : {true, false})
    for (int64_t c : {1, 17, 32}) {
      checkPixels(2, c, sizes, blocked, /*keepDims=*/true);
      checkPixels(1, c, sizes, blocked, /*keepDims=*/false);
    }
}

TEST(Reduce, ImagesWithHalo) {
  for (bool blocked : {true, false})
    for (int64_t n : {0, 2})
      checkPixels(n, 20, {{3, 5}}, blocked, /*keepDims=*/true, /*halo=*/true);
}

/// Dense values of rank 3, A x B x W, over their last dims; results keep the others.
TEST(Reduce, LastDims) {
  struct Case {
    const char *axes, *output, *tasks;
    int64_t kept;
  };
  const Case cases[] = {{"[]", "A x B x W x f32", "A*B", 3},
                        {"[2] keep_dims", "A x B x 1 x f32", "A*B", 2},
                        {"[2]", "A x B x f32", "A", 2},
                        {"[1, 2]", "A x f32", "1", 1},
                        {"[0, 1, 2]", "f32", "1", 0}};
  for (const auto &[cpu, lanes] : getCpus())
    for (const char *kind : kinds)
      for (const Case &test : cases) {
        SCOPED_TRACE(std::string(cpu) + " " + kind + " " + test.axes);
        SingleKernel kernel;
        kernel.symbols = {"A", "B", "W"};
        kernel.inputs = {"A x B x W x f32"};
        kernel.outputs = {test.output};
        kernel.schedule =
            formatv("loops, lanes = {0}, channels = 1, pixels = [{0}], rows = 1", lanes);
        kernel.tasks = test.tasks;
        kernel.body = getKernel(kernel.inputs[0], kernel.inputs[0], test.output, test.output,
                                formatv("reduce {0} %0 axes {1}", kind, test.axes).str());
        auto program = Program::compile(kernel.str(), cpu);
        ASSERT_TRUE(program);
        for (int64_t w : {0, 1, 15, 64, 131}) {
          const int64_t dims[] = {2, 3, w};
          int64_t kept = 1, count = 1;
          for (int64_t i = 0; i != 3; ++i)
            (i < test.kept ? kept : count) *= dims[i];
          auto numbers = makeNumbers(kept * count, 1);
          Memory in(numbers.size()), out(kept);
          llvm::copy(numbers, in.data());
          ASSERT_EQ(program->run({2, 3, w}, {in.data()}, {out.data()}), DLC_PROGRAM_OK);
          EXPECT_TRUE(out.isIntact());
          compare(kind, numbers, count, llvm::ArrayRef<float>(out.data(), kept));
        }
      }
}
