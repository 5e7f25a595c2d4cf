// What direct_conv and row_conv share: the kernel's parts, the loops around its tiles, and the
// reduction.
#ifndef DLC_LIB_CODEGEN_CPU_CONVKERNEL_H
#define DLC_LIB_CODEGEN_CPU_CONVKERNEL_H

#include "KernelBuilder.h"

namespace dlc {

/// A kernel that reads an image, convolves, applies elementwise ops, and writes an image.
struct ConvKernel {
  /// Fails with a located error where the kernel is anything else.
  static mlir::FailureOr<ConvKernel> create(KernelBuilder &b);

  /// Channels [group * schedule.channels, ... + channels) of row `h` of image `n`.
  struct Row {
    mlir::Value n, h, group;
    int64_t channels;
  };
  /// Emits the task: its halo, and `emitRow` for each of its rows, all rows of one group of
  /// channels before the next.
  void emitTask(KernelBuilder &b, llvm::function_ref<void(const Row &row)> emitRow);

  /// The address of the first input element that output pixel (row.h, w) is computed from.
  mlir::Value getWindow(KernelBuilder &b, const Row &row, mlir::Value w);
  mlir::Value getPanel(KernelBuilder &b, const Row &row);
  /// The sum of `emitStep` over all elements of the filter. A step sees the addresses of an input
  /// element and of its weights for all channels of a panel.
  using Step = llvm::function_ref<KernelBuilder::Carried(mlir::Value input, mlir::Value weights,
                                                         mlir::ValueRange sums)>;
  KernelBuilder::Carried reduce(KernelBuilder &b, mlir::Value window, mlir::Value panel,
                                mlir::ValueRange inits, Step emitStep);

  /// The elementwise ops behind the convolution.
  mlir::Value emitEpilogue(KernelBuilder &b, mlir::Value sum);

  ConvOp conv;
  llvm::SmallVector<ElementwiseOpInterface> epilogue;
  Image input, output;
  mlir::Value filter;
  mlir::Value bias; ///< null where there is none
  FilterLayoutAttr panels;
  int64_t outputChannels, inputChannels, kernelHeight, kernelWidth;

private:
  void emitRows(KernelBuilder &b, llvm::function_ref<void(const Row &row)> emitRow);
  mlir::LogicalResult matchBody(KernelBuilder &b, mlir::Value &input, mlir::Value &filter,
                                mlir::Value &bias, mlir::Value &output);
  mlir::LogicalResult matchOperands(KernelBuilder &b, mlir::Value input, mlir::Value filter,
                                    mlir::Value bias, mlir::Value output);
};

/// Vectorizes over output channels; see `#dlc.schedule`.
mlir::LogicalResult emitDirectConv(KernelBuilder &b);
/// Vectorizes over the pixels of a row; see `#dlc.schedule`.
mlir::LogicalResult emitRowConv(KernelBuilder &b);

} // namespace dlc

#endif
