// Ops that make one element of many, and normalizations, which divide by such. Floats are summed in
// double.

#include "Elements.h"

#include <algorithm>
#include <math.h>

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

enum Kind : uint32_t {
  sumKind,
  meanKind,
  maxKind,
  minKind,
  prodKind,
  l1Kind,
  l2Kind,
  sumSquareKind,
  logSumKind,
  logSumExpKind
};

static bool readKind(OpCall &call, uint32_t &kind) {
  return call.keyword("kind", "", "sum mean max min prod l1 l2 sum_square log_sum log_sum_exp",
                      kind);
}

template <typename T> static T firstOf(uint32_t kind, int32_t dtype) {
  switch (kind) {
  case maxKind:
    return leastOf<T>(dtype);
  case minKind:
    return mostOf<T>(dtype);
  case prodKind:
    return 1;
  }
  return 0;
}

template <typename T> static T accumulate(uint32_t kind, T sum, T element) {
  switch (kind) {
  case maxKind:
    return larger(element, sum);
  case minKind:
    return smaller(element, sum);
  case prodKind:
    return times(sum, element);
  case l1Kind:
    return plus(sum, element < 0 ? minus(T(0), element) : element);
  case l2Kind:
  case sumSquareKind:
    return plus(sum, times(element, element));
  }
  return plus(sum, element);
}

/// Whether each dim of the input is reduced: those of `axes`, or all.
template <typename Axes>
static bool readAxes(OpCall &call, uint32_t rank, bool hasAxes, const Axes &axes,
                     bool (&reduced)[maxRank]) {
  for (bool &each : reduced)
    each = !hasAxes;
  for (int64_t each : axes) {
    uint32_t axis;
    if (!call.normalizeAxis(each, rank, axis))
      return false;
    if (reduced[axis])
      return call.fail("axis %ld occurs twice", long(each)), false;
    reduced[axis] = true;
  }
  return true;
}

namespace {
/// A reduction of an input: for each element of the result, the elements that it is made of.
struct Reducer {
  const dlc_value *input;
  Dims outer, outerStrides; // dims that stay
  Dims inner, innerStrides; // dims that vanish

  Reducer(const dlc_value *input, const bool (&reduced)[maxRank]) : input(input) {
    Dims strides = stridesOf(Dims(input));
    for (uint32_t i = 0; i < input->rank; ++i) {
      (reduced[i] ? inner : outer).push(input->dims[i]);
      (reduced[i] ? innerStrides : outerStrides).push(strides[i]);
    }
  }

  int64_t size() const { return inner.product(0, inner.rank); }

  template <typename Visit> void visitGroup(const Dims &at, Visit visit) const {
    int64_t base = offsetOf(at, outerStrides), count = size();
    Walk walk(inner);
    for (int64_t i = 0; i < count; ++i, walk.next())
      visit(base + offsetOf(walk.index(), innerStrides));
  }

  template <typename T> T reduce(uint32_t kind, const Dims &at) const {
    T result = firstOf<T>(kind, input->dtype);
    double most = 0;
    if (kind == logSumExpKind) {
      most = -INFINITY;
      visitGroup(at, [&](int64_t i) { most = larger(loadReal(input, i), most); });
      most = isfinite(most) ? most : 0;
    }
    visitGroup(at, [&](int64_t i) {
      T element = load<T>(input, i);
      if (kind == logSumExpKind)
        element = T(exp(double(element) - most));
      result = accumulate(kind, result, element);
    });
    switch (kind) {
    case meanKind:
      return over(result, T(size()));
    case l2Kind:
      return T(sqrt(double(result)));
    case logSumExpKind:
      return T(log(double(result)) + most);
    }
    return result;
  }
};
} // namespace

static Status reduceDims(OpCall &call, const dlc_value *input, uint32_t kind,
                         const bool (&reduced)[maxRank], bool keepDims) {
  if (kind == logSumExpKind && !isIn(input->dtype, floats))
    return call.fail("an exponential of %s is none", dtypeName(input->dtype));
  Reducer reducer(input, reduced);
  Dims dims;
  for (uint32_t i = 0; i < input->rank; ++i)
    if (!reduced[i] || keepDims)
      dims.push(reduced[i] ? 1 : input->dims[i]);
  dlc_value *result = call.output(0, input->dtype, dims);
  if (!result)
    return stopped;
  visitDtype(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    Walk walk(reducer.outer);
    for (uint64_t i = 0; i < result->count; ++i, walk.next()) {
      T reduced = reducer.reduce<T>(kind, walk.index());
      if (kind != logSumKind)
        store<T>(result, i, reduced);
      else if (isReal<T>)
        storeReal(result, i, log(double(reduced)));
      else
        storeConverted(result, i, log(double(reduced)));
    }
  });
  return done;
}

static const dlc_value *readReduced(OpCall &call, uint32_t &kind) {
  if (!readKind(call, kind))
    return nullptr;
  bool takesBool = kind == maxKind || kind == minKind;
  return call.tensor(0, takesBool ? numbers | booleans : numbers);
}

DLC_LIBRARY_OP(reduce) {
  uint32_t kind;
  const dlc_value *input = readReduced(call, kind);
  bool reduced[maxRank];
  if (!input ||
      !readAxes(call, input->rank, call.hasAttribute("axes"), call.intsAttribute("axes"), reduced))
    return stopped;
  return reduceDims(call, input, kind, reduced, call.flag("keep_dims"));
}

/// The axes are an operand; none of them stand for all, or with `keep_all` for none.
DLC_LIBRARY_OP(dynamic_reduce) {
  uint32_t kind;
  const dlc_value *input = readReduced(call, kind);
  Dims axes;
  bool reduced[maxRank];
  if (!input || !call.integerList(1, axes) ||
      !readAxes(call, input->rank, axes.rank != 0 || call.flag("keep_all"), axes, reduced))
    return stopped;
  return reduceDims(call, input, kind, reduced, call.flag("keep_dims"));
}

DLC_LIBRARY_OP(global_pool) {
  uint32_t kind;
  const dlc_value *input = call.tensor(0, floats);
  if (!input || !readKind(call, kind))
    return stopped;
  if (input->rank < 2)
    return call.fail("expected at least 2 dims, found %s", DimsText(Dims(input)).text);
  bool reduced[maxRank] = {};
  for (uint32_t i = 2; i < input->rank; ++i)
    reduced[i] = true;
  return reduceDims(call, input, kind, reduced, true);
}

//===----------------------------------------------------------------------===//
// Places of extrema
//===----------------------------------------------------------------------===//

/// A NaN is beyond everything.
template <typename Better> static Status findExtremum(OpCall &call, Better better) {
  const dlc_value *input = call.tensor(0, numbers);
  uint32_t axis;
  if (!input || !call.normalizeAxis(call.intAttribute("axis", 0), input->rank, axis))
    return stopped;
  bool keepDims = call.intAttribute("keepdims", 1) != 0, last = call.flag("select_last_index");
  Dims dims;
  for (uint32_t i = 0; i < input->rank; ++i)
    if (i != axis || keepDims)
      dims.push(i == axis ? 1 : input->dims[i]);
  int64_t dim = input->dims[axis], inner = Dims(input).product(axis + 1, input->rank);
  int64_t count;
  if (!call.countElements(dims, count))
    return stopped;
  if (dim == 0 && count != 0)
    return call.fail("dim %u has no elements", axis);
  dlc_value *result = call.output(0, DLC_DTYPE_I64, dims);
  if (!result)
    return stopped;
  return visitNarrow(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    constexpr int64_t block = 256; // elements side by side, which stay in the cache
    T most[block] = {}, room[block];
    int64_t found[block] = {};
    auto take = [&](T next, int64_t k, int64_t i) {
      T old = most[i];
      if (k != 0 && better(old, next)) // as most are
        return;
      bool isBetter = better(next, old) || (next != next && old == old);
      bool isEqual = next == old || (next != next && old != old);
      if (k == 0 || isBetter || (last && isEqual))
        most[i] = next, found[i] = k;
    };
    for (int64_t outer = 0; outer * inner < count; ++outer)
      for (int64_t first = 0; first < inner; first += block) {
        int64_t size = std::min(block, inner - first), base = outer * dim * inner + first;
        // Neighbours are those along the dim where it is the last one, and else columns.
        int64_t step = inner == 1 ? block : 1;
        for (int64_t k = 0; k < dim; k += step) {
          int64_t width = inner == 1 ? std::min(block, dim - k) : size;
          const T *row = readRow(input, base + k * inner, 1, width, room);
          if (inner == 1)
            for (int64_t i = 0; i < width; ++i)
              take(row[i], k + i, 0);
          else
            for (int64_t i = 0; i < width; ++i)
              take(row[i], k, i);
        }
        storeRow(result, outer * inner + first, size, found);
      }
    return done;
  });
}

DLC_LIBRARY_OP(arg_max) {
  return findExtremum(call, [](auto lhs, auto rhs) { return lhs > rhs; });
}
DLC_LIBRARY_OP(arg_min) {
  return findExtremum(call, [](auto lhs, auto rhs) { return lhs < rhs; });
}

//===----------------------------------------------------------------------===//
// Normalizations
//===----------------------------------------------------------------------===//

/// With `log` its logarithm.
DLC_LIBRARY_OP(softmax) {
  const dlc_value *input = call.tensor(0, floats);
  uint32_t axis;
  if (!input || !call.normalizeAxis(call.intAttribute("axis", -1), input->rank, axis))
    return stopped;
  bool isLog = call.flag("log");
  dlc_value *result = call.output(0, input->dtype, Dims(input));
  if (!result)
    return stopped;
  int64_t dim = input->dims[axis], inner = Dims(input).product(axis + 1, input->rank);
  int64_t rows = input->count ? int64_t(input->count) / dim : 0;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t base = row / inner * dim * inner + row % inner;
    double most = -INFINITY, sum = 0;
    for (int64_t k = 0; k < dim; ++k)
      most = larger(loadReal(input, base + k * inner), most);
    for (int64_t k = 0; k < dim; ++k)
      sum += exp(loadReal(input, base + k * inner) - most);
    for (int64_t k = 0; k < dim; ++k) {
      double shifted = loadReal(input, base + k * inner) - most;
      storeReal(result, base + k * inner, isLog ? shifted - log(sum) : exp(shifted) / sum);
    }
  }
  return done;
}

DLC_LIBRARY_OP(batch_norm) {
  const dlc_value *operands[5];
  for (uint32_t i = 0; i < 5; ++i)
    if (!(operands[i] = call.tensor(i, floats)))
      return stopped;
  const dlc_value *input = operands[0];
  double epsilon = call.floatAttribute("epsilon", 1e-5f);
  if (input->rank < 1)
    return call.fail("expected at least 1 dim, found []");
  int64_t channels = input->rank > 1 ? input->dims[1] : 1;
  for (uint32_t i = 1; i < 5; ++i)
    if (operands[i]->rank != 1 || operands[i]->dims[0] != channels)
      return call.fail("expected operand %u to have dims [%ld], found %s", i, long(channels),
                       DimsText(Dims(operands[i])).text);
  dlc_value *result = call.output(0, input->dtype, Dims(input));
  if (!result)
    return stopped;
  int64_t plane = Dims(input).product(input->rank > 1 ? 2 : 1, input->rank);
  for (int64_t i = 0; i < int64_t(result->count); ++i) {
    int64_t c = i / plane % channels;
    double scale = loadReal(operands[1], c) / sqrt(loadReal(operands[4], c) + epsilon);
    storeReal(result, i,
              (loadReal(input, i) - loadReal(operands[3], c)) * scale + loadReal(operands[2], c));
  }
  return done;
}

/// Scale or bias of a normalization of `input`; null where it is absent. False after a report.
static bool readFactor(OpCall &call, uint32_t i, const dlc_value *input, const dlc_value *&factor) {
  factor = nullptr;
  if (!call.input(i))
    return true;
  Dims both;
  if (!(factor = call.tensorLike(i, input)) || !call.broadcastDims(Dims(input), Dims(factor), both))
    return false;
  if (!(both == Dims(input)))
    return call.fail("dims %s do not broadcast to %s", DimsText(Dims(factor)).text,
                     DimsText(Dims(input)).text),
           false;
  return true;
}

/// The mean of a row, 0 with `rms`, and 1 / sqrt of the mean square of what is left without it.
static void measure(const dlc_value *input, int64_t row, int64_t size, double epsilon, bool rms,
                    double &mean, double &inverse) {
  mean = 0;
  for (int64_t i = 0; i < size && !rms; ++i)
    mean += loadReal(input, row * size + i) / double(size);
  double variance = 0;
  for (int64_t i = 0; i < size; ++i) {
    double distance = loadReal(input, row * size + i) - mean;
    variance += distance * distance;
  }
  inverse = 1 / sqrt(variance / double(size) + epsilon);
}

/// Over the dims from `axis` on. Outputs 1 and 2, f32, are the mean and the inverse deviation.
DLC_LIBRARY_OP(layer_norm) {
  const dlc_value *input = call.tensor(0, floats), *scale, *bias;
  uint32_t axis;
  if (!input || !readFactor(call, 1, input, scale) || !readFactor(call, 2, input, bias) ||
      !call.normalizeAxis(call.intAttribute("axis", -1), input->rank, axis))
    return stopped;
  double epsilon = call.floatAttribute("epsilon", 1e-5f);
  bool rms = call.flag("rms");
  Dims rows(input);
  for (uint32_t i = axis; i < input->rank; ++i)
    rows[i] = 1;
  dlc_value *result = call.output(0, input->dtype, Dims(input)), *statistics[2] = {};
  if (!result)
    return stopped;
  for (uint32_t i = 0; i < 2; ++i)
    if (call.wants(i + 1) && !(statistics[i] = call.output(i + 1, DLC_DTYPE_F32, rows)))
      return stopped;
  int64_t size = Dims(input).product(axis, input->rank), count = Dims(input).product(0, axis);
  Walk walk{Dims(input)};
  walk.follow(scale ? Dims(scale) : Dims());
  walk.follow(bias ? Dims(bias) : Dims());
  for (int64_t row = 0; row < count; ++row) {
    double mean, inverse;
    measure(input, row, size, epsilon, rms, mean, inverse);
    for (int64_t i = row * size; i < (row + 1) * size; ++i, walk.next()) {
      double normal = (loadReal(input, i) - mean) * inverse;
      storeReal(result, i,
                normal * (scale ? loadReal(scale, walk.offset(0)) : 1) +
                    (bias ? loadReal(bias, walk.offset(1)) : 0));
    }
    if (statistics[0])
      storeReal(statistics[0], row, mean);
    if (statistics[1])
      storeReal(statistics[1], row, inverse);
  }
  return done;
}
