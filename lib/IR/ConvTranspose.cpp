// How transposed convolutions, and windows padded by the size of their input, become other ops.
// Constraint numbers are those of DlcOps.td.

#include "ResultDims.h"

#include "dlc/IR/LibraryCall.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace dlc;

namespace {
/// Short forms for the ops that are made.
class Maker {
public:
  Maker(OpBuilder &builder, Location loc) : builder(builder), loc(loc) {}

  ExprAttr size(int64_t value) { return ExprAttr::constant(builder.getContext(), value); }

  Value view(Value value, ArrayRef<ExprAttr> dims) {
    return ViewOp::create(builder, loc, PlannedType::get(dims, getElementType(value)), value);
  }

  Value transpose(Value value, ArrayRef<int64_t> perm) {
    ArrayRef<ExprAttr> dims = getDims(value);
    SmallVector<ExprAttr> moved = llvm::map_to_vector(perm, [&](int64_t dim) { return dims[dim]; });
    return TransposeOp::create(builder, loc, PlannedType::get(moved, getElementType(value)), value,
                               perm);
  }

  /// Adds `low` and `high` elements, 0 or `outside`; negative ones are taken away.
  Value pad(Value value, ArrayRef<ExprAttr> low, ArrayRef<ExprAttr> high, Value outside = {}) {
    SmallVector<ExprAttr> dims;
    for (auto [dim, before, after] : llvm::zip_equal(getDims(value), low, high))
      dims.push_back(dim + before + after);
    return PadOp::create(builder, loc, PlannedType::get(dims, getElementType(value)),
                         PadMode::constant, value, outside, toArray(low), toArray(high));
  }

  /// The last `count` dims backwards.
  Value mirror(Value value, size_t count) {
    auto type = cast<PlannedType>(value.getType());
    size_t rank = type.getRank();
    SmallVector<ExprAttr> starts(rank, size(0));
    SmallVector<int64_t> steps(rank, 1);
    for (size_t dim = rank - count; dim != rank; ++dim) {
      starts[dim] = type.getDim(dim) - 1;
      steps[dim] = -1;
    }
    return SliceOp::create(builder, loc, type, value, toArray(starts), toArray(type.getDims()),
                           steps);
  }

  static ArrayRef<ExprAttr> getDims(Value value) {
    return cast<PlannedType>(value.getType()).getDims();
  }
  static Type getElementType(Value value) {
    return cast<PlannedType>(value.getType()).getElementType();
  }

private:
  ArrayAttr toArray(ArrayRef<ExprAttr> exprs) { return getArrayAttr(builder.getContext(), exprs); }

  OpBuilder &builder;
  Location loc;
};
} // namespace

//===----------------------------------------------------------------------===//
// Transposed convolution
//===----------------------------------------------------------------------===//

static LogicalResult verify(ConvTransposeOp op) {
  PlannedType input = op.getInput().getType(), filter = op.getFilter().getType();
  if (filter.getRank() < 3 || input.getRank() != filter.getRank() ||
      llvm::any_of(filter.getDims().drop_front(2),
                   [](ExprAttr dim) { return dim.getConstant().value_or(1) < 1; })) // C1
    return op.emitError("expected input and filter of the same rank, at least 3, and a filter with "
                        "positive spatial dims, found ")
           << input << " and " << filter;
  size_t spatial = filter.getRank() - 2;
  ArrayRef<int64_t> shape = op.getOutputShape();
  if (op.getStrides().size() != spatial || op.getDilations().size() != spatial ||
      op.getOutputPads().size() != spatial || op.getPads().size() != 2 * spatial ||
      (!shape.empty() && shape.size() != spatial)) // C2
    return op.emitError("expected ")
           << spatial << " strides, dilations and output pads and " << 2 * spatial << " pads";
  auto areFrom = [](ArrayRef<int64_t> values, int64_t least) {
    return llvm::all_of(values,
                        [&](int64_t value) { return value >= least && value < int64_t(1) << 31; });
  };
  if (!areFrom(op.getStrides(), 1) || !areFrom(op.getDilations(), 1) || !areFrom(op.getPads(), 0) ||
      !areFrom(op.getOutputPads(), 0) || !areFrom(shape, 0)) // C3
    return op.emitError("expected strides and dilations to be positive and pads not to be "
                        "negative, all below 2^31");
  std::optional<int64_t> channels = input.getDim(1).getConstant(),
                         given = filter.getDim(0).getConstant();
  auto group = static_cast<int64_t>(op.getGroup());
  if (group < 1 || (given && ((channels && *channels != *given) || *given % group != 0))) // C4
    return op.emitError("expected filter dim 0 (")
           << filter.getDim(0).str() << ") to equal input channels (" << input.getDim(1).str()
           << "), a multiple of group (" << op.getGroup() << ")";
  return success();
}

/// Whether sizes that the pads or the filter's new order depend on are known. The library computes
/// the others.
static bool hasKnownSizes(ConvTransposeOp op) {
  auto isKnown = [](ExprAttr dim) { return dim.getConstant().has_value(); };
  ArrayRef<ExprAttr> filter = op.getFilter().getType().getDims(),
                     pixels = op.getInput().getType().getDims().drop_front(2);
  return isKnown(filter[0]) && llvm::all_of(filter.drop_front(2), isKnown) &&
         (op.getOutputShape().empty() || llvm::all_of(pixels, isKnown));
}

/// Where sizes are not known.
static FailureOr<PlannedType> getResultType(ConvTransposeOp op) {
  PlannedType input = op.getInput().getType(), filter = op.getFilter().getType();
  size_t spatial = op.getStrides().size();
  SmallVector<ExprAttr> dims = {input.getDim(0),
                                filter.getDim(1) * static_cast<int64_t>(op.getGroup())};
  for (size_t i = 0; i != spatial; ++i) {
    ExprAttr size = input.getDim(i + 2);
    if (!op.getOutputShape().empty())
      dims.push_back(ExprAttr::constant(op.getContext(), op.getOutputShape()[i]));
    else if (op.getMode() != ConvTransposePads::given)
      dims.push_back(size * op.getStrides()[i]);
    else
      dims.push_back((size - 1) * op.getStrides()[i] + op.getOutputPads()[i] +
                     (filter.getDim(i + 2) - 1) * op.getDilations()[i] + 1 - op.getPads()[i] -
                     op.getPads()[i + spatial]);
  }
  if (failed(checkDims(op, dims)))
    return failure();
  return PlannedType::get(dims, op.getType().getElementType());
}

static int64_t getExtent(ConvTransposeOp op, size_t i) {
  return (*op.getFilter().getType().getDim(i + 2).getConstant() - 1) * op.getDilations()[i] + 1;
}

/// All begins, then all ends.
static SmallVector<int64_t> getPads(ConvTransposeOp op) {
  SmallVector<int64_t> pads(op.getPads());
  ArrayRef<int64_t> shape = op.getOutputShape();
  if (op.getMode() == ConvTransposePads::given && shape.empty())
    return pads;
  for (size_t i = 0, spatial = op.getStrides().size(); i != spatial; ++i) {
    int64_t stride = op.getStrides()[i], total = op.getOutputPads()[i] + getExtent(op, i) - stride;
    if (!shape.empty()) {
      int64_t size = *op.getInput().getType().getDim(i + 2).getConstant();
      total += size * stride - shape[i];
    }
    int64_t less = total >= 0 ? total / 2 : -((1 - total) / 2), more = total - less;
    bool isUpper = op.getMode() == ConvTransposePads::same_upper;
    pads[i] = isUpper ? less : more;
    pads[i + spatial] = isUpper ? more : less;
  }
  return pads;
}

/// Whether windows lie side by side.
static bool isTiling(ConvTransposeOp op, ArrayRef<int64_t> pads) {
  auto areAll = [](ArrayRef<int64_t> values, int64_t wanted) {
    return llvm::all_of(values, [&](int64_t value) { return value == wanted; });
  };
  bool tiles = op.getGroup() == 1 && areAll(pads, 0) && areAll(op.getOutputPads(), 0);
  for (auto [i, stride] : llvm::enumerate(op.getStrides()))
    tiles &= getExtent(op, i) == stride && op.getDilations()[i] == 1;
  return tiles;
}

/// Each pixel becomes kernel x outputs channels, which then are laid out as pixels. Those of a
/// pixel are neighbours.
static Value tile(ConvTransposeOp op, OpBuilder &builder) {
  Maker make(builder, op.getLoc());
  PlannedType input = op.getInput().getType(), filter = op.getFilter().getType();
  ArrayRef<ExprAttr> kernel = filter.getDims().drop_front(2),
                     pixels = input.getDims().drop_front(2);
  size_t spatial = kernel.size();
  ExprAttr inputs = filter.getDim(0), outputs = filter.getDim(1);
  ExprAttr taps = getProduct(op.getContext(), kernel), channels = outputs * taps;
  SmallVector<ExprAttr> filterDims(spatial + 2, make.size(1));
  filterDims[0] = channels;
  filterDims[1] = inputs;
  Value matrices = make.transpose(make.view(op.getFilter(), {inputs, outputs, taps}), {2, 1, 0});
  Value bias;
  if (op.getBias()) {
    auto repeated = PlannedType::get({taps, outputs}, filter.getElementType());
    bias = make.view(BroadcastOp::create(builder, op.getLoc(), repeated, op.getBias()), channels);
  }
  SmallVector<ExprAttr> dims = {input.getDim(0), channels};
  dims.append(pixels.begin(), pixels.end());
  SmallVector<int64_t> ones(spatial, 1), zeros(2 * spatial, 0);
  Value value = ConvOp::create(builder, op.getLoc(), PlannedType::get(dims, input.getElementType()),
                               op.getInput(), make.view(matrices, filterDims), bias, ones, zeros,
                               ones, /*group=*/1);
  SmallVector<ExprAttr> apart = {input.getDim(0)}, together = {input.getDim(0), outputs};
  apart.append(kernel.begin(), kernel.end());
  apart.push_back(outputs);
  apart.append(pixels.begin(), pixels.end());
  SmallVector<int64_t> perm = {0, static_cast<int64_t>(1 + spatial)};
  for (size_t i = 0; i != spatial; ++i) {
    perm.push_back(static_cast<int64_t>(2 + spatial + i));
    perm.push_back(static_cast<int64_t>(1 + i));
    together.push_back(pixels[i] * kernel[i]);
  }
  return make.view(make.transpose(make.view(value, apart), perm), together);
}

/// The input with `strides` - 1 zeros behind each element.
static Value spread(Maker &make, Value value, ArrayRef<int64_t> strides) {
  if (llvm::all_of(strides, [](int64_t stride) { return stride == 1; }))
    return value;
  ArrayRef<ExprAttr> dims = Maker::getDims(value);
  SmallVector<ExprAttr> apart(dims.take_front(2)), together(apart);
  SmallVector<ExprAttr> none(2 * dims.size() - 2, make.size(0)), high(none);
  for (auto [i, stride] : llvm::enumerate(strides)) {
    apart.append({dims[i + 2], make.size(1)});
    high[2 * i + 3] = make.size(stride - 1);
    together.push_back(dims[i + 2] * stride);
  }
  return make.view(make.pad(make.view(value, apart), none, high), together);
}

/// The filter as C / group inputs for each output, mirrored.
static Value exchangeChannels(Maker &make, ConvTransposeOp op) {
  ArrayRef<ExprAttr> dims = op.getFilter().getType().getDims();
  auto group = static_cast<int64_t>(op.getGroup());
  ExprAttr inputs = make.size(*dims[0].getConstant() / group);
  SmallVector<ExprAttr> apart = {make.size(group), inputs}, together = {dims[1] * group, inputs};
  apart.append(dims.begin() + 1, dims.end());
  together.append(dims.begin() + 2, dims.end());
  auto perm = llvm::to_vector(llvm::seq<int64_t>(static_cast<int64_t>(apart.size())));
  std::swap(perm[1], perm[2]);
  Value exchanged = make.view(make.transpose(make.view(op.getFilter(), apart), perm), together);
  return make.mirror(exchanged, dims.size() - 2);
}

LogicalResult ConvTransposeOp::resolve(ShapeContext &, OpBuilder &builder,
                                       SmallVectorImpl<Value> &values) {
  if (failed(::verify(*this)))
    return failure();
  if (!hasKnownSizes(*this)) {
    FailureOr<PlannedType> type = ::getResultType(*this);
    if (succeeded(type))
      values.push_back(
          createLibraryCall(builder, *this, "conv_transpose", TypeRange(*type)).getResult(0));
    return success(succeeded(type));
  }
  SmallVector<int64_t> pads = ::getPads(*this);
  if (isTiling(*this, pads)) {
    values.push_back(tile(*this, builder));
    return success();
  }
  Maker make(builder, getLoc());
  Value input = spread(make, getInput(), getStrides());
  size_t spatial = getStrides().size();
  // The zeros behind the last element are pads already.
  SmallVector<int64_t> inner(2 * spatial);
  SmallVector<ExprAttr> low(spatial + 2, make.size(0)), high(low);
  bool crops = false;
  for (size_t i = 0; i != spatial; ++i) {
    int64_t extent = getExtent(*this, i) - 1, begin = extent - pads[i],
            end = extent - pads[i + spatial] + getOutputPads()[i] - (getStrides()[i] - 1);
    inner[i] = std::max<int64_t>(begin, 0);
    inner[i + spatial] = std::max<int64_t>(end, 0);
    low[i + 2] = make.size(std::min<int64_t>(begin, 0));
    high[i + 2] = make.size(std::min<int64_t>(end, 0));
    crops |= begin < 0 || end < 0;
  }
  if (crops)
    input = make.pad(input, low, high);
  SmallVector<int64_t> ones(spatial, 1);
  Type unknown = PlannedType::getUnranked(getType().getElementType());
  auto conv = ConvOp::create(builder, getLoc(), unknown, input, exchangeChannels(make, *this),
                             getBias(), ones, inner, getDilations(), getGroup());
  SmallVector<PlannedType> types;
  if (failed(conv.inferShapes(types)))
    return failure();
  conv.getResult().setType(types.front());
  values.push_back(conv);
  return success();
}

//===----------------------------------------------------------------------===//
// Pads that follow from sizes
//===----------------------------------------------------------------------===//

LogicalResult SamePadOp::resolve(ShapeContext &, OpBuilder &builder,
                                 SmallVectorImpl<Value> &values) {
  PlannedType input = getInput().getType();
  size_t spatial = getKernel().size();
  if (input.getRank() != static_cast<int64_t>(spatial) + 2) // C1
    return emitError("expected an input of ") << spatial + 2 << " dims, found " << input;
  Maker make(builder, getLoc());
  SmallVector<ExprAttr> low(spatial + 2, make.size(0)), high(low);
  for (size_t i = 0; i != spatial; ++i) {
    ExprAttr dim = input.getDim(i + 2);
    ExprAttr reach = (ceilDiv(dim, getStrides()[i]) - 1) * getStrides()[i] +
                     ((getKernel()[i] - 1) * getDilations()[i] + 1);
    ExprAttr total = maximum(reach - dim, make.size(0));
    ExprAttr less = floorDiv(total, 2), more = total - less;
    low[i + 2] = getUpper() ? less : more;
    high[i + 2] = getUpper() ? more : less;
  }
  if (llvm::is_contained(low, ExprAttr()) || llvm::is_contained(high, ExprAttr()))
    return emitError("expected dims of 64 bits, found ") << input;
  values.push_back(make.pad(getInput(), low, high, getOutside()));
  return success();
}
