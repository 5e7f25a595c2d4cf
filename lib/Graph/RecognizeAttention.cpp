// Makes attention one op: calls of the library function (AttentionCalls.cpp), and what exporters
// that have no operator for it write. What the op has no form for stays what it is.

#include "AttentionForm.h"
#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Views.h"

#include "mlir/IR/BuiltinOps.h"
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
// Products around a softmax
//===----------------------------------------------------------------------===//

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
  std::optional<double> blockedScore; // of pairs that a mask of i1 blocks; -infinity where absent
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
      if (std::optional<double> score = getScalar(select.getOperand(3 - index));
          score && select.getOperand(index).getType() == select.getType() &&
          findProducts(select.getOperand(index))) {
        (index == 1 ? allowed : blocked) = select.getCondition();
        if (*score != -std::numeric_limits<double>::infinity())
          blockedScore = score;
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
    AttentionForm form{createHeads(rewriter, loc, query), createHeads(rewriter, loc, key),
                       createHeads(rewriter, loc, value), createMask(rewriter, loc, found, query)};
    form.scale = scale;
    form.blocked = found.blockedScore;
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
    addAttentionCallPatterns(patterns);
    patterns.add<ProductsAroundSoftmax, TransposeOfMergedDims>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
