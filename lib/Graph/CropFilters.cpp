// Crops filters to the taps that reach the image. With a dilation that is large beside an image all
// other taps of a filter may lie in the pads: their weights would be stored, loaded and multiplied
// by zeros. A pad is no element here: that an infinite weight times a zero is no number does not
// count.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/MathExtras.h"

#define DEBUG_TYPE "dlc-crop-filters"

namespace dlc {
#define GEN_PASS_DEF_CROPFILTERS
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {
/// A spatial dim of a convolution.
struct Axis {
  int64_t size, outputs, taps, stride, dilation, low, high;

  /// Whether any output reads an element of the image through tap `tap`.
  bool reaches(int64_t tap) const {
    int64_t before = std::max<int64_t>(low - tap * dilation, 0);
    int64_t output = llvm::divideCeil(before, stride); // the first one that is not left of it
    return output < outputs && output * stride - low + tap * dilation < size;
  }

  /// The first and the last tap that are kept, all between them too. Where the pads are fewer than
  /// the elements between two taps, a tap stays, since pads cannot be negative.
  std::pair<int64_t, int64_t> getKept() const {
    int64_t first = 0, last = taps - 1;
    while (first != last && low >= (first + 1) * dilation && !reaches(first))
      ++first;
    while (first != last && high >= (taps - last) * dilation && !reaches(last))
      --last;
    return {first, last};
  }
};
} // namespace

/// The axis of a spatial dim of known sizes; nothing for others.
static std::optional<Axis> getAxis(ConvOp op, size_t spatial, size_t axis) {
  size_t dim = axis + 2;
  std::optional<int64_t> size = op.getInput().getType().getDim(dim).getConstant(),
                         outputs = op.getType().getDim(dim).getConstant(),
                         taps = op.getFilter().getType().getDim(dim).getConstant();
  if (!size || !outputs || !taps)
    return std::nullopt;
  return Axis{*size,
              *outputs,
              *taps,
              op.getStrides()[axis],
              op.getDilations()[axis],
              op.getPads()[axis],
              op.getPads()[axis + spatial]};
}

static void crop(ConvOp op) {
  PlannedType filter = op.getFilter().getType();
  if (!filter.hasRank() || !op.getInput().getType().hasRank() || !op.getType().hasRank())
    return;
  OpBuilder builder(op);
  auto number = [&](int64_t value) { return ExprAttr::constant(op.getContext(), value); };
  size_t spatial = op.getStrides().size();
  SmallVector<ExprAttr> starts(filter.getRank(), number(0)), dims(filter.getDims());
  SmallVector<int64_t> pads(op.getPads()), steps(filter.getRank(), 1);
  for (size_t i = 0; i != spatial; ++i) {
    std::optional<Axis> axis = getAxis(op, spatial, i);
    if (!axis)
      continue;
    auto [first, last] = axis->getKept();
    starts[i + 2] = number(first);
    dims[i + 2] = number(last - first + 1);
    pads[i] -= first * axis->dilation;
    pads[i + spatial] -= (axis->taps - 1 - last) * axis->dilation;
  }
  if (ArrayRef(dims) == filter.getDims())
    return;
  Location loc = op.getFilter().getLoc();
  auto toArray = [&](ArrayRef<ExprAttr> exprs) { return getArrayAttr(op.getContext(), exprs); };
  Value kept = SliceOp::create(builder, loc, PlannedType::get(dims, filter.getElementType()),
                               op.getFilter(), toArray(starts), toArray(dims), steps);
  op.getFilterMutable().assign(kept);
  op.setPads(pads);
}

namespace {
struct CropFilters : dlc::impl::CropFiltersBase<CropFilters> {
  void runOnOperation() override { getOperation().walk(crop); }
};
} // namespace
