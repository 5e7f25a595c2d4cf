// How deep values lie in a network of convolutions.
#ifndef DLC_LIB_SCHEDULE_CONVDEPTHS_H
#define DLC_LIB_SCHEDULE_CONVDEPTHS_H

#include "dlc/IR/Dlc.h"

namespace dlc {

/// How many convolutions follow each value, one after the other. Each of them passes on the errors
/// of what it reads, many make them larger than they are themselves: what is rounded early in a
/// deep network is most of the error of its results.
class ConvDepths {
public:
  explicit ConvDepths(mlir::Operation *root);

  /// Whether so many follow that the products which read `value` should not round it.
  bool isEarly(mlir::Value value) const { return following.lookup(value) > mostRounded; }

private:
  /// Errors of random networks grow by about a tenth from one convolution to the next one.
  static constexpr int64_t mostRounded = 40;

  llvm::DenseMap<mlir::Value, int64_t> following;
};

} // namespace dlc

#endif
