// What is known of results before the run, where their sizes depend on what operands hold.

#include "Inference.h"
#include "Matching.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

PartialDims dlc::getDims(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  if (!type || !type.hasRank())
    return std::nullopt;
  return llvm::to_vector(type.getDims());
}

/// As many unknown dims as the vector `shape` has elements.
static PartialDims getRankFrom(Value shape) {
  PartialDims dims = getDims(shape);
  std::optional<int64_t> rank =
      dims && dims->size() == 1 ? dims->front().getConstant() : std::nullopt;
  if (!rank || *rank > ConstantOp::maxDenseElements)
    return std::nullopt;
  return SmallVector<ExprAttr>(*rank);
}

static PartialDims getUnknown(Value value) {
  return SmallVector<ExprAttr>(getType(value).getRank());
}

/// Unknown dims, as many as the input has and `factor` more for each element of `axes`.
static PartialDims getWithRank(Value input, Value axes, int64_t factor) {
  PartialDims count = getDims(axes);
  std::optional<int64_t> length =
      count && count->size() == 1 ? count->front().getConstant() : std::nullopt;
  if (!length || *length > ConstantOp::maxDenseElements)
    return std::nullopt;
  int64_t rank = getType(input).getRank() + factor * *length;
  return rank < 0 ? PartialDims() : PartialDims(SmallVector<ExprAttr>(rank));
}

/// Of axes that only the run knows the number tells the rank, where it is not 0: then they are all.
static PartialDims getReduced(DynamicReduceOp reduce) {
  if (reduce.getKeepDims())
    return getUnknown(reduce.getInput());
  PartialDims axes = getDims(reduce.getAxes());
  if (!axes || axes->size() != 1 || axes->front() == ExprAttr::constant(reduce.getContext(), 0))
    return std::nullopt;
  return getWithRank(reduce.getInput(), reduce.getAxes(), -1);
}

SmallVector<PartialDims> dlc::getLateDims(Operation *op) {
  PartialDims dims =
      TypeSwitch<Operation *, PartialDims>(op)
          .Case([](ReshapeOp reshape) { return getRankFrom(reshape.getShape()); })
          .Case([](ConstantOfShapeOp constant) { return getRankFrom(constant.getShape()); })
          .Case([](ExpandOp expand) -> PartialDims {
            PartialDims shape = getRankFrom(expand.getShape());
            if (!shape)
              return std::nullopt;
            size_t rank = std::max<size_t>(shape->size(), expand.getInput().getType().getRank());
            return SmallVector<ExprAttr>(rank);
          })
          .Case([](TileOp tile) { return getUnknown(tile.getInput()); })
          .Case([](DynamicSliceOp slice) { return getUnknown(slice.getInput()); })
          .Case([](DynamicPadOp pad) { return getUnknown(pad.getInput()); })
          .Case([](DynamicReduceOp reduce) { return getReduced(reduce); })
          .Case([](SqueezeOp squeeze) {
            return getWithRank(squeeze.getInput(), squeeze.getAxes(), -1);
          })
          .Case([](UnsqueezeOp unsqueeze) {
            return getWithRank(unsqueeze.getInput(), unsqueeze.getAxes(), 1);
          })
          .Case([](RangeOp) { return SmallVector<ExprAttr>(1); })
          .Default([](Operation *) { return std::nullopt; });
  return SmallVector<PartialDims>(op->getNumResults(), dims);
}
