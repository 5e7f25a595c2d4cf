// What all layouts answer: `#dlc.image_layout`, `#dlc.filter_layout`, `#dlc.gate_layout`,
// `#dlc.row_layout`, `#dlc.padded_layout`, `#dlc.device_layout`.
#ifndef DLC_IR_LAYOUT_H
#define DLC_IR_LAYOUT_H

#include "dlc/IR/Dlc.h"

namespace dlc {

bool isLayout(mlir::Attribute attr);

/// The type that operands of products have in memory at a precision: f32, tf32, f16 or bf16.
mlir::Type getOperandType(mlir::MLIRContext *context, Precision precision);

/// Whether an image lies on a device with its channels last.
bool hasChannelsLast(PlannedType type);

/// Whether values of `dims` can have `layout`.
llvm::LogicalResult verifyLayout(mlir::Attribute layout, llvm::ArrayRef<ExprAttr> dims,
                                 llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// The number of elements of a buffer for a value of `dims`, padding included; a null layout is
/// dense and row-major. Null where it leaves 64 bits.
ExprAttr getBufferElements(mlir::MLIRContext *context, mlir::Attribute layout,
                           llvm::ArrayRef<ExprAttr> dims);

} // namespace dlc

#endif
