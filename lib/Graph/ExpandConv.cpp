// Makes a convolution by a filter that the run computes a matrix product, for which there are
// kernels: those of convolutions read filters that the compiler has packed.

#include "Matching.h"

#include "dlc/Graph/Passes.h"

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

namespace {
/// The ops of one convolution.
class Expansion {
public:
  Expansion(PatternRewriter &rewriter, ConvOp op)
      : rewriter(rewriter), op(op), group(size(static_cast<int64_t>(op.getGroup()))) {}

  Value pad();
  Value slice(Value padded, int64_t ky, int64_t kx);
  Value joinTaps(ValueRange taps);
  Value multiply(Value columns);
  Value splitBias();

private:
  ExprAttr size(int64_t value) { return ExprAttr::constant(op.getContext(), value); }
  PlannedType getType(ArrayRef<ExprAttr> dims) {
    return PlannedType::get(dims, rewriter.getF32Type());
  }
  Value view(Value value, ArrayRef<ExprAttr> dims) {
    return ViewOp::create(rewriter, op.getLoc(), getType(dims), value);
  }
  ArrayAttr toArray(ArrayRef<ExprAttr> exprs) { return getArrayAttr(op.getContext(), exprs); }

  PatternRewriter &rewriter;
  ConvOp op;
  ExprAttr group;
};
} // namespace

Value Expansion::pad() {
  Value input = op.getInput();
  ArrayRef<int64_t> pads = op.getPads();
  if (llvm::all_of(pads, [](int64_t pad) { return pad == 0; }))
    return input;
  SmallVector<ExprAttr> low(2, size(0)), high(2, size(0)), dims(op.getInput().getType().getDims());
  for (int64_t axis : {0, 1}) {
    low.push_back(size(pads[axis]));
    high.push_back(size(pads[axis + 2]));
    dims[axis + 2] = dims[axis + 2] + pads[axis] + pads[axis + 2];
  }
  return PadOp::create(rewriter, op.getLoc(), getType(dims), PadMode::constant, input,
                       /*value=*/Value(), toArray(low), toArray(high));
}

/// What a tap of the filter is multiplied with: N x G x C/G x 1 x H' x W'.
Value Expansion::slice(Value padded, int64_t ky, int64_t kx) {
  ArrayRef<ExprAttr> outer = op.getInput().getType().getDims().take_front(2);
  ArrayRef<ExprAttr> pixels = op.getType().getDims().drop_front(2);
  SmallVector<ExprAttr> starts = {size(0), size(0), size(ky * op.getDilations()[0]),
                                  size(kx * op.getDilations()[1])};
  SmallVector<ExprAttr> dims = {outer[0], outer[1], pixels[0], pixels[1]};
  SmallVector<int64_t> steps = {1, 1, op.getStrides()[0], op.getStrides()[1]};
  Value tap = SliceOp::create(rewriter, op.getLoc(), getType(dims), padded, toArray(starts),
                              toArray(dims), steps);
  ExprAttr inputs = op.getFilter().getType().getDim(1);
  return view(tap, {outer[0], group, inputs, size(1), pixels[0], pixels[1]});
}

/// N x G x C/G * taps x H' * W'
Value Expansion::joinTaps(ValueRange taps) {
  SmallVector<ExprAttr> dims(cast<PlannedType>(taps.front().getType()).getDims());
  auto numTaps = static_cast<int64_t>(taps.size());
  dims[3] = size(numTaps);
  Value joined =
      numTaps == 1 ? taps.front() : ConcatOp::create(rewriter, op.getLoc(), getType(dims), taps, 3);
  return view(joined, {dims[0], dims[1], dims[2] * numTaps, dims[4] * dims[5]});
}

Value Expansion::multiply(Value columns) {
  ArrayRef<ExprAttr> dims = op.getType().getDims(), filter = op.getFilter().getType().getDims();
  SmallVector<ExprAttr> product(cast<PlannedType>(columns.getType()).getDims());
  ExprAttr outputs = size(*filter[0].getConstant() / static_cast<int64_t>(op.getGroup()));
  Value rows = view(op.getFilter(), {group, outputs, product[2]});
  product[2] = outputs;
  Value result = MatmulOp::create(rewriter, op.getLoc(), getType(product), rows, columns,
                                  /*bias=*/Value(), /*transpose_lhs=*/false,
                                  /*transpose_rhs=*/false);
  return view(result, dims);
}

/// The convolution without its bias, which is added.
Value Expansion::splitBias() {
  ArrayRef<ExprAttr> dims = op.getType().getDims();
  Value bias = view(op.getBias(), {dims[1], size(1), size(1)});
  auto sum = cast<ConvOp>(rewriter.clone(*op));
  sum.getBiasMutable().clear();
  return AddOp::create(rewriter, op.getLoc(), getType(dims), sum, bias);
}

namespace {
struct ExpandComputedFilter : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto isConstant = [](Value value) { return !value || value.getDefiningOp<ConstantOp>(); };
    if (isConstant(op.getFilter()) && isConstant(op.getBias()))
      return rewriter.notifyMatchFailure(op, "a filter that can be packed");
    PlannedType input = op.getInput().getType(), filter = op.getFilter().getType();
    if (!isF32(op.getResult()) || !input.hasRank() || input.getRank() != 4 || !filter.hasRank() ||
        !filter.getStaticShape())
      return rewriter.notifyMatchFailure(op, "no images of f32, or a filter of unknown size");
    Expansion expansion(rewriter, op);
    if (op.getBias()) {
      rewriter.replaceOp(op, expansion.splitBias());
      return success();
    }
    Value padded = expansion.pad();
    SmallVector<Value> taps;
    for (int64_t ky = 0; ky != *filter.getDim(2).getConstant(); ++ky)
      for (int64_t kx = 0; kx != *filter.getDim(3).getConstant(); ++kx)
        taps.push_back(expansion.slice(padded, ky, kx));
    rewriter.replaceOp(op, expansion.multiply(expansion.joinTaps(taps)));
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
