// Computes the shape of every value. Shapes flow forward only: an op's result types are a function
// of its operands, so one visit in order is enough.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-infer-shapes"

namespace dlc {
#define GEN_PASS_DEF_INFERSHAPES
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

static bool isKnown(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  return !type || type.hasRank();
}

namespace {
struct InferShapes : dlc::impl::InferShapesBase<InferShapes> {
  /// An op whose operands are unknown is passed over: the error was reported where they come from.
  LogicalResult inferOp(Operation *op) {
    auto interface = dyn_cast<ShapeInferenceOpInterface>(op);
    if (!interface || !llvm::all_of(op->getOperands(), isKnown))
      return success();
    SmallVector<PlannedType> types;
    if (failed(interface.inferShapes(types)))
      return failure();
    for (auto [result, type] : llvm::zip_equal(op->getResults(), types)) {
      if (!isKnown(result))
        ++numInferred;
      result.setType(type);
    }
    return success();
  }

  void runOnOperation() override {
    bool failedOp = false;
    getOperation().walk([&](func::FuncOp function) {
      if (function.isExternal())
        return;
      function.walk([&](Operation *op) { failedOp |= failed(inferOp(op)); });
      Operation *end = function.getBody().back().getTerminator();
      function.setType(
          FunctionType::get(&getContext(), function.getArgumentTypes(), end->getOperandTypes()));
    });
    if (failedOp)
      signalPassFailure();
  }
};
} // namespace
