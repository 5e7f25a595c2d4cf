#include "ElementwiseRule.h"

#include "dlc/IR/Emitters.h"
#include "dlc/IR/Views.h"

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

/// The dim of the view's input that dim `dim` of its result is; -1 where it is none by itself.
static int64_t getViewedDim(ViewOp view, int64_t dim) {
  int64_t source = 0;
  for (auto [from, to] : getViewGroups(view)) {
    if (dim < to)
      return from == 1 && to == 1 ? source : -1;
    source += from;
    dim -= to;
  }
  return -1;
}

/// Whether vectors along dim `dim` of `value` are vectors along a dim of what `view` shows, too:
/// else its elements would be gathered. Looks at `value` as far as ops are in `members`.
static bool keepsVectors(Value value, int64_t dim, ViewOp view,
                         const SetVector<Operation *> &members) {
  Operation *op = value.getDefiningOp();
  if (dim < 0 || (op != view && !members.contains(op)))
    return true;
  if (auto seen = dyn_cast<ViewOp>(op)) {
    int64_t source = getViewedDim(seen, dim);
    return source >= 0 && (op == view || keepsVectors(seen.getInput(), source, view, members));
  }
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return keepsVectors(transpose.getInput(), transpose.getSourceDims()[dim], view, members);
  if (isa<GatherOp>(op))
    return false;
  int64_t rank = cast<PlannedType>(value.getType()).getRank();
  return llvm::all_of(op->getOperands(), [&](Value operand) {
    int64_t missing = rank - cast<PlannedType>(operand.getType()).getRank();
    return keepsVectors(operand, dim - missing, view, members);
  });
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
    // A view joins for the sake of what is behind it; by itself it needs no code at all.
    return !members.contains(op) && op->getBlock() == root->getBlock() && keepsRows(view) &&
           areReadersMembers(op) && view.getInput().hasOneUse() &&
           isJoinable(view.getInput().getDefiningOp()) &&
           keepsVectors(root->getResult(0), getDims(root).size() - 1, view, members);
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
