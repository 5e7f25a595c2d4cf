// Folders and canonicalization.

#include "dlc/IR/Dlc.h"

#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace dlc;

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult GlobalPoolOp::canonicalize(GlobalPoolOp op, PatternRewriter &rewriter) {
  if (!op.getInput().getType().hasRank())
    return rewriter.notifyMatchFailure(op, "the rank is not known");
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, op.getInput().getType().getRank()));
  rewriter.replaceOpWithNewOp<ReduceOp>(op, op.getType(), op.getKind(), op.getInput(), axes,
                                        /*keep_dims=*/true);
  return success();
}
