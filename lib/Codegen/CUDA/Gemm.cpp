// Convolutions and matrix products by weights in panels: [panel][k][column], zeros beyond the last
// column. Pixels of all images are the rows of a convolution's left operand, which is never stored:
// its elements are found when they are needed.

#include "TileProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
/// What a convolution and a product by weights share.
class PanelProduct : public TileProduct {
public:
  using TileProduct::TileProduct;

protected:
  LogicalResult matchWeights(Value filterOperand, Value biasOperand) {
    FailureOr<Value> filterBuffer = kernel.getBuffer(filterOperand);
    FailureOr<Value> biasBuffer = kernel.getBuffer(biasOperand);
    if (failed(filterBuffer) || failed(biasBuffer))
      return failure();
    auto panels = dyn_cast_or_null<FilterLayoutAttr>(getTensor(*filterBuffer).getLayout());
    if (!panels || panels.getOutputs() != tileColumns)
      return kernel.anchor->emitError("expected weights in panels of ") << tileColumns;
    filter = b.getAddress(*filterBuffer);
    bias = *biasBuffer ? b.getAddress(*biasBuffer) : Value();
    return success();
  }

  /// Sets the tile's first row and column, from the number of all rows and columns.
  void beginTile(Value rows, int64_t columns) {
    numRows = rows;
    numColumns = columns;
    Value panels = b.i64(llvm::divideCeil(columns, tileColumns));
    panel = b.rem(tile, panels);
    firstRow = b.mul(b.div(tile, panels), tileRows);
    firstColumn = b.mul(panel, tileColumns);
    Value pitch = b.mul(threads.wide(inner), tileColumns);
    panelStart = b.offset(filter, b.mul(panel, pitch));
    rightVectors = arith::ConstantOp::create(b, b.getBoolAttr(true)); // as all weights
  }

  KernelBuilder::Carried prepareRight(Value column) override { return {threads.wide(column)}; }
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

  /// Stores the lanes of `sums` at the places that `getPlace` gives for columns.
  void storeLanes(Value column, Value sums, function_ref<Value(Value column)> getPlace);

  Value filter, bias, panel, panelStart;
  Value numRows, firstRow, firstColumn;
  int64_t numColumns;
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
  void storeSums(Value row, Value column, Value sums) override;

private:
  /// Where in the input the channel 0 of tap `tap` of a pixel lies, and whether it does.
  std::pair<Value, Value> getTap(ValueRange prepared, Value tap);
  void makeTable();
  std::pair<Value, Value> lookUp(ValueRange prepared, Value k);
  /// Whether all elements of a step belong to one tap.
  bool hasStepsOfTaps() const { return inputChannels % step == 0; }
  bool isPointwise() {
    return kernelHeight == 1 && kernelWidth == 1 &&
           llvm::all_of(conv.getStrides(), [](int64_t stride) { return stride == 1; }) &&
           llvm::all_of(conv.getPads(), [](int64_t pad) { return pad == 0; });
  }

  ConvOp conv;
  Value input;
  int64_t kernelHeight = 1, kernelWidth = 1, inputChannels = 0;
  Value height, width, plane, outputWidth, outputPixels;
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
  void storeSums(Value row, Value column, Value sums) override;

private:
  MatmulOp matmul;
  Value lhs;
};
} // namespace

void PanelProduct::storeLanes(Value column, Value sums, function_ref<Value(Value)> getPlace) {
  SmallVector<Value> places, exist;
  Value output = b.getAddress(kernel.output);
  for (int64_t lane = 0; lane != threadColumns; ++lane) {
    Value own = b.add(column, lane);
    exist.push_back(
        numColumns % tileColumns == 0
            ? Value()
            : arith::CmpIOp::create(b, arith::CmpIPredicate::slt, own, b.i64(numColumns)));
    places.push_back(getPlace(own));
  }
  Value results = kernel.emitEpilogue(b, sums, [&](size_t index) {
    SmallVector<Value> lanes;
    Value base = getOperand(index);
    for (auto [place, exists] : llvm::zip_equal(places, exist))
      lanes.push_back(exists ? loadIf(exists, base, place) : b.loadScalar(b.offset(base, place)));
    return Value(vector::FromElementsOp::create(b, b.getVectorType(), lanes));
  });
  for (auto [lane, place] : llvm::enumerate(places)) {
    auto store = [&] {
      Value result = vector::ExtractOp::create(b, results, static_cast<int64_t>(lane));
      b.store(result, b.offset(output, place));
    };
    if (exist[lane])
      b.onlyIf(exist[lane], store);
    else
      store();
  }
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

LogicalResult ConvProduct::match() {
  FailureOr<Value> inputBuffer = kernel.getBuffer(conv.getInput());
  if (failed(inputBuffer) || failed(matchWeights(conv.getFilter(), conv.getBias())))
    return failure();
  if (conv.getGroup() != 1)
    return conv.emitError("expected one group");
  input = b.getAddress(*inputBuffer);
  ArrayRef<ExprAttr> dims = conv.getFilter().getType().getDims();
  inputChannels = *dims[1].getConstant();
  kernelHeight = *dims[2].getConstant();
  kernelWidth = *dims[3].getConstant();
  return success();
}

void ConvProduct::begin() {
  PlannedType inputType = conv.getInput().getType(), type = conv.getType();
  height = b.size(inputType.getDim(2));
  width = b.size(inputType.getDim(3));
  plane = b.mul(height, width);
  // Whatever is read of an image without pixels does not count.
  input = b.select(b.equal(plane, b.i64(0)), b.getAddress(kernel.output), input);
  outputWidth = b.size(type.getDim(3));
  outputPixels = b.mul(b.size(type.getDim(2)), outputWidth);
  inner = threads.i32(inputChannels * kernelHeight * kernelWidth);
  inputChannels = std::max<int64_t>(inputChannels, 1); // of none, none is read
  beginTile(b.mul(b.size(type.getDim(0)), outputPixels), *type.getDim(1).getConstant());
  needsZeros = !isPointwise() || !hasStepsOfTaps();
  makeTable();
}

/// Few channels make a step of several taps, whose places would take divisions for each element.
void ConvProduct::makeTable() {
  constexpr int64_t mostElements = 512, mostSteps = 1 << 15;
  int64_t elements = inputChannels * kernelHeight * kernelWidth;
  bool isFar = kernelHeight * conv.getDilations()[0] >= mostSteps ||
               kernelWidth * conv.getDilations()[1] >= mostSteps;
  if (isPointwise() || hasStepsOfTaps() || elements > mostElements || isFar)
    return;
  int64_t places =
      llvm::alignTo(elements, step) + step; // what is loaded ahead lies behind the last
  offsets = threads.share("offsets", 2 * places);
  taps = threads.share("taps", places);
  Value thread = threads.getThread();
  b.loop(threads.wide(thread), b.i64(places), b.getSchedule().getTileThreads(), [&](Value place) {
    Value k = arith::TruncIOp::create(b, b.getI32Type(), place);
    Value tap = threads.div(k, inputChannels), channel = threads.rem(k, inputChannels);
    Value r = threads.mul(threads.div(tap, kernelWidth), conv.getDilations()[0]);
    Value s = threads.mul(threads.rem(tap, kernelWidth), conv.getDilations()[1]);
    Value offset = b.add(b.mul(threads.wide(channel), plane),
                         b.add(b.mul(threads.wide(r), width), threads.wide(s)));
    b.store(offset, b.offset(offsets, place, b.getI64Type()));
    Value both = threads.add(r, threads.mul(s, 1 << 16));
    b.store(b.select(threads.less(k, inner), both, threads.i32(-1)), b.offset(taps, place));
  });
  threads.wait();
}

/// As getTap, for an element.
std::pair<Value, Value> ConvProduct::lookUp(ValueRange prepared, Value k) {
  Value place = threads.wide(k), both = b.load(b.offset(taps, place), b.getI32Type());
  Value offset = b.load(b.offset(offsets, place, b.getI64Type()), b.getI64Type());
  auto isInside = [&](Value index, Value size) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index, size);
  };
  Value r = threads.wide(threads.rem(both, 1 << 16)), s = threads.wide(threads.div(both, 1 << 16));
  Value h = b.add(prepared[2], r), w = b.add(prepared[3], s);
  Value isElement = threads.less(threads.i32(-1), both);
  Value exists =
      b.both(b.both(prepared[1], isElement), b.both(isInside(h, height), isInside(w, width)));
  Value start = b.add(prepared[0], b.add(b.mul(prepared[2], width), prepared[3]));
  return {b.add(start, offset), exists};
}

/// Where the image begins, whether the pixel exists, and the window's first row and column. Pixels
/// that do not exist are taken for some of the first image.
KernelBuilder::Carried ConvProduct::prepareLeft(Value row) {
  Value pixel = b.add(firstRow, threads.wide(row));
  Value exists = isRow(pixel), place = b.rem(pixel, outputPixels);
  Value image = b.select(exists, b.div(pixel, outputPixels), b.i64(0));
  Value start = b.mul(b.mul(image, inputChannels), plane);
  if (isPointwise())
    return {b.add(start, place), exists};
  Value top = b.add(b.mul(b.div(place, outputWidth), conv.getStrides()[0]), -conv.getPads()[0]);
  Value left = b.add(b.mul(b.rem(place, outputWidth), conv.getStrides()[1]), -conv.getPads()[1]);
  return {start, exists, top, left};
}

std::pair<Value, Value> ConvProduct::getTap(ValueRange prepared, Value tap) {
  if (isPointwise())
    return {prepared[0], prepared[1]};
  Value r = threads.wide(threads.div(tap, kernelWidth)),
        s = threads.wide(threads.rem(tap, kernelWidth));
  Value h = b.add(prepared[2], b.mul(r, conv.getDilations()[0]));
  Value w = b.add(prepared[3], b.mul(s, conv.getDilations()[1]));
  auto isInside = [&](Value index, Value size) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index, size);
  };
  Value exists = b.both(prepared[1], b.both(isInside(h, height), isInside(w, width)));
  return {b.add(prepared[0], b.add(b.mul(h, width), w)), exists};
}

/// Elements are counted tap by tap, in each of them channel by channel. Where the tap lies outside
/// of the image, its first pixel is read instead.
KernelBuilder::Carried ConvProduct::prepareStep(ValueRange prepared, Value start) {
  if (!hasStepsOfTaps())
    return llvm::to_vector(prepared);
  auto [place, exists] = getTap(prepared, threads.div(start, inputChannels));
  Value channel = threads.wide(threads.rem(start, inputChannels));
  exists = b.both(exists, threads.less(start, inner));
  if (!isPointwise())
    place = b.select(exists, place, prepared[0]);
  return {b.add(place, b.mul(channel, plane)), exists};
}

Value ConvProduct::loadLeft(ValueRange prepared, Value k, Value own) {
  if (hasStepsOfTaps()) {
    Value start = b.offset(input, prepared[0]);
    return orZeros(prepared[1], b.loadScalar(b.offset(start, b.mul(threads.wide(own), plane))));
  }
  if (taps) {
    auto [place, exists] = lookUp(prepared, k);
    return loadIf(exists, input, place);
  }
  auto [place, exists] = getTap(prepared, threads.div(k, inputChannels));
  Value channel = threads.wide(threads.rem(k, inputChannels));
  return loadIf(b.both(exists, threads.less(k, inner)), input, b.add(place, b.mul(channel, plane)));
}

void ConvProduct::storeSums(Value row, Value column, Value sums) {
  Value pixel = b.add(firstRow, threads.wide(row));
  b.onlyIf(isRow(pixel), [&] {
    Value image = b.div(pixel, outputPixels), place = b.rem(pixel, outputPixels);
    Value start = b.add(b.mul(b.mul(image, numColumns), outputPixels), place);
    storeLanes(b.add(firstColumn, threads.wide(column)), sums,
               [&](Value channel) { return b.add(start, b.mul(channel, outputPixels)); });
  });
}

//===----------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------===//

LogicalResult MatrixProduct::match() {
  FailureOr<Value> left = kernel.getBuffer(matmul.getLhs());
  if (failed(left) || failed(matchWeights(matmul.getRhs(), matmul.getBias())))
    return failure();
  lhs = b.getAddress(*left);
  return success();
}

void MatrixProduct::begin() {
  ArrayRef<ExprAttr> dims = matmul.getType().getDims();
  Value rows = b.i64(1);
  for (ExprAttr dim : dims.drop_back())
    rows = b.mul(rows, b.size(dim));
  inner = threads.i32(*matmul.getInnerDim().getConstant());
  leftOrder = Order::alongInner;
  needsZeros = *matmul.getInnerDim().getConstant() % step != 0;
  if (*matmul.getInnerDim().getConstant() % 4 == 0)
    leftVectors = areAligned(b, lhs);
  columnsFirst = true;
  beginTile(rows, *dims.back().getConstant());
}

KernelBuilder::Carried MatrixProduct::prepareLeft(Value row) {
  Value number = b.add(firstRow, threads.wide(row));
  return {b.mul(number, threads.wide(inner)), isRow(number)};
}

Value MatrixProduct::loadLeft(ValueRange prepared, Value k, Value own) {
  return loadIf(b.both(prepared[1], threads.less(k, inner)), lhs,
                b.add(prepared[0], threads.wide(k)));
}

Value MatrixProduct::loadLefts(ValueRange prepared, Value k) {
  return loadVectorIf(b.both(prepared[1], threads.less(k, inner)), lhs,
                      b.add(prepared[0], threads.wide(k)));
}

void MatrixProduct::storeSums(Value row, Value column, Value sums) {
  Value number = b.add(firstRow, threads.wide(row));
  b.onlyIf(isRow(number), [&] {
    Value start = b.mul(number, numColumns);
    storeLanes(b.add(firstColumn, threads.wide(column)), sums,
               [&](Value own) { return b.add(start, own); });
  });
}

LogicalResult dlc::emitCudaGemm(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, llvm::IsaPred<ConvOp, MatmulOp>)))
    return failure();
  auto emit = [](auto product) {
    if (failed(product.match()))
      return failure();
    product.emit();
    return success();
  };
  return isa<ConvOp>(kernel.anchor) ? emit(ConvProduct(b, kernel)) : emit(MatrixProduct(b, kernel));
}
