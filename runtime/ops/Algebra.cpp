// Einstein sums and determinants.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------===//

namespace {
/// An equation such as "bij,bjk->bik", with labels in place of letters: those of an ellipsis follow
/// the letters, the last dim's label is the same for all operands.
class Equation {
public:
  bool parse(OpCall &call);

  static constexpr uint32_t letters = 52, maxLabels = letters + maxRank;
  static constexpr uint32_t maxOperands = 16;

  struct Term {
    uint32_t count = 0;
    uint32_t labels[maxRank];
  };

  uint32_t numOperands = 0;
  Term terms[maxOperands], result;
  int64_t sizes[maxLabels];

private:
  bool parseTerm(OpCall &call, uint32_t ellipsisRank, Term &term);
  bool parseOperand(OpCall &call, const dlc_value *operand);
  void makeResult();
  bool atEnd() const { return at == text.size; }
  void skipSpaces() {
    while (!atEnd() && text.data[at] == ' ')
      ++at;
  }
  bool consume(char wanted) {
    skipSpaces();
    if (atEnd() || text.data[at] != wanted)
      return false;
    ++at;
    return true;
  }

  dlc_string text;
  uint64_t at = 0;
  uint32_t widest = 0; // rank of the ellipsis
};
} // namespace

static int32_t labelOf(char letter) {
  if (letter >= 'A' && letter <= 'Z')
    return letter - 'A';
  return letter >= 'a' && letter <= 'z' ? letter - 'a' + 26 : -1;
}

/// Labels up to a comma, an arrow or the end; "..." stands for `ellipsisRank` dims.
bool Equation::parseTerm(OpCall &call, uint32_t ellipsisRank, Term &term) {
  bool hasEllipsis = false;
  for (skipSpaces(); !atEnd() && text.data[at] != ',' && text.data[at] != '-'; skipSpaces()) {
    if (consume('.')) {
      if (hasEllipsis || !consume('.') || !consume('.') || term.count + ellipsisRank > maxRank)
        return call.fail("the equation has a point that is no ellipsis"), false;
      hasEllipsis = true;
      for (uint32_t i = 0; i < ellipsisRank; ++i)
        term.labels[term.count++] = letters + maxRank - ellipsisRank + i;
      continue;
    }
    int32_t label = labelOf(text.data[at++]);
    if (label < 0 || term.count == maxRank)
      return call.fail("the equation has '%c' where a letter is expected", text.data[at - 1]),
             false;
    term.labels[term.count++] = uint32_t(label);
  }
  return true;
}

bool Equation::parseOperand(OpCall &call, const dlc_value *operand) {
  // How many dims are left for an ellipsis.
  uint32_t named = 0;
  for (uint64_t i = at; i < text.size && text.data[i] != ',' && text.data[i] != '-'; ++i)
    named += labelOf(text.data[i]) >= 0;
  Term &term = terms[numOperands];
  uint32_t rest = operand->rank > named ? operand->rank - named : 0;
  if (!parseTerm(call, rest, term))
    return false;
  if (term.count != operand->rank)
    return call.fail("expected operand %u to have %u dims, found %s", numOperands, term.count,
                     DimsText(Dims(operand)).text),
           false;
  widest = rest > widest ? rest : widest;
  for (uint32_t i = 0; i < term.count; ++i) {
    int64_t &size = sizes[term.labels[i]], dim = operand->dims[i];
    if (size >= 0 && size != 1 && dim != 1 && size != dim)
      return call.fail("dim %u of operand %u is %ld, elsewhere %ld", i, numOperands, long(dim),
                       long(size)),
             false;
    if (size < 0 || size == 1)
      size = dim;
  }
  ++numOperands;
  return true;
}

/// Without an arrow: the ellipsis, and the letters that occur once, in order.
void Equation::makeResult() {
  for (uint32_t label = letters + maxRank - widest; label < maxLabels; ++label)
    result.labels[result.count++] = label;
  for (uint32_t label = 0; label < letters; ++label) {
    uint32_t uses = 0;
    for (uint32_t t = 0; t < numOperands; ++t)
      for (uint32_t i = 0; i < terms[t].count; ++i)
        uses += terms[t].labels[i] == label;
    if (uses == 1 && result.count < maxRank)
      result.labels[result.count++] = label;
  }
}

bool Equation::parse(OpCall &call) {
  text = call.stringAttribute("equation", "");
  for (int64_t &size : sizes)
    size = -1;
  if (call.numInputs() == 0 || call.numInputs() > maxOperands)
    return call.fail("expected 1 to %u operands, found %u", maxOperands, call.numInputs()), false;
  for (uint32_t i = 0; i < call.numInputs(); ++i) {
    const dlc_value *operand = call.tensor(i, numbers);
    if (!operand || (i != 0 && !call.tensorLike(i, call.input(0))))
      return false;
    if (i != 0 && !consume(','))
      return call.fail("the equation has %u terms for %u operands", i, call.numInputs()), false;
    if (!parseOperand(call, operand))
      return false;
  }
  if (!consume('-')) {
    makeResult();
    return atEnd() || (call.fail("the equation has more terms than operands"), false);
  }
  if (!consume('>') || !parseTerm(call, widest, result))
    return call.fail("the equation has no result behind its arrow"), false;
  for (uint32_t i = 0; i < result.count; ++i) {
    if (sizes[result.labels[i]] < 0)
      return call.fail("the equation's result has a letter that no operand has"), false;
    for (uint32_t k = 0; k < i; ++k)
      if (result.labels[k] == result.labels[i])
        return call.fail("the equation's result has a letter twice"), false;
  }
  return true;
}

DLC_LIBRARY_OP(einsum) {
  Equation equation;
  if (!equation.parse(call))
    return stopped;
  int32_t dtype = call.input(0)->dtype;
  Dims dims, summed;
  uint32_t summedLabels[maxRank];
  bool isKept[Equation::maxLabels] = {};
  for (uint32_t i = 0; i < equation.result.count; ++i) {
    dims.push(equation.sizes[equation.result.labels[i]]);
    isKept[equation.result.labels[i]] = true;
  }
  for (uint32_t label = 0; label < Equation::maxLabels; ++label) {
    if (isKept[label] || equation.sizes[label] < 0)
      continue;
    if (summed.rank == maxRank)
      return call.fail("the equation sums over more than %u letters", maxRank);
    summedLabels[summed.rank] = label;
    summed.push(equation.sizes[label]);
  }
  int64_t count;
  dlc_value *result = call.output(0, dtype, dims);
  if (!result || !call.countElements(summed, count))
    return stopped;
  // How far a step along each label goes in each operand; a letter that occurs twice is a diagonal.
  int64_t steps[Equation::maxOperands][Equation::maxLabels] = {};
  for (uint32_t t = 0; t < equation.numOperands; ++t) {
    Dims operand(call.input(t)), strides = stridesOf(operand);
    for (uint32_t i = 0; i < operand.rank; ++i)
      if (operand[i] != 1)
        steps[t][equation.terms[t].labels[i]] += strides[i];
  }
  visitDtype(dtype, [&](auto zero) {
    using T = decltype(zero);
    Walk outer(dims);
    for (uint64_t i = 0; i < result->count; ++i, outer.next()) {
      T sum = 0;
      Walk inner(summed);
      for (int64_t k = 0; k < count; ++k, inner.next()) {
        T product = 1;
        for (uint32_t t = 0; t < equation.numOperands; ++t) {
          int64_t offset = 0;
          for (uint32_t d = 0; d < dims.rank; ++d)
            offset += outer.index()[d] * steps[t][equation.result.labels[d]];
          for (uint32_t d = 0; d < summed.rank; ++d)
            offset += inner.index()[d] * steps[t][summedLabels[d]];
          product = times(product, load<T>(call.input(t), offset));
        }
        sum = plus(sum, product);
      }
      store<T>(result, i, sum);
    }
  });
  return done;
}

//===----------------------------------------------------------------------===//
// Determinants
//===----------------------------------------------------------------------===//

/// Of a matrix, which is eliminated in place, with the largest pivots.
static double determinantOf(double *matrix, int64_t n) {
  double result = 1;
  for (int64_t column = 0; column < n; ++column) {
    int64_t pivot = column;
    for (int64_t row = column + 1; row < n; ++row)
      if (fabs(matrix[row * n + column]) > fabs(matrix[pivot * n + column]))
        pivot = row;
    if (matrix[pivot * n + column] == 0)
      return 0;
    if (pivot != column)
      result = -result;
    for (int64_t k = column; k < n && pivot != column; ++k) {
      double held = matrix[pivot * n + k];
      matrix[pivot * n + k] = matrix[column * n + k];
      matrix[column * n + k] = held;
    }
    result *= matrix[column * n + column];
    for (int64_t row = column + 1; row < n; ++row) {
      double factor = matrix[row * n + column] / matrix[column * n + column];
      for (int64_t k = column; k < n; ++k)
        matrix[row * n + k] -= factor * matrix[column * n + k];
    }
  }
  return result;
}

/// Of the matrices in the last two dims.
DLC_LIBRARY_OP(det) {
  const dlc_value *input = call.tensor(0, floats);
  if (!input)
    return stopped;
  if (input->rank < 2 || input->dims[input->rank - 1] != input->dims[input->rank - 2])
    return call.fail("expected square matrices, found dims %s", DimsText(Dims(input)).text);
  Dims dims(input);
  dims.rank -= 2;
  int64_t n = input->dims[input->rank - 1];
  dlc_value *result = call.output(0, input->dtype, dims);
  double *matrix = result ? call.scratch<double>(n * n) : nullptr;
  if (!matrix)
    return stopped;
  for (int64_t i = 0; i < int64_t(result->count); ++i) {
    for (int64_t k = 0; k < n * n; ++k)
      matrix[k] = loadReal(input, i * n * n + k);
    storeReal(result, i, determinantOf(matrix, n));
  }
  return done;
}
