#include "dlc/IR/Views.h"
#include "dlc/IR/Emitters.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Views and parts
//===----------------------------------------------------------------------===//

bool dlc::isView(Operation *op) { return isa_and_nonnull<ViewOp>(op); }

Value dlc::getViewed(Value value) {
  while (isView(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  return value;
}

ExprAttr dlc::getPartOffset(Operation *op) {
  auto slice = dyn_cast_or_null<SliceOp>(op);
  if (!slice)
    return ExprAttr();
  PlannedType input = slice.getInput().getType(), result = slice.getType();
  if (input.getLayout()) { // whole blocks of channels, see the schedule phase
    SmallVector<ExprAttr> before(input.getDims());
    before[1] = cast<ExprAttr>(slice.getStarts()[1]);
    return PlannedType::get(before, input.getElementType(), input.getLayout()).getBufferElements();
  }
  ExprAttr offset = ExprAttr::constant(op->getContext(), 0);
  // Dims of one element, then at most one dim in part, then whole ones.
  bool isWhole = true;
  for (int64_t i = input.getRank(); i-- != 0;) {
    auto start = cast<ExprAttr>(slice.getStarts()[i]);
    bool isOne = result.getDim(i).getConstant() == 1;
    if (!isOne && (!isWhole || slice.getSteps()[i] != 1))
      return ExprAttr();
    isWhole &= result.getDim(i) == input.getDim(i);
    offset = offset + start * getProduct(op->getContext(), input.getDims().drop_front(i + 1));
  }
  return offset;
}

bool dlc::joinsParts(ConcatOp concat) {
  ArrayRef<ExprAttr> dims = concat.getType().getDims();
  return llvm::all_of(dims.take_front(concat.getDim()),
                      [](ExprAttr dim) { return dim.getConstant() == 1; });
}

static bool startsWithOne(ArrayRef<ExprAttr> dims) {
  return !dims.empty() && dims.front().getConstant() == 1;
}

SmallVector<ViewGroup> dlc::getViewGroups(ViewOp view) {
  ArrayRef<ExprAttr> from = view.getInput().getType().getDims(), to = view.getType().getDims();
  SmallVector<ViewGroup> groups;
  while (!from.empty() || !to.empty()) {
    ViewGroup group = {static_cast<int64_t>(from.size()), static_cast<int64_t>(to.size())};
    auto isProductEqual = [&](int64_t left, int64_t right) {
      ExprAttr product = getProduct(view.getContext(), from.take_front(left));
      return product && product == getProduct(view.getContext(), to.take_front(right));
    };
    auto total = static_cast<int64_t>(from.size() + to.size());
    for (int64_t sum = 2; sum < total; ++sum)
      for (int64_t left = 1; left < sum; ++left)
        if (left <= group.from && sum - left <= group.to && isProductEqual(left, sum - left)) {
          group = {left, sum - left};
          sum = total;
          break;
        }
    from = from.drop_front(group.from);
    to = to.drop_front(group.to);
    // Dims of one element that the other side lacks belong to what is in front of them, so that
    // the dim behind them is one by itself.
    for (; startsWithOne(from) && !startsWithOne(to); from = from.drop_front())
      ++group.from;
    for (; startsWithOne(to) && !startsWithOne(from); to = to.drop_front())
      ++group.to;
    groups.push_back(group);
  }
  return groups;
}

bool dlc::keepsRows(ViewOp view) {
  SmallVector<ViewGroup> groups = getViewGroups(view);
  return !groups.empty() && groups.back().from == 1 && groups.back().to == 1;
}

//===----------------------------------------------------------------------===//
// Pixels
//===----------------------------------------------------------------------===//

std::optional<PixelShuffle> dlc::matchPixelShuffle(Operation *op) {
  auto last = dyn_cast_or_null<ViewOp>(op);
  TransposeOp transpose = last ? last.getInput().getDefiningOp<TransposeOp>() : TransposeOp();
  ViewOp first = transpose ? transpose.getInput().getDefiningOp<ViewOp>() : ViewOp();
  auto isImage = [](PlannedType type) { return type.hasRank() && type.getRank() == 4; };
  if (!first || !isImage(first.getInput().getType()) || !isImage(last.getType()) ||
      transpose.getSourceDims() != ArrayRef<int64_t>{0, 3, 4, 1, 5, 2})
    return std::nullopt;
  ArrayRef<ExprAttr> from = first.getInput().getType().getDims(), to = last.getType().getDims(),
                     apart = first.getType().getDims();
  std::optional<int64_t> height = apart[1].getConstant(), width = apart[2].getConstant(),
                         channels = apart[3].getConstant(), all = from[1].getConstant();
  if (!height || !width || !channels || !all || from[2] != apart[4] || from[3] != apart[5] ||
      to[0] != apart[0] || to[1] != apart[3] || to[2] != apart[4] * *height ||
      to[3] != apart[5] * *width)
    return std::nullopt;
  int64_t ofImage = *height * *width * *channels, depth = ofImage == 0 ? 1 : *all / ofImage;
  if (from[0] * depth != apart[0])
    return std::nullopt;
  return PixelShuffle{first.getInput(), last, depth, *height, *width, {first, transpose, last}};
}

//===----------------------------------------------------------------------===//
// Planes of volumes
//===----------------------------------------------------------------------===//

namespace {
/// Finds windows from the last op to the first one. Values between the two views are volumes x
/// planes x groups x channels x rows x columns.
struct PlaneWindowsMatcher {
  static constexpr int64_t rank = 6, planeDim = 1, channelDim = 3;
  PlaneWindows windows;

  bool matchParts(ValueRange parts);
  bool matchPart(Value part, int64_t &start, Value &whole);
  bool matchPad(Value &value);
  bool matchViews(ViewOp first, ViewOp last);
};
} // namespace

/// A slice of planes, or all of them.
bool PlaneWindowsMatcher::matchPart(Value part, int64_t &start, Value &whole) {
  start = 0;
  whole = part;
  auto slice = part.getDefiningOp<SliceOp>();
  if (!slice)
    return true;
  whole = slice.getInput();
  windows.step = slice.getSteps()[planeDim];
  for (int64_t dim = 0; dim != rank; ++dim) {
    std::optional<int64_t> from = cast<ExprAttr>(slice.getStarts()[dim]).getConstant();
    bool isWhole = from == 0 && slice.getSteps()[dim] == 1 &&
                   slice.getType().getDim(dim) == slice.getInput().getType().getDim(dim);
    if (!from || (dim != planeDim && !isWhole))
      return false;
    start = dim == planeDim ? *from : start;
  }
  windows.moves.push_back(slice);
  return windows.step > 0;
}

/// Parts of one value that begin at equal distances; `windows.from` becomes that value.
bool PlaneWindowsMatcher::matchParts(ValueRange parts) {
  windows.size = static_cast<int64_t>(parts.size());
  int64_t first = 0, step = 0;
  for (auto [index, part] : llvm::enumerate(parts)) {
    int64_t start;
    Value whole;
    if (!matchPart(part, start, whole) || part.getType() != parts.front().getType() ||
        (index != 0 && (whole != windows.from || windows.step != step)))
      return false;
    auto place = static_cast<int64_t>(index);
    if (index == 0)
      first = start;
    else if (index == 1)
      windows.dilation = start - first;
    if (start != first + place * windows.dilation)
      return false;
    windows.from = whole;
    step = windows.step;
  }
  windows.low = -first;
  return windows.dilation > 0;
}

/// Zeros before and behind the planes.
bool PlaneWindowsMatcher::matchPad(Value &value) {
  auto pad = value.getDefiningOp<PadOp>();
  if (!pad)
    return true;
  if (pad.getMode() != PadMode::constant || pad.getValue())
    return false;
  for (int64_t dim = 0; dim != rank; ++dim) {
    std::optional<int64_t> low = cast<ExprAttr>(pad.getLow()[dim]).getConstant(),
                           high = cast<ExprAttr>(pad.getHigh()[dim]).getConstant();
    if (!low || !high || *low < 0 || *high < 0 || (dim != planeDim && (*low != 0 || *high != 0)))
      return false;
    windows.low += dim == planeDim ? *low : 0;
  }
  windows.moves.push_back(pad);
  value = pad.getInput();
  return true;
}

bool PlaneWindowsMatcher::matchViews(ViewOp first, ViewOp last) {
  ArrayRef<ExprAttr> apart = first.getType().getDims(), to = last.getType().getDims(),
                     joined = last.getInput().getType().getDims();
  std::optional<int64_t> groups = apart[2].getConstant();
  if (!groups || !apart[channelDim].getConstant() || to[0] != joined[0] * joined[1] ||
      to[1] != apart[channelDim] * *groups * windows.size ||
      to.take_back(2) != apart.take_back(2) || joined[0] != apart[0])
    return false;
  windows.groups = *groups;
  windows.count = apart[planeDim];
  windows.windows = joined[planeDim];
  return true;
}

std::optional<PlaneWindows> dlc::matchPlaneWindows(Value value) {
  auto last = value.getDefiningOp<ViewOp>();
  auto hasRank = [](ViewOp view, int64_t from, int64_t to) {
    return view.getInput().getType().hasRank() && view.getType().hasRank() &&
           view.getInput().getType().getRank() == from && view.getType().getRank() == to;
  };
  if (!last || !hasRank(last, PlaneWindowsMatcher::rank, 4))
    return std::nullopt;
  PlaneWindowsMatcher matcher;
  auto concat = last.getInput().getDefiningOp<ConcatOp>();
  matcher.windows.moves.push_back(last);
  if (concat)
    matcher.windows.moves.push_back(concat);
  if ((concat && concat.getDim() != PlaneWindowsMatcher::channelDim) ||
      !matcher.matchParts(concat ? ValueRange(concat.getInputs()) : ValueRange(last.getInput())) ||
      !matcher.matchPad(matcher.windows.from))
    return std::nullopt;
  auto first = matcher.windows.from.getDefiningOp<ViewOp>();
  if (!first || first.getType().getRank() != PlaneWindowsMatcher::rank ||
      !matcher.matchViews(first, last))
    return std::nullopt;
  matcher.windows.moves.push_back(first);
  matcher.windows.from = first.getInput();
  // Convolutions in several blocks may share what comes first; order is within one.
  if (!llvm::all_of(matcher.windows.moves,
                    [&](Operation *move) { return move->getBlock() == last->getBlock(); }))
    return std::nullopt;
  llvm::sort(matcher.windows.moves,
             [](Operation *lhs, Operation *rhs) { return lhs->isBeforeInBlock(rhs); });
  return matcher.windows;
}

Value dlc::getReadImage(ConvOp conv) {
  std::optional<PlaneWindows> windows = matchPlaneWindows(conv.getInput());
  return windows ? windows->from : conv.getInput();
}

int64_t dlc::countPlanes(ConvOp conv) {
  std::optional<PlaneWindows> windows = matchPlaneWindows(conv.getInput());
  return windows ? windows->size : 1;
}

//===----------------------------------------------------------------------===//
// Transposition
//===----------------------------------------------------------------------===//

namespace {
/// Follows the dims of a result into what it is computed from. For each dim of a value, `dims` has
/// the dim of the result that it is; -1 where it is none, or not one step for one step.
class DimTracker {
public:
  explicit DimTracker(int64_t rank) : last(rank - 1) {}

  std::optional<int64_t> find(Value value, ArrayRef<int64_t> dims) {
    Operation *op = value.getDefiningOp();
    if (!op || isa<ReadOp>(op))
      return !dims.empty() && dims.back() != last && dims.back() != -1 &&
                     llvm::is_contained(dims, last)
                 ? std::optional(dims.back())
                 : std::nullopt;
    if (!isMovement(op) && !isa<ElementwiseOpInterface>(op))
      return std::nullopt;
    for (OpOperand &use : op->getOpOperands())
      if (std::optional<int64_t> dim = find(use.get(), getOperandDims(use, dims)))
        return dim;
    return std::nullopt;
  }

private:
  static SmallVector<int64_t> getOperandDims(OpOperand &use, ArrayRef<int64_t> dims);

  int64_t last;
};
} // namespace

static bool isZero(Attribute expr) { return cast<ExprAttr>(expr).getConstant() == 0; }

static SmallVector<int64_t> getGatherDims(GatherOp gather, OpOperand &use, ArrayRef<int64_t> dims) {
  int64_t axis = gather.getDim(), rank = gather.getIndices().getType().getRank();
  if (use.getOperandNumber() == gather.getIndicesMutable().getOperandNumber())
    return SmallVector<int64_t>(dims.slice(axis, rank));
  SmallVector<int64_t> result(dims.take_front(axis));
  result.push_back(-1);
  llvm::append_range(result, dims.drop_front(axis + rank));
  return result;
}

static SmallVector<int64_t> getViewDims(ViewOp view, ArrayRef<int64_t> dims) {
  SmallVector<int64_t> result;
  for (auto [from, to] : getViewGroups(view)) {
    result.append(from, from == 1 && to == 1 ? dims.front() : -1);
    dims = dims.drop_front(to);
  }
  return result;
}

SmallVector<int64_t> DimTracker::getOperandDims(OpOperand &use, ArrayRef<int64_t> dims) {
  if (auto view = dyn_cast<ViewOp>(use.getOwner()))
    return getViewDims(view, dims);
  auto operand = cast<PlannedType>(use.get().getType());
  ArrayRef<int64_t> aligned = dims.take_back(operand.getRank());
  SmallVector<int64_t> result(aligned);
  TypeSwitch<Operation *>(use.getOwner())
      .Case([&](TransposeOp transpose) {
        for (auto [dim, source] : llvm::zip_equal(dims, transpose.getSourceDims()))
          result[source] = dim;
      })
      .Case([&](GatherOp gather) { result = getGatherDims(gather, use, dims); })
      .Case([&](SliceOp slice) {
        for (auto [dim, step] : llvm::zip_equal(result, slice.getSteps()))
          dim = step == 1 ? dim : -1;
      })
      .Case([&](PadOp pad) {
        for (auto [i, dim] : llvm::enumerate(result))
          dim = isZero(pad.getLow()[i]) && isZero(pad.getHigh()[i]) ? dim : -1;
      })
      .Case([&](ConcatOp) {})
      .Default([&](Operation *) {
        for (auto [dim, size] : llvm::zip_equal(result, operand.getDims()))
          dim = size.getConstant() == 1 ? -1 : dim;
      });
  return result;
}

std::optional<int64_t> dlc::getTransposedDim(Value result) {
  int64_t rank = cast<PlannedType>(result.getType()).getRank();
  if (rank < 2)
    return std::nullopt;
  return DimTracker(rank).find(result, llvm::to_vector(llvm::seq<int64_t>(rank)));
}
