// The emitters of kernels, one for each algorithm of CPUs; `#dlc.schedule` describes these.
#ifndef DLC_LIB_CODEGEN_CPU_EMITKERNELS_H
#define DLC_LIB_CODEGEN_CPU_EMITKERNELS_H

#include "../Common/KernelBuilder.h"

namespace dlc {

/// Vectorizes over output channels.
llvm::LogicalResult emitDirectConv(KernelBuilder &b);
/// Vectorizes over the pixels of a row.
llvm::LogicalResult emitRowConv(KernelBuilder &b);
/// Computes tiles of 4 x 4 pixels with fewer multiplications.
llvm::LogicalResult emitWinograd(KernelBuilder &b);
/// Vectorizes over the channels of a block.
llvm::LogicalResult emitDepthwise(KernelBuilder &b);
/// Evaluates the kernel's results row by row.
llvm::LogicalResult emitLoops(KernelBuilder &b);
/// Evaluates elementwise results in blocks of channels pixel by pixel, or copies into or out of
/// blocks.
llvm::LogicalResult emitBlocks(KernelBuilder &b);
/// Windows and reductions of blocked images: vectorizes over the channels of a block.
llvm::LogicalResult emitPool(KernelBuilder &b);
/// A softmax or a normalization, and elementwise ops around it.
llvm::LogicalResult emitRows(KernelBuilder &b);
/// Recurrent cells: vectorizes over the state.
llvm::LogicalResult emitRecurrence(KernelBuilder &b);
/// Matrix products of operands that lie row by row: vectorizes over columns.
llvm::LogicalResult emitMatmul(KernelBuilder &b);
/// Vectorizes over keys, and over the elements of values.
llvm::LogicalResult emitAttention(KernelBuilder &b);

} // namespace dlc

#endif
