// What kernels of images in blocks of channels share: a vector is one block of a pixel.
#ifndef DLC_LIB_CODEGEN_CPU_BLOCKS_H
#define DLC_LIB_CODEGEN_CPU_BLOCKS_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// A task's rows [begin, end) of a block of channels.
struct Band {
  mlir::Value n, plane, begin, end;
};
/// The rows of the task in a result of these dims; where there is a halo there is one band even
/// without rows.
Band getBand(KernelBuilder &b, llvm::ArrayRef<ExprAttr> dims, bool hasHalo);

/// The lanes of a block that are channels; null where all are.
mlir::Value getLanesInside(KernelBuilder &b, ExprAttr channels, mlir::Value plane);

/// `block` with zeros in the lanes that are no channels, whatever ops have made of them.
mlir::Value clearOutside(KernelBuilder &b, mlir::Value block, mlir::Value lanesInside);

} // namespace dlc

#endif
