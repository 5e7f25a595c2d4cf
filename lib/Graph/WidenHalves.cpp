// Lets programs of f16 and bf16 compute in f32, which all kernels take: a half is what a model
// stores, and rounds to where it says so.

#include "Matching.h"

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Emitters.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/IRMapping.h"

#define DEBUG_TYPE "dlc-widen-halves"

namespace dlc {
#define GEN_PASS_DEF_WIDENHALVES
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

static bool isHalf(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  return type && type.hasRank() &&
         (type.getElementType().isF16() || type.getElementType().isBF16());
}

static PlannedType getWideType(Value half) {
  return PlannedType::get(getType(half).getDims(), Float32Type::get(half.getContext()));
}

/// Whether `op` has kernels for f32 alone, or becomes ops that do.
static bool needsF32(Operation *op) {
  if (auto call = dyn_cast<LibraryCallOp>(op))
    return call.getCallee() == "attention" || call.getCallee() == "einsum";
  return isa<ConvOp, MatmulOp, BatchNormOp, PoolOp, GlobalPoolOp, ReduceOp, SoftmaxOp, LayerNormOp,
             ResizeOp, RecurrenceOp, AttentionOp>(op);
}

/// Whether a small change of an operand may change the result of this elementwise op by a lot.
static bool isStep(Operation *op) { return isa<CeilOp, FloorOp, ModOp, RoundOp, SignOp>(op); }

namespace {
class Widener {
public:
  void visit(Operation *op);

private:
  bool isWidened(Operation *op) const;
  Value getWide(Value half, Location loc);
  void widen(Operation *op);

  /// Values of f32 that halves are rounded from, or that are made of them.
  llvm::DenseMap<Value, Value> wide;
};
} // namespace

bool Widener::isWidened(Operation *op) const {
  if (isMovement(op))
    return llvm::any_of(op->getOperands(), [&](Value value) { return wide.contains(value); });
  // A cast to halves says that the model wants what is lost to be lost.
  bool isArithmetic = isa<ElementwiseOpInterface>(op) && !isa<CastOp>(op) && !isStep(op);
  return ((needsF32(op) || isArithmetic) && llvm::any_of(op->getResults(), isHalf)) ||
         (isa<IsNanOp>(op) && isHalf(op->getOperand(0))); // which rounding does not change
}

Value Widener::getWide(Value half, Location loc) {
  Value &value = wide[half];
  if (!value) {
    OpBuilder builder(half.getContext());
    builder.setInsertionPointAfterValue(half);
    value = CastOp::create(builder, loc, getWideType(half), half);
  }
  return value;
}

void Widener::widen(Operation *op) {
  OpBuilder builder(op);
  IRMapping mapping;
  for (Value operand : op->getOperands())
    if (isHalf(operand))
      mapping.map(operand, getWide(operand, op->getLoc()));
  Operation *widened = builder.clone(*op, mapping);
  for (auto [result, wideResult] : llvm::zip_equal(op->getResults(), widened->getResults())) {
    Value replacement = wideResult;
    if (isHalf(result)) {
      wideResult.setType(getWideType(result));
      replacement = CastOp::create(builder, op->getLoc(), result.getType(), wideResult);
      wide[replacement] = wideResult;
    }
    result.replaceAllUsesWith(replacement);
  }
  op->erase();
}

void Widener::visit(Operation *op) {
  if (isWidened(op))
    return widen(op);
  auto cast = dyn_cast<CastOp>(op);
  Value rounded = cast ? wide.lookup(cast.getInput()) : Value();
  if (rounded && rounded.getType() == cast.getType()) {
    cast.replaceAllUsesWith(rounded);
    cast.erase();
  }
}

namespace {
struct WidenHalves : dlc::impl::WidenHalvesBase<WidenHalves> {
  void runOnOperation() override {
    bool isNeeded = false;
    getOperation().walk([&](Operation *op) {
      isNeeded |= needsF32(op) && llvm::any_of(op->getOperands(), isHalf);
    });
    if (!isNeeded)
      return;
    SmallVector<Operation *> ops;
    getOperation().walk<WalkOrder::PreOrder>([&](Operation *op) { ops.push_back(op); });
    Widener widener;
    llvm::for_each(ops, [&](Operation *op) { widener.visit(op); });
  }
};
} // namespace
