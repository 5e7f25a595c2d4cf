// Conversions between element types, on scalars or vectors.
#ifndef DLC_LIB_IR_SCALARCONVERSION_H
#define DLC_LIB_IR_SCALARCONVERSION_H

#include "dlc/IR/Dlc.h"

namespace dlc {


/// `value`, of element type `from`, as the scalar type of `to`, with the values of `to` alone: as
/// ONNX Cast has it. The scalar types are those of getScalarType.
mlir::Value convertScalar(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                          mlir::Type from, mlir::Type to);

} // namespace dlc

#endif
