#ifndef DLC_LIB_CODEGEN_COMMON_EXPANDCURVES_H
#define DLC_LIB_CODEGEN_COMMON_EXPANDCURVES_H

#include "mlir/IR/PatternMatch.h"

namespace dlc {

/// Inverse circular and hyperbolic functions of f32 as polynomials.
void populateCurvePatterns(mlir::RewritePatternSet &patterns);

} // namespace dlc

#endif
