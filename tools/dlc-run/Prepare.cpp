#include "Prepare.h"

#include <algorithm>
#include <cmath>

using namespace dlc::run;

std::vector<int64_t> dlc::run::preparedDims(const Preparation &preparation,
                                            std::vector<int64_t> dims) {
  if (preparation.height != 0) {
    dims[2] = preparation.height;
    dims[3] = preparation.width;
  }
  return dims;
}

bool dlc::run::checkPreparation(const std::string &path, const Preparation &preparation,
                                int64_t channels, Problems &problems) {
  for (const auto &[option, numbers] :
       {std::pair("--mean", &preparation.mean), std::pair("--scale", &preparation.scale)})
    if (numbers->size() > 1 && static_cast<int64_t>(numbers->size()) != channels)
      problems.add("{}: {} has {} numbers for a picture of {} channels", path, option,
                   numbers->size(), channels);
  return problems.empty();
}

namespace {
/// What an element of a resized line is made of.
struct Taps {
  int64_t first;
  std::vector<double> weights;
};
} // namespace

static Taps tapsOf(int64_t element, int64_t from, int64_t to) {
  const double ratio = static_cast<double>(from) / static_cast<double>(to);
  const double radius = std::max(ratio, 1.0);
  const double center = (static_cast<double>(element) + 0.5) * ratio;
  Taps taps = {std::max<int64_t>(0, static_cast<int64_t>(center - radius + 0.5)), {}};
  const int64_t end = std::min<int64_t>(from, static_cast<int64_t>(center + radius + 0.5));
  double sum = 0;
  for (int64_t i = taps.first; i < end; ++i) {
    const double distance = std::fabs(static_cast<double>(i) + 0.5 - center) / radius;
    taps.weights.push_back(std::max(0.0, 1 - distance));
    sum += taps.weights.back();
  }
  for (double &weight : taps.weights)
    weight /= sum;
  return taps;
}

/// Resizes the dim `from` of a tensor outer x from x inner.
static void resizeDim(const float *source, int64_t outer, int64_t from, int64_t inner, int64_t to,
                      float *target) {
  for (int64_t element = 0; element < to; ++element) {
    const Taps taps = tapsOf(element, from, to);
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i) {
        double sum = 0;
        for (size_t t = 0; t < taps.weights.size(); ++t)
          sum += taps.weights[t] *
                 static_cast<double>(
                     source[(o * from + taps.first + static_cast<int64_t>(t)) * inner + i]);
        target[(o * to + element) * inner + i] = static_cast<float>(sum);
      }
  }
}

/// One of two or more numbers for each channel, or the one for all.
static float numberFor(const std::vector<float> &numbers, int64_t channel, float otherwise) {
  return numbers.empty() ? otherwise
                         : numbers[numbers.size() == 1 ? 0 : static_cast<size_t>(channel)];
}

bool dlc::run::preparePicture(const std::string &path, const Preparation &preparation,
                              Tensor &picture, Problems &problems) {
  const int64_t channels = picture.dims[1];
  if (preparation.height != 0) {
    const int64_t height = picture.dims[2], width = picture.dims[3];
    Tensor narrowed, resized;
    narrowed.dtype = resized.dtype = DLC_F32;
    narrowed.dims = {1, channels, height, preparation.width};
    resized.dims = {1, channels, preparation.height, preparation.width};
    if (!narrowed.allocate(path, problems) || !resized.allocate(path, problems))
      return false;
    resizeDim(picture.as<float>(), channels * height, width, 1, preparation.width,
              narrowed.as<float>());
    resizeDim(narrowed.as<float>(), channels, height, preparation.width, preparation.height,
              resized.as<float>());
    picture = std::move(resized);
  }
  const int64_t plane = picture.dims[2] * picture.dims[3];
  for (int64_t c = 0; c < channels; ++c) {
    const float mean = numberFor(preparation.mean, c, 0);
    const float scale = numberFor(preparation.scale, c, 1);
    for (int64_t i = 0; i < plane; ++i) {
      float &value = picture.as<float>()[c * plane + i];
      value = (value - mean) * scale;
    }
  }
  return true;
}
