// How values lie between the kernels of a GPU.
#ifndef DLC_LIB_SCHEDULE_DEVICELAYOUTS_H
#define DLC_LIB_SCHEDULE_DEVICELAYOUTS_H

#include "dlc/IR/Dlc.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// Gives values that products by tensor cores read or write the layouts which these take.
void assignDeviceLayouts(mlir::func::FuncOp function, DeviceAttr device);

} // namespace dlc

#endif
