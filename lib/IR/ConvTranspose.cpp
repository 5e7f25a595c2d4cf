// How transposed convolutions, and windows padded by the size of their input, become other ops.
// Constraint numbers are those of DlcOps.td.

#include "ResultDims.h"

#include "dlc/IR/LibraryCall.h"
#include "dlc/IR/MoveBuilder.h"
#include "dlc/IR/Winograd.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

/// `dims` of the value backwards.
static Value mirror(MoveBuilder &make, Value value, ArrayRef<int64_t> dims) {
  if (dims.empty())
    return value;
  ArrayRef<ExprAttr> sizes = MoveBuilder::getDims(value);
  SmallVector<ExprAttr> starts(sizes.size(), make.size(0));
  SmallVector<int64_t> steps(sizes.size(), 1);
  for (int64_t dim : dims) {
    starts[dim] = sizes[dim] - 1;
    steps[dim] = -1;
  }
  return make.slice(value, starts, sizes, steps);
}

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

namespace {
/// A dim of the convolution that computes `stride` neighbours from each window, as channels:
/// output stride * q + phase is the sum over w of input q - begin + w * dilation times element
/// stride * (window - 1 - w) + phase of the filter, with zeros around it. Where it is aligned,
/// outputs begin with the filter's first element, in front of what is wanted, and a window holds
/// no input that only some phases read.
struct PhasedDim {
  PhasedDim(ConvTransposeOp op, ArrayRef<int64_t> pads, size_t i, bool isAligned)
      : stride(op.getStrides()[i]) {
    size_t spatial = op.getStrides().size();
    int64_t kernel = *op.getFilter().getType().getDim(i + 2).getConstant();
    int64_t step = op.getDilations()[i], extent = (kernel - 1) * step + 1;
    // What a single input becomes overlaps with nothing, whatever the stride.
    bool isSingle = op.getInput().getType().getDim(i + 2).getConstant() == 1;
    if (isSingle && step == 1 && pads[i] == 0 && pads[i + spatial] == 0)
      stride = kernel;
    // Only at stride 1 do all taps of a phase lie as far apart as a convolution with dilations
    // wants.
    (stride == 1 ? dilation : filterStep) = step;
    int64_t reach = isAligned ? pads[i] / stride : llvm::divideCeilSigned(pads[i], stride);
    before = std::max<int64_t>(pads[i] - stride * reach, 0);
    low = std::max<int64_t>(stride * reach - pads[i], 0);
    window = stride == 1 ? kernel : llvm::divideCeilSigned(low + extent, stride);
    high = stride * window - low - kernel * filterStep;
    begin = (window - 1) * dilation - reach;
    int64_t more = extent - stride + op.getOutputPads()[i] - pads[i] - pads[i + spatial] + before;
    steps = llvm::divideCeilSigned(more, stride);
    end = steps + reach;
    surplus = stride * steps - more;
  }

  int64_t stride, window;
  int64_t dilation = 1, filterStep = 1; ///< of the convolution; of the filter beforehand
  int64_t low, high;                    ///< zeros around the filter
  int64_t begin, end;                   ///< pads of the convolution
  int64_t steps;                        ///< by which it has more positions than inputs
  int64_t before, surplus;              ///< outputs in front of the first one and beyond the last
};
} // namespace

/// The value with `steps` - 1 zeros behind each element.
static Value spread(MoveBuilder &make, Value value, ArrayRef<int64_t> steps) {
  if (llvm::all_of(steps, [](int64_t step) { return step == 1; }))
    return value;
  ArrayRef<ExprAttr> dims = MoveBuilder::getDims(value);
  SmallVector<ExprAttr> apart(dims.take_front(2)), together(apart);
  SmallVector<ExprAttr> none(2 * dims.size() - 2, make.size(0)), high(none);
  for (auto [i, step] : llvm::enumerate(steps)) {
    apart.append({dims[i + 2], make.size(1)});
    high[2 * i + 3] = make.size(step - 1);
    together.push_back(dims[i + 2] * step);
  }
  return make.view(make.pad(make.view(value, apart), none, high), together);
}

/// The value with zeros around its spatial dims, if any.
static Value surround(MoveBuilder &make, Value value, ArrayRef<int64_t> low,
                      ArrayRef<int64_t> high) {
  auto isNone = [](int64_t count) { return count == 0; };
  if (llvm::all_of(low, isNone) && llvm::all_of(high, isNone))
    return value;
  SmallVector<ExprAttr> before(2, make.size(0)), after(before);
  for (auto [first, last] : llvm::zip_equal(low, high)) {
    before.push_back(make.size(first));
    after.push_back(make.size(last));
  }
  return make.pad(value, before, after);
}

namespace {
/// A convolution with stride 1, whose channels are ordered by group, phase and output, and what
/// makes pixels of them.
class PhasedConv {
public:
  PhasedConv(ConvTransposeOp op, OpBuilder &builder);

  /// Whether the filter is of a size that can be laid out. Strides may be as long as they like.
  bool isPossible() const;

  FailureOr<Value> create();

private:
  SmallVector<int64_t> getAll(int64_t PhasedDim::*member) const {
    return llvm::map_to_vector(dims, [&](const PhasedDim &dim) { return dim.*member; });
  }

  double getSteps(ArrayRef<PhasedDim> candidate);
  Value createFilter();
  Value createBias();
  FailureOr<Value> createConv();
  Value makePixels(Value value);

  ConvTransposeOp op;
  OpBuilder &builder;
  MoveBuilder make;
  SmallVector<PhasedDim> dims;
  bool hasPhases;
  SmallVector<ExprAttr> groups; ///< how many there are, if more than one
  ExprAttr inputs, outputs;     ///< of a group
  SmallVector<ExprAttr> parts;  ///< of channels: groups, phases of each dim, outputs
};
} // namespace

PhasedConv::PhasedConv(ConvTransposeOp op, OpBuilder &builder)
    : op(op), builder(builder), make(builder, op.getLoc()) {
  PlannedType filter = op.getFilter().getType();
  auto group = static_cast<int64_t>(op.getGroup());
  if (group != 1)
    groups.push_back(make.size(group));
  inputs = make.size(*filter.getDim(0).getConstant() / group);
  outputs = filter.getDim(1);
  parts = groups;
  SmallVector<int64_t> pads = ::getPads(op);
  auto makeDims = [&](bool isAligned) {
    SmallVector<PhasedDim> all;
    for (size_t i = 0, spatial = op.getStrides().size(); i != spatial; ++i)
      all.emplace_back(op, pads, i, isAligned);
    return all;
  };
  dims = makeDims(/*isAligned=*/false);
  if (SmallVector<PhasedDim> aligned = makeDims(true); getSteps(aligned) < getSteps(dims))
    dims = std::move(aligned);
  for (const PhasedDim &dim : dims)
    parts.push_back(make.size(dim.stride));
  parts.push_back(outputs);
  hasPhases = llvm::any_of(dims, [](const PhasedDim &dim) { return dim.stride != 1; });
}

/// An estimate of the time, in multiply-adds of vectors for each output channel and input of a
/// group: a weight is read from memory in the time of some, and so is a result that is cut. Windows
/// of 3x3 may be computed in Winograd's form.
double PhasedConv::getSteps(ArrayRef<PhasedDim> candidate) {
  constexpr double readSteps = 16;
  constexpr int64_t usualSize = 64;
  PlannedType input = op.getInput().getType();
  auto positions = static_cast<double>(input.getDim(0).getConstant().value_or(1));
  double taps = 1;
  bool isCut = false, isWinograd = candidate.size() == 2 && groups.empty();
  for (auto [i, dim] : llvm::enumerate(candidate)) {
    int64_t size = input.getDim(static_cast<int64_t>(i) + 2).getConstant().value_or(usualSize);
    int64_t places = std::max<int64_t>(size + dim.steps, 0);
    // Filters are cropped to the taps that reach an input.
    int64_t first = llvm::divideCeilSigned(dim.begin - places + 1, dim.dilation);
    int64_t last = llvm::divideFloorSigned(dim.begin + size - 1, dim.dilation);
    int64_t own = std::min(last, dim.window - 1) - std::max<int64_t>(first, 0) + 1;
    positions *= static_cast<double>(places);
    taps *= static_cast<double>(std::max<int64_t>(own, 0));
    isCut |= dim.before != 0 || dim.surplus != 0;
    isWinograd &= own == Winograd::taps && dim.dilation == 1;
  }
  double steps = taps * std::max(positions, readSteps);
  if (isWinograd) {
    constexpr double tile = Winograd::outputs * Winograd::outputs;
    steps = std::min(steps, Winograd::factors * std::max(positions / tile, readSteps));
  }
  auto channels = static_cast<double>(std::max<int64_t>(*inputs.getConstant(), 1));
  return isCut ? steps + positions * readSteps / channels : steps;
}

bool PhasedConv::isPossible() const {
  constexpr int64_t mostTaps = 1 << 20; // of all phases
  int64_t taps = 1;
  for (const PhasedDim &dim : dims)
    if (llvm::MulOverflow(taps, dim.stride * dim.window, taps) || taps > mostTaps)
      return false;
  return true;
}

/// (Groups x inputs) x outputs x taps become (groups x phases x outputs) x inputs x window.
Value PhasedConv::createFilter() {
  Value filter = spread(make, op.getFilter(), getAll(&PhasedDim::filterStep));
  filter = surround(make, filter, getAll(&PhasedDim::low), getAll(&PhasedDim::high));
  auto first = static_cast<int64_t>(groups.size());
  SmallVector<ExprAttr> apart(groups), together = {getProduct(op.getContext(), parts), inputs};
  apart.append({inputs, outputs});
  auto perm = llvm::to_vector(llvm::seq<int64_t>(first));
  SmallVector<int64_t> windows, mirrored;
  for (const PhasedDim &dim : dims) {
    windows.push_back(static_cast<int64_t>(apart.size()));
    perm.push_back(windows.back() + 1);
    if (dim.window != 1)
      mirrored.push_back(windows.back());
    apart.append({make.size(dim.window), make.size(dim.stride)});
    together.push_back(make.size(dim.window));
  }
  perm.append({first + 1, first});
  llvm::append_range(perm, windows);
  return make.view(make.transpose(mirror(make, make.view(filter, apart), mirrored), perm),
                   together);
}

Value PhasedConv::createBias() {
  if (!op.getBias() || !hasPhases)
    return op.getBias();
  SmallVector<ExprAttr> apart(groups);
  apart.append(dims.size(), make.size(1));
  apart.push_back(outputs);
  return make.view(make.broadcast(make.view(op.getBias(), apart), parts),
                   getProduct(op.getContext(), parts));
}

FailureOr<Value> PhasedConv::createConv() {
  SmallVector<int64_t> low = getAll(&PhasedDim::begin), high = getAll(&PhasedDim::end), pads;
  for (int64_t &pad : llvm::concat<int64_t>(low, high)) {
    pads.push_back(std::max<int64_t>(pad, 0));
    pad = std::min<int64_t>(pad, 0);
  }
  SmallVector<int64_t> ones(dims.size(), 1);
  Type unknown = PlannedType::getUnranked(op.getType().getElementType());
  auto conv = ConvOp::create(builder, op.getLoc(), unknown,
                             surround(make, op.getInput(), low, high), createFilter(), createBias(),
                             ones, pads, getAll(&PhasedDim::dilation), op.getGroup());
  SmallVector<PlannedType> types;
  if (failed(conv.inferShapes(types)))
    return failure();
  conv.getResult().setType(types.front());
  return Value(conv);
}

/// N x (groups x phases x outputs) x positions become N x (groups x outputs) x pixels.
Value PhasedConv::makePixels(Value value) {
  ArrayRef<ExprAttr> shape = MoveBuilder::getDims(value), positions = shape.drop_front(2);
  auto first = static_cast<int64_t>(1 + groups.size()), count = static_cast<int64_t>(dims.size());
  SmallVector<ExprAttr> apart = {shape[0]}, together(apart);
  llvm::append_range(apart, parts);
  llvm::append_range(apart, positions);
  together.push_back(outputs * static_cast<int64_t>(op.getGroup()));
  auto perm = llvm::to_vector(llvm::seq<int64_t>(first));
  perm.push_back(first + count);
  for (auto [i, dim] : llvm::enumerate(dims)) {
    auto phase = first + static_cast<int64_t>(i);
    perm.append({phase + count + 1, phase});
    together.push_back(positions[i] * dim.stride);
  }
  return make.view(make.transpose(make.view(value, apart), perm), together);
}

FailureOr<Value> PhasedConv::create() {
  FailureOr<Value> conv = createConv();
  if (failed(conv) || !hasPhases)
    return conv;
  SmallVector<int64_t> low, high;
  for (const PhasedDim &dim : dims) {
    low.push_back(-dim.before);
    high.push_back(-dim.surplus);
  }
  return surround(make, makePixels(*conv), low, high);
}

LogicalResult ConvTransposeOp::resolve(ShapeContext &, OpBuilder &builder,
                                       SmallVectorImpl<Value> &values) {
  // As for ConvOp.
  if (size_t spatial = std::max<int64_t>(getFilter().getType().getRank() - 2, 0);
      getStrides().empty() && getPads().empty() && getDilations().empty() &&
      getOutputPads().empty()) {
    setStrides(SmallVector<int64_t>(spatial, 1));
    setPads(SmallVector<int64_t>(2 * spatial, 0));
    setDilations(SmallVector<int64_t>(spatial, 1));
    setOutputPads(SmallVector<int64_t>(spatial, 0));
  }
  if (failed(::verify(*this)))
    return failure();
  FailureOr<PlannedType> type = ::getResultType(*this);
  if (failed(type))
    return failure();
  if (hasKnownSizes(*this)) {
    if (PhasedConv conv(*this, builder); conv.isPossible()) {
      FailureOr<Value> value = conv.create();
      if (succeeded(value))
        values.push_back(*value);
      return success(succeeded(value));
    }
  }
  values.push_back(
      createLibraryCall(builder, *this, "conv_transpose", TypeRange(*type)).getResult(0));
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
  MoveBuilder make(builder, getLoc());
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
