// Element types, and what tensors of them take.
#ifndef DLC_RUNTIME_DTYPE_H
#define DLC_RUNTIME_DTYPE_H

#include "dlc/dlc.h"

namespace dlc::runtime {

/// Bytes of a dense tensor with dims >= 0; false where they do not fit 63 bits.
[[nodiscard]] bool tensorBytes(int32_t dtype, const int64_t *dims, uint32_t rank, uint64_t &bytes);

/// Whether the bytes of strings lie in memory.
bool stringsExist(const dlc_text *strings, uint64_t count);

/// What memory of elements is aligned to.
uint32_t dtypeAlignment(int32_t dtype);

} // namespace dlc::runtime

#endif
