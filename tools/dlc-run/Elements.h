// Elements as numbers, and back: floats of 16 bits and more, integers of 8 bits and more, bools.
#ifndef DLC_RUN_ELEMENTS_H
#define DLC_RUN_ELEMENTS_H

#include <cstdint>

namespace dlc::run {

/// Whether elements of a dlc_dtype are numbers here. Those of the smaller types and strings are
/// not.
bool hasNumbers(int32_t dtype);

/// An element's value; exact, 64-bit integers too. Its type has numbers.
long double loadElement(int32_t dtype, const char *element);

/// Writes a number that the type holds, or that is rounded to it where the type is of floats (to
/// nearest, ties to even; infinity beyond its range).
void storeElement(int32_t dtype, double value, char *element);

/// Whether a dlc_dtype is a floating-point type.
bool isFloat(int32_t dtype);

} // namespace dlc::run

#endif
