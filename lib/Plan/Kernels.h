// Boxes as functions.
#ifndef DLC_LIB_PLAN_KERNELS_H
#define DLC_LIB_PLAN_KERNELS_H

#include "dlc/IR/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"

namespace dlc {

/// Makes the boxes it is given functions before the host program: one for all that are equal.
class KernelTable {
public:
  /// Launches the function of `box` on buffers for its inputs and outputs, where `builder` stands.
  llvm::LogicalResult launch(mlir::OpBuilder &builder, KernelOp box, mlir::ValueRange buffers);

private:
  mlir::func::FuncOp getFunction(KernelOp box, llvm::ArrayRef<mlir::Type> scratch);

  /// By type and schedule.
  llvm::DenseMap<std::pair<mlir::Type, mlir::Attribute>, llvm::SmallVector<mlir::func::FuncOp, 1>>
      functions;
  size_t numFunctions = 0;
};

} // namespace dlc

#endif
