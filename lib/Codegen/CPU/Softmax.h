// Softmax along a dim.
#ifndef DLC_LIB_CODEGEN_CPU_SOFTMAX_H
#define DLC_LIB_CODEGEN_CPU_SOFTMAX_H

#include "KernelBuilder.h"

namespace dlc {

/// Vectorizes over the last dim, be it the one that is summed over or not; see `#dlc.schedule`.
llvm::LogicalResult emitSoftmax(KernelBuilder &b);

} // namespace dlc

#endif
