// Samples between the elements of a picture: GridSample, AffineGrid, RoiAlign, DeformConv. In
// double.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

namespace {
enum Mode : uint32_t { linear, nearest, cubic };
enum Padding : uint32_t { zeros, border, reflection };

/// An element of a plane, and what it is multiplied by.
struct Tap {
  int64_t place;
  double weight;
};

/// The spatial dims of one channel, and how places outside of it are read.
struct Picture {
  const dlc_value *value;
  Dims sizes;
  Mode mode = linear;
  Padding padding = zeros;
  bool alignCorners = true;

  double least(uint32_t) const { return alignCorners ? 0 : -0.5; }
  double most(uint32_t dim) const { return double(sizes[dim]) - (alignCorners ? 1 : 0.5); }
  double reflect(uint32_t dim, double x) const;
  double locate(uint32_t dim, double x) const;
  int64_t place(uint32_t dim, int64_t i) const;
  int64_t numTaps() const { return mode == cubic ? 4 : 2; } // of each dim
  Tap *addTaps(Tap *taps, Tap from, uint32_t dim, const double *at) const;
};
} // namespace

template <typename T> static double sumTaps(const T *plane, const Tap *tap, const Tap *end) {
  double sum = 0;
  for (; tap != end; ++tap)
    sum += tap->weight * plane[tap->place];
  return sum;
}

static double clamp(double x, double least, double most) {
  return x < least ? least : x > most ? most : x;
}

double Picture::reflect(uint32_t dim, double x) const {
  double low = least(dim), high = most(dim), range = high - low;
  if (x >= low && x <= high)
    return x;
  if (!(range > 0))
    return low;
  bool isBelow = x < low;
  double beyond = isBelow ? low - x : x - high, turns = floor(beyond / range);
  double rest = beyond - turns * range;
  bool fromLow = (fmod(turns, 2) == 0) == isBelow;
  return fromLow ? low + rest : high - rest;
}

/// A coordinate, of any value, as one that an integer can hold.
double Picture::locate(uint32_t dim, double x) const {
  constexpr double far = 1e9;
  x = x == x ? clamp(x, -far, far) : -far;
  if (mode == nearest)
    x = nearbyint(x);
  if (x >= least(dim) && x <= most(dim))
    return x;
  if (padding == border)
    return clamp(x, 0, double(sizes[dim] - 1));
  return padding == reflection ? reflect(dim, x) : x;
}

/// The element that is read at `i`; -1 for a zero.
int64_t Picture::place(uint32_t dim, int64_t i) const {
  int64_t last = sizes[dim] - 1;
  if (i >= 0 && i <= last)
    return i;
  if (padding == zeros)
    return -1;
  double x = padding == reflection ? reflect(dim, double(i)) : double(i);
  return int64_t(clamp(x, 0, double(last)));
}

/// Appends what a sample at `at` is the sum of, for the dims from `dim` on; `from` is of those
/// before.
Tap *Picture::addTaps(Tap *taps, Tap from, uint32_t dim, const double *at) const {
  if (dim == sizes.rank) {
    *taps = from;
    return taps + 1;
  }
  double whole = floor(at[dim]), rest = at[dim] - whole;
  int64_t first = int64_t(whole) - (mode == cubic);
  for (int64_t tap = 0; tap < numTaps(); ++tap) {
    int64_t i = place(dim, first + tap);
    double weight = mode == cubic ? cubicWeight(rest + 1 - double(tap), -0.75)
                    : tap         ? rest
                                  : 1 - rest;
    if (i >= 0)
      taps = addTaps(taps, {from.place * sizes[dim] + i, from.weight * weight}, dim + 1, at);
  }
  return taps;
}

//===----------------------------------------------------------------------===//
// GridSample
//===----------------------------------------------------------------------===//

/// The coordinates of point `point` of the grid, whose last dim counts from the last spatial dim.
static void locateAll(const Picture &picture, const dlc_value *grid, int64_t point, double *at) {
  uint32_t rank = picture.sizes.rank;
  for (uint32_t dim = 0; dim < rank; ++dim) {
    double x = loadReal(grid, point * rank + (rank - 1 - dim)), size = double(picture.sizes[dim]);
    x = picture.alignCorners ? (x + 1) / 2 * (size - 1) : ((x + 1) * size - 1) / 2;
    at[dim] = picture.locate(dim, grid->dtype == DLC_DTYPE_F64 ? x : double(float(x)));
  }
}

/// The element nearest to `at`, which is whole; -1 for a zero.
static int64_t findNearest(const Picture &picture, const double *at) {
  int64_t offset = 0;
  for (uint32_t dim = 0; dim < picture.sizes.rank; ++dim) {
    int64_t i = picture.place(dim, int64_t(at[dim]));
    if (i < 0)
      return -1;
    offset = offset * picture.sizes[dim] + i;
  }
  return offset;
}

static Status moveNearest(OpCall &call, const Picture &picture, const dlc_value *grid,
                          const Dims &dims) {
  int64_t points = dims.product(2, dims.rank), plane = picture.sizes.product(0, dims.rank - 2);
  int64_t *sources = call.scratch<int64_t>(points);
  if (!sources)
    return stopped;
  ZeroElement zero(picture.value->dtype);
  return moveRuns(call, 0, picture.value->dtype, dims, [&](auto put) {
    double at[maxRank];
    for (int64_t batch = 0; batch < dims[0]; ++batch) {
      for (int64_t i = 0; i < points; ++i) {
        locateAll(picture, grid, batch * points + i, at);
        sources[i] = findNearest(picture, at);
      }
      for (int64_t row = batch * dims[1]; row < (batch + 1) * dims[1]; ++row)
        for (int64_t i = 0; i < points; ++i)
          put(sources[i] < 0 ? zero.get() : Element{picture.value, row * plane + sources[i]}, 1);
    }
  });
}

/// In blocks of points, whose taps are those of all channels.
template <typename T>
static Status interpolate(OpCall &call, const Picture &picture, const dlc_value *grid,
                          const Dims &dims) {
  constexpr int64_t block = 64;
  int64_t points = dims.product(2, dims.rank), plane = picture.sizes.product(0, dims.rank - 2);
  Dims most(dims.rank - 2, picture.numTaps());
  most.push(block);
  int64_t numTaps;
  dlc_value *result = call.output(0, picture.value->dtype, dims);
  const T *elements = result ? readAll<T>(call, picture.value) : nullptr;
  Tap *taps = elements && call.countElements(most, numTaps) ? call.scratch<Tap>(numTaps) : nullptr;
  if (!taps)
    return stopped;
  double at[maxRank], sums[block];
  const Tap *begins[block + 1] = {taps};
  for (int64_t batch = 0; batch < dims[0]; ++batch)
    for (int64_t first = 0; first < points; first += block) {
      int64_t size = points - first < block ? points - first : block;
      Tap *next = taps;
      for (int64_t i = 0; i < size; ++i) {
        locateAll(picture, grid, batch * points + first + i, at);
        begins[i + 1] = next = picture.addTaps(next, {0, 1}, 0, at);
      }
      for (int64_t row = batch * dims[1]; row < (batch + 1) * dims[1]; ++row) {
        for (int64_t i = 0; i < size; ++i)
          sums[i] = sumTaps(elements + row * plane, begins[i], begins[i + 1]);
        storeRow(result, row * points + first, size, sums);
      }
    }
  return done;
}

static bool readPicture(OpCall &call, Picture &picture) {
  uint32_t mode, padding;
  if (!call.keyword("mode", "linear", "linear nearest cubic bilinear bicubic", mode) ||
      !call.keyword("padding_mode", "zeros", "zeros border reflection", padding))
    return false;
  picture.mode = mode == 3 ? linear : mode == 4 ? cubic : Mode(mode);
  picture.padding = Padding(padding);
  picture.alignCorners = call.flag("align_corners");
  return true;
}

DLC_LIBRARY_OP(grid_sample) {
  const dlc_value *input = call.tensor(0, numbers | booleans), *grid = call.tensor(1, floats);
  Picture picture{input, {}};
  if (!input || !grid || !readPicture(call, picture))
    return stopped;
  uint32_t rank = input->rank;
  if (rank < 3 || grid->rank != rank || grid->dims[rank - 1] != int64_t(rank) - 2 ||
      grid->dims[0] != input->dims[0])
    return call.fail("expected a grid of rank %u with a last dim of %u for an input of dims %s, "
                     "found dims %s",
                     rank, rank - 2, DimsText(Dims(input)).text, DimsText(Dims(grid)).text);
  if (picture.mode != nearest && !isIn(input->dtype, floats))
    return call.fail("expected elements of a float type to interpolate, found %s",
                     dtypeName(input->dtype));
  Dims dims(input);
  for (uint32_t dim = 2; dim < rank; ++dim) {
    picture.sizes.push(input->dims[dim]);
    dims[dim] = grid->dims[dim - 1];
  }
  if (picture.mode == nearest)
    return moveNearest(call, picture, grid, dims);
  return visitFloats(input->dtype, [&](auto zero) {
    return interpolate<decltype(zero)>(call, picture, grid, dims);
  });
}

//===----------------------------------------------------------------------===//
// AffineGrid
//===----------------------------------------------------------------------===//

/// From -1 to 1: the place of pixel `i` of `count`, of its center or, with `alignCorners`, so that
/// the first and last ones are at the ends.
static double placePixel(int64_t i, int64_t count, bool alignCorners) {
  if (alignCorners)
    return count == 1 ? -1 : 2 * double(i) / double(count - 1) - 1;
  return (2 * double(i) + 1) / double(count) - 1;
}

/// theta * (x, y, 1) or (x, y, z, 1) for each pixel of pictures of the dims that operand 1 holds.
DLC_LIBRARY_OP(affine_grid) {
  const dlc_value *theta = call.tensor(0, floats);
  Dims sizes;
  if (!theta || !call.integerList(1, sizes))
    return stopped;
  bool alignCorners = call.flag("align_corners");
  uint32_t rank = sizes.rank, spatial = rank - 2;
  if (rank != 4 && rank != 5)
    return call.fail("expected 4 or 5 sizes, found %u", rank);
  if (theta->rank != 3 || theta->dims[0] != sizes[0] || theta->dims[1] != int64_t(spatial) ||
      theta->dims[2] != int64_t(spatial) + 1)
    return call.fail("expected a matrix of %u x %u for each of %ld pictures, found dims %s",
                     spatial, spatial + 1, long(sizes[0]), DimsText(Dims(theta)).text);
  Dims dims(1, sizes[0]);
  for (uint32_t dim = 2; dim < rank; ++dim)
    dims.push(sizes[dim]);
  dims.push(spatial);
  dlc_value *result = call.output(0, theta->dtype, dims);
  if (!result)
    return stopped;
  int64_t points = dims.product(1, rank - 1);
  for (uint64_t i = 0; i < result->count; ++i) {
    int64_t row = int64_t(i) / spatial / points * spatial + int64_t(i) % spatial;
    int64_t rest = int64_t(i) / spatial % points;
    double sum = loadReal(theta, row * (spatial + 1) + spatial);
    for (uint32_t d = 0; d < spatial; ++d) { // x is the last dim
      int64_t count = sizes[rank - 1 - d];
      sum +=
          loadReal(theta, row * (spatial + 1) + d) * placePixel(rest % count, count, alignCorners);
      rest /= count;
    }
    storeReal(result, i, sum);
  }
  return done;
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

namespace {
/// The elements around a sample along a dim; none where it lies outside.
struct Neighbours {
  int64_t low, high;
  double rest; // the weight of the high one
  bool isInside;

  Neighbours(double at, int64_t size) : isInside(at >= -1 && at <= double(size)) {
    double inside = isInside ? clamp(at, 0, double(size - 1)) : 0;
    low = int64_t(inside);
    high = low + (low < size - 1);
    rest = inside - double(low);
  }
};

/// One spatial dim of a region: the samples of all its bins, as many in each.
struct Extent {
  Neighbours *samples = nullptr;
  int64_t perBin, room = 0;

  /// `bin` is the length of a bin.
  bool place(OpCall &call, double start, double bin, int64_t bins, int64_t size) {
    Dims dims(2, bins);
    dims[1] = perBin;
    int64_t count;
    if (!call.countElements(dims, count))
      return false;
    if (count > room) {
      room = 2 * count; // regions that grow do not ask again each time
      samples = call.scratch<Neighbours>(room);
    }
    for (int64_t i = 0; samples && i < count; ++i)
      samples[i] = Neighbours(start + double(i / perBin) * bin +
                                  (double(i % perBin) + 0.5) * bin / double(perBin),
                              size);
    return samples || room == 0;
  }
  List<Neighbours> bin(int64_t i) const { return {samples + i * perBin, uint64_t(perBin)}; }
};
} // namespace

/// The mean of the samples in a bin, or the largest part of one.
template <typename T>
static double poolBin(const T *plane, int64_t width, List<Neighbours> rows,
                      List<Neighbours> columns, bool isMax) {
  double sum = 0, most = -INFINITY;
  for (const Neighbours &y : rows)
    for (const Neighbours &x : columns) {
      if (!y.isInside || !x.isInside) {
        most = larger(most, 0.0);
        continue;
      }
      const T *low = plane + y.low * width, *high = plane + y.high * width;
      double parts[] = {(1 - y.rest) * (1 - x.rest) * low[x.low],
                        (1 - y.rest) * x.rest * low[x.high], y.rest * (1 - x.rest) * high[x.low],
                        y.rest * x.rest * high[x.high]};
      sum += (parts[0] + parts[1]) + (parts[2] + parts[3]);
      for (int i = 0; isMax && i < 4; ++i)
        most = larger(most, parts[i]);
    }
  uint64_t count = rows.count * columns.count;
  return count == 0 ? 0 : isMax ? most : sum / double(count);
}

/// All channels of one region; `pooled` has room for one.
template <typename T>
static void poolRegion(const T *plane, const dlc_value *input, dlc_value *result, int64_t region,
                       const Extent *extents, bool isMax, double *pooled) {
  int64_t channels = result->dims[1], height = result->dims[2], width = result->dims[3];
  int64_t bins = height * width, columns = input->dims[3];
  for (int64_t c = 0; c < channels; ++c, plane += input->dims[2] * columns) {
    double *next = pooled;
    for (int64_t y = 0; y < height; ++y)
      for (int64_t x = 0; x < width; ++x)
        *next++ = poolBin(plane, columns, extents[0].bin(y), extents[1].bin(x), isMax);
    storeRow(result, (region * channels + c) * bins, bins, pooled);
  }
}

DLC_LIBRARY_OP(roi_align) {
  const dlc_value *input = call.tensor(0, floats), *regions = call.tensor(1, floats);
  const dlc_value *batches = call.tensor(2, indices);
  uint32_t mode, coordinates;
  if (!input || !regions || !batches || !call.expectRank(0, input, 4) ||
      !call.expectRank(1, regions, 2) || !call.expectRank(2, batches, 1) ||
      !call.keyword("mode", "avg", "avg max", mode) ||
      !call.keyword("coordinate_transformation_mode", "half_pixel", "half_pixel output_half_pixel",
                    coordinates))
    return stopped;
  if (regions->dims[1] != 4 || regions->dims[0] != batches->dims[0])
    return call.fail("expected regions of dims [%ld, 4], found %s", long(batches->dims[0]),
                     DimsText(Dims(regions)).text);
  Dims dims(input);
  dims[0] = regions->dims[0];
  dims[2] = call.intAttribute("output_height", 1), dims[3] = call.intAttribute("output_width", 1);
  int64_t ratio = call.intAttribute("sampling_ratio", 0);
  double scale = call.floatAttribute("spatial_scale", 1), shift = coordinates == 0 ? 0.5 : 0;
  if (ratio < 0 || ratio > INT32_MAX || dims[2] < 1 || dims[3] < 1)
    return call.fail("expected a sampling ratio of at least 0 and results of positive size");
  dlc_value *result = call.output(0, input->dtype, dims);
  if (!result)
    return stopped;
  double *pooled = call.scratch<double>(dims[2] * dims[3]);
  Extent extents[2];
  return visitFloats(input->dtype, [&](auto zero) {
    auto *elements = pooled ? readAll<decltype(zero)>(call, input) : nullptr;
    int64_t volume = Dims(input).product(1, 4);
    for (int64_t region = 0; elements && region < dims[0]; ++region) {
      int64_t batch = loadInteger(batches, region);
      if (batch < 0 || batch >= input->dims[0] || input->dims[2] * input->dims[3] == 0)
        return call.fail("region %ld lies in batch %ld of an input of dims %s", long(region),
                         long(batch), DimsText(Dims(input)).text);
      for (int dim = 0; dim < 2; ++dim) {
        auto corner = [&](int number) {
          return loadReal(regions, region * 4 + number * 2 + 1 - dim) * scale - shift;
        };
        double length = corner(1) - corner(0);
        length = coordinates == 1 && !(length > 1) ? 1 : length;
        double bin = length / double(dims[2 + dim]), samples = ratio ? double(ratio) : ceil(bin);
        if (ratio == 0 && !(samples < 1e6))
          return call.fail("region %ld is not of a size that can be sampled", long(region));
        extents[dim].perBin = samples > 0 ? int64_t(samples) : 0;
        if (!extents[dim].place(call, corner(0), bin, dims[2 + dim], input->dims[2 + dim]))
          return stopped;
      }
      poolRegion(elements + batch * volume, input, result, region, extents, mode == 1, pooled);
    }
    return elements ? done : stopped;
  });
}

//===----------------------------------------------------------------------===//
// DeformConv
//===----------------------------------------------------------------------===//

namespace {
/// A convolution over two spatial dims, each of whose taps is moved by an offset.
struct Deformed {
  Picture picture;
  const dlc_value *filter, *offsets, *mask;
  Dims result;
  int64_t group, offsetGroup, steps[2] = {1, 1}, begins[2] = {0, 0}, dilations[2] = {1, 1};

  template <typename T>
  void readColumn(const T *planes, int64_t batch, int64_t point, double *column) const;
};
} // namespace

/// Points whose sums are made side by side.
static constexpr int64_t pointBlock = 8;

/// What the filters multiply at one point: for each channel of the input its taps, `pointBlock`
/// apart. `planes` is one picture.
template <typename T>
void Deformed::readColumn(const T *planes, int64_t batch, int64_t point, double *column) const {
  int64_t channels = picture.value->dims[1], perPart = channels / offsetGroup;
  int64_t taps = filter->dims[2] * filter->dims[3], points = result[2] * result[3];
  int64_t plane = picture.sizes.product(0, 2);
  for (int64_t part = 0; part < offsetGroup; ++part)
    for (int64_t tap = 0; tap < taps; ++tap) {
      int64_t place = (batch * offsetGroup + part) * taps + tap;
      int64_t places[2] = {
          point / result[3] * steps[0] - begins[0] + tap / filter->dims[3] * dilations[0],
          point % result[3] * steps[1] - begins[1] + tap % filter->dims[3] * dilations[1]};
      double coordinates[2], factor = mask ? loadReal(mask, place * points + point) : 1;
      for (int dim = 0; dim < 2; ++dim)
        coordinates[dim] = picture.locate(
            dim, double(places[dim]) + loadReal(offsets, (place * 2 + dim) * points + point));
      Tap around[4], *end = picture.addTaps(around, {0, factor}, 0, coordinates);
      for (int64_t c = part * perPart; c < (part + 1) * perPart; ++c)
        column[(c * taps + tap) * pointBlock] = sumTaps(planes + c * plane, around, end);
    }
}

static bool readPair(OpCall &call, const char *name, int64_t least, int64_t *pair,
                     uint64_t expected = 2) {
  List<int64_t> values = call.intsAttribute(name);
  if (values.count && values.count != expected)
    return call.fail("expected %lu numbers in attribute '%s', found %lu", (unsigned long)expected,
                     name, (unsigned long)values.count),
           false;
  for (uint64_t i = 0; i < values.count; ++i) {
    if (values[i] < least || values[i] > INT32_MAX)
      return call.fail("attribute '%s' holds %ld", name, long(values[i])), false;
    pair[i] = values[i];
  }
  return true;
}

static Status checkDeformed(OpCall &call, const Deformed &conv) {
  const dlc_value *input = conv.picture.value, *filter = conv.filter;
  int64_t taps = filter->dims[2] * filter->dims[3];
  if (conv.group < 1 || conv.offsetGroup < 1 || filter->dims[0] % conv.group ||
      filter->dims[1] * conv.group != input->dims[1] || input->dims[1] % conv.offsetGroup)
    return call.fail("%ld groups and %ld groups of offsets do not fit dims %s and a filter of %s",
                     long(conv.group), long(conv.offsetGroup), DimsText(Dims(input)).text,
                     DimsText(Dims(filter)).text);
  Dims offsets(conv.offsets), expected = conv.result;
  expected[1] = conv.offsetGroup * taps * 2;
  if (!(offsets == expected))
    return call.fail("expected offsets of dims %s, found %s", DimsText(expected).text,
                     DimsText(offsets).text);
  expected[1] = conv.offsetGroup * taps;
  if (conv.mask && !(Dims(conv.mask) == expected))
    return call.fail("expected a mask of dims %s, found %s", DimsText(expected).text,
                     DimsText(Dims(conv.mask)).text);
  return done;
}

DLC_LIBRARY_OP(deform_conv) {
  const dlc_value *input = call.tensor(0, floats);
  const dlc_value *filter = input ? call.tensorLike(1, input) : nullptr;
  const dlc_value *offsets = input ? call.tensorLike(2, input) : nullptr;
  if (!filter || !offsets || !call.expectRank(0, input, 4) || !call.expectRank(1, filter, 4) ||
      !call.expectRank(2, offsets, 4))
    return stopped;
  const dlc_value *bias = call.input(3) ? call.tensorLike(3, input) : nullptr;
  const dlc_value *mask = call.input(4) ? call.tensorLike(4, input) : nullptr;
  Deformed conv{{input, {}},
                filter,
                offsets,
                mask,
                Dims(input),
                call.intAttribute("group", 1),
                call.intAttribute("offset_group", 1)};
  int64_t pads[4] = {0, 0, 0, 0};
  if ((call.input(3) && !bias) || (call.input(4) && !mask) ||
      !readPair(call, "strides", 1, conv.steps) ||
      !readPair(call, "dilations", 1, conv.dilations) || !readPair(call, "pads", 0, pads, 4))
    return stopped;
  if (bias && (bias->rank != 1 || bias->dims[0] != filter->dims[0]))
    return call.fail("expected a bias of %ld elements, found dims %s", long(filter->dims[0]),
                     DimsText(Dims(bias)).text);
  conv.result[1] = filter->dims[0];
  for (int dim = 0; dim < 2; ++dim) {
    int64_t size = input->dims[dim + 2];
    conv.picture.sizes.push(size);
    conv.begins[dim] = pads[dim];
    int64_t room =
        size + pads[dim] + pads[dim + 2] - ((filter->dims[dim + 2] - 1) * conv.dilations[dim] + 1);
    conv.result[dim + 2] = room < 0 ? 0 : room / conv.steps[dim] + 1;
  }
  if (checkDeformed(call, conv) != done)
    return stopped;
  dlc_value *result = call.output(0, input->dtype, conv.result);
  if (!result)
    return stopped;
  int64_t channels = input->dims[1], outputs = conv.result[1], points = conv.result.product(2, 4);
  int64_t taps = Dims(filter).product(2, 4), depth = filter->dims[1] * taps;
  double *columns = call.scratch<double>(channels * taps * pointBlock);
  const double *filters = columns ? readAll<double>(call, filter) : nullptr;
  for (int64_t i = 0; filters && i < channels * taps * pointBlock; ++i)
    columns[i] = 0; // of points that the last block lacks
  return visitFloats(input->dtype, [&](auto zero) {
    auto *elements = filters ? readAll<decltype(zero)>(call, input) : nullptr;
    int64_t volume = Dims(input).product(1, 4), blocks = (points + pointBlock - 1) / pointBlock;
    for (int64_t i = 0; elements && i < conv.result[0] * blocks; ++i) {
      int64_t batch = i / blocks, first = i % blocks * pointBlock;
      int64_t size = points - first < pointBlock ? points - first : pointBlock;
      for (int64_t point = 0; point < size; ++point)
        conv.readColumn(elements + batch * volume, batch, first + point, columns + point);
      for (int64_t m = 0; m < outputs; ++m) {
        const double *own = columns + m / (outputs / conv.group) * depth * pointBlock;
        double sums[pointBlock];
        for (double &sum : sums)
          sum = bias ? loadReal(bias, m) : 0;
        for (int64_t k = 0; k < depth; ++k)
          for (int64_t point = 0; point < pointBlock; ++point)
            sums[point] += filters[m * depth + k] * own[k * pointBlock + point];
        storeRow(result, (batch * outputs + m) * points + first, size, sums);
      }
    }
    return elements ? done : stopped;
  });
}
