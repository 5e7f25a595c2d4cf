// Which algorithm computes a box: what the passes of this phase agree on.
#ifndef DLC_LIB_SCHEDULE_ALGORITHMS_H
#define DLC_LIB_SCHEDULE_ALGORITHMS_H

#include "dlc/IR/Dlc.h"

namespace dlc {

/// The first op of type `Op` in the body of `box`, or null.
template <typename Op> Op getFirst(KernelOp box) {
  auto ops = box.getBody().template getOps<Op>();
  return ops.empty() ? Op() : *ops.begin();
}

/// Whether a convolution runs along rows: it has too few output channels to fill vectors with them,
/// and its row can be loaded as vectors.
inline bool isRowConv(ConvOp conv, TargetAttr target) {
  int64_t outputs = *conv.getFilter().getType().getDim(0).getConstant();
  return 2 * outputs <= target.getLanes() && conv.getStrides().back() == 1;
}

/// Whether a matrix product reads its right operand from panels, as a 1x1 convolution does: it is a
/// constant matrix.
inline bool isPacked(MatmulOp matmul) {
  auto box = matmul->getParentOfType<KernelOp>();
  auto isConstant = [&](mlir::Value value) {
    auto argument = llvm::dyn_cast<mlir::BlockArgument>(value);
    return argument && box.getInputs()[argument.getArgNumber()].getDefiningOp<ConstantOp>();
  };
  return matmul.getLhs().getType().getRank() >= 2 && matmul.getRhs().getType().getRank() == 2 &&
         !matmul.getTransposeLhs() && isConstant(matmul.getRhs()) &&
         (!matmul.getBias() || isConstant(matmul.getBias()));
}

/// Whether `value`, a result or operand of a box, lies in blocks of channels.
inline bool isBlocked(mlir::Value value) {
  auto type = llvm::cast<PlannedType>(value.getType());
  auto layout = llvm::dyn_cast_or_null<ImageLayoutAttr>(type.getLayout());
  return layout && layout.getBlock() != 1;
}

} // namespace dlc

#endif
