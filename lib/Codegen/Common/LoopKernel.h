// Kernels that evaluate their results at indices: elementwise ops, moves of elements, resizes,
// windows, reductions.
#ifndef DLC_LIB_CODEGEN_COMMON_LOOPKERNEL_H
#define DLC_LIB_CODEGEN_COMMON_LOOPKERNEL_H

#include "Evaluator.h"

namespace dlc {

/// How the results of a kernel are computed: all in one way.
enum class Way { elements, columnSums, rowSums };
Way getWay(WriteOp write);

/// The writes of such a kernel; an error where it is another one.
mlir::FailureOr<llvm::SmallVector<WriteOp>> matchLoops(KernelBuilder &b);

/// Whether much of the results depends on the column alone, as the weights of a resize do: several
/// rows share it.
bool sharesColumns(llvm::ArrayRef<WriteOp> writes);

/// Whether all dims that broadcast at run time are equal to those that they broadcast to; null
/// where there are none.
mlir::Value emitEquality(KernelBuilder &b);

} // namespace dlc

#endif
