// Folds batch normalizations into weights. With factors f = scale / sqrt(variance + epsilon), the
// normalization of a convolution is a convolution with filter * f and bias (bias - mean) * f +
// shift. These are recipes: the package phase computes them, in f64.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-fold-batch-norm"

namespace dlc {
#define GEN_PASS_DEF_FOLDBATCHNORM
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

static WeightAttr getWeight(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  return constant ? constant.getWeight() : WeightAttr();
}

static WeightAttr combine(WeightAttr weight, CombineKind kind, WeightAttr other) {
  return weight.withStep(CombineAttr::get(weight.getContext(), kind, other));
}

/// The same elements as a tensor of C x 1 x ... that broadcasts along the channels of an image of
/// `rank` dims.
static WeightAttr alongChannels(WeightAttr vector, int64_t rank) {
  SmallVector<int64_t> shape(rank - 1, 1);
  shape[0] = vector.getShape()[0];
  Attribute source = vector.getSource();
  if (auto dense = dyn_cast<DenseElementsAttr>(source))
    source = dense.reshape(RankedTensorType::get(shape, vector.getElementType()));
  return WeightAttr::get(vector.getContext(), source, shape, vector.getElementType(),
                         vector.getRecipe());
}

static Value createConstant(OpBuilder &builder, Location loc, WeightAttr weight) {
  SmallVector<ExprAttr> dims = llvm::map_to_vector(weight.getResultShape(), [&](int64_t dim) {
    return ExprAttr::constant(builder.getContext(), dim);
  });
  return ConstantOp::create(builder, loc, PlannedType::get(dims, weight.getElementType()), weight);
}

/// The convolution that `op` can be folded into: its only user is `op`, and its weights are
/// constants.
static ConvOp getFoldableConv(BatchNormOp op) {
  auto conv = op.getInput().getDefiningOp<ConvOp>();
  if (!conv || conv->getBlock() != op->getBlock() || !conv->hasOneUse() ||
      !getWeight(conv.getFilter()) || (conv.getBias() && !getWeight(conv.getBias())))
    return {};
  return conv;
}

static void foldIntoConv(BatchNormOp op, ConvOp conv, WeightAttr factors) {
  OpBuilder builder(op);
  Location loc = builder.getFusedLoc({conv.getLoc(), op.getLoc()});
  WeightAttr mean = getWeight(op.getMean()), shift = getWeight(op.getShift());
  WeightAttr filter = combine(getWeight(conv.getFilter()), CombineKind::mul, factors);
  WeightAttr bias;
  if (conv.getBias()) {
    bias = combine(getWeight(conv.getBias()), CombineKind::sub, mean);
    bias = combine(combine(bias, CombineKind::mul, factors), CombineKind::add, shift);
  } else {
    bias = combine(shift, CombineKind::sub, combine(mean, CombineKind::mul, factors));
  }
  auto folded =
      ConvOp::create(builder, loc, op.getType(), conv.getInput(),
                     createConstant(builder, loc, filter), createConstant(builder, loc, bias),
                     conv.getStrides(), conv.getPads(), conv.getDilations(), conv.getGroup());
  op.replaceAllUsesWith(folded.getResult());
  op.erase();
  conv.erase();
}

static void expand(BatchNormOp op, WeightAttr factors) {
  OpBuilder builder(op);
  int64_t rank = op.getType().getRank();
  WeightAttr offsets = combine(getWeight(op.getShift()), CombineKind::sub,
                               combine(getWeight(op.getMean()), CombineKind::mul, factors));
  Value product = MulOp::create(builder, op.getLoc(), op.getType(), op.getInput(),
                                createConstant(builder, op.getLoc(), alongChannels(factors, rank)));
  Value sum = AddOp::create(builder, op.getLoc(), op.getType(), product,
                            createConstant(builder, op.getLoc(), alongChannels(offsets, rank)));
  op.replaceAllUsesWith(sum);
  op.erase();
}

/// With parameters that only the run knows: (input - mean) / sqrt(variance + epsilon) * scale +
/// shift.
static void expandVariables(BatchNormOp op) {
  OpBuilder builder(op);
  Location loc = op.getLoc();
  Type f32 = builder.getF32Type();
  SmallVector<ExprAttr> dims(op.getType().getRank() - 1, ExprAttr::constant(op.getContext(), 1));
  dims[0] = cast<PlannedType>(op.getScale().getType()).getDim(0);
  auto type = PlannedType::get(dims, f32);
  auto alongChannels = [&](Value vector) -> Value {
    return ViewOp::create(builder, loc, type, vector);
  };
  Value epsilon = ConstantOp::create(builder, loc, op.getEpsilonAttr());
  Value deviation = AddOp::create(builder, loc, type, alongChannels(op.getVariance()), epsilon);
  deviation = SqrtOp::create(builder, loc, type, deviation);
  Value result =
      SubOp::create(builder, loc, op.getType(), op.getInput(), alongChannels(op.getMean()));
  result = DivOp::create(builder, loc, op.getType(), result, deviation);
  result = MulOp::create(builder, loc, op.getType(), result, alongChannels(op.getScale()));
  result = AddOp::create(builder, loc, op.getType(), result, alongChannels(op.getShift()));
  op.replaceAllUsesWith(result);
  op.erase();
}

namespace {
struct FoldBatchNorm : dlc::impl::FoldBatchNormBase<FoldBatchNorm> {
  void fold(BatchNormOp op) {
    Value vectors[] = {op.getScale(), op.getShift(), op.getMean(), op.getVariance()};
    if (!llvm::all_of(vectors, getWeight))
      return expandVariables(op);
    auto rsqrt = RsqrtAttr::get(&getContext(), op.getEpsilonAttr());
    WeightAttr factors = combine(getWeight(op.getScale()), CombineKind::mul,
                                 getWeight(op.getVariance()).withStep(rsqrt));
    if (ConvOp conv = getFoldableConv(op))
      foldIntoConv(op, conv, factors);
    else
      expand(op, factors);
  }

  void runOnOperation() override {
    SmallVector<BatchNormOp> ops;
    getOperation().walk([&](BatchNormOp op) { ops.push_back(op); });
    for (BatchNormOp op : ops)
      fold(op);
  }
};
} // namespace
