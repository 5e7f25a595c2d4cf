// Makes a call that gathers by tuples of indices a gather along one dim, for which there is a
// kernel: the dims that a tuple counts are one dim of the input, row by row, and a tuple is a
// number in it.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Emitters.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "dlc-expand-gather-nd"

namespace dlc {
#define GEN_PASS_DEF_EXPANDGATHERND
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {
/// Creates the numbers of the tuples that `indices` holds along its last dim.
class TupleNumbers {
public:
  TupleNumbers(PatternRewriter &rewriter, Location loc, Value indices)
      : rewriter(rewriter), loc(loc), indices(indices),
        dims(cast<PlannedType>(indices.getType()).getDims().drop_back()) {}

  /// A tuple with an index out of range gets a number out of range.
  Value create(ArrayRef<ExprAttr> sizes);

private:
  Value getScalar(ExprAttr expr);
  Value getIndex(int64_t position);
  PlannedType getType(Type elementType) { return PlannedType::get(dims, elementType); }
  template <typename Op> Value combine(Value lhs, Value rhs) {
    return Op::create(rewriter, loc, getType(rewriter.getI64Type()), lhs, rhs);
  }
  Value less(Value lhs, Value rhs) {
    return LessOp::create(rewriter, loc, getType(rewriter.getI1Type()), lhs, rhs);
  }

  PatternRewriter &rewriter;
  Location loc;
  Value indices;
  SmallVector<ExprAttr> dims;
};

struct ExpandCall : OpRewritePattern<LibraryCallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const override;
};
} // namespace

Value TupleNumbers::getScalar(ExprAttr expr) {
  if (std::optional<int64_t> constant = expr.getConstant())
    return ConstantOp::create(rewriter, loc, rewriter.getI64IntegerAttr(*constant));
  Type i64 = rewriter.getI64Type();
  ExprAttr one = ExprAttr::constant(rewriter.getContext(), 1);
  Value single = IotaOp::create(rewriter, loc, PlannedType::get({one}, i64), expr, one);
  return ViewOp::create(rewriter, loc, PlannedType::get(ArrayRef<ExprAttr>(), i64), single);
}

/// Element `position` of each tuple.
Value TupleNumbers::getIndex(int64_t position) {
  MLIRContext *context = rewriter.getContext();
  auto type = cast<PlannedType>(indices.getType());
  SmallVector<ExprAttr> sizes(type.getDims());
  sizes.back() = ExprAttr::constant(context, 1);
  SmallVector<Attribute> starts(sizes.size(), ExprAttr::constant(context, 0));
  starts.back() = ExprAttr::constant(context, position);
  auto sliced = PlannedType::get(sizes, type.getElementType());
  Value part =
      SliceOp::create(rewriter, loc, sliced, indices, rewriter.getArrayAttr(starts),
                      rewriter.getArrayAttr(SmallVector<Attribute>(sizes.begin(), sizes.end())),
                      rewriter.getDenseI64ArrayAttr(SmallVector<int64_t>(sizes.size(), 1)));
  return ViewOp::create(rewriter, loc, getType(type.getElementType()), part);
}

Value TupleNumbers::create(ArrayRef<ExprAttr> sizes) {
  MLIRContext *context = rewriter.getContext();
  Value zero = getScalar(ExprAttr::constant(context, 0)), numbers, areValid;
  for (auto [position, dim] : llvm::enumerate(sizes)) {
    Value size = getScalar(dim), index = getIndex(static_cast<int64_t>(position));
    Value wrapped = SelectOp::create(rewriter, loc, getType(rewriter.getI64Type()),
                                     less(index, zero), combine<AddOp>(index, size), index);
    Type i1 = getType(rewriter.getI1Type());
    Value isNegative = less(wrapped, zero);
    Value isValid = AndOp::create(rewriter, loc, i1, NotOp::create(rewriter, loc, i1, isNegative),
                                  less(wrapped, size));
    areValid = areValid ? Value(AndOp::create(rewriter, loc, i1, areValid, isValid)) : isValid;
    numbers = numbers ? combine<AddOp>(combine<MulOp>(numbers, size), wrapped) : wrapped;
  }
  return SelectOp::create(rewriter, loc, getType(rewriter.getI64Type()), areValid, numbers,
                          getScalar(getProduct(context, sizes)));
}

LogicalResult ExpandCall::matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const {
  if (op.getCallee() != "gather_nd" || op.getInputs().size() != 2)
    return rewriter.notifyMatchFailure(op, "another function");
  auto input = dyn_cast<PlannedType>(op.getInputs()[0].getType());
  auto indices = dyn_cast<PlannedType>(op.getInputs()[1].getType());
  auto result = dyn_cast<PlannedType>(op.getResult(0).getType());
  auto batch = op.getParameters().getAs<IntegerAttr>("batch_dims");
  if (!input || !indices || !result || !input.hasRank() || !indices.hasRank() ||
      !result.hasRank() || (batch && batch.getInt() != 0) ||
      !isEmittedElement(input.getElementType()) || indices.getRank() == 0 ||
      !indices.getElementType().isSignlessInteger(64))
    return rewriter.notifyMatchFailure(op, "no kernel gathers such elements");
  int64_t length = indices.getDims().back().getConstant().value_or(0);
  if (length < 1 || length > input.getRank())
    return rewriter.notifyMatchFailure(op, "the length of tuples is not known");
  ArrayRef<ExprAttr> counted = input.getDims().take_front(length);
  ExprAttr all = getProduct(rewriter.getContext(), counted);
  if (!all)
    return rewriter.notifyMatchFailure(op, "the counted dims are too large for one");
  Value numbers = TupleNumbers(rewriter, op.getLoc(), op.getInputs()[1]).create(counted);
  SmallVector<ExprAttr> dims = {all};
  llvm::append_range(dims, input.getDims().drop_front(length));
  Value rows = ViewOp::create(rewriter, op.getLoc(), PlannedType::get(dims, input.getElementType()),
                              op.getInputs()[0]);
  rewriter.replaceOpWithNewOp<GatherOp>(op, result, rows, numbers, /*axis=*/0);
  return success();
}

namespace {
struct ExpandGatherNd : dlc::impl::ExpandGatherNdBase<ExpandGatherNd> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandCall>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
