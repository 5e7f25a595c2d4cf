#include "LoopKernel.h"

#include "dlc/IR/Emitters.h"

using namespace mlir;
using namespace dlc;

Way dlc::getWay(WriteOp write) {
  auto reduce = write.getValue().getDefiningOp<ReduceOp>();
  if (!reduce)
    return Way::elements;
  return reduce.keepsLastDim() ? Way::columnSums : Way::rowSums;
}

static LogicalResult verifyBuffer(Operation *op, PlannedType type) {
  auto image = dyn_cast_or_null<ImageLayoutAttr>(type.getLayout());
  if (isa_and_nonnull<DeviceLayoutAttr>(type.getLayout()))
    return success();
  if (type.getLayout() && (!image || image.getBlock() != 1))
    return op->emitError("expected a dense value or a planar image, found ") << type;
  if (type.getLayout() && !type.getElementType().isF32())
    return op->emitError("expected an image of f32, found ") << type;
  return success();
}

static LogicalResult verifyOp(Operation &op) {
  if (auto read = dyn_cast<ReadOp>(op))
    return verifyBuffer(&op, read.getBuffer().getType().getTensor());
  if (auto write = dyn_cast<WriteOp>(op))
    return verifyBuffer(&op, write.getBuffer().getType().getTensor());
  if (auto resize = dyn_cast<ResizeOp>(op))
    return verifyResize(resize);
  if (isa<PoolOp, ReduceOp>(op))
    return verifyWindow(&op);
  if (auto constant = dyn_cast<ConstantOp>(op);
      constant && !isa<DenseElementsAttr>(constant.getValue()))
    return op.emitError("expected a dense constant in a kernel");
  if (isa<ConstantOp, ElementwiseOpInterface, func::ReturnOp>(op) || isMovement(&op))
    return success();
  return op.emitError(
      "expected elementwise ops, moves of elements, resizes, windows and reductions "
      "in this kernel");
}

/// Resizes and windows are evaluated at rows of the result, which ops that move elements would mix.
static LogicalResult verifyMixture(func::FuncOp source) {
  bool moves = llvm::any_of(source.getOps(), [](Operation &op) { return isMovement(&op); });
  for (Operation &op : source.getOps())
    if (moves && isa<ResizeOp, PoolOp, ReduceOp>(op))
      return op.emitError("expected no ops that move elements beside this one");
  return success();
}

FailureOr<SmallVector<WriteOp>> dlc::matchLoops(KernelBuilder &b) {
  SmallVector<WriteOp> writes;
  for (Operation &op : b.getSource().getBody().front()) {
    if (failed(verifyOp(op)))
      return failure();
    if (auto write = dyn_cast<WriteOp>(op)) {
      if (!writes.empty() && writes.front().getValue().getType() != write.getValue().getType())
        return write.emitError("expected results of one type in this kernel");
      if (!writes.empty() && getWay(writes.front()) != getWay(write))
        return write.emitError("expected results that are computed in one way in this kernel");
      writes.push_back(write);
    }
  }
  if (writes.empty())
    return b.getSource().emitError("expected a kernel that writes a result");
  if (failed(verifyMixture(b.getSource())))
    return failure();
  return writes;
}

bool dlc::sharesColumns(ArrayRef<WriteOp> writes) {
  return llvm::any_of(
      writes, [](WriteOp write) { return write.getValue().getDefiningOp<ResizeOp>() != nullptr; });
}

Value dlc::emitEquality(KernelBuilder &b) {
  Value equal;
  b.getSource().walk([&](Operation *op) {
    if (!isa<ElementwiseOpInterface, BroadcastOp>(op))
      return;
    auto to = cast<PlannedType>(op->getResult(0).getType());
    for (Type operand : op->getOperandTypes()) {
      ArrayRef<ExprAttr> from = cast<PlannedType>(operand).getDims();
      for (auto [dim, result] : llvm::zip_equal(from, to.getDims().take_back(from.size())))
        if (broadcastsAtRunTime(dim, result)) {
          Value isEqual = b.equal(b.size(dim), b.size(result));
          equal = equal ? b.both(equal, isEqual) : isEqual;
        }
    }
  });
  return equal;
}
