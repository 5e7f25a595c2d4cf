// Chooses the layout of each value between boxes. Every box can write what its readers need: the
// program's inputs and outputs stay as the caller has them, and a convolution that reads one clips
// its windows.

#include "Blocks.h"
#include "DeviceLayouts.h"

#include "dlc/IR/Program.h"
#include "dlc/Schedule/Passes.h"

#define DEBUG_TYPE "dlc-assign-layouts"

namespace dlc {
#define GEN_PASS_DEF_ASSIGNLAYOUTS
#include "dlc/Schedule/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// The product by constants that a box computes; null where it is something else.
static MatmulOp getPackedProduct(KernelOp box) {
  MatmulOp matmul = box ? getFirst<MatmulOp>(box) : MatmulOp();
  return matmul && isPacked(matmul) ? matmul : MatmulOp();
}

/// Whether the box at `use` reads it as the left operand of a product by constants, and as nothing
/// else.
static bool isLeftOperand(OpOperand &use) {
  auto box = dyn_cast<KernelOp>(use.getOwner());
  MatmulOp matmul = getPackedProduct(box);
  if (!matmul)
    return false;
  Value argument = box.getBody().getArgument(use.getOperandNumber());
  return matmul.getLhs() == argument && argument.hasOneUse();
}

/// A layout for the rows of what one product by constants makes for others, where their tiles of a
/// dozen rows would read elements of which all but a few compete for places in the cache: those of
/// rows that lie a multiple of half a page apart. With a line of 64 bytes between them they do not.
static RowLayoutAttr getRowLayout(Value value) {
  constexpr int64_t halfPage = 2048, line = 64, element = 4, fewRows = 8;
  auto type = cast<PlannedType>(value.getType());
  MatmulOp matmul = getPackedProduct(value.getDefiningOp<KernelOp>());
  if (!matmul || matmul.getType().getDims().back() != type.getDims().back() || type.getRank() < 2 ||
      value.use_empty() || !llvm::all_of(value.getUses(), isLeftOperand))
    return {};
  std::optional<int64_t> columns = type.getDims().back().getConstant();
  ExprAttr rows = getProduct(type.getContext(), type.getDims().drop_back());
  if (!columns || *columns == 0 || *columns * element % halfPage != 0 || !rows ||
      rows.getConstant().value_or(INT64_MAX) <= fewRows)
    return {};
  return RowLayoutAttr::get(type.getContext(), *columns + line / element);
}

namespace {
struct AssignLayouts : dlc::impl::AssignLayoutsBase<AssignLayouts> {
  void assign(func::FuncOp function, TargetAttr target) {
    Blocks blocks(function, target);
    DenseMap<Value, SmallVector<int64_t>> halos = blocks.getHalos();
    for (Value value : blocks.getValues()) {
      if (RowLayoutAttr layout = getRowLayout(value)) {
        value.setType(cast<PlannedType>(value.getType()).withLayout(layout));
        continue;
      }
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
      if (DeviceAttr device = getDevice(function))
        assignDeviceLayouts(function, device);
      else
        assign(function, *target);
  }
};
} // namespace
