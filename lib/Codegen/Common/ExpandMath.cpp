// Math functions as polynomials. Calls of a math library would take a vector apart into its lanes,
// and devices have none to call. Most polynomials are MLIR's. What is of f64 calls the math
// library: here only where LLVM has no operation that it makes a call of.

#include "ExpandTrigonometry.h"

#include "dlc/Codegen/Passes.h"
#include "dlc/IR/Dlc.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#define DEBUG_TYPE "dlc-expand-math"

namespace dlc {
#define GEN_PASS_DEF_EXPANDMATH
#include "dlc/Codegen/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

namespace {
/// A call of the math library for each lane.
struct CallErf : OpRewritePattern<math::ErfOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::ErfOp op, PatternRewriter &rewriter) const override {
    Type f64 = rewriter.getF64Type();
    if (getElementTypeOrSelf(op.getType()) != f64)
      return rewriter.notifyMatchFailure(op, "not of f64");
    Location loc = op.getLoc();
    auto callee = LLVM::LLVMFunctionType::get(f64, {f64});
    auto call = [&](Value scalar) {
      return LLVM::CallOp::create(rewriter, loc, callee, "erf", ValueRange(scalar)).getResult();
    };
    auto vector = dyn_cast<VectorType>(op.getType());
    if (!vector) {
      rewriter.replaceOp(op, call(op.getOperand()));
      return success();
    }
    SmallVector<Value> lanes;
    for (int64_t lane = 0; lane != vector.getNumElements(); ++lane)
      lanes.push_back(call(vector::ExtractOp::create(rewriter, loc, op.getOperand(), lane)));
    rewriter.replaceOpWithNewOp<vector::FromElementsOp>(op, vector, lanes);
    return success();
  }
};

struct ExpandMath : dlc::impl::ExpandMathBase<ExpandMath> {
  /// Patterns may not add functions to the module: this happens before.
  void declareErf() {
    ModuleOp module = getOperation();
    WalkResult result = module.walk([](math::ErfOp op) {
      return getElementTypeOrSelf(op.getType()).isF64() ? WalkResult::interrupt()
                                                        : WalkResult::advance();
    });
    if (!result.wasInterrupted())
      return;
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    Type f64 = builder.getF64Type();
    LLVM::LLVMFuncOp::create(builder, module.getLoc(), "erf",
                             LLVM::LLVMFunctionType::get(f64, {f64}));
  }

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(patterns, [](StringRef name) {
      return name == math::ErfOp::getOperationName() || name == math::ExpOp::getOperationName() ||
             name == math::LogOp::getOperationName() || name == math::TanhOp::getOperationName();
    });
    populateTrigonometryPatterns(patterns);
    patterns.add<CallErf>(&getContext());
    declareErf();
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
