// What is done to a picture's pixels before a model sees them.
#ifndef DLC_RUN_PREPARE_H
#define DLC_RUN_PREPARE_H

#include "Options.h"
#include "Tensor.h"

namespace dlc::run {

/// The dims of a picture 1 x C x H x W after its preparation.
std::vector<int64_t> preparedDims(const Preparation &preparation, std::vector<int64_t> dims);

/// Reports a mean or scale that has not one number, nor one for each channel.
[[nodiscard]] bool checkPreparation(const std::string &path, const Preparation &preparation,
                                    int64_t channels, Problems &problems);

/// Resizes a picture 1 x C x H x W of f32 and gives it mean and scale. The filter is a triangle as
/// wide as two pixels of the coarser of the two pictures, its ends cut at the border: bilinear when
/// it grows, an average when it shrinks, as Pillow's BILINEAR. False after a report.
[[nodiscard]] bool preparePicture(const std::string &path, const Preparation &preparation,
                                  Tensor &picture, Problems &problems);

} // namespace dlc::run

#endif
