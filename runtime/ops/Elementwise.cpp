// Ops that compute each element of the result from the elements at its place.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

/// compute(result, i, j, k) stores element i from element j of lhs and k of rhs.
template <typename Compute>
static Status mapTwo(OpCall &call, const dlc_value *lhs, const dlc_value *rhs, int32_t dtype,
                     Compute compute) {
  Dims left(lhs), right(rhs), dims;
  if (!call.broadcastDims(left, right, dims))
    return stopped;
  dlc_value *result = call.output(0, dtype, dims);
  if (!result)
    return stopped;
  Walk walk(dims);
  walk.follow(left);
  walk.follow(right);
  for (uint64_t i = 0; i < result->count; ++i, walk.next())
    compute(result, i, walk.offset(0), walk.offset(1));
  return done;
}

/// Operands and result have one element type.
template <typename Compute> static Status binary(OpCall &call, uint32_t dtypes, Compute compute) {
  const dlc_value *lhs = call.tensor(0, dtypes);
  const dlc_value *rhs = lhs ? call.tensorLike(1, lhs) : nullptr;
  if (!rhs)
    return stopped;
  return visitDtype(lhs->dtype, [&](auto zero) {
    using T = decltype(zero);
    return mapTwo(call, lhs, rhs, lhs->dtype,
                  [&](dlc_value *result, int64_t i, int64_t j, int64_t k) {
                    store<T>(result, i, compute(load<T>(lhs, j), load<T>(rhs, k)));
                  });
  });
}

DLC_LIBRARY_OP(add) {
  return binary(call, numbers, [](auto lhs, auto rhs) { return plus(lhs, rhs); });
}
DLC_LIBRARY_OP(sub) {
  return binary(call, numbers, [](auto lhs, auto rhs) { return minus(lhs, rhs); });
}
DLC_LIBRARY_OP(mul) {
  return binary(call, numbers, [](auto lhs, auto rhs) { return times(lhs, rhs); });
}
DLC_LIBRARY_OP(div) {
  return binary(call, numbers, [](auto lhs, auto rhs) { return over(lhs, rhs); });
}
DLC_LIBRARY_OP(min) {
  return binary(call, numbers, [](auto lhs, auto rhs) { return smaller(lhs, rhs); });
}
DLC_LIBRARY_OP(max) {
  return binary(call, numbers, [](auto lhs, auto rhs) { return larger(lhs, rhs); });
}

/// With `truncate` the remainder has the sign of lhs, else that of rhs. The remainder of a division
/// by zero is 0 for integers.
template <typename T> static T remainder(T lhs, T rhs, bool truncate) {
  if constexpr (isReal<T>) {
    T rest = fmod(lhs, rhs);
    if (truncate || rest != rest)
      return rest;
    if (rest == 0)
      return copysign(0.0, rhs);
    return (rest < 0) != (rhs < 0) ? rest + rhs : rest;
  } else {
    if (rhs == 0)
      return 0;
    T rest = minus(lhs, times(over(lhs, rhs), rhs));
    return !truncate && rest != 0 && (rest < 0) != (rhs < 0) ? T(rest + rhs) : rest;
  }
}

DLC_LIBRARY_OP(mod) {
  bool truncate = call.flag("fmod");
  return binary(call, numbers,
                [&](auto lhs, auto rhs) { return remainder<decltype(lhs)>(lhs, rhs, truncate); });
}

/// Wraps around. With a negative exponent the power is 1 / base^n, towards zero.
template <typename T> static T integerPower(T base, int64_t exponent) {
  if (exponent < 0)
    return base == 1 ? 1 : base == T(-1) && T(-1) < 0 ? (exponent & 1 ? base : 1) : 0;
  T result = 1;
  for (; exponent; exponent >>= 1, base = times(base, base))
    if (exponent & 1)
      result = times(result, base);
  return result;
}

/// The result has the base's element type; the exponent may have another.
DLC_LIBRARY_OP(pow) {
  const dlc_value *base = call.tensor(0, numbers), *exponent = call.tensor(1, numbers);
  if (!base || !exponent)
    return stopped;
  bool isWhole = isIn(exponent->dtype, integers);
  return mapTwo(call, base, exponent, base->dtype,
                [&](dlc_value *result, int64_t i, int64_t j, int64_t k) {
                  if (isIn(base->dtype, floats))
                    return storeReal(result, i, pow(loadReal(base, j), loadReal(exponent, k)));
                  if (!isWhole)
                    return storeConverted(result, i, pow(loadReal(base, j), loadReal(exponent, k)));
                  // Exponents of u64 beyond 63 bits count modulo 2^63 here, where powers have long
                  // wrapped to 0, 1 or a cycle.
                  int64_t power = loadInteger(exponent, k);
                  if (exponent->dtype == DLC_DTYPE_U64)
                    power &= INT64_MAX;
                  visitDtype(base->dtype, [&](auto zero) {
                    using T = decltype(zero);
                    if constexpr (!isReal<T>)
                      store<T>(result, i, integerPower<T>(load<T>(base, j), power));
                  });
                });
}

//===----------------------------------------------------------------------===//
// Comparisons and logic
//===----------------------------------------------------------------------===//

template <typename Compare> static Status compare(OpCall &call, uint32_t dtypes, Compare compare) {
  const dlc_value *lhs = call.tensor(0, dtypes);
  const dlc_value *rhs = lhs ? call.tensorLike(1, lhs) : nullptr;
  if (!rhs)
    return stopped;
  return visitDtype(lhs->dtype, [&](auto zero) {
    using T = decltype(zero);
    return mapTwo(call, lhs, rhs, DLC_DTYPE_BOOL,
                  [&](dlc_value *result, int64_t i, int64_t j, int64_t k) {
                    storeInteger(result, i, compare(load<T>(lhs, j), load<T>(rhs, k)));
                  });
  });
}

DLC_LIBRARY_OP(equal) {
  const dlc_value *lhs = call.tensor(0);
  if (!lhs || lhs->dtype != DLC_DTYPE_STRING)
    return compare(call, numbers | booleans, [](auto lhs, auto rhs) { return lhs == rhs; });
  const dlc_value *rhs = call.tensorLike(1, lhs);
  if (!rhs)
    return stopped;
  return mapTwo(call, lhs, rhs, DLC_DTYPE_BOOL,
                [&](dlc_value *result, int64_t i, int64_t j, int64_t k) {
                  storeInteger(result, i, equals(stringAt(lhs, j), stringAt(rhs, k)));
                });
}
DLC_LIBRARY_OP(less) {
  return compare(call, numbers, [](auto lhs, auto rhs) { return lhs < rhs; });
}
DLC_LIBRARY_OP(less_equal) {
  return compare(call, numbers, [](auto lhs, auto rhs) { return lhs <= rhs; });
}
DLC_LIBRARY_OP(greater) {
  return compare(call, numbers, [](auto lhs, auto rhs) { return lhs > rhs; });
}
DLC_LIBRARY_OP(greater_equal) {
  return compare(call, numbers, [](auto lhs, auto rhs) { return lhs >= rhs; });
}
/// Of bools their truth: the bits that are stored are 0 and 1.
static constexpr uint32_t bits = integers | booleans;

DLC_LIBRARY_OP(and) {
  return binary(call, bits, [](auto lhs, auto rhs) {
    if constexpr (!isReal<decltype(lhs)>)
      return lhs & rhs;
    else
      return lhs;
  });
}
DLC_LIBRARY_OP(or) {
  return binary(call, bits, [](auto lhs, auto rhs) {
    if constexpr (!isReal<decltype(lhs)>)
      return lhs | rhs;
    else
      return lhs;
  });
}
DLC_LIBRARY_OP(xor) {
  return binary(call, bits, [](auto lhs, auto rhs) {
    if constexpr (!isReal<decltype(lhs)>)
      return lhs ^ rhs;
    else
      return lhs;
  });
}

/// Whether an amount is from 0 to less than the number of bits.
template <typename T> static bool isWithinBits(const dlc_value *value, T amount) {
  return amount >= 0 && uint64_t(amount) < 8 * elementBytes(value->dtype);
}

DLC_LIBRARY_OP(shift_left) {
  const dlc_value *input = call.input(0);
  return binary(call, integers, [&](auto lhs, auto rhs) {
    using T = decltype(lhs);
    if constexpr (!isReal<T>)
      return isWithinBits(input, rhs) ? T(uint64_t(lhs) << rhs) : T(0);
    else
      return lhs;
  });
}
DLC_LIBRARY_OP(shift_right) {
  const dlc_value *input = call.input(0);
  return binary(call, integers, [&](auto lhs, auto rhs) {
    using T = decltype(lhs);
    if constexpr (!isReal<T>)
      return isWithinBits(input, rhs) ? T(lhs >> rhs) : lhs < 0 ? T(-1) : T(0);
    else
      return lhs;
  });
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

template <typename Compute> static Status unary(OpCall &call, uint32_t dtypes, Compute compute) {
  const dlc_value *input = call.tensor(0, dtypes);
  dlc_value *result = input ? call.output(0, input->dtype, Dims(input)) : nullptr;
  if (!result)
    return stopped;
  visitDtype(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    for (uint64_t i = 0; i < input->count; ++i)
      store<T>(result, i, compute(load<T>(input, i)));
  });
  return done;
}

/// Of floats alone.
template <typename Compute> static Status unaryReal(OpCall &call, Compute compute) {
  const dlc_value *input = call.tensor(0, floats);
  dlc_value *result = input ? call.output(0, input->dtype, Dims(input)) : nullptr;
  if (!result)
    return stopped;
  for (uint64_t i = 0; i < input->count; ++i)
    storeReal(result, i, compute(loadReal(input, i)));
  return done;
}

DLC_LIBRARY_OP(abs) {
  return unary(call, numbers, [](auto x) {
    if constexpr (isReal<decltype(x)>)
      return fabs(x);
    else
      return x < 0 ? minus<decltype(x)>(0, x) : x;
  });
}
DLC_LIBRARY_OP(neg) {
  return unary(call, floats | signedIntegers, [](auto x) {
    if constexpr (isReal<decltype(x)>)
      return -x;
    else
      return minus<decltype(x)>(0, x);
  });
}
DLC_LIBRARY_OP(sign) {
  return unary(call, numbers, [](auto x) {
    using T = decltype(x);
    return x > 0 ? T(1) : x < 0 ? T(-1) : x == 0 ? T(0) : x; // a NaN stays
  });
}
DLC_LIBRARY_OP(relu) {
  return unary(call, floats | signedIntegers, [](auto x) { return x < 0 ? decltype(x)(0) : x; });
}
DLC_LIBRARY_OP(leaky_relu) {
  double alpha = call.floatAttribute("alpha", 0.01f);
  return unaryReal(call, [&](double x) { return x < 0 ? alpha * x : x; });
}
DLC_LIBRARY_OP(floor) {
  return unaryReal(call, [](double x) { return floor(x); });
}
DLC_LIBRARY_OP(ceil) {
  return unaryReal(call, [](double x) { return ceil(x); });
}
DLC_LIBRARY_OP(round) { // ties to even
  return unaryReal(call, [](double x) { return nearbyint(x); });
}
DLC_LIBRARY_OP(acos) {
  return unaryReal(call, [](double x) { return acos(x); });
}
DLC_LIBRARY_OP(acosh) {
  return unaryReal(call, [](double x) { return acosh(x); });
}
DLC_LIBRARY_OP(asin) {
  return unaryReal(call, [](double x) { return asin(x); });
}
DLC_LIBRARY_OP(asinh) {
  return unaryReal(call, [](double x) { return asinh(x); });
}
DLC_LIBRARY_OP(atan) {
  return unaryReal(call, [](double x) { return atan(x); });
}
DLC_LIBRARY_OP(atanh) {
  return unaryReal(call, [](double x) { return atanh(x); });
}
DLC_LIBRARY_OP(cosh) {
  return unaryReal(call, [](double x) { return cosh(x); });
}
DLC_LIBRARY_OP(sinh) {
  return unaryReal(call, [](double x) { return sinh(x); });
}
DLC_LIBRARY_OP(tan) {
  return unaryReal(call, [](double x) { return tan(x); });
}
DLC_LIBRARY_OP(sqrt) {
  return unaryReal(call, [](double x) { return sqrt(x); });
}
DLC_LIBRARY_OP(exp) {
  return unaryReal(call, [](double x) { return exp(x); });
}
DLC_LIBRARY_OP(log) {
  return unaryReal(call, [](double x) { return log(x); });
}
DLC_LIBRARY_OP(erf) {
  return unaryReal(call, [](double x) { return erf(x); });
}
DLC_LIBRARY_OP(sin) {
  return unaryReal(call, [](double x) { return sin(x); });
}
DLC_LIBRARY_OP(cos) {
  return unaryReal(call, [](double x) { return cos(x); });
}
DLC_LIBRARY_OP(tanh) {
  return unaryReal(call, [](double x) { return tanh(x); });
}
DLC_LIBRARY_OP(sigmoid) {
  return unaryReal(call, [](double x) { return 1 / (1 + exp(-x)); });
}

DLC_LIBRARY_OP(not) {
  const dlc_value *input = call.input(0);
  return unary(call, bits, [&](auto x) {
    if constexpr (!isReal<decltype(x)>)
      return input->dtype == DLC_DTYPE_BOOL ? decltype(x)(!x) : decltype(x)(~x);
    else
      return x;
  });
}
DLC_LIBRARY_OP(is_nan) {
  const dlc_value *input = call.tensor(0, floats);
  dlc_value *result = input ? call.output(0, DLC_DTYPE_BOOL, Dims(input)) : nullptr;
  if (!result)
    return stopped;
  for (uint64_t i = 0; i < input->count; ++i) {
    double x = loadReal(input, i);
    storeInteger(result, i, x != x);
  }
  return done;
}

//===----------------------------------------------------------------------===//
// Bounds and choices
//===----------------------------------------------------------------------===//

/// A bound of clip: a tensor of one element, or absent.
static bool readBound(OpCall &call, uint32_t i, const dlc_value *input, const dlc_value *&bound) {
  bound = nullptr;
  if (!call.input(i))
    return true;
  bound = call.tensorLike(i, input);
  if (!bound)
    return false;
  if (bound->count != 1)
    return call.fail("expected operand %u to have one element, found dims %s", i,
                     DimsText(Dims(bound)).text),
           false;
  return true;
}

DLC_LIBRARY_OP(clip) {
  const dlc_value *input = call.tensor(0, numbers), *low, *high;
  if (!input || !readBound(call, 1, input, low) || !readBound(call, 2, input, high))
    return stopped;
  return unary(call, numbers, [&](auto x) {
    using T = decltype(x);
    if (low && x < load<T>(low, 0))
      x = load<T>(low, 0);
    return high && x > load<T>(high, 0) ? load<T>(high, 0) : x;
  });
}

DLC_LIBRARY_OP(select) {
  const dlc_value *condition = call.tensor(0, booleans), *chosen = call.tensor(1);
  const dlc_value *other = chosen ? call.tensorLike(2, chosen) : nullptr;
  if (!condition || !other)
    return stopped;
  Dims dims;
  if (!call.broadcastDims(Dims(chosen), Dims(other), dims) ||
      !call.broadcastDims(Dims(condition), dims, dims))
    return stopped;
  // moveElements may walk twice: each walk begins at element 0.
  Walk walk(dims);
  auto restart = [&] {
    walk = Walk(dims);
    walk.follow(Dims(condition));
    walk.follow(Dims(chosen));
    walk.follow(Dims(other));
  };
  return moveElements(call, 0, chosen->dtype, dims, [&](const Dims &, int64_t i) {
    if (i == 0)
      restart();
    else
      walk.next();
    return loadInteger(condition, walk.offset(0)) ? Element{chosen, walk.offset(1)}
                                                  : Element{other, walk.offset(2)};
  });
}
