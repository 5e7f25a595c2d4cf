// Chooses the layout of each value between boxes. Every box can write what its readers need, so a
// value is copied only where it is fixed on both ends: an input of the program that a convolution
// wants with a halo, or an output that is also read.

#include "dlc/IR/Dlc.h"
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

/// The convolution that reads operand `use` of a box as its input.
static ConvOp getConvOfInput(OpOperand &use) {
  auto box = dyn_cast<KernelOp>(use.getOwner());
  if (!box)
    return {};
  Value argument = box.getBody().getArgument(use.getOperandNumber());
  for (auto conv : box.getBody().getOps<ConvOp>())
    if (conv.getInput() == argument)
      return conv;
  return {};
}

static bool isDirectConv(Operation *op) {
  auto box = dyn_cast_or_null<KernelOp>(op);
  return box && box.getSchedule() && box.getScheduleAttr().getAlgorithm() == Algorithm::direct_conv;
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

/// Blocks of channels pay where a direct convolution both writes and reads them, and nothing else
/// does.
static int64_t getBlock(Value value) {
  if (!isDirectConv(value.getDefiningOp()))
    return 1;
  for (OpOperand &use : value.getUses())
    if (!isDirectConv(use.getOwner()) || !getConvOfInput(use))
      return 1;
  return cast<KernelOp>(value.getDefiningOp()).getScheduleAttr().getLanes();
}

/// Whether a caller decides how `value` lies in memory.
static bool isFixed(Value value) {
  return !value.getDefiningOp<KernelOp>() ||
         llvm::any_of(value.getUsers(), [](Operation *user) { return isa<func::ReturnOp>(user); });
}

namespace {
struct AssignLayouts : dlc::impl::AssignLayoutsBase<AssignLayouts> {
  /// Gives `value` to the convolutions that read it through a copy with a halo.
  void addCopy(Value value, ImageLayoutAttr layout) {
    OpBuilder builder(&getContext());
    builder.setInsertionPointAfterValue(value);
    auto type = cast<PlannedType>(value.getType());
    int64_t lanes = 0;
    for (OpOperand &use : value.getUses())
      if (getConvOfInput(use))
        lanes = cast<KernelOp>(use.getOwner()).getScheduleAttr().getLanes();
    auto schedule = ScheduleAttr::get(&getContext(), Algorithm::loops, lanes, 1, {lanes}, 1);
    auto box = KernelOp::create(builder, value.getLoc(), type.withLayout(layout), BoxKind::loops,
                                value, schedule);
    Block &body = box.getBody().emplaceBlock();
    Value input = body.addArgument(type, value.getLoc());
    builder.setInsertionPointToEnd(&body);
    YieldOp::create(builder, value.getLoc(), input);
    value.replaceUsesWithIf(box.getResult(0), [&](OpOperand &use) {
      return use.getOwner() != box && getConvOfInput(use);
    });
    ++numCopies;
  }

  void assign(Value value) {
    auto type = dyn_cast<PlannedType>(value.getType());
    if (!type || type.getRank() != 4)
      return;
    auto layout = ImageLayoutAttr::get(&getContext(), getBlock(value), getHalo(value));
    if (!layout.hasHalo() && layout.getBlock() == 1)
      return;
    if (isFixed(value))
      return layout.hasHalo()
                 ? addCopy(value, ImageLayoutAttr::get(&getContext(), 1, layout.getHalo()))
                 : void();
    value.setType(type.withLayout(layout));
  }

  void runOnOperation() override {
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      SmallVector<Value> values(function.getArguments().begin(), function.getArguments().end());
      function.walk([&](KernelOp box) { llvm::append_range(values, box.getResults()); });
      llvm::for_each(values, [&](Value value) { assign(value); });
    }
  }
};
} // namespace
