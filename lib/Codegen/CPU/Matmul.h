// Matrix products of operands that lie row by row.
#ifndef DLC_LIB_CODEGEN_CPU_MATMUL_H
#define DLC_LIB_CODEGEN_CPU_MATMUL_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// Vectorizes over columns; see `#dlc.schedule`.
llvm::LogicalResult emitMatmul(KernelBuilder &b);

} // namespace dlc

#endif
