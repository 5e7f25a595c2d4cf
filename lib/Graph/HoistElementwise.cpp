// Moves elementwise ops from behind views and transpositions of a product to the product itself,
// whose kernel then takes them into its epilogue.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-hoist-elementwise"

namespace dlc {
#define GEN_PASS_DEF_HOISTELEMENTWISE
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Whether the op computes each element from that of its first operand and from scalars.
static bool isOfOneValue(Operation *op) {
  auto getType = [](Value value) { return dyn_cast<PlannedType>(value.getType()); };
  if (!isa<ElementwiseOpInterface>(op) || op->getNumResults() != 1 || op->getNumOperands() == 0)
    return false;
  PlannedType from = getType(op->getOperand(0)), to = getType(op->getResult(0));
  return from && to && from.hasRank() && to.hasRank() && from.getDims() == to.getDims() &&
         llvm::all_of(op->getOperands().drop_front(), [&](Value scalar) {
           PlannedType type = getType(scalar);
           return type && type.hasRank() && type.getRank() == 0;
         });
}

/// Whether a product computes `value`, or ops that may follow it in its box.
static bool isOfProduct(Value value) {
  Operation *op = value.getDefiningOp();
  if (!op || !value.hasOneUse())
    return false;
  return isa<ConvOp, MatmulOp>(op) || (isOfOneValue(op) && isOfProduct(op->getOperand(0)));
}

/// The views and transpositions between `op` and a product, which nothing else reads, the last one
/// first; none where there is no product.
static SmallVector<Operation *> findMoves(Operation *op) {
  SmallVector<Operation *> moves;
  Value value = op->getOperand(0);
  while (isa_and_nonnull<ViewOp, TransposeOp>(value.getDefiningOp()) && value.hasOneUse() &&
         value.getDefiningOp()->getBlock() == op->getBlock()) {
    moves.push_back(value.getDefiningOp());
    value = moves.back()->getOperand(0);
  }
  return isOfProduct(value) ? moves : SmallVector<Operation *>();
}

/// Computes `op` before `moves`, which then move its result.
static void hoist(Operation *op, ArrayRef<Operation *> moves) {
  OpBuilder builder(op);
  Operation *hoisted = builder.clone(*op);
  Value value = moves.back()->getOperand(0);
  Type elementType = cast<PlannedType>(op->getResult(0).getType()).getElementType();
  auto withElements = [&](Type type) {
    return PlannedType::get(cast<PlannedType>(type).getDims(), elementType);
  };
  hoisted->setOperand(0, value);
  hoisted->getResult(0).setType(withElements(value.getType()));
  moves.back()->setOperand(0, hoisted->getResult(0));
  for (Operation *move : llvm::reverse(moves)) {
    move->moveBefore(op);
    move->getResult(0).setType(withElements(move->getResult(0).getType()));
  }
  op->replaceAllUsesWith(moves.front());
  op->erase();
}

/// Computes an op of scalars and views, which all show values of one shape in another one, on these
/// values, and shows its result, where a product computes one of them. What products of three dims
/// are followed by is hoisted so from behind the views that surround them.
static bool hoistOverViews(Operation *op, DenseSet<Value> &ofProducts) {
  if (!isa<ElementwiseOpInterface>(op) || op->getNumResults() != 1)
    return false;
  auto to = dyn_cast<PlannedType>(op->getResult(0).getType());
  ViewOp view;
  bool isOfProduct = false;
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    operands.push_back(operand);
    auto type = dyn_cast<PlannedType>(operand.getType());
    if (type && type.hasRank() && type.getRank() == 0)
      continue;
    auto other = operand.getDefiningOp<ViewOp>();
    if (!other || !type || !to || !to.hasRank() || other->getBlock() != op->getBlock() ||
        type.getDims() != to.getDims() ||
        (view && other.getInput().getType().getDims() != view.getInput().getType().getDims()))
      return false;
    view = other;
    operands.back() = other.getInput();
    isOfProduct |= ofProducts.contains(other.getInput());
  }
  if (!isOfProduct)
    return false;
  OpBuilder builder(op);
  Operation *hoisted = builder.clone(*op);
  hoisted->setOperands(operands);
  hoisted->getResult(0).setType(
      PlannedType::get(view.getInput().getType().getDims(), to.getElementType()));
  ofProducts.insert(hoisted->getResult(0));
  op->replaceAllUsesWith(
      ValueRange(ViewOp::create(builder, op->getLoc(), to, hoisted->getResult(0)).getResult()));
  op->erase();
  return true;
}

namespace {
struct HoistElementwise : dlc::impl::HoistElementwiseBase<HoistElementwise> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    DenseSet<Value> ofProducts;
    getOperation().walk([&](Operation *op) {
      if (isa<ElementwiseOpInterface>(op))
        ops.push_back(op);
      if (isa<ConvOp, MatmulOp>(op))
        ofProducts.insert(op->getResult(0));
    });
    for (Operation *op : ops) {
      if (hoistOverViews(op, ofProducts) || !isOfOneValue(op))
        continue;
      if (SmallVector<Operation *> moves = findMoves(op); !moves.empty())
        hoist(op, moves);
    }
  }
};
} // namespace
