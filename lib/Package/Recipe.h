// The steps of a weight's recipe that come before its layout.
#ifndef DLC_LIB_PACKAGE_RECIPE_H
#define DLC_LIB_PACKAGE_RECIPE_H

#include "dlc/IR/Dlc.h"

#include <memory>
#include <vector>

namespace dlc {

/// The elements of a weight that other weights are combined with; shared by all of them.
using Operand = std::shared_ptr<const std::vector<double>>;

/// One step of arithmetic.
struct Arithmetic {
  /// 1 / sqrt(element + epsilon) where absent.
  std::optional<CombineKind> combine = std::nullopt;
  Operand operand = nullptr;
  /// The operand has one element for each column of the result: its first dim was the second one
  /// when the step came.
  bool byColumn = false;
  double epsilon = 0;
};

/// A recipe whose operands are at hand. The result is seen as a matrix: its first dim, and all
/// others as one.
struct Recipe {
  int64_t rows = 0, columns = 0, elementBytes = 0;
  bool transposed = false; // between source and result
  llvm::SmallVector<Arithmetic> arithmetic;

  /// Whether the result is the source's bytes.
  bool isIdentity() const { return !transposed && arithmetic.empty(); }
};

/// The recipe of a weight; `bind` finds the operands, and its failure is the only one.
mlir::FailureOr<Recipe> bindRecipe(WeightAttr weight,
                                   llvm::function_ref<mlir::FailureOr<Operand>(WeightAttr)> bind);

/// Writes elements `begin` to `end` of the result to `to`: `source` holds the weight's whole data
/// at any alignment. Arithmetic is rounded to f32 once.
void evaluate(const Recipe &recipe, const char *source, int64_t begin, int64_t end, char *to);

/// All elements of the result of a recipe over f32, not rounded.
std::vector<double> evaluateUnrounded(const Recipe &recipe, const char *source);

/// Calls `body` with the size of an element as a compile-time constant where it is a usual one.
template <typename Body> void withElementBytes(int64_t bytes, Body body) {
  switch (bytes) {
  case 1:
    return body(std::integral_constant<size_t, 1>());
  case 2:
    return body(std::integral_constant<size_t, 2>());
  case 4:
    return body(std::integral_constant<size_t, 4>());
  case 8:
    return body(std::integral_constant<size_t, 8>());
  default:
    return body(static_cast<size_t>(bytes));
  }
}

} // namespace dlc

#endif
