// Dims that shape inference found for a result.
#ifndef DLC_LIB_IR_RESULTDIMS_H
#define DLC_LIB_IR_RESULTDIMS_H

#include "dlc/IR/Dlc.h"

namespace dlc {

/// Emits an error where a dim leaves 64 bits (null) or is negative.
llvm::LogicalResult checkDims(mlir::Operation *op, llvm::ArrayRef<ExprAttr> dims);

/// Adds the type of a result with these dims, or emits the error that there is none.
llvm::LogicalResult addType(mlir::Operation *op, llvm::SmallVectorImpl<PlannedType> &types,
                            llvm::ArrayRef<ExprAttr> dims, mlir::Type elementType);

/// Adds the pairs of dims that must be equal for `dims` to broadcast to the last ones of `result`.
void addBroadcastDims(DimPairs &pairs, llvm::ArrayRef<ExprAttr> dims,
                      llvm::ArrayRef<ExprAttr> result);

} // namespace dlc

#endif
