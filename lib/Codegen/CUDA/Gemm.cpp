// Convolutions and matrix products by weights in panels: [panel][k][column], zeros beyond the last
// column. Pixels of all images are the rows of a convolution's left operand, which is never stored:
// its elements are found when they are needed.

#include "TileProduct.h"

#include "dlc/IR/Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
/// A value of the kernel that has the dims of the result, and where it lies.
struct Whole {
  Value base;
  Type type;              ///< of elements
  bool isLast, isAligned; ///< channels last; at a multiple of 16 bytes
};

/// What a convolution and a product by weights share.
class PanelProduct : public TileProduct {
public:
  using TileProduct::TileProduct;

protected:
  LogicalResult matchWeights(Value filterOperand, Value biasOperand);
  /// Whether the left operand, in `buffer`, is copied in chunks.
  bool hasChunks(Value buffer) {
    return usesTensorCores() && readsChunks(kernel.anchor, getTensor(buffer), operandType);
  }
  /// Sets the tile's first row and column, from the number of all rows and columns.
  void beginTile(Value rows, int64_t columns);
  /// Finds the result and what the epilogue reads, whose neighbours are columns or, of planar
  /// images, rows; `planePixels` of a plane, where that is known.
  void beginResults(bool isImage, std::optional<int64_t> planePixels);

  KernelBuilder::Carried prepareRight(Value column) override;
  Value loadRight(ValueRange prepared, Value k) override {
    Value place = b.add(b.mul(threads.wide(k), tileColumns), prepared[0]);
    return loadIf(threads.less(k, inner), panelStart, place);
  }
  Value loadRights(ValueRange prepared, Value k) override {
    Value place = b.add(b.mul(threads.wide(k), tileColumns), prepared[0]);
    return loadVectorIf(threads.less(k, inner), panelStart, place);
  }
  Value loadBias(Value column) override {
    if (!bias)
      return b.splat(0.0f);
    Value place = b.add(firstColumn, threads.wide(column));
    return LLVM::LoadOp::create(b, b.getVectorType(), b.offset(bias, place),
                                static_cast<unsigned>(4 * threadColumns));
  }
  /// Whether the row exists.
  Value isRow(Value row) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, row, numRows);
  }

  using GetPlace = function_ref<Value(const Whole &whole, Value column)>;
  /// Stores the lanes of `sums` at the places that `getPlace` gives for columns.
  void storeLanes(Value column, Value sums, ValueRange loaded, GetPlace getPlace);
  /// What the epilogue reads there; whatever where `exists` is false or a column does not exist.
  KernelBuilder::Carried loadLanes(Value exists, Value column, int64_t count, GetPlace getPlace);

  Value filter, bias, panel, panelStart;
  Value numRows, firstRow, firstColumn;
  int64_t numColumns;
  Whole result;
  SmallVector<Whole> wholes; ///< of the epilogue's operands

private:
  Whole getWhole(Value buffer, bool isImage);
  Value loadNeighbours(const Whole &whole, Value place, int64_t count);
};

class ConvProduct : public PanelProduct {
public:
  ConvProduct(KernelBuilder &b, AnchorKernel &kernel)
      : PanelProduct(b, kernel), conv(cast<ConvOp>(kernel.anchor)) {}

  LogicalResult match();

protected:
  void begin() override;
  KernelBuilder::Carried prepareLeft(Value row) override;
  KernelBuilder::Carried prepareStep(ValueRange prepared, Value start) override;
  Value loadLeft(ValueRange prepared, Value k, Value own) override;
  Value loadLeftRows(ValueRange prepared, Value own, int64_t count) override;
  KernelBuilder::Carried loadOperands(Value row, Value column, int64_t count) override;
  void storeSums(Value row, Value column, Value sums, ValueRange loaded) override;

  KernelBuilder::Carried prepareChunk(Value k) override;

private:
  /// Whether a pixel of the result exists, and where its channels begin in images with channels
  /// last, or in planes.
  struct Pixel {
    Value exists, last, planar;
  };
  Pixel getPixel(Value row);
  Value getResultPlace(const Whole &whole, const Pixel &pixel, Value channel);
  /// Where in the input the channel 0 of tap `tap` of a pixel lies, and whether it does.
  std::pair<Value, Value> getTap(ValueRange prepared, Value tap);
  Value getInside(Value start, Value size, int64_t taps, int64_t dilation);
  void makeTable();
  std::pair<Value, Value> lookUp(ValueRange prepared, Value k);
  /// Whether all elements of a step belong to one tap.
  bool hasStepsOfTaps() const { return tapChannels == inputChannels && inputChannels % step == 0; }
  /// Where element `k` has a channel of the image; null for always.
  Value isChannel(Value channel) {
    return tapChannels == inputChannels ? Value()
                                        : threads.less(channel, threads.i32(inputChannels));
  }
  bool isPointwise() {
    return kernelHeight == 1 && kernelWidth == 1 && areInside() &&
           llvm::all_of(conv.getStrides(), [](int64_t stride) { return stride == 1; });
  }
  /// Whether all windows lie in the image.
  bool areInside() {
    return llvm::all_of(conv.getPads(), [](int64_t pad) { return pad == 0; });
  }
  Value isInside(Value index, Value size) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index, size);
  }
  /// The place of a pixel, counted in pixels, and of a channel.
  Value getPlace(Value pixel, Value channel) {
    return b.add(b.mul(pixel, pixelPitch), b.mul(channel, channelPitch));
  }

  ConvOp conv;
  Value inputBuffer, input;
  Type inputType;
  int64_t kernelHeight = 1, kernelWidth = 1, inputChannels = 0, pixelPitch = 1;
  int64_t tapChannels = 0; ///< of a tap, with those that are zeros in whole chunks
  Value height, width, plane, outputWidth, outputPixels, channelPitch;
  /// In shared memory, for each element of a window: where it lies from the window's first one, and
  /// its row and column; null where elements are not looked up.
  Value offsets, taps;
};

class MatrixProduct : public PanelProduct {
public:
  MatrixProduct(KernelBuilder &b, AnchorKernel &kernel)
      : PanelProduct(b, kernel), matmul(cast<MatmulOp>(kernel.anchor)) {}

  LogicalResult match();

protected:
  void begin() override;
  KernelBuilder::Carried prepareLeft(Value row) override;
  Value loadLeft(ValueRange prepared, Value k, Value own) override;
  Value loadLefts(ValueRange prepared, Value k) override;
  KernelBuilder::Carried loadOperands(Value row, Value column, int64_t count) override;
  void storeSums(Value row, Value column, Value sums, ValueRange loaded) override;

private:
  MatmulOp matmul;
  Value lhsBuffer, lhs;
  Type lhsType;
};
} // namespace

//===----------------------------------------------------------------------===//
// Weights and results
//===----------------------------------------------------------------------===//

LogicalResult PanelProduct::matchWeights(Value filterOperand, Value biasOperand) {
  FailureOr<Value> filterBuffer = kernel.getBuffer(filterOperand);
  FailureOr<Value> biasBuffer = kernel.getBuffer(biasOperand);
  if (failed(filterBuffer) || failed(biasBuffer))
    return failure();
  Attribute layout = getTensor(*filterBuffer).getLayout();
  auto panels = dyn_cast_or_null<FilterLayoutAttr>(layout);
  if (usesTensorCores() && layout != DeviceLayoutAttr::get(b.getContext(), operandType, true))
    return kernel.anchor->emitError("expected weights of ") << operandType;
  if (!usesTensorCores() && (!panels || panels.getOutputs() != tileColumns))
    return kernel.anchor->emitError("expected weights in panels of ") << tileColumns;
  filter = b.getAddress(*filterBuffer);
  bias = *biasBuffer ? b.getAddress(*biasBuffer) : Value();
  return success();
}

void PanelProduct::beginTile(Value rows, int64_t columns) {
  numRows = rows;
  numColumns = columns;
  Value panels = b.i64(llvm::divideCeil(columns, tileColumns));
  panel = b.rem(tile, panels);
  firstRow = b.mul(b.div(tile, panels), tileRows);
  firstColumn = b.mul(panel, tileColumns);
  if (usesTensorCores()) {
    rightOrder = Order::inChunks;
    return;
  }
  Value pitch = b.mul(threads.wide(inner), tileColumns);
  panelStart = b.offset(filter, b.mul(panel, pitch));
  rightVectors = arith::ConstantOp::create(b, b.getBoolAttr(true)); // as all weights
}

/// Where the column's weights begin, and what they miss; or its number in a panel.
KernelBuilder::Carried PanelProduct::prepareRight(Value column) {
  Value own = threads.wide(column);
  if (!usesTensorCores())
    return {own};
  own = b.add(firstColumn, own);
  auto layout = DeviceLayoutAttr::get(b.getContext(), operandType, true);
  Value pitch = b.mul(b.ceilDiv(threads.wide(inner), layout.getChunk()), layout.getChunk());
  Value start = b.offset(filter, b.mul(own, pitch), operandType);
  if (numColumns % tileColumns == 0)
    return {start, threads.i32(beyondBit)};
  Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, own, b.i64(numColumns));
  return {start, getMissing(exists)};
}

Whole PanelProduct::getWhole(Value buffer, bool isImage) {
  PlannedType type = getTensor(buffer);
  auto layout = dyn_cast_or_null<DeviceLayoutAttr>(type.getLayout());
  bool isLast = !isImage || (layout && layout.getChannelsLast());
  return {b.getAddress(buffer), type.getMemoryType(), isLast, layout != nullptr};
}

void PanelProduct::beginResults(bool isImage, std::optional<int64_t> planePixels) {
  result = getWhole(kernel.output, isImage);
  for (size_t i = 0; i != kernel.operands.size(); ++i)
    wholes.push_back(getWhole(getOperand(i), isImage));
  auto hasVectors = [&](const Whole &whole) {
    return whole.isLast == result.isLast && whole.isAligned;
  };
  columnsFirst = result.isLast;
  if (!hasVectors(result) || !llvm::all_of(wholes, hasVectors))
    return;
  // 16 bytes of what the result is stored in.
  int64_t vector = cast<DeviceLayoutAttr>(getTensor(kernel.output).getLayout()).getChunk();
  int64_t neighbours = columnsFirst ? numColumns : planePixels.value_or(1);
  if (neighbours % vector == 0)
    (columnsFirst ? storedColumns : storedRows) = vector;
}

Value PanelProduct::loadNeighbours(const Whole &whole, Value place, int64_t count) {
  return b.loadNeighbours(b.offset(whole.base, place, whole.type), whole.type, count);
}

KernelBuilder::Carried PanelProduct::loadLanes(Value exists, Value column, int64_t count,
                                               GetPlace getPlace) {
  if (numColumns % tileColumns != 0)
    exists = b.both(exists,
                    arith::CmpIOp::create(b, arith::CmpIPredicate::slt, column, b.i64(numColumns)));
  KernelBuilder::Carried loaded;
  for (const Whole &whole : wholes)
    loaded.push_back(
        loadNeighbours(whole, b.select(exists, getPlace(whole, column), b.i64(0)), count));
  return loaded;
}

void PanelProduct::storeLanes(Value column, Value sums, ValueRange loaded, GetPlace getPlace) {
  int64_t lanes = cast<VectorType>(sums.getType()).getNumElements();
  auto store = [&](Value own, Value sums) {
    int64_t count = cast<VectorType>(sums.getType()).getNumElements();
    Value value = kernel.emitEpilogue(b, sums, [&](size_t index) {
      return !loaded.empty() ? loaded[index]
                             : loadNeighbours(wholes[index], getPlace(wholes[index], own), count);
    });
    b.storeNeighbours(value, b.offset(result.base, getPlace(result, own), result.type),
                      result.type);
  };
  auto storeIf = [&](Value own, Value sums) {
    if (numColumns % tileColumns == 0)
      return store(own, sums);
    b.onlyIf(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, own, b.i64(numColumns)),
             [&] { store(own, sums); });
  };
  if (lanes == storedColumns * storedRows)
    return storeIf(column, sums);
  for (int64_t lane = 0; lane != lanes; ++lane) {
    Value sum = vector::ExtractOp::create(b, sums, lane);
    auto single = VectorType::get(1, b.getF32Type());
    storeIf(b.add(column, lane), vector::BroadcastOp::create(b, single, sum));
  }
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

LogicalResult ConvProduct::match() {
  FailureOr<Value> buffer = kernel.getBuffer(conv.getInput());
  if (failed(buffer) || failed(matchWeights(conv.getFilter(), conv.getBias())))
    return failure();
  if (conv.getGroup() != 1)
    return conv.emitError("expected one group");
  inputBuffer = *buffer;
  input = b.getAddress(inputBuffer);
  inputType = getTensor(inputBuffer).getMemoryType();
  ArrayRef<ExprAttr> dims = conv.getFilter().getType().getDims();
  inputChannels = *dims[1].getConstant();
  kernelHeight = *dims[2].getConstant();
  kernelWidth = *dims[3].getConstant();
  return success();
}

void ConvProduct::begin() {
  PlannedType from = conv.getInput().getType(), type = conv.getType();
  height = b.size(from.getDim(2));
  width = b.size(from.getDim(3));
  plane = b.mul(height, width);
  // Whatever is read of an image without pixels does not count.
  input = b.select(b.equal(plane, b.i64(0)), b.getAddress(kernel.output), input);
  outputWidth = b.size(type.getDim(3));
  outputPixels = b.mul(b.size(type.getDim(2)), outputWidth);
  inputChannels = std::max<int64_t>(inputChannels, 1); // of none, none is read
  tapChannels = inputChannels;
  if (usesTensorCores())
    tapChannels = llvm::alignTo(
        inputChannels, DeviceLayoutAttr::get(b.getContext(), operandType, true).getChunk());
  bool isEmpty = from.getDim(1).getConstant() == 0;
  inner = threads.i32(isEmpty ? 0 : tapChannels * kernelHeight * kernelWidth);
  auto layout = dyn_cast_or_null<DeviceLayoutAttr>(getTensor(inputBuffer).getLayout());
  bool isLast = layout && layout.getChannelsLast();
  pixelPitch = isLast ? tapChannels : 1;
  channelPitch = isLast ? b.i64(1) : plane;
  beginTile(b.mul(b.size(type.getDim(0)), outputPixels), *type.getDim(1).getConstant());
  ExprAttr pixels = getProduct(b.getContext(), {type.getDim(2), type.getDim(3)});
  std::optional<int64_t> planePixels = pixels ? pixels.getConstant() : std::nullopt;
  beginResults(/*isImage=*/true, planePixels);
  if (hasChunks(inputBuffer)) {
    leftOrder = Order::inChunks;
    return;
  }
  leftOrder = isLast ? Order::alongInner : Order::alongOuter;
  needsZeros = !isPointwise() || !hasStepsOfTaps();
  constexpr int64_t vector = 4;
  if (!isLast && layout && isPointwise() && hasStepsOfTaps() &&
      planePixels.value_or(1) % vector == 0)
    leftRows = vector;
  makeTable();
}

/// Few channels make a step of several taps, whose places would take divisions for each element.
void ConvProduct::makeTable() {
  constexpr int64_t mostElements = 512;
  int64_t elements = tapChannels * kernelHeight * kernelWidth;
  if (isPointwise() || hasStepsOfTaps() || elements > mostElements || areTapsFar(conv))
    return;
  int64_t places =
      llvm::alignTo(elements, step) + step; // what is loaded ahead lies behind the last
  offsets = threads.share("offsets", 2 * places);
  taps = threads.share("taps", places);
  Value thread = threads.getThread();
  b.loop(threads.wide(thread), b.i64(places), b.getSchedule().getTileThreads(), [&](Value place) {
    Value k = arith::TruncIOp::create(b, b.getI32Type(), place);
    Value tap = threads.div(k, tapChannels), channel = threads.rem(k, tapChannels);
    Value r = threads.mul(threads.div(tap, kernelWidth), conv.getDilations()[0]);
    Value s = threads.mul(threads.rem(tap, kernelWidth), conv.getDilations()[1]);
    Value offset =
        getPlace(b.add(b.mul(threads.wide(r), width), threads.wide(s)), threads.wide(channel));
    b.store(offset, b.offset(offsets, place, b.getI64Type()));
    Value both = threads.add(r, threads.mul(s, 1 << 16));
    Value exists = threads.less(k, inner);
    if (Value own = isChannel(channel))
      exists = b.both(exists, own);
    b.store(b.select(exists, both, threads.i32(-1)), b.offset(taps, place));
  });
  threads.wait();
}

/// As getTap, for an element.
std::pair<Value, Value> ConvProduct::lookUp(ValueRange prepared, Value k) {
  Value place = threads.wide(k), both = b.load(b.offset(taps, place), b.getI32Type());
  Value offset = b.load(b.offset(offsets, place, b.getI64Type()), b.getI64Type());
  Value r = threads.wide(threads.rem(both, 1 << 16)), s = threads.wide(threads.div(both, 1 << 16));
  Value h = b.add(prepared[2], r), w = b.add(prepared[3], s);
  Value isElement = threads.less(threads.i32(-1), both);
  Value exists =
      b.both(b.both(prepared[1], isElement), b.both(isInside(h, height), isInside(w, width)));
  Value start = b.mul(b.add(b.mul(prepared[2], width), prepared[3]), pixelPitch);
  return {b.add(b.add(prepared[0], start), offset), exists};
}

/// Where the image begins, whether the pixel exists, and the window's first row and column. Pixels
/// that do not exist are taken for some of the first image.
KernelBuilder::Carried ConvProduct::prepareLeft(Value row) {
  Value pixel = b.add(firstRow, threads.wide(row));
  Value exists = isRow(pixel), place = b.rem(pixel, outputPixels);
  Value image = b.select(exists, b.div(pixel, outputPixels), b.i64(0));
  Value start = b.mul(b.mul(image, pixelPitch == 1 ? inputChannels : pixelPitch), plane);
  bool inChunks = leftOrder == Order::inChunks;
  if (isPointwise()) {
    start = b.add(start, b.mul(place, pixelPitch));
    if (inChunks)
      return {b.offset(input, start, inputType), getMissing(exists)};
    return {start, exists};
  }
  Value top = b.add(b.mul(b.div(place, outputWidth), conv.getStrides()[0]), -conv.getPads()[0]);
  Value left = b.add(b.mul(b.rem(place, outputWidth), conv.getStrides()[1]), -conv.getPads()[1]);
  if (!inChunks)
    return {start, exists, top, left};
  // From the window's first pixel on, which need not exist.
  start = b.add(start, b.mul(b.add(b.mul(top, width), left), pixelPitch));
  if (areInside())
    return {b.offset(input, start, inputType), getMissing(exists)};
  Value rows = getInside(threads.narrow(top), height, kernelHeight, conv.getDilations()[0]);
  Value columns = getInside(threads.narrow(left), width, kernelWidth, conv.getDilations()[1]);
  columns = arith::ShLIOp::create(b, columns, threads.i32(kernelHeight));
  Value inside = arith::OrIOp::create(b, rows, columns);
  Value missing = arith::XOrIOp::create(b, inside, threads.i32(-1));
  return {b.offset(input, start, inputType), b.select(exists, missing, threads.i32(-1))};
}

/// A bit for each tap that lies in the image, of a window's rows or columns from `start` on.
Value ConvProduct::getInside(Value start, Value size, int64_t taps, int64_t dilation) {
  auto countBefore = [&](Value end) -> Value {
    Value distance = arith::SubIOp::create(b, end, start);
    distance = arith::MaxSIOp::create(b, distance, threads.i32(0));
    Value count = threads.div(threads.add(distance, threads.i32(dilation - 1)), dilation);
    return arith::MinUIOp::create(b, count, threads.i32(taps));
  };
  auto getPower = [&](Value count) -> Value {
    return arith::ShLIOp::create(b, threads.i32(1), count);
  };
  return arith::SubIOp::create(b, getPower(countBefore(threads.narrow(size))),
                               getPower(countBefore(threads.i32(0))));
}

/// Elements are counted tap by tap, in each of them channel by channel. A bit stands for the tap's
/// row, and one behind those of all rows for its column.
KernelBuilder::Carried ConvProduct::prepareChunk(Value k) {
  if (isPointwise())
    return TileProduct::prepareChunk(k);
  Value tap = threads.div(k, tapChannels);
  Value channel = threads.wide(threads.rem(k, tapChannels));
  Value r = threads.div(tap, kernelWidth), s = threads.rem(tap, kernelWidth);
  Value pixel = b.add(b.mul(b.mul(threads.wide(r), conv.getDilations()[0]), width),
                      b.mul(threads.wide(s), conv.getDilations()[1]));
  auto getBit = [&](Value number, int64_t first) -> Value {
    return arith::ShLIOp::create(b, threads.i32(int64_t(1) << first), number);
  };
  Value own = threads.i32(chunkBit);
  if (!areInside())
    own = arith::OrIOp::create(b, getBit(r, 0), getBit(s, kernelHeight));
  Value bits = b.select(threads.less(k, inner), own, threads.i32(beyondBit));
  return {b.add(b.mul(pixel, pixelPitch), channel), bits};
}

std::pair<Value, Value> ConvProduct::getTap(ValueRange prepared, Value tap) {
  if (isPointwise())
    return {prepared[0], prepared[1]};
  Value r = threads.wide(threads.div(tap, kernelWidth)),
        s = threads.wide(threads.rem(tap, kernelWidth));
  Value h = b.add(prepared[2], b.mul(r, conv.getDilations()[0]));
  Value w = b.add(prepared[3], b.mul(s, conv.getDilations()[1]));
  Value exists = b.both(prepared[1], b.both(isInside(h, height), isInside(w, width)));
  return {b.add(prepared[0], b.mul(b.add(b.mul(h, width), w), pixelPitch)), exists};
}

/// Where the tap lies outside of the image, its first pixel is read instead.
KernelBuilder::Carried ConvProduct::prepareStep(ValueRange prepared, Value start) {
  if (!hasStepsOfTaps())
    return llvm::to_vector(prepared);
  auto [place, exists] = getTap(prepared, threads.div(start, inputChannels));
  Value channel = threads.wide(threads.rem(start, inputChannels));
  exists = b.both(exists, threads.less(start, inner));
  if (!isPointwise())
    place = b.select(exists, place, prepared[0]);
  return {b.add(place, b.mul(channel, channelPitch)), exists};
}

Value ConvProduct::loadLeft(ValueRange prepared, Value k, Value own) {
  if (hasStepsOfTaps()) {
    Value place = b.add(prepared[0], b.mul(threads.wide(own), channelPitch));
    Value element = b.loadElement(b.offset(input, place, inputType), inputType);
    return orZeros(prepared[1], element);
  }
  if (taps) {
    auto [place, exists] = lookUp(prepared, k);
    return loadIf(exists, input, place, inputType);
  }
  auto [place, exists] = getTap(prepared, threads.div(k, tapChannels));
  Value channel = threads.rem(k, tapChannels);
  exists = b.both(exists, threads.less(k, inner));
  if (Value own = isChannel(channel))
    exists = b.both(exists, own);
  return loadIf(exists, input, b.add(place, b.mul(threads.wide(channel), channelPitch)), inputType);
}

/// Neighbours of a plane, of which all exist or none: none of them is read where they do not count.
Value ConvProduct::loadLeftRows(ValueRange prepared, Value own, int64_t count) {
  Value place = b.add(prepared[0], b.mul(threads.wide(own), channelPitch));
  return b.loadNeighbours(b.offset(input, place, inputType), inputType, count);
}

ConvProduct::Pixel ConvProduct::getPixel(Value row) {
  Value pixel = b.add(firstRow, threads.wide(row));
  Value image = b.div(pixel, outputPixels), place = b.rem(pixel, outputPixels);
  return {isRow(pixel), b.mul(pixel, numColumns),
          b.add(b.mul(b.mul(image, numColumns), outputPixels), place)};
}

Value ConvProduct::getResultPlace(const Whole &whole, const Pixel &pixel, Value channel) {
  return whole.isLast ? b.add(pixel.last, channel)
                      : b.add(pixel.planar, b.mul(channel, outputPixels));
}

KernelBuilder::Carried ConvProduct::loadOperands(Value row, Value column, int64_t count) {
  Pixel pixel = getPixel(row);
  return loadLanes(
      pixel.exists, b.add(firstColumn, threads.wide(column)), count,
      [&](const Whole &whole, Value channel) { return getResultPlace(whole, pixel, channel); });
}

void ConvProduct::storeSums(Value row, Value column, Value sums, ValueRange loaded) {
  Pixel pixel = getPixel(row);
  b.onlyIf(pixel.exists, [&] {
    storeLanes(
        b.add(firstColumn, threads.wide(column)), sums, loaded,
        [&](const Whole &whole, Value channel) { return getResultPlace(whole, pixel, channel); });
  });
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

LogicalResult MatrixProduct::match() {
  FailureOr<Value> left = kernel.getBuffer(matmul.getLhs());
  if (failed(left) || failed(matchWeights(matmul.getRhs(), matmul.getBias())))
    return failure();
  lhsBuffer = *left;
  lhs = b.getAddress(lhsBuffer);
  lhsType = getTensor(lhsBuffer).getMemoryType();
  return success();
}

void MatrixProduct::begin() {
  ArrayRef<ExprAttr> dims = matmul.getType().getDims();
  Value rows = b.i64(1);
  for (ExprAttr dim : dims.drop_back())
    rows = b.mul(rows, b.size(dim));
  int64_t size = *matmul.getInnerDim().getConstant();
  inner = threads.i32(size);
  leftOrder = hasChunks(lhsBuffer) ? Order::inChunks : Order::alongInner;
  needsZeros = size % step != 0;
  if (size % 4 == 0 && lhsType.isF32())
    leftVectors = areAligned(b, lhs);
  beginTile(rows, *dims.back().getConstant());
  beginResults(/*isImage=*/false, std::nullopt);
}

KernelBuilder::Carried MatrixProduct::prepareLeft(Value row) {
  Value number = b.add(firstRow, threads.wide(row));
  Value start = b.mul(number, threads.wide(inner)), exists = isRow(number);
  if (leftOrder == Order::inChunks)
    return {b.offset(lhs, start, lhsType), getMissing(exists)};
  return {start, exists};
}

Value MatrixProduct::loadLeft(ValueRange prepared, Value k, Value own) {
  return loadIf(b.both(prepared[1], threads.less(k, inner)), lhs,
                b.add(prepared[0], threads.wide(k)), lhsType);
}

Value MatrixProduct::loadLefts(ValueRange prepared, Value k) {
  return loadVectorIf(b.both(prepared[1], threads.less(k, inner)), lhs,
                      b.add(prepared[0], threads.wide(k)));
}

KernelBuilder::Carried MatrixProduct::loadOperands(Value row, Value column, int64_t count) {
  Value number = b.add(firstRow, threads.wide(row));
  return loadLanes(isRow(number), b.add(firstColumn, threads.wide(column)), count,
                   [&](const Whole &, Value own) { return b.add(b.mul(number, numColumns), own); });
}

void MatrixProduct::storeSums(Value row, Value column, Value sums, ValueRange loaded) {
  Value number = b.add(firstRow, threads.wide(row));
  b.onlyIf(isRow(number), [&] {
    storeLanes(b.add(firstColumn, threads.wide(column)), sums, loaded,
               [&](const Whole &, Value own) { return b.add(b.mul(number, numColumns), own); });
  });
}

LogicalResult dlc::emitCudaGemm(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, llvm::IsaPred<ConvOp, MatmulOp>)))
    return failure();
  auto emit = [](auto product) {
    if (failed(product.match()))
      return failure();
    return product.emit();
  };
  return isa<ConvOp>(kernel.anchor) ? emit(ConvProduct(b, kernel)) : emit(MatrixProduct(b, kernel));
}
