/// What all library ops share: typed access to the operands and attributes of a call, its outputs
/// and its errors.
///
/// An op is a function `DLC_LIBRARY_OP(name) { ... }` that returns `done`, or `stopped` after
/// something was reported. What it reads of a call is checked where it is read: an accessor that
/// finds a fault reports it and returns something harmless, and the call ends as stopped whatever
/// the op returns.
#ifndef DLC_RUNTIME_OPS_OPCALL_H
#define DLC_RUNTIME_OPS_OPCALL_H

#include "dlc/ABI/Op.h"

#include <stddef.h>
#include <string.h>

#define DLC_LIBRARY_OP(name)                                                                       \
  static Status name##Op(OpCall &call);                                                            \
  extern "C" int32_t dlc_op_##name(const dlc_op_call *raw) {                                       \
    OpCall call(raw);                                                                              \
    return call.finish(name##Op(call));                                                            \
  }                                                                                                \
  static Status name##Op(OpCall &call)

namespace dlc::ops {

enum Status : int32_t { done = 0, stopped = 1 };

inline constexpr uint32_t maxRank = 32;

/// A list of at most maxRank integers: the dims of a tensor, axes, starts.
struct Dims {
  uint32_t rank = 0;
  int64_t sizes[maxRank];

  Dims() = default;
  /// Of a tensor that OpCall::tensor has returned.
  explicit Dims(const dlc_value *value);
  /// `rank` times `size`.
  Dims(uint32_t rank, int64_t size);

  int64_t &operator[](uint32_t i) { return sizes[i]; }
  int64_t operator[](uint32_t i) const { return sizes[i]; }
  int64_t *begin() { return sizes; }
  int64_t *end() { return sizes + rank; }
  const int64_t *begin() const { return sizes; }
  const int64_t *end() const { return sizes + rank; }
  bool operator==(const Dims &other) const;
  /// For lists that are known to have room.
  void push(int64_t size) { sizes[rank++] = size; }
  /// Product of the dims from `first` up to but without `last`, of a tensor that exists.
  int64_t product(uint32_t first, uint32_t last) const;
};

/// Dims as a message shows them: "[2, 3]".
struct DimsText {
  explicit DimsText(const Dims &dims);
  char text[160];
};

/// Sets of element types: bit `dtype` of each.
enum Dtypes : uint32_t {
  f32Only = 1u << DLC_DTYPE_F32,
  floats = f32Only | 1u << DLC_DTYPE_F64 | 1u << DLC_DTYPE_F16 | 1u << DLC_DTYPE_BF16,
  signedIntegers =
      1u << DLC_DTYPE_I8 | 1u << DLC_DTYPE_I16 | 1u << DLC_DTYPE_I32 | 1u << DLC_DTYPE_I64,
  unsignedIntegers =
      1u << DLC_DTYPE_U8 | 1u << DLC_DTYPE_U16 | 1u << DLC_DTYPE_U32 | 1u << DLC_DTYPE_U64,
  integers = signedIntegers | unsignedIntegers,
  numbers = floats | integers,
  booleans = 1u << DLC_DTYPE_BOOL,
  indices = 1u << DLC_DTYPE_I32 | 1u << DLC_DTYPE_I64,
  i64Only = 1u << DLC_DTYPE_I64,
  strings = 1u << DLC_DTYPE_STRING,
  smallFloats = 1u << DLC_DTYPE_F8E4M3FN | 1u << DLC_DTYPE_F8E4M3FNUZ | 1u << DLC_DTYPE_F8E5M2 |
                1u << DLC_DTYPE_F8E5M2FNUZ | 1u << DLC_DTYPE_F4E2M1 | 1u << DLC_DTYPE_F8E8M0 |
                1u << DLC_DTYPE_F6E2M3 | 1u << DLC_DTYPE_F6E3M2,
  smallIntegers = 1u << DLC_DTYPE_U4 | 1u << DLC_DTYPE_I4 | 1u << DLC_DTYPE_U2 | 1u << DLC_DTYPE_I2,
  anyDtype = numbers | booleans | strings | smallFloats | smallIntegers
};

/// "f32", "string"; "?" for what is no element type.
const char *dtypeName(int32_t dtype);
inline bool isIn(int32_t dtype, uint32_t set) {
  return dtype > 0 && dtype < 32 && (set & (1u << dtype));
}

/// A list attribute; empty where it is absent.
template <typename T> struct List {
  const T *data = nullptr;
  uint64_t count = 0;
  const T *begin() const { return data; }
  const T *end() const { return data + count; }
  const T &operator[](uint64_t i) const { return data[i]; }
};

dlc_string stringOf(const char *literal);
bool equals(dlc_string lhs, dlc_string rhs);

class OpCall {
public:
  explicit OpCall(const dlc_op_call *call) : raw(call) {}

  /// The status of the whole call, where its op returned `result`.
  int32_t finish(Status result) const { return status ? status : result; }

  /// Reports a fault; printf's format.
  template <typename... Arguments> Status fail(const char *format, Arguments... arguments) {
    raw->services->fail(raw->state, format, arguments...);
    return status = stopped;
  }

  //===-- Operands --===//

  uint32_t numInputs() const { return raw->num_inputs; }
  uint32_t numOutputs() const { return raw->num_outputs; }
  /// Null where the operand is absent.
  const dlc_value *input(uint32_t i) const {
    return i < raw->num_inputs ? raw->inputs[i] : nullptr;
  }
  /// A tensor of one of the element types; null where it is absent or was reported.
  const dlc_value *optionalTensor(uint32_t i, uint32_t dtypes = anyDtype);
  /// The same, null only where it was reported.
  const dlc_value *tensor(uint32_t i, uint32_t dtypes = anyDtype);
  /// The same, with the element type of `other`.
  const dlc_value *tensorLike(uint32_t i, const dlc_value *other);
  /// A sequence or optional; null where it was reported.
  const dlc_value *list(uint32_t i, uint32_t kind);
  /// The elements of an i32 or i64 vector, or of a tensor of rank 0 as one.
  bool integerList(uint32_t i, Dims &result);
  /// The element of an i32 or i64 tensor of one element; `value` stays where it is absent.
  bool integer(uint32_t i, int64_t &value);

  //===-- Attributes --===//

  bool hasAttribute(const char *name) const { return find(name) != nullptr; }
  int64_t intAttribute(const char *name, int64_t absent);
  bool flag(const char *name) { return intAttribute(name, 0) != 0; }
  double floatAttribute(const char *name, double absent);
  dlc_string stringAttribute(const char *name, const char *absent);
  List<int64_t> intsAttribute(const char *name);
  List<double> floatsAttribute(const char *name);
  List<dlc_string> stringsAttribute(const char *name);
  /// The place of a keyword among `names`, which spaces separate; reports others.
  bool keyword(const char *name, const char *absent, const char *names, uint32_t &which);

  //===-- Outputs --===//

  bool wants(uint32_t i) const { return i < raw->num_outputs; }
  /// The described memory of output i, or a new object; null where that was reported.
  dlc_value *output(uint32_t i, int32_t dtype, const Dims &dims, uint64_t extra = 0);
  /// The dims that output i is described with; null where the op is to make an object.
  const dlc_value *describedOutput(uint32_t i) const {
    return i < raw->num_outputs ? raw->outputs[i] : nullptr;
  }
  /// Output i as a list of `count` values, all null, which the op must set.
  dlc_value *listOutput(uint32_t i, uint32_t kind, int32_t dtype, uint64_t count);
  /// A reference to `value` as output i, or a copy of it in the described memory.
  Status keepAsOutput(uint32_t i, const dlc_value *value);

  //===-- Services --===//

  dlc_value *newTensor(int32_t dtype, const Dims &dims, uint64_t extra = 0);
  dlc_value *keep(const dlc_value *value);
  void release(dlc_value *value) { raw->services->release(raw->state, value); }
  /// Room for `count` elements until the op returns; null where that was reported.
  template <typename T> T *scratch(int64_t count) {
    return static_cast<T *>(scratchBytes(count, sizeof(T)));
  }

  //===-- Checks --===//

  /// Elements of a tensor of these dims; reports negative dims and products beyond 62 bits.
  bool countElements(const Dims &dims, int64_t &count);
  /// An axis counted from the first dim; a negative one counts from the last of `rank`.
  bool normalizeAxis(int64_t axis, uint32_t rank, uint32_t &result);
  /// Dims that lhs and rhs broadcast to.
  bool broadcastDims(const Dims &lhs, const Dims &rhs, Dims &result);
  /// Reports where the tensor is of another rank.
  bool expectRank(uint32_t i, const dlc_value *value, uint32_t rank);
  /// Reports where there are more than maxRank.
  bool expectRoom(uint64_t rank);

private:
  const dlc_attribute *find(const char *name) const;
  const dlc_attribute *find(const char *name, uint32_t kind);
  void *scratchBytes(int64_t count, size_t size);

  const dlc_op_call *raw;
  Status status = done;
};

} // namespace dlc::ops

#endif
