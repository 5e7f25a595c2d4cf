// NumPy's .npy files, versions 1 to 3 of the format (numpy.lib.format), C order, little-endian.
#ifndef DLC_RUN_NPY_H
#define DLC_RUN_NPY_H

#include "Tensor.h"

#include <string_view>

namespace dlc::run {

/// Reads a tensor from the bytes of a file; `path` is for messages. False after a report.
[[nodiscard]] bool parseNpy(const std::string &path, std::string_view bytes, Tensor &tensor,
                            Problems &problems);

/// Whether .npy has this element type (it has no bf16).
bool npyHolds(int32_t dtype);

/// The bytes before the data of a file of format version 1.
std::string npyHeader(int32_t dtype, const std::vector<int64_t> &dims);

} // namespace dlc::run

#endif
