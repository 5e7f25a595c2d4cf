#include "Homes.h"

#include "dlc/IR/Views.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

Space Homes::get(Value value) const {
  if (!hasDevice || !isa<PlannedType>(value.getType()))
    return Space::host;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    if (auto loop = dyn_cast<LoopOp>(argument.getOwner()->getParentOp()))
      return get(loop.getInits()[argument.getArgNumber()]);
    return inputs.lookup(value);
  }
  unsigned index = cast<OpResult>(value).getResultNumber();
  return llvm::TypeSwitch<Operation *, Space>(value.getDefiningOp())
      .Case([](KernelOp box) {
        return isOnDevice(box.getScheduleAttr()) ? Space::device : Space::host;
      })
      .Case([](ConstantOp) { return Space::device; })
      .Case<ViewOp, SliceOp, ConcatOp>([&](auto op) { return get(op->getOperand(0)); })
      .Case([&](IfOp branch) { return get(branch.getThenYield().getOperand(index)); })
      .Case([&](LoopOp loop) { return get(loop.getInits()[index]); })
      .Default([](Operation *) { return Space::host; });
}

bool Homes::isReadOnDevice(Value input) const {
  return hasDevice && llvm::any_of(input.getUsers(), [&](Operation *user) {
           if (auto box = dyn_cast<KernelOp>(user))
             return isOnDevice(box.getScheduleAttr());
           if (isView(user) || isa<SliceOp>(user))
             return isReadOnDevice(user->getResult(0));
           return isa<ConcatOp, LoopOp>(user);
         });
}
