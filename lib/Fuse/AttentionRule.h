// Rule `attention-moves`: a box of an attention and what moves its heads.
#ifndef DLC_LIB_FUSE_ATTENTIONRULE_H
#define DLC_LIB_FUSE_ATTENTIONRULE_H

#include "dlc/IR/Dlc.h"

namespace dlc {

inline constexpr llvm::StringLiteral attentionRule = "attention-moves";

/// `attention` and, in order, the views, transpositions and slices before and behind it that its
/// kernel follows by strides. Others may read those before it as well.
llvm::SmallVector<mlir::Operation *> findAttentionMoves(AttentionOp attention);

} // namespace dlc

#endif
