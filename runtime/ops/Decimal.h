/// Numbers as decimal text, exact and without a locale.
#ifndef DLC_RUNTIME_OPS_DECIMAL_H
#define DLC_RUNTIME_OPS_DECIMAL_H

#include "dlc/ABI/Op.h"

namespace dlc::ops {

inline constexpr uint32_t decimalRoom = 40; // characters that any number needs at most

/// As printf's %.<digits>g: the nearest decimal of at most 17 significant digits, without zeros at
/// its end. Specials are "NaN", "INF" and "-INF". Returns the number of characters.
uint32_t formatReal(double value, uint32_t digits, char *out);

/// Reads a whole text: an optional sign, digits with at most one point, an optional exponent; or
/// inf or nan in any case. Spaces around it are skipped. False for everything else.
///
/// Rounds to the nearest double, ties to even. With `toOdd` what is no double becomes the neighbour
/// whose last bit is 1, which rounds right once more to every type of at most 51 bits.
bool parseReal(dlc_string text, bool toOdd, double &value);

/// Reads a whole text that is an optional sign and digits. False for everything else, and for
/// magnitudes beyond 64 bits.
bool parseInteger(dlc_string text, bool &isNegative, uint64_t &magnitude);

} // namespace dlc::ops

#endif
