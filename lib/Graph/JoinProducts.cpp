// Joins matrix products of one value with several weights, as queries, keys and values are made:
// the value is read once, and one launch does the work of three.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Views.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/MapVector.h"

#define DEBUG_TYPE "dlc-join-products"

namespace dlc {
#define GEN_PASS_DEF_JOINPRODUCTS
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

static WeightAttr getWeight(Value value) {
  auto constant = value ? value.getDefiningOp<ConstantOp>() : ConstantOp();
  return constant ? constant.getWeight() : WeightAttr();
}

/// Whether `value` is read by attentions alone, through moves that leave its rows' place to them.
static bool isReadByAttention(Value value) {
  return !value.use_empty() && llvm::all_of(value.getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    if (auto attention = dyn_cast<AttentionOp>(user))
      return use.get() != attention.getMask();
    if (auto view = dyn_cast<ViewOp>(user)) {
      SmallVector<ViewGroup> groups = getViewGroups(view);
      return !groups.empty() && groups.back().from == 1 && isReadByAttention(view);
    }
    return isa<TransposeOp>(user) && isReadByAttention(user->getResult(0));
  });
}

/// Whether a weight has dims `rank` and no part or layout of its own.
static bool isSimple(WeightAttr weight, size_t rank) {
  return weight && weight.getResultShape().size() == rank && !weight.getLayout() &&
         weight.getParts().size() == 1;
}

static bool isJoinable(MatmulOp op) {
  auto type = cast<PlannedType>(op.getType());
  return !op.getTransposeLhs() && cast<PlannedType>(op.getLhs().getType()).getRank() >= 2 &&
         type.getElementType().isF32() && isSimple(getWeight(op.getRhs()), 2) &&
         (!op.getBias() || isSimple(getWeight(op.getBias()), 1)) && isReadByAttention(op);
}

static Value createConstant(OpBuilder &builder, Location loc, WeightAttr weight) {
  SmallVector<ExprAttr> dims = llvm::map_to_vector(weight.getResultShape(), [&](int64_t dim) {
    return ExprAttr::constant(builder.getContext(), dim);
  });
  return ConstantOp::create(builder, loc, PlannedType::get(dims, weight.getElementType()), weight);
}

/// The columns of `op`, as rows.
static WeightAttr getColumns(MatmulOp op) {
  WeightAttr weight = getWeight(op.getRhs());
  return op.getTransposeRhs() ? weight : weight.withStep(TransposeAttr::get(op.getContext()));
}

static WeightAttr join(ArrayRef<WeightAttr> weights) {
  WeightAttr joined = weights.front();
  for (WeightAttr weight : weights.drop_front())
    joined = joined.withStep(JoinAttr::get(joined.getContext(), weight));
  return joined;
}

/// Makes `ops` parts of one product, in the place of the first one.
static void joinProducts(ArrayRef<MatmulOp> ops) {
  MatmulOp first = ops.front();
  OpBuilder builder(first);
  SmallVector<Location> locs =
      llvm::map_to_vector(ops, [](MatmulOp op) -> Location { return op.getLoc(); });
  Location loc = builder.getFusedLoc(locs);
  WeightAttr weights = join(llvm::map_to_vector(ops, getColumns));
  Value bias;
  if (first.getBias())
    bias = createConstant(builder, loc, join(llvm::map_to_vector(ops, [](MatmulOp op) {
                            return getWeight(op.getBias());
                          })));
  auto getConstant = [&](int64_t value) { return ExprAttr::constant(builder.getContext(), value); };
  SmallVector<ExprAttr> dims(first.getType().getDims());
  dims.back() = getConstant(weights.getResultShape().front());
  Type elementType = first.getType().getElementType();
  Value joined = MatmulOp::create(builder, loc, PlannedType::get(dims, elementType), first.getLhs(),
                                  createConstant(builder, loc, weights), bias,
                                  /*transpose_lhs=*/false, /*transpose_rhs=*/true);
  SmallVector<Attribute> starts(dims.size(), getConstant(0));
  SmallVector<int64_t> steps(dims.size(), 1);
  int64_t start = 0;
  for (MatmulOp op : ops) {
    starts.back() = getConstant(start);
    Value part =
        SliceOp::create(builder, op.getLoc(), op.getType(), joined, builder.getArrayAttr(starts),
                        getArrayAttr(builder.getContext(), op.getType().getDims()),
                        builder.getDenseI64ArrayAttr(steps));
    start += *op.getType().getDims().back().getConstant();
    op.replaceAllUsesWith(part);
  }
  for (MatmulOp op : ops)
    op.erase();
}

namespace {
struct JoinProducts : dlc::impl::JoinProductsBase<JoinProducts> {
  void runOnOperation() override {
    // By left operand, block, and whether there is a bias.
    llvm::MapVector<std::tuple<Value, Block *, unsigned>, SmallVector<MatmulOp>> groups;
    getOperation().walk([&](MatmulOp op) {
      if (isJoinable(op))
        groups[{op.getLhs(), op->getBlock(), op.getBias() ? 1u : 0u}].push_back(op);
    });
    for (auto &[key, ops] : groups)
      if (ops.size() > 1)
        joinProducts(ops);
  }
};
} // namespace
