// The matrices that a product multiplies, as they lie in memory.
#ifndef DLC_LIB_CODEGEN_COMMON_MATRIX_H
#define DLC_LIB_CODEGEN_COMMON_MATRIX_H

#include "KernelBuilder.h"

namespace dlc {

struct Matrix {
  mlir::Value base; ///< the address of its first element
  mlir::Value rowPitch, columnPitch;
};

/// The operands of a product. `product` is its number: it counts all batch dims of the result; an
/// operand's own ones of size 1 are repeated.
std::pair<Matrix, Matrix> getMatrices(KernelBuilder &b, MatmulOp matmul, mlir::Value lhs,
                                      mlir::Value rhs, mlir::Value product);

} // namespace dlc

#endif
