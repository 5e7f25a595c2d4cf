// Gives filters and biases the layouts that the kernels of convolutions read. Each use gets a
// constant of its own; the plan phase stores equal ones once.

#include "dlc/IR/Dlc.h"
#include "dlc/Schedule/Passes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-pack-weights"

namespace dlc {
#define GEN_PASS_DEF_PACKWEIGHTS
#include "dlc/Schedule/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// The weight behind a constant, small ones included.
static WeightAttr getWeight(ConstantOp constant) {
  if (auto weight = dyn_cast<WeightAttr>(constant.getValue()))
    return weight;
  auto dense = cast<DenseElementsAttr>(constant.getValue());
  return WeightAttr::get(constant.getContext(), dense, dense.getType().getShape(),
                         dense.getElementType(), {});
}

/// Replaces an operand by the same constant in `layout`.
static LogicalResult pack(OpOperand &use, Attribute layout) {
  auto constant = use.get().getDefiningOp<ConstantOp>();
  if (!constant)
    return use.getOwner()->emitError("expected constant weights");
  WeightAttr weight = getWeight(constant);
  SmallVector<Attribute> recipe(weight.getRecipe());
  recipe.push_back(PackAttr::get(constant.getContext(), layout));
  OpBuilder builder(use.getOwner());
  auto packed =
      ConstantOp::create(builder, constant.getLoc(), constant.getType().withLayout(layout),
                         WeightAttr::get(constant.getContext(), weight.getSource(),
                                         weight.getShape(), weight.getElementType(), recipe));
  use.set(packed);
  return success();
}

static LogicalResult packWeights(KernelOp box, ConvOp conv) {
  ScheduleAttr schedule = box.getScheduleAttr();
  if (!schedule)
    return box.emitError("expected a schedule");
  auto getUse = [&](Value argument) -> OpOperand & {
    return box->getOpOperand(cast<BlockArgument>(argument).getArgNumber());
  };
  int64_t inputs =
      cast<PlannedType>(getUse(conv.getInput()).get().getType()).getImageLayout().getBlock();
  MLIRContext *context = box.getContext();
  if (failed(pack(getUse(conv.getFilter()),
                  FilterLayoutAttr::get(context, schedule.getChannels(), inputs))))
    return failure();
  if (!conv.getBias())
    return success();
  return pack(getUse(conv.getBias()), PaddedLayoutAttr::get(context, schedule.getChannels()));
}

namespace {
struct PackWeights : dlc::impl::PackWeightsBase<PackWeights> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](KernelOp box) {
      for (auto conv : box.getBody().getOps<ConvOp>())
        if (failed(packWeights(box, conv)))
          return WalkResult::interrupt();
      return WalkResult::advance();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
