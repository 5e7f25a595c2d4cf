// Makes a convolution by a filter that the run computes a matrix product, for which there are
// kernels: those of convolutions read filters that the compiler has packed.

#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/MoveBuilder.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "dlc-expand-conv"

namespace dlc {
#define GEN_PASS_DEF_EXPANDCONV
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// What the taps of the filter are multiplied with, each N x G x C/G x 1 x H' x W'.
static SmallVector<Value> getTaps(MoveBuilder &make, ConvOp op) {
  ArrayRef<int64_t> pads = op.getPads(), strides = op.getStrides(), dilations = op.getDilations();
  ExprAttr zero = make.size(0);
  Value padded = op.getInput();
  if (llvm::any_of(pads, [](int64_t pad) { return pad != 0; }))
    padded = make.pad(padded, {zero, zero, make.size(pads[0]), make.size(pads[1])},
                      {zero, zero, make.size(pads[2]), make.size(pads[3])});
  ArrayRef<ExprAttr> input = op.getInput().getType().getDims(), result = op.getType().getDims();
  ArrayRef<ExprAttr> filter = op.getFilter().getType().getDims();
  ExprAttr group = make.size(static_cast<int64_t>(op.getGroup()));
  SmallVector<Value> taps;
  for (int64_t ky = 0; ky != *filter[2].getConstant(); ++ky)
    for (int64_t kx = 0; kx != *filter[3].getConstant(); ++kx) {
      Value tap = make.slice(
          padded, {zero, zero, make.size(ky * dilations[0]), make.size(kx * dilations[1])},
          {input[0], input[1], result[2], result[3]}, {1, 1, strides[0], strides[1]});
      taps.push_back(
          make.view(tap, {input[0], group, filter[1], make.size(1), result[2], result[3]}));
    }
  return taps;
}

/// The taps of each pixel and group as a column.
static Value joinTaps(MoveBuilder &make, ArrayRef<Value> taps) {
  Value joined = taps.size() == 1 ? taps.front() : make.concat(taps, 3);
  ArrayRef<ExprAttr> dims = MoveBuilder::getDims(joined);
  return make.view(joined, {dims[0], dims[1], dims[2] * dims[3], dims[4] * dims[5]});
}

static Value multiply(MoveBuilder &make, ConvOp op, Value columns, PatternRewriter &rewriter) {
  SmallVector<ExprAttr> dims(MoveBuilder::getDims(columns));
  ExprAttr outputs = make.size(*op.getFilter().getType().getDim(0).getConstant() /
                               static_cast<int64_t>(op.getGroup()));
  Value rows = make.view(op.getFilter(), {dims[1], outputs, dims[2]});
  dims[2] = outputs;
  Value product =
      MatmulOp::create(rewriter, op.getLoc(), PlannedType::get(dims, rewriter.getF32Type()), rows,
                       columns, /*bias=*/Value(), /*transpose_lhs=*/false, /*transpose_rhs=*/false);
  return make.view(product, op.getType().getDims());
}

/// The convolution without its bias, which is added.
static Value splitBias(MoveBuilder &make, ConvOp op, PatternRewriter &rewriter) {
  ExprAttr one = make.size(1);
  Value bias = make.view(op.getBias(), {op.getType().getDim(1), one, one});
  auto sum = cast<ConvOp>(rewriter.clone(*op));
  sum.getBiasMutable().clear();
  return AddOp::create(rewriter, op.getLoc(), op.getType(), sum, bias);
}

namespace {
struct ExpandComputedFilter : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto isConstant = [](Value value) { return !value || value.getDefiningOp<ConstantOp>(); };
    if (isConstant(op.getFilter()) && isConstant(op.getBias()))
      return rewriter.notifyMatchFailure(op, "a filter that can be packed");
    PlannedType input = op.getInput().getType(), filter = op.getFilter().getType();
    constexpr int64_t mostTaps = 1024; // a model must not make any number of ops
    if (!isF32(op.getResult()) || !input.hasRank() || input.getRank() != 4 || !filter.hasRank() ||
        !filter.getStaticShape())
      return rewriter.notifyMatchFailure(op, "no images of f32, or a filter of unknown size");
    int64_t taps = *filter.getDim(2).getConstant() * *filter.getDim(3).getConstant();
    if (taps == 0 || taps > mostTaps)
      return rewriter.notifyMatchFailure(op, "no taps, or too many");
    MoveBuilder make(rewriter, op.getLoc());
    rewriter.replaceOp(op, op.getBias()
                               ? splitBias(make, op, rewriter)
                               : multiply(make, op, joinTaps(make, getTaps(make, op)), rewriter));
    return success();
  }
};

struct ExpandConv : dlc::impl::ExpandConvBase<ExpandConv> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandComputedFilter>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
