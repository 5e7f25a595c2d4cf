// A kernel of one op that is not elementwise, elementwise ops behind it, and perhaps some in front
// of it.
#ifndef DLC_LIB_CODEGEN_COMMON_ANCHORKERNEL_H
#define DLC_LIB_CODEGEN_COMMON_ANCHORKERNEL_H

#include "KernelBuilder.h"

#include "dlc/IR/Views.h"

namespace dlc {

struct AnchorKernel {
  /// Finds the parts in the source; fails with a located error where it is anything else than
  /// reads, one op of those that `isAnchor` names, elementwise ops and one write. Where the anchor
  /// takes a prologue, its first operand may be computed too, and written. For emitters that take
  /// it, a pixel shuffle and more elementwise ops may follow. Windows of planes may come before a
  /// convolution; who does not know them finds that its operand is read from no buffer.
  llvm::LogicalResult match(KernelBuilder &b, llvm::function_ref<bool(mlir::Operation *)> isAnchor,
                            bool takesShuffle = false);

  /// The buffer that an operand of the anchor is read from, or an error; null for no value.
  mlir::FailureOr<mlir::Value> getBuffer(mlir::Value operand) const;

  /// Those of several operands.
  using Buffers = llvm::ArrayRef<std::pair<mlir::Value, mlir::Value *>>;
  llvm::LogicalResult getBuffers(Buffers operands) const;
  /// Their addresses; null for no value.
  llvm::LogicalResult getAddresses(KernelBuilder &b, Buffers operands) const;

  /// The elementwise ops behind the anchor, on a scalar or vector. `load` gives the elements of
  /// operands[index] at the same places; `prologue` may be one of these.
  mlir::Value emitEpilogue(KernelBuilder &b, mlir::Value sum,
                           llvm::function_ref<mlir::Value(size_t index)> load) const;

  mlir::Operation *anchor = nullptr;
  llvm::SmallVector<ElementwiseOpInterface> epilogue;
  llvm::SmallVector<mlir::Value> operands; ///< what the epilogue reads, as values
  std::optional<PixelShuffle> shuffle;     ///< what `operands` and the result lie behind, if any
  std::optional<PlaneWindows> windows;     ///< that a convolution reads, if any
  mlir::Value output;                      ///< a buffer
  mlir::Value prologue; ///< the anchor's first operand where ops in front of it compute it, or null
  mlir::Value prologueOutput; ///< the buffer that others read it from; null where nobody does

private:
  llvm::LogicalResult matchEpilogue(ElementwiseOpInterface op,
                                    const llvm::SetVector<mlir::Value> &computed);
  llvm::LogicalResult matchMove(mlir::Operation *op, llvm::SetVector<mlir::Value> &computed);
  llvm::LogicalResult matchWrite(WriteOp write, const llvm::SetVector<mlir::Value> &computed);
};

} // namespace dlc

#endif
