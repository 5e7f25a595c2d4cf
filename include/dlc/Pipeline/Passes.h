// Passes that belong to no single phase.
#ifndef DLC_PIPELINE_PASSES_H
#define DLC_PIPELINE_PASSES_H

#include "mlir/Pass/Pass.h"

namespace dlc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dlc/Pipeline/Passes.h.inc"

} // namespace dlc

#endif
