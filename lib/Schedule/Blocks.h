// Which images lie in blocks of channels.
#ifndef DLC_LIB_SCHEDULE_BLOCKS_H
#define DLC_LIB_SCHEDULE_BLOCKS_H

#include "Algorithms.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// The convolution that reads operand `use` of a box as its input; null where there is none.
ConvOp getConvOfInput(mlir::OpOperand &use);

/// The values of a function that lie in blocks of channels: at first all that a box could write so,
/// then fewer, until every box that reads or writes one can handle it.
class Blocks {
public:
  /// `pinned` values, which boxes could write so, lie in blocks whoever reads them.
  Blocks(mlir::func::FuncOp function, TargetAttr target, mlir::DenseSet<mlir::Value> pinned = {});

  /// Results of boxes, and what is a place in their memory.
  llvm::ArrayRef<mlir::Value> getValues() const { return values; }
  bool contains(mlir::Value value) const { return blocked.contains(value); }
  /// Whether the user takes blocks, if all else lies as it does here.
  bool canRead(mlir::OpOperand &use) const;
  /// Whether an op behind a convolution reads `use`, as a sum does: it lies as the result does.
  bool isShortcut(mlir::OpOperand &use) const;

  /// The halo of each value: as wide as that of all values that it shares memory with.
  mlir::DenseMap<mlir::Value, llvm::SmallVector<int64_t>> getHalos() const;

private:
  bool moves(mlir::Operation *op) const;
  bool mayBeBlocked(mlir::Value value) const;
  bool canWrite(KernelOp box) const;
  bool keepsLayout(KernelOp box) const;
  bool isPossible(mlir::Value value) const;
  bool isBlockedThroughout(KernelOp box) const;

  TargetAttr target;
  llvm::SmallVector<mlir::Value> values;
  mlir::DenseSet<mlir::Value> pinned, blocked;
};

/// Whether only boxes that know images see `value`, so that it may lie in any layout.
bool isFree(mlir::Value value);

} // namespace dlc

#endif
