// The name most like another, for messages.
#ifndef DLC_RUNTIME_NAMES_H
#define DLC_RUNTIME_NAMES_H

#include <cstdint>

namespace dlc::runtime {

/// Edits (insert, delete, replace one byte) that turn `a` into `b`, both cut to their first 64
/// bytes.
uint32_t editDistance(const char *a, const char *b);

} // namespace dlc::runtime

#endif
