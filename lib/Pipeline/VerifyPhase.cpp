// What holds after each phase, as checks. The words stand in Phases.def.

#include "VerifyPhase.h"

#include "dlc/IR/Emitters.h"
#include "dlc/IR/Program.h"
#include "dlc/IR/Views.h"
#include "dlc/Pipeline/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#define DEBUG_TYPE "dlc-verify-phase"

namespace dlc {
#define GEN_PASS_DEF_VERIFYPHASE
#include "dlc/Pipeline/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Ops of the host program from the plan phase on.
static bool isPlanOp(Operation *op) {
  return isa<AllocOp, SlotOp, WeightSlotOp, ReinterpretOp, LaunchOp, StoreSizesOp, CopyOp,
             NewTensorOp, RetainOp, ReleaseOp>(op);
}

/// Host ops, and the terminators of their regions.
static bool isInHostProgram(Operation *op) {
  return isHostOp(op) || (isa<YieldOp>(op) && !isa<KernelOp>(op->getParentOp()));
}

/// Ops that compute values, rather than place or move them.
static bool isComputation(Operation *op) {
  return isa<DlcDialect>(op->getDialect()) && !isPlanOp(op) && !isInHostProgram(op) &&
         !isa<ReadOp, WriteOp>(op);
}

/// The ops that may occur in the host program, and in what comes before it.
static bool isAllowedInHost(Operation *op, Phase phase, bool isEntry) {
  if (phase <= Phase::Graph)
    return isInHostProgram(op) || (isComputation(op) && !isa<KernelOp, YieldOp>(op));
  if (phase <= Phase::Schedule)
    return isInHostProgram(op) || isa<ConstantOp, KernelOp, SizesOp>(op) || isView(op) ||
           getPartOffset(op) || (isa<ConcatOp>(op) && joinsParts(cast<ConcatOp>(op))) ||
           (op->getParentOfType<KernelOp>() && isComputation(op));
  if (isEntry)
    return isa<AllocOp, WeightSlotOp, ReinterpretOp, StoreSizesOp, LibraryCallOp, AbsentOp, BindOp,
               GuardOp>(op);
  auto alloc = dyn_cast<AllocOp>(op); // of late size where it is left
  return isInHostProgram(op) || (isPlanOp(op) && (!alloc || alloc.getType().isOnDevice()));
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
  if (phase <= Phase::Schedule || isHostProgram(function) || isEntry(function))
    return isAllowedInHost(op, phase, isEntry(function));
  return isa<ReadOp, WriteOp>(op) || (isComputation(op) && !isa<KernelOp, YieldOp>(op));
}

/// The type of a result or of an argument of a region.
static LogicalResult verifyType(Operation *op, Type type, Phase phase) {
  auto planned = dyn_cast<PlannedType>(type);
  if (!planned)
    return success();
  if (phase > Phase::Import && !planned.hasRank())
    return op->emitError("expected a known shape after phase ") << getFlag(phase);
  if (phase < Phase::Schedule && planned.getLayout())
    return op->emitError("expected no layout after phase ") << getFlag(phase);
  if (phase == Phase::Plan && isInHostProgram(op))
    return op->emitError("expected buffers and handles after phase ") << getFlag(phase);
  return success();
}

static LogicalResult verifyOp(Operation *op, Phase phase) {
  if (!isAllowed(op, phase))
    return op->emitError("'") << op->getName() << "' is not expected after phase "
                              << getFlag(phase);
  if (isHostOp(op) && op->getParentOfType<KernelOp>())
    return op->emitError("'") << op->getName() << "' is not expected in a box";
  for (Type type : op->getResultTypes())
    if (failed(verifyType(op, type, phase)))
      return failure();
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Type type : block.getArgumentTypes())
        if (failed(verifyType(op, type, phase)))
          return failure();
  if (isa<AbsentOp>(op) && !llvm::all_of(op->getUsers(), llvm::IsaPred<LibraryCallOp>))
    return op->emitError("expected only library calls to leave an operand out");
  if (auto box = dyn_cast<KernelOp>(op); box && phase >= Phase::Schedule && !box.getSchedule())
    return op->emitError("expected a schedule after phase ") << getFlag(phase);
  return success();
}

LogicalResult dlc::verifyPhase(ModuleOp module, Phase phase) {
  bool valid = true;
  module.walk([&](Operation *op) { valid &= succeeded(verifyOp(op, phase)); });
  if (phase != Phase::Codegen) {
    valid &= succeeded(verifyWeights(module, phase));
    valid &= succeeded(verifySymbols(module, phase));
  }
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
