// Windows and reductions of values that lie row by row.

#include "Pool.h"
#include "Reducer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

static Value getBuffer(Value value) { return value.getDefiningOp<ReadOp>().getBuffer(); }

LogicalResult dlc::verifyPoolInLoops(Operation *op) {
  if (!op->getOperand(0).getDefiningOp<ReadOp>())
    return op->emitError("expected an operand that is read from a buffer");
  auto reduce = dyn_cast<ReduceOp>(op);
  if (!reduce)
    return success();
  std::optional<SmallVector<int64_t>> axes = reduce.getSortedAxes();
  int64_t kept = reduce.getInput().getType().getRank() - reduce.getAxes().size();
  if (!axes || *axes != llvm::to_vector(llvm::seq(kept, reduce.getInput().getType().getRank())))
    return op->emitError("expected a reduction over the last dims");
  if (llvm::any_of(op->getUsers(), [](Operation *user) { return !isa<WriteOp>(user); }))
    return op->emitError("expected a reduction that is written as it is");
  return success();
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// Elements of a row of the input for the windows at `site`, from `shift` on; -inf outside of it.
static Value loadTaps(KernelBuilder &b, MaxPoolOp op, Value row, const Site &site, Value shift,
                      float outside) {
  int64_t stride = op.getStrides()[1];
  Value width = b.size(op.getInput().getType().getDim(3)), value, inside;
  if (site.lanes == Site::Lanes::contiguous && stride == 1) {
    Value start = b.add(site.inner, shift);
    inside = b.laneMask(start, width);
    value = b.loadVector(b.offset(row, start), inside);
  } else {
    auto narrow = [&](Value size) {
      return b.splat(arith::TruncIOp::create(b, b.getI32Type(), size));
    };
    bool isIndexed = site.lanes == Site::Lanes::indexed;
    Value index = isIndexed ? site.inner : narrow(site.inner);
    if (site.lanes == Site::Lanes::contiguous)
      index = arith::AddIOp::create(b, index, b.laneNumbers());
    index = arith::MulIOp::create(b, index, narrow(b.i64(stride)));
    index = arith::AddIOp::create(b, index, narrow(shift));
    inside = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index, narrow(width));
    value = b.gather(row, index, inside);
  }
  return b.select(inside, value, b.splat(outside));
}

Value dlc::emitMaxPool(KernelBuilder &b, Evaluator &evaluator, MaxPoolOp op, const Site &site) {
  Reducer reducer(b, ReduceKind::max);
  ArrayRef<int64_t> dilations = op.getDilations();
  Value top = b.add(b.mul(site.outer.back(), op.getStrides()[0]), -op.getPads()[0]);
  Taps rows = b.clipTaps(top, op.getKernel()[0], dilations[0], b.i64(0),
                         b.size(op.getInput().getType().getDim(2)));
  Value init = b.splat(reducer.getIdentity());
  using Carried = KernelBuilder::Carried;
  Carried result = b.loop(rows.begin, rows.end, 1, init, [&](Value ky, ValueRange sums) {
    SmallVector<Value> outer = site.outer;
    outer.back() = b.add(top, b.mul(ky, dilations[0]));
    Value row = evaluator.getRow(getBuffer(op.getInput()), outer);
    return b.loop(b.i64(0), b.i64(op.getKernel()[1]), 1, sums, [&](Value kx, ValueRange sums) {
      Value shift = b.add(b.mul(kx, dilations[1]), -op.getPads()[1]);
      Value value = loadTaps(b, op, row, site, shift, reducer.getIdentity());
      return Carried{reducer.combine(sums[0], value)};
    });
  });
  return result[0];
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// Reduces the rows of an image that `indices`, completed in all ways, select.
static KernelBuilder::Carried reduceRows(KernelBuilder &b, Reducer &reducer, const Image &image,
                                         PlannedType type, SmallVector<Value> indices,
                                         ValueRange sums) {
  if (indices.size() == 4)
    return reducer.reduceRun(b.offset(image, indices[0], indices[1], indices[2], indices[3]),
                             b.i64(1), sums);
  if (indices.size() == 3)
    return reducer.reduceRun(b.offset(image, indices[0], indices[1], indices[2], b.i64(0)),
                             image.width, sums);
  indices.push_back({});
  return b.loop(b.i64(0), b.size(type.getDim(indices.size() - 1)), 1, sums,
                [&](Value i, ValueRange carried) {
                  indices.back() = i;
                  return reduceRows(b, reducer, image, type, indices, carried);
                });
}

Value dlc::emitReduce(KernelBuilder &b, ReduceOp op, ValueRange indices) {
  PlannedType type = op.getInput().getType();
  int64_t kept = type.getRank() - op.getAxes().size();
  Value buffer = getBuffer(op.getInput()), count = b.i64(1), position = b.i64(0);
  for (ExprAttr dim : type.getDims().drop_front(kept))
    count = b.mul(count, b.size(dim));
  ValueRange leading = indices.take_front(kept);
  Reducer reducer(b, op.getKind());
  KernelBuilder::Carried sums = reducer.createAccumulators();
  if (cast<BufferType>(buffer.getType()).getTensor().getLayout()) {
    sums = reduceRows(b, reducer, b.getImage(buffer), type, llvm::to_vector(leading), sums);
  } else {
    for (auto [index, dim] : llvm::zip_first(leading, type.getDims()))
      position = b.add(b.mul(position, b.size(dim)), index);
    Value address = b.offset(b.getAddress(buffer), b.mul(position, count));
    sums = reducer.reduceRun(address, count, sums);
  }
  return reducer.finish(reducer.joinLanes(reducer.joinAccumulators(sums)), count);
}
