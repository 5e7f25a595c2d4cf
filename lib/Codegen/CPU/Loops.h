// Evaluation of a kernel's ops at a vector of indices.
#ifndef DLC_LIB_CODEGEN_CPU_LOOPS_H
#define DLC_LIB_CODEGEN_CPU_LOOPS_H

#include "KernelBuilder.h"

namespace dlc {

/// A vector of places in a value: all lanes share the indices of the outer dims, each has its own
/// one in the last dim.
struct Site {
  enum class Lanes {
    contiguous, ///< `inner` (i64) and the ones behind it
    equal,      ///< `inner` (i64) for all lanes
    indexed     ///< `inner` is a vector of i32
  };
  llvm::SmallVector<mlir::Value> outer;
  Lanes lanes = Lanes::contiguous;
  mlir::Value inner;
  mlir::Value mask; ///< of contiguous lanes those that exist; null for all
  llvm::DenseMap<mlir::Value, mlir::Value> values; ///< what has been evaluated here
};

/// Evaluates values of the kernel at sites, from its reads on.
class Evaluator {
public:
  explicit Evaluator(KernelBuilder &b) : b(b) {}

  mlir::Value evaluate(mlir::Value value, Site &site);
  /// The address of the row of a buffer that `outer` selects.
  mlir::Value getRow(mlir::Value buffer, mlir::ValueRange outer);

private:
  mlir::Value evaluateElementwise(ElementwiseOpInterface op, Site &site);
  mlir::Value evaluateConstant(ConstantOp op, const Site &site);
  mlir::Value load(mlir::Value row, mlir::Type elementType, const Site &site);
  mlir::Value getRow(mlir::Value address, PlannedType type, mlir::ValueRange outer);

  KernelBuilder &b;
};

/// Evaluates the kernel's results row by row; see `#dlc.schedule`.
llvm::LogicalResult emitLoops(KernelBuilder &b);

/// Whether emitResize can evaluate the op.
llvm::LogicalResult verifyResize(ResizeOp op);
mlir::Value emitResize(KernelBuilder &b, Evaluator &evaluator, ResizeOp op, const Site &site);

} // namespace dlc

#endif
