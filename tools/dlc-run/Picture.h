// 8-bit pictures: PNG and JPEG in, PNG out; as tensors 1 x C x H x W of values 0 to 255, C = 1
// (gray) or 3 (RGB).
#ifndef DLC_RUN_PICTURE_H
#define DLC_RUN_PICTURE_H

#include "Tensor.h"

#include <string_view>

namespace dlc::run {

/// Gives `tensor` the element type and dims of a picture, without its data. `channels` is 1, 3, or
/// 0 for those of the picture itself. Truncated files and damaged PNG chunks are errors. False
/// after a report.
[[nodiscard]] bool inspectPicture(const std::string &path, std::string_view bytes, int channels,
                                  Tensor &tensor, Problems &problems);

/// Decodes a picture into a tensor that inspectPicture prepared: gray is spread to RGB and RGB
/// weighted to gray, an alpha channel is dropped, 16 bits are cut to 8. False after a report.
[[nodiscard]] bool decodePicture(const std::string &path, std::string_view bytes, Tensor &tensor,
                                 Problems &problems);

/// Reports where a tensor of this type and these dims is no picture.
[[nodiscard]] bool checkPicture(const std::string &path, int32_t dtype,
                                const std::vector<int64_t> &dims, Problems &problems);

/// Encodes a tensor that checkPicture accepts: rounded to nearest and clamped, NaN is 0. False
/// after a report.
[[nodiscard]] bool encodePng(const std::string &path, const TensorView &tensor, std::string &png,
                             Problems &problems);

} // namespace dlc::run

#endif
