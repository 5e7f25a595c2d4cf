// Fourier transforms and what belongs to them. Sums of as many terms as the specification writes,
// in double.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

static constexpr double pi = 0x1.921fb54442d18p+1;

namespace {
/// A row of numbers with a distance between neighbours, real or complex.
struct Samples {
  const dlc_value *value;
  int64_t base, stride, count; // of elements; what lies beyond is zero
  bool isComplex;

  double real(int64_t i) const { return i < count ? loadReal(value, base + i * stride) : 0; }
  double imaginary(int64_t i) const {
    return isComplex && i < count ? loadReal(value, base + i * stride + 1) : 0;
  }
};

struct Complex {
  double real = 0, imaginary = 0;
};
} // namespace

/// The sum over window[i] * sample[i] * exp(sign * 2 pi * bin * i / length).
static Complex transform(const Samples &samples, const dlc_value *window, int64_t bin,
                         int64_t length, double sign) {
  Complex sum;
  for (int64_t i = 0; i < length; ++i) {
    // The remainder keeps the angle small: bin * i may be large.
    double turn = double(uint64_t(bin) * uint64_t(i) % uint64_t(length)) / double(length);
    double angle = sign * 2 * pi * turn, factor = window ? loadReal(window, i) : 1;
    double real = factor * samples.real(i), imaginary = factor * samples.imaginary(i);
    sum.real += real * cos(angle) - imaginary * sin(angle);
    sum.imaginary += real * sin(angle) + imaginary * cos(angle);
  }
  return sum;
}

/// The one-sided inverse: real numbers of `length` bins, of which the second half is the mirrored
/// first one.
static double transformBack(const Samples &samples, int64_t place, int64_t length) {
  double sum = 0;
  for (int64_t bin = 0; bin < length; ++bin) {
    bool isMirrored = bin > length / 2;
    int64_t source = isMirrored ? length - bin : bin;
    double turn = double(uint64_t(bin) * uint64_t(place) % uint64_t(length)) / double(length);
    double imaginary = isMirrored ? -samples.imaginary(source) : samples.imaginary(source);
    sum += samples.real(source) * cos(2 * pi * turn) - imaginary * sin(2 * pi * turn);
  }
  return sum / double(length);
}

/// Along an axis of a tensor whose last dim is 1 (real) or 2 (complex). The axis is operand 2 or an
/// attribute, the length operand 1.
DLC_LIBRARY_OP(dft) {
  const dlc_value *input = call.tensor(0, floats);
  if (!input)
    return stopped;
  bool inverse = call.flag("inverse"), oneSided = call.flag("onesided");
  int64_t asked = call.intAttribute("axis", -2), length = 0;
  uint32_t axis;
  if ((call.input(2) && !call.integer(2, asked)) || !call.normalizeAxis(asked, input->rank, axis))
    return stopped;
  int64_t parts = input->dims[input->rank - 1];
  if (axis == input->rank - 1 || (parts != 1 && parts != 2))
    return call.fail("expected an axis before a last dim of 1 or 2, found axis %ld of dims %s",
                     long(asked), DimsText(Dims(input)).text);
  bool isBack = inverse && oneSided;
  length = isBack ? 2 * (input->dims[axis] - 1) : input->dims[axis];
  if (call.input(1) && !call.integer(1, length))
    return stopped;
  if (length < 1 || length > INT32_MAX)
    return call.fail("expected a length of at least 1, found %ld", long(length));
  Dims dims(input);
  dims[axis] = oneSided && !inverse ? length / 2 + 1 : length;
  dims[input->rank - 1] = isBack ? 1 : 2;
  dlc_value *result = call.output(0, input->dtype, dims);
  if (!result)
    return stopped;
  int64_t inner = Dims(input).product(axis + 1, input->rank - 1);
  int64_t rows = Dims(input).product(0, axis) * inner, bins = dims[axis];
  for (int64_t row = 0; row < rows; ++row) {
    int64_t outer = row / inner, place = row % inner;
    Samples samples{input, (outer * input->dims[axis] * inner + place) * parts, inner * parts,
                    input->dims[axis], parts == 2};
    for (int64_t bin = 0; bin < bins; ++bin) {
      int64_t target = (outer * bins + bin) * inner + place;
      if (isBack) {
        storeReal(result, target, transformBack(samples, bin, length));
        continue;
      }
      Complex sum = transform(samples, nullptr, bin, length, inverse ? 1 : -1);
      double scale = inverse ? 1 / double(length) : 1;
      storeReal(result, 2 * target, sum.real * scale);
      storeReal(result, 2 * target + 1, sum.imaginary * scale);
    }
  }
  return done;
}

/// Of frames of a signal [batch, length, 1 or 2], which are multiplied by a window.
DLC_LIBRARY_OP(stft) {
  const dlc_value *signal = call.tensor(0, floats);
  const dlc_value *window = call.input(2) && signal ? call.tensorLike(2, signal) : nullptr;
  int64_t step = 0, length = 0;
  if (!signal || !call.tensor(1, indices) || !call.integer(1, step))
    return stopped;
  if (window && !call.expectRank(2, window, 1))
    return stopped;
  if (signal->rank != 3 || (signal->dims[2] != 1 && signal->dims[2] != 2))
    return call.fail("expected a signal of dims [batch, length, 1 or 2], found %s",
                     DimsText(Dims(signal)).text);
  length = window ? window->dims[0] : signal->dims[1];
  if (call.input(3) && !call.integer(3, length))
    return stopped;
  if (step < 1 || length < 1 || length > signal->dims[1] || (window && window->dims[0] != length))
    return call.fail("expected a positive step and frames of at most %ld elements as the window, "
                     "found %ld and %ld",
                     long(signal->dims[1]), long(step), long(length));
  bool oneSided = call.intAttribute("onesided", 1) != 0;
  int64_t frames = (signal->dims[1] - length) / step + 1;
  int64_t bins = oneSided ? length / 2 + 1 : length, parts = signal->dims[2];
  Dims dims(4, 2);
  dims[0] = signal->dims[0];
  dims[1] = frames;
  dims[2] = bins;
  dlc_value *result = call.output(0, signal->dtype, dims);
  if (!result)
    return stopped;
  int64_t target = 0;
  for (int64_t batch = 0; batch < dims[0]; ++batch)
    for (int64_t frame = 0; frame < frames; ++frame)
      for (int64_t bin = 0; bin < bins; ++bin) {
        Samples samples{signal, (batch * signal->dims[1] + frame * step) * parts, parts, length,
                        parts == 2};
        Complex sum = transform(samples, window, bin, length, -1);
        storeReal(result, target++, sum.real);
        storeReal(result, target++, sum.imaginary);
      }
  return done;
}

//===----------------------------------------------------------------------===//
// Mel weights
//===----------------------------------------------------------------------===//

static double melOf(double hertz) { return 2595 * log(1 + hertz / 700) / log(10.0); }
static double hertzOf(double mel) { return 700 * (pow(10.0, mel / 2595) - 1); }

/// Triangles over spectrogram bins, equally wide on the mel scale.
DLC_LIBRARY_OP(mel_weight_matrix) {
  int64_t bands = 0, length = 0, rate = 0;
  const dlc_value *low = call.tensor(3, floats), *high = call.tensor(4, floats);
  if (!low || !high || !call.tensor(0, indices) || !call.integer(0, bands) ||
      !call.tensor(1, indices) || !call.integer(1, length) || !call.tensor(2, indices) ||
      !call.integer(2, rate))
    return stopped;
  if (low->count != 1 || high->count != 1 || bands < 1 || bands > INT32_MAX || length < 1 ||
      length > INT32_MAX || rate < 1)
    return call.fail("expected positive numbers of bands, samples and hertz, and two edges");
  int64_t bins = length / 2 + 1, edges = bands + 2;
  Dims dims(2, bins);
  dims[1] = bands;
  int32_t dtype = int32_t(call.intAttribute("output_datatype", DLC_DTYPE_F32));
  if (!isIn(dtype, numbers))
    return call.fail("expected an output of numbers");
  dlc_value *result = call.output(0, dtype, dims);
  double *places = result ? call.scratch<double>(edges) : nullptr;
  if (!places)
    return stopped;
  double lowMel = melOf(loadReal(low, 0)), highMel = melOf(loadReal(high, 0));
  double width = (highMel - lowMel) / double(edges);
  for (int64_t i = 0; i < edges; ++i) // in bins
    places[i] = floor(double(length + 1) * hertzOf(lowMel + double(i) * width) / double(rate));
  for (int64_t band = 0; band < bands; ++band) {
    double lower = places[band], center = places[band + 1], upper = places[band + 2];
    for (int64_t bin = 0; bin < bins; ++bin) {
      double weight = 0, at = double(bin);
      if (lower == center ? at == center : at >= lower && at <= center)
        weight = lower == center ? 1 : (at - lower) / (center - lower);
      if (upper > center && at >= center && at < upper)
        weight = (upper - at) / (upper - center);
      if (isIn(dtype, floats))
        storeReal(result, bin * bands + band, weight);
      else
        storeConverted(result, bin * bands + band, weight);
    }
  }
  return done;
}
