// Passes and pipeline of the schedule phase.
#ifndef DLC_SCHEDULE_PASSES_H
#define DLC_SCHEDULE_PASSES_H

#include "dlc/IR/Dlc.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace dlc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dlc/Schedule/Passes.h.inc"

/// Decides how each box is computed and how values lie in memory, for the module's target.
void buildSchedulePipeline(mlir::OpPassManager &pm, const ChooseSchedulesOptions &options);

} // namespace dlc

#endif
