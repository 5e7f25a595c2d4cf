// The dims of the results of library calls, by callee, as far as they are known before the run.

#include "Inference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc;

/// An integer parameter of a call.
static int64_t getInt(LibraryCallOp op, StringRef name, int64_t defaultValue) {
  auto attr = op.getParameters().getAs<IntegerAttr>(name);
  return attr ? attr.getInt() : defaultValue;
}

/// Parameter `axis` counted from the first of `rank` dims.
static FailureOr<int64_t> getAxis(LibraryCallOp op, int64_t rank, int64_t defaultValue) {
  int64_t axis = getInt(op, "axis", defaultValue);
  if (axis < -rank || axis >= rank)
    return op.emitError("expected an axis from ")
           << -rank << " to " << rank - 1 << ", found " << axis;
  return axis < 0 ? axis + rank : axis;
}

static FailureOr<PartialDims> inferArgReduction(LibraryCallOp op, ShapeContext &) {
  PartialDims dims = getDims(op.getInputs()[0]);
  if (!dims)
    return dims;
  FailureOr<int64_t> axis = getAxis(op, dims->size(), 0);
  if (failed(axis))
    return failure();
  if (getInt(op, "keepdims", 1))
    (*dims)[*axis] = ExprAttr::constant(op.getContext(), 1);
  else
    dims->erase(dims->begin() + *axis);
  return dims;
}

static FailureOr<PartialDims> inferTopK(LibraryCallOp op, ShapeContext &context) {
  PartialDims dims = getDims(op.getInputs()[0]);
  if (!dims)
    return dims;
  FailureOr<int64_t> axis = getAxis(op, dims->size(), -1);
  if (failed(axis))
    return failure();
  std::optional<ShapeContext::Contents> count = context.bindContents(op.getInputs()[1]);
  (*dims)[*axis] = count && count->size() == 1 ? count->front() : ExprAttr();
  return dims;
}

static FailureOr<PartialDims> inferGatherNd(LibraryCallOp op, ShapeContext &) {
  PartialDims data = getDims(op.getInputs()[0]), indices = getDims(op.getInputs()[1]);
  int64_t batch = getInt(op, "batch_dims", 0);
  std::optional<int64_t> depth =
      !data || !indices || indices->empty() ? std::nullopt : indices->back().getConstant();
  if (!depth)
    return PartialDims();
  if (batch < 0 || *depth < 1 || batch + *depth > static_cast<int64_t>(data->size()))
    return op.emitError("expected indices of at most ")
           << data->size() << " dims, found " << *depth;
  SmallVector<ExprAttr> dims(ArrayRef(*indices).drop_back());
  llvm::append_range(dims, ArrayRef(*data).drop_front(batch + *depth));
  return PartialDims(dims);
}

static FailureOr<PartialDims> inferOneHot(LibraryCallOp op, ShapeContext &context) {
  PartialDims dims = getDims(op.getInputs()[0]);
  if (!dims)
    return dims;
  FailureOr<int64_t> axis = getAxis(op, dims->size() + 1, -1);
  if (failed(axis))
    return failure();
  std::optional<ShapeContext::Contents> depth = context.bindContents(op.getInputs()[1]);
  dims->insert(dims->begin() + *axis, depth && depth->size() == 1 ? depth->front() : ExprAttr());
  return dims;
}

static FailureOr<PartialDims> inferNonZero(LibraryCallOp op, ShapeContext &) {
  PartialDims dims = getDims(op.getInputs()[0]);
  if (!dims)
    return PartialDims(SmallVector<ExprAttr>(2));
  auto rank = static_cast<int64_t>(dims->size());
  return PartialDims({ExprAttr::constant(op.getContext(), rank), ExprAttr()});
}

/// Without an axis the elements are those of a vector.
static FailureOr<PartialDims> inferUnique(LibraryCallOp op, ShapeContext &) {
  if (op.getParameters().contains("axis"))
    return PartialDims();
  return PartialDims(SmallVector<ExprAttr>(1));
}

/// The symbols that are bound in the body of a loop, and so mean nothing behind it.
static llvm::StringSet<> getInnerSymbols(LoopOp loop) {
  llvm::StringSet<> symbols;
  auto insert = [&](ArrayAttr names) {
    for (StringRef name : names.getAsValueRange<StringAttr>())
      symbols.insert(name);
  };
  symbols.insert(loop.getIteration());
  loop.getBody().walk([&](Operation *op) {
    if (auto bind = dyn_cast<BindOp>(op))
      insert(bind.getSymbols());
    else if (auto match = dyn_cast<MatchOp>(op))
      insert(match.getBinds());
    else if (auto inner = dyn_cast<LoopOp>(op))
      symbols.insert(inner.getIteration());
  });
  return symbols;
}

/// Whether `expr` is never negative: it is made of dims, and not of what a bind reads.
static bool isSize(ExprAttr expr, Operation *op) {
  llvm::StringSet<> read;
  op->getParentOfType<func::FuncOp>().walk([&](BindOp bind) {
    for (StringRef name : bind.getSymbols().getAsValueRange<StringAttr>())
      read.insert(name);
  });
  bool isMadeOfDims = isKnownNonNegative(expr);
  expr.walkSymbols([&](StringRef symbol) { isMadeOfDims &= !read.contains(symbol); });
  return isMadeOfDims;
}

/// What the iterations of a loop have put into a sequence, one after the other. Without any
/// iteration there is no element to tell the dims: those that are known before it are added as an
/// operand.
static FailureOr<PartialDims> inferStack(LibraryCallOp op, ShapeContext &) {
  if (op.getInputs().size() != 2)
    return PartialDims();
  auto result = dyn_cast<OpResult>(op.getInputs()[0]);
  auto loop = result ? dyn_cast<LoopOp>(result.getOwner()) : LoopOp();
  if (!loop)
    return PartialDims();
  auto insert = loop.getCarried()[result.getResultNumber()].getDefiningOp<LibraryCallOp>();
  if (!insert || insert.getCallee() != "sequence_insert" || insert.getInputs().size() < 2)
    return PartialDims();
  PartialDims element = getDims(insert.getInputs()[1]);
  if (!element)
    return PartialDims();
  llvm::StringSet<> inner = getInnerSymbols(loop);
  MLIRContext *context = op.getContext();
  SmallVector<ExprAttr> dims = {ExprAttr()};
  SmallVector<Attribute> sizes;
  if (loop.getTripAttr() && !loop.getCondition() && isSize(loop.getTripAttr(), loop))
    dims[0] = loop.getTripAttr();
  for (ExprAttr dim : *element) {
    bool isKnown = true;
    dim.walkSymbols([&](StringRef symbol) { isKnown &= !inner.contains(symbol); });
    dims.push_back(isKnown ? dim : ExprAttr());
    sizes.push_back(isKnown ? dim : ExprAttr::constant(context, 0));
  }
  OpBuilder builder(op);
  auto rank = ExprAttr::constant(context, static_cast<int64_t>(sizes.size()));
  op->setOperand(1,
                 SizesOp::create(builder, op.getLoc(), PlannedType::get(rank, builder.getI64Type()),
                                 builder.getArrayAttr(sizes)));
  return PartialDims(dims);
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace {
/// The dims of all results of a call, or an error where its operands are impossible.
using Rule = FailureOr<SmallVector<PartialDims>> (*)(LibraryCallOp op, ShapeContext &context);

/// The same where all results have equal dims.
using OneRule = FailureOr<PartialDims> (*)(LibraryCallOp op, ShapeContext &context);
} // namespace

template <OneRule rule>
static FailureOr<SmallVector<PartialDims>> forAll(LibraryCallOp op, ShapeContext &context) {
  FailureOr<PartialDims> dims = rule(op, context);
  if (failed(dims))
    return failure();
  return SmallVector<PartialDims>(op.getNumResults(), *dims);
}

/// The dims of operand `index`.
template <unsigned index> static FailureOr<PartialDims> copyDims(LibraryCallOp op, ShapeContext &) {
  return getDims(op.getInputs()[index]);
}

/// `rank` dims that only the run knows.
template <size_t rank> static FailureOr<PartialDims> unknownDims(LibraryCallOp, ShapeContext &) {
  return PartialDims(SmallVector<ExprAttr>(rank));
}

static Rule getRule(StringRef callee) {
  return llvm::StringSwitch<Rule>(callee)
      .Cases({"sequence_length", "optional_has_element"}, forAll<unknownDims<0>>)
      .Case("shape", forAll<unknownDims<1>>)
      .Case("stack", forAll<inferStack>)
      .Cases({"scatter_elements", "scatter_nd", "cumsum", "trilu", "reverse_sequence"},
             forAll<copyDims<0>>)
      .Case("gather_elements", forAll<copyDims<1>>)
      .Case("nonzero", forAll<inferNonZero>)
      .Case("unique", forAll<inferUnique>)
      .Cases({"arg_max", "arg_min"}, forAll<inferArgReduction>)
      .Case("top_k", forAll<inferTopK>)
      .Case("gather_nd", forAll<inferGatherNd>)
      .Case("one_hot", forAll<inferOneHot>)
      .Default(nullptr);
}

FailureOr<SmallVector<PartialDims>> dlc::inferLibraryResults(LibraryCallOp op,
                                                             ShapeContext &context) {
  if (Rule rule = getRule(op.getCallee()))
    return rule(op, context);
  return SmallVector<PartialDims>(op.getNumResults());
}
