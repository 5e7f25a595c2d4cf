// The parts of what holds after a phase that are more than a look at one op.
#ifndef DLC_LIB_PIPELINE_VERIFYPHASE_H
#define DLC_LIB_PIPELINE_VERIFYPHASE_H

#include "dlc/IR/Program.h"
#include "dlc/Pipeline/Pipeline.h"

namespace dlc {

/// Whether weights say where their data lies, and have the recipes and layouts that the phase
/// promises; an error for each op where they do not.
llvm::LogicalResult verifyWeights(mlir::ModuleOp module, Phase phase);

/// Whether each symbol has one binder, before its uses, in each version of the program.
llvm::LogicalResult verifySymbols(mlir::ModuleOp module, Phase phase);

} // namespace dlc

#endif
