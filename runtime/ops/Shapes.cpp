// Ops that give the same elements other dims, and those that tell dims.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Views
//===----------------------------------------------------------------------===//

static Status viewAs(OpCall &call, const dlc_value *input, const Dims &dims) {
  return moveElements(call, 0, input->dtype, dims,
                      [&](const Dims &, int64_t i) { return Element{input, i}; });
}

DLC_LIBRARY_OP(identity) {
  const dlc_value *input = call.input(0);
  return input ? call.keepAsOutput(0, input) : call.fail("operand 0 is missing");
}

/// The dims that `asked` stands for where the input has dims `from`: in its place.
static bool resolveShape(OpCall &call, const Dims &from, Dims &dims) {
  Dims asked = dims;
  bool allowZero = call.flag("allow_zero");
  uint32_t rest = maxRank;
  for (uint32_t i = 0; i < dims.rank; ++i) {
    if (dims[i] == 0 && !allowZero) {
      if (i >= from.rank) {
        call.fail("shape %s copies dim %u of an input of dims %s", DimsText(asked).text, i,
                  DimsText(from).text);
        return false;
      }
      dims[i] = from[i];
    } else if (dims[i] == -1 && rest == maxRank) {
      dims[i] = 1;
      rest = i;
    }
  }
  int64_t count, found;
  if (!call.countElements(dims, count) || !call.countElements(from, found))
    return false;
  if (rest != maxRank && count != 0 && found % count == 0) {
    dims[rest] = found / count;
    count = found;
  } else if (rest != maxRank) {
    count = -1;
  }
  if (count != found)
    call.fail("cannot reshape dims %s to %s", DimsText(from).text, DimsText(asked).text);
  return count == found;
}

DLC_LIBRARY_OP(reshape) {
  const dlc_value *input = call.tensor(0);
  Dims dims;
  if (!input || !call.integerList(1, dims) || !resolveShape(call, Dims(input), dims))
    return stopped;
  return viewAs(call, input, dims);
}

/// The dims of a reshape, from those of its input and the shape that is asked for.
DLC_LIBRARY_OP(reshape_sizes) {
  Dims from, dims;
  if (!call.integerList(0, from) || !call.integerList(1, dims) || !resolveShape(call, from, dims))
    return stopped;
  Dims vector;
  vector.push(dims.rank);
  dlc_value *result = call.output(0, DLC_DTYPE_I64, vector);
  if (!result)
    return stopped;
  for (uint32_t i = 0; i < dims.rank; ++i)
    storeInteger(result, i, dims[i]);
  return done;
}

DLC_LIBRARY_OP(flatten) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  int64_t rank = input->rank, axis = call.intAttribute("axis", 1);
  if (axis < -rank || axis > rank)
    return call.fail("axis %ld is not from %ld to %ld", long(axis), long(-rank), long(rank));
  uint32_t first = uint32_t(axis < 0 ? axis + rank : axis);
  Dims dims;
  dims.push(Dims(input).product(0, first));
  dims.push(Dims(input).product(first, input->rank));
  return viewAs(call, input, dims);
}

/// Marks the axes that operand 1 lists among `rank` dims, each at most once.
static bool readAxes(OpCall &call, uint32_t rank, bool (&marked)[maxRank], uint32_t &count) {
  Dims axes;
  if (!call.integerList(1, axes))
    return false;
  count = axes.rank;
  for (int64_t each : axes) {
    uint32_t axis;
    if (!call.normalizeAxis(each, rank, axis))
      return false;
    if (marked[axis])
      return call.fail("axis %ld occurs twice", long(each)), false;
    marked[axis] = true;
  }
  return true;
}

DLC_LIBRARY_OP(squeeze) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  bool marked[maxRank] = {};
  uint32_t count;
  if (call.input(1)) {
    if (!readAxes(call, input->rank, marked, count))
      return stopped;
  } else {
    for (uint32_t i = 0; i < input->rank; ++i)
      marked[i] = input->dims[i] == 1;
  }
  Dims dims;
  for (uint32_t i = 0; i < input->rank; ++i) {
    if (!marked[i])
      dims.push(input->dims[i]);
    else if (input->dims[i] != 1)
      return call.fail("expected dim %u of %s to be 1", i, DimsText(Dims(input)).text);
  }
  return viewAs(call, input, dims);
}

DLC_LIBRARY_OP(unsqueeze) {
  const dlc_value *input = call.tensor(0);
  Dims axes;
  if (!input || !call.integerList(1, axes) || !call.expectRoom(input->rank + axes.rank))
    return stopped;
  uint32_t rank = input->rank + axes.rank, count, next = 0;
  bool marked[maxRank] = {};
  if (!readAxes(call, rank, marked, count))
    return stopped;
  Dims dims;
  for (uint32_t i = 0; i < rank; ++i)
    dims.push(marked[i] ? 1 : input->dims[next++]);
  return viewAs(call, input, dims);
}

//===----------------------------------------------------------------------===//
// Broadcasts
//===----------------------------------------------------------------------===//

static Status broadcastTo(OpCall &call, const dlc_value *input, const Dims &dims) {
  Dims strides = stridesOf(Dims(input));
  uint32_t added = dims.rank - input->rank;
  return moveElements(call, 0, input->dtype, dims, [&](const Dims &at, int64_t) {
    int64_t offset = 0;
    for (uint32_t i = 0; i < input->rank; ++i)
      offset += input->dims[i] == 1 ? 0 : at[added + i] * strides[i];
    return Element{input, offset};
  });
}

DLC_LIBRARY_OP(expand) {
  const dlc_value *input = call.tensor(0);
  Dims shape, dims;
  if (!input || !call.integerList(1, shape) || !call.broadcastDims(Dims(input), shape, dims))
    return stopped;
  return broadcastTo(call, input, dims);
}

/// To the shape of operand 1, or to the described output's where there is none.
DLC_LIBRARY_OP(broadcast) {
  const dlc_value *input = call.tensor(0), *described = call.describedOutput(0);
  Dims shape, dims;
  if (!input)
    return stopped;
  if (call.input(1)) {
    if (!call.integerList(1, shape))
      return stopped;
  } else {
    if (!described)
      return call.fail("operand 1 is missing");
    if (!call.expectRoom(described->rank))
      return stopped;
    shape = Dims(described);
  }
  if (!call.broadcastDims(Dims(input), shape, dims))
    return stopped;
  if (!(dims == shape))
    return call.fail("dims %s do not broadcast to %s", DimsText(Dims(input)).text,
                     DimsText(shape).text);
  return broadcastTo(call, input, dims);
}

DLC_LIBRARY_OP(constant_of_shape) {
  Dims dims;
  if (!call.integerList(0, dims))
    return stopped;
  ZeroElement zero(DLC_DTYPE_F32);
  const dlc_value *value = call.optionalTensor(1);
  if (value && value->count != 1)
    return call.fail("expected operand 1 to have one element, found dims %s",
                     DimsText(Dims(value)).text);
  Element element = value ? Element{value, 0} : zero.get();
  return moveElements(call, 0, element.value->dtype, dims,
                      [&](const Dims &, int64_t) { return element; });
}

//===----------------------------------------------------------------------===//
// Dims as tensors
//===----------------------------------------------------------------------===//

DLC_LIBRARY_OP(shape) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  int64_t rank = input->rank;
  auto clamp = [&](int64_t place) {
    place = place < 0 ? place + rank : place;
    return place < 0 ? 0 : place > rank ? rank : place;
  };
  int64_t start = clamp(call.intAttribute("start", 0));
  int64_t end = clamp(call.intAttribute("end", rank));
  Dims dims;
  dims.push(end > start ? end - start : 0);
  dlc_value *result = call.output(0, DLC_DTYPE_I64, dims);
  if (!result)
    return stopped;
  for (int64_t i = 0; i < dims[0]; ++i)
    storeInteger(result, i, input->dims[start + i]);
  return done;
}

DLC_LIBRARY_OP(size) {
  const dlc_value *input = call.tensor(0);
  dlc_value *result = input ? call.output(0, DLC_DTYPE_I64, Dims()) : nullptr;
  if (!result)
    return stopped;
  storeInteger(result, 0, int64_t(input->count));
  return done;
}

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

/// Elements of start, start + delta, ... before limit; false where they are too many to count.
template <typename T> static bool countSteps(T start, T limit, T delta, int64_t &count) {
  if constexpr (isReal<T>) {
    double steps = ceil((limit - start) / delta);
    if (!(steps < 0x1p60)) // NaN too
      return false;
    count = steps > 0 ? int64_t(steps) : 0;
  } else {
    // Differences of 64-bit integers fit uint64_t.
    bool up = delta > 0;
    if (up ? start >= limit : start <= limit) {
      count = 0;
      return true;
    }
    uint64_t distance = up ? uint64_t(limit) - uint64_t(start) : uint64_t(start) - uint64_t(limit);
    uint64_t step = up ? uint64_t(delta) : 0 - uint64_t(delta);
    uint64_t steps = distance / step + (distance % step != 0);
    if (steps > uint64_t(INT64_MAX / 2))
      return false;
    count = int64_t(steps);
  }
  return true;
}

DLC_LIBRARY_OP(range) {
  const dlc_value *operands[3];
  for (uint32_t i = 0; i < 3; ++i) {
    operands[i] = i ? call.tensorLike(i, operands[0]) : call.tensor(0, numbers);
    if (!operands[i])
      return stopped;
    if (operands[i]->count != 1)
      return call.fail("expected operand %u to have one element, found dims %s", i,
                       DimsText(Dims(operands[i])).text);
  }
  return visitDtype(operands[0]->dtype, [&](auto zero) {
    using T = decltype(zero);
    T start = load<T>(operands[0], 0), limit = load<T>(operands[1], 0);
    T delta = load<T>(operands[2], 0);
    int64_t count;
    if (delta == 0)
      return call.fail("the step of a range is zero");
    if (!countSteps(start, limit, delta, count))
      return call.fail("a range has too many elements");
    Dims dims;
    dims.push(count);
    dlc_value *result = call.output(0, operands[0]->dtype, dims);
    if (!result)
      return Status(stopped);
    for (int64_t i = 0; i < count; ++i)
      store<T>(result, i, plus(start, times(T(i), delta)));
    return Status(done);
  });
}

/// start, start + step, ...: as many as the described output has.
DLC_LIBRARY_OP(iota) {
  const dlc_value *described = call.describedOutput(0);
  if (!described)
    return call.fail("the number of elements is not known");
  dlc_value *result = call.output(0, described->dtype, Dims(described));
  if (!result)
    return stopped;
  uint64_t value = uint64_t(call.intAttribute("start", 0));
  uint64_t step = uint64_t(call.intAttribute("step", 1));
  for (uint64_t i = 0; i < described->count; ++i, value += step)
    storeInteger(result, i, int64_t(value));
  return done;
}
