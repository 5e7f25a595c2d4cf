// Elements of every type as numbers, and back.
#ifndef DLC_RUN_ELEMENTS_H
#define DLC_RUN_ELEMENTS_H

#include <cstdint>

namespace dlc::run {

/// An element's value; exact, 64-bit integers too.
long double loadElement(int32_t dtype, const char *element);

/// Writes a number that the type holds, or that is rounded to it where the type is of floats (to
/// nearest, ties to even; infinity beyond its range).
void storeElement(int32_t dtype, double value, char *element);

/// Whether a dlc_dtype is a floating-point type.
bool isFloat(int32_t dtype);

} // namespace dlc::run

#endif
