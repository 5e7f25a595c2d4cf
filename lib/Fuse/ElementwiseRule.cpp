#include "ElementwiseRule.h"

#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace dlc;

// More ops than this would keep more values alive than there are registers for.
static constexpr size_t largestTree = 16;

static ArrayRef<ExprAttr> getDims(Operation *op) {
  return cast<PlannedType>(op->getResult(0).getType()).getDims();
}

SmallVector<Operation *> dlc::findElementwiseTree(Operation *root,
                                                  function_ref<bool(Operation *)> isFree) {
  SetVector<Operation *> members;
  members.insert(root);
  auto mayJoin = [&](Operation *op) {
    return isa_and_nonnull<ElementwiseOpInterface>(op) && !members.contains(op) &&
           op->getBlock() == root->getBlock() && isFree(op) && getDims(op) == getDims(root) &&
           llvm::all_of(op->getUsers(), [&](Operation *user) { return members.contains(user); });
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
