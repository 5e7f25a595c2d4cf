// NVIDIA's assembler, where the machine has it.
#ifndef DLC_LIB_CODEGEN_CUDA_ASSEMBLER_H
#define DLC_LIB_CODEGEN_CUDA_ASSEMBLER_H

#include "mlir/Support/LLVM.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace dlc {

/// The path of ptxas: on the PATH, or of a CUDA Toolkit in its usual place.
std::optional<std::string> findAssembler();

/// Machine code for sm_<architecture>. The error is what ptxas has written.
llvm::Expected<std::string> assemble(llvm::StringRef assembler, llvm::StringRef ptx,
                                     int64_t architecture);

} // namespace dlc

#endif
