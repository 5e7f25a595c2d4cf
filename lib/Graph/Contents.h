// The elements of small tensors as expressions, so that the shape arithmetic of exporters vanishes.
#ifndef DLC_LIB_GRAPH_CONTENTS_H
#define DLC_LIB_GRAPH_CONTENTS_H

#include "dlc/IR/Expr.h"

#include <functional>

namespace dlc {

/// An element: numerator / denominator, exactly. Integers have the denominator 1. Floats are as
/// exact as the op that computes them as long as sizes stay below 2^24.
struct Fraction {
  ExprAttr numerator;
  int64_t denominator = 1; // positive
};

class ContentsAnalysis {
public:
  using Elements = llvm::SmallVector<Fraction>;
  /// The declared range of a symbol.
  using RangeOf = std::function<SizeRange(llvm::StringRef)>;

  explicit ContentsAnalysis(RangeOf rangeOf) : rangeOf(std::move(rangeOf)) {}

  /// The elements of a tensor of constant shape with at most 64 of them, in row-major order;
  /// nothing where they are not known.
  std::optional<Elements> get(mlir::Value value);

  /// States the elements of `value`.
  void set(mlir::Value value, Elements elements) { known[value] = std::move(elements); }

  /// To be called before an op is erased.
  void forget(mlir::Operation *op);

private:
  std::optional<Elements> compute(mlir::Value value);
  /// As expressions.
  std::optional<Elements> computeExactly(mlir::Value value);
  std::optional<Elements> computeElementwise(mlir::Operation *op);
  /// What the library op computes where all operands are numbers.
  std::optional<mlir::DenseElementsAttr> callLibrary(mlir::OpResult result);

  RangeOf rangeOf;
  llvm::DenseMap<mlir::Value, std::optional<Elements>> known;
};

} // namespace dlc

#endif
