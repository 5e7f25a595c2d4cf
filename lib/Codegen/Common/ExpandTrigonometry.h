#ifndef DLC_LIB_CODEGEN_COMMON_EXPANDTRIGONOMETRY_H
#define DLC_LIB_CODEGEN_COMMON_EXPANDTRIGONOMETRY_H

#include "mlir/IR/PatternMatch.h"

namespace dlc {

/// Sine, cosine and tangent of f32 as polynomials.
void populateTrigonometryPatterns(mlir::RewritePatternSet &patterns);

} // namespace dlc

#endif
