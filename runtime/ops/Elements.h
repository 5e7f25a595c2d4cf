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

/// Makes output `number`, whose element i at index `at` is a copy of the element pick(at, i).
template <typename Pick>
Status moveElements(OpCall &call, uint32_t number, int32_t dtype, const Dims &dims, Pick pick) {
  int64_t count;
  if (!call.countElements(dims, count))
    return stopped;
  uint64_t extra = 0;
  if (dtype == DLC_DTYPE_STRING) {
    Walk walk(dims);
    for (int64_t i = 0; i < count; ++i, walk.next()) {
      Element source = pick(walk.index(), i);
      extra += stringAt(source.value, source.index).size;
    }
  }
  dlc_value *result = call.output(number, dtype, dims, extra);
  if (!result)
    return stopped;
  Copier copier(result);
  Walk walk(dims);
  for (int64_t i = 0; i < count; ++i, walk.next())
    copier.copy(i, pick(walk.index(), i));
  return done;
}

} // namespace dlc::ops

#endif
