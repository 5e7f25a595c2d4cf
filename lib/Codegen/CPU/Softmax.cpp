// Softmax in three passes over what is summed: the largest element, the exponentials and their sum,
// the quotients. The exponentials wait in the result.

#include "../Common/ExpandExponentials.h"
#include "../Common/Reducer.h"
#include "Rows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc;

namespace {
/// The operand as [outer][length][inner].
class SoftmaxEmitter {
public:
  SoftmaxEmitter(KernelBuilder &b, AnchorKernel &kernel)
      : b(b), op(cast<SoftmaxOp>(kernel.anchor)), output(b.getAddress(kernel.output)),
        input(b, kernel),
        rows(b, op.getType().getDims().take_front(op.getDim()), op.getType().getDim(op.getDim())) {
    ArrayRef<ExprAttr> dims = op.getType().getDims();
    inner = b.size(dims.drop_front(op.getDim() + 1));
    isAlongRows = op.getDim() + 1 == static_cast<int64_t>(dims.size());
  }

  LogicalResult match() { return input.match(); }
  void emit();

private:
  void emitRow(Value row);
  void emitColumns(Value start, int64_t vectors, Value mask);
  Value emitExp(Value element, Value largest);
  void storeResult(Value start, Value place, Value largest, Value sum, Value mask);

  KernelBuilder &b;
  SoftmaxOp op;
  Value output, inner;
  RowInput input;
  Rows rows;
  bool isAlongRows;
};
} // namespace

Value SoftmaxEmitter::emitExp(Value element, Value largest) {
  return createFallingExp(b, b.getLoc(), arith::SubFOp::create(b, element, largest));
}

/// The result at `place` behind `start`. For its logarithm `sum` is the logarithm of the sum, else
/// its reciprocal.
void SoftmaxEmitter::storeResult(Value start, Value place, Value largest, Value sum, Value mask) {
  Value address = b.offset(b.offset(output, start), place), value;
  if (op.getLog())
    value =
        arith::SubFOp::create(b, arith::SubFOp::create(b, input.load(place, mask), largest), sum);
  else
    value = arith::MulFOp::create(b, b.loadVector(address, mask), sum);
  b.store(value, address, mask);
}

/// A sum along the last dim.
void SoftmaxEmitter::emitRow(Value row) {
  Value start = rows.getStart(row);
  input.enterRow(row, start);
  Reducer maxima(b, ReduceKind::max), sums(b, ReduceKind::sum);
  KernelBuilder::Carried largest =
      maxima.reduceRun(rows.getLength(), maxima.createAccumulators(),
                       [&](Value place, Value mask) { return input.loadFirst(place, mask); });
  Value most = b.splat(maxima.joinLanes(maxima.joinAccumulators(largest)));
  Value vector = rows.forEachVector(b.splat(0.0f), [&](Value i, Value mask, Value sum) -> Value {
    Value power = emitExp(input.load(i, mask), most);
    if (!op.getLog())
      b.store(power, b.offset(b.offset(output, start), i), mask);
    Value next = arith::AddFOp::create(b, sum, power);
    return mask ? b.select(mask, next, sum) : next;
  });
  Value sum = sums.joinLanes(vector);
  sum = op.getLog() ? Value(math::LogOp::create(b, sum))
                    : Value(arith::DivFOp::create(b, b.f32(1.0f), sum));
  Value factor = b.splat(sum);
  rows.forEachVector(factor, [&](Value i, Value mask, Value carried) {
    storeResult(start, i, most, factor, mask);
    return carried;
  });
}

/// Sums along another dim: each lane has its own.
void SoftmaxEmitter::emitColumns(Value start, int64_t vectors, Value mask) {
  Reducer maxima(b, ReduceKind::max);
  using Carried = KernelBuilder::Carried;
  auto forEachStep = [&](ValueRange inits, function_ref<Value(Value, size_t, Value)> emit) {
    return b.loop(b.i64(0), rows.getLength(), 1, inits, [&](Value i, ValueRange carried) {
      Carried next;
      Value row = b.add(start, b.mul(i, inner));
      for (auto [vector, value] : llvm::enumerate(carried))
        next.push_back(emit(b.add(row, vector * b.getLanes()), vector, value));
      return next;
    });
  };
  Carried largest = forEachStep(SmallVector<Value>(vectors, b.splat(maxima.getIdentity())),
                                [&](Value place, size_t, Value most) {
                                  return maxima.accumulate(most, input.load(place, mask));
                                });
  Carried sums = forEachStep(SmallVector<Value>(vectors, b.splat(0.0f)),
                             [&](Value place, size_t vector, Value sum) {
                               Value power = emitExp(input.load(place, mask), largest[vector]);
                               if (!op.getLog())
                                 b.store(power, b.offset(output, place), mask);
                               return Value(arith::AddFOp::create(b, sum, power));
                             });
  for (Value &sum : sums)
    sum = op.getLog() ? Value(math::LogOp::create(b, sum))
                      : Value(arith::DivFOp::create(b, b.splat(1.0f), sum));
  forEachStep(sums, [&](Value place, size_t vector, Value sum) {
    storeResult(b.i64(0), place, largest[vector], sum, mask);
    return sum;
  });
}

void SoftmaxEmitter::emit() {
  if (isAlongRows)
    return input.forEachForm([&] { rows.forEachRow([&](Value row) { emitRow(row); }); });
  input.enterRow(b.i64(0), b.i64(0)); // places are counted from the first element
  int64_t channels = b.getSchedule().getChannels();
  int64_t lanes = b.getLanes();
  Value panels = b.ceilDiv(inner, channels);
  Value row = b.div(b.getTask(), panels), first = b.mul(b.rem(b.getTask(), panels), channels);
  Value start = b.add(b.mul(b.mul(row, rows.getLength()), inner), first);
  Value columns = b.min(b.sub(inner, first), b.i64(channels));
  Value end = b.loopOverTiles(columns, {channels, lanes}, [&](Value column, int64_t width) {
    emitColumns(b.add(start, column), width / lanes, Value());
  });
  b.loop(end, columns, lanes, [&](Value column) {
    emitColumns(b.add(start, column), 1, b.laneMask(b.sub(columns, column)));
  });
}

LogicalResult dlc::emitSoftmax(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, [](Operation *op) { return isa<SoftmaxOp>(op); })))
    return failure();
  if (!kernel.epilogue.empty())
    return kernel.epilogue.front()->emitError("expected nothing behind the softmax");
  if (b.getSchedule().getChannels() <= b.getLanes())
    return kernel.anchor->emitError("expected tiles of several vectors");
  SoftmaxEmitter emitter(b, kernel);
  if (failed(emitter.match()))
    return failure();
  emitter.emit();
  return success();
}
