// Normalization of rows in three walks: their mean, the mean square of what is left without it, the
// results. A row that is read three times lies in the caches, and a variance from sums of squares
// would lose the digits that a large mean takes.

#include "../Common/Reducer.h"
#include "Rows.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc;

namespace {
class LayerNormEmitter {
public:
  LayerNormEmitter(KernelBuilder &b, AnchorKernel &kernel)
      : b(b), kernel(kernel), op(cast<LayerNormOp>(kernel.anchor)),
        rows(b, op.getType().getDims().take_front(op.getDim()),
             op.getType().getDims().drop_front(op.getDim())),
        input(b, kernel) {}

  LogicalResult match();
  void emit() {
    input.forEachForm([&] { rows.forEachRow([&](Value row) { emitRow(row); }); });
  }

private:
  Value getMean(ReduceKind kind, Reducer::LoadVector load);
  void emitRow(Value row);
  void storeResult(Value start, Value place, Value normal, Value mask);

  KernelBuilder &b;
  AnchorKernel &kernel;
  LayerNormOp op;
  Rows rows;
  RowInput input;
  Value scale, bias; ///< addresses; null where there is none
};
} // namespace

LogicalResult LayerNormEmitter::match() {
  return success(
      succeeded(input.match()) &&
      succeeded(kernel.getAddresses(b, {{op.getScale(), &scale}, {op.getBias(), &bias}})));
}

/// The mean over a row, in all lanes.
Value LayerNormEmitter::getMean(ReduceKind kind, Reducer::LoadVector load) {
  Reducer reducer(b, kind), means(b, ReduceKind::mean);
  KernelBuilder::Carried sums =
      reducer.reduceRun(rows.getLength(), reducer.createAccumulators(), load);
  Value sum = reducer.joinLanes(reducer.joinAccumulators(sums));
  return b.splat(means.finish(sum, rows.getLength()));
}

void LayerNormEmitter::emitRow(Value row) {
  Value start = rows.getStart(row), mean;
  input.enterRow(row, start);
  auto loadFirst = [&](Value place, Value mask) { return input.loadFirst(place, mask); };
  if (!op.getRms())
    mean = getMean(ReduceKind::sum, loadFirst);
  auto loadCentered = [&](Value place, Value mask) -> Value {
    return mean ? arith::SubFOp::create(b, input.load(place, mask), mean) : input.load(place, mask);
  };
  Value variance = mean ? getMean(ReduceKind::sum_square, loadCentered)
                        : getMean(ReduceKind::sum_square, loadFirst);
  Value shifted = arith::AddFOp::create(b, variance, b.splat(op.getEpsilon().convertToFloat()));
  Value factor = arith::DivFOp::create(b, b.splat(1.0f), math::SqrtOp::create(b, shifted));
  rows.forEachVector(factor, [&](Value place, Value mask, Value carried) {
    Value normal = arith::MulFOp::create(b, loadCentered(place, mask), factor);
    storeResult(start, place, normal, mask);
    return carried;
  });
}

/// Scales, shifts and stores normalized elements that begin at `place` of a row.
void LayerNormEmitter::storeResult(Value start, Value place, Value normal, Value mask) {
  auto load = [&](Value address, Value at) { return b.loadVector(b.offset(address, at), mask); };
  Value value = normal, position = b.add(start, place);
  if (scale && bias)
    value = b.fma(normal, load(scale, place), load(bias, place));
  else if (scale)
    value = arith::MulFOp::create(b, normal, load(scale, place));
  else if (bias)
    value = arith::AddFOp::create(b, normal, load(bias, place));
  value = kernel.emitEpilogue(b, value, [&](size_t index) {
    Value operand = kernel.operands[index];
    if (operand == kernel.prologue)
      return input.load(place, mask);
    return load(b.getAddress(operand.getDefiningOp<ReadOp>().getBuffer()), position);
  });
  b.store(value, b.offset(b.getAddress(kernel.output), position), mask);
}

LogicalResult dlc::emitLayerNorm(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, [](Operation *op) { return isa<LayerNormOp>(op); })))
    return failure();
  LayerNormEmitter emitter(b, kernel);
  if (failed(emitter.match()))
    return failure();
  emitter.emit();
  return success();
}
