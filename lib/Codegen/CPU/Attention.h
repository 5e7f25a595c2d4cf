// Attention of heads.
#ifndef DLC_LIB_CODEGEN_CPU_ATTENTION_H
#define DLC_LIB_CODEGEN_CPU_ATTENTION_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// Vectorizes over keys, and over the elements of values; see `#dlc.schedule`.
llvm::LogicalResult emitAttention(KernelBuilder &b);

} // namespace dlc

#endif
