// LLVM's NVPTX backend.
#ifndef DLC_LIB_CODEGEN_CUDA_MACHINE_H
#define DLC_LIB_CODEGEN_CUDA_MACHINE_H

#include "dlc/IR/Dlc.h"

#include "llvm/Target/TargetMachine.h"

namespace dlc {

std::unique_ptr<llvm::TargetMachine> createGpuMachine(DeviceAttr device);
/// As sm_90, or sm_90a for code that runs on it alone.
std::string getGpuName(int64_t architecture, bool isSpecific);

} // namespace dlc

#endif
