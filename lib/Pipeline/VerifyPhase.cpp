// What holds after each phase, as checks. The words stand in Phases.def.

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Emitters.h"
#include "dlc/IR/Program.h"
#include "dlc/Pipeline/Passes.h"
#include "dlc/Pipeline/Pipeline.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "llvm/ADT/StringSet.h"

#define DEBUG_TYPE "dlc-verify-phase"

namespace dlc {
#define GEN_PASS_DEF_VERIFYPHASE
#include "dlc/Pipeline/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Ops that compute values, rather than place or move them.
static bool isComputation(Operation *op) {
  return isa<DlcDialect>(op->getDialect()) &&
         !isa<AllocOp, SlotOp, WeightSlotOp, ReinterpretOp, LaunchOp, ReadOp, WriteOp>(op);
}

/// The ops that may occur after a phase.
static bool isAllowed(Operation *op, Phase phase) {
  if (phase == Phase::Codegen)
    return isa<ModuleOp>(op) || isa<LLVM::LLVMDialect>(op->getDialect());
  if (isa<ModuleOp, func::FuncOp, func::ReturnOp>(op))
    return true;
  if (isa<func::CallOp>(op))
    return phase == Phase::Import;
  auto function = op->getParentOfType<func::FuncOp>();
  if (!function)
    return false;
  if (phase <= Phase::Graph)
    return isComputation(op) && !isa<KernelOp>(op) &&
           (!isa<YieldOp>(op) || isa<IfOp, LoopOp>(op->getParentOp()));
  if (phase <= Phase::Schedule)
    return isComputation(op) &&
           (isa<ConstantOp, KernelOp>(op) || isView(op) || op->getParentOfType<KernelOp>());
  if (function.getSymName() == mainName)
    return isa<SlotOp, WeightSlotOp, ReinterpretOp, LaunchOp>(op);
  return isa<ReadOp, WriteOp>(op) || (isComputation(op) && !isa<KernelOp, YieldOp>(op));
}

static LogicalResult verifyOp(Operation *op, Phase phase) {
  if (!isAllowed(op, phase))
    return op->emitError("'") << op->getName() << "' is not expected after phase "
                              << getFlag(phase);
  if (phase > Phase::Import)
    for (Type type : op->getResultTypes())
      if (auto planned = dyn_cast<PlannedType>(type); planned && !planned.hasRank())
        return op->emitError("expected a known shape after phase ") << getFlag(phase);
  if (auto box = dyn_cast<KernelOp>(op); box && phase >= Phase::Schedule && !box.getSchedule())
    return op->emitError("expected a schedule after phase ") << getFlag(phase);
  return success();
}

/// The dims of a value or a buffer, where they are known.
static ArrayRef<ExprAttr> getDims(Type type) {
  if (auto buffer = dyn_cast<BufferType>(type))
    type = buffer.getTensor();
  if (auto planned = dyn_cast<PlannedType>(type))
    return planned.getDims();
  return {};
}

/// Every symbol is a plain dim of an input: that is where a run reads it.
static LogicalResult verifySymbols(ModuleOp module) {
  auto main = module.lookupSymbol<func::FuncOp>(mainName);
  if (!main)
    return module.emitError("expected a function '") << mainName << "'";
  llvm::StringSet<> bound;
  for (Type type : main.getArgumentTypes())
    for (ExprAttr dim : getDims(type))
      if (std::optional<StringRef> symbol = dim.getSymbol())
        bound.insert(*symbol);
  WalkResult result = module.walk([&](Operation *op) {
    std::optional<StringRef> unbound;
    auto check = [&](ExprAttr expr) {
      expr.walkSymbols([&](StringRef symbol) {
        if (!bound.contains(symbol))
          unbound = symbol;
      });
    };
    for (Type type : op->getResultTypes())
      llvm::for_each(getDims(type), check);
    for (NamedAttribute attr : op->getAttrs()) // offsets, numbers of tasks, the workspace
      if (auto expr = dyn_cast<ExprAttr>(attr.getValue()))
        check(expr);
    if (!unbound)
      return WalkResult::advance();
    op->emitError("symbol '") << *unbound << "' is not bound by an input";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult dlc::verifyPhase(ModuleOp module, Phase phase) {
  bool valid = true;
  module.walk([&](Operation *op) { valid &= succeeded(verifyOp(op, phase)); });
  if (phase != Phase::Codegen)
    valid &= succeeded(verifySymbols(module));
  return success(valid);
}

namespace {
struct VerifyPhase : dlc::impl::VerifyPhaseBase<VerifyPhase> {
  using VerifyPhaseBase::VerifyPhaseBase;

  void runOnOperation() override {
    std::optional<Phase> known = symbolizePhase(phase);
    if (!known || *known > Phase::Codegen) {
      getOperation().emitError("expected a phase on IR, found '") << phase << "'";
      return signalPassFailure();
    }
    if (failed(verifyPhase(getOperation(), *known)))
      signalPassFailure();
  }
};
} // namespace
