// Computes the shape of every value. Shapes flow forward only: an op's result types are a function
// of its operands, so one visit in order is enough.

#include "Inference.h"

#include "dlc/ABI/Op.h"
#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/LibraryCall.h"
#include "dlc/IR/Program.h"

#include "mlir/IR/BuiltinOps.h"

#define DEBUG_TYPE "dlc-infer-shapes"

namespace dlc {
#define GEN_PASS_DEF_INFERSHAPES
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// What only the run knows of an output leaves as a handle, whose element type the signature keeps.
static void leaveAsHandle(OpBuilder &builder, func::FuncOp function, OpOperand &output) {
  auto type = cast<PlannedType>(output.get().getType());
  function.setResultAttr(output.getOperandNumber(), handleName,
                         builder.getDenseI64ArrayAttr(
                             {DLC_VALUE_TENSOR, getDtype(type.getElementType()).value_or(0)}));
  output.set(getHandle(builder, output.getOwner()->getLoc(), output.get()));
}

/// One signature describes the outputs of all versions: those that are handles for some sizes are
/// handles for all, and ranks are equal.
static LogicalResult unifyOutputs(func::FuncOp version, func::FuncOp main) {
  Operation *end = version.getBody().front().getTerminator();
  OpBuilder builder(end);
  for (auto [index, output, type] :
       llvm::enumerate(end->getOpOperands(), main.getFunctionType().getResults())) {
    if (isa<HandleType>(type)) {
      output.set(getHandle(builder, end->getLoc(), output.get()));
      continue;
    }
    auto own = dyn_cast<PlannedType>(output.get().getType());
    int64_t rank = cast<PlannedType>(type).getRank();
    if (own && own.getRank() == rank)
      continue;
    InFlightDiagnostic error = version.emitError("output ");
    if (auto name = version.getResultAttrOfType<StringAttr>(index, portName))
      error << "'" << name.getValue() << "' ";
    error << "has rank " << rank << ", but ";
    own ? error << "rank " << own.getRank() : error << "a rank that only the run knows";
    return error << " in a version for " << version->getAttr(whenName);
  }
  version.setFunctionType(
      FunctionType::get(version.getContext(), version.getArgumentTypes(), end->getOperandTypes()));
  return success();
}

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
      Operation *end = body.getTerminator();
      OpBuilder builder(end);
      for (OpOperand &output : end->getOpOperands())
        if (hasLateRank(output.get()))
          leaveAsHandle(builder, function, output);
      function.setType(
          FunctionType::get(&getContext(), function.getArgumentTypes(), end->getOperandTypes()));
    }
    auto main = getOperation().lookupSymbol<func::FuncOp>(mainName);
    for (auto version : getOperation().getOps<func::FuncOp>())
      if (!failedOp && main && version->hasAttr(whenName))
        failedOp |= failed(unifyOutputs(version, main));
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
