// Passes and pipeline of the plan phase.
#ifndef DLC_PLAN_PASSES_H
#define DLC_PLAN_PASSES_H

#include "dlc/IR/Dlc.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace dlc {

/// Turns boxes into functions over buffers, and the graph into a host program with a planned arena.
void buildPlanPipeline(mlir::OpPassManager &pm);

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dlc/Plan/Passes.h.inc"

} // namespace dlc

#endif
