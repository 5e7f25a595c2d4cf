// Boxes as functions.
#ifndef DLC_LIB_PLAN_KERNELS_H
#define DLC_LIB_PLAN_KERNELS_H

#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"
#include "mlir/IR/Builders.h"

namespace dlc {

/// Makes each box it is given a function before the host program, and numbers them.
class KernelTable {
public:
  /// Launches the function of `box` on buffers for its inputs and outputs, where `builder` stands.
  llvm::LogicalResult launch(mlir::OpBuilder &builder, KernelOp box, mlir::ValueRange buffers);

  llvm::ArrayRef<Kernel> getKernels() const { return kernels; }

private:
  llvm::SmallVector<Kernel> kernels;
};

} // namespace dlc

#endif
