// Kernels that reduce the pixels of a blocked image: each lane is a channel, so that nothing is
// exchanged between lanes.

#include "../Common/Reducer.h"
#include "Blocks.h"
#include "EmitKernels.h"

#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
class PoolEmitter {
public:
  PoolEmitter(KernelBuilder &b, Operation *op, Value input, Value output)
      : b(b), op(op), input(b.getImage(input)), outputBuffer(output), inputType(getTensor(input)),
        outputType(getTensor(output)) {}

  LogicalResult emit();

private:
  LogicalResult emitWindows(PoolOp pool);
  void emitRow(PoolOp pool, Value h);
  void emitPixels(PoolOp pool, Value h, Value w, int64_t pixels, bool clip);
  LogicalResult emitReduce(ReduceOp reduce);
  void storeChannels(Value result);

  KernelBuilder &b;
  Operation *op;
  Image input, output;
  Value outputBuffer;
  PlannedType inputType, outputType;
  Value n, plane; ///< of the task
};
} // namespace

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// Pads are no elements, so windows are clipped: their rows always, their columns with `clip`.
void PoolEmitter::emitPixels(PoolOp pool, Value h, Value w, int64_t pixels, bool clip) {
  Reducer reducer(b, pool.getKind());
  ArrayRef<int64_t> kernel = pool.getKernel(), strides = pool.getStrides(),
                    dilations = pool.getDilations();
  Value top = b.add(b.mul(h, strides[0]), -pool.getPads()[0]);
  Value left = b.add(b.mul(w, strides[1]), -pool.getPads()[1]);
  Taps rows = b.clipTaps(top, kernel[0], dilations[0], b.i64(0), input.height);
  Taps columns = {b.i64(0), b.i64(kernel[1])};
  if (clip)
    columns = b.clipTaps(left, kernel[1], dilations[1], b.i64(0), input.width);
  Value start = b.offset(input, n, plane, top, left);
  KernelBuilder::Carried inits(pixels, b.splat(reducer.getIdentity()));
  auto emitTap = [&](Value address, ValueRange sums) {
    KernelBuilder::Carried next;
    for (auto [pixel, sum] : llvm::enumerate(sums))
      next.push_back(reducer.accumulate(
          sum, b.loadVector(b.offset(address, pixel * strides[1] * b.getLanes()))));
    return next;
  };
  KernelBuilder::Carried sums =
      b.loop(rows.begin, rows.end, 1, inits, [&](Value ky, ValueRange carried) {
        Value row = b.offset(start, b.mul(b.mul(ky, dilations[0]), input.rowPitch));
        return b.loop(columns.begin, columns.end, 1, carried, [&](Value kx, ValueRange carried) {
          return emitTap(b.offset(row, b.mul(kx, dilations[1] * b.getLanes())), carried);
        });
      });
  Value address = b.offset(output, n, plane, h, w);
  Value lanesInside = getLanesInside(b, inputType.getDim(1), plane);
  if (pool.getIncludePads()) {
    auto countPads = [&](size_t dim, Value start, Value size) {
      ArrayRef<int64_t> pads = pool.getPads();
      return b.clipTaps(start, kernel[dim], dilations[dim], b.i64(-pads[dim]),
                        b.add(size, pads[dim + 2]));
    };
    rows = countPads(0, top, input.height);
    columns = countPads(1, left, input.width);
  }
  Value count = b.mul(b.sub(rows.end, rows.begin), b.sub(columns.end, columns.begin));
  for (Value &sum : sums)
    sum = reducer.finish(sum, count);
  for (auto [pixel, sum] : llvm::enumerate(sums))
    b.store(clearOutside(b, sum, lanesInside), b.offset(address, pixel * b.getLanes()));
}

void PoolEmitter::emitRow(PoolOp pool, Value h) {
  auto emitClipped = [&](Value begin, Value end) {
    b.loop(begin, end, 1, [&](Value w) { emitPixels(pool, h, w, 1, /*clip=*/true); });
  };
  Value end =
      b.loopOverTiles(output.width, b.getSchedule().getPixels(), [&](Value w, int64_t pixels) {
        int64_t extent = (pixels - 1) * pool.getStrides()[1] +
                         (pool.getKernel()[1] - 1) * pool.getDilations()[1] + 1;
        Value left = b.add(b.mul(w, pool.getStrides()[1]), -pool.getPads()[1]);
        Value inside = b.both(b.atMost(b.i64(0), left), b.atMost(b.add(left, extent), input.width));
        b.either(
            inside, [&] { emitPixels(pool, h, w, pixels, /*clip=*/false); },
            [&] { emitClipped(w, b.add(w, pixels)); });
      });
  emitClipped(end, output.width);
}

LogicalResult PoolEmitter::emitWindows(PoolOp pool) {
  if (outputType.getImageLayout().getBlock() != b.getLanes())
    return op->emitError("expected an output in blocks of ")
           << b.getLanes() << " channels, found " << outputType;
  output = b.getImage(outputBuffer);
  Band band = getBand(b, outputType.getDims(), output.hasHalo());
  n = band.n, plane = band.plane;
  b.storeHalo(output, n, plane, band.begin, band.end);
  b.loop(band.begin, band.end, 1, [&](Value h) { emitRow(pool, h); });
  return success();
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// Stores one pixel of a dense value, or of a planar image.
void PoolEmitter::storeChannels(Value result) {
  Value first = b.mul(plane, b.getLanes()), channels = b.size(inputType.getDim(1));
  if (!outputType.getLayout()) {
    Value address = b.offset(b.getAddress(outputBuffer), b.add(b.mul(n, channels), first));
    return b.store(result, address, getLanesInside(b, inputType.getDim(1), plane));
  }
  output = b.getImage(outputBuffer);
  Value zero = b.i64(0), end = b.min(b.add(first, b.getLanes()), channels);
  b.loop(first, end, 1, [&](Value channel) {
    b.storeHalo(output, n, channel, zero, b.i64(1));
    Value element =
        vector::ExtractOp::create(b, result, OpFoldResult(b.toIndex(b.sub(channel, first))));
    b.store(element, b.offset(output, n, channel, zero, zero));
  });
}

LogicalResult PoolEmitter::emitReduce(ReduceOp reduce) {
  if (!reduce.isOverPixels())
    return op->emitError("expected a reduction over all pixels");
  auto layout = dyn_cast_or_null<ImageLayoutAttr>(outputType.getLayout());
  if (outputType.getLayout() && (!layout || layout.getBlock() != 1))
    return op->emitError("expected a dense or planar result, found ") << outputType;
  plane = b.rem(b.getTask(), input.planes), n = b.div(b.getTask(), input.planes);
  Reducer reducer(b, reduce.getKind());
  KernelBuilder::Carried sums = b.loop(
      b.i64(0), input.height, 1, reducer.createAccumulators(), [&](Value h, ValueRange carried) {
        return reducer.reduceRun(b.offset(input, n, plane, h, b.i64(0)),
                                 b.mul(input.width, b.getLanes()), carried);
      });
  storeChannels(reducer.finish(reducer.joinAccumulators(sums), b.mul(input.height, input.width)));
  return success();
}

LogicalResult PoolEmitter::emit() {
  if (auto pool = dyn_cast<PoolOp>(op))
    return emitWindows(pool);
  return emitReduce(cast<ReduceOp>(op));
}

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

LogicalResult dlc::emitPool(KernelBuilder &b) {
  Operation *op = nullptr;
  ReadOp read;
  WriteOp write;
  for (Operation &other : b.getSource().getBody().front()) {
    if (isa<PoolOp, ReduceOp>(other) && !op)
      op = &other;
    else if (isa<ReadOp>(other) && !read)
      read = cast<ReadOp>(other);
    else if (isa<WriteOp>(other) && op && !write)
      write = cast<WriteOp>(other);
    else if (!isa<func::ReturnOp>(other))
      return other.emitError("expected one pooling or reduction, its read and its write in this "
                             "kernel");
  }
  if (!op || !read || !write || op->getOperand(0) != read.getValue() ||
      write.getValue() != op->getResult(0))
    return b.getSource().emitError("expected a kernel that reads, reduces and writes an image");
  PlannedType input = getTensor(read.getBuffer());
  auto layout = dyn_cast_or_null<ImageLayoutAttr>(input.getLayout());
  if (!layout || layout.getBlock() != b.getLanes())
    return op->emitError("expected an input in blocks of ")
           << b.getLanes() << " channels, found " << input;
  return PoolEmitter(b, op, read.getBuffer(), write.getBuffer()).emit();
}
