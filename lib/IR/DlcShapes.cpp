// Shape inference of the ops.

#include "ResultDims.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace dlc;

LogicalResult dlc::checkDims(Operation *op, ArrayRef<ExprAttr> dims) {
  for (auto [index, dim] : llvm::enumerate(dims)) {
    if (!dim)
      return op->emitError("expected dims of 64 bits, but dimension ") << index << " leaves them";
    if (std::optional<int64_t> value = dim.getConstant(); value && *value < 0)
      return op->emitError("expected a result of positive size, found ")
             << *value << " in dimension " << index;
  }
  return success();
}

LogicalResult dlc::addType(Operation *op, SmallVectorImpl<PlannedType> &types,
                           ArrayRef<ExprAttr> dims, Type elementType) {
  if (failed(checkDims(op, dims)))
    return failure();
  types.push_back(PlannedType::get(dims, elementType));
  return success();
}

LogicalResult ConvOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  if (failed(verify()))
    return failure();
  PlannedType input = getInput().getType(), filter = getFilter().getType();
  SmallVector<ExprAttr> dims = {input.getDim(0), filter.getDim(0)};
  size_t spatial = getStrides().size();
  for (size_t i = 0; i != spatial; ++i) {
    ExprAttr extent = (filter.getDim(i + 2) - 1) * getDilations()[i] + 1;
    ExprAttr padded = input.getDim(i + 2) + getPads()[i] + getPads()[i + spatial];
    ExprAttr last = padded - extent;
    dims.push_back(floorDiv(last, getStrides()[i]) + 1);
  }
  return addType(*this, types, dims, input.getElementType());
}

LogicalResult BatchNormOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  for (Value vector : {getScale(), getShift(), getMean(), getVariance()}) {
    auto type = cast<PlannedType>(vector.getType());
    if (input.getRank() < 2 || type.getRank() != 1 || type.getDim(0) != input.getDim(1)) // C1
      return emitError("expected vectors with one element for each channel of ")
             << input << ", found " << type;
  }
  return addType(*this, types, input.getDims(), input.getElementType());
}

/// The last dim but `fromLast`, where the last two are exchanged with `transpose`.
static ExprAttr getMatrixDim(PlannedType type, int64_t fromLast, bool transpose) {
  return type.getDim(type.getRank() - 1 - (transpose ? 1 - fromLast : fromLast));
}

ExprAttr MatmulOp::getRows() {
  PlannedType lhs = getLhs().getType();
  return lhs.getRank() == 1 ? ExprAttr() : getMatrixDim(lhs, 1, getTransposeLhs());
}

ExprAttr MatmulOp::getColumns() {
  PlannedType rhs = getRhs().getType();
  return rhs.getRank() == 1 ? ExprAttr() : getMatrixDim(rhs, 0, getTransposeRhs());
}

std::pair<ExprAttr, ExprAttr> MatmulOp::getInnerDims() {
  PlannedType lhs = getLhs().getType(), rhs = getRhs().getType();
  ExprAttr inner = rhs.getRank() == 1 ? rhs.getDim(0) : getMatrixDim(rhs, 1, getTransposeRhs());
  return {getMatrixDim(lhs, 0, getTransposeLhs()), inner};
}

DimPairs MatmulOp::getEqualDims() {
  DimPairs pairs = {getInnerDims()};
  if (getBias())
    pairs.push_back({getBias().getType().getDim(0), getColumns()});
  for (PlannedType factor : {getLhs().getType(), getRhs().getType()})
    addBroadcastDims(pairs, getOuterDims(factor), getBatchDims());
  return pairs;
}

ExprAttr MatmulOp::getInnerDim() {
  auto [left, right] = getInnerDims();
  return right.getConstant() ? right : left;
}

LogicalResult MatmulOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  if (failed(verify()))
    return failure();
  PlannedType lhs = getLhs().getType(), rhs = getRhs().getType();
  ArrayRef<ExprAttr> left = getOuterDims(lhs), right = getOuterDims(rhs);
  SmallVector<ExprAttr> dims(left.size() > right.size() ? left : right);
  ArrayRef<ExprAttr> other = left.size() > right.size() ? right : left;
  for (auto [dim, otherDim] : llvm::zip(llvm::reverse(dims), llvm::reverse(other)))
    dim = broadcast(dim, otherDim);
  for (ExprAttr dim : {getRows(), getColumns()})
    if (dim)
      dims.push_back(dim);
  return addType(*this, types, dims, lhs.getElementType());
}

LogicalResult MaxPoolOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  if (failed(verify()))
    return failure();
  PlannedType input = getInput().getType();
  SmallVector<ExprAttr> dims = {input.getDim(0), input.getDim(1)};
  size_t spatial = getKernel().size();
  for (size_t i = 0; i != spatial; ++i) {
    int64_t extent = (getKernel()[i] - 1) * getDilations()[i] + 1, stride = getStrides()[i];
    ExprAttr before = input.getDim(i + 2) + getPads()[i];
    ExprAttr last = before + getPads()[i + spatial] - extent;
    ExprAttr windows = floorDiv(last, stride);
    if (getCeil()) // the last window begins before the pads at the end
      windows = minimum(ceilDiv(last, stride), floorDiv(before - 1, stride));
    dims.push_back(windows + 1);
  }
  return addType(*this, types, dims, input.getElementType());
}

std::optional<SmallVector<int64_t>> ReduceOp::getSortedAxes() {
  int64_t rank = getInput().getType().getRank();
  if (!getAxes())
    return llvm::to_vector(llvm::seq(rank));
  SmallVector<int64_t> axes;
  for (int64_t axis : getAxesAttr().asArrayRef()) {
    if (axis < -rank || axis >= rank)
      return std::nullopt;
    axes.push_back(axis < 0 ? axis + rank : axis);
  }
  llvm::sort(axes);
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    return std::nullopt;
  return axes;
}

bool ReduceOp::keepsLastDim() {
  int64_t rank = getInput().getType().getRank();
  return rank != 0 && !llvm::is_contained(*getSortedAxes(), rank - 1);
}

LogicalResult ReduceOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  std::optional<SmallVector<int64_t>> axes = getSortedAxes();
  if (!axes) // C1
    return emitError("expected axes to be dims of ")
           << input << ", each once, found [" << getAxesAttr().asArrayRef() << "]";
  SmallVector<ExprAttr> dims;
  for (auto [index, dim] : llvm::enumerate(input.getDims())) {
    if (!llvm::is_contained(*axes, static_cast<int64_t>(index)))
      dims.push_back(dim);
    else if (getKeepDims())
      dims.push_back(ExprAttr::constant(getContext(), 1));
  }
  return addType(*this, types, dims, input.getElementType());
}

int64_t SoftmaxOp::getDim() {
  int64_t axis = static_cast<int64_t>(getAxis());
  return axis < 0 ? axis + getInput().getType().getRank() : axis;
}

LogicalResult SoftmaxOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  if (getDim() < 0 || getDim() >= input.getRank()) // C1
    return emitError("expected axis to be a dim of ")
           << input << ", found " << static_cast<int64_t>(getAxis());
  return addType(*this, types, input.getDims(), input.getElementType());
}

int64_t LayerNormOp::getDim() {
  int64_t axis = static_cast<int64_t>(getAxis());
  return axis < 0 ? axis + getInput().getType().getRank() : axis;
}

LogicalResult LayerNormOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  if (getDim() < 0 || getDim() >= input.getRank()) // C1
    return emitError("expected axis to be a dim of ")
           << input << ", found " << static_cast<int64_t>(getAxis());
  ExprAttr one = ExprAttr::constant(getContext(), 1);
  for (Value factor : getOperands().drop_front()) {
    auto type = cast<PlannedType>(factor.getType());
    bool fits = type.getRank() <= input.getRank();
    for (auto [dim, to] : llvm::zip(llvm::reverse(type.getDims()), llvm::reverse(input.getDims())))
      fits &= dim == one || dim == to || !dim.getConstant() || !to.getConstant();
    if (!fits) // C3
      return emitError("expected scale and bias to broadcast to ") << input << ", found " << type;
  }
  return addType(*this, types, input.getDims(), input.getElementType());
}

DimPairs LayerNormOp::getEqualDims() { return getBroadcastDims(*this); }

LogicalResult GlobalPoolOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  if (input.getRank() < 3)
    return emitError("expected an input with spatial dims, found ") << input;
  SmallVector<ExprAttr> dims(input.getRank(), ExprAttr::constant(getContext(), 1));
  dims[0] = input.getDim(0);
  dims[1] = input.getDim(1);
  return addType(*this, types, dims, input.getElementType());
}

/// numpy's broadcasting. Sizes that are not known to be equal are left to the run to compare.
LogicalResult dlc::inferBroadcast(Operation *op, SmallVectorImpl<PlannedType> &types) {
  SmallVector<ExprAttr> dims;
  ExprAttr one = ExprAttr::constant(op->getContext(), 1);
  for (Type operand : op->getOperandTypes()) {
    ArrayRef<ExprAttr> operandDims = cast<PlannedType>(operand).getDims();
    if (operandDims.size() > dims.size())
      dims.insert(dims.begin(), operandDims.size() - dims.size(), one);
    MutableArrayRef<ExprAttr> inner = MutableArrayRef(dims).take_back(operandDims.size());
    for (auto [dim, operandDim] : llvm::zip_equal(inner, operandDims)) {
      if (dim != one && operandDim != one && dim != operandDim && dim.getConstant() &&
          operandDim.getConstant())
        return op->emitError("expected dims that broadcast, found ")
               << dim.str() << " and " << operandDim.str();
      dim = broadcast(dim, operandDim);
    }
  }
  return addType(op, types, dims, cast<PlannedType>(op->getResult(0).getType()).getElementType());
}

void dlc::addBroadcastDims(DimPairs &pairs, ArrayRef<ExprAttr> dims, ArrayRef<ExprAttr> result) {
  for (auto [dim, to] : llvm::zip_equal(dims, result.take_back(dims.size())))
    if (dim.getConstant() != 1 && !broadcastsAtRunTime(dim, to))
      pairs.push_back({dim, to});
}

DimPairs dlc::getBroadcastDims(Operation *op) {
  DimPairs pairs;
  ArrayRef<ExprAttr> result = cast<PlannedType>(op->getResult(0).getType()).getDims();
  for (Type operand : op->getOperandTypes())
    addBroadcastDims(pairs, cast<PlannedType>(operand).getDims(), result);
  return pairs;
}

/// floor(dim * scale). A constant dim is multiplied in f32, as ONNX Runtime does it; a symbolic one
/// exactly, which is the same as long as the scale has few fractional bits.
static FailureOr<ExprAttr> scaleDim(ResizeOp op, ExprAttr dim, float scale) {
  constexpr int64_t one = 256; // 8 fractional bits
  if (std::optional<int64_t> value = dim.getConstant()) {
    double product = std::floor(static_cast<float>(*value) * scale);
    if (product >= 0x1p62)
      return op.emitError("expected dims of 64 bits, found ") << product;
    return ExprAttr::constant(dim.getContext(), static_cast<int64_t>(product));
  }
  double fixed = static_cast<double>(scale) * one;
  if (fixed != std::floor(fixed) || fixed >= 0x1p31) // C3
    return op.emitError("expected a scale with at most 8 fractional bits for the symbolic dim ")
           << dim.str() << ", found " << scale;
  return floorDiv(dim * static_cast<int64_t>(fixed), one);
}

LogicalResult ResizeOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  DenseFPElementsAttr scales;
  if (!matchPattern(getScales(), m_Constant(&scales)) || !scales.getElementType().isF32() ||
      scales.getNumElements() != input.getRank()) // C1
    return emitError("expected constant scales, one for each of the ")
           << input.getRank() << " dims of the input";
  SmallVector<ExprAttr> dims;
  for (auto [index, scale] : llvm::enumerate(scales.getValues<float>())) {
    if (!(scale > 0) || !std::isfinite(scale)) // C1
      return emitError("expected positive scales, found ") << scale;
    if (scale != 1.0f && static_cast<int64_t>(index) + 2 < input.getRank()) // C2
      return emitError("expected scale 1 for dimension ")
             << index << ", found " << scale << ": only the last two dims can be resized";
    FailureOr<ExprAttr> dim = scaleDim(*this, input.getDim(index), scale);
    if (failed(dim))
      return failure();
    dims.push_back(*dim);
  }
  return addType(*this, types, dims, input.getElementType());
}
