// ONNX's TensorProto as a file (.pb): protobuf's wire format, read without a schema compiler.
#ifndef DLC_RUN_TENSORPROTO_H
#define DLC_RUN_TENSORPROTO_H

#include "Tensor.h"

#include <string_view>

namespace dlc::run {

/// Reads a tensor from the bytes of a file, whose elements stand in raw_data or in the typed field
/// of their type; `path` is for messages. False after a report.
[[nodiscard]] bool parseTensorProto(const std::string &path, std::string_view bytes, Tensor &tensor,
                                    Problems &problems);

} // namespace dlc::run

#endif
