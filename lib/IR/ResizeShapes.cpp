// The sizes that a resize makes. Constraint numbers are those of DlcOps.td.

#include "ResultDims.h"

#include "mlir/IR/Matchers.h"

#include <cmath>

using namespace mlir;
using namespace dlc;

using ResultDims = std::optional<SmallVector<ExprAttr>>;

std::optional<SmallVector<int64_t>> ResizeOp::getNormalizedAxes() {
  int64_t rank = getInput().getType().getRank();
  std::optional<ArrayRef<int64_t>> given = getAxes();
  if (!given)
    return llvm::to_vector(llvm::seq<int64_t>(0, rank));
  SmallVector<int64_t> axes;
  for (int64_t axis : *given) {
    axis = axis < 0 ? axis + rank : axis;
    if (axis < 0 || axis >= rank || llvm::is_contained(axes, axis))
      return std::nullopt;
    axes.push_back(axis);
  }
  return axes;
}

std::optional<SmallVector<float>> ResizeOp::getConstantScales() {
  DenseFPElementsAttr scales;
  if (!getScales() || !matchPattern(getScales(), m_Constant(&scales)) ||
      !scales.getElementType().isF32())
    return std::nullopt;
  return llvm::to_vector(scales.getValues<float>());
}

int64_t ResizeOp::getTaps() {
  switch (getMode()) {
  case ResizeMode::nearest:
    return 1;
  case ResizeMode::linear:
    return 2;
  case ResizeMode::cubic:
    return 4;
  }
  llvm_unreachable("all modes are handled");
}

/// Size by size, where both are known.
static std::optional<float> getRatio(ExprAttr from, ExprAttr to) {
  std::optional<int64_t> old = from.getConstant(), made = to.getConstant();
  if (from == to)
    return 1.0f;
  if (!old || !made || *old == 0)
    return std::nullopt;
  return static_cast<float>(*made) / static_cast<float>(*old);
}

SmallVector<ResizeOp::ResizedDim> ResizeOp::getResizedDims() {
  PlannedType input = getInput().getType();
  std::optional<SmallVector<int64_t>> axes = getNormalizedAxes();
  std::optional<SmallVector<float>> scales = getConstantScales();
  SmallVector<ResizedDim> dims;
  for (auto [element, axis] : llvm::enumerate(axes.value_or(SmallVector<int64_t>()))) {
    ResizedDim dim = {axis, static_cast<int64_t>(element), std::nullopt};
    if (scales && element < scales->size())
      dim.scale = (*scales)[element];
    else if (!getScales())
      dim.scale = getRatio(input.getDim(axis), getType().getDim(axis));
    bool isKept = getScales() && !scales && axis < std::min<int64_t>(input.getRank() - 2, 2); // C4
    if (dim.scale != 1.0f && !isKept)
      dims.push_back(dim);
  }
  llvm::sort(dims, [](const ResizedDim &lhs, const ResizedDim &rhs) { return lhs.dim < rhs.dim; });
  return dims;
}

//===----------------------------------------------------------------------===//
// Inference
//===----------------------------------------------------------------------===//

/// floor(dim * scale). A constant dim is multiplied in f32, as ONNX Runtime does it; a symbolic one
/// exactly, which is the same as long as the scale has few fractional bits, else null.
static FailureOr<ExprAttr> scaleDim(ResizeOp op, ExprAttr dim, float scale) {
  constexpr int64_t one = 256; // 8 fractional bits
  if (std::optional<int64_t> value = dim.getConstant()) {
    double product = std::floor(static_cast<float>(*value) * scale);
    if (product >= 0x1p62)
      return op.emitError("expected dims of 64 bits, found ") << product;
    return ExprAttr::constant(dim.getContext(), static_cast<int64_t>(product));
  }
  double fixed = static_cast<double>(scale) * one;
  if (fixed != std::floor(fixed) || fixed >= 0x1p31)
    return ExprAttr();
  return floorDiv(dim * static_cast<int64_t>(fixed), one);
}

/// The elements of `sizes`, where the graph phase knows them.
static ResultDims getKnownSizes(Value sizes) {
  SmallVector<ExprAttr> known;
  DenseIntElementsAttr constant;
  if (auto op = sizes.getDefiningOp<SizesOp>()) {
    for (ExprAttr size : op.getValues().getAsRange<ExprAttr>())
      known.push_back(size);
  } else if (matchPattern(sizes, m_Constant(&constant))) {
    for (const APInt &size : constant)
      known.push_back(ExprAttr::constant(sizes.getContext(), size.getSExtValue()));
  } else {
    return std::nullopt;
  }
  return known;
}

/// All dims scaled by the one factor that keeps them at most, or at least, as large as `sizes`.
static FailureOr<ResultDims> findAlike(ResizeOp op, ArrayRef<int64_t> axes,
                                       ArrayRef<ExprAttr> sizes) {
  PlannedType input = op.getInput().getType();
  std::optional<double> factor;
  for (auto [axis, size] : llvm::zip_equal(axes, sizes)) {
    std::optional<int64_t> from = input.getDim(axis).getConstant(), to = size.getConstant();
    if (!from || !to)
      return ResultDims();
    if (*from == 0)
      return op.emitError("expected a dim to scale that is not 0, found ") << input;
    double ratio = static_cast<double>(*to) / static_cast<double>(*from);
    bool isSmaller = op.getPolicy() == ResizePolicy::not_larger;
    factor = !factor ? ratio : isSmaller ? std::min(*factor, ratio) : std::max(*factor, ratio);
  }
  SmallVector<ExprAttr> dims(input.getDims());
  for (int64_t axis : axes) {
    double size = std::floor(*factor * static_cast<double>(*dims[axis].getConstant()) + 0.5);
    if (size >= 0x1p62)
      return op.emitError("expected dims of 64 bits, found ") << size;
    dims[axis] = ExprAttr::constant(op.getContext(), static_cast<int64_t>(size));
  }
  return ResultDims(dims);
}

static FailureOr<ResultDims> findSized(ResizeOp op, ArrayRef<int64_t> axes) {
  ResultDims sizes = getKnownSizes(op.getSizes());
  if (!sizes)
    return ResultDims();
  for (ExprAttr size : *sizes)
    if (std::optional<int64_t> number = size.getConstant(); number && *number < 0)
      return op.emitError("expected sizes that are not negative, found ") << *number;
  if (op.getPolicy() != ResizePolicy::stretch)
    return findAlike(op, axes, *sizes);
  SmallVector<ExprAttr> dims(op.getInput().getType().getDims());
  for (auto [axis, size] : llvm::zip_equal(axes, *sizes)) {
    if (dims[axis].getConstant() == 0 && size.getConstant().value_or(0) > 0)
      return op.emitError("expected a dim to enlarge that is not 0, found ")
             << op.getInput().getType();
    dims[axis] = size;
  }
  return ResultDims(dims);
}

static FailureOr<ResultDims> findScaled(ResizeOp op, ArrayRef<int64_t> axes) {
  std::optional<SmallVector<float>> scales = op.getConstantScales();
  if (!scales)
    return ResultDims();
  SmallVector<ExprAttr> dims(op.getInput().getType().getDims());
  for (auto [axis, scale] : llvm::zip_equal(axes, *scales)) {
    if (!(scale > 0) || !std::isfinite(scale)) // C1
      return op.emitError("expected positive scales, found ") << scale;
    FailureOr<ExprAttr> dim = scaleDim(op, dims[axis], scale);
    if (failed(dim))
      return failure();
    if (!*dim)
      return ResultDims();
    dims[axis] = *dim;
  }
  return ResultDims(dims);
}

FailureOr<ResultDims> ResizeOp::findDims() {
  PlannedType input = getInput().getType();
  std::optional<SmallVector<int64_t>> axes = getNormalizedAxes();
  if (!axes) // C3
    return emitError("expected axes from ")
           << -input.getRank() << " to " << input.getRank() - 1 << ", each dim at most once";
  auto count = ExprAttr::constant(getContext(), static_cast<int64_t>(axes->size()));
  auto check = [&](Value operand, StringRef what, bool hasElements) -> LogicalResult {
    auto type = cast<PlannedType>(operand.getType());
    if (type.getRank() != 1 || type.getDim(0) != count || !hasElements)
      return emitError("expected a vector of ")
             << axes->size() << " " << what << ", one for each resized dim of " << input
             << ", found " << type;
    return success();
  };
  if (getScales()) { // C1
    if (failed(check(getScales(), "scales of f32", getScales().getType().getElementType().isF32())))
      return failure();
    return findScaled(*this, *axes);
  }
  if (getSizes()) { // C2
    bool isI64 = getSizes().getType().getElementType().isSignlessInteger(64);
    if (failed(check(getSizes(), "sizes of i64", isI64)))
      return failure();
    return findSized(*this, *axes);
  }
  if (getType().getRank() != input.getRank())
    return emitError("expected scales or sizes, or a result of rank ") << input.getRank();
  return ResultDims(llvm::to_vector(getType().getDims()));
}

LogicalResult ResizeOp::inferShapes(SmallVectorImpl<PlannedType> &types) {
  FailureOr<ResultDims> dims = findDims();
  if (failed(dims))
    return failure();
  if (!*dims)
    return emitError("expected scales or sizes that are known");
  return addType(*this, types, **dims, getInput().getType().getElementType());
}
