// Folders and canonicalization.

#include "dlc/IR/Dlc.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace dlc;

Operation *DlcDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type,
                                           Location loc) {
  return ConstantOp::create(builder, loc, cast<PlannedType>(type), value);
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

/// What a handle was matched to is what it holds.
OpFoldResult WrapOp::fold(FoldAdaptor) {
  auto match = getInput().getDefiningOp<MatchOp>();
  return match ? OpFoldResult(match.getHandle()) : OpFoldResult();
}

/// Sizes that are all constants are a constant.
OpFoldResult SizesOp::fold(FoldAdaptor) {
  SmallVector<APInt> values;
  unsigned width = getType().getElementType().getIntOrFloatBitWidth();
  for (Attribute value : getValues()) {
    std::optional<int64_t> constant = cast<ExprAttr>(value).getConstant();
    if (!constant)
      return {};
    values.push_back(APInt(width, *constant, /*isSigned=*/true, /*implicitTrunc=*/true));
  }
  auto type = RankedTensorType::get(*getType().getStaticShape(), getType().getElementType());
  return DenseIntElementsAttr::get(type, values);
}

LogicalResult GlobalPoolOp::canonicalize(GlobalPoolOp op, PatternRewriter &rewriter) {
  if (!op.getInput().getType().hasRank())
    return rewriter.notifyMatchFailure(op, "the rank is not known");
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, op.getInput().getType().getRank()));
  rewriter.replaceOpWithNewOp<ReduceOp>(op, op.getType(), op.getKind(), op.getInput(),
                                        rewriter.getDenseI64ArrayAttr(axes), /*keep_dims=*/true);
  return success();
}

/// The weight with a dim of 1 in front of its last one. Its recipe may compute with vectors along
/// the first dim, which stays where it is.
static WeightAttr insertHeight(WeightAttr weight) {
  SmallVector<int64_t> shape(weight.getShape());
  shape.insert(shape.end() - 1, 1);
  Attribute source = weight.getSource();
  if (auto dense = dyn_cast<DenseElementsAttr>(source))
    source = dense.reshape(RankedTensorType::get(shape, weight.getElementType()));
  return WeightAttr::get(weight.getContext(), source, shape, weight.getElementType(),
                         weight.getRecipe());
}

/// Constant pads, of `outside` or 0, around the spatial dims: those of the windows and these
/// together. Nothing where `value` is no such pad.
static std::optional<SmallVector<int64_t>> addPads(Value value, ArrayRef<int64_t> pads,
                                                   function_ref<bool(Value outside)> isOutside) {
  auto pad = value.getDefiningOp<PadOp>();
  if (!pad || pad.getMode() != PadMode::constant || !isOutside(pad.getValue()))
    return std::nullopt;
  SmallVector<int64_t> sums(pads);
  size_t spatial = pads.size() / 2;
  ArrayAttr ends[] = {pad.getLow(), pad.getHigh()};
  for (auto [which, amounts] : llvm::enumerate(ends))
    for (auto [dim, amount] : llvm::enumerate(amounts.getAsRange<ExprAttr>())) {
      int64_t count = amount.getConstant().value_or(-1);
      if (count < 0 || count >= int64_t(1) << 31 || (dim < 2 && count != 0))
        return std::nullopt;
      if (dim >= 2)
        sums[which * spatial + dim - 2] += count;
    }
  return sums;
}

/// A convolution takes zeros around its input as its own pads.
static LogicalResult mergePads(ConvOp op, PatternRewriter &rewriter) {
  std::optional<SmallVector<int64_t>> pads =
      addPads(op.getInput(), op.getPads(), [](Value outside) { return !outside; });
  if (!pads)
    return failure();
  rewriter.modifyOpInPlace(op, [&] {
    op.setPads(*pads);
    op.getInputMutable().assign(op.getInput().getDefiningOp<PadOp>().getInput());
  });
  return success();
}

/// And a maximum the smallest elements, as far as its own pads may be.
LogicalResult PoolOp::canonicalize(PoolOp op, PatternRewriter &rewriter) {
  auto isSmallest = [](Value outside) {
    auto constant = outside ? outside.getDefiningOp<ConstantOp>() : ConstantOp();
    auto dense =
        constant ? dyn_cast<DenseFPElementsAttr>(constant.getValue()) : DenseFPElementsAttr();
    return dense && dense.isSplat() && dense.getSplatValue<APFloat>().isInfinity() &&
           dense.getSplatValue<APFloat>().isNegative();
  };
  if (op.getKind() != ReduceKind::max || op.getCeil())
    return rewriter.notifyMatchFailure(op, "pads count");
  std::optional<SmallVector<int64_t>> pads = addPads(op.getInput(), op.getPads(), isSmallest);
  if (!pads)
    return rewriter.notifyMatchFailure(op, "no pad before it");
  for (size_t i = 0, spatial = op.getKernel().size(); i != spatial; ++i)
    for (int64_t pad : {(*pads)[i], (*pads)[i + spatial]})
      if (pad > (op.getKernel()[i] - 1) * op.getDilations()[i])
        return rewriter.notifyMatchFailure(op, "pads may not hold a whole window");
  rewriter.modifyOpInPlace(op, [&] {
    op.setPads(*pads);
    op.getInputMutable().assign(op.getInput().getDefiningOp<PadOp>().getInput());
  });
  return success();
}

LogicalResult ConvOp::canonicalize(ConvOp op, PatternRewriter &rewriter) {
  if (succeeded(mergePads(op, rewriter)))
    return success();
  PlannedType input = op.getInput().getType(), result = op.getType();
  auto filter = op.getFilter().getDefiningOp<ConstantOp>();
  if (!input.hasRank() || input.getRank() != 3 || !result.hasRank() || !filter)
    return rewriter.notifyMatchFailure(op, "no convolution over one dim by a constant filter");
  auto withHeight = [](PlannedType type) {
    SmallVector<ExprAttr> dims(type.getDims());
    dims.insert(dims.end() - 1, ExprAttr::constant(type.getContext(), 1));
    return PlannedType::get(dims, type.getElementType());
  };
  Location loc = op.getLoc();
  Value image = ViewOp::create(rewriter, loc, withHeight(input), op.getInput());
  Value weights = ConstantOp::create(rewriter, filter.getLoc(), withHeight(filter.getType()),
                                     insertHeight(filter.getWeight()));
  ArrayRef<int64_t> pads = op.getPads();
  Value conv = ConvOp::create(rewriter, loc, withHeight(result), image, weights, op.getBias(),
                              ArrayRef<int64_t>{1, op.getStrides()[0]},
                              ArrayRef<int64_t>{0, pads[0], 0, pads[1]},
                              ArrayRef<int64_t>{1, op.getDilations()[0]}, op.getGroup());
  rewriter.replaceOpWithNewOp<ViewOp>(op, result, conv);
  return success();
}
