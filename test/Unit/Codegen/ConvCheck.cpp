#include "ConvCheck.h"
#include "Layout.h"
#include "Program.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace dlc::test;
using llvm::formatv;

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

/// Makes channels of `result` pixels. Returns the last value.
static std::string addShuffle(SingleKernel &kernel, const Conv &conv, const std::string &result,
                              const std::string &type, llvm::ArrayRef<std::string> pixels,
                              const std::string &shuffledType) {
  auto [height, width] = conv.shuffle;
  std::string apart = formatv("N x {0} x {1} x {2} x {3} x {4} x f32", height, width,
                              conv.m / conv.parts(), pixels[0], pixels[1]);
  std::string moved = formatv("N x {0} x {1} x {2} x {3} x {4} x f32", conv.m / conv.parts(),
                              pixels[0], height, pixels[1], width);
  kernel.body += formatv(R"(
    %apart = dlc.view {0} : <{1}> -> <{2}>
    %moved = dlc.transpose %apart perm [0, 3, 4, 1, 5, 2] : (!dlc.tensor<{2}>) -> !dlc.tensor<{3}>
    %shuffled = dlc.view %moved : <{3}> -> <{4}>
)",
                         result, type, apart, moved, shuffledType);
  return "%shuffled";
}

static std::string makeModule(const Conv &conv, const Layout &input, const Layout &output,
                              int64_t lanes, int64_t channels) {
  std::string width = conv.knowsWidth ? std::to_string(conv.w) : "W";
  auto outputDim = [&](int axis, int64_t times = 1) {
    return formatv("{3}*floordiv({0} + {1}, {2}) + {3}", axis ? width : "H",
                   conv.pads[axis] + conv.pads[axis + 2] -
                       ((axis ? conv.kw : conv.kh) - 1) * conv.dilations[axis] - 1,
                   conv.strides[axis], times)
        .str();
  };
  std::string inputType = formatv("N x {0} x H x {1} x f32", conv.c, width);
  std::string filterType = formatv("{0} x {1} x {2} x {3} x f32", conv.m, conv.c, conv.kh, conv.kw);
  std::string biasType = formatv("{0} x f32", conv.m);
  std::string convType = formatv("N x {0} x {1} x {2} x f32", conv.m, outputDim(0), outputDim(1));
  std::string outputType = formatv("N x {0} x {1} x {2} x f32", conv.m / conv.parts(),
                                   outputDim(0, conv.shuffle[0]), outputDim(1, conv.shuffle[1]));
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
  kernel.body +=
      formatv("    %conv = dlc.conv %v0, %v1{0} strides {1} pads {2} dilations {3} group 1 : "
              "(!dlc.tensor<{4}>, !dlc.tensor<{5}>{6}) -> !dlc.tensor<{7}>\n",
              conv.bias ? ", %v2" : "", list(conv.strides), list(conv.pads), list(conv.dilations),
              inputType, filterType, conv.bias ? ", !dlc.tensor<" + biasType + ">" : "", convType);
  std::string result = "%conv";
  if (conv.parts() != 1)
    result = addShuffle(kernel, conv, result, convType, {outputDim(0), outputDim(1)}, outputType);
  if (conv.shortcut) {
    read(shortcut, outputType);
    kernel.body +=
        formatv("    %total = dlc.add %v{0}, {1} : (!dlc.tensor<{2}>, !dlc.tensor<{2}>) -> "
                "!dlc.tensor<{2}>\n",
                shortcut, result, outputType);
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
  for (auto [width, most] : llvm::zip_equal(halo, conv.mostHalo))
    width = std::min(width, most);
  return {conv.n, conv.c, conv.h, conv.w, conv.blockedInput ? lanes : 1, halo};
}

static Layout getOutput(const Conv &conv, int64_t lanes) {
  return {conv.n,
          conv.m / conv.parts(),
          conv.outputSize(0) * conv.shuffle[0],
          conv.outputSize(1) * conv.shuffle[1],
          conv.blockedOutput ? lanes : 1,
          conv.outputHalo};
}

void dlc::test::check(const Conv &conv) {
  for (const auto &[cpu, lanes] : getCpus()) {
    int64_t channels = conv.rowConv ? conv.channelVectors : conv.channelVectors * lanes;
    Layout input = getInput(conv, lanes), output = getOutput(conv, lanes);
    int64_t oh = output.h, ow = output.w;
    std::string ir = makeModule(conv, input, output, lanes, channels);
    std::unique_ptr<Program> program = Program::compile(ir, cpu);
    ASSERT_TRUE(program) << cpu << ir;
    auto numbers = makeNumbers(conv.n * conv.c * conv.h * conv.w, 1);
    auto filter = makeNumbers(conv.m * conv.c * conv.kh * conv.kw, 2),
         bias = makeNumbers(conv.m, 3), added = makeNumbers(conv.n * output.c * oh * ow, 4);
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
      if (index >= 0) {
        auto [height, width] = conv.shuffle;
        int64_t y = index / ow % oh, x = index % ow, part = y % height * width + x % width;
        std::tie(expected, magnitude) =
            reference(conv, numbers, filter, bias, conv.shortcut ? added[index] : 0,
                      index / (ow * oh * output.c), part * output.c + index / (ow * oh) % output.c,
                      y / height, x / width);
      }
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

int64_t dlc::test::countSpills(const Conv &conv, llvm::StringRef cpu, int64_t lanes) {
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
