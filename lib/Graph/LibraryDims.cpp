// The dims of the results of library calls, by callee, as far as they are known before the run.

#include "Inference.h"

#include "dlc/IR/Expr.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

#include <map>

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
  std::optional<ShapeContext::Contents> count = context.bindSizes(op.getInputs()[1], op);
  ExprAttr wanted = count && count->size() == 1 ? count->front() : ExprAttr();
  std::optional<int64_t> known = wanted ? wanted.getConstant() : std::nullopt;
  std::optional<int64_t> size = (*dims)[*axis].getConstant();
  if (known && size && *known > *size)
    return op.emitError("expected k to be at most ") << *size << ", found " << *known;
  (*dims)[*axis] = wanted;
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
  std::optional<ShapeContext::Contents> depth = context.bindSizes(op.getInputs()[1], op);
  dims->insert(dims->begin() + *axis, depth && depth->size() == 1 ? depth->front() : ExprAttr());
  return dims;
}

/// As dlc.pool does.
static FailureOr<PartialDims> inferMaxPool(LibraryCallOp op, ShapeContext &) {
  PartialDims input = getDims(op.getInputs()[0]);
  if (!input)
    return input;
  auto get = [&](StringRef name) {
    auto attr = op.getParameters().getAs<DenseI64ArrayAttr>(name);
    return attr ? attr.asArrayRef() : ArrayRef<int64_t>();
  };
  ArrayRef<int64_t> kernel = get("kernel");
  if (kernel.empty() || input->size() != kernel.size() + 2)
    return op.emitError("expected a kernel of two dims less than the input, found ")
           << kernel.size();
  OpBuilder builder(op);
  auto pool = PoolOp::create(
      builder, op.getLoc(),
      PlannedType::getUnranked(cast<PlannedType>(op.getResultTypes()[0]).getElementType()),
      ReduceKind::max, op.getInputs()[0], kernel, get("strides"), get("pads"), get("dilations"),
      getInt(op, "ceil", 0) != 0, /*include_pads=*/false);
  SmallVector<PlannedType> types;
  LogicalResult inferred = pool.inferShapes(types);
  pool.erase();
  if (failed(inferred))
    return failure();
  return PartialDims(llvm::to_vector(types.front().getDims()));
}

/// The dims that a normalization runs over are 1 in its mean and deviation.
static FailureOr<SmallVector<PartialDims>> inferLayerNorm(LibraryCallOp op, ShapeContext &) {
  PartialDims dims = getDims(op.getInputs()[0]), rows = dims;
  if (!dims)
    return SmallVector<PartialDims>(op.getNumResults());
  FailureOr<int64_t> axis = getAxis(op, dims->size(), -1);
  if (failed(axis))
    return failure();
  for (ExprAttr &dim : MutableArrayRef(*rows).drop_front(*axis))
    dim = ExprAttr::constant(op.getContext(), 1);
  SmallVector<PartialDims> all(op.getNumResults(), rows);
  all[0] = dims;
  return all;
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

/// Without an ellipsis, whose dims may have any number.
static FailureOr<PartialDims> inferEinsum(LibraryCallOp op, ShapeContext &) {
  auto attr = op.getParameters().getAs<StringAttr>("equation");
  if (!attr || attr.getValue().contains('.'))
    return PartialDims();
  auto [left, right] = attr.getValue().split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');
  llvm::MapVector<char, ExprAttr> sizes;
  std::map<char, int> uses; // in the order of letters
  ExprAttr one = ExprAttr::constant(op.getContext(), 1);
  if (terms.size() != op.getInputs().size())
    return op.emitError("expected an equation of ")
           << op.getInputs().size() << " terms, found " << attr;
  for (auto [term, input] : llvm::zip_equal(terms, op.getInputs())) {
    std::string letters;
    llvm::copy_if(term, std::back_inserter(letters), llvm::isAlpha);
    PartialDims dims = getDims(input);
    if (!dims)
      return PartialDims();
    if (dims->size() != letters.size())
      return op.emitError("expected '")
             << letters << "' of the equation to have a letter for each dim of " << input.getType();
    for (auto [letter, dim] : llvm::zip_equal(letters, *dims)) {
      ++uses[letter];
      ExprAttr &size = sizes[letter];
      std::optional<int64_t> known = size ? size.getConstant() : std::nullopt;
      if (known && dim.getConstant() && *known != 1 && dim != one && size != dim)
        return op.emitError("expected dims '") << letter << "' of the equation to be equal, found "
                                               << *known << " and " << *dim.getConstant();
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
      return PartialDims();
    dims.push_back(sizes[letter]);
  }
  return PartialDims(dims);
}

/// Of a transformed dim only the run knows the size.
static FailureOr<PartialDims> inferDft(LibraryCallOp op, ShapeContext &) {
  PartialDims dims = getDims(op.getInputs()[0]);
  return dims ? PartialDims(SmallVector<ExprAttr>(dims->size())) : dims;
}

static FailureOr<PartialDims> inferStft(LibraryCallOp op, ShapeContext &) {
  SmallVector<ExprAttr> dims(4);
  if (PartialDims signal = getDims(op.getInputs()[0]); signal && !signal->empty())
    dims[0] = signal->front();
  dims[3] = ExprAttr::constant(op.getContext(), 2);
  return PartialDims(dims);
}

static FailureOr<PartialDims> inferDeterminants(LibraryCallOp op, ShapeContext &) {
  PartialDims dims = getDims(op.getInputs()[0]);
  if (!dims || dims->size() < 2)
    return PartialDims();
  return PartialDims(ArrayRef(*dims).drop_back(2));
}

static FailureOr<PartialDims> inferSamples(LibraryCallOp op, ShapeContext &) {
  PartialDims dims = getDims(op.getInputs()[0]);
  if (!dims || dims->empty())
    return PartialDims();
  ExprAttr count = ExprAttr::constant(op.getContext(), getInt(op, "sample_size", 1));
  return PartialDims({dims->front(), count});
}

/// The dims that the first operand holds.
static FailureOr<PartialDims> inferShaped(LibraryCallOp op, ShapeContext &context) {
  std::optional<ShapeContext::Contents> shape = context.bindSizes(op.getInputs()[0], op);
  return shape ? PartialDims(*shape) : PartialDims();
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
  if (loop.getTripAttr() && !loop.getCondition() && isKnownNonNegative(loop.getTripAttr()))
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

/// One sample of each channel at each point of the grid.
static FailureOr<PartialDims> inferGridSample(LibraryCallOp op, ShapeContext &) {
  PartialDims data = getDims(op.getInputs()[0]), grid = getDims(op.getInputs()[1]);
  if (!data || !grid || data->size() < 3 || grid->size() != data->size())
    return PartialDims();
  SmallVector<ExprAttr> dims(ArrayRef(*data).take_front(2));
  llvm::append_range(dims, ArrayRef(*grid).drop_front().drop_back());
  return PartialDims(dims);
}

static FailureOr<PartialDims> inferRoiAlign(LibraryCallOp op, ShapeContext &) {
  SmallVector<ExprAttr> dims(4);
  if (PartialDims regions = getDims(op.getInputs()[1]); regions && regions->size() == 2)
    dims[0] = regions->front();
  if (PartialDims data = getDims(op.getInputs()[0]); data && data->size() == 4)
    dims[1] = (*data)[1];
  for (auto [place, name] : {std::pair(2, "output_height"), std::pair(3, "output_width")})
    dims[place] = ExprAttr::constant(op.getContext(), getInt(op, name, 1));
  return PartialDims(dims);
}

static FailureOr<PartialDims> inferDeformConv(LibraryCallOp op, ShapeContext &) {
  PartialDims data = getDims(op.getInputs()[0]), filter = getDims(op.getInputs()[1]);
  PartialDims offsets = getDims(op.getInputs()[2]);
  if (!data || !filter || !offsets || data->size() != 4 || filter->size() != 4 ||
      offsets->size() != 4)
    return PartialDims();
  return PartialDims({(*data)[0], (*filter)[0], (*offsets)[2], (*offsets)[3]});
}

/// The first two dims stay; the others are what an operand or the attributes say.
static FailureOr<PartialDims> inferMaxUnpool(LibraryCallOp op, ShapeContext &) {
  PartialDims dims = getDims(op.getInputs()[0]);
  if (!dims)
    return dims;
  return PartialDims(SmallVector<ExprAttr>(dims->size()));
}

/// N x C * elements of a block x columns become N x C x the dims of the image.
static FailureOr<PartialDims> inferCol2Im(LibraryCallOp op, ShapeContext &context) {
  std::optional<ShapeContext::Contents> image = context.bindSizes(op.getInputs()[1], op),
                                        block = context.getContents(op.getInputs()[2]);
  PartialDims columns = getDims(op.getInputs()[0]);
  if (!image)
    return PartialDims();
  SmallVector<ExprAttr> dims(2);
  if (columns && columns->size() == 3) {
    ExprAttr taps = block ? getProduct(op.getContext(), *block) : ExprAttr();
    dims[0] = columns->front();
    if (int64_t count = taps ? taps.getConstant().value_or(0) : 0; count > 0)
      dims[1] = floorDiv((*columns)[1], count);
  }
  llvm::append_range(dims, *image);
  return PartialDims(dims);
}

static FailureOr<PartialDims> inferSuppression(LibraryCallOp op, ShapeContext &) {
  return PartialDims({ExprAttr(), ExprAttr::constant(op.getContext(), 3)});
}

/// Tensors of heads: batch x heads x length x size, or batch x length x heads * size where the call
/// says how many heads there are.
static FailureOr<SmallVector<PartialDims>> inferAttention(LibraryCallOp op, ShapeContext &) {
  SmallVector<PartialDims> results(op.getNumResults());
  PartialDims query = getDims(op.getInputs()[0]), key = getDims(op.getInputs()[1]);
  PartialDims value = getDims(op.getInputs()[2]), past = SmallVector<ExprAttr>();
  bool isJoined = query && query->size() == 3;
  auto splitHeads = [&](PartialDims &dims, StringRef attribute) {
    if (!dims || dims->size() != 3)
      return;
    int64_t heads = std::max<int64_t>(1, getInt(op, attribute, 1));
    ExprAttr hidden = dims->back();
    dims = {(*dims)[0], ExprAttr::constant(op.getContext(), heads), (*dims)[1],
            floorDiv(hidden, heads)};
  };
  splitHeads(query, "q_num_heads");
  splitHeads(key, "kv_num_heads");
  splitHeads(value, "kv_num_heads");
  if (op.getInputs().size() > 4 && !op.getInputs()[4].getDefiningOp<AbsentOp>())
    past = getDims(op.getInputs()[4]);
  auto hasFour = [](const PartialDims &dims) { return dims && dims->size() == 4; };
  if (!hasFour(query) || !hasFour(key) || !hasFour(value) || !past ||
      (!past->empty() && past->size() != 4))
    return results;
  ExprAttr total = past->empty() ? (*key)[2] : (*past)[2] + (*key)[2];
  SmallVector<PartialDims> all(4, query);
  all[1] = key, all[2] = value;
  (*all[1])[2] = (*all[2])[2] = (*all[3])[3] = total;
  (*all[0])[3] = (*value)[3];
  if (isJoined)
    all[0] = {(*query)[0], (*query)[2], (*query)[1] * (*value)[3]};
  all.truncate(op.getNumResults());
  return all;
}

static FailureOr<SmallVector<PartialDims>> inferLinearAttention(LibraryCallOp op, ShapeContext &) {
  SmallVector<PartialDims> results(op.getNumResults());
  PartialDims query = getDims(op.getInputs()[0]), value = getDims(op.getInputs()[2]);
  int64_t heads = getInt(op, "kv_num_heads", 0), queryHeads = getInt(op, "q_num_heads", 0);
  if (!query || !value || query->size() != 3 || value->size() != 3 || heads < 1 || queryHeads < 1)
    return results;
  ExprAttr valueSize = floorDiv(value->back(), heads),
           keySize = floorDiv(query->back(), queryHeads);
  results[0] = {(*query)[0], (*query)[1], valueSize * queryHeads};
  if (results.size() > 1)
    results[1] = {(*query)[0], ExprAttr::constant(op.getContext(), heads), keySize, valueSize};
  return results;
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
      .Case("attention", inferAttention)
      .Case("linear_attention", inferLinearAttention)
      .Cases({"scatter_elements", "scatter_nd", "cumsum", "cumprod", "trilu", "reverse_sequence",
              "bit_cast", "cast", "rotary_embedding", "tensor_scatter", "label_encoder",
              "regex_full_match"},
             forAll<copyDims<0>>)
      .Case("gather_elements", forAll<copyDims<1>>)
      .Case("max_pool_indices", forAll<inferMaxPool>)
      .Case("nonzero", forAll<inferNonZero>)
      .Case("unique", forAll<inferUnique>)
      .Cases({"arg_max", "arg_min"}, forAll<inferArgReduction>)
      .Case("layer_norm", inferLayerNorm)
      .Case("grid_sample", forAll<inferGridSample>)
      .Case("col2im", forAll<inferCol2Im>)
      .Case("roi_align", forAll<inferRoiAlign>)
      .Case("deform_conv", forAll<inferDeformConv>)
      .Case("max_unpool", forAll<inferMaxUnpool>)
      .Case("non_max_suppression", forAll<inferSuppression>)
      .Case("top_k", forAll<inferTopK>)
      .Case("gather_nd", forAll<inferGatherNd>)
      .Case("one_hot", forAll<inferOneHot>)
      .Case("einsum", forAll<inferEinsum>)
      .Case("det", forAll<inferDeterminants>)
      .Case("dft", forAll<inferDft>)
      .Case("stft", forAll<inferStft>)
      .Case("mel_weight_matrix", forAll<unknownDims<2>>)
      .Cases({"random_normal", "random_uniform"}, forAll<inferShaped>)
      .Case("multinomial", forAll<inferSamples>)
      .Default(nullptr);
}

FailureOr<SmallVector<PartialDims>> dlc::inferLibraryResults(LibraryCallOp op,
                                                             ShapeContext &context) {
  if (Rule rule = getRule(op.getCallee()))
    return rule(op, context);
  return SmallVector<PartialDims>(op.getNumResults());
}
