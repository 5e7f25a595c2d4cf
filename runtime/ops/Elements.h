/// Elements of tensors, as the ops compute with them: floats as double, u64 as uint64_t, other
/// integers and bool as int64_t. Arithmetic on integers wraps around.
#ifndef DLC_RUNTIME_OPS_ELEMENTS_H
#define DLC_RUNTIME_OPS_ELEMENTS_H

#include "OpCall.h"

namespace dlc::ops {

/// Bytes of one element; 0 for what is no element type.
uint32_t elementBytes(int32_t dtype);

/// Writes decimal digits, at most 20 characters and no end; returns how many.
uint32_t formatInteger(int64_t value, char *out);
uint32_t formatUnsigned(uint64_t value, char *out);

//===-- Small floats --===//

/// Exact.
double halfToDouble(uint16_t bits);
double bfloatToDouble(uint16_t bits);
/// Rounded once, to nearest, ties to even.
uint16_t doubleToHalf(double value);
uint16_t doubleToBfloat(double value);

/// Of an element type of `smallFloats`. Exact.
double byteToDouble(int32_t dtype, uint8_t bits);
/// How a number becomes one of `smallFloats`.
struct Rounding {
  enum Way : uint32_t { up, down, nearest };
  bool saturate = true; // finite numbers too large become the largest one, not infinity or NaN
  Way way = up;         // of F8E8M0, which has powers of two alone; others round to nearest, even
};
uint8_t doubleToByte(int32_t dtype, double value, Rounding rounding);

//===-- Access --===//

double loadReal(const dlc_value *value, int64_t index);
int64_t loadInteger(const dlc_value *value, int64_t index);
void storeReal(dlc_value *value, int64_t index, double element);
/// Keeps the low bits; a bool becomes element != 0.
void storeInteger(dlc_value *value, int64_t index, int64_t element);

/// Stores a double into an integer tensor: towards zero, saturated at the type's limits, 0 for a
/// NaN.
void storeConverted(dlc_value *value, int64_t index, double element);

/// `value` has the element types that T stands for.
template <typename T> T load(const dlc_value *value, int64_t index) {
  if constexpr (__is_same(T, double))
    return loadReal(value, index);
  else
    return T(loadInteger(value, index));
}
template <typename T> void store(dlc_value *value, int64_t index, T element) {
  if constexpr (__is_same(T, double))
    storeReal(value, index, element);
  else
    storeInteger(value, index, int64_t(element));
}
inline dlc_string &stringAt(const dlc_value *value, int64_t index) {
  return static_cast<dlc_string *>(value->data)[index];
}

/// Calls visit(T()) with the type that elements of `dtype` are computed in.
template <typename Visit> auto visitDtype(int32_t dtype, Visit visit) {
  if (isIn(dtype, floats))
    return visit(double());
  if (dtype == DLC_DTYPE_U64)
    return visit(uint64_t());
  return visit(int64_t());
}

//===-- Arithmetic --===//

template <typename T> inline constexpr bool isReal = __is_same(T, double);

template <typename T> T plus(T lhs, T rhs) {
  if constexpr (isReal<T>)
    return lhs + rhs;
  else
    return T(uint64_t(lhs) + uint64_t(rhs));
}
template <typename T> T minus(T lhs, T rhs) {
  if constexpr (isReal<T>)
    return lhs - rhs;
  else
    return T(uint64_t(lhs) - uint64_t(rhs));
}
template <typename T> T times(T lhs, T rhs) {
  if constexpr (isReal<T>)
    return lhs * rhs;
  else
    return T(uint64_t(lhs) * uint64_t(rhs));
}
/// Integers: towards zero; a division by zero is 0.
template <typename T> T over(T lhs, T rhs) {
  if constexpr (isReal<T>) {
    return lhs / rhs;
  } else {
    if (rhs == 0)
      return 0;
    if (rhs == T(-1) && T(-1) < 0) // the least integer has no quotient
      return minus(T(0), lhs);
    return lhs / rhs;
  }
}
/// A NaN stays one.
template <typename T> T larger(T lhs, T rhs) { return lhs > rhs || lhs != lhs ? lhs : rhs; }
template <typename T> T smaller(T lhs, T rhs) { return lhs < rhs || lhs != lhs ? lhs : rhs; }

/// Where a maximum and a minimum begin: infinities, and the limits of integers and bools.
template <typename T> T mostOf(int32_t dtype) {
  if constexpr (isReal<T>)
    return __builtin_inf();
  else if (dtype == DLC_DTYPE_BOOL)
    return 1;
  else
    return T(UINT64_MAX >> (64 - 8 * elementBytes(dtype) + isIn(dtype, signedIntegers)));
}
template <typename T> T leastOf(int32_t dtype) {
  if constexpr (isReal<T>)
    return -__builtin_inf();
  else
    return isIn(dtype, signedIntegers) ? T(-mostOf<T>(dtype) - 1) : T(0);
}

/// Keys' kernel of cubic interpolation, with coefficient `a`.
inline double cubicWeight(double distance, double a) {
  double x = __builtin_fabs(distance);
  if (x <= 1)
    return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

//===-- Walking --===//

/// Steps through the indices of a tensor in row-major order, and keeps the offsets in tensors that
/// are broadcast to it.
class Walk {
public:
  explicit Walk(const Dims &dims) : dims(dims), at(dims.rank, 0) {}

  /// Follows a tensor of these dims; at most `maxFollowed` times. Returns its number.
  uint32_t follow(const Dims &followed);

  void next();
  const Dims &index() const { return at; }
  int64_t offset(uint32_t number) const { return offsets[number]; }

private:
  static constexpr uint32_t maxFollowed = 3;
  Dims dims, at;
  uint32_t numFollowed = 0;
  int64_t offsets[maxFollowed] = {};
  int64_t strides[maxFollowed][maxRank];
};

/// Row-major strides, in elements.
Dims stridesOf(const Dims &dims);

//===-- Moving --===//

/// An element of a tensor.
struct Element {
  const dlc_value *value;
  int64_t index;
};

/// Fills a tensor with copies of elements of the same type. Bytes of strings go behind the tensor's
/// elements, where the tensor was made with room for them.
class Copier {
public:
  explicit Copier(dlc_value *target);
  void copy(int64_t index, Element source);
  /// The bytes lie anywhere.
  void copyString(int64_t index, dlc_string source);

private:
  dlc_value *target;
  uint32_t size;
  char *bytes;
};

/// Fills the tensor that make(extra) returns, of `dims`: element i at index `at` becomes a copy of
/// the element pick(at, i). Picks go through the elements in order, of strings twice. Null where
/// that was reported.
template <typename Make, typename Pick>
dlc_value *fillElements(OpCall &call, int32_t dtype, const Dims &dims, Make make, Pick pick) {
  int64_t count;
  if (!call.countElements(dims, count))
    return nullptr;
  uint64_t extra = 0;
  if (dtype == DLC_DTYPE_STRING) {
    Walk walk(dims);
    for (int64_t i = 0; i < count; ++i, walk.next()) {
      Element source = pick(walk.index(), i);
      extra += stringAt(source.value, source.index).size;
    }
  }
  dlc_value *result = make(extra);
  if (!result)
    return nullptr;
  Copier copier(result);
  Walk walk(dims);
  for (int64_t i = 0; i < count; ++i, walk.next())
    copier.copy(i, pick(walk.index(), i));
  return result;
}

/// The same as output `number`.
template <typename Pick>
Status moveElements(OpCall &call, uint32_t number, int32_t dtype, const Dims &dims, Pick pick) {
  auto make = [&](uint64_t extra) { return call.output(number, dtype, dims, extra); };
  return fillElements(call, dtype, dims, make, pick) ? done : stopped;
}

/// The same as a new object.
template <typename Pick>
dlc_value *newFromElements(OpCall &call, int32_t dtype, const Dims &dims, Pick pick) {
  auto make = [&](uint64_t extra) { return call.newTensor(dtype, dims, extra); };
  return fillElements(call, dtype, dims, make, pick);
}

/// A tensor of one element that is zero, false or the empty string.
class ZeroElement {
public:
  explicit ZeroElement(int32_t dtype) {
    value.dtype = dtype;
    value.count = 1;
    value.data = bytes;
  }
  ZeroElement(const ZeroElement &) = delete;
  Element get() const { return {&value, 0}; }

private:
  alignas(16) char bytes[sizeof(dlc_string)] = {};
  dlc_value value = {};
};

/// Offset of an index.
inline int64_t offsetOf(const Dims &index, const Dims &strides) {
  int64_t offset = 0;
  for (uint32_t i = 0; i < index.rank; ++i)
    offset += index[i] * strides[i];
  return offset;
}

} // namespace dlc::ops

#endif
