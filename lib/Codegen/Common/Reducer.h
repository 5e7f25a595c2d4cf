// Sums, extrema and other reductions, in vectors.
#ifndef DLC_LIB_CODEGEN_COMMON_REDUCER_H
#define DLC_LIB_CODEGEN_COMMON_REDUCER_H

#include "KernelBuilder.h"

namespace dlc {

/// Emits the steps of a reduction, on scalars or vectors. The order of the steps depends on sizes
/// alone. A NaN among the elements makes the result one.
class Reducer {
public:
  Reducer(KernelBuilder &b, ReduceKind kind) : b(b), kind(kind) {}

  /// What the reduction of no elements starts from.
  float getIdentity() const;
  /// Adds an element to what has been reduced so far.
  mlir::Value accumulate(mlir::Value sum, mlir::Value element);
  /// What has been reduced in two parts.
  mlir::Value combine(mlir::Value lhs, mlir::Value rhs);
  /// Accumulators of a run: enough that none waits for the one before.
  KernelBuilder::Carried createAccumulators();
  /// Combines `count` neighbours into the accumulators; `load` gives the vector of them that begins
  /// at `place`, of which lanes outside of the mask (null for all) do not count.
  using LoadVector = llvm::function_ref<mlir::Value(mlir::Value place, mlir::Value mask)>;
  KernelBuilder::Carried reduceRun(mlir::Value count, mlir::ValueRange sums, LoadVector load);
  /// The same of elements in memory.
  KernelBuilder::Carried reduceRun(mlir::Value address, mlir::Value count, mlir::ValueRange sums);
  /// One vector from all accumulators, and one scalar from all lanes.
  mlir::Value joinAccumulators(mlir::ValueRange sums);
  mlir::Value joinLanes(mlir::Value vector);
  /// The result of `count` elements.
  mlir::Value finish(mlir::Value sum, mlir::Value count);

private:
  KernelBuilder &b;
  ReduceKind kind;
};

} // namespace dlc

#endif
