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
  rewriter.replaceOpWithNewOp<ReduceOp>(op, op.getType(), op.getKind(), op.getInput(), axes,
                                        /*keep_dims=*/true);
  return success();
}
