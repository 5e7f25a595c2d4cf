// What is computed row by row: softmax, normalizations.
#ifndef DLC_LIB_CODEGEN_CPU_ROWS_H
#define DLC_LIB_CODEGEN_CPU_ROWS_H

#include "../Common/KernelBuilder.h"

namespace dlc {

mlir::Value getProduct(KernelBuilder &b, llvm::ArrayRef<ExprAttr> dims);

/// A dense tensor as rows of neighbours, which are walked along in vectors.
class Rows {
public:
  Rows(KernelBuilder &b, llvm::ArrayRef<ExprAttr> outer, llvm::ArrayRef<ExprAttr> row)
      : b(b), count(getProduct(b, outer)), length(getProduct(b, row)) {}

  /// Elements of a row.
  mlir::Value getLength() const { return length; }

  /// Emits the rows of the task; `start` counts the elements before the row.
  void forEachRow(llvm::function_ref<void(mlir::Value start)> emitRow);

  /// Steps through a row in vectors, with a value carried from step to step; the mask is null for
  /// whole vectors.
  using EmitStep =
      llvm::function_ref<mlir::Value(mlir::Value place, mlir::Value mask, mlir::Value carried)>;
  mlir::Value forEachVector(mlir::Value init, EmitStep emit);

private:
  KernelBuilder &b;
  mlir::Value count, length;
};

/// Vectorizes over the last dim, be it the one that is summed over or not; see `#dlc.schedule`.
llvm::LogicalResult emitSoftmax(KernelBuilder &b);
/// A normalization, and elementwise ops behind it.
llvm::LogicalResult emitLayerNorm(KernelBuilder &b);
/// The one of these that the kernel computes.
llvm::LogicalResult emitRows(KernelBuilder &b);

} // namespace dlc

#endif
