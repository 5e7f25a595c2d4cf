#include "dlc/IR/Strides.h"

#include "dlc/IR/Expr.h"
#include "dlc/IR/Views.h"

using namespace mlir;
using namespace dlc;

using Strides = SmallVector<ExprAttr>;

static PlannedType getType(Value value) { return cast<PlannedType>(value.getType()); }

/// The strides of a dense value; nothing where one leaves 64 bits.
static std::optional<Strides> getDenseStrides(Value value) {
  Strides strides;
  ArrayRef<ExprAttr> dims = getType(value).getDims();
  for (size_t i = 0; i != dims.size(); ++i)
    strides.push_back(getProduct(value.getContext(), dims.drop_front(i + 1)));
  return llvm::is_contained(strides, ExprAttr()) ? std::nullopt : std::optional(strides);
}

/// Which of `dims` have more elements than one, as far as is known.
static SmallVector<size_t> findLongDims(ArrayRef<ExprAttr> dims) {
  SmallVector<size_t> found;
  for (auto [i, dim] : llvm::enumerate(dims))
    if (dim.getConstant() != 1)
      found.push_back(i);
  return found;
}

/// The strides of dims `to` that have the elements of dims `from`, in order. Dims of one element
/// have any stride. Nothing where `from` are neither equal to `to` nor one dim that was cut.
static std::optional<Strides> regroup(ArrayRef<ExprAttr> from, ArrayRef<ExprAttr> strides,
                                      ArrayRef<ExprAttr> to) {
  Strides result(to.size());
  for (auto [stride, dim] : llvm::zip_equal(result, to))
    stride = ExprAttr::constant(dim.getContext(), 0);
  SmallVector<size_t> longFrom = findLongDims(from), longTo = findLongDims(to);
  if (llvm::equal(longFrom, longTo, [&](size_t i, size_t j) { return from[i] == to[j]; })) {
    for (auto [i, j] : llvm::zip_equal(longFrom, longTo))
      result[j] = strides[i];
    return result;
  }
  if (longFrom.empty())
    return std::nullopt;
  for (auto [outer, inner] : llvm::zip(longFrom, ArrayRef(longFrom).drop_front()))
    if (strides[outer] != strides[inner] * from[inner])
      return std::nullopt;
  ExprAttr stride = strides[longFrom.back()];
  for (size_t j : llvm::reverse(longTo)) {
    if (!stride)
      return std::nullopt;
    result[j] = stride;
    stride = stride * to[j];
  }
  return result;
}

/// The strides of a view's result where its input has `strides`, or the other way.
static std::optional<Strides> traceView(ViewOp view, ArrayRef<ExprAttr> strides, bool isForward) {
  ArrayRef<ExprAttr> from = view.getInput().getType().getDims(), to = view.getType().getDims();
  Strides result;
  for (auto [numFrom, numTo] : getViewGroups(view)) {
    ArrayRef<ExprAttr> known = isForward ? from.take_front(numFrom) : to.take_front(numTo);
    ArrayRef<ExprAttr> wanted = isForward ? to.take_front(numTo) : from.take_front(numFrom);
    std::optional<Strides> part = regroup(known, strides.take_front(known.size()), wanted);
    if (!part)
      return std::nullopt;
    llvm::append_range(result, *part);
    strides = strides.drop_front(known.size());
    from = from.drop_front(numFrom), to = to.drop_front(numTo);
  }
  return result;
}

/// Moves to the elements that `slice` takes.
static std::optional<Strided> traceSlice(SliceOp slice, Strided from) {
  for (auto [start, step, stride] :
       llvm::zip_equal(slice.getStarts(), slice.getSteps(), from.strides)) {
    from.offset = from.offset + cast<ExprAttr>(start) * stride;
    stride = stride * step;
    if (!from.offset || !stride)
      return std::nullopt;
  }
  return from;
}

std::optional<Strided> dlc::traceOperand(Value value, int64_t numOps) {
  Operation *op = value.getDefiningOp();
  if (numOps == 0 || !isa_and_nonnull<ViewOp, TransposeOp, SliceOp>(op)) {
    std::optional<Strides> strides = getDenseStrides(value);
    if (!strides)
      return std::nullopt;
    return Strided{value, ExprAttr::constant(value.getContext(), 0), *strides};
  }
  std::optional<Strided> from = traceOperand(op->getOperand(0), numOps - 1);
  if (!from)
    return std::nullopt;
  if (auto slice = dyn_cast<SliceOp>(op))
    return traceSlice(slice, *from);
  Strides strides;
  if (auto transpose = dyn_cast<TransposeOp>(op)) {
    for (int64_t source : transpose.getSourceDims())
      strides.push_back(from->strides[source]);
  } else {
    std::optional<Strides> viewed = traceView(cast<ViewOp>(op), from->strides, /*isForward=*/true);
    if (!viewed)
      return std::nullopt;
    strides = *viewed;
  }
  return Strided{from->root, from->offset, strides};
}

std::optional<Strides> dlc::traceResult(Value value, Value last) {
  std::optional<Strides> strides = getDenseStrides(last);
  while (strides && last != value) {
    Operation *op = last.getDefiningOp();
    if (auto view = dyn_cast_or_null<ViewOp>(op)) {
      strides = traceView(view, *strides, /*isForward=*/false);
    } else if (auto transpose = dyn_cast_or_null<TransposeOp>(op)) {
      Strides before(strides->size());
      for (auto [i, source] : llvm::enumerate(transpose.getSourceDims()))
        before[source] = (*strides)[i];
      strides = before;
    } else {
      return std::nullopt;
    }
    last = op->getOperand(0);
  }
  return strides;
}
