// Makes calls that gather or scatter by tuples of indices gathers along one dim, for which there is
// a kernel: the dims that a tuple counts are one dim of the input, row by row, and a tuple is a
// number in it.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Emitters.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "dlc-expand-index-tuples"

namespace dlc {
#define GEN_PASS_DEF_EXPANDINDEXTUPLES
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

/// A tensor and tuples that count its first dims, by which a call gathers or scatters.
struct Tuples {
  /// Fails where no kernel takes such elements, or the tuples are of unknown length.
  static FailureOr<Tuples> match(LibraryCallOp op, PatternRewriter &rewriter);

  PlannedType getRows(int64_t length, ExprAttr count) const {
    SmallVector<ExprAttr> dims = {count};
    llvm::append_range(dims, type.getDims().drop_front(length));
    return PlannedType::get(dims, type.getElementType());
  }
  /// The counted dims as one.
  PlannedType getRows() const { return getRows(counted.size(), all); }

  PlannedType type, indices;
  ArrayRef<ExprAttr> counted;
  ExprAttr all; ///< the product of the counted dims
};

struct ExpandGather : OpRewritePattern<LibraryCallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const override;
};

struct ExpandScatter : OpRewritePattern<LibraryCallOp> {
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
  Value part = SliceOp::create(
      rewriter, loc, sliced, indices, rewriter.getArrayAttr(starts), getArrayAttr(context, sizes),
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

FailureOr<Tuples> Tuples::match(LibraryCallOp op, PatternRewriter &rewriter) {
  auto failed = [&](const char *reason) { return rewriter.notifyMatchFailure(op, reason); };
  for (Type type : llvm::concat<const Type>(op->getOperandTypes(), op->getResultTypes()))
    if (auto planned = dyn_cast<PlannedType>(type); !planned || !planned.hasRank())
      return failed("some dims are not known");
  Tuples tuples;
  tuples.type = cast<PlannedType>(op.getInputs()[0].getType());
  tuples.indices = cast<PlannedType>(op.getInputs()[1].getType());
  if (!isEmittedElement(tuples.type.getElementType()) || tuples.indices.getRank() == 0 ||
      !tuples.indices.getElementType().isSignlessInteger(64))
    return failed("no kernel gathers such elements");
  int64_t length = tuples.indices.getDims().back().getConstant().value_or(0);
  if (length < 1 || length > tuples.type.getRank())
    return failed("the length of tuples is not known");
  tuples.counted = tuples.type.getDims().take_front(length);
  tuples.all = getProduct(rewriter.getContext(), tuples.counted);
  if (!tuples.all)
    return failed("the counted dims are too large for one");
  return tuples;
}

LogicalResult ExpandGather::matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const {
  if (op.getCallee() != "gather_nd" || op.getInputs().size() != 2)
    return rewriter.notifyMatchFailure(op, "another function");
  auto batch = op.getParameters().getAs<IntegerAttr>("batch_dims");
  FailureOr<Tuples> tuples = Tuples::match(op, rewriter);
  if (failed(tuples) || (batch && batch.getInt() != 0))
    return rewriter.notifyMatchFailure(op, "no kernel gathers so");
  Value numbers = TupleNumbers(rewriter, op.getLoc(), op.getInputs()[1]).create(tuples->counted);
  Value rows = ViewOp::create(rewriter, op.getLoc(), tuples->getRows(), op.getInputs()[0]);
  rewriter.replaceOpWithNewOp<GatherOp>(op, op.getResult(0).getType(), rows, numbers, /*axis=*/0);
  return success();
}

LogicalResult ExpandScatter::matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const {
  if (op.getCallee() != "scatter_nd" || op.getInputs().size() != 3)
    return rewriter.notifyMatchFailure(op, "another function");
  auto reduction = op.getParameters().getAs<StringAttr>("reduction");
  FailureOr<Tuples> tuples = Tuples::match(op, rewriter);
  if (failed(tuples) || (reduction && reduction.getValue() != "none"))
    return rewriter.notifyMatchFailure(op, "updates are combined");
  ExprAttr count = getProduct(rewriter.getContext(), tuples->indices.getDims().drop_back());
  if (!count || count.getConstant().value_or(0) < 1)
    return rewriter.notifyMatchFailure(op, "there may be no update to gather");
  Location loc = op.getLoc();
  MLIRContext *context = rewriter.getContext();
  Type i64 = rewriter.getI64Type();
  PlannedType rows = tuples->getRows(), slots = PlannedType::get({tuples->all}, i64);
  auto view = [&](PlannedType type, Value value) -> Value {
    return value.getType() == type ? value : ViewOp::create(rewriter, loc, type, value);
  };
  auto scalar = [&](int64_t value) -> Value {
    return ConstantOp::create(rewriter, loc, rewriter.getI64IntegerAttr(value));
  };
  Value numbers = TupleNumbers(rewriter, loc, op.getInputs()[1]).create(tuples->counted);
  Value writer =
      LastWriterOp::create(rewriter, loc, slots, view(PlannedType::get({count}, i64), numbers));
  // Slots that nobody writes read a row that is there, and leave it.
  Value source = MaxOp::create(rewriter, loc, slots, writer, scalar(0));
  Value updates = view(tuples->getRows(tuples->counted.size(), count), op.getInputs()[2]);
  Value taken = GatherOp::create(rewriter, loc, rows, updates, source, /*axis=*/0);
  Value isWritten = GreaterEqualOp::create(
      rewriter, loc, PlannedType::get({tuples->all}, rewriter.getI1Type()), writer, scalar(0));
  SmallVector<ExprAttr> column(rows.getRank(), ExprAttr::constant(context, 1));
  column[0] = tuples->all;
  Value result = SelectOp::create(rewriter, loc, rows,
                                  view(PlannedType::get(column, rewriter.getI1Type()), isWritten),
                                  taken, view(rows, op.getInputs()[0]));
  rewriter.replaceOp(op, view(cast<PlannedType>(op.getResult(0).getType()), result));
  return success();
}

namespace {
struct ExpandIndexTuples : dlc::impl::ExpandIndexTuplesBase<ExpandIndexTuples> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandGather, ExpandScatter>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
