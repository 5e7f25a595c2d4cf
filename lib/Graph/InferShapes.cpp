// Computes the shape of every value. Shapes flow forward only: an op's result types are a function
// of its operands, so one visit in order is enough.

#include "Inference.h"

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

namespace {
struct InferShapes : dlc::impl::InferShapesBase<InferShapes> {
  void runOnOperation() override {
    bool failedOp = false;
    Inference inference(getOperation());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      Block &body = function.getBody().front();
      failedOp |= failed(inference.inferBlock(body));
      // What only the run knows of an output leaves as a handle.
      Operation *end = body.getTerminator();
      OpBuilder builder(end);
      for (OpOperand &output : end->getOpOperands())
        if (hasLateRank(output.get()))
          output.set(getHandle(builder, end->getLoc(), output.get()));
      function.setType(
          FunctionType::get(&getContext(), function.getArgumentTypes(), end->getOperandTypes()));
    }
    numInferred += inference.getNumInferred();
    if (failedOp)
      return signalPassFailure();
    // Nobody asks for the rank any more.
    getOperation().walk([](MatchOp match) {
      auto type = dyn_cast<PlannedType>(match.getResult().getType());
      if (type && !type.hasRank() && match->use_empty())
        match.erase();
    });
  }
};
} // namespace
