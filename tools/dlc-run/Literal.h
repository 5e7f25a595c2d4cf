// Tensors written on the command line: comma-separated numbers.
#ifndef DLC_RUN_LITERAL_H
#define DLC_RUN_LITERAL_H

#include "Tensor.h"

namespace dlc::run {

/// Reads the elements of an input. Their number decides its one dim that is not static, where it
/// has one; `source` is for messages. f16 and bf16 are rounded to nearest. False after a report.
[[nodiscard]] bool parseLiteral(const std::string &source, const std::string &text,
                                const dlc_tensor_info &info, Tensor &tensor, Problems &problems);

} // namespace dlc::run

#endif
