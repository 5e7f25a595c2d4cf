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

template <typename T> inline constexpr bool isReal = __is_same(T, double) || __is_same(T, float);

/// `value` has the element types that T stands for.
template <typename T> T load(const dlc_value *value, int64_t index) {
  if constexpr (isReal<T>)
    return T(loadReal(value, index));
  else
    return T(loadInteger(value, index));
}
template <typename T> void store(dlc_value *value, int64_t index, T element) {
  if constexpr (isReal<T>)
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

/// Calls visit(T()) with float where it holds floats of `dtype`, and with double for f64.
template <typename Visit> auto visitFloats(int32_t dtype, Visit visit) {
  return dtype == DLC_DTYPE_F64 ? visit(double()) : visit(float());
}
/// The same for all numbers. A sum or product of two floats is as if doubles were rounded.
template <typename Visit> auto visitNarrow(int32_t dtype, Visit visit) {
  return isIn(dtype, floats) ? visitFloats(dtype, visit) : visitDtype(dtype, visit);
}

//===-- Rows --===//

/// Whether a tensor holds T as it is.
template <typename T> bool holds(const dlc_value *value) {
  if constexpr (isReal<T>)
    return value->dtype == (sizeof(T) == 4 ? DLC_DTYPE_F32 : DLC_DTYPE_F64);
  else
    return isIn(value->dtype, 1u << DLC_DTYPE_I64 | 1u << DLC_DTYPE_U64);
}

/// `count` elements from `first` on, with a stride, as load gives them: the type is asked for once.
template <typename T>
void loadRow(const dlc_value *value, int64_t first, int64_t stride, int64_t count, T *row);
/// Stores `count` elements from `first` on, as store does.
template <typename T> void storeRow(dlc_value *value, int64_t first, int64_t count, const T *row);

/// The row that loadRow gives: in the tensor where it has that as it is, otherwise in `room`.
template <typename T>
const T *readRow(const dlc_value *value, int64_t first, int64_t stride, int64_t count, T *room) {
  if (stride == 1 && holds<T>(value))
    return static_cast<const T *>(value->data) + first;
  loadRow(value, first, stride, count, room);
  return room;
}

/// change(row) in the tensor itself where it holds T; otherwise in `room`, and what it leaves there
/// is stored.
template <typename T, typename Change>
void changeRow(dlc_value *value, int64_t first, int64_t count, T *room, Change change) {
  if (holds<T>(value))
    return change(static_cast<T *>(value->data) + first);
  loadRow(value, first, 1, count, room);
  change(room);
  storeRow(value, first, count, room);
}

/// All elements of a tensor as T, which may be those of the tensor; null after a report.
template <typename T> const T *readAll(OpCall &call, const dlc_value *value) {
  if (holds<T>(value) && value->data)
    return static_cast<const T *>(value->data);
  T *room = call.scratch<T>(int64_t(value->count));
  if (room)
    loadRow(value, 0, 1, int64_t(value->count), room);
  return room;
}

//===-- Arithmetic --===//

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
  /// `count` elements that follow each other.
  void copy(int64_t index, Element source, int64_t count = 1) {
    char *to = static_cast<char *>(target->data) + index * size;
    const char *from = static_cast<const char *>(source.value->data) + source.index * size;
    int64_t length = count * size;
    if (length == 4) // what most elements have: no calls
      memcpy(to, from, 4);
    else if (length == 8)
      memcpy(to, from, 8);
    else if (length != 0)
      copyRun(to, from, length);
  }
  /// The bytes lie anywhere.
  void copyString(int64_t index, dlc_string source);

private:
  void copyRun(char *to, const char *from, int64_t length);

  dlc_value *target;
  uint32_t size;
  char *bytes;
};

/// The bytes of `count` strings, which follow each other.
uint64_t stringBytes(Element first, int64_t count);

/// Fills the tensor that make(extra) returns, of `dims`, from its beginning on: forEach(put) calls
/// put(source, count) for the elements that come next, for strings twice. Null where that was
/// reported.
template <typename Make, typename ForEach>
dlc_value *fillRuns(OpCall &call, int32_t dtype, const Dims &dims, Make make, ForEach forEach) {
  int64_t total, next = 0;
  if (!call.countElements(dims, total))
    return nullptr;
  uint64_t extra = 0;
  if (dtype == DLC_DTYPE_STRING && total != 0)
    forEach([&](Element source, int64_t count) { extra += stringBytes(source, count); });
  dlc_value *result = make(extra);
  if (!result || total == 0) // whose other dims may be beyond counting
    return result;
  Copier copier(result);
  forEach([&](Element source, int64_t count) {
    copier.copy(next, source, count);
    next += count;
  });
  return result;
}

/// The same of single elements: element i at index `at` becomes a copy of the element pick(at, i).
template <typename Make, typename Pick>
dlc_value *fillElements(OpCall &call, int32_t dtype, const Dims &dims, Make make, Pick pick) {
  return fillRuns(call, dtype, dims, make, [&](auto put) {
    Walk walk(dims);
    for (int64_t i = 0, count = dims.product(0, dims.rank); i < count; ++i, walk.next())
      put(pick(walk.index(), i), 1);
  });
}

/// Fills output `number` as fillElements does.
template <typename Pick>
Status moveElements(OpCall &call, uint32_t number, int32_t dtype, const Dims &dims, Pick pick) {
  auto make = [&](uint64_t extra) { return call.output(number, dtype, dims, extra); };
  return fillElements(call, dtype, dims, make, pick) ? done : stopped;
}

/// Fills output `number` as fillRuns does.
template <typename ForEach>
Status moveRuns(OpCall &call, uint32_t number, int32_t dtype, const Dims &dims, ForEach forEach) {
  auto make = [&](uint64_t extra) { return call.output(number, dtype, dims, extra); };
  return fillRuns(call, dtype, dims, make, forEach) ? done : stopped;
}

/// Single elements as a new object.
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
