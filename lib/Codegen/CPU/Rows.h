// What is computed row by row: softmax, normalizations.
#ifndef DLC_LIB_CODEGEN_CPU_ROWS_H
#define DLC_LIB_CODEGEN_CPU_ROWS_H

#include "../Common/AnchorKernel.h"
#include "../Common/RowPrologue.h"

namespace dlc {

/// A dense tensor as rows of neighbours, which are walked along in vectors.
class Rows {
public:
  Rows(KernelBuilder &b, llvm::ArrayRef<ExprAttr> outer, llvm::ArrayRef<ExprAttr> row)
      : b(b), count(b.size(outer)), length(b.size(row)) {}

  /// Elements of a row.
  mlir::Value getLength() const { return length; }

  /// Emits the rows of the task, by their numbers.
  void forEachRow(llvm::function_ref<void(mlir::Value row)> emitRow);
  /// How many elements lie before a row.
  mlir::Value getStart(mlir::Value row) { return b.mul(row, length); }

  /// Steps through a row in vectors, with a value carried from step to step; the mask is null for
  /// whole vectors.
  using EmitStep =
      llvm::function_ref<mlir::Value(mlir::Value place, mlir::Value mask, mlir::Value carried)>;
  mlir::Value forEachVector(mlir::Value init, EmitStep emit);

private:
  KernelBuilder &b;
  mlir::Value count, length;
};

/// What an anchor reads of the rows of its first operand: a buffer, or what a prologue computes.
/// That is computed in the first walk along a row and waits for the others in a result's row.
class RowInput {
public:
  RowInput(KernelBuilder &b, AnchorKernel &kernel)
      : b(b), kernel(kernel), prologue(b, kernel.prologue) {}

  /// An error where the operand is neither, or a buffer of the kernel is not dense.
  llvm::LogicalResult match();
  /// See RowPrologue.
  void forEachForm(llvm::function_ref<void()> body) { prologue.forEachForm(body); }
  void enterRow(mlir::Value row, mlir::Value start);
  /// A vector from `place` of the row on, in the first walk along it and in others.
  mlir::Value loadFirst(mlir::Value place, mlir::Value mask);
  mlir::Value load(mlir::Value place, mlir::Value mask);

private:
  KernelBuilder &b;
  AnchorKernel &kernel;
  RowPrologue prologue;
  mlir::Value buffer, address; ///< of all rows, of the row
};

/// Vectorizes over the last dim, be it the one that is summed over or not.
llvm::LogicalResult emitSoftmax(KernelBuilder &b);
/// Vectorizes along the rows that are normalized.
llvm::LogicalResult emitLayerNorm(KernelBuilder &b);

} // namespace dlc

#endif
