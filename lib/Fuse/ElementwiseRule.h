// The rule "elementwise": trees of elementwise ops over one iteration space are one kernel.
#ifndef DLC_LIB_FUSE_ELEMENTWISERULE_H
#define DLC_LIB_FUSE_ELEMENTWISERULE_H

#include "dlc/IR/Dlc.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc {

inline constexpr llvm::StringLiteral elementwiseRule = "elementwise";

/// `root` and the elementwise ops before it that may run in its box: those of the same dims whose
/// results the box alone reads, and for which `isFree` holds. In order of the block.
llvm::SmallVector<mlir::Operation *>
findElementwiseTree(mlir::Operation *root, llvm::function_ref<bool(mlir::Operation *)> isFree);

} // namespace dlc

#endif
