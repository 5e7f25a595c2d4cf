// Finds what exporters have taken apart and makes it one op again: normalizations, softmax, a
// product with its bias. Older opsets have no operators for them; from here on their models are
// like newer ones. Activations need nothing of the kind, since they are elementwise ops in both.

#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Views.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "dlc-recognize-composites"

namespace dlc {
#define GEN_PASS_DEF_RECOGNIZECOMPOSITES
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// What patterns look for
//===----------------------------------------------------------------------===//

/// The operand of a sum or product beside the one that is an `Op` and read by nothing else.
template <typename Op> static std::pair<Op, Value> getOtherOperand(Operation *op) {
  for (unsigned index : {0, 1})
    if (auto found = op->getOperand(index).getDefiningOp<Op>();
        found && found->hasOneUse() && found->getBlock() == op->getBlock())
      return {found, op->getOperand(1 - index)};
  return {};
}

/// The input of a reduction over `axes`, which stay as 1.
static Value getReduced(Value value, ReduceKind kind, SmallVector<int64_t> &axes) {
  auto reduce = value.getDefiningOp<ReduceOp>();
  if (!reduce || reduce.getKind() != kind || !reduce.getKeepDims())
    return {};
  axes = *reduce.getSortedAxes();
  return reduce.getInput();
}

/// The input of a mean over the dims from `axis` on, which stay as 1.
static Value getMeanInput(Value value, int64_t &axis) {
  SmallVector<int64_t> axes;
  Value input = getReduced(value, ReduceKind::mean, axes);
  if (!input || axes.empty() || axes.back() != getType(input).getRank() - 1 ||
      axes.back() - axes.front() + 1 != static_cast<int64_t>(axes.size()))
    return {};
  axis = axes.front();
  return input;
}

//===----------------------------------------------------------------------===//
// Patterns
//===----------------------------------------------------------------------===//

namespace {
/// A constant of one element whose dims do not matter gets rank 0: it then becomes a part of
/// kernels.
struct ScalarOperand : OpInterfaceRewritePattern<ElementwiseOpInterface> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(ElementwiseOpInterface op,
                                PatternRewriter &rewriter) const override {
    auto decides = [&](Value operand) {
      return getType(operand).hasRank() &&
             getType(operand).getDims() == getType(op->getResult(0)).getDims();
    };
    for (OpOperand &use : op->getOpOperands()) {
      auto constant = use.get().getDefiningOp<ConstantOp>();
      auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : nullptr;
      if (!dense || dense.getNumElements() != 1 || dense.getType().getRank() == 0 ||
          !llvm::any_of(op->getOpOperands(),
                        [&](OpOperand &it) { return &it != &use && decides(it.get()); }))
        continue;
      Type elementType = constant.getType().getElementType();
      Value scalar = ConstantOp::create(
          rewriter, constant.getLoc(), PlannedType::get(ArrayRef<ExprAttr>(), elementType),
          dense.reshape(RankedTensorType::get({}, dense.getElementType())));
      rewriter.modifyOpInPlace(op, [&] { use.set(scalar); });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no constant of one element and a rank");
  }
};

/// x^2 and x^3 are products.
struct SmallPower : OpRewritePattern<PowOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(PowOp op, PatternRewriter &rewriter) const override {
    std::optional<double> exponent = getScalar(op.getRhs());
    if (!isF32(op.getLhs()) || op.getType() != op.getLhs().getType() ||
        (exponent != 2.0 && exponent != 3.0))
      return rewriter.notifyMatchFailure(op, "no square or cube of f32");
    Value power = op.getLhs();
    for (int factor = 1; factor != *exponent; ++factor)
      power = MulOp::create(rewriter, op.getLoc(), op.getType(), power, op.getLhs());
    rewriter.replaceOp(op, power);
    return success();
  }
};

/// erf(x / c), as in GELU, is erf(x * (1 / c)).
struct ErfOfQuotient : OpRewritePattern<ErfOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ErfOp op, PatternRewriter &rewriter) const override {
    auto quotient = op.getInput().getDefiningOp<DivOp>();
    std::optional<double> divisor = quotient ? getScalar(quotient.getRhs()) : std::nullopt;
    if (!divisor || !isF32(op.getInput()) || *divisor == 0 || !quotient->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no quotient by a constant");
    Value factor =
        ConstantOp::create(rewriter, quotient.getLoc(), rewriter.getF32FloatAttr(1 / *divisor));
    rewriter.replaceOpWithNewOp<MulOp>(quotient, quotient.getType(), quotient.getLhs(), factor);
    return success();
  }
};

/// A constant vector that is added to a product is its bias.
struct ProductBias : OpRewritePattern<AddOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(AddOp op, PatternRewriter &rewriter) const override {
    auto [matmul, bias] = getOtherOperand<MatmulOp>(op);
    if (!matmul || !isF32(matmul) || matmul.getBias() || matmul.getType() != op.getType() ||
        !matmul.getColumns())
      return rewriter.notifyMatchFailure(op, "no sum of a product without bias");
    if (!bias.getDefiningOp<ConstantOp>() || getType(bias).getRank() != 1 ||
        getType(bias).getDim(0) != matmul.getColumns())
      return rewriter.notifyMatchFailure(op, "no constant with an element for each column");
    Location loc = rewriter.getFusedLoc({matmul.getLoc(), op.getLoc()});
    auto product = MatmulOp::create(rewriter, loc, op.getType(), matmul.getLhs(), matmul.getRhs(),
                                    bias, matmul.getTransposeLhs(), matmul.getTransposeRhs());
    rewriter.replaceOp(op, product);
    return success();
  }
};

/// x / sqrt(mean(x * x) + epsilon), or x * (1 / sqrt(...)).
template <typename Op> struct RootMeanSquare : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  /// The deviation that `op` divides `input` by.
  static Value getDeviation(DivOp op, Value &input) {
    input = op.getLhs();
    return op.getRhs();
  }
  static Value getDeviation(MulOp op, Value &input) {
    for (unsigned index : {0, 1})
      if (auto inverse = op->getOperand(index).template getDefiningOp<DivOp>();
          inverse && getScalar(inverse.getLhs()) == 1.0) {
        input = op->getOperand(1 - index);
        return inverse.getRhs();
      }
    return {};
  }
  /// What `value` is the square root of.
  static Value getRadicand(Value value) {
    if (auto root = value.getDefiningOp<SqrtOp>())
      return root.getInput();
    auto power = value.getDefiningOp<PowOp>();
    return power && getScalar(power.getRhs()) == 0.5 ? power.getLhs() : Value();
  }

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    Value input, deviation = getDeviation(op, input);
    Value radicand = deviation ? getRadicand(deviation) : Value();
    auto shifted = radicand ? radicand.getDefiningOp<AddOp>() : AddOp();
    if (!shifted || !isF32(input) || input.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no quotient by a root of a sum");
    for (unsigned index : {0, 1}) {
      int64_t axis;
      std::optional<double> epsilon = getScalar(shifted->getOperand(1 - index));
      Value squares = getMeanInput(shifted->getOperand(index), axis);
      auto square = squares ? squares.getDefiningOp<MulOp>() : MulOp();
      if (!epsilon || !square || square.getLhs() != input || square.getRhs() != input)
        continue;
      Location loc = rewriter.getFusedLoc({shifted->getOperand(index).getLoc(), op.getLoc()});
      auto norm = LayerNormOp::create(rewriter, loc, op.getType(), input, Value(), Value(),
                                      static_cast<uint64_t>(axis),
                                      APFloat(static_cast<float>(*epsilon)), /*rms=*/true);
      rewriter.replaceOp(op, norm);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no mean of squares and a constant");
  }
};

/// What remains without the mean, by its root mean square, is a normalization of the whole.
struct CenteredNorm : OpRewritePattern<LayerNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LayerNormOp op, PatternRewriter &rewriter) const override {
    auto centered = op.getInput().getDefiningOp<SubOp>();
    if (!op.getRms() || !centered)
      return rewriter.notifyMatchFailure(op, "no difference by its root mean square");
    int64_t axis = -1;
    Value whole = getMeanInput(centered.getRhs(), axis);
    if (whole != centered.getLhs() || axis != op.getDim() || whole.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "what is subtracted is not the mean");
    Location loc = rewriter.getFusedLoc({centered.getLoc(), op.getLoc()});
    auto norm = LayerNormOp::create(rewriter, loc, op.getType(), whole, op.getScale(), op.getBias(),
                                    op.getAxis(), op.getEpsilon(), /*rms=*/false);
    rewriter.replaceOp(op, norm);
    return success();
  }
};

/// A product with or a sum of a normalization and what has the dims of a row is its scale or bias.
template <typename Op> struct NormFactor : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    auto [norm, factor] = getOtherOperand<LayerNormOp>(op);
    if (!norm || norm.getBias() || norm.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no operand is a normalization without bias");
    constexpr bool isScale = std::is_same_v<Op, MulOp>;
    if (isScale && norm.getScale())
      return rewriter.notifyMatchFailure(op, "the normalization has a scale");
    if (getType(factor).getDims() != norm.getType().getDims().drop_front(norm.getDim()) ||
        getType(factor).getRank() == norm.getType().getRank())
      return rewriter.notifyMatchFailure(op, "the other operand is not of a row's dims");
    Location loc = rewriter.getFusedLoc({norm.getLoc(), op.getLoc()});
    Value scale = isScale ? factor : norm.getScale(), bias = isScale ? Value() : factor;
    auto whole = LayerNormOp::create(rewriter, loc, op.getType(), norm.getInput(), scale, bias,
                                     norm.getAxis(), norm.getEpsilon(), norm.getRms());
    rewriter.replaceOp(op, whole);
    return success();
  }
};

/// exp(x - max(x)) / sum(exp(x - max(x))).
struct QuotientOfExponentials : OpRewritePattern<DivOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(DivOp op, PatternRewriter &rewriter) const override {
    auto power = op.getLhs().getDefiningOp<ExpOp>();
    auto shifted = power ? power.getInput().getDefiningOp<SubOp>() : SubOp();
    if (!shifted || !isF32(op.getLhs()))
      return rewriter.notifyMatchFailure(op, "no quotient of an exponential");
    SmallVector<int64_t> axes, maxAxes;
    Value input = shifted.getLhs();
    if (getReduced(op.getRhs(), ReduceKind::sum, axes) != op.getLhs() ||
        getReduced(shifted.getRhs(), ReduceKind::max, maxAxes) != input || axes != maxAxes ||
        axes.size() != 1 || input.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "not by its sum, or not less the largest element");
    Location loc = rewriter.getFusedLoc({shifted.getLoc(), power.getLoc(), op.getLoc()});
    auto softmax = SoftmaxOp::create(rewriter, loc, op.getType(), input,
                                     static_cast<uint64_t>(axes[0]), /*log=*/false);
    rewriter.replaceOp(op, softmax);
    return success();
  }
};

/// A view of rows that an exporter puts behind a product with a matrix of weights belongs in front
/// of it, where it often meets another one: what is behind the product can then join it.
struct ViewOfProduct : OpRewritePattern<ViewOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ViewOp op, PatternRewriter &rewriter) const override {
    auto matmul = op.getInput().getDefiningOp<MatmulOp>();
    if (!matmul || !matmul->hasOneUse() || matmul.getTransposeLhs() ||
        !matmul.getRhs().getDefiningOp<ConstantOp>() || getType(matmul.getRhs()).getRank() != 2 ||
        getType(matmul.getLhs()).getRank() < 2 || !keepsRows(op) || op.getType().getRank() < 2)
      return rewriter.notifyMatchFailure(op, "no view of rows of a product with weights");
    SmallVector<ExprAttr> dims(op.getType().getDims());
    dims.back() = getType(matmul.getLhs()).getDims().back();
    Value rows = ViewOp::create(rewriter, op.getLoc(),
                                PlannedType::get(dims, getType(matmul.getLhs()).getElementType()),
                                matmul.getLhs());
    auto product =
        MatmulOp::create(rewriter, matmul.getLoc(), op.getType(), rows, matmul.getRhs(),
                         matmul.getBias(), matmul.getTransposeLhs(), matmul.getTransposeRhs());
    rewriter.replaceOp(op, product);
    return success();
  }
};

/// A softmax along rows that lie in a matrix, as before opset 13, is one along the rows themselves.
struct SoftmaxOfView : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    auto view = op.getInput().getDefiningOp<ViewOp>();
    if (!view || !keepsRows(view) || op.getDim() + 1 != op.getType().getRank() ||
        view.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "no softmax along the rows of a view");
    auto softmax = SoftmaxOp::create(rewriter, op.getLoc(), view.getInput().getType(),
                                     view.getInput(), static_cast<uint64_t>(-1), op.getLog());
    rewriter.replaceOpWithNewOp<ViewOp>(op, op.getType(), softmax);
    return success();
  }
};

struct RecognizeComposites : dlc::impl::RecognizeCompositesBase<RecognizeComposites> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ScalarOperand, SmallPower, ErfOfQuotient, ProductBias, RootMeanSquare<DivOp>,
                 RootMeanSquare<MulOp>, CenteredNorm, NormFactor<MulOp>, NormFactor<AddOp>,
                 QuotientOfExponentials, ViewOfProduct, SoftmaxOfView>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
