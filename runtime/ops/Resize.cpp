// Resize: the product of a kernel for each dim. Coordinates are computed in f32, as the common
// implementations do, so that all of them agree on the nearest neighbour; weights in double.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

namespace {
enum Policy : uint32_t { stretch, notLarger, notSmaller };

/// How each dim is resized.
struct Scaling {
  Dims from, to;
  bool isResized[maxRank] = {};
  uint32_t elements[maxRank] = {}; // of the lists that have one for each resized dim
  uint32_t count = 0;              // of resized dims
  float scales[maxRank];
  float lengths[maxRank]; // of the result, before they are made whole
};
} // namespace

static bool readAxes(OpCall &call, Scaling &scaling) {
  List<int64_t> axes = call.intsAttribute("axes");
  bool hasAxes = call.hasAttribute("axes");
  scaling.count = hasAxes ? uint32_t(axes.count) : scaling.from.rank;
  if (!call.expectRoom(scaling.count))
    return false;
  for (uint32_t i = 0; i < scaling.count; ++i) {
    uint32_t axis = i;
    if (hasAxes && !call.normalizeAxis(axes[i], scaling.from.rank, axis))
      return false;
    if (scaling.isResized[axis])
      return call.fail("expected each axis once, found %u again", axis), false;
    scaling.isResized[axis] = true;
    scaling.elements[axis] = i;
  }
  return true;
}

static bool expectList(OpCall &call, const dlc_value *list, const char *what, uint64_t count) {
  if (list->rank == 1 && list->count == count)
    return true;
  return call.fail("expected %lu %s, found dims %s", (unsigned long)count, what,
                   DimsText(Dims(list)).text),
         false;
}

static bool setSize(OpCall &call, Scaling &scaling, uint32_t axis, double size) {
  if (!(size >= 0 && size < 0x1p62))
    return call.fail("a dim of %ld cannot be scaled by %g", long(scaling.from[axis]),
                     double(scaling.scales[axis])),
           false;
  if (size >= 1 && scaling.from[axis] == 0)
    return call.fail("a dim of 0 cannot become %g", floor(size)), false;
  scaling.to[axis] = int64_t(size);
  return true;
}

static bool readScales(OpCall &call, const dlc_value *scales, Scaling &scaling) {
  if (!expectList(call, scales, "scales", scaling.count))
    return false;
  for (uint32_t axis = 0; axis < scaling.from.rank; ++axis) {
    if (!scaling.isResized[axis])
      continue;
    float scale = float(loadReal(scales, scaling.elements[axis]));
    if (!(scale > 0 && scale < __builtin_inff()))
      return call.fail("expected positive scales, found %g", double(scale)), false;
    scaling.scales[axis] = scale;
    scaling.lengths[axis] = float(scaling.from[axis]) * scale;
    if (!setSize(call, scaling, axis, double(scaling.lengths[axis])))
      return false;
  }
  return true;
}

/// One scale for all dims: the least or the largest one.
static bool scaleAlike(OpCall &call, bool isLeast, Scaling &scaling) {
  double scale = 0;
  bool isFirst = true;
  for (uint32_t axis = 0; axis < scaling.from.rank; ++axis) {
    if (!scaling.isResized[axis])
      continue;
    if (scaling.from[axis] == 0)
      return call.fail("a dim of 0 has no scale"), false;
    double ratio = double(scaling.to[axis]) / double(scaling.from[axis]);
    if (isFirst || (isLeast ? ratio < scale : ratio > scale))
      scale = ratio;
    isFirst = false;
  }
  for (uint32_t axis = 0; axis < scaling.from.rank; ++axis) {
    if (!scaling.isResized[axis])
      continue;
    scaling.scales[axis] = float(scale);
    if (!setSize(call, scaling, axis, scale * double(scaling.from[axis]) + 0.5))
      return false;
    scaling.lengths[axis] = float(scaling.to[axis]);
  }
  return true;
}

static bool readSizes(OpCall &call, const dlc_value *sizes, uint32_t policy, Scaling &scaling) {
  if (!expectList(call, sizes, "sizes", scaling.count))
    return false;
  for (uint32_t axis = 0; axis < scaling.from.rank; ++axis)
    if (scaling.isResized[axis] &&
        !setSize(call, scaling, axis, double(loadInteger(sizes, scaling.elements[axis]))))
      return false;
  return policy == stretch || scaleAlike(call, policy == notLarger, scaling);
}

/// `described` are the dims of the result where there are neither scales nor sizes.
static bool readScaling(OpCall &call, const Dims &from, const dlc_value *scales,
                        const dlc_value *sizes, const dlc_value *described, Scaling &scaling) {
  scaling.from = scaling.to = from;
  for (uint32_t axis = 0; axis < from.rank; ++axis) {
    scaling.scales[axis] = 1;
    scaling.lengths[axis] = float(from[axis]);
  }
  uint32_t policy;
  if (!call.keyword("policy", "stretch", "stretch not_larger not_smaller", policy) ||
      !readAxes(call, scaling))
    return false;
  if (scales)
    return readScales(call, scales, scaling);
  if (sizes && !readSizes(call, sizes, policy, scaling))
    return false;
  if (!sizes && (!described || described->rank != from.rank))
    return call.fail("expected scales or sizes"), false;
  for (uint32_t axis = 0; axis < from.rank; ++axis) {
    if (!sizes && !setSize(call, scaling, axis, double(described->dims[axis])))
      return false;
    if (!sizes || policy == stretch) {
      scaling.scales[axis] = float(scaling.to[axis]) / float(from[axis]);
      scaling.lengths[axis] = float(scaling.to[axis]);
    }
  }
  return true;
}

/// The dims that a resize of dims makes.
DLC_LIBRARY_OP(resize_sizes) {
  const dlc_value *shape = call.tensor(0, i64Only), *scales = call.optionalTensor(1, f32Only),
                  *sizes = call.optionalTensor(2, i64Only);
  if (!shape || shape->rank != 1 || !call.expectRoom(shape->count))
    return stopped;
  Dims from;
  for (uint64_t i = 0; i < shape->count; ++i)
    from.push(loadInteger(shape, int64_t(i)));
  Scaling scaling;
  if (!readScaling(call, from, scales, sizes, nullptr, scaling))
    return stopped;
  dlc_value *result = call.output(0, DLC_DTYPE_I64, Dims(shape));
  if (!result)
    return stopped;
  for (uint32_t i = 0; i < from.rank; ++i)
    storeInteger(result, i, scaling.to[i]);
  return done;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

namespace {
enum Mode : uint32_t { nearest, linear, cubic };
enum Coordinates : uint32_t {
  halfPixel,
  pytorchHalfPixel,
  alignCorners,
  asymmetric,
  halfPixelSymmetric,
  tfHalfPixelForNn,
  tfCropAndResize
};
enum Rounding : uint32_t { preferFloor, preferCeil, down, up, downOrUp };

struct Options {
  uint32_t mode, coordinates, rounding;
  bool antialias, excludeOutside;
  double coefficient, extrapolation;

  bool read(OpCall &call) {
    antialias = call.flag("antialias");
    excludeOutside = call.flag("exclude_outside");
    coefficient = call.floatAttribute("cubic_coeff", -0.75);
    extrapolation = call.floatAttribute("extrapolation", 0);
    return call.keyword("mode", "nearest", "nearest linear cubic", mode) &&
           call.keyword("coordinates", "half_pixel",
                        "half_pixel pytorch_half_pixel align_corners asymmetric "
                        "half_pixel_symmetric tf_half_pixel_for_nn tf_crop_and_resize",
                        coordinates) &&
           call.keyword("rounding", "round_prefer_floor",
                        "round_prefer_floor round_prefer_ceil floor ceil floor_or_ceil", rounding);
  }
};

/// The neighbours of each index along a dim: `width` for each.
struct Kernel {
  int64_t width;
  int64_t *places;
  double *weights;
  bool *isOutside; // of the input: the result is the extrapolation value
};
} // namespace

static double linearWeight(double distance) {
  double x = fabs(distance);
  return x < 1 ? 1 - x : 0;
}

/// The coordinate of index `at` along a dim; of a part of the input from `start` to `end`.
static float findCoordinate(uint32_t coordinates, float at, float from, float to, float length,
                            float scale, float start, float end) {
  switch (coordinates) {
  case halfPixel:
    return (at + 0.5f) / scale - 0.5f;
  case pytorchHalfPixel:
    return to > 1 ? (at + 0.5f) / scale - 0.5f : 0;
  case alignCorners:
    return to == 1 ? 0 : at * (from - 1) / (length - 1);
  case asymmetric:
    return at / scale;
  case halfPixelSymmetric:
    return from / 2 * (1 - to / length) + (at + 0.5f) / scale - 0.5f;
  case tfHalfPixelForNn:
    return (at + 0.5f) / scale;
  }
  if (to <= 1)
    return 0.5f * (start + end) * (from - 1);
  return start * (from - 1) + at * (end - start) * (from - 1) / (length - 1);
}

static float roundCoordinate(uint32_t rounding, float x, float scale) {
  float whole = float(floor(double(x))), rest = x - whole;
  switch (rounding) {
  case preferFloor:
    return rest > 0.5f ? whole + 1 : whole;
  case preferCeil:
    return rest >= 0.5f ? whole + 1 : whole;
  case down:
    return whole;
  case up:
    return rest > 0 ? whole + 1 : whole;
  }
  return scale < 1 && rest > 0 ? whole + 1 : whole;
}

static int64_t clampPlace(double place, int64_t size) {
  return place < 0 ? 0 : place >= double(size) ? size - 1 : int64_t(place);
}

/// Neighbours and weights of coordinate x.
static void fillKernel(const Options &options, const Kernel &kernel, int64_t index, float x,
                       int64_t from, float scale) {
  int64_t *places = kernel.places + index * kernel.width;
  double *weights = kernel.weights + index * kernel.width;
  if (options.mode == nearest) {
    *places = clampPlace(roundCoordinate(options.rounding, x, scale), from);
    *weights = 1;
    return;
  }
  double shrink = options.antialias && scale < 1 ? double(scale) : 1, sum = 0;
  double first = floor(double(x)) - double(kernel.width / 2 - 1);
  for (int64_t k = 0; k < kernel.width; ++k) {
    double place = first + double(k), distance = (place - double(x)) * shrink;
    bool isOutside = place < 0 || place >= double(from);
    double weight = options.mode == linear ? linearWeight(distance)
                                           : cubicWeight(distance, options.coefficient);
    weights[k] = options.excludeOutside && isOutside ? 0 : weight;
    places[k] = clampPlace(place, from);
    sum += weights[k];
  }
  if (options.antialias || options.excludeOutside)
    for (int64_t k = 0; k < kernel.width; ++k)
      weights[k] /= sum;
}

static bool makeKernel(OpCall &call, const Options &options, const Scaling &scaling,
                       const dlc_value *roi, uint32_t axis, Kernel &kernel) {
  int64_t from = scaling.from[axis], to = scaling.to[axis];
  float scale = scaling.scales[axis], start = 0, end = 1;
  double reach = options.mode == cubic ? 2 : 1;
  if (options.antialias && scale < 1)
    reach = ceil(reach / double(scale));
  if (!(reach < 0x1p30))
    return call.fail("a scale of %g is too small", double(scale)), false;
  kernel.width = options.mode == nearest ? 1 : 2 * int64_t(reach);
  int64_t count;
  Dims room;
  room.push(to);
  room.push(kernel.width);
  if (!call.countElements(room, count))
    return false;
  kernel.places = call.scratch<int64_t>(count);
  kernel.weights = call.scratch<double>(count);
  kernel.isOutside = call.scratch<bool>(to);
  if (!kernel.places || !kernel.weights || !kernel.isOutside)
    return false;
  if (roi && scaling.isResized[axis]) {
    start = float(loadReal(roi, scaling.elements[axis]));
    end = float(loadReal(roi, scaling.count + scaling.elements[axis]));
  }
  for (int64_t i = 0; i < to; ++i) {
    float x = findCoordinate(options.coordinates, float(i), float(from), float(to),
                             scaling.lengths[axis], scale, start, end);
    kernel.isOutside[i] =
        options.coordinates == tfCropAndResize && !(x >= 0 && x <= float(from - 1));
    fillKernel(options, kernel, i, kernel.isOutside[i] ? 0 : x, from, scale);
  }
  return true;
}

//===----------------------------------------------------------------------===//
// Resize
//===----------------------------------------------------------------------===//

namespace {
struct Resizer {
  Scaling scaling;
  Kernel kernels[maxRank]; // of resized dims
  Dims strides;            // of the input

  bool isOutside(const Dims &at) const {
    for (uint32_t axis = 0; axis < at.rank; ++axis)
      if (scaling.isResized[axis] && kernels[axis].isOutside[at[axis]])
        return true;
    return false;
  }

  /// Where the one neighbour of each dim is.
  int64_t nearestOf(const Dims &at) const {
    int64_t place = 0;
    for (uint32_t axis = 0; axis < at.rank; ++axis)
      place +=
          (scaling.isResized[axis] ? kernels[axis].places[at[axis]] : at[axis]) * strides[axis];
    return place;
  }

  /// Whether the kernel of a resized dim takes each element as it is.
  bool isIdentity(uint32_t axis) const {
    const Kernel &kernel = kernels[axis];
    bool result = scaling.from[axis] == scaling.to[axis];
    for (int64_t i = 0; result && i < scaling.to[axis] * kernel.width; ++i)
      result =
          kernel.weights[i] == (kernel.places[i] == i / kernel.width && kernel.weights[i] != 0);
    return result;
  }

  /// The weighted sums over neighbours, dim by dim; null after a report.
  const double *interpolate(OpCall &call, const dlc_value *input) const {
    const double *from = readAll<double>(call, input);
    Dims dims = scaling.from;
    for (uint32_t axis = 0; from && axis < dims.rank; ++axis) {
      if (!scaling.isResized[axis] || isIdentity(axis))
        continue;
      int64_t old = dims[axis], size = dims[axis] = scaling.to[axis], count;
      double *to = call.countElements(dims, count) ? call.scratch<double>(count) : nullptr;
      int64_t outer = dims.product(0, axis), inner = dims.product(axis + 1, dims.rank);
      for (int64_t row = 0; to && row < outer * size; ++row)
        addNeighbours(kernels[axis], row % size, from + row / size * old * inner, inner,
                      to + row * inner);
      from = to;
    }
    return from;
  }

  static void addNeighbours(const Kernel &kernel, int64_t index, const double *from, int64_t inner,
                            double *to) {
    const double *weights = kernel.weights + index * kernel.width;
    const int64_t *places = kernel.places + index * kernel.width;
    for (int64_t i = 0; i < inner; ++i)
      to[i] = 0;
    for (int64_t k = 0; k < kernel.width; ++k) {
      if (weights[k] == 0)
        continue;
      if (inner == 1) // of the last dim: not worth a loop
        *to += weights[k] * from[places[k]];
      else
        for (int64_t i = 0; i < inner; ++i)
          to[i] += weights[k] * from[places[k] * inner + i];
    }
  }
};
} // namespace

static Status interpolate(OpCall &call, const dlc_value *input, const Resizer &resizer) {
  dlc_value *result = call.output(0, input->dtype, resizer.scaling.to);
  const double *sums = result ? resizer.interpolate(call, input) : nullptr;
  if (!sums)
    return stopped;
  if (isIn(input->dtype, floats))
    storeRow(result, 0, int64_t(result->count), sums);
  else
    for (uint64_t i = 0; i < result->count; ++i)
      storeConverted(result, int64_t(i), sums[i]);
  return done;
}

static Status run(OpCall &call, const Options &options, const dlc_value *input,
                  const Resizer &resizer) {
  const Dims &dims = resizer.scaling.to;
  auto pick = [&](const Dims &at, int64_t) { return Element{input, resizer.nearestOf(at)}; };
  Status status = options.mode == nearest ? moveElements(call, 0, input->dtype, dims, pick)
                                          : interpolate(call, input, resizer);
  if (status != done || options.coordinates != tfCropAndResize)
    return status;
  dlc_value *result = call.output(0, input->dtype, dims); // of before
  Walk walk(dims);
  for (uint64_t i = 0; i < result->count; ++i, walk.next()) {
    if (!resizer.isOutside(walk.index()))
      continue;
    if (isIn(input->dtype, floats))
      storeReal(result, int64_t(i), options.extrapolation);
    else
      storeConverted(result, int64_t(i), options.extrapolation);
  }
  return done;
}

DLC_LIBRARY_OP(resize) {
  const dlc_value *input = call.tensor(0, numbers | booleans | strings),
                  *roi = call.optionalTensor(1, floats), *scales = call.optionalTensor(2, f32Only),
                  *sizes = call.optionalTensor(3, i64Only);
  Options options;
  if (!input || !options.read(call))
    return stopped;
  if (input->dtype == DLC_DTYPE_STRING &&
      (options.mode != nearest || options.coordinates == tfCropAndResize))
    return call.fail("strings are resized to the nearest alone");
  Resizer resizer;
  if (!readScaling(call, Dims(input), scales, sizes, call.describedOutput(0), resizer.scaling))
    return stopped;
  if (options.coordinates != tfCropAndResize)
    roi = nullptr;
  else if (!roi)
    return call.fail("expected a part of the input");
  else if (!expectList(call, roi, "beginnings and ends", 2 * uint64_t(resizer.scaling.count)))
    return stopped;
  resizer.strides = stridesOf(Dims(input));
  for (uint32_t axis = 0; axis < input->rank; ++axis)
    if (resizer.scaling.isResized[axis] &&
        !makeKernel(call, options, resizer.scaling, roi, axis, resizer.kernels[axis]))
      return stopped;
  return run(call, options, input, resizer);
}
