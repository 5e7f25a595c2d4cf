// Conversions of numbers, against the compiler's and the C library's own.

#include "Decimal.h"
#include "Elements.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

using namespace dlc::ops;

template <typename To, typename From> static To bitsAs(From from) {
  To to;
  static_assert(sizeof(to) == sizeof(from));
  memcpy(&to, &from, sizeof(to));
  return to;
}

static bool same(double lhs, double rhs) {
  return bitsAs<uint64_t>(lhs) == bitsAs<uint64_t>(rhs) || (std::isnan(lhs) && std::isnan(rhs));
}

/// Doubles of all magnitudes, and those around the values and the halves between values of f16.
static std::vector<double> manyDoubles() {
  std::vector<double> numbers = {0.0,      -0.0,       INFINITY, -INFINITY,      NAN,     65504,
                                 65520,    65519.999,  0x1p-25,  0x1.000001p-25, 0x1p-24, 0x1.8p-24,
                                 0x1p-134, 0x1.8p-133, 3.4e38,   1e308};
  std::mt19937_64 random(11);
  for (int i = 0; i < 200000; ++i) {
    numbers.push_back(bitsAs<double>(random()));
    double small = double(bitsAs<_Float16>(uint16_t(random())));
    numbers.push_back(small * (1 + 0x1p-12));
    numbers.push_back(small * (1 + 0x1p-11));
    numbers.push_back(std::nextafter(small * (1 + 0x1p-11), INFINITY));
    numbers.push_back(std::ldexp(small, int(random() % 260) - 150));
  }
  return numbers;
}

TEST(SmallFloats, AllOfThemAsDouble) {
  for (uint32_t bits = 0; bits < 65536; ++bits) {
    EXPECT_TRUE(same(halfToDouble(uint16_t(bits)), double(bitsAs<_Float16>(uint16_t(bits)))))
        << bits;
    EXPECT_TRUE(same(bfloatToDouble(uint16_t(bits)), double(bitsAs<float>(bits << 16)))) << bits;
  }
}

TEST(SmallFloats, HalfIsRoundedOnce) {
  for (double number : manyDoubles())
    if (!std::isnan(number))
      EXPECT_EQ(doubleToHalf(number), bitsAs<uint16_t>(_Float16(number))) << number;
  EXPECT_TRUE(std::isnan(halfToDouble(doubleToHalf(NAN))));
}

TEST(SmallFloats, BfloatIsTheNearest) {
  for (double number : manyDoubles()) {
    if (std::isnan(number) || std::isinf(number))
      continue;
    uint16_t bits = doubleToBfloat(number);
    double found = bfloatToDouble(bits),
           limit = 0x1.ffp127; // halfway to the first that is too large
    EXPECT_EQ(std::signbit(found), std::signbit(number));
    if (std::fabs(number) >= limit) {
      EXPECT_TRUE(std::isinf(found)) << number;
      continue;
    }
    // No neighbour is nearer, nor as near with an even last bit.
    long double error = std::fabs((long double)found - number);
    for (uint16_t other : {uint16_t(bits + 1), uint16_t(bits - 1)}) {
      double neighbour = bfloatToDouble(other);
      if (std::isnan(neighbour) || std::isinf(neighbour) ||
          std::signbit(neighbour) != std::signbit(found))
        continue;
      long double otherError = std::fabs((long double)neighbour - number);
      EXPECT_TRUE(error < otherError || (error == otherError && bits % 2 == 0)) << number;
    }
  }
  EXPECT_TRUE(std::isnan(bfloatToDouble(doubleToBfloat(NAN))));
}

//===----------------------------------------------------------------------===//
// Decimals
//===----------------------------------------------------------------------===//

static std::string format(double value, uint32_t digits) {
  char text[decimalRoom];
  return {text, formatReal(value, digits, text)};
}

TEST(Decimal, FormatsLikePrintf) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    double value = i % 2 ? bitsAs<double>(random()) : double(bitsAs<float>(uint32_t(random())));
    if (i % 5 == 0)
      value = std::round(double(random() % 1000000)) / 1000;
    if (!std::isfinite(value))
      continue;
    for (uint32_t digits : {8u, 17u}) {
      char expected[64];
      std::snprintf(expected, sizeof(expected), "%.*g", int(digits), value);
      EXPECT_EQ(format(value, digits), expected);
    }
  }
  EXPECT_EQ(format(99999999.5, 8), "1e+08");
  EXPECT_EQ(format(0.5, 8), "0.5");
  EXPECT_EQ(format(5e-324, 17), "4.9406564584124654e-324");
  EXPECT_EQ(format(1.7976931348623157e308, 17), "1.7976931348623157e+308");
}

static double parse(const std::string &text, bool toOdd) {
  double value = -1;
  EXPECT_TRUE(parseReal({text.data(), text.size()}, toOdd, value)) << text;
  return value;
}

TEST(Decimal, ParsesLikeStrtod) {
  std::vector<std::string> texts = {"0",
                                    "-0",
                                    "1e-400",
                                    "1e400",
                                    "4.9e-324",
                                    "2.4703282292062327e-324",
                                    "2.4703282292062328e-324",
                                    "2.2250738585072011e-308",
                                    "1.7976931348623158e308",
                                    "1.7976931348623159e308",
                                    "9007199254740993",
                                    "9007199254740992.9999999999999999999999",
                                    "1.00000005960464477539062500",
                                    "1.000000059604644775390625000000000000000000000001",
                                    "0.000000000000000000000000000001e30",
                                    "10000000000000000000000000000000000000000000000000000000000000"
                                    "0000000000000000000000000e-80"};
  // More digits than any double has.
  texts.push_back("1." + std::string(900, '0') + "1");
  texts.push_back("9007199254740993." + std::string(900, '0') + "1");
  texts.push_back(std::string(850, '7') + "e-840");
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    char text[64];
    double value = i % 2 ? bitsAs<double>(random()) : double(bitsAs<float>(uint32_t(random())));
    if (!std::isfinite(value))
      continue;
    std::snprintf(text, sizeof(text), "%.*g", int(random() % 25) + 1, value);
    texts.push_back(text);
  }
  for (const std::string &text : texts) {
    EXPECT_TRUE(same(parse(text, false), std::strtod(text.c_str(), nullptr))) << text;
    EXPECT_TRUE(same(float(parse(text, true)), std::strtof(text.c_str(), nullptr))) << text;
  }
}

TEST(Decimal, RoundTrips) {
  std::mt19937_64 random(9);
  for (int i = 0; i < 20000; ++i) {
    double value = bitsAs<double>(random());
    if (std::isfinite(value))
      EXPECT_TRUE(same(parse(format(value, 17), false), value)) << value;
  }
}

TEST(Decimal, Integers) {
  char text[20];
  EXPECT_EQ(std::string(text, formatInteger(INT64_MIN, text)), "-9223372036854775808");
  EXPECT_EQ(std::string(text, formatUnsigned(UINT64_MAX, text)), "18446744073709551615");
  bool isNegative;
  uint64_t magnitude;
  EXPECT_TRUE(parseInteger({"18446744073709551615", 20}, isNegative, magnitude));
  EXPECT_EQ(magnitude, UINT64_MAX);
  EXPECT_FALSE(parseInteger({"18446744073709551616", 20}, isNegative, magnitude));
  EXPECT_FALSE(parseInteger({"", 0}, isNegative, magnitude));
}
