// Makes the counting of references explicit. A block that a handle comes into being in owns one
// reference to it: it gives it back behind the last use, or hands it on.

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"
#include "dlc/Plan/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#define DEBUG_TYPE "dlc-count-references"

namespace dlc {
#define GEN_PASS_DEF_COUNTREFERENCES
#include "dlc/Plan/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Whether `value` is a handle with a reference of its own. Inputs of main belong to the caller.
static bool ownsReference(Value value) {
  if (!isa<HandleType>(value.getType()))
    return false;
  Operation *source = value.getDefiningOp();
  if (!source)
    return isa<LoopOp>(value.getParentBlock()->getParentOp());
  return isa<LibraryCallOp, WrapOp, NewTensorOp, IfOp, LoopOp>(source);
}

/// Whether a use takes a reference over. Other uses borrow.
static bool takesReference(OpOperand &use) {
  if (!isa<HandleType>(use.get().getType()))
    return false;
  Operation *owner = use.getOwner();
  return isa<YieldOp, func::ReturnOp, LoopOp>(owner);
}

/// Uses of the object, of its elements too.
static void collectUses(Value value, SmallVectorImpl<OpOperand *> &uses) {
  if (auto object = value.getDefiningOp<NewTensorOp>(); object && value == object.getHandle())
    collectUses(object.getBuffer(), uses);
  for (OpOperand &use : value.getUses()) {
    uses.push_back(&use);
    if (isa<MatchOp, ReinterpretOp>(use.getOwner()))
      collectUses(use.getOwner()->getResult(0), uses);
  }
}

/// The op of the value's block in which the object is used last; null where it is not used.
static Operation *findLastUse(Block *block, ArrayRef<OpOperand *> uses) {
  Operation *last = nullptr;
  for (OpOperand *use : uses) {
    Operation *op = block->findAncestorOpInBlock(*use->getOwner());
    if (!last || last->isBeforeInBlock(op))
      last = op;
  }
  return last;
}

/// The use that takes the block's own reference over, if one does.
static OpOperand *findTaker(Value value, Operation *last, ArrayRef<OpOperand *> uses) {
  if (!last)
    return nullptr;
  SmallVector<OpOperand *> takers;
  size_t others = 0;
  for (OpOperand *use : uses) {
    bool takes = use->getOwner() == last && use->get() == value && takesReference(*use);
    if (takes)
      takers.push_back(use);
    else if (last->isAncestor(use->getOwner()))
      ++others;
  }
  // What a loop's body uses must live longer than the first value that it carries.
  if (takers.empty() || others != 0)
    return nullptr;
  return *llvm::min_element(takers, [](OpOperand *lhs, OpOperand *rhs) {
    return lhs->getOperandNumber() < rhs->getOperandNumber();
  });
}

namespace {
struct CountReferences : dlc::impl::CountReferencesBase<CountReferences> {
  void countOwned(Value value, DenseSet<OpOperand *> &taken,
                  SmallVectorImpl<std::pair<Value, Operation *>> &released) {
    SmallVector<OpOperand *> uses;
    collectUses(value, uses);
    Operation *last = findLastUse(value.getParentBlock(), uses);
    if (OpOperand *taker = findTaker(value, last, uses))
      taken.insert(taker);
    else
      released.push_back({value, last});
  }

  void count(func::FuncOp function) {
    SmallVector<Value> owned;
    SmallVector<OpOperand *> takers;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      llvm::copy_if(op->getResults(), std::back_inserter(owned), ownsReference);
      for (Region &region : op->getRegions())
        llvm::copy_if(region.getArguments(), std::back_inserter(owned), ownsReference);
      for (OpOperand &use : op->getOpOperands())
        if (takesReference(use))
          takers.push_back(&use);
    });
    DenseSet<OpOperand *> taken;
    SmallVector<std::pair<Value, Operation *>> released;
    for (Value value : owned)
      countOwned(value, taken, released);
    OpBuilder builder(&getContext());
    for (OpOperand *use : takers) {
      if (taken.contains(use))
        continue;
      builder.setInsertionPoint(use->getOwner());
      use->set(
          RetainOp::create(builder, use->getOwner()->getLoc(), use->get().getType(), use->get()));
    }
    for (auto [value, last] : released) {
      if (last)
        builder.setInsertionPointAfter(last);
      else
        builder.setInsertionPointAfterValue(value);
      ReleaseOp::create(builder, value.getLoc(), value);
    }
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!function->hasAttr(scheduleName))
        count(function);
  }
};
} // namespace
