// Passes and pipeline of the graph phase.
#ifndef DLC_GRAPH_PASSES_H
#define DLC_GRAPH_PASSES_H

#include "dlc/IR/Dlc.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassManager.h"

namespace dlc {

#define GEN_PASS_DECL
#define GEN_PASS_REGISTRATION
#include "dlc/Graph/Passes.h.inc"

/// Target-independent simplification; afterwards every shape is known as an expression.
void buildGraphPipeline(mlir::OpPassManager &pm, const SpecializeShapesOptions &options);

} // namespace dlc

#endif
