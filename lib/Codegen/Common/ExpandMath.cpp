// Math functions as polynomials. Calls of a math library would take a vector apart into its lanes,
// and devices have none to call. The logarithm's is MLIR's. What is of f64 calls the math
// library: here only where LLVM has no operation that it makes a call of.

#include "ExpandCurves.h"
#include "ExpandExponentials.h"
#include "ExpandPower.h"
#include "ExpandTrigonometry.h"

#include "dlc/Codegen/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/TypeSwitch.h"

#define DEBUG_TYPE "dlc-expand-math"

namespace dlc {
#define GEN_PASS_DEF_EXPANDMATH
#include "dlc/Codegen/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// What the math library calls an op that LLVM has no operation for.
static StringRef getCallee(Operation *op) {
  return llvm::TypeSwitch<Operation *, StringRef>(op)
      .Case([](math::AcoshOp) { return "acosh"; })
      .Case([](math::AsinhOp) { return "asinh"; })
      .Case([](math::AtanhOp) { return "atanh"; })
      .Case([](math::ErfOp) { return "erf"; })
      .Default(StringRef());
}

static bool isOfF64(Operation *op) {
  return getElementTypeOrSelf(op->getResult(0).getType()).isF64();
}

namespace {
/// A call of the math library for each lane.
template <typename OpTy> struct CallLibrary : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    if (!isOfF64(op))
      return rewriter.notifyMatchFailure(op, "not of f64");
    Type f64 = rewriter.getF64Type();
    Location loc = op.getLoc();
    auto type = LLVM::LLVMFunctionType::get(f64, {f64});
    auto call = [&](Value scalar) {
      return LLVM::CallOp::create(rewriter, loc, type, getCallee(op), ValueRange(scalar))
          .getResult();
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
  void declareCallees() {
    ModuleOp module = getOperation();
    llvm::SetVector<StringRef> callees;
    module.walk([&](Operation *op) {
      if (StringRef callee = getCallee(op); !callee.empty() && isOfF64(op))
        callees.insert(callee);
    });
    OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
    Type f64 = builder.getF64Type();
    for (StringRef callee : callees)
      LLVM::LLVMFuncOp::create(builder, module.getLoc(), callee,
                               LLVM::LLVMFunctionType::get(f64, {f64}));
  }

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(
        patterns, [](StringRef name) { return name == math::LogOp::getOperationName(); });
    ExponentialTarget machine = {/*hasFma=*/true, /*hasAvx512=*/false}; // of a device
    if (hasTarget(getOperation())) {
      TargetAttr target = *getTarget(getOperation());
      machine = {target.getFma(), /*hasAvx512=*/target.getLanes() == 16};
    }
    populateExponentialPatterns(patterns, machine);
    populateCurvePatterns(patterns);
    populateTrigonometryPatterns(patterns);
    populatePowerPatterns(patterns);
    patterns.add<CallLibrary<math::AcoshOp>, CallLibrary<math::AsinhOp>, CallLibrary<math::AtanhOp>,
                 CallLibrary<math::ErfOp>>(&getContext());
    declareCallees();
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
