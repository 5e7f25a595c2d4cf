// Conversion through exact integers of many digits: a double has at most 767 significant decimal
// digits, so that nothing needs to be estimated.

#include "Decimal.h"

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Large integers
//===----------------------------------------------------------------------===//

namespace {
/// A natural number below 2^8192. The largest here are those of parseReal, below 2^7000.
class Natural {
public:
  explicit Natural(uint64_t value) {
    for (; value; value >>= 32)
      limbs[count++] = uint32_t(value);
  }

  bool isZero() const { return count == 0; }
  uint32_t bits() const {
    return count ? 32 * count - uint32_t(__builtin_clz(limbs[count - 1])) : 0;
  }
  bool bit(uint32_t i) const { return i / 32 < count && (limbs[i / 32] >> i % 32 & 1); }

  void multiplyAdd(uint32_t factor, uint32_t summand) {
    uint64_t carry = summand;
    for (uint32_t i = 0; i < count; ++i) {
      carry += uint64_t(limbs[i]) * factor;
      limbs[i] = uint32_t(carry);
      carry >>= 32;
    }
    if (carry)
      limbs[count++] = uint32_t(carry);
  }

  /// Leaves the quotient, returns the remainder.
  uint32_t divide(uint32_t divisor) {
    uint64_t rest = 0;
    for (uint32_t i = count; i-- > 0;) {
      rest = rest << 32 | limbs[i];
      limbs[i] = uint32_t(rest / divisor);
      rest %= divisor;
    }
    while (count && limbs[count - 1] == 0)
      --count;
    return uint32_t(rest);
  }

  void shiftLeft(uint32_t by) {
    for (; by >= 16; by -= 16)
      multiplyAdd(1u << 16, 0);
    multiplyAdd(1u << by, 0);
  }

private:
  uint32_t limbs[256];
  uint32_t count = 0;
};
} // namespace

static uint64_t bitsOf(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof(bits));
  return bits;
}

//===----------------------------------------------------------------------===//
// Formatting
//===----------------------------------------------------------------------===//

/// Decimal digits of a positive finite value: digits[0] . digits[1] ... times ten to the power of
/// the result. Writes at most 1100 digits, `count` of them.
static int decimalDigits(double value, char *digits, uint32_t &count) {
  uint64_t bits = bitsOf(value);
  int exponent = int(bits >> 52 & 0x7ff);
  uint64_t fraction = bits & ((1ull << 52) - 1);
  // value = fraction * 2^exponent
  if (exponent)
    fraction |= 1ull << 52;
  exponent = (exponent ? exponent : 1) - 1075;
  Natural number(fraction);
  if (exponent >= 0)
    number.shiftLeft(uint32_t(exponent));
  for (int i = exponent; i < 0; ++i) // fraction * 5^n / 10^n
    number.multiplyAdd(5, 0);
  count = 0;
  while (!number.isZero())
    digits[count++] = char('0' + number.divide(10));
  for (uint32_t i = 0; i < count / 2; ++i) {
    char digit = digits[i];
    digits[i] = digits[count - 1 - i];
    digits[count - 1 - i] = digit;
  }
  return int(count) - 1 + (exponent < 0 ? exponent : 0);
}

/// Keeps at most `kept` digits, to nearest, ties to even, and no zeros at the end.
static void roundDigits(char *digits, uint32_t &count, uint32_t kept, int &exponent) {
  if (count > kept) {
    bool isHalf = digits[kept] == '5';
    for (uint32_t i = kept + 1; i < count; ++i)
      isHalf = isHalf && digits[i] == '0';
    bool up = isHalf ? (digits[kept - 1] - '0') % 2 != 0 : digits[kept] >= '5';
    count = kept;
    for (uint32_t i = kept; up && i-- > 0;) {
      up = digits[i] == '9';
      digits[i] = up ? '0' : char(digits[i] + 1);
    }
    if (up) { // all nines
      digits[0] = '1';
      ++exponent;
    }
  }
  while (count > 1 && digits[count - 1] == '0')
    --count;
}

uint32_t dlc::ops::formatReal(double value, uint32_t kept, char *out) {
  char *start = out;
  if (value != value) {
    memcpy(out, "NaN", 3);
    return 3;
  }
  if (bitsOf(value) >> 63)
    *out++ = '-';
  value = fabs(value);
  if (value > 0x1.fffffffffffffp1023) {
    memcpy(out, "INF", 3);
    return uint32_t(out + 3 - start);
  }
  char digits[1100];
  uint32_t count = 1;
  int exponent = 0;
  digits[0] = '0';
  if (value != 0) {
    exponent = decimalDigits(value, digits, count);
    roundDigits(digits, count, kept, exponent);
  }
  bool isScientific = exponent < -4 || exponent >= int(kept);
  // Digits before the point; 0 where the number begins with "0.".
  int before = isScientific ? 1 : exponent + 1;
  if (before <= 0) {
    *out++ = '0', *out++ = '.';
    for (int i = before; i < 0; ++i)
      *out++ = '0';
  }
  for (int i = 0; i < int(count) || i < before; ++i) {
    if (i == before && before > 0)
      *out++ = '.';
    *out++ = i < int(count) ? digits[i] : '0';
  }
  if (isScientific) {
    *out++ = 'e';
    *out++ = exponent < 0 ? '-' : '+';
    exponent = exponent < 0 ? -exponent : exponent;
    if (exponent < 10)
      *out++ = '0';
    out += formatInteger(exponent, out);
  }
  return uint32_t(out - start);
}

//===----------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------===//

static bool isSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool isDigit(char c) { return c >= '0' && c <= '9'; }

static dlc_string trim(dlc_string text) {
  while (text.size && isSpace(text.data[0]))
    ++text.data, --text.size;
  while (text.size && isSpace(text.data[text.size - 1]))
    --text.size;
  return text;
}

static bool takeSign(dlc_string &text) {
  bool isNegative = text.size && text.data[0] == '-';
  if (isNegative || (text.size && text.data[0] == '+'))
    ++text.data, --text.size;
  return isNegative;
}

static bool isWord(dlc_string text, const char *lower) {
  dlc_string word = stringOf(lower);
  bool equal = word.size == text.size;
  for (uint64_t i = 0; equal && i < text.size; ++i)
    equal = (text.data[i] | 0x20) == word.data[i];
  return equal;
}

bool dlc::ops::parseInteger(dlc_string text, bool &isNegative, uint64_t &magnitude) {
  text = trim(text);
  isNegative = takeSign(text);
  magnitude = 0;
  bool isNumber = text.size != 0;
  for (uint64_t i = 0; isNumber && i < text.size; ++i)
    isNumber = isDigit(text.data[i]) && !__builtin_mul_overflow(magnitude, 10, &magnitude) &&
               !__builtin_add_overflow(magnitude, uint64_t(text.data[i] - '0'), &magnitude);
  return isNumber;
}

namespace {
/// number * 10^exponent, and a little more where `isMore`.
struct Scientific {
  Natural number{0};
  int64_t exponent = 0;
  bool isMore = false;
};
} // namespace

/// Reads what follows the sign. Digits beyond those of any double count as "a little more".
static bool readScientific(dlc_string text, Scientific &result) {
  uint32_t significant = 0;
  bool hasDigits = false, hasPoint = false;
  uint64_t i = 0;
  for (; i < text.size && (isDigit(text.data[i]) || (text.data[i] == '.' && !hasPoint)); ++i) {
    if (text.data[i] == '.') {
      hasPoint = true;
      continue;
    }
    hasDigits = true;
    uint32_t digit = uint32_t(text.data[i] - '0');
    if (significant < 800) {
      if (significant || digit) {
        result.number.multiplyAdd(10, digit);
        ++significant;
      }
      result.exponent -= hasPoint;
    } else {
      result.isMore |= digit != 0;
      result.exponent += !hasPoint;
    }
  }
  if (!hasDigits)
    return false;
  if (i == text.size)
    return true;
  if ((text.data[i] | 0x20) != 'e')
    return false;
  dlc_string rest{text.data + i + 1, text.size - i - 1};
  bool isNegative = takeSign(rest);
  int64_t written = 0;
  for (uint64_t k = 0; k < rest.size; ++k) {
    if (!isDigit(rest.data[k]))
      return false;
    written = written > 1000000 ? written : written * 10 + (rest.data[k] - '0');
  }
  result.exponent += isNegative ? -written : written;
  return rest.size != 0;
}

/// number * 2^-scale, and a little more where `isMore`, rounded.
static double roundNatural(const Natural &number, int scale, bool isMore, bool toOdd) {
  int exponent = int(number.bits()) - 1 - scale;
  // Bits that a double of this exponent has.
  int kept = exponent >= -1022 ? 53 : 53 + exponent + 1022;
  if (kept < 0)
    return 0;
  int dropped = int(number.bits()) - kept;
  uint64_t significand = 0;
  for (int i = int(number.bits()); i-- > (dropped > 0 ? dropped : 0);)
    significand = significand << 1 | number.bit(uint32_t(i));
  bool half = dropped > 0 && number.bit(uint32_t(dropped - 1));
  for (int i = 0; i < dropped - 1 && !isMore; ++i)
    isMore = number.bit(uint32_t(i));
  if (toOdd)
    significand |= half || isMore;
  else
    significand += half && (isMore || (significand & 1));
  return ldexp(double(significand), (dropped > 0 ? dropped : 0) - scale);
}

bool dlc::ops::parseReal(dlc_string text, bool toOdd, double &value) {
  text = trim(text);
  bool isNegative = takeSign(text);
  Scientific scientific;
  if (isWord(text, "nan")) {
    value = NAN;
    return true;
  }
  if (isWord(text, "inf") || isWord(text, "infinity")) {
    value = isNegative ? -INFINITY : INFINITY;
    return true;
  }
  if (!readScientific(text, scientific))
    return false;
  Natural &number = scientific.number;
  // Decimal digits are at least bits * 0.3, so that beyond these limits all is 0 or infinite.
  int64_t exponent = scientific.exponent, digits = int64_t(number.bits()) * 3 / 10;
  if (number.isZero() || exponent + digits < -400) {
    value = 0;
  } else if (exponent + digits > 400) {
    value = INFINITY;
  } else {
    int scale = 0;
    for (; exponent > 0; --exponent)
      number.multiplyAdd(10, 0);
    if (exponent < 0) {
      // Room for more bits than a double has in the quotient by 10^-exponent.
      scale = int(-exponent) * 10 / 3 + 80;
      number.shiftLeft(uint32_t(scale));
      for (; exponent < 0; ++exponent)
        scientific.isMore |= number.divide(10) != 0;
    }
    value = roundNatural(number, scale, scientific.isMore, toOdd);
  }
  value = isNegative ? -value : value;
  return true;
}
