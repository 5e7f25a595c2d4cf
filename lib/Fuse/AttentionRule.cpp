#include "AttentionRule.h"

#include "dlc/IR/Strides.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc;

static bool isRow(ArrayRef<ExprAttr> strides) { return strides.back().getConstant() == 1; }

namespace {
/// Ops that compute `heads` and may join the box, the last one first.
struct Chain {
  Value heads;
  SmallVector<Operation *> moves;

  /// What the box would read.
  Value getRoot() const { return moves.empty() ? heads : moves.back()->getOperand(0); }
  /// Drops moves from the far end, until those that stay leave the elements of a head neighbours.
  void shorten(size_t most) {
    for (moves.resize(most); !moves.empty(); moves.pop_back())
      if (auto from = traceOperand(heads, moves.size()); from && isRow(from->strides))
        return;
  }
};
} // namespace

/// As many ops before `heads` as leave the elements of a head neighbours.
static Chain findMovesBefore(Value heads, Block *block) {
  Chain chain{heads, {}};
  for (Operation *op = heads.getDefiningOp();
       isa_and_nonnull<ViewOp, TransposeOp, SliceOp>(op) && op->getBlock() == block;
       op = op->getOperand(0).getDefiningOp())
    chain.moves.push_back(op);
  chain.shorten(chain.moves.size());
  return chain;
}

/// Takes ops out of the box that a chain has to read the result of: what is inside of it becomes
/// strides of something else.
static void separate(MutableArrayRef<Chain> chains) {
  for (bool changed = true; changed;) {
    changed = false;
    for (const Chain &reader : chains)
      for (Chain &chain : chains) {
        const auto *found = llvm::find(chain.moves, reader.getRoot().getDefiningOp());
        if (found == chain.moves.end())
          continue;
        chain.shorten(found - chain.moves.begin());
        changed = true;
      }
  }
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
  SmallVector<Chain> chains;
  for (Value heads : {attention.getQuery(), attention.getKey(), attention.getValue()})
    chains.push_back(findMovesBefore(heads, attention->getBlock()));
  separate(chains);
  for (const Chain &chain : chains)
    members.insert_range(chain.moves);
  members.insert_range(findMovesBehind(attention));
  SmallVector<Operation *> ops = members.takeVector();
  llvm::sort(ops, [](Operation *lhs, Operation *rhs) { return lhs->isBeforeInBlock(rhs); });
  return ops;
}
