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

LogicalResult ConvOp::canonicalize(ConvOp op, PatternRewriter &rewriter) {
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
