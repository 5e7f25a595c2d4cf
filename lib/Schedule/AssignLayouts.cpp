// Chooses the layout of each value between boxes. Every box can write what its readers need, so
// nothing is copied: the program's inputs and outputs stay as the caller has them, and a
// convolution that reads one clips its windows.

#include "Algorithms.h"

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"
#include "dlc/Schedule/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

#define DEBUG_TYPE "dlc-assign-layouts"

namespace dlc {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "dlc/Schedule/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// The argument of the body that stands for an operand of a box.
static Value getArgument(OpOperand &use) {
  return cast<KernelOp>(use.getOwner()).getBody().getArgument(use.getOperandNumber());
}

/// The convolution that reads operand `use` of a box as its input.
static ConvOp getConvOfInput(OpOperand &use) {
  auto box = dyn_cast<KernelOp>(use.getOwner());
  ConvOp conv = box ? getFirst<ConvOp>(box) : ConvOp();
  return conv && conv.getInput() == getArgument(use) ? conv : ConvOp();
}

/// [top, left, bottom, right]: what all convolutions that read `value` pad.
static SmallVector<int64_t> getHalo(Value value) {
  SmallVector<int64_t> halo(4, 0);
  for (OpOperand &use : value.getUses())
    if (ConvOp conv = getConvOfInput(use))
      for (auto [width, pad] : llvm::zip_equal(halo, conv.getPads()))
        width = std::max(width, pad);
  return halo;
}

/// Whether `op` is a box whose emitter knows layouts of images.
static bool knowsImages(Operation *op) {
  auto box = dyn_cast_or_null<KernelOp>(op);
  return box && !getFirst<MatmulOp>(box) && box.getKind() != BoxKind::rows;
}

/// Whether only boxes that know images see `value`, so that it may lie in any layout.
static bool isFree(Value value) {
  return knowsImages(value.getDefiningOp()) && llvm::all_of(value.getUsers(), knowsImages);
}

static bool isImage(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  return type && type.getRank() == 4;
}

/// Whether a reduction is over the pixels of an image.
static bool isOverPixels(ReduceOp reduce) {
  return reduce.getInput().getType().getRank() == 4 &&
         reduce.getSortedAxes() == SmallVector<int64_t>{2, 3};
}

namespace {
/// The values that lie in blocks of channels: at first all that a box could write so, then fewer,
/// until every box that reads or writes one can handle it.
class Blocks {
public:
  Blocks(ArrayRef<Value> values, TargetAttr target) : target(target) {
    for (Value value : values)
      if (isImage(value) && isFree(value) && canWrite(value.getDefiningOp<KernelOp>()))
        blocked.insert(value);
    bool changed = true;
    while (changed) {
      changed = false;
      for (Value value : values)
        if (blocked.contains(value) && !isPossible(value)) {
          blocked.erase(value);
          changed = true;
        }
    }
  }

  bool contains(Value value) const { return blocked.contains(value); }

private:
  bool canWrite(KernelOp box) const {
    ConvOp conv = getFirst<ConvOp>(box);
    return getFirst<MaxPoolOp>(box) || (conv && getConvForm(conv, target) != ConvForm::rows);
  }

  /// Whether a box writes blocks where it reads them, and nowhere else.
  bool keepsLayout(KernelOp box) const {
    ConvOp conv = getFirst<ConvOp>(box);
    return getFirst<MaxPoolOp>(box) || (conv && getConvForm(conv, target) == ConvForm::channels);
  }

  bool isPossible(Value value) const {
    auto producer = value.getDefiningOp<KernelOp>();
    if (keepsLayout(producer) && !contains(producer.getInputs()[0]))
      return false;
    // So does what a convolution and a shortcut become together.
    for (OpOperand &operand : producer->getOpOperands())
      if (isShortcut(operand) && !contains(operand.get()))
        return false;
    return llvm::all_of(value.getUses(), [&](OpOperand &use) { return canRead(use); });
  }

  /// Whether an op behind a convolution reads `use`, as a sum does.
  bool isShortcut(OpOperand &use) const {
    auto box = cast<KernelOp>(use.getOwner());
    return getFirst<ConvOp>(box) && use.get().getType() == box.getResult(0).getType() &&
           llvm::any_of(getArgument(use).getUsers(),
                        [](Operation *user) { return isa<ElementwiseOpInterface>(user); });
  }

  bool canRead(OpOperand &use) const {
    auto box = cast<KernelOp>(use.getOwner());
    if (ReduceOp reduce = getFirst<ReduceOp>(box))
      return isOverPixels(reduce);
    if (!canWrite(box))
      return false;
    if (keepsLayout(box) || isShortcut(use))
      return contains(box.getResult(0));
    return static_cast<bool>(getConvOfInput(use));
  }

  TargetAttr target;
  DenseSet<Value> blocked;
};

struct AssignLayouts : dlc::impl::AssignLayoutsBase<AssignLayouts> {
  void assign(func::FuncOp function, TargetAttr target) {
    SmallVector<Value> values;
    function.walk([&](KernelOp box) { llvm::append_range(values, box.getResults()); });
    Blocks blocks(values, target);
    for (Value value : values) {
      if (!isImage(value) || !isFree(value))
        continue;
      auto layout = ImageLayoutAttr::get(
          &getContext(), blocks.contains(value) ? target.getLanes() : 1, getHalo(value));
      if (layout.getBlock() != 1 || layout.hasHalo())
        value.setType(cast<PlannedType>(value.getType()).withLayout(layout));
    }
  }

  void runOnOperation() override {
    FailureOr<TargetAttr> target = getTarget(getOperation());
    if (failed(target))
      return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>())
      assign(function, *target);
  }
};
} // namespace
