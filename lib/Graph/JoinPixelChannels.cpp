// Channels of a convolution that become pixels are made in another order, in which those of a pixel
// are neighbours: vectors of channels are then vectors of a pixel, and kernels for CPUs store them
// where they belong. Filter and bias are constants, whose new order costs nothing.

#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-join-pixel-channels"

namespace dlc {
#define GEN_PASS_DEF_JOINPIXELCHANNELS
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// None where the rank is not known.
static ArrayRef<ExprAttr> getDims(Value value) {
  auto type = cast<PlannedType>(value.getType());
  return type.hasRank() ? type.getDims() : ArrayRef<ExprAttr>();
}

/// Whether [N, C, height, width, H, W] becomes [N, C, H, height, W, width], of a known number of
/// channels that are more than one.
static bool movesPixels(TransposeOp op) {
  ArrayRef<ExprAttr> dims = getDims(op.getInput());
  return dims.size() == 6 && op.getSourceDims() == ArrayRef<int64_t>{0, 1, 4, 2, 5, 3} &&
         llvm::all_of(dims.slice(1, 3), [](ExprAttr dim) { return dim.getConstant(); }) &&
         dims[1].getConstant() != 1;
}

/// The convolution by constants whose result, which nothing else reads, `view` cuts for `op`.
static ConvOp findConv(TransposeOp op, ViewOp view) {
  ConvOp conv = view && view->hasOneUse() ? view.getInput().getDefiningOp<ConvOp>() : ConvOp();
  if (!conv || !conv->hasOneUse() || conv.getGroup() != 1 || conv->getBlock() != op->getBlock() ||
      !isOfConstants(conv.getFilter()) || (conv.getBias() && !isOfConstants(conv.getBias())))
    return {};
  ArrayRef<ExprAttr> dims = getDims(conv), apart = getDims(view);
  bool cutsChannels =
      dims.size() == 4 && apart[0] == dims[0] && apart.take_back(2) == dims.take_back(2);
  return cutsChannels ? conv : ConvOp();
}

static void joinChannels(TransposeOp op, ViewOp view, ConvOp conv) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  ArrayRef<ExprAttr> apart = getDims(view);
  ExprAttr channels = apart[1], pixels = apart[2] * apart[3];
  auto viewAs = [&](Value value, ArrayRef<ExprAttr> dims) -> Value {
    Type elementType = cast<PlannedType>(value.getType()).getElementType();
    return ViewOp::create(builder, loc, PlannedType::get(dims, elementType), value);
  };
  auto reorder = [&](Value weights) -> Value {
    auto type = cast<PlannedType>(weights.getType());
    ExprAttr rest = getProduct(op.getContext(), type.getDims().drop_front());
    auto moved = PlannedType::get({pixels, channels, rest}, type.getElementType());
    Value parts = TransposeOp::create(
        builder, loc, moved, viewAs(weights, {channels, pixels, rest}), ArrayRef<int64_t>{1, 0, 2});
    return viewAs(parts, type.getDims());
  };
  conv.getFilterMutable().assign(reorder(conv.getFilter()));
  if (conv.getBias())
    conv.getBiasMutable().assign(reorder(conv.getBias()));
  conv->moveBefore(op);
  Value joined = viewAs(conv, {apart[0], apart[2], apart[3], channels, apart[4], apart[5]});
  op.getInputMutable().assign(joined);
  op.setPerm({0, 3, 4, 1, 5, 2});
  view.erase();
}

namespace {
struct JoinPixelChannels : dlc::impl::JoinPixelChannelsBase<JoinPixelChannels> {
  void runOnOperation() override {
    SmallVector<TransposeOp> ops;
    getOperation().walk([&](TransposeOp op) {
      if (movesPixels(op))
        ops.push_back(op);
    });
    for (TransposeOp op : ops) {
      auto view = op.getInput().getDefiningOp<ViewOp>();
      if (ConvOp conv = findConv(op, view))
        joinChannels(op, view, conv);
    }
  }
};
} // namespace
