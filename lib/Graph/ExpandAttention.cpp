// Makes attention that no kernel takes whole matrix products around a softmax, for which there are
// kernels: with heads that are large or of a size that only the run knows. What has no such form
// stays a call of the library: heads that share keys, caches, caps, windows, small floats.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

#define DEBUG_TYPE "dlc-expand-attention"

namespace dlc {
#define GEN_PASS_DEF_EXPANDATTENTION
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

static PlannedType getType(Value value) { return cast<PlannedType>(value.getType()); }

static bool isAbsent(LibraryCallOp call, size_t index) {
  return index >= call.getInputs().size() || call.getInputs()[index].getDefiningOp<AbsentOp>();
}

//===----------------------------------------------------------------------===//
// What an attention is
//===----------------------------------------------------------------------===//

namespace {
/// The dims of an attention whose queries, keys and values have the form batch x heads x length x
/// size.
struct Form {
  Value query, key, value, mask; // mask may be null
  bool isCausal = false;
  double scale = 1;

  ExprAttr getRows() const { return getType(query).getDim(2); }
  ExprAttr getColumns() const { return getType(key).getDim(2); }
  SmallVector<ExprAttr> getScoreDims() const {
    SmallVector<ExprAttr> dims(getType(query).getDims());
    dims.back() = getColumns();
    return dims;
  }
};
} // namespace

/// Whether attributes ask for nothing beside scale and a causal mask.
static bool isPlain(DictionaryAttr attributes) {
  auto isInt = [&](StringRef name, int64_t plain) {
    auto attr = attributes.getAs<IntegerAttr>(name);
    return !attr || attr.getInt() == plain;
  };
  auto cap = attributes.getAs<FloatAttr>("softcap");
  return isInt("left_window_size", -1) && isInt("right_window_size", -1) &&
         isInt("softmax_precision", /*FLOAT*/ 1) && (!cap || cap.getValueAsDouble() <= 0);
}

/// Whether the factors have one form, as far as is known without a run.
static bool fitsFactors(const Form &form) {
  for (Value factor : {form.query, form.key, form.value}) {
    auto type = dyn_cast<PlannedType>(factor.getType());
    if (!type || !type.hasRank() || type.getRank() != 4 || !type.getElementType().isF32())
      return false;
  }
  PlannedType query = getType(form.query), key = getType(form.key), value = getType(form.value);
  return query.getDims().take_front(2) == key.getDims().take_front(2) &&
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
  return type.getDims().back() == form.getColumns() &&
         llvm::all_of(llvm::zip_equal(type.getDims(), ArrayRef(dims).take_back(type.getRank())),
                      [](auto pair) {
                        auto [dim, to] = pair;
                        return dim == to || dim.getConstant() == 1;
                      });
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
  if (!fitsFactors(form) || (form.mask && !fitsMask(form)))
    return std::nullopt;
  auto causal = call.getParameters().getAs<IntegerAttr>("is_causal");
  form.isCausal = causal && causal.getInt() != 0;
  std::optional<int64_t> size = getType(form.query).getDim(3).getConstant();
  if (auto scale = call.getParameters().getAs<FloatAttr>("scale"))
    form.scale = scale.getValueAsDouble();
  else if (size)
    form.scale = 1 / std::sqrt(static_cast<double>(*size));
  else
    return std::nullopt;
  return form;
}

//===----------------------------------------------------------------------===//
// Its pieces
//===----------------------------------------------------------------------===//

namespace {
struct ExpandCall : OpRewritePattern<LibraryCallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const override;
};

/// Creates ops at one place.
class Pieces {
public:
  Pieces(PatternRewriter &rewriter, Location loc) : rewriter(rewriter), loc(loc) {}

  Value getScalar(double value) {
    Type f32 = rewriter.getF32Type();
    return ConstantOp::create(
        rewriter, loc, PlannedType::get(ArrayRef<ExprAttr>(), f32),
        DenseElementsAttr::get(RankedTensorType::get({}, f32), static_cast<float>(value)));
  }
  /// What is added to the scores; null where nothing is.
  Value createBias(const Form &form);
  /// Zero where the bias of a query lets it attend to nothing.
  Value createGuard(Value bias, Value result);

  template <typename Op, typename... Args> Value create(Type type, Args &&...args) {
    return Op::create(rewriter, loc, type, std::forward<Args>(args)...);
  }

private:
  Value createCausal(const Form &form);

  PatternRewriter &rewriter;
  Location loc;
};
} // namespace

/// Which of the keys are not behind each query.
Value Pieces::createCausal(const Form &form) {
  ExprAttr rows = form.getRows(), columns = form.getColumns();
  Type i64 = rewriter.getI64Type();
  auto zero = ExprAttr::constant(rewriter.getContext(), 0);
  auto one = ExprAttr::constant(rewriter.getContext(), 1);
  Value query = create<IotaOp>(PlannedType::get({rows}, i64), zero, one);
  Value key = create<IotaOp>(PlannedType::get({columns}, i64), zero, one);
  Value places = create<ViewOp>(PlannedType::get({rows, one}, i64), query);
  return create<LessEqualOp>(PlannedType::get({rows, columns}, rewriter.getI1Type()), key, places);
}

Value Pieces::createBias(const Form &form) {
  Value allowed = form.isCausal ? createCausal(form) : Value(), added = getScalar(0);
  Type f32 = rewriter.getF32Type();
  SmallVector<ExprAttr> dims;
  if (form.mask) {
    dims = llvm::to_vector(getType(form.mask).getDims());
    if (form.isCausal) {
      if (dims.size() == 1)
        dims.insert(dims.begin(), form.getRows());
      dims[dims.size() - 2] = form.getRows();
    }
    if (!isBool(getType(form.mask).getElementType()))
      added = form.mask;
    else if (!allowed)
      allowed = form.mask;
    else
      allowed = create<AndOp>(PlannedType::get(dims, rewriter.getI1Type()), form.mask, allowed);
  } else if (form.isCausal) {
    dims = {form.getRows(), form.getColumns()};
  }
  if (!allowed)
    return form.mask;
  return create<SelectOp>(PlannedType::get(dims, f32), allowed, added,
                          getScalar(-std::numeric_limits<double>::infinity()));
}

Value Pieces::createGuard(Value bias, Value result) {
  SmallVector<ExprAttr> dims(getType(bias).getDims());
  dims.back() = ExprAttr::constant(rewriter.getContext(), 1);
  Value most = create<ReduceOp>(PlannedType::get(dims, rewriter.getF32Type()), ReduceKind::max,
                                bias, rewriter.getDenseI64ArrayAttr({-1}), /*keep_dims=*/true);
  Value isBlocked = create<EqualOp>(PlannedType::get(dims, rewriter.getI1Type()), most,
                                    getScalar(-std::numeric_limits<double>::infinity()));
  return create<SelectOp>(result.getType(), isBlocked, getScalar(0), result);
}

LogicalResult ExpandCall::matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const {
  std::optional<Form> form = getForm(op);
  if (!form)
    return rewriter.notifyMatchFailure(op, "no attention of one step, or dims may broadcast");
  Pieces pieces(rewriter, op.getLoc());
  auto scores = PlannedType::get(form->getScoreDims(), rewriter.getF32Type());
  Value query =
      pieces.create<MulOp>(form->query.getType(), form->query, pieces.getScalar(form->scale));
  Value product = pieces.create<MatmulOp>(scores, query, form->key, Value(),
                                          /*transpose_lhs=*/false, /*transpose_rhs=*/true);
  Value bias = pieces.createBias(*form);
  if (bias)
    product = pieces.create<AddOp>(scores, product, bias);
  Value weights = pieces.create<SoftmaxOp>(scores, product, static_cast<uint64_t>(-1),
                                           /*log=*/false);
  Value result = pieces.create<MatmulOp>(op.getResult(0).getType(), weights, form->value, Value(),
                                         /*transpose_lhs=*/false, /*transpose_rhs=*/false);
  // A causal mask alone leaves each query its own key.
  if (form->mask)
    result = pieces.createGuard(bias, result);
  rewriter.replaceOp(op, result);
  return success();
}

namespace {
struct ExpandAttention : dlc::impl::ExpandAttentionBase<ExpandAttention> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandCall>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
