// Shape inference and folders of the ops that move elements. Constraint numbers are those of
// MovementOps.td.

#include "ResultDims.h"

using namespace mlir;
using namespace dlc;

OpFoldResult ViewOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<ViewOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

OpFoldResult BroadcastOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

/// The axis counted from the first dim; nothing where there is no such dim.
static std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank) {
  if (axis < -rank || axis >= rank)
    return std::nullopt;
  return axis < 0 ? axis + rank : axis;
}

SmallVector<int64_t> TransposeOp::getSourceDims() {
  if (!getPerm().empty())
    return SmallVector<int64_t>(getPerm());
  return llvm::to_vector(llvm::reverse(llvm::seq<int64_t>(getInput().getType().getRank())));
}

int64_t ConcatOp::getDim() {
  return *normalizeAxis(getAxis(), cast<PlannedType>(getInputs().front().getType()).getRank());
}

int64_t GatherOp::getDim() { return *normalizeAxis(getAxis(), getInput().getType().getRank()); }

LogicalResult TransposeOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  SmallVector<int64_t> perm = getSourceDims(), sorted(perm);
  llvm::sort(sorted);
  if (sorted != llvm::to_vector(llvm::seq<int64_t>(input.getRank()))) // C1
    return emitError("expected a permutation of the dims of ")
           << input << ", found [" << getPerm() << "]";
  auto dims = llvm::map_to_vector(perm, [&](int64_t dim) { return input.getDim(dim); });
  return addType(*this, types, dims, input.getElementType());
}

LogicalResult SliceOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  size_t rank = input.getRank();
  if (getStarts().size() != rank || getSizes().size() != rank || getSteps().size() != rank ||
      llvm::is_contained(getSteps(), 0)) // C1
    return emitError("expected starts, sizes and steps other than 0 for each dim of ") << input;
  auto dims = llvm::map_to_vector(getSizes(), [](Attribute dim) { return cast<ExprAttr>(dim); });
  return addType(*this, types, dims, input.getElementType());
}

LogicalResult ConcatOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  if (getInputs().empty()) // C1
    return emitError("expected at least one input");
  auto first = cast<PlannedType>(getInputs().front().getType());
  std::optional<int64_t> axis = normalizeAxis(getAxis(), first.getRank());
  if (!axis) // C2
    return emitError("expected an axis of ") << first << ", found " << getAxis();
  SmallVector<ExprAttr> dims(first.getDims());
  for (Value input : getInputs().drop_front()) {
    auto type = cast<PlannedType>(input.getType());
    if (type.getRank() != first.getRank()) // C1
      return emitError("expected inputs of one rank, found ") << first << " and " << type;
    for (int64_t dim = 0; dim != type.getRank(); ++dim) {
      if (dim == *axis)
        dims[dim] = dims[dim] + type.getDim(dim);
      else if (type.getDim(dim).getConstant() && dims[dim].getConstant() &&
               type.getDim(dim) != dims[dim]) // C3
        return emitError("expected equal dims but for axis ")
               << *axis << ", found " << first << " and " << type;
      else if (type.getDim(dim).getConstant()) // the shape with the most constants
        dims[dim] = type.getDim(dim);
    }
  }
  return addType(*this, types, dims, first.getElementType());
}

DimPairs ConcatOp::getEqualDims() {
  DimPairs pairs;
  PlannedType result = getType();
  std::optional<int64_t> axis = normalizeAxis(getAxis(), result.getRank());
  for (Value input : getInputs())
    for (int64_t dim = 0; dim != result.getRank(); ++dim)
      if (dim != axis)
        pairs.push_back({cast<PlannedType>(input.getType()).getDim(dim), result.getDim(dim)});
  return pairs;
}

LogicalResult PadOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  size_t rank = input.getRank();
  if (getLow().size() != rank || getHigh().size() != rank) // C1
    return emitError("expected low and high pads for each dim of ") << input;
  if (getValue() && (getValue().getType().getElementType() != input.getElementType() ||
                     getValue().getType().getRank() != 0)) // C2
    return emitError("expected a value of rank 0 with the elements of ")
           << input << ", found " << getValue().getType();
  SmallVector<ExprAttr> dims;
  for (auto [dim, low, high] : llvm::zip_equal(input.getDims(), getLow(), getHigh()))
    dims.push_back(dim + cast<ExprAttr>(low) + cast<ExprAttr>(high));
  return addType(*this, types, dims, input.getElementType());
}

LogicalResult LastWriterOp::verify() {
  for (Value value : {getNumbers(), getResult()}) {
    auto type = cast<PlannedType>(value.getType());
    if (!type.getElementType().isSignlessInteger(64) || !type.hasRank() || type.getRank() != 1)
      return emitError("expected vectors of i64, found ") << type; // C1
  }
  return success();
}

LogicalResult GatherOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType(), indices = getIndices().getType();
  std::optional<int64_t> axis = normalizeAxis(getAxis(), input.getRank());
  if (!axis) // C1
    return emitError("expected an axis of ") << input << ", found " << getAxis();
  Type element = indices.getElementType();
  if (!element.isSignlessInteger(32) && !element.isSignlessInteger(64)) // C2
    return emitError("expected indices of i32 or i64, found ") << indices;
  SmallVector<ExprAttr> dims(input.getDims().take_front(*axis));
  llvm::append_range(dims, indices.getDims());
  llvm::append_range(dims, input.getDims().drop_front(*axis + 1));
  return addType(*this, types, dims, input.getElementType());
}
