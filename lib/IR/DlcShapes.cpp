// Shape inference of the ops.

#include "ResultDims.h"

#include "llvm/Support/MathExtras.h"

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

void dlc::appendWindowDims(SmallVectorImpl<ExprAttr> &dims, PlannedType input,
                           ArrayRef<ExprAttr> kernel, ArrayRef<int64_t> strides,
                           ArrayRef<int64_t> pads, ArrayRef<int64_t> dilations, bool ceil) {
  for (size_t i = 0, spatial = kernel.size(); i != spatial; ++i) {
    ExprAttr extent = (kernel[i] - 1) * dilations[i] + 1;
    ExprAttr before = input.getDim(i + 2) + pads[i];
    ExprAttr last = before + pads[i + spatial] - extent;
    ExprAttr windows = floorDiv(last, strides[i]);
    if (ceil) // the last window begins before the pads at the end
      windows = minimum(ceilDiv(last, strides[i]), floorDiv(before - 1, strides[i]));
    dims.push_back(windows + 1);
  }
}

LogicalResult ConvOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType(), filter = getFilter().getType();
  // Import leaves out what has a default for each spatial dim where it does not know how many there
  // are.
  if (size_t spatial = std::max<int64_t>(filter.getRank() - 2, 0);
      getStrides().empty() && getPads().empty() && getDilations().empty()) {
    setStrides(SmallVector<int64_t>(spatial, 1));
    setPads(SmallVector<int64_t>(2 * spatial, 0));
    setDilations(SmallVector<int64_t>(spatial, 1));
  }
  if (failed(verify()))
    return failure();
  SmallVector<ExprAttr> dims = {input.getDim(0), filter.getDim(0)};
  appendWindowDims(dims, input, filter.getDims().drop_front(2), getStrides(), getPads(),
                   getDilations(), /*ceil=*/false);
  return addType(*this, types, dims, input.getElementType());
}

DimPairs ConvOp::getEqualDims() {
  ExprAttr group = ExprAttr::constant(getContext(), getGroup());
  PlannedType filter = getFilter().getType();
  DimPairs pairs = {{filter.getDim(1) * group, getInput().getType().getDim(1)}};
  if (getBias())
    pairs.push_back({getBias().getType().getDim(0), filter.getDim(0)});
  return pairs;
}

static bool differ(ExprAttr lhs, ExprAttr rhs) {
  return lhs.getConstant() && rhs.getConstant() && lhs != rhs;
}

LogicalResult BatchNormOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType input = getInput().getType();
  for (Value vector : {getScale(), getShift(), getMean(), getVariance()}) {
    auto type = cast<PlannedType>(vector.getType());
    if (input.getRank() < 2 || type.getRank() != 1 || differ(type.getDim(0), input.getDim(1))) // C1
      return emitError("expected vectors with one element for each channel of ")
             << input << ", found " << type;
  }
  return addType(*this, types, input.getDims(), input.getElementType());
}

DimPairs BatchNormOp::getEqualDims() {
  DimPairs pairs;
  for (Value vector : getOperands().drop_front())
    pairs.push_back(
        {cast<PlannedType>(vector.getType()).getDim(0), getInput().getType().getDim(1)});
  return pairs;
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
  return pairs;
}

DimPairs MatmulOp::getBroadcastDims() {
  DimPairs pairs;
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

LogicalResult PoolOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  if (failed(verify()))
    return failure();
  PlannedType input = getInput().getType();
  SmallVector<ExprAttr> dims = {input.getDim(0), input.getDim(1)};
  SmallVector<ExprAttr> kernel = llvm::map_to_vector(
      getKernel(), [&](int64_t size) { return ExprAttr::constant(getContext(), size); });
  appendWindowDims(dims, input, kernel, getStrides(), getPads(), getDilations(), getCeil());
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

bool ReduceOp::isOverPixels() {
  return getInput().getType().getRank() == 4 && getSortedAxes() == SmallVector<int64_t>{2, 3};
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

DimPairs LayerNormOp::getBroadcastDims() { return dlc::getBroadcastDims(*this); }

SmallVector<ExprAttr> AttentionOp::getScoreDims() {
  SmallVector<ExprAttr> dims(getQuery().getType().getDims());
  dims.back() = getKey().getType().getDim(2);
  return dims;
}

/// Whether as many heads of queries as of keys, or a multiple of them, are there.
static bool sharesHeads(ExprAttr queries, ExprAttr keys) {
  std::optional<int64_t> from = queries.getConstant(), to = keys.getConstant();
  return queries == keys || (from && to && *to > 0 && *from % *to == 0);
}

LogicalResult AttentionOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType query = getQuery().getType(), key = getKey().getType(), value = getValue().getType();
  for (PlannedType type : {query, key, value})
    if (type.getRank() != 4 || type.getElementType() != query.getElementType()) // C1
      return emitError("expected operands of rank 4 and one element type, found ") << type;
  if (!sharesHeads(query.getDim(1), key.getDim(1))) // C2
    return emitError("expected heads of queries that are a multiple of those of keys, found ")
           << query << " and " << key;
  if (getMask()) {
    PlannedType mask = getMask().getType();
    SmallVector<ExprAttr> scores = getScoreDims();
    bool fits = mask.getRank() >= 1 && mask.getRank() <= 4;
    for (auto [dim, to] : llvm::zip(llvm::reverse(mask.getDims()), llvm::reverse(scores)))
      fits &= dim.getConstant() == 1 || dim == to || !dim.getConstant() || !to.getConstant();
    if (!fits) // C3
      return emitError("expected a mask that broadcasts to the scores, found ") << mask;
  }
  if (getBlocked() && !(getMask() && isBool(getMask().getType().getElementType()))) // C4
    return emitError("expected a mask of i1 with the score of blocked pairs");
  SmallVector<ExprAttr> dims(query.getDims());
  dims.back() = value.getDim(3);
  return addType(*this, types, dims, query.getElementType());
}

DimPairs AttentionOp::getEqualDims() {
  PlannedType query = getQuery().getType(), key = getKey().getType(), value = getValue().getType();
  DimPairs pairs = {{query.getDim(0), key.getDim(0)},
                    {query.getDim(3), key.getDim(3)},
                    {key.getDim(0), value.getDim(0)},
                    {key.getDim(1), value.getDim(1)},
                    {key.getDim(2), value.getDim(2)}};
  return pairs;
}

DimPairs AttentionOp::getBroadcastDims() {
  DimPairs pairs;
  if (getMask())
    addBroadcastDims(pairs, getMask().getType().getDims(), getScoreDims());
  return pairs;
}

/// The dims that each operand must have, in terms of those of products and weights; fails where
/// these have other ranks.
static FailureOr<SmallVector<std::pair<Value, SmallVector<ExprAttr>>>>
getRecurrenceDims(RecurrenceOp op) {
  PlannedType products = op.getProducts().getType(), weights = op.getWeights().getType();
  if (products.getRank() != 3 || weights.getRank() != 3)
    return failure();
  ExprAttr directions = ExprAttr::constant(op.getContext(), op.getNumDirections());
  ExprAttr steps = products.getDim(0), batch = products.getDim(1), size = weights.getDim(2);
  ExprAttr gates = size * op.getNumGates();
  SmallVector<ExprAttr> state = {directions, batch, size};
  SmallVector<std::pair<Value, SmallVector<ExprAttr>>> expected = {
      {op.getProducts(), {steps, batch, directions * gates}},
      {op.getWeights(), {directions, gates, size}},
      {op.getBias(), {directions, gates}},
      {op.getLengths(), {batch}},
      {op.getInitialH(), state},
      {op.getInitialC(), state},
      {op.getPeepholes(), {directions, size * 3}}};
  llvm::erase_if(expected, [](auto &it) { return !it.first; });
  return expected;
}

LogicalResult RecurrenceOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  PlannedType products = getProducts().getType(), weights = getWeights().getType();
  auto expected = getRecurrenceDims(*this);
  if (failed(expected)) // C1
    return emitError("expected products and weights of rank 3, found ")
           << products << " and " << weights;
  for (auto &[operand, dims] : *expected) {
    auto type = cast<PlannedType>(operand.getType());
    bool fits = type.getRank() == static_cast<int64_t>(dims.size());
    for (auto [dim, to] : llvm::zip(type.getDims(), dims))
      fits &= dim == to || !dim.getConstant() || !to.getConstant();
    if (!fits) // C1
      return emitError("expected dims ")
             << PlannedType::get(dims, type.getElementType()) << ", found " << type;
  }
  ExprAttr directions = ExprAttr::constant(getContext(), getNumDirections());
  ExprAttr size = weights.getDim(2), batch = products.getDim(1);
  SmallVector<ExprAttr> states = {products.getDim(0), directions, batch, size};
  if (failed(addType(*this, types, states, products.getElementType())))
    return failure();
  while (types.size() != getNumResults())
    types.push_back(PlannedType::get(ArrayRef(states).drop_front(), products.getElementType()));
  return success();
}

DimPairs RecurrenceOp::getEqualDims() {
  DimPairs pairs;
  auto expected = getRecurrenceDims(*this);
  for (auto &[operand, dims] : *expected)
    for (auto [dim, to] : llvm::zip_equal(cast<PlannedType>(operand.getType()).getDims(), dims))
      pairs.push_back({dim, to});
  return pairs;
}

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
    if (dim.getConstant() != 1)
      pairs.push_back({dim, to});
}

DimPairs dlc::getBroadcastDims(Operation *op) {
  DimPairs pairs;
  ArrayRef<ExprAttr> result = cast<PlannedType>(op->getResult(0).getType()).getDims();
  for (Type operand : op->getOperandTypes())
    addBroadcastDims(pairs, cast<PlannedType>(operand).getDims(), result);
  return pairs;
}
