#include "Elements.h"

#include "dlc/dlc.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

using namespace dlc::run;

/// IEEE half precision to double, exactly.
static double halfToDouble(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  double magnitude =
      exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31)
    magnitude = fraction ? std::numeric_limits<double>::quiet_NaN()
                         : std::numeric_limits<double>::infinity();
  return bits >> 15 ? -magnitude : magnitude;
}

/// Rounds to a 16-bit format of `fractionBits` and an exponent of that bias: f16 or bf16.
static uint16_t narrow(double value, int fractionBits, int bias) {
  const int infinity = (2 * bias + 1) << fractionBits;
  const int sign = std::signbit(value) ? 0x8000 : 0;
  const double magnitude = std::fabs(value);
  if (std::isnan(value))
    return static_cast<uint16_t>(infinity | 1 << (fractionBits - 1));
  if (magnitude >= std::ldexp(1.0, bias + 1))
    return static_cast<uint16_t>(sign | infinity);
  int exponent = 0;
  const double significand = std::frexp(magnitude, &exponent); // in [0.5, 1)
  // What rounding carries out of the fraction goes into the exponent, up to infinity.
  const int bits =
      magnitude < std::ldexp(1.0, 1 - bias)
          ? static_cast<int>(std::nearbyint(std::ldexp(magnitude, bias - 1 + fractionBits)))
          : ((exponent + bias - 2) << fractionBits) +
                static_cast<int>(std::nearbyint(std::ldexp(significand, fractionBits + 1)));
  return static_cast<uint16_t>(sign | bits);
}

template <typename T> static long double loadAs(const char *element) {
  T value;
  memcpy(&value, element, sizeof(value));
  return static_cast<long double>(value);
}

template <typename T> static void storeAs(T value, char *element) {
  memcpy(element, &value, sizeof(value));
}

bool dlc::run::hasNumbers(int32_t dtype) {
  return dtype != DLC_STRING && dtype <= DLC_BF16 && dlc_dtype_size(dtype) != 0;
}

long double dlc::run::loadElement(int32_t dtype, const char *element) {
  uint16_t bits = 0;
  switch (dtype) {
  case DLC_F32:
    return loadAs<float>(element);
  case DLC_F64:
    return loadAs<double>(element);
  case DLC_I8:
    return loadAs<int8_t>(element);
  case DLC_U16:
    return loadAs<uint16_t>(element);
  case DLC_I16:
    return loadAs<int16_t>(element);
  case DLC_I32:
    return loadAs<int32_t>(element);
  case DLC_I64:
    return loadAs<int64_t>(element);
  case DLC_U32:
    return loadAs<uint32_t>(element);
  case DLC_U64:
    return loadAs<uint64_t>(element);
  case DLC_F16:
    memcpy(&bits, element, sizeof(bits));
    return halfToDouble(bits);
  case DLC_BF16:
    memcpy(&bits, element, sizeof(bits));
    return std::bit_cast<float>(uint32_t{bits} << 16);
  default: // u8 and bool
    return loadAs<uint8_t>(element);
  }
}

void dlc::run::storeElement(int32_t dtype, double value, char *element) {
  switch (dtype) {
  case DLC_F32:
    return storeAs(static_cast<float>(value), element);
  case DLC_F64:
    return storeAs(value, element);
  case DLC_I8:
    return storeAs(static_cast<int8_t>(value), element);
  case DLC_U16:
    return storeAs(static_cast<uint16_t>(value), element);
  case DLC_I16:
    return storeAs(static_cast<int16_t>(value), element);
  case DLC_I32:
    return storeAs(static_cast<int32_t>(value), element);
  case DLC_I64:
    return storeAs(static_cast<int64_t>(value), element);
  case DLC_U32:
    return storeAs(static_cast<uint32_t>(value), element);
  case DLC_U64:
    return storeAs(static_cast<uint64_t>(value), element);
  case DLC_F16:
    return storeAs(narrow(value, 10, 15), element);
  case DLC_BF16:
    return storeAs(narrow(value, 7, 127), element);
  default: // u8 and bool
    return storeAs(static_cast<uint8_t>(value), element);
  }
}

bool dlc::run::isFloat(int32_t dtype) {
  return dtype == DLC_F32 || dtype == DLC_F64 || dtype == DLC_F16 || dtype == DLC_BF16;
}
