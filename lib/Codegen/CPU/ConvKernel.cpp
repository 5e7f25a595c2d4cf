#include "ConvKernel.h"
#include "Blocks.h"

#include <numeric>

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

/// Finds the anchor, the ops behind it, and the buffers.
LogicalResult ConvKernel::matchBody(KernelBuilder &b, Buffers &buffers) {
  Algorithm algorithm = b.getSchedule().getAlgorithm();
  bool takesShuffle = algorithm == Algorithm::direct_conv || algorithm == Algorithm::winograd;
  if (failed(match(b, llvm::IsaPred<ConvOp, MatmulOp>, takesShuffle)))
    return failure();
  FailureOr<Value> source = getBuffer(windows ? windows->from : anchor->getOperand(0));
  FailureOr<Value> weights = getBuffer(anchor->getOperand(1));
  FailureOr<Value> added =
      getBuffer(anchor->getNumOperands() == 3 ? anchor->getOperand(2) : Value());
  if (failed(source) || failed(weights) || failed(added))
    return failure();
  buffers = {*source, *weights, *added, AnchorKernel::output};
  return success();
}

/// Whether `type` is an image; other layouts have no rows.
static bool isImage(PlannedType type) {
  return type.getRank() == 4 && (!type.getLayout() || isa<ImageLayoutAttr>(type.getLayout()));
}

LogicalResult ConvKernel::matchConv(KernelBuilder &b, ConvOp conv, const Buffers &buffers) {
  std::optional<SmallVector<int64_t>> shape = getTensor(buffers.filter).getStaticShape();
  if (!isImage(getTensor(buffers.input)) || !isImage(getTensor(buffers.output)) || !panels ||
      !shape || shape->size() != 4)
    return conv.emitError("expected images and a filter of static shape in panels");
  outputChannels = (*shape)[0], inputChannels = (*shape)[1];
  groups = conv.getGroup();
  planes = windows ? windows->size : 1;
  kernelHeight = (*shape)[2], kernelWidth = (*shape)[3];
  strides = llvm::to_vector(conv.getStrides());
  dilations = llvm::to_vector(conv.getDilations());
  pads = llvm::to_vector(conv.getPads());
  input = b.getImage(buffers.input);
  output = b.getImage(buffers.output);
  height = b.size(conv.getType().getDim(2));
  width = b.size(conv.getType().getDim(3));
  return matchShuffle(b, buffers);
}

/// Pixels of a shuffle take whole vectors of channels.
LogicalResult ConvKernel::matchShuffle(KernelBuilder &b, const Buffers &buffers) {
  if (!shuffle)
    return success();
  int64_t parts = shuffle->getParts();
  if (output.block != b.getLanes() || groups != 1 || outputChannels % (parts * output.block) != 0)
    return anchor->emitError("expected a pixel shuffle of blocks of ")
           << b.getLanes() << " channels, found " << getTensor(buffers.output);
  spread = {shuffle->height, shuffle->width};
  return success();
}

LogicalResult ConvKernel::matchMatmul(KernelBuilder &b, MatmulOp matmul, const Buffers &buffers) {
  PlannedType inputType = getTensor(buffers.input), outputType = getTensor(buffers.output);
  std::optional<SmallVector<int64_t>> shape = getTensor(buffers.filter).getStaticShape();
  auto hasRows = [](PlannedType type) {
    return type.getRank() >= 2 && (!type.getLayout() || isa<RowLayoutAttr>(type.getLayout()));
  };
  if (!hasRows(inputType) || !hasRows(outputType) || !panels || !shape || shape->size() != 2)
    return matmul.emitError(
        "expected matrices in rows and a right operand of static shape in panels");
  if (!matmul.getTransposeRhs() || matmul.getTransposeLhs())
    return matmul.emitError("expected a right operand that is transposed, and no other");
  outputChannels = (*shape)[0], inputChannels = (*shape)[1];
  input = b.getMatrix(buffers.input, inputChannels);
  output = b.getMatrix(buffers.output, outputChannels);
  height = output.height;
  width = output.width;
  return success();
}

/// What the schedule, the layouts and the shapes must agree in.
LogicalResult ConvKernel::matchPanels(KernelBuilder &b, const Buffers &buffers) {
  int64_t channels = b.getSchedule().getChannels();
  bool isWinograd = b.getSchedule().getAlgorithm() == Algorithm::winograd;
  if (isWinograd ? channels % panels.getOutputs() != 0 : panels.getOutputs() != channels)
    return anchor->emitError("expected panels of ") << channels << " outputs, found " << panels;
  if (b.getSchedule().getAlgorithm() != Algorithm::depthwise) {
    int64_t inputs = isa<MatmulOp>(anchor) ? inputChannels : input.block;
    if (panels.getInputs() != std::max<int64_t>(inputs, 1))
      return anchor->emitError("expected panels of ") << inputs << " inputs, found " << panels;
    if (planes != 1 && groups * getPlaneChannels() % input.block != 0)
      return anchor->emitError("expected planes of whole blocks, found ")
             << groups * getPlaneChannels() << " channels";
    if (groups != 1 &&
        (outputChannels / groups % channels != 0 || getPlaneChannels() % input.block != 0))
      return anchor->emitError("expected groups of whole panels and blocks, found ")
             << groups << " groups of " << inputChannels << " to " << outputChannels / groups
             << " channels";
  }
  PlannedType outputType = getTensor(buffers.output);
  ExprAttr channelDim = outputType.getDim(isa<ConvOp>(anchor) ? 1 : outputType.getRank() - 1);
  int64_t parts = shuffle ? shuffle->getParts() : 1;
  if (channelDim != ExprAttr::constant(b.getContext(), outputChannels / parts))
    return anchor->emitError("expected ")
           << outputChannels << " output channels, found " << outputType;
  return success();
}

/// Operands of the epilogue lie as the result does, but for their halo.
LogicalResult ConvKernel::matchOperands(KernelBuilder &b) {
  for (Value value : operands) {
    Value buffer = value.getDefiningOp<ReadOp>().getBuffer();
    bool isMatrix = isa<MatmulOp>(anchor);
    if (getTensor(buffer).getLayout() && (isMatrix || !isImage(getTensor(buffer))))
      return anchor->emitError("expected an image, found ") << getTensor(buffer);
    Image image = isMatrix ? b.getMatrix(buffer, outputChannels) : b.getImage(buffer);
    if (!isMatrix && image.block != output.block)
      return anchor->emitError("expected an operand in blocks of ")
             << output.block << " channels, found " << getTensor(buffer);
    operandImages.push_back(image);
  }
  return success();
}

FailureOr<ConvKernel> ConvKernel::create(KernelBuilder &b) {
  ConvKernel kernel;
  Buffers buffers;
  if (failed(kernel.matchBody(b, buffers)))
    return failure();
  kernel.panels = dyn_cast_or_null<FilterLayoutAttr>(getTensor(buffers.filter).getLayout());
  auto conv = dyn_cast<ConvOp>(kernel.anchor);
  if (failed(conv ? kernel.matchConv(b, conv, buffers)
                  : kernel.matchMatmul(b, cast<MatmulOp>(kernel.anchor), buffers)) ||
      failed(kernel.matchPanels(b, buffers)) || failed(kernel.matchOperands(b)))
    return failure();
  kernel.filter = b.getAddress(buffers.filter);
  if (buffers.bias)
    kernel.bias = b.getAddress(buffers.bias);
  return kernel;
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Value ConvKernel::getChannel(KernelBuilder &b, const Row &row, int64_t channel) const {
  return b.add(b.mul(row.group, panels.getOutputs()), channel);
}

void ConvKernel::storeHalo(KernelBuilder &b, Value n, Value first, Value count, Value begin,
                           Value end) const {
  if (!shuffle) {
    b.loop(b.i64(0), b.min(count, b.sub(output.planes, first)), 1,
           [&](Value i) { b.storeHalo(output, n, b.add(first, i), begin, end); });
    return;
  }
  Value ofImage = b.mul(output.planes, spread[0] * spread[1]);
  Value all = b.mul(ofImage, shuffle->depth);
  b.loop(b.i64(0), b.min(count, b.sub(all, first)), 1, [&](Value i) {
    Value part = b.add(first, i), plane = b.rem(part, ofImage);
    b.onlyIf(b.atMost(b.add(plane, 1), output.planes), [&] {
      b.storeHalo(output, b.add(b.mul(n, shuffle->depth), b.div(part, ofImage)), plane, begin, end);
    });
  });
}

void ConvKernel::emitTask(KernelBuilder &b, EmitBand emitBand) {
  int64_t rows = b.getSchedule().getRows(), channels = b.getSchedule().getChannels();
  Value bands = b.ceilDiv(height, rows);
  if (output.hasHalo()) // there is one even without rows
    bands = b.max(bands, b.i64(1));
  Value groups = b.i64(std::max<int64_t>(llvm::divideCeil(outputChannels, channels), 1));
  // What neighbours among the tasks share stays in the caches: the rows of a band, which all panels
  // of channels read, or the weights of a panel.
  bool sharesRows = b.getSchedule().getAlgorithm() == Algorithm::direct_conv;
  Value band, group, n = b.getTask();
  auto take = [&](Value &place, Value count) {
    place = b.rem(n, count);
    n = b.div(n, count);
  };
  if (sharesRows)
    take(group, groups);
  take(band, bands);
  if (!sharesRows)
    take(group, groups);
  Value begin = b.mul(band, rows), end = b.min(b.add(begin, rows), height);
  auto emitGroup = [&](int64_t groupChannels) {
    Row row = {n, begin, group, groupChannels};
    if (output.hasHalo())
      storeHalo(b, n, b.div(getChannel(b, row, 0), b.i64(output.block)),
                b.i64(llvm::divideCeil(groupChannels, output.block)), b.mul(begin, spread[0]),
                b.mul(end, spread[0]));
    emitBand(row, rows == 1 && !output.hasHalo() ? b.i64(1) : b.sub(end, begin));
  };
  int64_t fullGroups = outputChannels / channels, others = outputChannels % channels;
  if (others == 0)
    return emitGroup(channels);
  if (fullGroups == 0)
    return emitGroup(others);
  b.either(
      b.equal(group, b.i64(fullGroups)), [&] { emitGroup(others); }, [&] { emitGroup(channels); });
}

void ConvKernel::forEachRow(KernelBuilder &b, const Row &band, Value rows,
                            function_ref<void(const Row &)> emitRow) {
  b.loop(b.i64(0), rows, 1, [&](Value h) {
    Row row = band;
    row.h = b.add(band.h, h);
    emitRow(row);
  });
}

Value ConvKernel::getPixel(KernelBuilder &b, Value address, const Image &image, const Row &row,
                           int64_t pixel, ArrayRef<int64_t> strides) const {
  if (!row.ends.empty()) {
    Value acrossEnd =
        b.sub(b.mul(image.rowPitch, strides[0]), b.mul(width, strides[1] * image.block));
    address = b.offset(address, b.mul(row.ends[pixel], acrossEnd));
  }
  return b.offset(address, pixel * strides[1] * image.block);
}

bool ConvKernel::clipsWindows() const {
  return pads[0] > input.top || pads[1] > input.left || pads[2] > input.bottom ||
         pads[3] > input.right;
}

int64_t ConvKernel::getPanelElements() const {
  int64_t inputs = llvm::alignTo(inputChannels, panels.getInputs());
  return inputs * kernelHeight * kernelWidth * panels.getOutputs();
}

Value ConvKernel::getBufferWidth(KernelBuilder &b) const {
  return b.add(input.width, input.left + input.right);
}

bool ConvKernel::skipsTaps(int64_t axis) const {
  constexpr int64_t farAway = 16; // wider than tiles are
  int64_t pad = std::max(pads[axis], pads[axis + 2]);
  return dilations[axis] == 1 ? pad >= farAway : pad != 0;
}

ConvKernel::Planes ConvKernel::getPlanes(KernelBuilder &b, Value n) const {
  if (!windows)
    return {n, {b.i64(0), b.i64(1)}};
  Value count = b.size(windows->count), ofVolume = b.size(windows->windows);
  Value place = b.add(b.mul(b.rem(n, ofVolume), windows->step), -windows->low);
  return {b.add(b.mul(b.div(n, ofVolume), count), place),
          b.clipTaps(place, planes, windows->dilation, b.i64(0), count)};
}

Value ConvKernel::getPlanePitch(KernelBuilder &b) const {
  return b.mul(input.imagePitch, windows ? windows->dilation : 1);
}

KernelBuilder::Carried ConvKernel::sumPlanes(KernelBuilder &b, const Window &window, Value weights,
                                             int64_t pitch, ValueRange inits,
                                             EmitPlane emitPlane) const {
  if (!windows)
    return emitPlane(window.start, weights, inits);
  return b.loop(window.planes.begin, window.planes.end, 1, inits,
                [&](Value plane, ValueRange sums) {
                  return emitPlane(b.offset(window.start, b.mul(plane, getPlanePitch(b))),
                                   b.offset(weights, b.mul(plane, pitch)), sums);
                });
}

Taps ConvKernel::getColumns(KernelBuilder &b, Value w, int64_t pixels) {
  if (!skipsTaps(1))
    return {b.i64(0), b.i64(kernelWidth)};
  Value left = b.add(b.mul(w, strides[1]), -pads[1]);
  return b.clipTaps(left, kernelWidth, dilations[1], b.i64((1 - pixels) * strides[1]), input.width);
}

ConvKernel::Window ConvKernel::getWindow(KernelBuilder &b, const Row &row, Value w, int64_t pixels,
                                         bool clip) {
  Value top = b.add(b.mul(row.h, strides[0]), -pads[0]);
  Value left = b.add(b.mul(w, strides[1]), -pads[1]);
  Window window;
  Value plane = b.i64(0);
  if (groups != 1) {
    Value group = b.div(getChannel(b, row, 0), b.i64(outputChannels / groups));
    plane = b.div(b.mul(group, getPlaneChannels()), b.i64(input.block));
  }
  auto [image, taps] = getPlanes(b, row.n);
  window.planes = taps;
  window.start = b.offset(input, image, plane, top, left);
  window.rows = {b.i64(0), b.i64(kernelHeight)};
  window.columns = {b.i64(0), b.i64(kernelWidth)};
  bool isInRow = row.ends.empty();
  if (pads[0] > input.top || pads[2] > input.bottom || (isInRow && skipsTaps(0)))
    window.rows = b.clipTaps(top, kernelHeight, dilations[0], b.i64(0), input.height);
  if (isInRow)
    window.columns = getColumns(b, w, pixels);
  if (clip)
    window.left = b.add(left, input.left);
  return window;
}

Value ConvKernel::isInside(KernelBuilder &b, Value w, int64_t pixels) {
  // Of a column that is not left out, one pixel lies in the image, so that no other is farther from
  // it than the tile is wide.
  int64_t reach = (pixels - 1) * strides[1];
  int64_t most = skipsTaps(1) ? reach : std::max(pads[1], pads[3]);
  if (std::min(pads[1], most) <= input.left && std::min(pads[3], most) <= input.right)
    return {};
  Taps columns = getColumns(b, w, pixels);
  Value left = b.add(b.mul(w, strides[1]), input.left - pads[1]);
  Value first = b.add(left, b.mul(columns.begin, dilations[1]));
  Value last = b.add(left, b.add(b.mul(b.add(columns.end, -1), dilations[1]), reach));
  return b.both(b.atMost(b.i64(0), first), b.atMost(b.add(last, 1), getBufferWidth(b)));
}

namespace {
/// One loop of the reduction: steps, and how far each moves in the input and in the panel.
struct Level {
  Taps steps;
  Value inputPitch;
  int64_t panelPitch;
  int64_t columns = 0; ///< how far each step moves along the row
};
} // namespace

/// How many of the innermost loop's `steps` are one iteration: so many that its own instructions
/// are few beside the `sums` that a step adds to. Without multiply-adds products need registers
/// too, which further steps would take.
static int64_t getUnrolling(const KernelBuilder &b, int64_t steps, int64_t sums) {
  constexpr int64_t enough = 96, mostSteps = 8;
  if (!b.getMachine().hasFma)
    return 1;
  int64_t unrolling = std::clamp<int64_t>(enough / sums, 1, std::min(steps, mostSteps));
  while (steps % unrolling != 0)
    --unrolling;
  return unrolling;
}

namespace {
/// The steps of an iteration of the innermost loop, and how far they lie from each other.
struct Unrolling {
  int64_t together = 1, apart = 1;
};
} // namespace

static KernelBuilder::Carried emitLevels(KernelBuilder &b, ArrayRef<Level> levels,
                                         Unrolling innermost, const ConvKernel::Tap &tap,
                                         ValueRange sums, ConvKernel::Step emitStep) {
  if (levels.empty())
    return emitStep(tap, sums);
  const Level &level = levels.front();
  Unrolling unrolling = levels.size() == 1 ? innermost : Unrolling();
  auto emitIteration = [&](Value first, ValueRange carried) {
    KernelBuilder::Carried next = llvm::to_vector(carried);
    for (int64_t i = 0; i != unrolling.together; ++i) {
      ConvKernel::Tap inner;
      inner.step = i, inner.steps = unrolling.together;
      int64_t later = i * unrolling.apart;
      inner.input = b.offset(b.offset(tap.input, b.mul(first, level.inputPitch)),
                             b.mul(level.inputPitch, later));
      inner.weights =
          b.offset(b.offset(tap.weights, b.mul(first, level.panelPitch)), later * level.panelPitch);
      if (tap.left)
        inner.left = b.add(tap.left, b.mul(b.add(first, later), level.columns));
      next = emitLevels(b, levels.drop_front(), innermost, inner, next, emitStep);
    }
    return next;
  };
  if (unrolling.apart != 1)
    return b.loop(b.i64(0), b.i64(unrolling.apart), 1, sums, emitIteration);
  return b.loop(level.steps.begin, level.steps.end, unrolling.together, sums, emitIteration);
}

int64_t ConvKernel::countSlices() const {
  if (windows) // of planes, which each have their own blocks
    return 1;
  return isa<MatmulOp>(anchor) ? inputChannels
                               : llvm::divideCeil(inputChannels, panels.getInputs());
}

ConvKernel::Part ConvKernel::getWhole(KernelBuilder &b) const {
  int64_t slices = countSlices();
  return {{b.i64(0), b.i64(slices)}, slices};
}

KernelBuilder::Carried ConvKernel::reduce(KernelBuilder &b, const Row &row, const Window &window,
                                          const Part &part, ValueRange inits, Step emitStep) {
  int64_t block = panels.getInputs(), outputs = panels.getOutputs();
  int64_t blocks = llvm::divideCeil(getPlaneChannels(), block);
  int64_t rowElements = kernelWidth * block * outputs;
  auto all = [&](int64_t steps) -> Taps { return {b.i64(0), b.i64(steps)}; };
  SmallVector<Level> levels = {{all(blocks), input.planePitch, kernelHeight * rowElements},
                               {window.rows, b.mul(input.rowPitch, dilations[0]), rowElements}};
  if (dilations[1] == 1 && !window.left && !skipsTaps(1)) {
    // Neighbours and lanes lie next to each other in input and panel: one longer loop.
    levels.push_back({all(kernelWidth * block), b.i64(1), outputs});
  } else {
    levels.push_back({window.columns, b.i64(dilations[1] * block), block * outputs, dilations[1]});
    levels.push_back({all(block), b.i64(1), outputs});
  }
  Value panel = b.offset(filter, b.mul(row.group, getPanelElements()));
  bool isJoined = levels.size() == 3;
  if (windows)
    levels.insert(levels.begin(),
                  Level{window.planes, getPlanePitch(b), blocks * kernelHeight * rowElements});
  int64_t steps = isJoined ? kernelWidth * block : block;
  if (isa<MatmulOp>(anchor)) {
    levels.back().steps = part.slices;
    steps = std::gcd(steps, part.most);
  } else if (!windows) {
    levels.front().steps = part.slices;
  }
  Unrolling unrolling = {getUnrolling(b, steps, inits.size())};
  // Single pixels wait for weights. CPUs fetch several pieces of a panel at a time sooner than one.
  if (b.getSchedule().getPixels().front() == 1)
    unrolling.apart = steps / unrolling.together;
  return emitLevels(b, levels, unrolling, {window.start, panel, window.left}, inits, emitStep);
}

Value ConvKernel::emitEpilogue(KernelBuilder &b, Value sum, LoadOperand load) {
  return AnchorKernel::emitEpilogue(b, sum,
                                    [&](size_t index) { return load(operandImages[index]); });
}

Value ConvKernel::getPlace(KernelBuilder &b, const Image &image, Value n, Value plane, Value h,
                           Value w) const {
  if (!shuffle)
    return b.offset(image, n, plane, h, w);
  Value part = b.div(plane, image.planes), columns = b.i64(spread[1]);
  if (shuffle->depth != 1) {
    Value parts = b.i64(spread[0] * spread[1]);
    n = b.add(b.mul(n, shuffle->depth), b.div(part, parts));
    part = b.rem(part, parts);
  }
  return b.offset(image, n, b.rem(plane, image.planes),
                  b.add(b.mul(h, spread[0]), b.div(part, columns)),
                  b.add(b.mul(w, spread[1]), b.rem(part, columns)));
}

/// Blocks have zeros in the lanes beyond the channels; rows of a matrix end there.
void ConvKernel::storeVectors(KernelBuilder &b, const Row &row, Value w, int64_t vector,
                              ValueRange pixels) {
  int64_t lanes = b.getLanes(), channels = countChannels(b, row, vector);
  bool isBlocked = output.block == lanes;
  Value lanesInside = channels == lanes ? Value() : b.laneMask(b.i64(channels));
  Value mask = isBlocked ? Value() : lanesInside;
  Value channel = getChannel(b, row, vector * lanes);
  for (auto [pixel, sum] : llvm::enumerate(pixels)) {
    auto place = [&](const Image &image) {
      Value first = shuffle ? getPlace(b, image, row.n, b.div(channel, b.i64(lanes)), row.h, w)
                            : b.getElement(image, row.n, channel, row.h, w);
      return getPixel(b, first, image, row, pixel, spread);
    };
    Value value =
        emitEpilogue(b, sum, [&](const Image &image) { return b.loadVector(place(image), mask); });
    b.store(isBlocked ? clearOutside(b, value, lanesInside) : value, place(output), mask);
  }
}
