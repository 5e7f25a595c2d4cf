// How ops that find shapes, axes or bounds in tensors become ops that have them as attributes.
// Constraint numbers are those of MovementOps.td.

#include "ResultDims.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace dlc;

using Contents = ShapeContext::Contents;

static PlannedType getType(Value value) { return cast<PlannedType>(value.getType()); }

static ExprAttr constant(Operation *op, int64_t value) {
  return ExprAttr::constant(op->getContext(), value);
}

/// The input in another shape. Sizes that are not known to be equal are left to the run to compare.
static LogicalResult addView(Operation *op, OpBuilder &builder, Value input,
                             ArrayRef<ExprAttr> dims, SmallVectorImpl<Value> &values) {
  PlannedType type = getType(input);
  ExprAttr before = getProduct(op->getContext(), type.getDims()),
           after = getProduct(op->getContext(), dims);
  if (failed(checkDims(op, dims)))
    return failure();
  if (!before || !after)
    return op->emitError("expected a number of elements of 64 bits");
  if (before != after) {
    if ((before - after).getConstant())
      return op->emitError("expected as many elements as ")
             << type << " has, found shape " << PlannedType::get(dims, type.getElementType());
    GuardOp::create(builder, op->getLoc(), before, GuardRelation::equals, after);
  }
  values.push_back(
      ViewOp::create(builder, op->getLoc(), PlannedType::get(dims, type.getElementType()), input));
  return success();
}

static Value createSizes(Operation *op, OpBuilder &builder, ArrayRef<ExprAttr> values,
                         ArrayRef<ExprAttr> dims, Type elementType) {
  return SizesOp::create(builder, op->getLoc(), PlannedType::get(dims, elementType),
                         getArrayAttr(op->getContext(), values));
}

/// The constants that `value` holds; nothing where one of them is no constant.
static std::optional<SmallVector<int64_t>> getConstants(ShapeContext &context, Value value) {
  std::optional<Contents> contents = context.getContents(value);
  if (!contents)
    return std::nullopt;
  SmallVector<int64_t> constants;
  for (ExprAttr element : *contents) {
    std::optional<int64_t> number = element.getConstant();
    if (!number)
      return std::nullopt;
    constants.push_back(*number);
  }
  return constants;
}

using Axes = std::optional<SmallVector<int64_t>>;

/// The axes in `value` counted from the first of `rank` dims, each at most once; nothing where they
/// are not known before the run.
static FailureOr<Axes> getAxes(Operation *op, ShapeContext &context, Value value, int64_t rank) {
  Axes axes = getConstants(context, value);
  if (!axes)
    return Axes();
  for (int64_t &axis : *axes) {
    if (axis < -rank || axis >= rank)
      return op->emitError("expected axes from ")
             << -rank << " to " << rank - 1 << ", found " << axis;
    axis = axis < 0 ? axis + rank : axis;
  }
  SmallVector<int64_t> sorted(*axes);
  llvm::sort(sorted);
  if (std::adjacent_find(sorted.begin(), sorted.end()) != sorted.end())
    return op->emitError("expected each axis once");
  return axes;
}

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

/// `total / divisor` rounded down, common dims cancelled; null where the divisor that is left is no
/// positive constant.
static ExprAttr divideDims(Operation *op, ArrayRef<ExprAttr> total, ArrayRef<ExprAttr> divisor) {
  SmallVector<ExprAttr> rest(total), left;
  for (ExprAttr dim : divisor) {
    if (auto *it = llvm::find(rest, dim); it != rest.end())
      rest.erase(it);
    else
      left.push_back(dim);
  }
  ExprAttr product = getProduct(op->getContext(), rest),
           divider = getProduct(op->getContext(), left);
  if (!product || !divider || !divider.getConstant() || *divider.getConstant() <= 0)
    return {};
  return floorDiv(product, *divider.getConstant());
}

/// The dims of the result where only the run knows the shape: a library op finds what 0 and -1
/// stand for.
static std::optional<Contents> computeShape(ReshapeOp op, ShapeContext &context,
                                            OpBuilder &builder) {
  ArrayRef<ExprAttr> dims = op.getInput().getType().getDims();
  Value sizes = createSizes(op, builder, dims, constant(op, static_cast<int64_t>(dims.size())),
                            builder.getI64Type());
  DictionaryAttr parameters = builder.getDictionaryAttr({});
  if (op.getAllowZero())
    parameters =
        builder.getDictionaryAttr(builder.getNamedAttr("allow_zero", builder.getI64IntegerAttr(1)));
  auto call = LibraryCallOp::create(builder, op.getLoc(), TypeRange(op.getShape().getType()),
                                    "reshape_sizes", ValueRange{sizes, op.getShape()}, ValueRange(),
                                    parameters);
  return context.bindSizes(call.getResult(0), call);
}

/// Whether `size`, known as an expression, is that of dim `index` of the input.
static bool isOwnDim(ReshapeOp op, size_t index, ExprAttr size) {
  ArrayRef<ExprAttr> dims = op.getInput().getType().getDims();
  return index < dims.size() && size == dims[index];
}

/// Makes those sizes null that only the run knows: it may find -1, or 0 where there are elements,
/// which stand for other sizes.
static void forgetLateSizes(ReshapeOp op, ShapeContext &context, MutableArrayRef<ExprAttr> shape) {
  ArrayRef<ExprAttr> dims = op.getInput().getType().getDims();
  SmallVector<ExprAttr> kept(shape);
  for (auto [size, dim] : llvm::zip(kept, dims))
    size = size && size.getConstant() == 0 && !op.getAllowZero() ? dim : size;
  ExprAttr elements = getProduct(op.getContext(), kept);
  if (elements && elements == getProduct(op.getContext(), dims)) // without -1
    return;
  for (auto [index, size] : llvm::enumerate(shape)) {
    if (!size || size.getConstant() || isOwnDim(op, index, size))
      continue;
    int64_t least = context.getRange(size).min;
    bool isKnown = op.getAllowZero() ? least >= 0 : least > 0 || isKnownPositive(size);
    size = isKnown ? size : ExprAttr();
  }
  // Nor does the rest have a size where others have none.
  if (llvm::is_contained(shape, ExprAttr()))
    for (ExprAttr &size : shape)
      size = size && size.getConstant() == -1 ? ExprAttr() : size;
}

/// Where there are no elements, a size that is known as an expression may be 0: this stands for the
/// input's own dim, which must be 0 then, too.
static void guardZeros(ReshapeOp op, ShapeContext &context, OpBuilder &builder,
                       ArrayRef<ExprAttr> shape) {
  ArrayRef<ExprAttr> dims = op.getInput().getType().getDims();
  ExprAttr one = constant(op, 1);
  for (auto [index, size] : llvm::enumerate(shape)) {
    if (!size || size.getConstant() || isOwnDim(op, index, size) || context.getRange(size).min > 0)
      continue;
    ExprAttr own = index < dims.size() ? minimum(dims[index], one) : one;
    GuardOp::create(builder, op.getLoc(), minimum(size, own), GuardRelation::equals, own);
  }
}

LogicalResult ReshapeOp::resolve(ShapeContext &context, OpBuilder &builder,
                                 SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  if (!getShape().getType().getElementType().isSignlessInteger(64) ||
      getShape().getType().getRank() != 1) // C1
    return emitError("expected a vector of i64 as shape, found ") << getShape().getType();
  std::optional<Contents> shape = context.getPartialContents(getShape());
  if (!shape)
    return success();
  forgetLateSizes(*this, context, *shape);
  if (!getAllowZero())
    guardZeros(*this, context, builder, *shape);
  if (llvm::is_contained(*shape, ExprAttr())) {
    std::optional<Contents> computed = computeShape(*this, context, builder);
    for (auto [size, late] : llvm::zip_equal(*shape, *computed))
      size = size ? size : late;
  }
  SmallVector<ExprAttr> dims, known;
  std::optional<size_t> inferred;
  for (auto [index, size] : llvm::enumerate(*shape)) {
    std::optional<int64_t> number = size.getConstant();
    if (number && (*number < -1 || (*number == -1 && inferred))) // C1
      return emitError("expected dims that are not negative and at most one -1, found ") << *number;
    bool keeps = number == 0 && !getAllowZero();
    if (keeps && static_cast<int64_t>(index) >= input.getRank())
      return emitError("expected a dim ") << index << " of the input to keep, found " << input;
    dims.push_back(keeps ? input.getDim(index) : size);
    if (number == -1)
      inferred = index;
    else
      known.push_back(dims.back());
  }
  if (inferred) {
    ExprAttr rest = divideDims(*this, input.getDims(), known);
    if (!rest && llvm::is_contained(known, constant(*this, 0)))
      return emitError("expected no -1 beside a dim of 0");
    if (!rest)
      return success();
    dims[*inferred] = rest;
  }
  return addView(*this, builder, getInput(), dims, values);
}

LogicalResult FlattenOp::resolve(ShapeContext &context, OpBuilder &builder,
                                 SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  int64_t axis = getAxis(), rank = input.getRank();
  if (axis < -rank || axis > rank) // C1
    return emitError("expected axis from ") << -rank << " to " << rank << ", found " << axis;
  axis = axis < 0 ? axis + rank : axis;
  return addView(*this, builder, getInput(),
                 {getProduct(getContext(), input.getDims().take_front(axis)),
                  getProduct(getContext(), input.getDims().drop_front(axis))},
                 values);
}

LogicalResult SqueezeOp::resolve(ShapeContext &context, OpBuilder &builder,
                                 SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  ExprAttr one = constant(*this, 1);
  FailureOr<Axes> axes = Axes(std::in_place);
  if (getAxes())
    axes = ::getAxes(*this, context, getAxes(), input.getRank());
  if (failed(axes) || !*axes)
    return axes;
  SmallVector<ExprAttr> dims;
  for (auto [index, dim] : llvm::enumerate(input.getDims())) {
    // Which dims are left must not depend on the run.
    if (!getAxes() && !dim.getConstant())
      GuardOp::create(builder, getLoc(), dim, GuardRelation::differs_from, one);
    if (!getAxes() ? dim == one : llvm::is_contained(**axes, static_cast<int64_t>(index))) {
      if (dim.getConstant() && dim != one) // C2
        return emitError("expected a dim of 1 to remove, found dimension ")
               << index << " of " << input;
    } else {
      dims.push_back(dim);
    }
  }
  return addView(*this, builder, getInput(), dims, values);
}

LogicalResult UnsqueezeOp::resolve(ShapeContext &context, OpBuilder &builder,
                                   SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  std::optional<SmallVector<int64_t>> given = getConstants(context, getAxes());
  int64_t rank = input.getRank() + (given ? given->size() : 0);
  FailureOr<Axes> axes = ::getAxes(*this, context, getAxes(), rank);
  if (failed(axes) || !*axes)
    return axes;
  SmallVector<ExprAttr> dims;
  ArrayRef<ExprAttr> rest = input.getDims();
  for (int64_t index = 0; index != rank; ++index) {
    if (llvm::is_contained(**axes, index)) {
      dims.push_back(constant(*this, 1));
    } else {
      dims.push_back(rest.front());
      rest = rest.drop_front();
    }
  }
  return addView(*this, builder, getInput(), dims, values);
}

//===----------------------------------------------------------------------===//
// Shapes as tensors
//===----------------------------------------------------------------------===//

LogicalResult ShapeOp::resolve(ShapeContext &, OpBuilder &builder, SmallVectorImpl<Value> &values) {
  ArrayRef<ExprAttr> dims = getInput().getType().getDims();
  auto rank = static_cast<int64_t>(dims.size());
  auto clamp = [&](int64_t bound) {
    return std::clamp<int64_t>(bound < 0 ? bound + rank : bound, 0, rank);
  };
  int64_t start = clamp(getStart()), end = clamp(getEnd().value_or(rank));
  dims = dims.slice(start, std::max<int64_t>(end - start, 0));
  values.push_back(createSizes(*this, builder, dims,
                               constant(*this, static_cast<int64_t>(dims.size())),
                               builder.getI64Type()));
  return success();
}

LogicalResult SizeOp::resolve(ShapeContext &, OpBuilder &builder, SmallVectorImpl<Value> &values) {
  ExprAttr product = getProduct(getContext(), getInput().getType().getDims());
  if (!product)
    return emitError("expected a number of elements of 64 bits");
  values.push_back(createSizes(*this, builder, product, {}, builder.getI64Type()));
  return success();
}

//===----------------------------------------------------------------------===//
// Broadcasts
//===----------------------------------------------------------------------===//

static void addBroadcast(Operation *op, OpBuilder &builder, Value input, ArrayRef<ExprAttr> dims,
                         SmallVectorImpl<Value> &values) {
  auto type = PlannedType::get(dims, getType(input).getElementType());
  values.push_back(BroadcastOp::create(builder, op->getLoc(), type, input));
}

LogicalResult ExpandOp::resolve(ShapeContext &context, OpBuilder &builder,
                                SmallVectorImpl<Value> &values) {
  std::optional<Contents> shape = context.bindSizes(getShape(), *this);
  if (!shape)
    return success();
  SmallVector<ExprAttr> dims(*shape);
  ArrayRef<ExprAttr> inner = getInput().getType().getDims();
  ExprAttr one = constant(*this, 1);
  if (inner.size() > dims.size())
    dims.insert(dims.begin(), inner.size() - dims.size(), one);
  for (auto [dim, given] : llvm::zip_equal(MutableArrayRef(dims).take_back(inner.size()), inner)) {
    if (dim != one && given != one && dim != given && dim.getConstant() && given.getConstant())
      return emitError("expected dims that broadcast, found ")
             << given.str() << " and " << dim.str();
    ExprAttr both = broadcast(dim, given);
    for (ExprAttr size : {given, dim})
      if (size != one && size != both)
        GuardOp::create(builder, getLoc(), size,
                        size.getConstant() ? GuardRelation::equals : GuardRelation::equals_or_one,
                        both);
    dim = both;
  }
  if (failed(checkDims(*this, dims)))
    return failure();
  addBroadcast(*this, builder, getInput(), dims, values);
  return success();
}

LogicalResult ConstantOfShapeOp::resolve(ShapeContext &context, OpBuilder &builder,
                                         SmallVectorImpl<Value> &values) {
  std::optional<Contents> shape = context.bindSizes(getShape(), *this);
  if (!shape)
    return success();
  if (failed(checkDims(*this, *shape)))
    return failure();
  addBroadcast(*this, builder, getValue(), *shape, values);
  return success();
}

/// [d0, d1] repeated r0 and r1 times is [1, d0, 1, d1] broadcast to [r0, d0, r1, d1].
LogicalResult TileOp::resolve(ShapeContext &context, OpBuilder &builder,
                              SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  std::optional<Contents> repeats = context.bindSizes(getRepeats(), *this);
  if (!repeats)
    return success();
  if (repeats->size() != input.getDims().size())
    return emitError("expected a number of repeats for each dim of ") << input;
  SmallVector<ExprAttr> split, repeated, dims;
  for (auto [dim, times] : llvm::zip_equal(input.getDims(), *repeats)) {
    split.append({constant(*this, 1), dim});
    repeated.append({times, dim});
    dims.push_back(dim * times);
  }
  if (failed(checkDims(*this, repeated)) || failed(checkDims(*this, dims)))
    return failure();
  Type elementType = input.getElementType();
  Value value = ViewOp::create(builder, getLoc(), PlannedType::get(split, elementType), getInput());
  value = BroadcastOp::create(builder, getLoc(), PlannedType::get(repeated, elementType), value);
  values.push_back(ViewOp::create(builder, getLoc(), PlannedType::get(dims, elementType), value));
  return success();
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// A bound of a slice, counted from the first element and clamped to what `step` can reach.
static ExprAttr clampBound(ExprAttr bound, ExprAttr dim, int64_t step) {
  MLIRContext *context = dim.getContext();
  // Exporters write the largest numbers for "to the end", also the largest i32.
  constexpr int64_t toTheEnd = std::numeric_limits<int32_t>::max();
  std::optional<int64_t> number = bound.getConstant();
  ExprAttr least = ExprAttr::constant(context, step > 0 ? 0 : -1);
  ExprAttr most = step > 0 ? dim : dim - 1;
  if (number && *number >= toTheEnd)
    return most;
  if (number && *number <= -toTheEnd)
    return least;
  if (number && *number < 0)
    return maximum(bound + dim, least);
  if (number || isKnownNonNegative(bound))
    return minimum(bound, most);
  // -1 where the bound is negative, else 0.
  ExprAttr sign =
      maximum(minimum(bound, ExprAttr::constant(context, 0)), ExprAttr::constant(context, -1));
  return maximum(minimum(bound - sign * dim, most), least);
}

/// lhs - rhs, where lhs - max(a, b) is min(lhs - a, lhs - b): a form that is seen not to be
/// negative.
static ExprAttr subtract(ExprAttr lhs, ExprAttr rhs) {
  if (rhs && rhs.getCoefficients() == ArrayRef<int64_t>{1} && rhs.getFactors().size() == 1)
    if (auto call = dyn_cast<CallAttr>(rhs.getFactors().front()))
      if (call.getKind() == CallKind::max)
        return minimum(lhs - call.getLhs(), lhs - call.getRhs());
  return lhs - rhs;
}

LogicalResult DynamicSliceOp::resolve(ShapeContext &context, OpBuilder &builder,
                                      SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  int64_t rank = input.getRank();
  std::optional<Contents> starts = context.getContents(getStarts());
  std::optional<Contents> ends = context.getContents(getEnds());
  std::optional<SmallVector<int64_t>> steps;
  if (getSteps())
    steps = getConstants(context, getSteps());
  if (!starts || !ends || (getSteps() && !steps))
    return success();
  FailureOr<Axes> axes =
      Axes(llvm::to_vector(llvm::seq<int64_t>(static_cast<int64_t>(starts->size()))));
  if (getAxes())
    axes = ::getAxes(*this, context, getAxes(), rank);
  if (failed(axes) || !*axes)
    return axes;
  if (!steps)
    steps.emplace(starts->size(), 1);
  size_t count = (*axes)->size();
  if (starts->size() != count || ends->size() != count || steps->size() != count ||
      count > static_cast<size_t>(rank)) // C1
    return emitError("expected starts, ends, axes and steps of one length, at most ") << rank;
  if (llvm::is_contained(*steps, 0)) // C2
    return emitError("expected steps other than 0");
  SmallVector<ExprAttr> firsts(rank, constant(*this, 0)), sizes(input.getDims());
  SmallVector<int64_t> strides(rank, 1);
  for (auto [axis, start, end, step] : llvm::zip_equal(**axes, *starts, *ends, *steps)) {
    ExprAttr dim = input.getDim(axis);
    firsts[axis] = context.simplify(clampBound(start, dim, step));
    ExprAttr last = context.simplify(clampBound(end, dim, step));
    ExprAttr distance = step > 0 ? subtract(last, firsts[axis]) : subtract(firsts[axis], last);
    if (step == std::numeric_limits<int64_t>::min())
      return emitError("expected steps of less than 63 bits");
    sizes[axis] = maximum(ceilDiv(distance, std::abs(step)), constant(*this, 0));
    strides[axis] = step;
  }
  if (failed(checkDims(*this, sizes)) || llvm::is_contained(firsts, ExprAttr()))
    return failure();
  values.push_back(SliceOp::create(
      builder, getLoc(), PlannedType::get(sizes, input.getElementType()), getInput(),
      getArrayAttr(getContext(), firsts), getArrayAttr(getContext(), sizes), strides));
  return success();
}

LogicalResult SplitOp::resolve(ShapeContext &context, OpBuilder &builder,
                               SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  int64_t rank = input.getRank(), axis = getAxis();
  auto count = static_cast<int64_t>(getNumResults());
  if (axis < -rank || axis >= rank)
    return emitError("expected an axis of ") << input << ", found " << axis;
  axis = axis < 0 ? axis + rank : axis;
  ExprAttr dim = input.getDim(axis);
  Contents parts;
  if (getSizes()) {
    std::optional<Contents> given = context.bindSizes(getSizes(), *this);
    if (!given)
      return emitError("sizes that are not a short vector are not supported");
    parts = *given;
  } else {
    ExprAttr each = ceilDiv(dim, count);
    parts.assign(count - 1, each);
    parts.push_back(dim - each * (count - 1));
  }
  ExprAttr sum = constant(*this, 0);
  for (ExprAttr part : parts)
    sum = sum + part;
  if (static_cast<int64_t>(parts.size()) != count || !sum ||
      (sum != dim && (sum - dim).getConstant())) // C1
    return emitError("expected ") << count << " sizes that add up to " << dim.str();
  if (sum != dim)
    GuardOp::create(builder, getLoc(), sum, GuardRelation::equals, dim);
  ExprAttr start = constant(*this, 0);
  for (ExprAttr part : parts) {
    SmallVector<ExprAttr> firsts(rank, constant(*this, 0)), sizes(input.getDims());
    firsts[axis] = start;
    sizes[axis] = part;
    if (failed(checkDims(*this, sizes)))
      return failure();
    SmallVector<int64_t> steps(rank, 1);
    values.push_back(SliceOp::create(
        builder, getLoc(), PlannedType::get(sizes, input.getElementType()), getInput(),
        getArrayAttr(getContext(), firsts), getArrayAttr(getContext(), sizes), steps));
    start = start + part;
  }
  return success();
}

LogicalResult DynamicPadOp::resolve(ShapeContext &context, OpBuilder &builder,
                                    SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  int64_t rank = input.getRank();
  std::optional<Contents> pads = context.bindContents(getPads());
  if (!pads)
    return success();
  FailureOr<Axes> axes = Axes(llvm::to_vector(llvm::seq<int64_t>(rank)));
  if (getAxes())
    axes = ::getAxes(*this, context, getAxes(), rank);
  if (failed(axes) || !*axes)
    return axes;
  size_t count = (*axes)->size();
  if (pads->size() != 2 * count)
    return emitError("expected ") << 2 * count << " pads, found " << pads->size();
  SmallVector<ExprAttr> low(rank, constant(*this, 0)), high(low), dims;
  for (auto [index, axis] : llvm::enumerate(**axes)) {
    low[axis] = (*pads)[index];
    high[axis] = (*pads)[index + count];
  }
  for (auto [dim, before, after] : llvm::zip_equal(input.getDims(), low, high))
    dims.push_back(dim + before + after);
  if (failed(checkDims(*this, dims)))
    return failure();
  values.push_back(PadOp::create(builder, getLoc(), PlannedType::get(dims, input.getElementType()),
                                 getMode(), getInput(), getValue(), getArrayAttr(getContext(), low),
                                 getArrayAttr(getContext(), high)));
  return success();
}

LogicalResult DynamicReduceOp::resolve(ShapeContext &context, OpBuilder &builder,
                                       SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  FailureOr<Axes> axes = ::getAxes(*this, context, getAxes(), input.getRank());
  if (failed(axes) || !*axes)
    return axes;
  DenseI64ArrayAttr attr;
  if (!(*axes)->empty() || getKeepAll())
    attr = builder.getDenseI64ArrayAttr(**axes);
  auto reduce =
      ReduceOp::create(builder, getLoc(), PlannedType::getUnranked(input.getElementType()),
                       getKind(), getInput(), attr, getKeepDims());
  SmallVector<PlannedType> types;
  if (failed(reduce.inferShapes(types)))
    return failure();
  reduce.getResult().setType(types.front());
  values.push_back(reduce);
  return success();
}

LogicalResult RangeOp::resolve(ShapeContext &context, OpBuilder &builder,
                               SmallVectorImpl<Value> &values) {
  PlannedType type = getStart().getType();
  std::optional<SmallVector<int64_t>> delta = getConstants(context, getDelta());
  if (!isa<IntegerType>(type.getElementType()) || !delta || delta->size() != 1 ||
      delta->front() == std::numeric_limits<int64_t>::min())
    return success();
  std::optional<Contents> start = context.bindContents(getStart());
  std::optional<Contents> limit = context.bindContents(getLimit());
  if (!start || !limit || start->size() != 1 || limit->size() != 1)
    return success();
  int64_t step = delta->front();
  if (step == 0)
    return emitError("expected a delta other than 0");
  ExprAttr distance = step > 0 ? limit->front() - start->front() : start->front() - limit->front();
  ExprAttr count = maximum(ceilDiv(distance, std::abs(step)), constant(*this, 0));
  if (failed(checkDims(*this, count)))
    return failure();
  values.push_back(IotaOp::create(builder, getLoc(), PlannedType::get(count, type.getElementType()),
                                  start->front(), constant(*this, step)));
  return success();
}
