// Makes attention one op: calls of the library function, and what exporters that have no operator
// for it write. What the op has no form for stays a call (windows, lengths of the batch, small
// floats) or the ops that it is.

#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Emitters.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

#define DEBUG_TYPE "dlc-recognize-attention"

namespace dlc {
#define GEN_PASS_DEF_RECOGNIZEATTENTION
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// What an attention is
//===----------------------------------------------------------------------===//

namespace {
/// An attention whose queries, keys and values have the form batch x heads x length x size.
struct Form {
  Value query, key, value, mask; // mask may be null
  double scale = 1, softcap = 0; // softcap is 0 for none
  bool isCausal = false, isNanBlocked = false;

  SmallVector<ExprAttr> getScoreDims() const {
    SmallVector<ExprAttr> dims(getType(query).getDims());
    dims.back() = getType(key).getDim(2);
    return dims;
  }
  SmallVector<ExprAttr> getResultDims() const {
    SmallVector<ExprAttr> dims(getType(query).getDims());
    dims.back() = getType(value).getDim(3);
    return dims;
  }
};
} // namespace

/// Whether the factors have one form, as far as is known without a run.
static bool fitsFactors(const Form &form) {
  for (Value factor : {form.query, form.key, form.value})
    if (!isF32(factor) || getType(factor).getRank() != 4)
      return false;
  PlannedType query = getType(form.query), key = getType(form.key), value = getType(form.value);
  std::optional<int64_t> heads = query.getDim(1).getConstant(),
                         shared = key.getDim(1).getConstant();
  bool sharesHeads = heads && shared && *shared > 0 && *heads % *shared == 0;
  return query.getDim(0) == key.getDim(0) && (query.getDim(1) == key.getDim(1) || sharesHeads) &&
         key.getDims().take_front(3) == value.getDims().take_front(3) &&
         query.getDim(3) == key.getDim(3);
}

/// Whether the mask broadcasts to the scores, as is known without a run, and reaches to the last
/// key.
static bool fitsMask(const Form &form) {
  auto type = dyn_cast<PlannedType>(form.mask.getType());
  if (!type || !type.hasRank() || type.getRank() < 1 || type.getRank() > 4 ||
      !(isBool(type.getElementType()) || type.getElementType().isF32()))
    return false;
  SmallVector<ExprAttr> dims = form.getScoreDims();
  return llvm::all_of(llvm::zip_equal(type.getDims(), ArrayRef(dims).take_back(type.getRank())),
                      [](auto pair) {
                        auto [dim, to] = pair;
                        return dim == to || dim.getConstant() == 1;
                      });
}

static Value createAttention(PatternRewriter &rewriter, Location loc, const Form &form) {
  FloatAttr cap = form.softcap > 0 ? rewriter.getF32FloatAttr(form.softcap) : FloatAttr();
  return AttentionOp::create(
      rewriter, loc, PlannedType::get(form.getResultDims(), rewriter.getF32Type()), form.query,
      form.key, form.value, form.mask, rewriter.getF32FloatAttr(form.scale), cap,
      form.isCausal ? rewriter.getUnitAttr() : UnitAttr(),
      form.isNanBlocked ? rewriter.getUnitAttr() : UnitAttr());
}

//===----------------------------------------------------------------------===//
// Calls of the library
//===----------------------------------------------------------------------===//

static bool isAbsent(LibraryCallOp call, size_t index) {
  return index >= call.getInputs().size() || call.getInputs()[index].getDefiningOp<AbsentOp>();
}

/// Whether attributes ask for nothing that the op has no form for.
static bool isPlain(DictionaryAttr attributes) {
  auto isInt = [&](StringRef name, int64_t plain) {
    auto attr = attributes.getAs<IntegerAttr>(name);
    return !attr || attr.getInt() == plain;
  };
  return isInt("left_window_size", -1) && isInt("right_window_size", -1) &&
         isInt("softmax_precision", /*FLOAT*/ 1);
}

/// The form of a call; nothing where there is none.
static std::optional<Form> getForm(LibraryCallOp call) {
  if (call.getCallee() != "attention" || call.getNumResults() != 1 ||
      !isPlain(call.getParameters()) || call.getInputs().size() < 3)
    return std::nullopt;
  for (size_t index : {4, 5, 6})
    if (!isAbsent(call, index))
      return std::nullopt;
  Form form{call.getInputs()[0], call.getInputs()[1], call.getInputs()[2],
            isAbsent(call, 3) ? Value() : call.getInputs()[3]};
  // A mask that ends before the last key leaves the rest out: it does not broadcast.
  bool reachesEnd =
      !form.mask || (isa<PlannedType>(form.mask.getType()) && fitsFactors(form) &&
                     getType(form.mask).hasRank() && getType(form.mask).getRank() > 0 &&
                     getType(form.mask).getDims().back() == getType(form.key).getDim(2));
  if (!fitsFactors(form) || !reachesEnd || (form.mask && !fitsMask(form)))
    return std::nullopt;
  auto causal = call.getParameters().getAs<IntegerAttr>("is_causal");
  form.isCausal = causal && causal.getInt() != 0;
  if (auto cap = call.getParameters().getAs<FloatAttr>("softcap"))
    form.softcap = cap.getValueAsDouble();
  std::optional<int64_t> size = getType(form.query).getDim(3).getConstant();
  if (auto scale = call.getParameters().getAs<FloatAttr>("scale"))
    form.scale = scale.getValueAsDouble();
  else if (size)
    form.scale = 1 / std::sqrt(static_cast<double>(*size));
  else
    return std::nullopt;
  return form;
}

namespace {
/// A call that has the form of the op.
struct AttentionCall : OpRewritePattern<LibraryCallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const override {
    std::optional<Form> form = getForm(op);
    if (!form ||
        PlannedType::get(form->getResultDims(), rewriter.getF32Type()) != op.getResult(0).getType())
      return rewriter.notifyMatchFailure(op, "no attention of one step, or dims may broadcast");
    rewriter.replaceOp(op, createAttention(rewriter, op.getLoc(), *form));
    return success();
  }
};
} // namespace

/// batch x heads x length x size of batch x length x heads * size, a constant multiple of the
/// heads.
static Value splitHeads(PatternRewriter &rewriter, Location loc, Value joined, int64_t heads) {
  PlannedType type = getType(joined);
  int64_t hidden = *type.getDim(2).getConstant();
  auto constant = [&](int64_t size) { return ExprAttr::constant(rewriter.getContext(), size); };
  ExprAttr batch = type.getDim(0), length = type.getDim(1);
  ExprAttr count = constant(heads), size = constant(hidden / heads);
  Type elementType = type.getElementType();
  Value split = ViewOp::create(rewriter, loc,
                               PlannedType::get({batch, length, count, size}, elementType), joined);
  return TransposeOp::create(rewriter, loc,
                             PlannedType::get({batch, count, length, size}, elementType), split,
                             rewriter.getDenseI64ArrayAttr({0, 2, 1, 3}));
}

namespace {
/// Attention over joined heads is one over heads.
struct SplitHeads : OpRewritePattern<LibraryCallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const override {
    DictionaryAttr parameters = op.getParameters();
    auto queryHeads = parameters.getAs<IntegerAttr>("q_num_heads");
    auto keyHeads = parameters.getAs<IntegerAttr>("kv_num_heads");
    if (op.getCallee() != "attention" || op.getNumResults() != 1 || !isPlain(parameters) ||
        !queryHeads || !keyHeads || keyHeads.getInt() < 1 || queryHeads.getInt() < 1 ||
        queryHeads.getInt() % keyHeads.getInt() != 0)
      return rewriter.notifyMatchFailure(op, "no attention of one step over joined heads");
    auto isJoined = [](Value value) { return isF32(value) && getType(value).getRank() == 3; };
    SmallVector<Value> operands(op.getInputs());
    if (!llvm::all_of(ArrayRef(operands).take_front(3), isJoined) || !isJoined(op.getResult(0)))
      return rewriter.notifyMatchFailure(op, "no joined heads of f32");
    auto getHeads = [&](size_t index) { return (index == 0 ? queryHeads : keyHeads).getInt(); };
    for (size_t index : {0, 1, 2})
      if (std::optional<int64_t> hidden = getType(operands[index]).getDim(2).getConstant();
          !hidden || *hidden % getHeads(index) != 0)
        return rewriter.notifyMatchFailure(op, "heads of a size that only the run knows");
    for (size_t index : {0, 1, 2})
      operands[index] = splitHeads(rewriter, op.getLoc(), operands[index], getHeads(index));
    NamedAttrList attributes(parameters);
    attributes.erase("q_num_heads");
    attributes.erase("kv_num_heads");
    SmallVector<ExprAttr> dims(getType(operands[0]).getDims());
    dims[3] = getType(operands[2]).getDim(3);
    auto call = LibraryCallOp::create(
        rewriter, op.getLoc(), PlannedType::get(dims, rewriter.getF32Type()), op.getCallee(),
        operands, ValueRange(), attributes.getDictionary(op.getContext()));
    std::swap(dims[1], dims[2]);
    Value rows =
        TransposeOp::create(rewriter, op.getLoc(), PlannedType::get(dims, rewriter.getF32Type()),
                            call.getResult(0), rewriter.getDenseI64ArrayAttr({0, 2, 1, 3}));
    rewriter.replaceOpWithNewOp<ViewOp>(op, op.getResult(0).getType(), rows);
    return success();
  }
};
} // namespace

//===----------------------------------------------------------------------===//
// Products around a softmax
//===----------------------------------------------------------------------===//

static bool isBlockedScore(Value value) {
  return getScalar(value) == -std::numeric_limits<double>::infinity();
}

/// What `value` is before it is multiplied and divided by scalars, which `scale` takes.
static Value stripScale(Value value, double &scale, bool onlyUse) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<MulOp, DivOp>(op) || (onlyUse && !op->hasOneUse()))
      break;
    bool isQuotient = isa<DivOp>(op);
    std::optional<double> right = getScalar(op->getOperand(1));
    std::optional<double> left = isQuotient ? std::nullopt : getScalar(op->getOperand(0));
    Value scaled = op->getOperand(right ? 0 : 1);
    double factor = right ? (isQuotient ? 1 / *right : *right) : left.value_or(0);
    if ((!left && !right) || !std::isfinite(factor) || scaled.getType() != value.getType())
      break;
    scale *= factor;
    value = scaled;
  }
  return value;
}

namespace {
/// Finds the parts of an attention from its second product on.
class Finder {
public:
  explicit Finder(MatmulOp values) : values(values) {}

  /// Null, or why there is no attention.
  const char *find();

  MatmulOp values, products;
  Value mask, allowed, blocked; // at most one: of f32, or i1 where scores count, or where not
  double scale = 1;
  bool isNanBlocked = true;

private:
  Value getWeights();
  bool findProducts(Value scores);
  bool findMaskedProducts(Value scores);
};
} // namespace

/// The softmax, of whose NaNs a guard may make zeros.
Value Finder::getWeights() {
  auto guard = values.getLhs().getDefiningOp<SelectOp>();
  auto isNan = guard ? guard.getCondition().getDefiningOp<IsNanOp>() : IsNanOp();
  if (!isNan || getScalar(guard.getOperand(1)) != 0.0 ||
      isNan->getOperand(0) != guard.getOperand(2) || !guard->hasOneUse() || !isNan->hasOneUse())
    return values.getLhs();
  isNanBlocked = false;
  return guard.getOperand(2);
}

/// Scores without a mask.
bool Finder::findProducts(Value scores) {
  double factor = 1;
  auto matmul = stripScale(scores, factor, /*onlyUse=*/true).getDefiningOp<MatmulOp>();
  if (!matmul || !matmul->hasOneUse() || matmul.getBias() || matmul.getTransposeLhs() ||
      matmul.getType() != scores.getType())
    return false;
  products = matmul;
  scale = factor;
  return true;
}

bool Finder::findMaskedProducts(Value scores) {
  Operation *op = scores.getDefiningOp();
  if (op && op->hasOneUse() && isa<AddOp>(op))
    for (unsigned index : {0, 1})
      if (op->getOperand(index).getType() == scores.getType() &&
          findProducts(op->getOperand(index))) {
        mask = op->getOperand(1 - index);
        return true;
      }
  if (auto select = dyn_cast_or_null<SelectOp>(op); select && select->hasOneUse())
    for (unsigned index : {1, 2})
      if (isBlockedScore(select.getOperand(3 - index)) && findProducts(select.getOperand(index))) {
        (index == 1 ? allowed : blocked) = select.getCondition();
        return true;
      }
  return findProducts(scores);
}

const char *Finder::find() {
  auto softmax = getWeights().getDefiningOp<SoftmaxOp>();
  int64_t rank = softmax && isF32(softmax) ? softmax.getType().getRank() : 0;
  if (rank < 2 || rank > 4 || softmax.getLog() || softmax.getDim() != rank - 1 ||
      values.getBias() || values.getTransposeLhs() ||
      !softmax.getResult().hasNUses(isNanBlocked ? 1 : 2) ||
      softmax.getInput().getType() != softmax.getType())
    return "no product of a softmax";
  if (getType(values.getRhs()).getRank() != rank || !findMaskedProducts(softmax.getInput()))
    return "no softmax of a product";
  if (getType(products.getLhs()).getRank() != rank || getType(products.getRhs()).getRank() != rank)
    return "no product of matrices for each head";
  return nullptr;
}

/// batch x heads x length x size, with one head or one of a batch where there are fewer dims.
static Value createHeads(PatternRewriter &rewriter, Location loc, Value value) {
  SmallVector<ExprAttr> dims(getType(value).getDims());
  if (dims.size() == 4)
    return value;
  dims.insert(dims.end() - 2, 4 - dims.size(), ExprAttr::constant(rewriter.getContext(), 1));
  return ViewOp::create(rewriter, loc, PlannedType::get(dims, getType(value).getElementType()),
                        value);
}

static Value createTransposed(PatternRewriter &rewriter, Location loc, Value value) {
  SmallVector<ExprAttr> dims(getType(value).getDims());
  auto order = llvm::to_vector(llvm::seq<int64_t>(dims.size()));
  std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  std::swap(order[dims.size() - 1], order[dims.size() - 2]);
  return TransposeOp::create(rewriter, loc, PlannedType::get(dims, getType(value).getElementType()),
                             value, rewriter.getDenseI64ArrayAttr(order));
}

namespace {
/// softmax(query * key^T * scale + mask) * value; scales may be in front of the product.
struct ProductsAroundSoftmax : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    Finder found(op);
    if (const char *reason = found.find())
      return rewriter.notifyMatchFailure(op, reason);
    double scale = found.scale;
    Value query = stripScale(found.products.getLhs(), scale, /*onlyUse=*/false);
    Value key = stripScale(found.products.getRhs(), scale, /*onlyUse=*/false);
    if (!(scale > 0)) // the definition of attention takes its root
      return rewriter.notifyMatchFailure(op, "no positive scale");
    if (failed(checkDims(op, found, query, key)))
      return rewriter.notifyMatchFailure(op, "dims that broadcast, or that no kernel takes");
    Location loc = rewriter.getFusedLoc({found.products.getLoc(), op.getLoc()});
    if (!found.products.getTransposeRhs())
      key = createTransposed(rewriter, loc, key);
    Value value = op.getRhs();
    if (op.getTransposeRhs())
      value = createTransposed(rewriter, loc, value);
    Form form{createHeads(rewriter, loc, query), createHeads(rewriter, loc, key),
              createHeads(rewriter, loc, value), createMask(rewriter, loc, found, query)};
    form.scale = scale;
    form.isNanBlocked = found.isNanBlocked;
    Value result = createAttention(rewriter, loc, form);
    if (result.getType() != op.getType())
      result = ViewOp::create(rewriter, loc, op.getType(), result);
    rewriter.replaceOp(op, result);
    return success();
  }

private:
  static LogicalResult checkDims(MatmulOp op, const Finder &found, Value query, Value key);
  static Value createMask(PatternRewriter &rewriter, Location loc, const Finder &found,
                          Value query);
};
} // namespace

/// All operands must have the same dims but the last two, and those that one product with its
/// factors has; a mask those of the scores or 1.
LogicalResult ProductsAroundSoftmax::checkDims(MatmulOp op, const Finder &found, Value query,
                                               Value key) {
  auto getMatrix = [](Value value, bool isTransposed) {
    auto dims = llvm::to_vector(getType(value).getDims().take_back(2));
    if (isTransposed)
      std::swap(dims[0], dims[1]);
    return dims;
  };
  auto products = found.products;
  ArrayRef<ExprAttr> batch = getType(query).getDims().drop_back(2);
  for (Value other : {key, Value(op.getRhs())})
    if (!isF32(other) || getType(other).getDims().drop_back(2) != batch)
      return failure();
  SmallVector<ExprAttr> queries = getMatrix(query, false),
                        keys = getMatrix(key, !products.getTransposeRhs()),
                        values = getMatrix(op.getRhs(), op.getTransposeRhs());
  if (!isF32(query) || queries[1] != keys[1] || keys[0] != values[0])
    return failure();
  for (Value mask : {found.mask, found.allowed, found.blocked}) {
    if (!mask)
      continue;
    auto type = getType(mask);
    ArrayRef<ExprAttr> scores = products.getType().getDims();
    bool isFloat = type.getElementType().isF32();
    if (!type.hasRank() || type.getRank() < 1 || type.getRank() > int64_t(scores.size()) ||
        isFloat != (mask == found.mask))
      return failure();
    for (auto [dim, to] : llvm::zip_equal(type.getDims(), scores.take_back(type.getRank())))
      if (dim != to && dim.getConstant() != 1)
        return failure();
  }
  return success();
}

/// The mask with a dim for the heads.
Value ProductsAroundSoftmax::createMask(PatternRewriter &rewriter, Location loc,
                                        const Finder &found, Value query) {
  Value mask = found.mask ? found.mask : found.allowed;
  if (found.blocked)
    mask = NotOp::create(rewriter, loc, found.blocked.getType(), found.blocked);
  // Of three dims the first is the batch, which has one head.
  bool isShort = mask && getType(mask).getRank() == 3 && getType(query).getRank() == 3;
  return isShort ? createHeads(rewriter, loc, mask) : mask;
}

//===----------------------------------------------------------------------===//
// Moves of heads
//===----------------------------------------------------------------------===//

namespace {
/// A transposition of merged dims that are cut again behind it can move these dims themselves.
struct TransposeOfMergedDims : OpRewritePattern<ViewOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ViewOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<TransposeOp>();
    auto merge = transpose && transpose->hasOneUse() ? transpose.getInput().getDefiningOp<ViewOp>()
                                                     : ViewOp();
    if (!merge)
      return rewriter.notifyMatchFailure(op, "no view of a transposed view");
    PlannedType input = getType(merge.getInput());
    SmallVector<SmallVector<int64_t>> sources; // of each merged dim
    int64_t next = 0;
    for (auto [from, to] : getViewGroups(merge)) {
      if (to != 1)
        return rewriter.notifyMatchFailure(op, "the first view cuts dims");
      sources.push_back(llvm::to_vector(llvm::seq(next, next + from)));
      next += from;
    }
    SmallVector<int64_t> order;
    for (int64_t dim : transpose.getSourceDims())
      llvm::append_range(order, sources[dim]);
    SmallVector<ExprAttr> dims =
        llvm::map_to_vector(order, [&](int64_t dim) { return input.getDim(dim); });
    auto isLong = [](ExprAttr dim) { return dim.getConstant() != 1; };
    if (!llvm::equal(llvm::make_filter_range(dims, isLong),
                     llvm::make_filter_range(op.getType().getDims(), isLong)))
      return rewriter.notifyMatchFailure(op, "other dims than were merged");
    auto type = PlannedType::get(dims, input.getElementType());
    Value moved = TransposeOp::create(rewriter, op.getLoc(), type, merge.getInput(),
                                      rewriter.getDenseI64ArrayAttr(order));
    if (type != op.getType())
      moved = ViewOp::create(rewriter, op.getLoc(), op.getType(), moved);
    rewriter.replaceOp(op, moved);
    return success();
  }
};

struct RecognizeAttention : dlc::impl::RecognizeAttentionBase<RecognizeAttention> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitHeads, AttentionCall, ProductsAroundSoftmax, TransposeOfMergedDims>(
        &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
