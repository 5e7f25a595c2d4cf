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
#include "llvm/ADT/MapVector.h"
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

/// Constant vectors in memory, as operands that instructions read there. LLVM broadcasts constants
/// of AVX2 to registers by instructions of their own: functions of a tile's dozen vectors have more
/// of them than there are registers, and each use would be two instructions.
class StoredConstants {
public:
  explicit StoredConstants(ModuleOp module) : module(module) {}

  /// Loads `constant` in front of each op that uses it.
  void store(arith::ConstantOp constant) {
    auto elements = cast<DenseElementsAttr>(constant.getValue());
    for (OpOperand &use : llvm::make_early_inc_range(constant->getUses())) {
      OpBuilder b(use.getOwner());
      Location loc = constant.getLoc();
      Value address = LLVM::AddressOfOp::create(b, loc, getGlobal(elements));
      use.set(LLVM::LoadOp::create(b, loc, constant.getType(), address, alignment,
                                   /*isVolatile=*/false, /*isNonTemporal=*/false,
                                   /*isInvariant=*/true));
    }
    constant.erase();
  }

private:
  static constexpr unsigned alignment = 32;

  LLVM::GlobalOp getGlobal(DenseElementsAttr elements) {
    LLVM::GlobalOp &global = globals[elements];
    if (!global) {
      OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
      std::string name = "dlc_vector_" + std::to_string(globals.size());
      global = LLVM::GlobalOp::create(b, module.getLoc(), elements.getType(), /*isConstant=*/true,
                                      LLVM::Linkage::Private, name, elements, alignment);
      global.setDsoLocal(true);
    }
    return global;
  }

  ModuleOp module;
  llvm::MapVector<Attribute, LLVM::GlobalOp> globals;
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

  /// All but zeros, which take no memory.
  void storeConstants() {
    StoredConstants stored(getOperation());
    getOperation().walk([&](arith::ConstantOp constant) {
      auto elements = dyn_cast<SplatElementsAttr>(constant.getValue());
      auto type = dyn_cast<VectorType>(constant.getType());
      if (!elements || !type || !type.getElementType().isF32() || type.getNumElements() != 8 ||
          elements.getSplatValue<APFloat>().isPosZero())
        return;
      stored.store(constant);
    });
  }

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateMathPolynomialApproximationPatterns(
        patterns, [](StringRef name) { return name == math::LogOp::getOperationName(); });
    ExponentialTarget machine = {/*hasFma=*/true, /*hasAvx512=*/false}; // of a device
    bool storesConstants = false;
    if (hasTarget(getOperation())) {
      TargetAttr target = *getTarget(getOperation());
      machine = {target.getFma(), /*hasAvx512=*/target.getLanes() == 16};
      storesConstants = target.getLanes() == 8;
    }
    populateExponentialPatterns(patterns, machine);
    populateCurvePatterns(patterns);
    populateTrigonometryPatterns(patterns);
    populatePowerPatterns(patterns);
    patterns.add<CallLibrary<math::AcoshOp>, CallLibrary<math::AsinhOp>, CallLibrary<math::AtanhOp>,
                 CallLibrary<math::ErfOp>>(&getContext());
    declareCallees();
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    if (storesConstants)
      storeConstants();
  }
};
} // namespace
