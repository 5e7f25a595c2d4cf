#include "AttentionRule.h"

#include "dlc/IR/Strides.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc;

static bool isRow(ArrayRef<ExprAttr> strides) { return strides.back().getConstant() == 1; }

/// As many ops behind `heads` as leave the elements of a head neighbours.
static SmallVector<Operation *> findMovesBefore(Value heads, Block *block) {
  SmallVector<Operation *> moves;
  size_t taken = 0;
  for (Value value = heads;; value = moves.back()->getOperand(0)) {
    Operation *op = value.getDefiningOp();
    if (!isa_and_nonnull<ViewOp, TransposeOp, SliceOp>(op) || op->getBlock() != block)
      break;
    moves.push_back(op);
    std::optional<Strided> from = traceOperand(heads, moves.size());
    if (from && isRow(from->strides))
      taken = moves.size();
  }
  moves.resize(taken);
  return moves;
}

/// Ops behind the result up to the last transposition: a view behind it needs no kernel.
static SmallVector<Operation *> findMovesBehind(AttentionOp attention) {
  SmallVector<Operation *> moves;
  size_t taken = 0;
  for (Value value = attention.getResult(); value.hasOneUse(); value = moves.back()->getResult(0)) {
    Operation *op = *value.user_begin();
    if (!isa<ViewOp, TransposeOp>(op) || op->getBlock() != attention->getBlock())
      break;
    moves.push_back(op);
    auto strides = traceResult(attention.getResult(), op->getResult(0));
    if (isa<TransposeOp>(op) && strides && isRow(*strides))
      taken = moves.size();
  }
  moves.resize(taken);
  return moves;
}

SmallVector<Operation *> dlc::findAttentionMoves(AttentionOp attention) {
  SetVector<Operation *> members;
  members.insert(attention);
  for (Value heads : {attention.getQuery(), attention.getKey(), attention.getValue()})
    members.insert_range(findMovesBefore(heads, attention->getBlock()));
  members.insert_range(findMovesBehind(attention));
  SmallVector<Operation *> ops = members.takeVector();
  llvm::sort(ops, [](Operation *lhs, Operation *rhs) { return lhs->isBeforeInBlock(rhs); });
  return ops;
}
