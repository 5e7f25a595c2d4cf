// Executes the recipes of weights.
#ifndef DLC_LIB_PACKAGE_PACKWEIGHTS_H
#define DLC_LIB_PACKAGE_PACKWEIGHTS_H

#include "BindWeights.h"

namespace dlc {

/// Writes all weights to `section`, which consists of zero bytes, in parallel.
void packWeights(llvm::ArrayRef<BoundWeight> weights, char *section);

} // namespace dlc

#endif
