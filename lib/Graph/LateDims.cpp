// What is known of results before the run, where their sizes depend on what operands hold.

#include "Inference.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

#include <map>

using namespace mlir;
using namespace dlc;

static PlannedType getType(Value value) { return cast<PlannedType>(value.getType()); }

PartialDims dlc::getDims(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  if (!type || !type.hasRank())
    return std::nullopt;
  return llvm::to_vector(type.getDims());
}

/// As many unknown dims as the vector `shape` has elements.
static PartialDims getRankFrom(Value shape) {
  PartialDims dims = getDims(shape);
  std::optional<int64_t> rank =
      dims && dims->size() == 1 ? dims->front().getConstant() : std::nullopt;
  if (!rank || *rank > ConstantOp::maxDenseElements)
    return std::nullopt;
  return SmallVector<ExprAttr>(*rank);
}

static PartialDims getUnknown(Value value) {
  return SmallVector<ExprAttr>(getType(value).getRank());
}

/// Unknown dims, as many as the input has and `factor` more for each element of `axes`.
static PartialDims getWithRank(Value input, Value axes, int64_t factor) {
  PartialDims count = getDims(axes);
  std::optional<int64_t> length =
      count && count->size() == 1 ? count->front().getConstant() : std::nullopt;
  if (!length || *length > ConstantOp::maxDenseElements)
    return std::nullopt;
  int64_t rank = getType(input).getRank() + factor * *length;
  return rank < 0 ? PartialDims() : PartialDims(SmallVector<ExprAttr>(rank));
}

/// Of axes that only the run knows the number tells the rank, where it is not 0: then they are all.
static PartialDims getReduced(DynamicReduceOp reduce) {
  if (reduce.getKeepDims())
    return getUnknown(reduce.getInput());
  PartialDims axes = getDims(reduce.getAxes());
  if (!axes || axes->size() != 1 || axes->front() == ExprAttr::constant(reduce.getContext(), 0))
    return std::nullopt;
  return getWithRank(reduce.getInput(), reduce.getAxes(), -1);
}

SmallVector<PartialDims> dlc::getLateDims(Operation *op) {
  PartialDims dims =
      TypeSwitch<Operation *, PartialDims>(op)
          .Case([](ReshapeOp reshape) { return getRankFrom(reshape.getShape()); })
          .Case([](ConstantOfShapeOp constant) { return getRankFrom(constant.getShape()); })
          .Case([](ExpandOp expand) -> PartialDims {
            PartialDims shape = getRankFrom(expand.getShape());
            if (!shape)
              return std::nullopt;
            size_t rank = std::max<size_t>(shape->size(), expand.getInput().getType().getRank());
            return SmallVector<ExprAttr>(rank);
          })
          .Case([](TileOp tile) { return getUnknown(tile.getInput()); })
          .Case([](DynamicSliceOp slice) { return getUnknown(slice.getInput()); })
          .Case([](DynamicPadOp pad) { return getUnknown(pad.getInput()); })
          .Case([](DynamicReduceOp reduce) { return getReduced(reduce); })
          .Case([](SqueezeOp squeeze) {
            return getWithRank(squeeze.getInput(), squeeze.getAxes(), -1);
          })
          .Case([](UnsqueezeOp unsqueeze) {
            return getWithRank(unsqueeze.getInput(), unsqueeze.getAxes(), 1);
          })
          .Case([](RangeOp) { return SmallVector<ExprAttr>(1); })
          .Default([](Operation *) { return std::nullopt; });
  return SmallVector<PartialDims>(op->getNumResults(), dims);
}

//===----------------------------------------------------------------------===//
// Library calls
//===----------------------------------------------------------------------===//

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

static FailureOr<PartialDims> inferArgReduction(LibraryCallOp op) {
  PartialDims dims = getDims(op.getInputs()[0]);
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
  FailureOr<int64_t> axis = getAxis(op, dims->size(), -1);
  if (failed(axis))
    return failure();
  std::optional<ShapeContext::Contents> count = context.bindContents(op.getInputs()[1]);
  (*dims)[*axis] = count && count->size() == 1 ? count->front() : ExprAttr();
  return dims;
}

static FailureOr<PartialDims> inferGatherNd(LibraryCallOp op) {
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
  FailureOr<int64_t> axis = getAxis(op, dims->size() + 1, -1);
  if (failed(axis))
    return failure();
  std::optional<ShapeContext::Contents> depth = context.bindContents(op.getInputs()[1]);
  dims->insert(dims->begin() + *axis, depth && depth->size() == 1 ? depth->front() : ExprAttr());
  return dims;
}

/// The dims that the first operand holds.
static PartialDims inferShaped(LibraryCallOp op, ShapeContext &context) {
  std::optional<ShapeContext::Contents> shape = context.bindContents(op.getInputs()[0]);
  return shape ? PartialDims(*shape) : getRankFrom(op.getInputs()[0]);
}

/// Without an ellipsis, whose dims may have any number.
static PartialDims inferEinsum(LibraryCallOp op) {
  auto attr = op.getParameters().getAs<StringAttr>("equation");
  if (!attr || attr.getValue().contains('.'))
    return std::nullopt;
  auto [left, right] = attr.getValue().split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  llvm::MapVector<char, ExprAttr> sizes;
  std::map<char, int> uses; // in the order of letters
  ExprAttr one = ExprAttr::constant(op.getContext(), 1);
  if (terms.size() != op.getInputs().size())
    return std::nullopt;
  for (auto [term, input] : llvm::zip_equal(terms, op.getInputs())) {
    std::string letters;
    llvm::copy_if(term, std::back_inserter(letters), llvm::isAlpha);
    PartialDims dims = getDims(input);
    if (dims->size() != letters.size())
      return std::nullopt;
    for (auto [letter, dim] : llvm::zip_equal(letters, *dims)) {
      ++uses[letter];
      ExprAttr &size = sizes[letter];
      size = !size || size == one ? dim : size;
    }
  }
  std::string result;
  if (attr.getValue().contains("->"))
    llvm::copy_if(right, std::back_inserter(result), llvm::isAlpha);
  else
    for (auto [letter, count] : uses)
      if (count == 1)
        result.push_back(letter);
  SmallVector<ExprAttr> dims;
  for (char letter : result) {
    if (!sizes.contains(letter))
      return std::nullopt;
    dims.push_back(sizes[letter]);
  }
  return dims;
}

/// The rank, and whether the elements are complex: the transformed dims depend on values.
static PartialDims inferSpectrum(LibraryCallOp op) {
  bool isWindowed = op.getCallee() == "stft";
  SmallVector<ExprAttr> dims(isWindowed ? 4 : getType(op.getInputs()[0]).getRank());
  if (isWindowed)
    dims[0] = getType(op.getInputs()[0]).getDim(0);
  return dims;
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
static PartialDims inferStack(LibraryCallOp op) {
  auto result = dyn_cast<OpResult>(op.getInputs()[0]);
  auto loop = result ? dyn_cast<LoopOp>(result.getOwner()) : LoopOp();
  if (!loop)
    return std::nullopt;
  auto insert = loop.getCarried()[result.getResultNumber()].getDefiningOp<LibraryCallOp>();
  if (!insert || insert.getCallee() != "sequence_insert" || insert.getInputs().size() < 2)
    return std::nullopt;
  PartialDims element = getDims(insert.getInputs()[1]);
  if (!element)
    return std::nullopt;
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
  return dims;
}

/// The dims of all results, by callee.
static FailureOr<PartialDims> inferDims(LibraryCallOp op, ShapeContext &context) {
  enum Rule {
    none,
    scalar,
    first,
    second,
    nonzero,
    vector,
    argReduction,
    topK,
    gatherNd,
    oneHot,
    matrices,
    samples,
    einsum,
    spectrum
  };
  Rule rule = llvm::StringSwitch<Rule>(op.getCallee())
                  .Cases({"sequence_length", "optional_has_element"}, scalar)
                  .Cases({"scatter_elements", "scatter_nd", "cumsum", "cumprod", "trilu",
                          "reverse_sequence", "bit_cast"},
                         first)
                  .Case("gather_elements", second)
                  .Case("nonzero", nonzero)
                  .Case("unique", vector)
                  .Cases({"arg_max", "arg_min"}, argReduction)
                  .Case("top_k", topK)
                  .Case("gather_nd", gatherNd)
                  .Case("one_hot", oneHot)
                  .Case("det", matrices)
                  .Case("multinomial", samples)
                  .Case("einsum", einsum)
                  .Cases({"dft", "stft"}, spectrum)
                  .Default(none);
  bool isKnown = llvm::all_of(op.getInputs(), [](Value input) {
    return isa<HandleType>(input.getType()) || getDims(input);
  });
  if (rule == scalar)
    return PartialDims(SmallVector<ExprAttr>());
  if (op.getCallee() == "shape")
    return PartialDims(SmallVector<ExprAttr>(1));
  if (op.getCallee() == "random_uniform" || op.getCallee() == "random_normal")
    return inferShaped(op, context);
  if (op.getCallee() == "mel_weight_matrix")
    return PartialDims(SmallVector<ExprAttr>(2));
  if (op.getCallee() == "stack" && op.getInputs().size() == 2)
    return inferStack(op);
  if (!isKnown || op.getInputs().empty() || rule == none ||
      !isa<PlannedType>(op.getInputs().front().getType()) ||
      (rule == second && !isa<PlannedType>(op.getInputs()[1].getType())))
    return PartialDims();
  switch (rule) {
  case first:
    return getDims(op.getInputs()[0]);
  case second:
    return getDims(op.getInputs()[1]);
  case nonzero: {
    int64_t rank = getType(op.getInputs()[0]).getRank();
    return PartialDims({ExprAttr::constant(op.getContext(), rank), ExprAttr()});
  }
  case vector:
    if (op.getParameters().contains("axis"))
      return PartialDims();
    return PartialDims(SmallVector<ExprAttr>(1));
  case argReduction:
    return inferArgReduction(op);
  case topK:
    return inferTopK(op, context);
  case gatherNd:
    return inferGatherNd(op);
  case oneHot:
    return inferOneHot(op, context);
  case matrices: {
    PartialDims dims = getDims(op.getInputs()[0]);
    return dims->size() < 2 ? PartialDims() : PartialDims(ArrayRef(*dims).drop_back(2));
  }
  case samples: {
    ExprAttr count = ExprAttr::constant(op.getContext(), getInt(op, "sample_size", 1));
    PartialDims dims = getDims(op.getInputs()[0]);
    return dims->empty() ? PartialDims() : PartialDims({dims->front(), count});
  }
  case einsum:
    return inferEinsum(op);
  case spectrum:
    return inferSpectrum(op);
  default:
    return PartialDims();
  }
}

FailureOr<SmallVector<PartialDims>> dlc::inferLibraryResults(LibraryCallOp op,
                                                             ShapeContext &context) {
  FailureOr<PartialDims> dims = inferDims(op, context);
  if (failed(dims))
    return failure();
  return SmallVector<PartialDims>(op.getNumResults(), *dims);
}
