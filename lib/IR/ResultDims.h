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

/// Appends the dims of what a window reads from the spatial dims of `input`, N x C x spatial dims;
/// with `ceil` the last window may reach over the end. Pads hold all begins, then all ends.
void appendWindowDims(llvm::SmallVectorImpl<ExprAttr> &dims, PlannedType input,
                      llvm::ArrayRef<ExprAttr> kernel, llvm::ArrayRef<int64_t> strides,
                      llvm::ArrayRef<int64_t> pads, llvm::ArrayRef<int64_t> dilations, bool ceil);

/// Adds `dims`, but for what is 1, each with what it broadcasts to: the last ones of `result`.
void addBroadcastDims(DimPairs &pairs, llvm::ArrayRef<ExprAttr> dims,
                      llvm::ArrayRef<ExprAttr> result);

} // namespace dlc

#endif
