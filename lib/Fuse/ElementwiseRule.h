// The rule "elementwise": trees of elementwise ops and of ops that move elements are one kernel.
#ifndef DLC_LIB_FUSE_ELEMENTWISERULE_H
#define DLC_LIB_FUSE_ELEMENTWISERULE_H

#include "dlc/IR/Dlc.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace dlc {

inline constexpr llvm::StringLiteral elementwiseRule = "elementwise";

/// `root` and the ops before it that may run in its box: those whose results the box alone reads,
/// for which `isFree` holds, and that are computed no more often there. In order of the block.
llvm::SmallVector<mlir::Operation *>
findElementwiseTree(mlir::Operation *root, llvm::function_ref<bool(mlir::Operation *)> isFree);

} // namespace dlc

#endif
