#ifndef DLC_LIB_CODEGEN_COMMON_EXPANDPOWER_H
#define DLC_LIB_CODEGEN_COMMON_EXPANDPOWER_H

#include "mlir/IR/PatternMatch.h"

namespace dlc {

/// Powers in f64 of which f32 or less is kept, as polynomials.
void populatePowerPatterns(mlir::RewritePatternSet &patterns);

} // namespace dlc

#endif
