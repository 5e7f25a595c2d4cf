// Recurrent cells.
#ifndef DLC_LIB_CODEGEN_CPU_RECURRENCE_H
#define DLC_LIB_CODEGEN_CPU_RECURRENCE_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// Vectorizes over the state; see `#dlc.schedule`.
llvm::LogicalResult emitRecurrence(KernelBuilder &b);

} // namespace dlc

#endif
