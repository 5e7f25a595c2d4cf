// Regions of pictures: NonMaxSuppression, and what undoes windows, MaxUnpool and Col2Im.

#include "Elements.h"

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// NonMaxSuppression
//===----------------------------------------------------------------------===//

namespace {
struct Box {
  double low[2], high[2];
  double area() const { return (high[0] - low[0]) * (high[1] - low[1]); }
};
} // namespace

/// A box is two opposite corners, or a center and its size.
static Box readBox(const dlc_value *boxes, int64_t index, bool isCentered) {
  Box box;
  for (int dim = 0; dim < 2; ++dim) {
    double first = loadReal(boxes, index * 4 + dim), second = loadReal(boxes, index * 4 + 2 + dim);
    box.low[dim] = isCentered ? first - second / 2 : smaller(first, second);
    box.high[dim] = isCentered ? first + second / 2 : larger(first, second);
  }
  return box;
}

static bool overlaps(const Box &lhs, const Box &rhs, double threshold) {
  double shared = 1;
  for (int dim = 0; dim < 2; ++dim) {
    double length = smaller(lhs.high[dim], rhs.high[dim]) - larger(lhs.low[dim], rhs.low[dim]);
    if (!(length > 0))
      return false;
    shared *= length;
  }
  double whole = lhs.area() + rhs.area() - shared;
  return lhs.area() > 0 && rhs.area() > 0 && whole > 0 && shared / whole > threshold;
}

namespace {
/// What is chosen of the boxes of each batch and class.
struct Suppression {
  const dlc_value *boxes, *scores;
  int64_t most = 0;
  double overlap = 0, leastScore = -__builtin_inf();
  bool isCentered, hasLeastScore = false;

  int64_t choose(int64_t batch, int64_t row, int64_t *chosen, bool *isTaken) const;
};
} // namespace

/// The boxes of a row of scores that are chosen, the best first; of equal ones the first. Returns
/// how many.
int64_t Suppression::choose(int64_t batch, int64_t row, int64_t *chosen, bool *isTaken) const {
  int64_t size = scores->dims[2], count = 0;
  auto score = [&](int64_t i) { return loadReal(scores, row * size + i); };
  for (int64_t i = 0; i < size; ++i)
    isTaken[i] = hasLeastScore && !(score(i) > leastScore);
  while (count < most) {
    int64_t best = -1;
    for (int64_t i = 0; i < size; ++i)
      if (!isTaken[i] && (best < 0 || score(i) > score(best)))
        best = i;
    if (best < 0)
      return count;
    isTaken[best] = true;
    Box box = readBox(boxes, batch * size + best, isCentered);
    chosen[count++] = best;
    for (int64_t i = 0; i < size; ++i)
      if (!isTaken[i])
        isTaken[i] = overlaps(box, readBox(boxes, batch * size + i, isCentered), overlap);
  }
  return count;
}

/// The one element of an optional operand; false where there is none.
static bool readThreshold(OpCall &call, uint32_t i, double &value) {
  const dlc_value *operand = call.optionalTensor(i, floats);
  if (!operand || operand->count == 0)
    return false;
  value = loadReal(operand, 0);
  return true;
}

DLC_LIBRARY_OP(non_max_suppression) {
  const dlc_value *boxes = call.tensor(0, floats), *scores = call.tensor(1, floats);
  if (!boxes || !scores || !call.expectRank(0, boxes, 3) || !call.expectRank(1, scores, 3))
    return stopped;
  if (boxes->dims[2] != 4 || boxes->dims[0] != scores->dims[0] || boxes->dims[1] != scores->dims[2])
    return call.fail("expected boxes of dims [%ld, %ld, 4], found %s", long(scores->dims[0]),
                     long(scores->dims[2]), DimsText(Dims(boxes)).text);
  Suppression suppression{boxes, scores, 0, 0, -__builtin_inf(), call.flag("center_point_box")};
  readThreshold(call, 3, suppression.overlap);
  suppression.hasLeastScore = readThreshold(call, 4, suppression.leastScore);
  const dlc_value *most = call.optionalTensor(2, indices);
  if (most && most->count > 0)
    suppression.most = loadInteger(most, 0);
  int64_t classes = scores->dims[1], size = scores->dims[2], rows = scores->dims[0] * classes;
  int64_t room = smaller(size, larger<int64_t>(suppression.most, 0)), count = 0;
  int64_t *chosen = call.scratch<int64_t>(rows * room + 1);
  int64_t *counts = call.scratch<int64_t>(rows + 1);
  bool *isTaken = call.scratch<bool>(size + 1);
  if (!chosen || !counts || !isTaken)
    return stopped;
  for (int64_t row = 0; row < rows; ++row) {
    counts[row] = suppression.choose(row / classes, row, chosen + count, isTaken);
    count += counts[row];
  }
  Dims dims(2, count);
  dims[1] = 3;
  dlc_value *result = call.output(0, DLC_DTYPE_I64, dims);
  if (!result)
    return stopped;
  for (int64_t row = 0, i = 0; row < rows; ++row)
    for (int64_t end = i + counts[row]; i < end; ++i) {
      storeInteger(result, i * 3, row / classes);
      storeInteger(result, i * 3 + 1, row % classes);
      storeInteger(result, i * 3 + 2, chosen[i]);
    }
  return done;
}

//===----------------------------------------------------------------------===//
// MaxUnpool
//===----------------------------------------------------------------------===//

/// Attribute `name` as `count` numbers of at least `least`, each `absent` where it is not there.
static bool readList(OpCall &call, const char *name, uint32_t count, int64_t least, int64_t absent,
                     Dims &result) {
  List<int64_t> values = call.intsAttribute(name);
  if (values.count && values.count != count)
    return call.fail("expected %u numbers in attribute '%s', found %lu", count, name,
                     (unsigned long)values.count),
           false;
  result = Dims(count, absent);
  for (uint64_t i = 0; i < values.count; ++i) {
    if (values[i] < least || values[i] > INT32_MAX)
      return call.fail("attribute '%s' holds %ld", name, long(values[i])), false;
    result[uint32_t(i)] = values[i];
  }
  return true;
}

/// Each element goes where its index says in a tensor of the dims that the attributes tell, which
/// is the first corner of the result.
DLC_LIBRARY_OP(max_unpool) {
  const dlc_value *input = call.tensor(0, numbers), *places = call.tensor(1, indices);
  if (!input || !places || !call.expectRank(1, places, input->rank))
    return stopped;
  uint32_t rank = input->rank, spatial = rank < 2 ? 0 : rank - 2;
  Dims kernel, strides, pads, inner(input), dims;
  if (spatial < 1 || spatial * 2 > maxRank || !(Dims(places) == inner))
    return call.fail("expected indices of the dims %s of an input of rank 3 or more, found %s",
                     DimsText(inner).text, DimsText(Dims(places)).text);
  if (!readList(call, "kernel_shape", spatial, 1, 1, kernel) ||
      !readList(call, "strides", spatial, 1, 1, strides) ||
      !readList(call, "pads", spatial * 2, 0, 0, pads))
    return stopped;
  for (uint32_t i = 0; i < spatial; ++i)
    inner[i + 2] = (inner[i + 2] - 1) * strides[i] - pads[i] - pads[i + spatial] + kernel[i];
  dims = inner;
  if (call.input(2) && !call.integerList(2, dims))
    return stopped;
  if (dims.rank != rank)
    return call.fail("expected %u dims of the result, found %u", rank, dims.rank);
  int64_t room, count;
  if (!call.countElements(inner, room) || !call.countElements(dims, count))
    return stopped;
  dlc_value *result = call.output(0, input->dtype, dims);
  if (!result)
    return stopped;
  memset(result->data, 0, size_t(count) * elementBytes(result->dtype));
  Dims innerStrides = stridesOf(inner), strideOfDim = stridesOf(dims);
  Copier copier(result);
  for (int64_t i = 0; i < int64_t(input->count); ++i) {
    int64_t place = loadInteger(places, i), target = 0;
    if (place < 0 || place >= room)
      return call.fail("index %ld lies outside of dims %s", long(place), DimsText(inner).text);
    bool isInside = true;
    for (uint32_t dim = 0; dim < rank; ++dim) {
      int64_t at = place / innerStrides[dim] % inner[dim];
      isInside &= at < dims[dim];
      target += at * strideOfDim[dim];
    }
    if (isInside)
      copier.copy(target, {input, i});
  }
  return done;
}

//===----------------------------------------------------------------------===//
// Col2Im
//===----------------------------------------------------------------------===//

namespace {
/// Blocks that lie over an image, and where each element of them is among the columns.
struct Blocks {
  Dims image, block, counts, strides, dilations, pads;

  bool read(OpCall &call);
  /// Calls `visit` with each tap of a block that lies on the pixel, in order, and its column.
  template <typename Visit> void visitPixel(const Dims &pixel, Visit visit) const;
};
} // namespace

bool Blocks::read(OpCall &call) {
  if (!call.integerList(1, image) || !call.integerList(2, block))
    return false;
  uint32_t rank = image.rank;
  if (rank < 1 || rank != block.rank || rank * 2 > maxRank)
    return call.fail("expected an image and blocks of one rank, found %s and %s",
                     DimsText(image).text, DimsText(block).text),
           false;
  if (!readList(call, "strides", rank, 1, 1, strides) ||
      !readList(call, "dilations", rank, 1, 1, dilations) ||
      !readList(call, "pads", rank * 2, 0, 0, pads))
    return false;
  for (uint32_t i = 0; i < rank; ++i) {
    if (image[i] < 0 || block[i] < 1 || image[i] > INT32_MAX || block[i] > INT32_MAX)
      return call.fail("blocks of dims %s do not fit an image of dims %s", DimsText(block).text,
                       DimsText(image).text),
             false;
    int64_t room = image[i] + pads[i] + pads[i + rank] - ((block[i] - 1) * dilations[i] + 1);
    counts.push(room < 0 ? 0 : room / strides[i] + 1);
  }
  return true;
}

template <typename Visit> void Blocks::visitPixel(const Dims &pixel, Visit visit) const {
  Dims places, last,
      reaching; // of each dim: the last block that reaches the pixel, and how many do
  int64_t count = 1;
  for (uint32_t i = 0; i < image.rank; ++i) {
    int64_t place = pixel[i + 2] + pads[i], behind = place - (block[i] - 1) * dilations[i];
    int64_t end = place / strides[i], first = behind <= 0 ? 0 : (behind - 1) / strides[i] + 1;
    end = end < counts[i] ? end : counts[i] - 1;
    if (end < first)
      return;
    places.push(place);
    last.push(end);
    reaching.push(end - first + 1);
    count *= end - first + 1;
  }
  Walk walk(reaching);
  for (int64_t n = 0; n < count; ++n, walk.next()) {
    int64_t tap = 0, column = 0;
    bool lies = true;
    for (uint32_t i = 0; i < image.rank; ++i) {
      int64_t number = last[i] - walk.index()[i], within = places[i] - number * strides[i];
      lies &= within % dilations[i] == 0;
      tap = tap * block[i] + within / dilations[i];
      column = column * counts[i] + number;
    }
    if (lies)
      visit(tap, column);
  }
}

/// Each pixel is the sum of all elements of blocks that lie on it.
DLC_LIBRARY_OP(col2im) {
  const dlc_value *input = call.tensor(0, numbers);
  Blocks blocks;
  if (!input || !call.expectRank(0, input, 3) || !blocks.read(call))
    return stopped;
  int64_t taps, columns;
  if (!call.countElements(blocks.block, taps) || !call.countElements(blocks.counts, columns))
    return stopped;
  if (input->dims[1] % taps || input->dims[2] != columns)
    return call.fail("expected columns of a multiple of %ld elements, %ld of them, found dims %s",
                     long(taps), long(columns), DimsText(Dims(input)).text);
  Dims dims;
  dims.push(input->dims[0]);
  dims.push(input->dims[1] / taps);
  for (int64_t size : blocks.image)
    dims.push(size);
  int64_t count;
  dlc_value *result =
      call.countElements(dims, count) ? call.output(0, input->dtype, dims) : nullptr;
  if (!result)
    return stopped;
  visitDtype(input->dtype, [&](auto zero) {
    Walk walk(dims);
    for (int64_t i = 0; i < count; ++i, walk.next()) {
      auto sum = zero;
      int64_t row = walk.index()[0] * dims[1] + walk.index()[1];
      blocks.visitPixel(walk.index(), [&](int64_t tap, int64_t column) {
        sum = plus(sum, load<decltype(zero)>(input, (row * taps + tap) * columns + column));
      });
      store(result, i, sum);
    }
  });
  return done;
}
