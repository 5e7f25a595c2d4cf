// LLVM's x86 backend.
#ifndef DLC_LIB_CODEGEN_CPU_MACHINE_H
#define DLC_LIB_CODEGEN_CPU_MACHINE_H

#include "dlc/IR/Dlc.h"

#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/Target/TargetMachine.h"

namespace dlc {

/// What LLVM knows of a CPU; null where it does not know it.
std::unique_ptr<llvm::MCSubtargetInfo> createSubtarget(llvm::StringRef cpu,
                                                       llvm::StringRef features);

/// Position-independent code at the highest level of optimization; null where LLVM does not know
/// the CPU.
std::unique_ptr<llvm::TargetMachine> createMachine(TargetAttr target);

} // namespace dlc

#endif
