// Makes an einsum of two tensors a matrix product between transpositions, for which there are
// kernels.

#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Expr.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringExtras.h"

#define DEBUG_TYPE "dlc-expand-einsum"

namespace dlc {
#define GEN_PASS_DEF_EXPANDEINSUM
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// The labels of `from` that `other` has or, without `isIn`, has not.
static std::string select(StringRef from, StringRef other, bool isIn) {
  std::string labels;
  llvm::copy_if(from, std::back_inserter(labels),
                [&](char label) { return other.contains(label) == isIn; });
  return labels;
}

namespace {
/// The labels of the dims of two terms and of the result.
struct Equation {
  /// Nothing for other equations than products: a label twice in a term, an ellipsis, or what is
  /// summed over in one term alone.
  static std::optional<Equation> parse(StringRef text);

  std::string getBatch() const { return select(select(lhs, rhs, true), result, true); }
  std::string getSummed() const { return select(select(lhs, rhs, true), result, false); }
  std::string getRows() const { return select(lhs, rhs, false); }
  std::string getColumns() const { return select(rhs, lhs, false); }

  std::string lhs, rhs, result;
};

/// Moves and merges dims by their labels.
class LabelledDims {
public:
  LabelledDims(PatternRewriter &rewriter, Location loc) : rewriter(rewriter), loc(loc) {}

  /// Notes the sizes of a tensor's dims; false where a label has another size elsewhere.
  bool add(Value value, StringRef labels);
  SmallVector<ExprAttr> getSizes(StringRef labels) const {
    return llvm::map_to_vector(labels, [&](char label) { return sizes.lookup(label); });
  }
  /// `dims`, and the dims of `labels` as one behind them; false where that is too large.
  bool merge(SmallVectorImpl<ExprAttr> &dims, StringRef labels) const;

  Value transpose(Value value, StringRef from, StringRef to);
  Value view(Value value, ArrayRef<ExprAttr> dims) {
    auto type = PlannedType::get(dims, getType(value).getElementType());
    return type == value.getType() ? value : ViewOp::create(rewriter, loc, type, value);
  }

private:
  PatternRewriter &rewriter;
  Location loc;
  llvm::DenseMap<char, ExprAttr> sizes;
};

struct ExpandProduct : OpRewritePattern<LibraryCallOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const override;
};
} // namespace

std::optional<Equation> Equation::parse(StringRef text) {
  std::string plain = text.str();
  llvm::erase(plain, ' ');
  auto [terms, stated] = StringRef(plain).split("->");
  auto [lhs, rhs] = terms.split(',');
  std::string both = (lhs + rhs).str(), alone; // labels of one term, in the order of their codes
  for (char label = 'A'; label <= 'z'; ++label)
    if (StringRef(both).count(label) == 1)
      alone += label;
  bool isStated = StringRef(plain).contains("->");
  Equation equation = {lhs.str(), rhs.str(), isStated ? stated.str() : alone};
  auto isTerm = [](StringRef labels) {
    return llvm::all_of(
        labels, [&](char label) { return llvm::isAlpha(label) && labels.count(label) == 1; });
  };
  bool isProduct =
      select(alone, equation.result, false).empty() && select(equation.result, both, false).empty();
  if (!isProduct || !isTerm(lhs) || !isTerm(rhs) || !isTerm(equation.result))
    return std::nullopt;
  return equation;
}

bool LabelledDims::add(Value value, StringRef labels) {
  ArrayRef<ExprAttr> dims = getType(value).getDims();
  if (dims.size() != labels.size())
    return false;
  return llvm::all_of(llvm::zip_equal(labels, dims), [&](auto dim) {
    auto [label, size] = dim;
    return sizes.try_emplace(label, size).first->second == size;
  });
}

bool LabelledDims::merge(SmallVectorImpl<ExprAttr> &dims, StringRef labels) const {
  dims.push_back(getProduct(rewriter.getContext(), getSizes(labels)));
  return static_cast<bool>(dims.back());
}

Value LabelledDims::transpose(Value value, StringRef from, StringRef to) {
  if (from == to)
    return value;
  auto perm =
      llvm::map_to_vector(to, [&](char label) { return static_cast<int64_t>(from.find(label)); });
  return TransposeOp::create(
      rewriter, loc, PlannedType::get(getSizes(to), getType(value).getElementType()), value, perm);
}

LogicalResult ExpandProduct::matchAndRewrite(LibraryCallOp op, PatternRewriter &rewriter) const {
  auto text = op.getParameters().getAs<StringAttr>("equation");
  if (op.getCallee() != "einsum" || op.getInputs().size() != 2 || !text ||
      !llvm::all_of(op.getInputs(), isF32) || !isF32(op.getResult(0)))
    return rewriter.notifyMatchFailure(op, "no einsum of two tensors of f32");
  std::optional<Equation> equation = Equation::parse(text.getValue());
  Value lhs = op.getInputs()[0], rhs = op.getInputs()[1];
  LabelledDims dims(rewriter, op.getLoc());
  if (!equation || !dims.add(lhs, equation->lhs) || !dims.add(rhs, equation->rhs))
    return rewriter.notifyMatchFailure(op, "no product of matrices");
  std::string batch = equation->getBatch(), rows = equation->getRows(),
              columns = equation->getColumns(), summed = equation->getSummed();
  SmallVector<ExprAttr> left = dims.getSizes(batch), right = left, product = left;
  if (!dims.merge(left, rows) || !dims.merge(left, summed) || !dims.merge(right, summed) ||
      !dims.merge(right, columns) || !dims.merge(product, rows) || !dims.merge(product, columns))
    return rewriter.notifyMatchFailure(op, "the dims are too large for one");
  lhs = dims.view(dims.transpose(lhs, equation->lhs, batch + rows + summed), left);
  rhs = dims.view(dims.transpose(rhs, equation->rhs, batch + summed + columns), right);
  Value result = MatmulOp::create(rewriter, op.getLoc(),
                                  PlannedType::get(product, rewriter.getF32Type()), lhs, rhs,
                                  /*bias=*/Value(), /*transpose_lhs=*/false,
                                  /*transpose_rhs=*/false);
  std::string order = batch + rows + columns;
  result = dims.view(result, dims.getSizes(order));
  rewriter.replaceOp(op, dims.transpose(result, order, equation->result));
  return success();
}

namespace {
struct ExpandEinsum : dlc::impl::ExpandEinsumBase<ExpandEinsum> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ExpandProduct>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
