// Fourier transforms and what belongs to them, in double.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

static constexpr double pi = 0x1.921fb54442d18p+1;

namespace {
struct Complex {
  double real = 0, imaginary = 0;
};

/// A row of numbers with a distance between neighbours, real or complex.
struct Samples {
  const dlc_value *value;
  int64_t base, stride, count; // of elements; what lies beyond is zero
  bool isComplex;

  Complex operator[](int64_t i) const {
    if (i >= count)
      return {};
    int64_t place = base + i * stride;
    return {loadReal(value, place), isComplex ? loadReal(value, place + 1) : 0};
  }
};

Complex operator*(Complex lhs, Complex rhs) {
  return {lhs.real * rhs.real - lhs.imaginary * rhs.imaginary,
          lhs.real * rhs.imaginary + lhs.imaginary * rhs.real};
}
Complex operator+(Complex lhs, Complex rhs) {
  return {lhs.real + rhs.real, lhs.imaginary + rhs.imaginary};
}
Complex operator-(Complex lhs, Complex rhs) {
  return {lhs.real - rhs.real, lhs.imaginary - rhs.imaginary};
}

/// Transforms of one length: sums over samples[i] * exp(sign * 2 pi * bin * i / length).
class Transform {
public:
  Complex *samples = nullptr; // which run consumes
  Complex *bins = nullptr;    // which run fills

  /// False after a report.
  bool make(OpCall &call, int64_t length, double sign);
  void run() { divide(samples, 1, bins, length); }

private:
  void divide(const Complex *from, int64_t stride, Complex *to, int64_t count);

  int64_t length = 0;
  Complex *roots = nullptr; // exp(sign * 2 pi * i / length)
  Complex *parts = nullptr;
};
} // namespace

bool Transform::make(OpCall &call, int64_t count, double sign) {
  length = count;
  Complex **arrays[] = {&samples, &bins, &roots, &parts};
  for (Complex **array : arrays)
    if (!(*array = call.scratch<Complex>(length)))
      return false;
  for (int64_t i = 0; i < length; ++i) {
    double angle = sign * 2 * pi * (double(i) / double(length));
    roots[i] = {cos(angle), sin(angle)};
  }
  return true;
}

/// Cooley and Tukey's decimation in time: of the least prime factor p of the count, p transforms of
/// each p-th sample, and a transform of p terms for each of their bins.
void Transform::divide(const Complex *from, int64_t stride, Complex *to, int64_t count) {
  if (count == 1) {
    *to = *from;
    return;
  }
  int64_t p = 2;
  while (count % p != 0)
    p = p * p < count ? p + 1 : count;
  int64_t rest = count / p;
  for (int64_t q = 0; q < p; ++q)
    divide(from + q * stride, stride * p, to + q * rest, rest);
  // Roots of the count are each stride-th of the length, and those of p each (rest * stride)-th.
  for (int64_t bin = 0; bin < rest; ++bin) {
    if (p == 2) { // whose roots are 1 and -1
      Complex even = to[bin], odd = to[rest + bin] * roots[bin * stride];
      to[bin] = even + odd;
      to[rest + bin] = even - odd;
      continue;
    }
    for (int64_t q = 0; q < p; ++q)
      parts[q] = to[q * rest + bin] * roots[q * bin * stride];
    for (int64_t k = 0; k < p; ++k) {
      Complex sum;
      for (int64_t q = 0, turn = 0; q < p; ++q) {
        sum = sum + parts[q] * roots[turn * rest * stride];
        turn += turn + k < p ? k : k - p;
      }
      to[k * rest + bin] = sum;
    }
  }
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
  double scale = inverse ? 1 / double(length) : 1;
  Transform transform;
  if (!transform.make(call, length, inverse ? 1 : -1))
    return stopped;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t outer = row / inner, place = row % inner;
    Samples samples{input, (outer * input->dims[axis] * inner + place) * parts, inner * parts,
                    input->dims[axis], parts == 2};
    for (int64_t i = 0; i < length; ++i) {
      bool isMirrored = isBack && i > length / 2;
      Complex sample = samples[isMirrored ? length - i : i];
      transform.samples[i] = {sample.real, isMirrored ? -sample.imaginary : sample.imaginary};
    }
    transform.run();
    for (int64_t bin = 0; bin < bins; ++bin) {
      int64_t target = ((outer * bins + bin) * inner + place) * (isBack ? 1 : 2);
      storeReal(result, target, transform.bins[bin].real * scale);
      if (!isBack)
        storeReal(result, target + 1, transform.bins[bin].imaginary * scale);
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
  Transform transform;
  if (!transform.make(call, length, -1))
    return stopped;
  int64_t target = 0;
  for (int64_t batch = 0; batch < dims[0]; ++batch)
    for (int64_t frame = 0; frame < frames; ++frame) {
      Samples samples{signal, (batch * signal->dims[1] + frame * step) * parts, parts, length,
                      parts == 2};
      for (int64_t i = 0; i < length; ++i) {
        double factor = window ? loadReal(window, i) : 1;
        Complex sample = samples[i];
        transform.samples[i] = {factor * sample.real, factor * sample.imaginary};
      }
      transform.run();
      for (int64_t bin = 0; bin < bins; ++bin) {
        storeReal(result, target++, transform.bins[bin].real);
        storeReal(result, target++, transform.bins[bin].imaginary);
      }
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
