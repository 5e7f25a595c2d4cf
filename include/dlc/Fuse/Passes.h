// Passes and pipeline of the fuse phase.
#ifndef DLC_FUSE_PASSES_H
#define DLC_FUSE_PASSES_H

#include "dlc/IR/Dlc.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace dlc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dlc/Fuse/Passes.h.inc"

/// Draws boxes: afterwards every op is in one, or belongs to the host program.
void buildFusePipeline(mlir::OpPassManager &pm, const FuseOptions &options);

} // namespace dlc

#endif
