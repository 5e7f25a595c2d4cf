// The window that convolution and pooling move over the spatial dims.
#ifndef DLC_IMPORT_OPS_WINDOW_H
#define DLC_IMPORT_OPS_WINDOW_H

#include "OpTable.h"

namespace dlc {

/// One element for each spatial dim; of pads two, all begins before all ends.
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations, pads;
};

/// Reads strides, dilations, pads and auto_pad for a kernel.
mlir::FailureOr<Window> getWindow(OnnxNode &node, llvm::ArrayRef<int64_t> kernel);

} // namespace dlc

#endif
