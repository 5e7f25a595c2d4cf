#include "ElementwiseRule.h"

#include "dlc/IR/Emitters.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc;

// More ops than this would keep more values alive than there are registers for.
static constexpr size_t largestTree = 16;

static ArrayRef<ExprAttr> getDims(Operation *op) {
  return cast<PlannedType>(op->getResult(0).getType()).getDims();
}

/// Whether what reads `op` needs each of its elements no more than once.
static bool isReadOnce(Operation *op) {
  bool isMoved = llvm::any_of(op->getUsers(), isMovement);
  return llvm::all_of(op->getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (isa<TransposeOp, SliceOp, PadOp, ConcatOp, ViewOp>(user))
      return op->hasOneUse();
    return !isMoved && isa<ElementwiseOpInterface>(user) && getDims(user) == getDims(op);
  });
}

/// Whether `op` may be computed where its readers need it. Arithmetic is not repeated; a gather
/// checks its indices wherever they are needed or not.
static bool canFollowReaders(Operation *op) {
  if (isa<GatherOp>(op))
    return llvm::all_of(op->getUsers(), llvm::IsaPred<ElementwiseOpInterface>);
  return isMovement(op) || (isa<ElementwiseOpInterface>(op) && isReadOnce(op));
}

static bool movesLastDim(Operation *op) {
  auto transpose = dyn_cast<TransposeOp>(op);
  return transpose && transpose.getSourceDims().back() + 1 != transpose.getType().getRank();
}

SmallVector<Operation *> dlc::findElementwiseTree(Operation *root,
                                                  function_ref<bool(Operation *)> isFree) {
  SetVector<Operation *> members;
  members.insert(root);
  auto areReadersMembers = [&](Operation *op) {
    return llvm::all_of(op->getUsers(), [&](Operation *user) { return members.contains(user); });
  };
  auto isJoinable = [&](Operation *op) {
    return op && !members.contains(op) && op->getBlock() == root->getBlock() && isFree(op) &&
           canFollowReaders(op);
  };
  auto mayJoin = [&](Operation *op) {
    auto view = dyn_cast_or_null<ViewOp>(op);
    if (!view)
      return isJoinable(op) && areReadersMembers(op);
    // A view joins for the sake of what is behind it; by itself it needs no code at all. Vectors
    // run along rows of the root: where these are no rows of the view they would be gathered.
    return llvm::none_of(members, movesLastDim) && !members.contains(op) &&
           op->getBlock() == root->getBlock() && keepsRows(view) && areReadersMembers(op) &&
           view.getInput().hasOneUse() && isJoinable(view.getInput().getDefiningOp());
  };
  // An op may be refused at first and join later, once all of its readers have.
  bool grows = true;
  while (grows) {
    grows = false;
    for (size_t index = 0; index != members.size(); ++index)
      for (Value operand : members[index]->getOperands())
        if (members.size() != largestTree && mayJoin(operand.getDefiningOp()))
          grows |= members.insert(operand.getDefiningOp());
  }
  SmallVector<Operation *> tree = members.takeVector();
  llvm::sort(tree, [](Operation *lhs, Operation *rhs) { return lhs->isBeforeInBlock(rhs); });
  return tree;
}
