// Convolution kernels against sums in double, over layouts, tiles, and sizes around tile
// boundaries.

#include "Layout.h"
#include "Program.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

using namespace dlc::test;
using llvm::formatv;

namespace {
struct Conv {
  int64_t n = 1, c = 3, h = 5, w = 17, m = 8, kh = 3, kw = 3;
  std::array<int64_t, 2> strides = {1, 1}, dilations = {1, 1};
  std::array<int64_t, 4> pads = {1, 1, 1, 1}, outputHalo = {0, 0, 0, 0};
  int64_t extraHalo = 0; ///< of the input, over the pads; where it is less windows are clipped
  bool shortcut = false; ///< adds an image with another halo
  bool blockedInput = false, blockedOutput = false, bias = true, relu = true;
  bool rowConv = false;
  std::vector<int64_t> vectors = {2}; ///< pixels of tiles: for row_conv in vectors
  int64_t channelVectors = 2;         ///< row_conv: channels
  int64_t rows = 1;
  bool knowsWidth = false; ///< when it is compiled

  int64_t outputSize(int axis) const {
    int64_t size = axis ? w : h, kernel = axis ? kw : kh;
    int64_t extent = size + pads[axis] + pads[axis + 2] - (kernel - 1) * dilations[axis] - 1;
    return extent < 0 ? 0 : extent / strides[axis] + 1;
  }
};
} // namespace

/// The image that a shortcut adds: as the output, but for its halo.
static Layout getShortcut(const Layout &output) {
  Layout layout = output;
  layout.halo = {1, 0, 2, 1};
  return layout;
}

static std::string makeSchedule(const Conv &conv, int64_t lanes, int64_t channels) {
  std::vector<int64_t> pixels = conv.vectors;
  if (conv.rowConv)
    llvm::for_each(pixels, [&](int64_t &width) { width *= lanes; });
  if (pixels.back() != (conv.rowConv ? lanes : 1))
    pixels.push_back(conv.rowConv ? lanes : 1);
  return formatv("{0}, lanes = {1}, channels = {2}, pixels = {3}, rows = {4}",
                 conv.rowConv ? "row_conv" : "direct_conv", lanes, channels, list(pixels),
                 conv.rows);
}

/// What follows `result` in the kernel; + 0.25 makes pad lanes dirty, so that they must be cleared
/// behind the epilogue. Returns the last value.
static std::string addRelu(SingleKernel &kernel, const std::string &type,
                           const std::string &result) {
  kernel.body += formatv(R"(
    %c = dlc.constant dense<0.25> : tensor<f32> -> !dlc.tensor<f32>
    %sum = dlc.add {1}, %c : (!dlc.tensor<{0}>, !dlc.tensor<f32>) -> !dlc.tensor<{0}>
    %relu = dlc.relu %sum : (!dlc.tensor<{0}>) -> !dlc.tensor<{0}>
)",
                         type, result);
  return "%relu";
}

static std::string makeModule(const Conv &conv, const Layout &input, const Layout &output,
                              int64_t lanes, int64_t channels) {
  std::string width = conv.knowsWidth ? std::to_string(conv.w) : "W";
  auto outputDim = [&](int axis) {
    return formatv("floordiv({0} + {1}, {2}) + 1", axis ? width : "H",
                   conv.pads[axis] + conv.pads[axis + 2] -
                       ((axis ? conv.kw : conv.kh) - 1) * conv.dilations[axis] - 1,
                   conv.strides[axis])
        .str();
  };
  std::string inputType = formatv("N x {0} x H x {1} x f32", conv.c, width);
  std::string filterType = formatv("{0} x {1} x {2} x {3} x f32", conv.m, conv.c, conv.kh, conv.kw);
  std::string biasType = formatv("{0} x f32", conv.m);
  std::string outputType = formatv("N x {0} x {1} x {2} x f32", conv.m, outputDim(0), outputDim(1));
  SingleKernel kernel;
  kernel.symbols = {"N", "H", "W"};
  kernel.inputs = {inputType + ", " + getImageLayout(input),
                   formatv("{0}, #dlc.filter_layout<outputs = {1}, inputs = {2}>", filterType,
                           channels, input.block)};
  if (conv.bias)
    kernel.inputs.push_back(formatv("{0}, #dlc.padded_layout<{1}>", biasType, channels));
  size_t shortcut = kernel.inputs.size();
  if (conv.shortcut)
    kernel.inputs.push_back(outputType + ", " + getImageLayout(getShortcut(output)));
  kernel.outputs = {outputType + ", " + getImageLayout(output)};
  kernel.schedule = makeSchedule(conv, lanes, channels);
  // One task at least where there is a halo to write.
  std::string bands = formatv("floordiv({0} + {1}, {2})", outputDim(0), conv.rows - 1, conv.rows);
  if (conv.outputHalo[0])
    bands = "max(" + bands + ", 1)";
  kernel.tasks = formatv("N * {0} * {1}", llvm::divideCeil(conv.m, channels), bands);
  auto read = [&](int index, const std::string &type) {
    kernel.body +=
        formatv("    %v{0} = dlc.read %in{0} : !dlc.buffer<!dlc.tensor<{1}>> -> !dlc.tensor<{2}>\n",
                index, kernel.inputs[index], type);
  };
  read(0, inputType), read(1, filterType);
  if (conv.bias)
    read(2, biasType);
  kernel.body += formatv(
      "    %conv = dlc.conv %v0, %v1{0} strides {1} pads {2} dilations {3} group 1 : "
      "(!dlc.tensor<{4}>, !dlc.tensor<{5}>{6}) -> !dlc.tensor<{7}>\n",
      conv.bias ? ", %v2" : "", list(conv.strides), list(conv.pads), list(conv.dilations),
      inputType, filterType, conv.bias ? ", !dlc.tensor<" + biasType + ">" : "", outputType);
  std::string result = "%conv";
  if (conv.shortcut) {
    read(shortcut, outputType);
    kernel.body +=
        formatv("    %total = dlc.add %v{0}, %conv : (!dlc.tensor<{1}>, !dlc.tensor<{1}>) -> "
                "!dlc.tensor<{1}>\n",
                shortcut, outputType);
    result = "%total";
  }
  if (conv.relu)
    result = addRelu(kernel, outputType, result);
  kernel.body +=
      formatv("    dlc.write {0}, %out0 : !dlc.tensor<{1}>, !dlc.buffer<!dlc.tensor<{2}>>", result,
              outputType, kernel.outputs[0]);
  return kernel.str();
}

/// The value and the sum of the magnitudes of all products, which bounds the rounding error.
static std::pair<double, double> reference(const Conv &conv, llvm::ArrayRef<float> input,
                                           llvm::ArrayRef<float> filter, llvm::ArrayRef<float> bias,
                                           float shortcut, int64_t i, int64_t m, int64_t oy,
                                           int64_t ox) {
  double sum = conv.bias ? bias[m] : 0, magnitude = 1;
  for (int64_t c = 0; c != conv.c; ++c)
    for (int64_t ky = 0; ky != conv.kh; ++ky)
      for (int64_t kx = 0; kx != conv.kw; ++kx) {
        int64_t y = oy * conv.strides[0] - conv.pads[0] + ky * conv.dilations[0];
        int64_t x = ox * conv.strides[1] - conv.pads[1] + kx * conv.dilations[1];
        if (y < 0 || y >= conv.h || x < 0 || x >= conv.w)
          continue;
        double product = static_cast<double>(input[((i * conv.c + c) * conv.h + y) * conv.w + x]) *
                         filter[((m * conv.c + c) * conv.kh + ky) * conv.kw + kx];
        sum += product;
        magnitude += std::abs(product);
      }
  sum += shortcut;
  if (conv.relu)
    sum = std::max(sum + 0.25, 0.0);
  return {sum, magnitude};
}

static Memory packFilter(const Conv &conv, llvm::ArrayRef<float> filter, int64_t outputs,
                         int64_t inputs) {
  int64_t groups = llvm::divideCeil(conv.m, outputs), blocks = llvm::divideCeil(conv.c, inputs);
  Memory packed(groups * blocks * conv.kh * conv.kw * inputs * outputs);
  size_t place = 0;
  for (int64_t g = 0; g != groups; ++g)
    for (int64_t block = 0; block != blocks; ++block)
      for (int64_t k = 0; k != conv.kh * conv.kw; ++k)
        for (int64_t lane = 0; lane != inputs; ++lane)
          for (int64_t o = 0; o != outputs; ++o) {
            int64_t m = g * outputs + o, c = block * inputs + lane;
            packed[place++] =
                m < conv.m && c < conv.c ? filter[(m * conv.c + c) * conv.kh * conv.kw + k] : 0;
          }
  return packed;
}

static Layout getInput(const Conv &conv, int64_t lanes) {
  std::array<int64_t, 4> halo = conv.pads;
  llvm::for_each(halo,
                 [&](int64_t &width) { width = std::max<int64_t>(width + conv.extraHalo, 0); });
  return {conv.n, conv.c, conv.h, conv.w, conv.blockedInput ? lanes : 1, halo};
}

static Layout getOutput(const Conv &conv, int64_t lanes) {
  return {conv.n,
          conv.m,
          conv.outputSize(0),
          conv.outputSize(1),
          conv.blockedOutput ? lanes : 1,
          conv.outputHalo};
}

static void check(const Conv &conv) {
  for (const auto &[cpu, lanes] : getCpus()) {
    int64_t channels = conv.rowConv ? conv.channelVectors : conv.channelVectors * lanes;
    Layout input = getInput(conv, lanes), output = getOutput(conv, lanes);
    int64_t oh = output.h, ow = output.w;
    std::string ir = makeModule(conv, input, output, lanes, channels);
    std::unique_ptr<Program> program = Program::compile(ir, cpu);
    ASSERT_TRUE(program) << cpu << ir;
    auto numbers = makeNumbers(conv.n * conv.c * conv.h * conv.w, 1);
    auto filter = makeNumbers(conv.m * conv.c * conv.kh * conv.kw, 2),
         bias = makeNumbers(conv.m, 3), added = makeNumbers(conv.n * conv.m * oh * ow, 4);
    Memory inputs(input.size()), outputs(output.size()), shortcut(getShortcut(output).size());
    input.forEach(
        [&](int64_t place, int64_t index) { inputs[place] = index < 0 ? 0 : numbers[index]; });
    Memory panels = packFilter(conv, filter, channels, input.block);
    Memory biases(llvm::alignTo(conv.m, channels));
    for (size_t i = 0; i != biases.size(); ++i)
      biases[i] = i < bias.size() ? bias[i] : 0;
    std::vector<void *> buffers = {inputs.data(), panels.data()};
    if (conv.bias)
      buffers.push_back(biases.data());
    // Its halo is never read.
    getShortcut(output).forEach([&](int64_t place, int64_t index) {
      if (index >= 0)
        shortcut[place] = added[index];
    });
    if (conv.shortcut)
      buffers.push_back(shortcut.data());
    ASSERT_EQ(program->run({conv.n, conv.h, conv.w}, buffers, {outputs.data()}), DLC_PROGRAM_OK);
    EXPECT_TRUE(outputs.isIntact());
    int64_t wrong = 0;
    output.forEach([&](int64_t place, int64_t index) {
      double expected = 0, magnitude = 0;
      if (index >= 0)
        std::tie(expected, magnitude) = reference(
            conv, numbers, filter, bias, conv.shortcut ? added[index] : 0,
            index / (ow * oh * conv.m), index / (ow * oh) % conv.m, index / ow % oh, index % ow);
      // 2^-24 for each rounding of a product or sum, of which there are far less than 100 in a row
      // that matter.
      bool good = index < 0 ? outputs[place] == 0
                            : std::abs(outputs[place] - expected) <= magnitude * 0x1p-18;
      if (!good && ++wrong < 5)
        ADD_FAILURE() << cpu << ": expected " << expected << " at " << place << " (element "
                      << index << "), found " << outputs[place];
    });
    ASSERT_EQ(wrong, 0) << ir;
  }
}

TEST(DirectConv, RowsAroundTileBoundaries) {
  for (int64_t w : {1, 2, 3, 13, 14, 15, 17, 31}) {
    SCOPED_TRACE(w);
    check({.w = w, .m = 24, .blockedOutput = true, .vectors = {14}});
    check({.w = w, .m = 24, .vectors = {14, 4}});
  }
}

/// Rows of a known width, which tiles run over the ends of: several rows in a tile, images with
/// halos of their own, strides, and bands that leave something over.
TEST(DirectConv, JoinedRows) {
  for (int64_t w : {1, 2, 3, 7, 11, 13}) {
    SCOPED_TRACE(w);
    Conv conv = {.c = 20, .h = 8, .w = w, .m = 24, .outputHalo = {1, 1, 1, 1}, .shortcut = true};
    conv.blockedInput = conv.blockedOutput = conv.knowsWidth = true;
    conv.vectors = {5, 4}, conv.rows = 3;
    check(conv);
    conv.strides = {2, 2};
    check(conv);
    conv.kh = conv.kw = 1, conv.pads = {0, 0, 0, 0};
    check(conv);
    conv.extraHalo = 2, conv.outputHalo = {0, 0, 0, 0};
    check(conv);
    conv.n = 2, conv.strides = {1, 1}, conv.extraHalo = 0, conv.vectors = {6};
    check(conv);
  }
  // Windows that are clipped, and planar results, keep to rows.
  for (bool isClipped : {true, false})
    check({.h = 8,
           .w = 7,
           .extraHalo = isClipped ? -1 : 0,
           .blockedOutput = isClipped,
           .vectors = {4, 2},
           .rows = 3,
           .knowsWidth = true});
}

/// Rows of planar images without halos are one for a filter of one element.
TEST(DirectConv, PlanarRowsAreOne) {
  for (int64_t w : {1, 2, 7, 13})
    for (bool knowsWidth : {true, false}) {
      SCOPED_TRACE(w);
      Conv conv = {.n = 2, .c = 20, .h = 8, .w = w, .m = 24, .kh = 1, .kw = 1};
      conv.pads = {0, 0, 0, 0}, conv.knowsWidth = knowsWidth;
      conv.vectors = {6, 4}, conv.rows = 3;
      check(conv);
      conv.shortcut = true; // which has a halo
      check(conv);
      conv.shortcut = false, conv.outputHalo = {0, 1, 0, 1};
      check(conv);
    }
}

/// The steps of an iteration lie apart from each other.
TEST(DirectConv, SinglePixels) {
  for (int64_t c : {1, 3, 16, 24, 100})
    for (bool isBlocked : {true, false}) {
      SCOPED_TRACE(c);
      Conv conv = {.c = c, .h = 1, .w = 2, .m = 40, .kh = 1, .kw = 1};
      conv.pads = {0, 0, 0, 0}, conv.vectors = {1};
      conv.blockedInput = conv.blockedOutput = isBlocked;
      check(conv);
      conv.h = 3, conv.kh = 2, conv.kw = 3, conv.dilations = {1, 2}, conv.pads = {1, 2, 0, 2};
      check(conv);
    }
}

TEST(DirectConv, Channels) {
  for (int64_t channels : {1, 3, 17, 24, 64}) {
    SCOPED_TRACE(channels);
    check({.c = channels,
           .w = 9,
           .m = 17,
           .blockedInput = true,
           .blockedOutput = true,
           .vectors = {4}});
    check({.c = 3, .w = 9, .m = channels, .blockedOutput = true, .vectors = {4}});
    check({.c = 5, .w = 9, .m = channels, .blockedInput = true, .vectors = {8, 4}});
  }
}

TEST(DirectConv, HalosOfTheOutput) {
  check({.m = 20, .outputHalo = {2, 3, 1, 4}, .blockedOutput = true, .vectors = {4}});
  check({.m = 20, .outputHalo = {2, 3, 1, 4}, .vectors = {8, 2}});
  check({.n = 2, .h = 1, .w = 1, .m = 3, .outputHalo = {1, 1, 1, 1}, .vectors = {8}});
}

/// Without rows or columns there is still a halo, and pads alone may make an output.
TEST(DirectConv, EmptyImages) {
  Conv conv = {.m = 3, .outputHalo = {1, 2, 3, 1}, .blockedOutput = true, .vectors = {4}};
  for (int64_t rows : {1, 2})
    for (auto [h, w] : {std::pair<int64_t, int64_t>{0, 5}, {5, 0}, {0, 0}}) {
      conv.h = h, conv.w = w, conv.rows = rows;
      check(conv);
    }
  conv.h = 0, conv.n = 0;
  check(conv);
  conv.n = 1, conv.pads = {2, 2, 2, 2};
  check(conv);
}

TEST(DirectConv, StridesDilationsAndPads) {
  check({.h = 9, .m = 8, .strides = {2, 2}, .blockedOutput = true, .vectors = {4}});
  check({.c = 20, .h = 9, .m = 8, .strides = {1, 3}, .blockedInput = true, .vectors = {4}});
  check({.c = 20,
         .h = 9,
         .m = 8,
         .dilations = {2, 3},
         .pads = {2, 3, 1, 0},
         .blockedInput = true,
         .vectors = {4}});
  check(
      {.h = 9, .m = 8, .dilations = {1, 2}, .pads = {0, 2, 3, 1}, .extraHalo = 2, .vectors = {4}});
}

/// The buffer has no halo, or less than the pads: at the borders of small images, larger kernels
/// than images, and no image at all.
TEST(DirectConv, ClippedWindows) {
  for (int64_t w : {0, 1, 2, 4, 9, 31}) {
    SCOPED_TRACE(w);
    check({.h = 3,
           .w = w,
           .m = 20,
           .kh = 5,
           .kw = 5,
           .pads = {2, 2, 2, 2},
           .extraHalo = -2,
           .blockedOutput = true,
           .vectors = {8, 4}});
    check({.c = 20,
           .w = w,
           .m = 8,
           .strides = {2, 2},
           .dilations = {2, 2},
           .pads = {2, 3, 1, 4},
           .extraHalo = -1,
           .blockedInput = true,
           .vectors = {4}});
  }
  check({.n = 2, .h = 0, .pads = {3, 3, 3, 3}, .extraHalo = -3, .vectors = {4}});
  check({.h = 30,
         .w = 30,
         .m = 64,
         .kh = 7,
         .kw = 7,
         .strides = {2, 2},
         .pads = {3, 3, 3, 3},
         .outputHalo = {1, 1, 1, 1},
         .extraHalo = -3,
         .blockedOutput = true,
         .vectors = {14, 8}});
}

TEST(DirectConv, Shortcuts) {
  for (int64_t w : {1, 7, 16, 23}) {
    SCOPED_TRACE(w);
    check({.n = 2, .w = w, .m = 24, .shortcut = true, .blockedOutput = true, .vectors = {14}});
    check({.n = 2, .w = w, .m = 24, .shortcut = true, .vectors = {14, 4}});
  }
  check({.m = 5, .outputHalo = {1, 2, 3, 4}, .shortcut = true, .relu = false, .vectors = {16}});
}

TEST(DirectConv, PanelsOfATask) {
  for (int64_t m : {15, 16, 64, 72})
    check({.n = 2,
           .h = 5,
           .w = 6,
           .m = m,
           .outputHalo = {1, 1, 1, 1},
           .blockedOutput = true,
           .vectors = {4},
           .rows = 2});
}

TEST(DirectConv, RowsOfATask) {
  for (int64_t rows : {1, 2, 3, 8})
    check({.n = 3,
           .h = 7,
           .m = 8,
           .outputHalo = {1, 1, 1, 1},
           .blockedOutput = true,
           .vectors = {4},
           .rows = rows});
}

TEST(DirectConv, ShapesOfSuperResolution) {
  check({.c = 3,
         .h = 11,
         .w = 45,
         .m = 64,
         .kh = 9,
         .kw = 9,
         .pads = {4, 4, 4, 4},
         .blockedOutput = true,
         .vectors = {14, 7}});
  check({.c = 64,
         .h = 5,
         .w = 45,
         .m = 32,
         .kh = 1,
         .kw = 1,
         .pads = {0, 0, 0, 0},
         .outputHalo = {2, 2, 2, 2},
         .blockedInput = true,
         .vectors = {8}});
}

TEST(DirectConv, WithoutBiasAndEpilogue) {
  check({.m = 5, .blockedOutput = true, .bias = false, .relu = false, .vectors = {4}});
}

TEST(RowConv, RowsAroundTileBoundaries) {
  for (int64_t w : {1, 3, 15, 16, 17, 33, 130})
    check({.c = 5,
           .w = w,
           .m = 3,
           .kh = 5,
           .kw = 5,
           .pads = {2, 2, 2, 2},
           .rowConv = true,
           .vectors = {4, 2},
           .channelVectors = 3});
}

TEST(RowConv, GroupsOfChannels) {
  for (int64_t m : {1, 2, 3, 4, 7})
    check({.n = 2,
           .c = 4,
           .m = m,
           .outputHalo = {1, 2, 3, 4},
           .rowConv = true,
           .channelVectors = 3,
           .rows = 2});
}

TEST(RowConv, StridesAndDilations) {
  check({.h = 9,
         .w = 37,
         .m = 2,
         .strides = {2, 1},
         .dilations = {2, 3},
         .pads = {2, 3, 2, 3},
         .extraHalo = 1,
         .rowConv = true,
         .channelVectors = 2});
}

/// Whole bands of rows are one tile, the last one's rows may be fewer.
TEST(RowConv, TilesOfSeveralRows) {
  for (int64_t h : {0, 2, 3, 8}) {
    SCOPED_TRACE(h);
    check({.n = 2,
           .h = h,
           .w = 19,
           .m = 3,
           .kh = 5,
           .kw = 3,
           .pads = {2, 1, 2, 1},
           .outputHalo = {1, 1, 2, 1},
           .shortcut = true,
           .rowConv = true,
           .vectors = {1},
           .channelVectors = 1,
           .rows = 3});
    check({.h = h,
           .w = 21,
           .m = 4,
           .strides = {2, 1},
           .dilations = {3, 2},
           .pads = {3, 2, 3, 2},
           .extraHalo = 1,
           .rowConv = true,
           .vectors = {2, 1},
           .channelVectors = 2,
           .rows = 3});
    check({.h = h, // clipped windows
           .w = 21,
           .m = 2,
           .extraHalo = -1,
           .rowConv = true,
           .vectors = {1},
           .channelVectors = 1,
           .rows = 2});
  }
}

TEST(RowConv, ClippedWindowsAndShortcuts) {
  for (int64_t w : {0, 1, 3, 16, 17, 33, 130}) {
    SCOPED_TRACE(w);
    check({.n = 2,
           .c = 4,
           .h = 4,
           .w = w,
           .m = 3,
           .kh = 5,
           .kw = 5,
           .pads = {2, 2, 2, 2},
           .extraHalo = -2,
           .shortcut = true,
           .rowConv = true,
           .vectors = {4, 2},
           .channelVectors = 3});
    check({.h = 0,
           .w = w,
           .m = 2,
           .dilations = {1, 2},
           .pads = {3, 1, 1, 4},
           .outputHalo = {1, 1, 1, 1},
           .extraHalo = -1,
           .rowConv = true,
           .channelVectors = 2});
  }
}

/// Instructions of the kernel that move whole vectors to or from the stack.
static int64_t countSpills(const Conv &conv, llvm::StringRef cpu, int64_t lanes) {
  int64_t channels = conv.rowConv ? conv.channelVectors : conv.channelVectors * lanes;
  std::string text = Program::assemble(
      makeModule(conv, getInput(conv, lanes), getOutput(conv, lanes), lanes, channels), cpu);
  llvm::StringRef kernel =
      llvm::StringRef(text).split("\nkernel:").second.split("\ndlc_run:").first;
  llvm::StringRef vector = lanes == 16 ? "%zmm" : lanes == 8 ? "%ymm" : "%xmm";
  EXPECT_TRUE(kernel.contains(vector));
  llvm::SmallVector<llvm::StringRef> lines;
  kernel.split(lines, '\n');
  return llvm::count_if(lines, [&](llvm::StringRef line) {
    return line.contains(vector) && line.contains("(%rsp)");
  });
}

/// Tiles that fill the registers leave none on the stack. One CPU here prefers vectors of 256 bits
/// by itself.
TEST(DirectConv, TilesStayInRegisters) {
  Conv conv = {.c = 40, .m = 64, .blockedInput = true, .blockedOutput = true, .vectors = {14}};
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
  EXPECT_EQ(countSpills(conv, "skylake-avx512", 16), 0);
  conv.blockedInput = false;
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
  Conv first = {.m = 64,
                .kh = 7,
                .kw = 7,
                .strides = {2, 2},
                .pads = {3, 3, 3, 3},
                .outputHalo = {1, 1, 1, 1},
                .extraHalo = -3,
                .blockedOutput = true,
                .vectors = {14}};
  EXPECT_EQ(countSpills(first, "znver4", 16), 0) << "clipped windows";
  conv.blockedOutput = false, conv.vectors = {8};
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
  conv.blockedOutput = true, conv.vectors = {6};
  EXPECT_EQ(countSpills(conv, "x86-64-v3", 8), 0);
  conv.vectors = {5};
  EXPECT_EQ(countSpills(conv, "x86-64-v2", 4), 0);
}

TEST(RowConv, TilesStayInRegisters) {
  Conv conv = {.c = 32,
               .m = 3,
               .kh = 5,
               .kw = 5,
               .pads = {2, 2, 2, 2},
               .rowConv = true,
               .vectors = {8},
               .channelVectors = 3};
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
  conv.vectors = {4};
  EXPECT_EQ(countSpills(conv, "x86-64-v3", 8), 0);
  conv = {.c = 1,
          .m = 4,
          .kh = 7,
          .kw = 7,
          .pads = {3, 3, 3, 3},
          .rowConv = true,
          .vectors = {1},
          .channelVectors = 1,
          .rows = 8};
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
}
