// What is known of results before the run, where their sizes depend on what operands hold.

#include "Inference.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

static PlannedType getType(Value value) { return cast<PlannedType>(value.getType()); }

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
          .Case([](RangeOp) { return SmallVector<ExprAttr>(1); })
          .Default([](Operation *) { return std::nullopt; });
  return SmallVector<PartialDims>(op->getNumResults(), dims);
}
