// f16 and bf16 as integers: conversions for CPUs without instructions for them.
#ifndef DLC_IR_SMALLFLOATS_H
#define DLC_IR_SMALLFLOATS_H

#include "mlir/IR/Builders.h"

namespace dlc {

/// The bits (i16) of f32 scalars or vectors rounded to `elementType`, f16 or bf16: to the nearest,
/// of two to the even one.
mlir::Value packSmallFloat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value,
                           mlir::Type elementType);
/// The f32 scalars or vectors for bits (i16) of `elementType`.
mlir::Value unpackSmallFloat(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value bits,
                             mlir::Type elementType);

} // namespace dlc

#endif
