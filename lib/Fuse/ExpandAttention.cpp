// Makes attention that no kernel takes whole matrix products around a softmax, for which there are
// kernels: with heads that are large or of a size that only the run knows.

#include "dlc/Fuse/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Emitters.h"
#include "dlc/IR/Program.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "dlc-expand-attention"

namespace dlc {
#define GEN_PASS_DEF_EXPANDATTENTION
#include "dlc/Fuse/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

static constexpr double infinity = std::numeric_limits<double>::infinity();

namespace {
/// Creates the ops that one attention is.
class Pieces {
public:
  Pieces(PatternRewriter &rewriter, AttentionOp attention)
      : rewriter(rewriter), attention(attention), loc(attention.getLoc()) {}

  /// The result of the attention.
  Value expand();

private:
  Value getScalar(double value) {
    return ConstantOp::create(rewriter, loc, rewriter.getF32FloatAttr(value));
  }
  ExprAttr getSize(int64_t size) { return ExprAttr::constant(rewriter.getContext(), size); }
  PlannedType getF32(ArrayRef<ExprAttr> dims) {
    return PlannedType::get(dims, rewriter.getF32Type());
  }
  template <typename Op, typename... Args> Value create(Type type, Args &&...args) {
    return Op::create(rewriter, loc, type, std::forward<Args>(args)...);
  }

  Value createScores();
  Value createCausal();
  Value createBias();
  Value createGuard(Value bias, Value result);
  Value createProduct(Value lhs, Value rhs, bool transposesRhs, ArrayRef<ExprAttr> dims);

  PatternRewriter &rewriter;
  AttentionOp attention;
  Location loc;
};
} // namespace

/// The product, B x H x rows x columns, of each head of `lhs`, B x H, with the one of `rhs`, B x G,
/// that it shares with its neighbours.
Value Pieces::createProduct(Value lhs, Value rhs, bool transposesRhs, ArrayRef<ExprAttr> dims) {
  auto left = cast<PlannedType>(lhs.getType()), right = cast<PlannedType>(rhs.getType());
  bool isShared = left.getDim(1) != right.getDim(1);
  SmallVector<ExprAttr> product(dims);
  if (isShared) {
    ExprAttr groups = right.getDim(1);
    ExprAttr neighbours = getSize(*left.getDim(1).getConstant() / *groups.getConstant());
    auto split = [&](ArrayRef<ExprAttr> from, ExprAttr heads) {
      SmallVector<ExprAttr> to{from[0], groups, heads, from[2], from[3]};
      return to;
    };
    lhs = create<ViewOp>(getF32(split(left.getDims(), neighbours)), lhs);
    rhs = create<ViewOp>(getF32(split(right.getDims(), getSize(1))), rhs);
    product = split(dims, neighbours);
  }
  Value result =
      create<MatmulOp>(getF32(product), lhs, rhs, Value(), /*transpose_lhs=*/false, transposesRhs);
  return isShared ? create<ViewOp>(getF32(dims), result) : result;
}

/// B x H x L x T, before the mask.
Value Pieces::createScores() {
  Value query = attention.getQuery();
  auto scale = attention.getScale().convertToDouble();
  if (scale != 1)
    query = create<MulOp>(query.getType(), query, getScalar(scale));
  SmallVector<ExprAttr> dims = attention.getScoreDims();
  Value scores = createProduct(query, attention.getKey(), /*transposesRhs=*/true, dims);
  if (!attention.getSoftcap())
    return scores;
  Value cap = getScalar(attention.getSoftcap()->convertToDouble());
  scores = create<DivOp>(scores.getType(), scores, cap);
  scores = create<TanhOp>(scores.getType(), scores);
  return create<MulOp>(scores.getType(), scores, cap);
}

/// Which of the keys are not behind each query.
Value Pieces::createCausal() {
  ExprAttr rows = attention.getScoreDims()[2], columns = attention.getScoreDims()[3];
  Type i64 = rewriter.getI64Type();
  Value query = create<IotaOp>(PlannedType::get({rows}, i64), getSize(0), getSize(1));
  Value key = create<IotaOp>(PlannedType::get({columns}, i64), getSize(0), getSize(1));
  Value places = create<ViewOp>(PlannedType::get({rows, getSize(1)}, i64), query);
  return create<LessEqualOp>(PlannedType::get({rows, columns}, rewriter.getI1Type()), key, places);
}

/// What is added to the scores; null where nothing is.
Value Pieces::createBias() {
  bool isCausal = attention.getIsCausal();
  Value allowed = isCausal ? createCausal() : Value(), added = getScalar(0);
  ExprAttr rows = attention.getScoreDims()[2];
  SmallVector<ExprAttr> dims;
  Value mask = attention.getBlocked() ? Value() : attention.getMask();
  if (mask) {
    auto type = cast<PlannedType>(mask.getType());
    dims = llvm::to_vector(type.getDims());
    if (isCausal) {
      if (dims.size() == 1)
        dims.insert(dims.begin(), rows);
      dims[dims.size() - 2] = rows;
      dims.back() = attention.getScoreDims()[3];
    }
    if (!isBool(type.getElementType()))
      added = mask;
    else if (!allowed)
      allowed = mask;
    else
      allowed = create<AndOp>(PlannedType::get(dims, rewriter.getI1Type()), mask, allowed);
  } else if (isCausal) {
    dims = {rows, attention.getScoreDims()[3]};
  }
  if (!allowed)
    return mask;
  return create<SelectOp>(getF32(dims), allowed, added, getScalar(-infinity));
}

/// Zero where the bias of a query lets it attend to nothing.
Value Pieces::createGuard(Value bias, Value result) {
  SmallVector<ExprAttr> dims(cast<PlannedType>(bias.getType()).getDims());
  dims.back() = getSize(1);
  Value most = create<ReduceOp>(getF32(dims), ReduceKind::max, bias,
                                rewriter.getDenseI64ArrayAttr({-1}), /*keep_dims=*/true);
  Value isBlocked =
      create<EqualOp>(PlannedType::get(dims, rewriter.getI1Type()), most, getScalar(-infinity));
  return create<SelectOp>(result.getType(), isBlocked, getScalar(0), result);
}

Value Pieces::expand() {
  Value scores = createScores();
  if (attention.getBlocked())
    scores = create<SelectOp>(scores.getType(), attention.getMask(), scores,
                              getScalar(attention.getBlocked()->convertToDouble()));
  Value bias = createBias();
  if (bias)
    scores = create<AddOp>(scores.getType(), scores, bias);
  Value weights = create<SoftmaxOp>(scores.getType(), scores, static_cast<uint64_t>(-1),
                                    /*log=*/false);
  Value result = createProduct(weights, attention.getValue(), /*transposesRhs=*/false,
                               attention.getType().getDims());
  // A causal mask alone leaves each query its own key.
  bool mayBlock = attention.getMask() && !attention.getBlocked() && !attention.getNanBlocked();
  return mayBlock ? createGuard(bias, result) : result;
}

namespace {
struct ExpandOp : OpRewritePattern<AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AttentionOp op, PatternRewriter &rewriter) const override {
    bool isForDevice = static_cast<bool>(getDevice(op));
    if (!getEmissionObstacle(op) && !(isForDevice && getDeviceObstacle(op)))
      return rewriter.notifyMatchFailure(op, "a kernel takes it whole");
    rewriter.replaceOp(op, Pieces(rewriter, op).expand());
    return success();
  }
};

struct ExpandAttention : dlc::impl::ExpandAttentionBase<ExpandAttention> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandOp>(&getContext());
    TransposeOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
