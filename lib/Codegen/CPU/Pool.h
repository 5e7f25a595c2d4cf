// Windows and reductions: of blocked images as kernels of their own, of other values as parts of
// loops.
#ifndef DLC_LIB_CODEGEN_CPU_POOL_H
#define DLC_LIB_CODEGEN_CPU_POOL_H

#include "Loops.h"

namespace dlc {

/// Vectorizes over the channels of a block; see `#dlc.schedule`.
mlir::LogicalResult emitPool(KernelBuilder &b);

/// Whether `op` reads a value that the two below can evaluate.
mlir::LogicalResult verifyPoolInLoops(mlir::Operation *op);
/// What the windows of `op` at a site become.
mlir::Value emitWindow(KernelBuilder &b, Evaluator &evaluator, PoolOp op, const Site &site);
/// One element of a reduction whose last dim is reduced; `indices` are those of the result.
mlir::Value emitReduce(KernelBuilder &b, ReduceOp op, mlir::ValueRange indices);
/// Vectors of neighbours of a reduction that keeps the last dim: `count` of them from `inner` on in
/// the row of the result that `outer` selects.
llvm::SmallVector<mlir::Value> emitReduceColumns(KernelBuilder &b, ReduceOp op,
                                                 mlir::ValueRange outer, mlir::Value inner,
                                                 int64_t count, mlir::Value mask);

} // namespace dlc

#endif
