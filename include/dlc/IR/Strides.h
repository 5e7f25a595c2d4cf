// Where the elements of a value lie in the memory of another one that ops moved them from: views,
// transpositions and slices are arithmetic on addresses for a kernel that can follow strides.
#ifndef DLC_IR_STRIDES_H
#define DLC_IR_STRIDES_H

#include "dlc/IR/Dlc.h"

namespace dlc {

/// Element [i, j, ...] of a value is element offset + i * strides[0] + j * strides[1] + ... of
/// `root`, which lies dense.
struct Strided {
  mlir::Value root;
  ExprAttr offset;
  llvm::SmallVector<ExprAttr> strides;
};

/// Looks at most through `numOps` views, transpositions and slices behind `value`; nothing where
/// the elements do not lie in strides.
std::optional<Strided> traceOperand(mlir::Value value, int64_t numOps);

/// The strides of `value` in the memory of `last`, which a chain of views and transpositions makes
/// of it; nothing where there are none.
std::optional<llvm::SmallVector<ExprAttr>> traceResult(mlir::Value value, mlir::Value last);

} // namespace dlc

#endif
