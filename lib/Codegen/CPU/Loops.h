#ifndef DLC_LIB_CODEGEN_CPU_LOOPS_H
#define DLC_LIB_CODEGEN_CPU_LOOPS_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// Evaluates the kernel's results row by row; see `#dlc.schedule`.
llvm::LogicalResult emitLoops(KernelBuilder &b);
/// Evaluates elementwise results in blocks of channels pixel by pixel; see `#dlc.schedule`.
llvm::LogicalResult emitBlocks(KernelBuilder &b);

} // namespace dlc

#endif
