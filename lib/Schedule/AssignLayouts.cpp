// Chooses the layout of each value between boxes. Every box can write what its readers need: the
// program's inputs and outputs stay as the caller has them, and a convolution that reads one clips
// its windows.

#include "Blocks.h"

#include "dlc/IR/Program.h"
#include "dlc/Schedule/Passes.h"

#define DEBUG_TYPE "dlc-assign-layouts"

namespace dlc {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "dlc/Schedule/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {
struct AssignLayouts : dlc::impl::AssignLayoutsBase<AssignLayouts> {
  void assign(func::FuncOp function, TargetAttr target) {
    Blocks blocks(function, target);
    DenseMap<Value, SmallVector<int64_t>> halos = blocks.getHalos();
    for (Value value : blocks.getValues()) {
      bool isBlocked = blocks.contains(value);
      if (!isImage(value) || (!isBlocked && !isFree(value)))
        continue;
      auto layout =
          ImageLayoutAttr::get(&getContext(), isBlocked ? target.getLanes() : 1, halos[value]);
      if (layout.getBlock() != 1 || layout.hasHalo())
        value.setType(cast<PlannedType>(value.getType()).withLayout(layout));
    }
  }

  void runOnOperation() override {
    FailureOr<TargetAttr> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (!getDevice(function)) // all values lie dense there
        assign(function, *target);
  }
};
} // namespace
