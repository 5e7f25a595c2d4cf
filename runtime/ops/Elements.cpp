#include "Elements.h"

using namespace dlc::ops;

uint32_t dlc::ops::elementBytes(int32_t dtype) {
  switch (dtype) {
  case DLC_DTYPE_U8:
  case DLC_DTYPE_I8:
  case DLC_DTYPE_BOOL:
  case DLC_DTYPE_F8E4M3FN:
  case DLC_DTYPE_F8E4M3FNUZ:
  case DLC_DTYPE_F8E5M2:
  case DLC_DTYPE_F8E5M2FNUZ:
  case DLC_DTYPE_U4:
  case DLC_DTYPE_I4:
  case DLC_DTYPE_F4E2M1:
  case DLC_DTYPE_F8E8M0:
  case DLC_DTYPE_U2:
  case DLC_DTYPE_I2:
  case DLC_DTYPE_F6E2M3:
  case DLC_DTYPE_F6E3M2:
    return 1;
  case DLC_DTYPE_U16:
  case DLC_DTYPE_I16:
  case DLC_DTYPE_F16:
  case DLC_DTYPE_BF16:
    return 2;
  case DLC_DTYPE_F32:
  case DLC_DTYPE_U32:
  case DLC_DTYPE_I32:
    return 4;
  case DLC_DTYPE_F64:
  case DLC_DTYPE_U64:
  case DLC_DTYPE_I64:
    return 8;
  case DLC_DTYPE_STRING:
    return sizeof(dlc_string);
  }
  return 0;
}

uint32_t dlc::ops::formatUnsigned(uint64_t value, char *out) {
  char digits[20];
  uint32_t count = 0;
  do {
    digits[count++] = char('0' + value % 10);
    value /= 10;
  } while (value);
  for (uint32_t i = 0; i < count; ++i)
    out[i] = digits[count - 1 - i];
  return count;
}

uint32_t dlc::ops::formatInteger(int64_t value, char *out) {
  if (value >= 0)
    return formatUnsigned(uint64_t(value), out);
  *out = '-';
  return 1 + formatUnsigned(0 - uint64_t(value), out + 1);
}

//===----------------------------------------------------------------------===//
// Small floats
//===----------------------------------------------------------------------===//

template <typename To, typename From> static To bitsAs(From from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  memcpy(&to, &from, sizeof(to));
  return to;
}

/// A float of 1 sign bit, `exponentBits` and `fractionBits`.
static double smallToDouble(uint16_t bits, int exponentBits, int fractionBits) {
  int bias = (1 << (exponentBits - 1)) - 1, topExponent = (1 << exponentBits) - 1;
  uint64_t sign = uint64_t(bits >> 15) << 63;
  int exponent = (bits >> fractionBits) & topExponent;
  uint64_t fraction = bits & ((1u << fractionBits) - 1);
  if (exponent == topExponent) // infinity or NaN
    return bitsAs<double>(sign | 0x7ffull << 52 | fraction << (52 - fractionBits));
  if (exponent == 0) { // fraction * 2^(1 - bias - fractionBits), exact as a product of doubles
    double unit = bitsAs<double>(uint64_t(1023 + 1 - bias - fractionBits) << 52);
    double magnitude = double(fraction) * unit;
    return sign ? -magnitude : magnitude;
  }
  return bitsAs<double>(sign | uint64_t(exponent - bias + 1023) << 52 |
                        fraction << (52 - fractionBits));
}

static uint16_t doubleToSmall(double value, int exponentBits, int fractionBits) {
  int bias = (1 << (exponentBits - 1)) - 1;
  uint16_t infinity = uint16_t(((1 << exponentBits) - 1) << fractionBits);
  uint64_t bits = bitsAs<uint64_t>(value);
  uint16_t sign = uint16_t(bits >> 63 << 15);
  int exponent = int(bits >> 52 & 0x7ff) - 1023;
  uint64_t fraction = bits & ((1ull << 52) - 1);
  if (exponent == 1024) // a NaN keeps a bit that makes it quiet
    return sign | infinity | (fraction ? 1u << (fractionBits - 1) : 0);
  if (exponent > bias)
    return sign | infinity;
  // Below the least normal exponent more bits of the fraction fall off.
  int least = 1 - bias;
  int drop = 52 - fractionBits + (exponent < least ? least - exponent : 0);
  if (drop > 54)
    return sign;
  uint64_t whole = fraction | 1ull << 52;
  uint64_t kept = whole >> drop, rest = whole & ((1ull << drop) - 1), half = 1ull << (drop - 1);
  kept += rest > half || (rest == half && (kept & 1));
  // Rounding up may carry into the exponent, which is then right, infinity too.
  uint64_t scaled =
      exponent < least ? kept : kept + (uint64_t(exponent + bias - 1) << fractionBits);
  return uint16_t(sign | scaled);
}

double dlc::ops::halfToDouble(uint16_t bits) { return smallToDouble(bits, 5, 10); }
double dlc::ops::bfloatToDouble(uint16_t bits) { return smallToDouble(bits, 8, 7); }
uint16_t dlc::ops::doubleToHalf(double value) { return doubleToSmall(value, 5, 10); }
uint16_t dlc::ops::doubleToBfloat(double value) { return doubleToSmall(value, 8, 7); }

//===----------------------------------------------------------------------===//
// Access
//===----------------------------------------------------------------------===//

double dlc::ops::loadReal(const dlc_value *value, int64_t index) {
  switch (value->dtype) {
  case DLC_DTYPE_F32:
    return static_cast<const float *>(value->data)[index];
  case DLC_DTYPE_F64:
    return static_cast<const double *>(value->data)[index];
  case DLC_DTYPE_F16:
    return halfToDouble(static_cast<const uint16_t *>(value->data)[index]);
  case DLC_DTYPE_BF16:
    return bfloatToDouble(static_cast<const uint16_t *>(value->data)[index]);
  case DLC_DTYPE_U64:
    return double(static_cast<const uint64_t *>(value->data)[index]);
  }
  if (isIn(value->dtype, smallFloats))
    return byteToDouble(value->dtype, static_cast<const uint8_t *>(value->data)[index]);
  return double(loadInteger(value, index));
}

int64_t dlc::ops::loadInteger(const dlc_value *value, int64_t index) {
  switch (value->dtype) {
  case DLC_DTYPE_I8:
    return static_cast<const int8_t *>(value->data)[index];
  case DLC_DTYPE_I4:
    return int8_t(static_cast<const uint8_t *>(value->data)[index] << 4) >> 4;
  case DLC_DTYPE_I2:
    return int8_t(static_cast<const uint8_t *>(value->data)[index] << 6) >> 6;
  case DLC_DTYPE_U4:
    return static_cast<const uint8_t *>(value->data)[index] & 0xf;
  case DLC_DTYPE_U2:
    return static_cast<const uint8_t *>(value->data)[index] & 3;
  case DLC_DTYPE_I16:
    return static_cast<const int16_t *>(value->data)[index];
  case DLC_DTYPE_I32:
    return static_cast<const int32_t *>(value->data)[index];
  case DLC_DTYPE_U8:
    return static_cast<const uint8_t *>(value->data)[index];
  case DLC_DTYPE_BOOL:
    return static_cast<const uint8_t *>(value->data)[index] != 0;
  case DLC_DTYPE_U16:
    return static_cast<const uint16_t *>(value->data)[index];
  case DLC_DTYPE_U32:
    return static_cast<const uint32_t *>(value->data)[index];
  }
  if (elementBytes(value->dtype) == 1)
    return static_cast<const uint8_t *>(value->data)[index];
  return static_cast<const int64_t *>(value->data)[index]; // u64 too
}

void dlc::ops::storeReal(dlc_value *value, int64_t index, double element) {
  switch (value->dtype) {
  case DLC_DTYPE_F32:
    static_cast<float *>(value->data)[index] = float(element);
    return;
  case DLC_DTYPE_F16:
    static_cast<uint16_t *>(value->data)[index] = doubleToHalf(element);
    return;
  case DLC_DTYPE_BF16:
    static_cast<uint16_t *>(value->data)[index] = doubleToBfloat(element);
    return;
  }
  if (isIn(value->dtype, smallFloats)) {
    static_cast<uint8_t *>(value->data)[index] = doubleToByte(value->dtype, element, Rounding());
    return;
  }
  static_cast<double *>(value->data)[index] = element;
}

void dlc::ops::storeInteger(dlc_value *value, int64_t index, int64_t element) {
  switch (value->dtype) {
  case DLC_DTYPE_BOOL:
    static_cast<uint8_t *>(value->data)[index] = element != 0;
    return;
  case DLC_DTYPE_I2:
  case DLC_DTYPE_U2:
    static_cast<uint8_t *>(value->data)[index] = element & 3;
    return;
  case DLC_DTYPE_I4:
  case DLC_DTYPE_U4:
    static_cast<uint8_t *>(value->data)[index] = element & 0xf;
    return;
  case DLC_DTYPE_I16:
  case DLC_DTYPE_U16:
    static_cast<uint16_t *>(value->data)[index] = uint16_t(element);
    return;
  case DLC_DTYPE_I32:
  case DLC_DTYPE_U32:
    static_cast<uint32_t *>(value->data)[index] = uint32_t(element);
    return;
  }
  if (elementBytes(value->dtype) == 1)
    static_cast<uint8_t *>(value->data)[index] = uint8_t(element);
  else
    static_cast<int64_t *>(value->data)[index] = element;
}

// Nothing here is worth vectors: artifacts that convert rows stay small.
template <typename T>
void dlc::ops::loadRow(const dlc_value *value, int64_t first, int64_t stride, int64_t count,
                       T *row) {
  auto convert = [&](auto stored) {
    auto *from = static_cast<const decltype(stored) *>(value->data) + first;
#pragma clang loop vectorize(disable) unroll(disable)
    for (int64_t k = 0; k < count; ++k)
      row[k] = T(from[k * stride]);
  };
  if (holds<T>(value))
    return convert(T());
  if (isReal<T> && value->dtype == DLC_DTYPE_F32)
    return convert(float());
  if (!isReal<T> && value->dtype == DLC_DTYPE_I32)
    return convert(int32_t());
  for (int64_t k = 0; k < count; ++k)
    row[k] = load<T>(value, first + k * stride);
}

template <typename T>
void dlc::ops::storeRow(dlc_value *value, int64_t first, int64_t count, const T *row) {
  auto convert = [&](auto stored) {
    auto *to = static_cast<decltype(stored) *>(value->data) + first;
#pragma clang loop vectorize(disable) unroll(disable)
    for (int64_t k = 0; k < count; ++k)
      to[k] = decltype(stored)(row[k]);
  };
  if (holds<T>(value))
    return convert(T());
  if (isReal<T> && value->dtype == DLC_DTYPE_F32)
    return convert(float());
  for (int64_t k = 0; k < count; ++k)
    store<T>(value, first + k, row[k]);
}

#define DLC_ROWS_OF(T)                                                                             \
  template void dlc::ops::loadRow(const dlc_value *, int64_t, int64_t, int64_t, T *);              \
  template void dlc::ops::storeRow(dlc_value *, int64_t, int64_t, const T *);
DLC_ROWS_OF(float)
DLC_ROWS_OF(double)
DLC_ROWS_OF(int64_t)
DLC_ROWS_OF(uint64_t)

/// Limits that are no doubles (2^63 - 1) compare as the double above them.
static int64_t saturate(double value, int64_t least, int64_t most) {
  if (value != value)
    return 0;
  if (value <= double(least))
    return least;
  return value >= double(most) ? most : int64_t(value);
}

void dlc::ops::storeConverted(dlc_value *value, int64_t index, double element) {
  if (value->dtype == DLC_DTYPE_U64) {
    uint64_t bits = !(element > 0) ? 0 : element >= 0x1p64 ? UINT64_MAX : uint64_t(element);
    return storeInteger(value, index, int64_t(bits));
  }
  int bits = 8 * int(elementBytes(value->dtype));
  bool isSigned = isIn(value->dtype, signedIntegers);
  int64_t most = isSigned ? int64_t(UINT64_MAX >> (65 - bits)) : int64_t(1) << bits;
  storeInteger(value, index,
               isSigned ? saturate(element, -most - 1, most) : saturate(element, 0, most - 1));
}

//===----------------------------------------------------------------------===//
// Walking and moving
//===----------------------------------------------------------------------===//

Dims dlc::ops::stridesOf(const Dims &dims) {
  Dims strides(dims.rank, 1);
  for (uint32_t i = dims.rank; i-- > 1;)
    strides[i - 1] = strides[i] * dims[i];
  return strides;
}

uint32_t Walk::follow(const Dims &followed) {
  Dims own = stridesOf(followed);
  uint32_t missing = dims.rank - followed.rank;
  for (uint32_t i = 0; i < dims.rank; ++i)
    strides[numFollowed][i] = i < missing || followed[i - missing] == 1 ? 0 : own[i - missing];
  return numFollowed++;
}

void Walk::next() {
  for (uint32_t i = dims.rank; i-- > 0;) {
    bool carry = ++at[i] == dims[i];
    for (uint32_t k = 0; k < numFollowed; ++k)
      offsets[k] += carry ? strides[k][i] * (1 - dims[i]) : strides[k][i];
    if (!carry)
      return;
    at[i] = 0;
  }
}

Copier::Copier(dlc_value *target)
    : target(target), size(elementBytes(target->dtype)),
      bytes(static_cast<char *>(target->data) + target->count * size) {}

void Copier::copyString(int64_t index, dlc_string source) {
  stringAt(target, index) = {bytes, source.size};
  if (source.size)
    memcpy(bytes, source.data, source.size);
  bytes += source.size;
}

void Copier::copyRun(char *to, const char *from, int64_t length) {
  if (target->dtype != DLC_DTYPE_STRING) {
    memcpy(to, from, length);
    return;
  }
  int64_t index = (to - static_cast<char *>(target->data)) / size;
  for (int64_t k = 0; k < length / size; ++k)
    copyString(index + k, reinterpret_cast<const dlc_string *>(from)[k]);
}

uint64_t dlc::ops::stringBytes(Element first, int64_t count) {
  uint64_t bytes = 0;
  for (int64_t k = 0; k < count; ++k)
    bytes += stringAt(first.value, first.index + k).size;
  return bytes;
}
