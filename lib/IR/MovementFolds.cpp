// Canonicalization of ops that move elements: what moves nothing is a view, and what is known to
// lie side by side is a slice.

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Expr.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace dlc;

static bool haveRank(Operation *op) {
  auto isKnown = [](Type type) { return cast<PlannedType>(type).hasRank(); };
  return llvm::all_of(op->getOperandTypes(), isKnown) &&
         llvm::all_of(op->getResultTypes(), isKnown);
}

//===----------------------------------------------------------------------===//
// Transpositions
//===----------------------------------------------------------------------===//

LogicalResult TransposeOp::canonicalize(TransposeOp op, PatternRewriter &rewriter) {
  if (!haveRank(op))
    return rewriter.notifyMatchFailure(op, "the rank is not known");
  SmallVector<int64_t> source = op.getSourceDims();
  if (auto inner = op.getInput().getDefiningOp<TransposeOp>(); inner && haveRank(inner)) {
    SmallVector<int64_t> first = inner.getSourceDims();
    for (int64_t &dim : source)
      dim = first[dim];
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getType(), inner.getInput(),
                                             rewriter.getDenseI64ArrayAttr(source));
    return success();
  }
  llvm::erase_if(
      source, [&](int64_t dim) { return op.getInput().getType().getDim(dim).getConstant() == 1; });
  if (!llvm::is_sorted(source))
    return rewriter.notifyMatchFailure(op, "dims other than 1 change their order");
  rewriter.replaceOpWithNewOp<ViewOp>(op, op.getType(), op.getInput());
  return success();
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

static ExprAttr getExpr(ArrayAttr exprs, int64_t index) { return cast<ExprAttr>(exprs[index]); }

static bool isWhole(SliceOp op, int64_t dim) {
  return getExpr(op.getStarts(), dim).getConstant() == 0 && op.getSteps()[dim] == 1 &&
         getExpr(op.getSizes(), dim) == op.getInput().getType().getDim(dim);
}

/// The part of `input` from `starts` on, in all other respects as `op` takes it.
static Value createSlice(SliceOp op, Value input, ArrayRef<Attribute> starts,
                         ArrayRef<Attribute> sizes, ArrayRef<int64_t> steps,
                         PatternRewriter &rewriter) {
  SmallVector<ExprAttr> dims =
      llvm::map_to_vector(sizes, [](Attribute size) { return cast<ExprAttr>(size); });
  return SliceOp::create(rewriter, op.getLoc(),
                         PlannedType::get(dims, op.getType().getElementType()), input,
                         rewriter.getArrayAttr(starts), rewriter.getArrayAttr(sizes),
                         rewriter.getDenseI64ArrayAttr(steps));
}

/// Parts of joined values, where nothing needs these as a whole, are parts of the operands.
static LogicalResult sliceOperands(SliceOp op, ConcatOp concat, PatternRewriter &rewriter) {
  int64_t dim = concat.getDim();
  if (!haveRank(concat) || !llvm::all_of(concat->getUsers(), llvm::IsaPred<SliceOp>))
    return rewriter.notifyMatchFailure(op, "what is joined is needed as a whole");
  SmallVector<Attribute> starts(op.getStarts().begin(), op.getStarts().end()),
      sizes(op.getSizes().begin(), op.getSizes().end());
  if (isWhole(op, dim)) {
    SmallVector<Value> parts;
    for (Value input : concat.getInputs()) {
      sizes[dim] = cast<PlannedType>(input.getType()).getDim(dim);
      parts.push_back(createSlice(op, input, starts, sizes, op.getSteps(), rewriter));
    }
    rewriter.replaceOpWithNewOp<ConcatOp>(op, op.getType(), parts, dim);
    return success();
  }
  std::optional<int64_t> start = getExpr(op.getStarts(), dim).getConstant(),
                         size = getExpr(op.getSizes(), dim).getConstant();
  if (!start || !size || op.getSteps()[dim] != 1)
    return rewriter.notifyMatchFailure(op, "bounds are not known");
  int64_t first = 0;
  for (Value input : concat.getInputs()) {
    std::optional<int64_t> length = cast<PlannedType>(input.getType()).getDim(dim).getConstant();
    if (!length)
      return rewriter.notifyMatchFailure(op, "sizes of what is joined are not known");
    if (*start >= first && *start + *size <= first + *length) {
      starts[dim] = ExprAttr::constant(op.getContext(), *start - first);
      rewriter.replaceOp(op, createSlice(op, input, starts, sizes, op.getSteps(), rewriter));
      return success();
    }
    first += *length;
  }
  return rewriter.notifyMatchFailure(op, "the part lies in more than one operand");
}

/// A part of a view that leaves the dims in question as they are is a view of a part.
static LogicalResult sliceViewed(SliceOp op, ViewOp view, PatternRewriter &rewriter) {
  PlannedType from = view.getInput().getType(), to = view.getType();
  int64_t common = 0;
  while (common < std::min(from.getRank(), to.getRank()) &&
         from.getDim(common) == to.getDim(common))
    ++common;
  for (int64_t dim = common; dim < to.getRank(); ++dim)
    if (!isWhole(op, dim))
      return rewriter.notifyMatchFailure(op, "a dim that the view makes is taken in part");
  SmallVector<Attribute> starts(from.getRank(), ExprAttr::constant(op.getContext(), 0)),
      sizes(from.getDims().begin(), from.getDims().end());
  SmallVector<int64_t> steps(from.getRank(), 1);
  for (int64_t dim = 0; dim != common; ++dim) {
    starts[dim] = op.getStarts()[dim];
    sizes[dim] = op.getSizes()[dim];
    steps[dim] = op.getSteps()[dim];
  }
  Value part = createSlice(op, view.getInput(), starts, sizes, steps, rewriter);
  rewriter.replaceOpWithNewOp<ViewOp>(op, op.getType(), part);
  return success();
}

LogicalResult SliceOp::canonicalize(SliceOp op, PatternRewriter &rewriter) {
  if (!haveRank(op))
    return rewriter.notifyMatchFailure(op, "the rank is not known");
  int64_t rank = op.getType().getRank();
  if (op.getInput().getType() == op.getType() &&
      llvm::all_of(llvm::seq<int64_t>(rank), [&](int64_t dim) { return isWhole(op, dim); })) {
    rewriter.replaceOp(op, op.getInput());
    return success();
  }
  if (auto concat = op.getInput().getDefiningOp<ConcatOp>())
    return sliceOperands(op, concat, rewriter);
  if (auto view = op.getInput().getDefiningOp<ViewOp>();
      view && haveRank(view) && isa_and_nonnull<ConcatOp, SliceOp>(view.getInput().getDefiningOp()))
    return sliceViewed(op, view, rewriter);
  auto inner = op.getInput().getDefiningOp<SliceOp>();
  if (!inner || !haveRank(inner))
    return rewriter.notifyMatchFailure(op, "neither the whole input nor a slice of a slice");
  SmallVector<Attribute> starts;
  SmallVector<int64_t> steps;
  for (int64_t dim = 0; dim != rank; ++dim) {
    ExprAttr start =
        getExpr(inner.getStarts(), dim) + getExpr(op.getStarts(), dim) * inner.getSteps()[dim];
    int64_t step;
    if (!start || llvm::MulOverflow(op.getSteps()[dim], inner.getSteps()[dim], step))
      return rewriter.notifyMatchFailure(op, "a start or step leaves 64 bits");
    starts.push_back(start);
    steps.push_back(step);
  }
  rewriter.replaceOpWithNewOp<SliceOp>(op, op.getType(), inner.getInput(),
                                       rewriter.getArrayAttr(starts), op.getSizes(),
                                       rewriter.getDenseI64ArrayAttr(steps));
  return success();
}

//===----------------------------------------------------------------------===//
// Concatenations
//===----------------------------------------------------------------------===//

/// Whether `second` begins in `dim` where `first` ends, in the same value.
static bool areNeighbours(SliceOp first, SliceOp second, int64_t dim) {
  if (first.getInput() != second.getInput() || first.getSteps()[dim] != 1 ||
      first.getSteps() != second.getSteps() ||
      getExpr(first.getStarts(), dim) + getExpr(first.getSizes(), dim) !=
          getExpr(second.getStarts(), dim))
    return false;
  return llvm::all_of(llvm::seq<int64_t>(first.getType().getRank()), [&](int64_t other) {
    return other == dim || (first.getStarts()[other] == second.getStarts()[other] &&
                            first.getSizes()[other] == second.getSizes()[other]);
  });
}

static Value joinSlices(SliceOp first, SliceOp second, int64_t dim, PatternRewriter &rewriter) {
  SmallVector<Attribute> sizes(first.getSizes().begin(), first.getSizes().end());
  ExprAttr size = getExpr(first.getSizes(), dim) + getExpr(second.getSizes(), dim);
  sizes[dim] = size;
  SmallVector<ExprAttr> dims(first.getType().getDims());
  dims[dim] = size;
  return SliceOp::create(rewriter, first.getLoc(),
                         PlannedType::get(dims, first.getType().getElementType()), first.getInput(),
                         first.getStarts(), rewriter.getArrayAttr(sizes), first.getSteps());
}

/// Slices that lie side by side are one; a value by itself is what it is.
LogicalResult ConcatOp::canonicalize(ConcatOp op, PatternRewriter &rewriter) {
  if (!haveRank(op))
    return rewriter.notifyMatchFailure(op, "the rank is not known");
  SmallVector<Value> inputs;
  for (Value input : op.getInputs()) {
    auto second = input.getDefiningOp<SliceOp>();
    SliceOp first = inputs.empty() ? SliceOp() : inputs.back().getDefiningOp<SliceOp>();
    if (first && second && areNeighbours(first, second, op.getDim()))
      inputs.back() = joinSlices(first, second, op.getDim(), rewriter);
    else
      inputs.push_back(input);
  }
  if (inputs.size() == 1 && inputs.front().getType() == op.getType()) {
    rewriter.replaceOp(op, inputs.front());
    return success();
  }
  if (inputs.size() == op.getInputs().size())
    return rewriter.notifyMatchFailure(op, "no slices that lie side by side");
  rewriter.replaceOpWithNewOp<ConcatOp>(op, op.getType(), inputs, op.getAxis());
  return success();
}

//===----------------------------------------------------------------------===//
// Gathers
//===----------------------------------------------------------------------===//

/// Constant indices at equal distances, in a dim of constant size, are a slice.
LogicalResult GatherOp::canonicalize(GatherOp op, PatternRewriter &rewriter) {
  DenseIntElementsAttr constant;
  if (!haveRank(op) || !matchPattern(op.getIndices(), m_Constant(&constant)) || constant.empty())
    return rewriter.notifyMatchFailure(op, "indices are not constants");
  PlannedType input = op.getInput().getType();
  int64_t axis = op.getDim();
  std::optional<int64_t> size = input.getDim(axis).getConstant();
  if (!size)
    return rewriter.notifyMatchFailure(op, "the size of the dim is not known");
  SmallVector<int64_t> indices;
  for (const APInt &index : constant.getValues<APInt>()) {
    int64_t place = index.getSExtValue();
    indices.push_back(place < 0 ? place + *size : place);
    if (indices.back() < 0 || indices.back() >= *size)
      return rewriter.notifyMatchFailure(op, "an index is out of range, as the run will say");
  }
  int64_t step = indices.size() == 1 ? 1 : indices[1] - indices[0];
  for (size_t i = 1; i < indices.size(); ++i)
    if (indices[i] - indices[i - 1] != step || step == 0)
      return rewriter.notifyMatchFailure(op, "indices are at different distances");
  MLIRContext *context = op.getContext();
  SmallVector<ExprAttr> dims(input.getDims());
  dims[axis] = ExprAttr::constant(context, indices.size());
  SmallVector<Attribute> starts(dims.size(), ExprAttr::constant(context, 0)),
      sizes(dims.begin(), dims.end());
  starts[axis] = ExprAttr::constant(context, indices.front());
  SmallVector<int64_t> steps(dims.size(), 1);
  steps[axis] = step;
  Value slice =
      SliceOp::create(rewriter, op.getLoc(), PlannedType::get(dims, input.getElementType()),
                      op.getInput(), rewriter.getArrayAttr(starts), rewriter.getArrayAttr(sizes),
                      rewriter.getDenseI64ArrayAttr(steps));
  rewriter.replaceOpWithNewOp<ViewOp>(op, op.getType(), slice);
  return success();
}
