// NVIDIA's assembler, where the machine has it.
#ifndef DLC_LIB_CODEGEN_CUDA_ASSEMBLER_H
#define DLC_LIB_CODEGEN_CUDA_ASSEMBLER_H

#include "dlc/Codegen/Codegen.h"

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace dlc {

struct MachineCode {
  std::string bytes;
  /// Kernels that have too few registers: some of their values lie in memory.
  std::vector<std::string> spilling;
  /// What ptxas says of kernels that it makes slower than they ask for.
  std::vector<std::string> losses;
};

/// Machine code for `gpu`, as sm_80. The error is what ptxas has written.
llvm::Expected<MachineCode> assemble(llvm::StringRef assembler, llvm::StringRef ptx,
                                     llvm::StringRef gpu);
/// PTX in which these kernels say that one block at a time is enough for them: else ptxas may keep
/// values in memory so that more blocks fit.
std::string allowAllRegisters(llvm::StringRef ptx, llvm::ArrayRef<std::string> kernels);

} // namespace dlc

#endif
