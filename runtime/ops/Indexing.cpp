// Ops whose index tensors say where elements come from or go to.

#include "Elements.h"

using namespace dlc::ops;

/// Element i of an index tensor into a dim, counted from the first; it was checked.
static int64_t indexAt(const dlc_value *indexTensor, int64_t i, int64_t dim) {
  int64_t index = loadInteger(indexTensor, i);
  return index < 0 ? index + dim : index;
}

static bool checkIndex(OpCall &call, int64_t index, int64_t dim) {
  if (index >= -dim && index < dim)
    return true;
  return call.fail("index %ld is out of range for a dim of %ld", long(index), long(dim)), false;
}

static bool checkIndices(OpCall &call, const dlc_value *indexTensor, int64_t dim) {
  for (uint64_t i = 0; i < indexTensor->count; ++i)
    if (!checkIndex(call, loadInteger(indexTensor, i), dim))
      return false;
  return true;
}

//===----------------------------------------------------------------------===//
// Gathers
//===----------------------------------------------------------------------===//

DLC_LIBRARY_OP(gather) {
  const dlc_value *input = call.tensor(0), *places = call.tensor(1, indices);
  uint32_t axis;
  if (!input || !places || !call.normalizeAxis(call.intAttribute("axis", 0), input->rank, axis) ||
      !call.expectRoom(input->rank + places->rank) ||
      !checkIndices(call, places, input->dims[axis]))
    return stopped;
  Dims dims;
  for (uint32_t i = 0; i < input->rank; ++i) {
    if (i != axis)
      dims.push(input->dims[i]);
    else
      for (uint32_t k = 0; k < places->rank; ++k)
        dims.push(places->dims[k]);
  }
  int64_t inner = Dims(input).product(axis + 1, input->rank), dim = input->dims[axis];
  int64_t chosen = int64_t(places->count);
  return moveElements(call, 0, input->dtype, dims, [&](const Dims &, int64_t i) {
    int64_t outer = i / (chosen * inner), place = i / inner % chosen;
    return Element{input, (outer * dim + indexAt(places, place, dim)) * inner + i % inner};
  });
}

/// Whether dims of the indices fit into those of the data, but along the axis.
static bool checkElementDims(OpCall &call, const dlc_value *data, const dlc_value *places,
                             uint32_t axis) {
  if (!call.expectRank(1, places, data->rank))
    return false;
  for (uint32_t i = 0; i < data->rank; ++i)
    if (i != axis && places->dims[i] > data->dims[i])
      return call.fail("indices of dims %s leave data of dims %s", DimsText(Dims(places)).text,
                       DimsText(Dims(data)).text),
             false;
  return true;
}

/// Where in the data element i of the indices, at index `at`, points to.
static int64_t elementTarget(const dlc_value *data, const Dims &strides, const dlc_value *places,
                             uint32_t axis, const Dims &at, int64_t i) {
  Dims target = at;
  target[axis] = indexAt(places, i, data->dims[axis]);
  return offsetOf(target, strides);
}

DLC_LIBRARY_OP(gather_elements) {
  const dlc_value *data = call.tensor(0), *places = call.tensor(1, indices);
  uint32_t axis;
  if (!data || !places || !call.normalizeAxis(call.intAttribute("axis", 0), data->rank, axis) ||
      !checkElementDims(call, data, places, axis) || !checkIndices(call, places, data->dims[axis]))
    return stopped;
  Dims strides = stridesOf(Dims(data));
  return moveElements(call, 0, data->dtype, Dims(places), [&](const Dims &at, int64_t i) {
    return Element{data, elementTarget(data, strides, places, axis, at, i)};
  });
}

/// The tuples of an index tensor: each names the dims of the data from `batch` on that `length`
/// indices choose; dims of the data before `batch` are those of the indices.
struct Tuples {
  const dlc_value *data, *places;
  uint32_t batch = 0, length = 0;
  int64_t inner; // elements of the part that one tuple names

  int64_t offsetOf(int64_t tuple, const Dims &strides) const {
    int64_t offset = 0, perBatch = Dims(places).product(batch, places->rank - 1);
    // The tuple's place among the batches; not asked for where there are no tuples.
    int64_t rest = batch ? tuple / perBatch : 0;
    for (uint32_t i = batch; i-- > 0; rest /= data->dims[i])
      offset += rest % data->dims[i] * strides[i];
    for (uint32_t i = 0; i < length; ++i)
      offset += indexAt(places, tuple * length + i, data->dims[batch + i]) * strides[batch + i];
    return offset;
  }
};

static bool readTuples(OpCall &call, int64_t batch, Tuples &tuples) {
  const dlc_value *data = tuples.data = call.tensor(0),
                  *places = tuples.places = call.tensor(1, indices);
  if (!data || !places)
    return false;
  int64_t length = places->rank ? places->dims[places->rank - 1] : 0;
  bool fits = places->rank >= 1 && data->rank >= 1 && batch >= 0 && batch < places->rank &&
              length >= 0 && length <= int64_t(data->rank) - batch;
  for (int64_t i = 0; fits && i < batch; ++i)
    fits = data->dims[i] == places->dims[i];
  if (!fits)
    return call.fail("indices of dims %s do not fit data of dims %s with %ld batch dims",
                     DimsText(Dims(places)).text, DimsText(Dims(data)).text, long(batch)),
           false;
  tuples.batch = uint32_t(batch);
  tuples.length = uint32_t(length);
  tuples.inner = Dims(data).product(tuples.batch + tuples.length, data->rank);
  for (uint64_t i = 0; i < places->count; ++i)
    if (!checkIndex(call, loadInteger(places, i), data->dims[batch + i % length]))
      return false;
  return true;
}

DLC_LIBRARY_OP(gather_nd) {
  Tuples tuples;
  if (!readTuples(call, call.intAttribute("batch_dims", 0), tuples))
    return stopped;
  const dlc_value *data = tuples.data, *places = tuples.places;
  uint32_t first = tuples.batch + tuples.length;
  if (!call.expectRoom(places->rank - 1 + data->rank - first))
    return stopped;
  Dims dims, strides = stridesOf(Dims(data));
  for (uint32_t i = 0; i + 1 < places->rank; ++i)
    dims.push(places->dims[i]);
  for (uint32_t i = first; i < data->rank; ++i)
    dims.push(data->dims[i]);
  return moveElements(call, 0, data->dtype, dims, [&](const Dims &, int64_t i) {
    return Element{data, tuples.offsetOf(i / tuples.inner, strides) + i % tuples.inner};
  });
}

//===----------------------------------------------------------------------===//
// Scatters
//===----------------------------------------------------------------------===//

enum Reduction : uint32_t { takeLast, addAll, multiplyAll, takeLargest, takeSmallest };

static bool readReduction(OpCall &call, uint32_t &reduction) {
  return call.keyword("reduction", "none", "none add mul max min", reduction);
}

template <typename T> static T combine(uint32_t reduction, T old, T update) {
  switch (reduction) {
  case addAll:
    return plus(old, update);
  case multiplyAll:
    return times(old, update);
  case takeLargest:
    return larger(old, update);
  }
  return smaller(old, update);
}

/// The data, where element target(at, i) takes in element i of the updates, at index `at`.
template <typename Target>
static Status scatter(OpCall &call, const dlc_value *data, const dlc_value *updates,
                      uint32_t reduction, Target target) {
  Walk walk{Dims(updates)};
  if (reduction == takeLast) {
    // Which update each element takes; -1 for none.
    int64_t *sources = call.scratch<int64_t>(int64_t(data->count));
    if (!sources)
      return stopped;
    for (uint64_t i = 0; i < data->count; ++i)
      sources[i] = -1;
    for (uint64_t i = 0; i < updates->count; ++i, walk.next())
      sources[target(walk.index(), i)] = int64_t(i);
    return moveElements(call, 0, data->dtype, Dims(data), [&](const Dims &, int64_t i) {
      return sources[i] < 0 ? Element{data, i} : Element{updates, sources[i]};
    });
  }
  if (!isIn(data->dtype, numbers))
    return call.fail("elements of type %s have no reduction", dtypeName(data->dtype));
  dlc_value *result = call.output(0, data->dtype, Dims(data));
  if (!result)
    return stopped;
  if (data->count)
    memcpy(result->data, data->data, data->count * elementBytes(data->dtype));
  visitDtype(data->dtype, [&](auto zero) {
    using T = decltype(zero);
    for (uint64_t i = 0; i < updates->count; ++i, walk.next()) {
      int64_t place = target(walk.index(), i);
      store<T>(result, place, combine(reduction, load<T>(result, place), load<T>(updates, i)));
    }
  });
  return done;
}

/// For each slot of the described output the last of the numbers that names it.
DLC_LIBRARY_OP(last_writer) {
  const dlc_value *numbers = call.tensor(0, indices), *described = call.describedOutput(0);
  if (!numbers)
    return stopped;
  if (!described)
    return call.fail("the number of slots is not known");
  dlc_value *result = call.output(0, DLC_DTYPE_I64, Dims(described));
  if (!result)
    return stopped;
  for (uint64_t i = 0; i < described->count; ++i)
    store<int64_t>(result, int64_t(i), -1);
  for (uint64_t i = 0; i < numbers->count; ++i) {
    int64_t slot = loadInteger(numbers, int64_t(i));
    if (slot < 0 || uint64_t(slot) >= described->count)
      return call.fail("index %lld is out of range for a dim of %llu", static_cast<long long>(slot),
                       static_cast<unsigned long long>(described->count));
    store<int64_t>(result, slot, int64_t(i));
  }
  return done;
}

DLC_LIBRARY_OP(scatter_elements) {
  const dlc_value *data = call.tensor(0), *places = call.tensor(1, indices);
  const dlc_value *updates = data ? call.tensorLike(2, data) : nullptr;
  uint32_t axis, reduction;
  if (!places || !updates || !readReduction(call, reduction) ||
      !call.normalizeAxis(call.intAttribute("axis", 0), data->rank, axis) ||
      !checkElementDims(call, data, places, axis) || !checkIndices(call, places, data->dims[axis]))
    return stopped;
  if (!(Dims(places) == Dims(updates)))
    return call.fail("expected updates of dims %s, found %s", DimsText(Dims(places)).text,
                     DimsText(Dims(updates)).text);
  Dims strides = stridesOf(Dims(data));
  return scatter(call, data, updates, reduction, [&](const Dims &at, int64_t i) {
    return elementTarget(data, strides, places, axis, at, i);
  });
}

DLC_LIBRARY_OP(scatter_nd) {
  Tuples tuples;
  uint32_t reduction;
  if (!readTuples(call, 0, tuples) || !readReduction(call, reduction))
    return stopped;
  const dlc_value *data = tuples.data, *places = tuples.places, *updates = call.tensorLike(2, data);
  if (!updates || !call.expectRoom(places->rank - 1 + data->rank - tuples.length))
    return stopped;
  Dims expected, strides = stridesOf(Dims(data));
  for (uint32_t i = 0; i + 1 < places->rank; ++i)
    expected.push(places->dims[i]);
  for (uint32_t i = tuples.length; i < data->rank; ++i)
    expected.push(data->dims[i]);
  if (!(Dims(updates) == expected))
    return call.fail("expected updates of dims %s, found %s", DimsText(expected).text,
                     DimsText(Dims(updates)).text);
  return scatter(call, data, updates, reduction, [&](const Dims &, int64_t i) {
    return tuples.offsetOf(i / tuples.inner, strides) + i % tuples.inner;
  });
}

//===----------------------------------------------------------------------===//
// Between indices and elements
//===----------------------------------------------------------------------===//

DLC_LIBRARY_OP(nonzero) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  auto isSet = [&](int64_t i) {
    return input->dtype == DLC_DTYPE_STRING ? stringAt(input, i).size != 0
                                            : loadReal(input, i) != 0;
  };
  int64_t count = 0;
  for (uint64_t i = 0; i < input->count; ++i)
    count += isSet(i);
  Dims dims, strides = stridesOf(Dims(input));
  dims.push(input->rank);
  dims.push(count);
  dlc_value *result = call.output(0, DLC_DTYPE_I64, dims);
  if (!result)
    return stopped;
  int64_t column = 0;
  for (uint64_t i = 0; i < input->count; ++i) {
    if (!isSet(i))
      continue;
    for (uint32_t k = 0; k < input->rank; ++k)
      storeInteger(result, k * count + column, int64_t(i) / strides[k] % input->dims[k]);
    ++column;
  }
  return done;
}

/// values: what stands where an index does not point to, and where it does. An index out of range
/// points nowhere.
DLC_LIBRARY_OP(one_hot) {
  const dlc_value *places = call.tensor(0, numbers), *depth = call.tensor(1, numbers);
  const dlc_value *values = call.tensor(2);
  uint32_t axis;
  if (!places || !depth || !values || !call.expectRoom(places->rank + 1) ||
      !call.normalizeAxis(call.intAttribute("axis", -1), places->rank + 1, axis))
    return stopped;
  if (depth->count != 1 || values->count != 2)
    return call.fail("expected one depth and two values, found dims %s and %s",
                     DimsText(Dims(depth)).text, DimsText(Dims(values)).text);
  double size = loadReal(depth, 0);
  if (!(size >= 0 && size < 0x1p60))
    return call.fail("a depth is negative or too large");
  Dims dims;
  for (uint32_t i = 0; i <= places->rank; ++i)
    dims.push(i == axis ? int64_t(size) : places->dims[i - (i > axis)]);
  int64_t inner = Dims(places).product(axis, places->rank), deep = dims[axis];
  return moveElements(call, 0, values->dtype, dims, [&](const Dims &at, int64_t i) {
    double index = loadReal(places, i / (deep * inner) * inner + i % inner);
    bool isHot = index == double(at[axis]) || index + double(deep) == double(at[axis]);
    return Element{values, isHot};
  });
}
