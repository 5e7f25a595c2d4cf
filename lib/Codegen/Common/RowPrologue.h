// What ops in front of an anchor compute of the rows that it reads.
#ifndef DLC_LIB_CODEGEN_COMMON_ROWPROLOGUE_H
#define DLC_LIB_CODEGEN_COMMON_ROWPROLOGUE_H

#include "Evaluator.h"

namespace dlc {

/// Evaluates the prologue of an anchor that walks along rows, where there is one.
class RowPrologue {
public:
  /// `value` is null for no prologue.
  RowPrologue(KernelBuilder &b, mlir::Value value) : b(b), evaluator(b), value(value) {}

  bool exists() const { return static_cast<bool>(value); }
  /// Emits `body`, the code of all rows; twice where dims of operands may be 1 or not.
  void forEachForm(llvm::function_ref<void()> body);
  /// What is evaluated from here on is of this row, counted over all dims but the last.
  void enterRow(mlir::Value number);
  /// A vector of neighbours, from `column` on; the mask is null for all of them.
  mlir::Value evaluate(mlir::Value column, mlir::Value mask);

private:
  KernelBuilder &b;
  Evaluator evaluator;
  mlir::Value value;
  llvm::SmallVector<mlir::Value> outer; ///< indices of the row
};

} // namespace dlc

#endif
