// Moves batch normalizations from behind what makes channels of a convolution pixels, as transposed
// convolutions do, to the convolution itself, which then takes them into its weights.

#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Views.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-hoist-batch-norm"

namespace dlc {
#define GEN_PASS_DEF_HOISTBATCHNORM
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// The pixels that `op` normalizes by constants, made by a convolution by constants for it alone.
static std::optional<PixelShuffle> findPixels(BatchNormOp op) {
  std::optional<PixelShuffle> pixels = matchPixelShuffle(op.getInput().getDefiningOp());
  ConvOp conv = pixels ? pixels->from.getDefiningOp<ConvOp>() : ConvOp();
  if (!conv || !isOfConstants(conv.getFilter()) ||
      (conv.getBias() && !isOfConstants(conv.getBias())) ||
      !llvm::all_of(op->getOperands().drop_front(), isOfConstants))
    return std::nullopt;
  auto isAlone = [&](Operation *before) {
    return before->hasOneUse() && before->getBlock() == op->getBlock();
  };
  return isAlone(conv) && llvm::all_of(pixels->moves, isAlone) ? pixels : std::nullopt;
}

static void hoist(BatchNormOp op, const PixelShuffle &pixels) {
  OpBuilder builder(op);
  ExprAttr parts = ExprAttr::constant(op.getContext(), pixels.getParts());
  auto repeat = [&](Value vector) -> Value {
    auto type = cast<PlannedType>(vector.getType());
    auto repeated = PlannedType::get({parts, type.getDim(0)}, type.getElementType());
    return ViewOp::create(builder, op.getLoc(),
                          PlannedType::get(parts * type.getDim(0), type.getElementType()),
                          BroadcastOp::create(builder, op.getLoc(), repeated, vector));
  };
  pixels.moves.front()->setOperand(
      0, BatchNormOp::create(builder, op.getLoc(), cast<PlannedType>(pixels.from.getType()),
                             pixels.from, repeat(op.getScale()), repeat(op.getShift()),
                             repeat(op.getMean()), repeat(op.getVariance()), op.getEpsilonAttr()));
  for (Operation *move : pixels.moves)
    move->moveBefore(op);
  op.replaceAllUsesWith(pixels.to);
  op.erase();
}

namespace {
struct HoistBatchNorm : dlc::impl::HoistBatchNormBase<HoistBatchNorm> {
  void runOnOperation() override {
    SmallVector<BatchNormOp> ops;
    getOperation().walk([&](BatchNormOp op) { ops.push_back(op); });
    for (BatchNormOp op : ops)
      if (std::optional<PixelShuffle> pixels = findPixels(op))
        hoist(op, *pixels);
  }
};
} // namespace
