// Floats of 8 bits or less. The bits of an element are the low ones of its byte.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

namespace {
/// A sign, `exponentBits` and `fractionBits`; without an infinity unless that is `overflow`.
struct Format {
  int exponentBits, fractionBits, bias;
  uint8_t most;          // the largest finite magnitude
  uint8_t overflow;      // what a larger one becomes where it does not saturate
  uint8_t nan;           // beside the sign; where there is none, that of -0
  bool hasOneZero;       // in whose place -0 is the only NaN
  bool isFinite = false; // neither infinity nor NaN, which becomes -0
};
} // namespace

static const Format *findFormat(int32_t dtype) {
  static constexpr Format e4m3 = {4, 3, 7, 0x7e, 0x7f, 0x7f, false};
  static constexpr Format e4m3OneZero = {4, 3, 8, 0x7f, 0x80, 0x80, true};
  static constexpr Format e5m2 = {5, 2, 15, 0x7b, 0x7c, 0x7e, false};
  static constexpr Format e5m2OneZero = {5, 2, 16, 0x7f, 0x80, 0x80, true};
  static constexpr Format e2m1 = {2, 1, 1, 7, 7, 8, false, true};
  static constexpr Format e2m3 = {2, 3, 1, 0x1f, 0x1f, 0x20, false, true};
  static constexpr Format e3m2 = {3, 2, 3, 0x1f, 0x1f, 0x20, false, true};
  switch (dtype) {
  case DLC_DTYPE_F8E4M3FN:
    return &e4m3;
  case DLC_DTYPE_F8E4M3FNUZ:
    return &e4m3OneZero;
  case DLC_DTYPE_F8E5M2:
    return &e5m2;
  case DLC_DTYPE_F8E5M2FNUZ:
    return &e5m2OneZero;
  case DLC_DTYPE_F4E2M1:
    return &e2m1;
  case DLC_DTYPE_F6E2M3:
    return &e2m3;
  case DLC_DTYPE_F6E3M2:
    return &e3m2;
  }
  return nullptr;
}

// Every op stores elements, and not every artifact needs the mathematical library: this file does
// without it.

/// 2^exponent, for exponents of normal numbers.
static double powerOfTwo(int exponent) {
  uint64_t bits = uint64_t(exponent + 1023) << 52;
  double power;
  memcpy(&power, &bits, sizeof(power));
  return power;
}

/// `value`, from 0 to 2^51, to the nearest integer, of two equally near ones the even one.
static double roundToEven(double value) { return value + 0x1p52 - 0x1p52; }

double dlc::ops::byteToDouble(int32_t dtype, uint8_t bits) {
  const Format *format = findFormat(dtype);
  if (!format) // F8E8M0
    return bits == 0xff ? __builtin_nan("") : powerOfTwo(bits - 127);
  int signPlace = format->exponentBits + format->fractionBits;
  uint8_t magnitude = bits & ((1u << signPlace) - 1);
  bool isNegative = (bits >> signPlace) & 1;
  bool isInfinite = !format->hasOneZero && !format->isFinite && magnitude == format->overflow &&
                    format->overflow != format->nan;
  if (isInfinite)
    return isNegative ? -__builtin_inf() : __builtin_inf();
  if (format->hasOneZero ? bits == format->nan : !format->isFinite && magnitude > format->most)
    return __builtin_nan("");
  int exponent = magnitude >> format->fractionBits;
  int fraction = magnitude & ((1 << format->fractionBits) - 1);
  int whole = exponent ? fraction + (1 << format->fractionBits) : fraction;
  int place = (exponent ? exponent : 1) - format->bias - format->fractionBits;
  double value = whole * powerOfTwo(place);
  return isNegative ? -value : value;
}

/// A power of two; the sign falls off.
static uint8_t doubleToPower(double value, Rounding rounding) {
  float single = float(value);
  uint32_t bits;
  memcpy(&bits, &single, sizeof(bits));
  uint32_t exponent = bits >> 23 & 0xff, fraction = bits & 0x7fffff, half = 0x400000;
  if (exponent == 0xff)
    return 0xff;
  bool isUp = rounding.way == Rounding::up ? fraction != 0
              : rounding.way == Rounding::nearest
                  ? fraction > half || (fraction == half && exponent > 0)
                  : false;
  if (isUp && !(rounding.saturate && exponent == 0xfe))
    ++exponent;
  return uint8_t(exponent);
}

uint8_t dlc::ops::doubleToByte(int32_t dtype, double value, Rounding rounding) {
  const Format *format = findFormat(dtype);
  if (!format)
    return doubleToPower(value, rounding);
  int signPlace = format->exponentBits + format->fractionBits;
  uint8_t sign = uint8_t((__builtin_signbit(value) ? 1u : 0u) << signPlace);
  if (value != value)
    return format->hasOneZero || format->isFinite ? format->nan : uint8_t(sign | format->nan);
  constexpr double beyondAll = 0x1p20;
  double magnitude = __builtin_fabs(value);
  int code = format->most + 1;
  if (magnitude < beyondAll) {
    int exponent = 1 - format->bias;
    while (magnitude >= powerOfTwo(exponent + 1))
      ++exponent;
    // Where the fraction carries, the sum carries into the exponent.
    double fraction = roundToEven(magnitude * powerOfTwo(format->fractionBits - exponent));
    code = ((exponent + format->bias - 1) << format->fractionBits) + int(fraction);
  }
  if (code > format->most) {
    if (!rounding.saturate && format->hasOneZero)
      return format->nan;
    code = rounding.saturate ? format->most : format->overflow;
  }
  return code == 0 && format->hasOneZero ? 0 : uint8_t(sign | code);
}
