// Windows and reductions of blocked images.
#ifndef DLC_LIB_CODEGEN_CPU_POOL_H
#define DLC_LIB_CODEGEN_CPU_POOL_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// Vectorizes over the channels of a block; see `#dlc.schedule`.
mlir::LogicalResult emitPool(KernelBuilder &b);

} // namespace dlc

#endif
