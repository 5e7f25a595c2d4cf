// Ops that move elements by rules which need no index tensor.

#include "Elements.h"

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Transposition and repetition
//===----------------------------------------------------------------------===//

/// Output 0, of `dims`: from element `first` of the input on, with a stride for each dim.
static Status moveStrided(OpCall &call, const dlc_value *input, const Dims &dims, int64_t first,
                          const Dims &strides) {
  // What lies in the input as it does in the output is moved at once.
  Dims outer = dims;
  int64_t run = 1, last = 1, step = 0;
  while (outer.rank && (strides[outer.rank - 1] == run || outer[outer.rank - 1] == 1))
    run *= outer[--outer.rank];
  if (outer.rank)
    last = outer[--outer.rank], step = strides[outer.rank];
  return moveRuns(call, 0, input->dtype, dims, [&](auto put) {
    Walk walk(outer);
    for (int64_t i = 0, end = outer.product(0, outer.rank); i < end; ++i, walk.next()) {
      int64_t base = first + offsetOf(walk.index(), strides);
      for (int64_t k = 0; k < last; ++k)
        put(Element{input, base + k * step}, run);
    }
  });
}

DLC_LIBRARY_OP(transpose) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  List<int64_t> perm = call.intsAttribute("perm");
  if (perm.count && perm.count != input->rank)
    return call.fail("expected perm to have %u elements, found %lu", input->rank,
                     (unsigned long)perm.count);
  Dims strides = stridesOf(Dims(input)), dims, source;
  bool seen[maxRank] = {};
  for (uint32_t i = 0; i < input->rank; ++i) {
    uint32_t axis = input->rank - 1 - i;
    if (perm.count && !call.normalizeAxis(perm[i], input->rank, axis))
      return stopped;
    if (seen[axis])
      return call.fail("perm names axis %u twice", axis);
    seen[axis] = true;
    dims.push(input->dims[axis]);
    source.push(strides[axis]);
  }
  return moveStrided(call, input, dims, 0, source);
}

DLC_LIBRARY_OP(tile) {
  const dlc_value *input = call.tensor(0);
  Dims repeats;
  if (!input || !call.integerList(1, repeats))
    return stopped;
  if (repeats.rank != input->rank)
    return call.fail("expected %u repeats, found %u", input->rank, repeats.rank);
  Dims dims(input), strides = stridesOf(dims);
  for (uint32_t i = 0; i < dims.rank; ++i)
    if (repeats[i] < 0 || __builtin_mul_overflow(dims[i], repeats[i], &dims[i]))
      return call.fail("cannot repeat dims %s by %s", DimsText(Dims(input)).text,
                       DimsText(repeats).text);
  return moveElements(call, 0, input->dtype, dims, [&](const Dims &at, int64_t) {
    int64_t offset = 0;
    for (uint32_t i = 0; i < at.rank; ++i)
      offset += at[i] % input->dims[i] * strides[i];
    return Element{input, offset};
  });
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

/// Of bounds that lie in the input.
static Status sliceFrom(OpCall &call, const dlc_value *input, const Dims &starts, const Dims &sizes,
                        const Dims &steps) {
  Dims strides = stridesOf(Dims(input));
  int64_t first = 0;
  for (uint32_t i = 0; i < input->rank; ++i) { // an unused bound may be anything
    first += sizes[i] ? starts[i] * strides[i] : 0;
    strides[i] *= sizes[i] > 1 ? steps[i] : 1;
  }
  return moveStrided(call, input, sizes, first, strides);
}

DLC_LIBRARY_OP(slice) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  uint32_t rank = input->rank;
  List<int64_t> starts = call.intsAttribute("starts"), sizes = call.intsAttribute("sizes"),
                steps = call.intsAttribute("steps");
  if (starts.count != rank || sizes.count != rank || steps.count != rank)
    return call.fail("expected %u starts, sizes and steps, found %lu, %lu and %lu", rank,
                     (unsigned long)starts.count, (unsigned long)sizes.count,
                     (unsigned long)steps.count);
  Dims first(rank, 0), count(rank, 0), step(rank, 0);
  for (uint32_t i = 0; i < rank; ++i) {
    first[i] = starts[i], count[i] = sizes[i], step[i] = steps[i];
    int64_t last, dim = input->dims[i];
    bool fits = count[i] >= 0 && !__builtin_mul_overflow(count[i] - 1, step[i], &last) &&
                !__builtin_add_overflow(first[i], last, &last);
    if (!fits || (count[i] && (first[i] < 0 || first[i] >= dim || last < 0 || last >= dim)))
      return call.fail("a slice of %ld elements from %ld by %ld leaves dim %u of %s",
                       long(count[i]), long(first[i]), long(step[i]), i,
                       DimsText(Dims(input)).text);
  }
  return sliceFrom(call, input, first, count, step);
}

/// A bound of ONNX Slice: a negative one counts from the end, and it is clamped.
static int64_t clampBound(int64_t bound, int64_t dim, int64_t least, int64_t most) {
  bound = bound < 0 ? bound + dim : bound;
  return bound < least ? least : bound > most ? most : bound;
}

DLC_LIBRARY_OP(dynamic_slice) {
  const dlc_value *input = call.tensor(0);
  Dims from, to, axes, steps;
  if (!input || !call.integerList(1, from) || !call.integerList(2, to) ||
      (call.input(3) && !call.integerList(3, axes)) ||
      (call.input(4) && !call.integerList(4, steps)))
    return stopped;
  if (from.rank != to.rank || (call.input(3) && axes.rank != from.rank) ||
      (call.input(4) && steps.rank != from.rank) || from.rank > input->rank)
    return call.fail("expected as many starts, ends, axes and steps, at most %u, found %u, %u, %u "
                     "and %u",
                     input->rank, from.rank, to.rank, axes.rank, steps.rank);
  Dims starts(input->rank, 0), sizes(input), step(input->rank, 1);
  bool seen[maxRank] = {};
  for (uint32_t i = 0; i < from.rank; ++i) {
    uint32_t axis = i;
    if (call.input(3) && !call.normalizeAxis(axes[i], input->rank, axis))
      return stopped;
    int64_t by = call.input(4) ? steps[i] : 1, dim = input->dims[axis];
    if (by == 0 || seen[axis])
      return call.fail(by == 0 ? "step of axis %u is 0" : "axis %u occurs twice", axis);
    seen[axis] = true;
    int64_t start = clampBound(from[i], dim, 0, by > 0 ? dim : dim - 1);
    int64_t end = clampBound(to[i], dim, by > 0 ? 0 : -1, by > 0 ? dim : dim - 1);
    uint64_t distance = by > 0 ? end - start : start - end;
    uint64_t stride = by > 0 ? uint64_t(by) : 0 - uint64_t(by);
    bool isEmpty = dim == 0 || (by > 0 ? start >= end : start <= end);
    starts[axis] = start;
    sizes[axis] = isEmpty ? 0 : int64_t(distance / stride + (distance % stride != 0));
    step[axis] = by;
  }
  return sliceFrom(call, input, starts, sizes, step);
}

//===----------------------------------------------------------------------===//
// Padding
//===----------------------------------------------------------------------===//

enum PadMode : uint32_t { constantPad, reflectPad, edgePad, wrapPad };

static bool readPadMode(OpCall &call, uint32_t &mode) {
  return call.keyword("mode", "constant", "constant reflect edge wrap", mode);
}

static int64_t modulo(int64_t value, int64_t period) {
  value %= period;
  return value < 0 ? value + period : value;
}

/// The element of a dim that stands at `place`, inside or outside; -1 where none does.
static int64_t padSource(int64_t place, int64_t dim, uint32_t mode) {
  if (place >= 0 && place < dim)
    return place;
  switch (mode) {
  case edgePad:
    return place < 0 ? 0 : dim - 1;
  case wrapPad:
    return modulo(place, dim);
  case reflectPad: {
    if (dim == 1)
      return 0;
    int64_t turned = modulo(place, 2 * (dim - 1));
    return turned < dim ? turned : 2 * (dim - 1) - turned;
  }
  }
  return -1;
}

/// The value operand is operand `valueNumber`.
static Status padBy(OpCall &call, const dlc_value *input, const Dims &low, const Dims &high,
                    uint32_t valueNumber) {
  uint32_t mode;
  if (!readPadMode(call, mode))
    return stopped;
  const dlc_value *value = nullptr;
  if (call.input(valueNumber)) {
    value = call.tensorLike(valueNumber, input);
    if (!value)
      return stopped;
    if (value->count != 1)
      return call.fail("expected operand %u to have one element, found dims %s", valueNumber,
                       DimsText(Dims(value)).text);
  }
  Dims dims(input), strides = stridesOf(dims);
  for (uint32_t i = 0; i < dims.rank; ++i) {
    int64_t dim = dims[i];
    if (__builtin_add_overflow(dim, low[i], &dims[i]) ||
        __builtin_add_overflow(dims[i], high[i], &dims[i]) || dims[i] < 0 ||
        low[i] < INT64_MIN / 4 || (dim == 0 && dims[i] > 0 && mode != constantPad))
      return call.fail("cannot pad dims %s by %s and %s", DimsText(Dims(input)).text,
                       DimsText(low).text, DimsText(high).text);
  }
  ZeroElement zero(input->dtype);
  Element outside = value ? Element{value, 0} : zero.get();
  return moveElements(call, 0, input->dtype, dims, [&](const Dims &at, int64_t) {
    int64_t offset = 0;
    for (uint32_t i = 0; i < at.rank; ++i) {
      int64_t source = padSource(at[i] - low[i], input->dims[i], mode);
      if (source < 0)
        return outside;
      offset += source * strides[i];
    }
    return Element{input, offset};
  });
}

DLC_LIBRARY_OP(pad) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  List<int64_t> low = call.intsAttribute("low"), high = call.intsAttribute("high");
  if (low.count != input->rank || high.count != input->rank)
    return call.fail("expected %u pads on each side, found %lu and %lu", input->rank,
                     (unsigned long)low.count, (unsigned long)high.count);
  Dims before, after;
  for (uint32_t i = 0; i < input->rank; ++i) {
    before.push(low[i]);
    after.push(high[i]);
  }
  return padBy(call, input, before, after, 1);
}

/// pads: the begins of all axes, then the ends.
DLC_LIBRARY_OP(dynamic_pad) {
  const dlc_value *input = call.tensor(0), *pads = call.tensor(1, indices);
  if (!input || !pads)
    return stopped;
  Dims axes;
  if (call.input(3)) {
    if (!call.integerList(3, axes))
      return stopped;
  } else {
    for (uint32_t i = 0; i < input->rank; ++i)
      axes.push(i);
  }
  if (pads->rank != 1 || pads->count != 2 * uint64_t(axes.rank))
    return call.fail("expected pads to have %u elements, found dims %s", 2 * axes.rank,
                     DimsText(Dims(pads)).text);
  Dims before(input->rank, 0), after(input->rank, 0);
  for (uint32_t i = 0; i < axes.rank; ++i) {
    uint32_t axis;
    if (!call.normalizeAxis(axes[i], input->rank, axis))
      return stopped;
    before[axis] = loadInteger(pads, i);
    after[axis] = loadInteger(pads, axes.rank + i);
  }
  return padBy(call, input, before, after, 2);
}

//===----------------------------------------------------------------------===//
// Parts of matrices and sequences
//===----------------------------------------------------------------------===//

DLC_LIBRARY_OP(trilu) {
  const dlc_value *input = call.tensor(0);
  int64_t diagonal = 0;
  if (!input || !call.integer(1, diagonal))
    return stopped;
  bool upper = call.intAttribute("upper", 1) != 0;
  if (input->rank < 2)
    return call.fail("expected at least 2 dims, found %s", DimsText(Dims(input)).text);
  ZeroElement zero(input->dtype);
  return moveElements(call, 0, input->dtype, Dims(input), [&](const Dims &at, int64_t i) {
    int64_t across = at[at.rank - 1] - at[at.rank - 2];
    bool kept = upper ? across >= diagonal : across <= diagonal;
    return kept ? Element{input, i} : zero.get();
  });
}

DLC_LIBRARY_OP(reverse_sequence) {
  const dlc_value *input = call.tensor(0), *lengths = call.tensor(1, indices);
  uint32_t batch, time;
  if (!input || !lengths ||
      !call.normalizeAxis(call.intAttribute("batch_axis", 1), input->rank, batch) ||
      !call.normalizeAxis(call.intAttribute("time_axis", 0), input->rank, time))
    return stopped;
  if (batch == time)
    return call.fail("batch_axis and time_axis are both %u", batch);
  if (lengths->rank != 1 || lengths->dims[0] != input->dims[batch])
    return call.fail("expected %ld lengths, found dims %s", long(input->dims[batch]),
                     DimsText(Dims(lengths)).text);
  for (uint64_t i = 0; i < lengths->count; ++i)
    if (loadInteger(lengths, i) < 0 || loadInteger(lengths, i) > input->dims[time])
      return call.fail("length %ld is not from 0 to %ld", long(loadInteger(lengths, i)),
                       long(input->dims[time]));
  Dims strides = stridesOf(Dims(input));
  return moveElements(call, 0, input->dtype, Dims(input), [&](const Dims &at, int64_t i) {
    int64_t length = loadInteger(lengths, at[batch]);
    bool turned = at[time] < length;
    return Element{input, turned ? i + (length - 1 - 2 * at[time]) * strides[time] : i};
  });
}

/// The bytes of the input as elements of another type of the same size.
DLC_LIBRARY_OP(bit_cast) {
  const dlc_value *input = call.tensor(0, anyDtype & ~strings);
  if (!input)
    return stopped;
  int32_t dtype = int32_t(call.intAttribute("dtype", input->dtype));
  if (elementBytes(dtype) != elementBytes(input->dtype))
    return call.fail("expected an element type of the size of %s, found %s",
                     dtypeName(input->dtype), dtypeName(dtype));
  dlc_value *result = call.output(0, dtype, Dims(input));
  if (!result)
    return stopped;
  if (input->count)
    memcpy(result->data, input->data, input->count * elementBytes(dtype));
  return done;
}
