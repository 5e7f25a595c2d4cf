// Elements are computed one by one, in f64 and in the order of the result, so that no step needs
// memory of its own.

#include "Recipe.h"

#include "llvm/Support/MathExtras.h"

#include <cmath>
#include <cstring>

using namespace mlir;
using namespace dlc;

FailureOr<Recipe> dlc::bindRecipe(WeightAttr weight,
                                  function_ref<FailureOr<Operand>(WeightAttr)> bind) {
  Recipe recipe;
  SmallVector<int64_t> shape = weight.getResultShape();
  recipe.rows = shape.empty() ? 1 : shape.front();
  recipe.columns = 1;
  for (int64_t dim : ArrayRef<int64_t>(shape).drop_front(shape.empty() ? 0 : 1))
    recipe.columns *= recipe.rows == 0 ? 0 : dim; // the rest of an empty shape has no bound
  recipe.elementBytes = llvm::divideCeil(weight.getElementType().getIntOrFloatBitWidth(), 8);
  for (Attribute step : weight.getRecipe()) {
    if (isa<TransposeAttr>(step)) {
      recipe.transposed = !recipe.transposed;
      for (Arithmetic &before : recipe.arithmetic)
        before.byColumn = !before.byColumn;
    } else if (auto combine = dyn_cast<CombineAttr>(step)) {
      FailureOr<Operand> operand = bind(cast<WeightAttr>(combine.getWeight()));
      if (failed(operand))
        return failure();
      recipe.arithmetic.push_back({.combine = combine.getKind(), .operand = *operand});
    } else if (auto rsqrt = dyn_cast<RsqrtAttr>(step)) {
      recipe.arithmetic.push_back({.epsilon = rsqrt.getEpsilon().getValueAsDouble()});
    }
  }
  return recipe;
}

static double apply(const Arithmetic &step, double value, int64_t row, int64_t column) {
  if (!step.combine)
    return 1 / std::sqrt(value + step.epsilon);
  double other = (*step.operand)[step.byColumn ? column : row];
  switch (*step.combine) {
  case CombineKind::add:
    return value + other;
  case CombineKind::sub:
    return value - other;
  case CombineKind::mul:
    return value * other;
  }
  llvm_unreachable("no kind of arithmetic");
}

static double compute(const Recipe &recipe, const char *from, int64_t row, int64_t column) {
  float element;
  std::memcpy(&element, from, sizeof(element));
  double value = element;
  for (const Arithmetic &step : recipe.arithmetic)
    value = apply(step, value, row, column);
  return value;
}

/// Columns that are visited for all rows before the next ones: neighbours in a column of the result
/// of a transposition are neighbours in the source, and share its cache lines.
static constexpr int64_t blockColumns = 64;

/// Calls `visit` with row, column, and the index in the source of elements `begin` to `end`.
template <typename Visit>
static void walk(const Recipe &recipe, int64_t begin, int64_t end, Visit visit) {
  if (begin == end)
    return;
  int64_t columns = recipe.columns, firstRow = begin / columns, lastRow = (end - 1) / columns;
  for (int64_t block = 0; block < columns; block += blockColumns)
    for (int64_t row = firstRow; row <= lastRow; ++row) {
      int64_t first = std::max(block, begin - row * columns);
      int64_t last = std::min({block + blockColumns, columns, end - row * columns});
      for (int64_t column = first; column < last; ++column)
        visit(row, column, recipe.transposed ? column * recipe.rows + row : row * columns + column);
    }
}

void dlc::evaluate(const Recipe &recipe, const char *source, int64_t begin, int64_t end, char *to) {
  if (recipe.arithmetic.empty())
    return withElementBytes(recipe.elementBytes, [&](auto bytes) {
      walk(recipe, begin, end, [&](int64_t row, int64_t column, int64_t index) {
        int64_t position = row * recipe.columns + column - begin;
        std::memcpy(to + position * bytes, source + index * bytes, bytes);
      });
    });
  walk(recipe, begin, end, [&](int64_t row, int64_t column, int64_t index) {
    float value = compute(recipe, source + index * sizeof(float), row, column);
    std::memcpy(to + (row * recipe.columns + column - begin) * sizeof(value), &value,
                sizeof(value));
  });
}

std::vector<double> dlc::evaluateUnrounded(const Recipe &recipe, const char *source) {
  std::vector<double> values(recipe.rows * recipe.columns);
  walk(recipe, 0, values.size(), [&](int64_t row, int64_t column, int64_t index) {
    values[row * recipe.columns + column] =
        compute(recipe, source + index * sizeof(float), row, column);
  });
  return values;
}
