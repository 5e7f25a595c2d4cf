#ifndef DLC_LIB_CODEGEN_COMMON_EXPANDEXPONENTIALS_H
#define DLC_LIB_CODEGEN_COMMON_EXPANDEXPONENTIALS_H

#include "mlir/IR/PatternMatch.h"

namespace dlc {

/// The exponential, tanh and erf of f32 as polynomials; `hasFma` where the target multiplies and
/// adds in one step.
void populateExponentialPatterns(mlir::RewritePatternSet &patterns, bool hasFma);

} // namespace dlc

#endif
