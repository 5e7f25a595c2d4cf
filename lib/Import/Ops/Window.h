// The window that convolution and pooling move over the spatial dims.
#ifndef DLC_IMPORT_OPS_WINDOW_H
#define DLC_IMPORT_OPS_WINDOW_H

#include "OpTable.h"

namespace dlc {

/// One element for each spatial dim; of pads two, all begins before all ends.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations, pads;
  /// Pads that follow from the input's size, see `dlc.same_pad`, instead of `pads`: the odd one at
  /// the end, or at the beginning.
  enum class Same { no, upper, lower } same = Same::no;

  bool isSame() const { return same != Same::no; }
};

/// The first input, with the pads that follow from its size: elements of value `outside`.
mlir::Value padInput(OnnxNode &node, const Window &window, double outside);

/// Reports a list of another length.
mlir::LogicalResult requireSize(OnnxNode &node, llvm::StringRef name, llvm::ArrayRef<int64_t> list,
                                size_t size);

/// Reads strides, dilations, pads and auto_pad for a kernel.
mlir::FailureOr<Window> getWindow(OnnxNode &node, llvm::ArrayRef<int64_t> kernel);

/// Conv, of the first three inputs, which must be of a float type.
mlir::LogicalResult importConv(OnnxNode &node);

} // namespace dlc

#endif
