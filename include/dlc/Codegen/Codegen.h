// From kernels and host program to machine code.
#ifndef DLC_CODEGEN_CODEGEN_H
#define DLC_CODEGEN_CODEGEN_H

#include "dlc/IR/Dlc.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"

#include <optional>
#include <string>

namespace dlc {

/// What the codegen phase needs of dialects to translate device code to LLVM IR.
void registerDeviceTranslations(mlir::DialectRegistry &registry);

/// From functions over buffers to `llvm` alone: kernels, host program, query table. The module
/// keeps its attributes.
void buildCodegenPipeline(mlir::OpPassManager &pm);

/// The CPU `name` ("host" or one of LLVM's) with additional `features`; an error on `loc` where
/// LLVM knows no such CPU.
mlir::FailureOr<TargetAttr> getTarget(mlir::Location loc, llvm::StringRef name,
                                      llvm::StringRef features);

/// The GPUs `names` ("sm_80"): code for the oldest of them, and machine code for each; an error on
/// `loc` that lists the known ones where a name is none of them.
mlir::FailureOr<DeviceAttr> getDevice(mlir::Location loc, llvm::ArrayRef<std::string> names,
                                      Precision precision);

/// The path of NVIDIA's assembler (ptxas): on the PATH, in $CUDA_HOME or $CUDA_PATH, of PyPI's
/// nvidia-cuda-nvcc where it is installed beside the package dlc, or in /usr/local/cuda.
std::optional<std::string> findAssembler();

/// DLC_CPU_ bits (dlc/ABI/Artifact.h) of the features that code for `target` uses.
uint64_t getCpuFeatures(TargetAttr target);

/// Machine code of a module after the codegen phase: ELF objects to be linked together, in an order
/// and with bytes that do not depend on `jobs`, the number of threads (0: one for each CPU).
mlir::FailureOr<llvm::SmallVector<std::string>> emitObjects(mlir::ModuleOp module, unsigned jobs);

enum class TextFormat { assembly, llvmIR };

/// The same as one text for people.
mlir::FailureOr<std::string> emitText(mlir::ModuleOp module, TextFormat format);

} // namespace dlc

#endif
