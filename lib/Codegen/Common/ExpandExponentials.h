#ifndef DLC_LIB_CODEGEN_COMMON_EXPANDEXPONENTIALS_H
#define DLC_LIB_CODEGEN_COMMON_EXPANDEXPONENTIALS_H

#include "mlir/IR/PatternMatch.h"

namespace dlc {

struct ExponentialTarget {
  bool hasFma;    ///< it multiplies and adds in one step
  bool hasAvx512; ///< of which instructions that look up and scale are used
};

/// The exponential, tanh and erf of f32 as polynomials.
void populateExponentialPatterns(mlir::RewritePatternSet &patterns, ExponentialTarget target);

/// The exponential of `x`, which is not above 0 and is written so, which makes it shorter.
mlir::Value createFallingExp(mlir::OpBuilder &b, mlir::Location loc, mlir::Value x);

} // namespace dlc

#endif
