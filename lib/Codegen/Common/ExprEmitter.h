// Expressions over symbols as code.
#ifndef DLC_LIB_CODEGEN_COMMON_EXPREMITTER_H
#define DLC_LIB_CODEGEN_COMMON_EXPREMITTER_H

#include "dlc/IR/Dlc.h"
#include "mlir/IR/Builders.h"

namespace dlc {

/// Emits expressions as i64 arithmetic of the `llvm` dialect at one place of a function, each one
/// once. In `checked` form overflow is noted; otherwise the values are those that a checked
/// evaluation has already passed.
class ExprEmitter {
public:
  enum class Mode { unchecked, checked };

  /// `symbols` points to the values of the symbols called `names`. Code goes where `builder`
  /// stands; it advances.
  ExprEmitter(mlir::OpBuilder builder, mlir::Location loc, mlir::Value symbols,
              llvm::ArrayRef<llvm::StringRef> names, Mode mode);

  /// Gives a symbol a value that is there already.
  void define(llvm::StringRef symbol, mlir::Value value);

  /// An error on the emitter's location where `expr` names an unknown symbol.
  mlir::FailureOr<mlir::Value> emit(ExprAttr expr);

  /// An i1: whether a value emitted so far left 64 bits.
  mlir::Value getOverflow() { return overflow; }

private:
  mlir::FailureOr<mlir::Value> emitFactor(mlir::Attribute factor);
  mlir::FailureOr<mlir::Value> emitCall(CallAttr call);
  mlir::Value emitFloorDiv(mlir::Value lhs, mlir::Value rhs);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value multiply(mlir::Value lhs, mlir::Value rhs);
  mlir::Value constant(int64_t value);
  template <typename CheckedOp> mlir::Value emitChecked(mlir::Value lhs, mlir::Value rhs);

  mlir::OpBuilder builder;
  mlir::Location loc;
  mlir::Value symbols;
  llvm::SmallVector<llvm::StringRef> names;
  bool checked;
  mlir::Value overflow;
  llvm::DenseMap<mlir::Attribute, mlir::Value> values;
};

} // namespace dlc

#endif
