// Ops whose index tensors say where elements come from or go to.

#include "Elements.h"

using namespace dlc::ops;

static bool checkIndex(OpCall &call, int64_t index, int64_t dim) {
  if (index >= -dim && index < dim)
    return true;
  return call.fail("index %ld is out of range for a dim of %ld", long(index), long(dim)), false;
}

/// The elements of an index tensor into a dim, counted from the first; null after a report.
static int64_t *readIndices(OpCall &call, const dlc_value *places, int64_t dim) {
  int64_t count = int64_t(places->count), *result = call.scratch<int64_t>(count);
  if (!result)
    return nullptr;
  loadRow(places, 0, 1, count, result);
  for (int64_t i = 0; i < count; ++i) {
    if (!checkIndex(call, result[i], dim))
      return nullptr;
    result[i] += result[i] < 0 ? dim : 0;
  }
  return result;
}

namespace {
/// Elements of a tensor in runs of `length`, where run i begins at begins[i].
struct Runs {
  int64_t *begins;
  int64_t count, length;
};
} // namespace

//===----------------------------------------------------------------------===//
// Gathers
//===----------------------------------------------------------------------===//

/// Output 0 is the runs of the data.
static Status gatherRuns(OpCall &call, const dlc_value *data, const Dims &dims, const Runs &runs) {
  return moveRuns(call, 0, data->dtype, dims, [&](auto put) {
    for (int64_t i = 0; i < runs.count; ++i)
      put(Element{data, runs.begins[i]}, runs.length);
  });
}

DLC_LIBRARY_OP(gather) {
  const dlc_value *input = call.tensor(0), *places = call.tensor(1, indices);
  uint32_t axis;
  if (!input || !places || !call.normalizeAxis(call.intAttribute("axis", 0), input->rank, axis) ||
      !call.expectRoom(input->rank + places->rank))
    return stopped;
  Dims dims;
  for (uint32_t i = 0; i < input->rank; ++i) {
    if (i != axis)
      dims.push(input->dims[i]);
    else
      for (uint32_t k = 0; k < places->rank; ++k)
        dims.push(places->dims[k]);
  }
  int64_t dim = input->dims[axis], inner = Dims(input).product(axis + 1, input->rank);
  const int64_t *chosen = readIndices(call, places, dim);
  if (!chosen)
    return stopped;
  return moveRuns(call, 0, input->dtype, dims, [&](auto put) {
    for (int64_t outer = 0, end = Dims(input).product(0, axis); outer < end; ++outer)
      for (uint64_t i = 0; i < places->count; ++i)
        put(Element{input, (outer * dim + chosen[i]) * inner}, inner);
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

/// Where in the data each element of the indices points to; none after a report.
static Runs findElements(OpCall &call, const dlc_value *data, const dlc_value *places,
                         uint32_t axis) {
  Runs runs{readIndices(call, places, data->dims[axis]), int64_t(places->count), 1};
  Dims rows(places), strides = stridesOf(Dims(data));
  int64_t along = strides[axis], row = rows[--rows.rank];
  strides[axis] = 0;
  Walk walk(rows);
  for (int64_t i = 0; runs.begins && i < runs.count; i += row, walk.next()) {
    int64_t base = offsetOf(walk.index(), strides), step = strides[rows.rank];
    for (int64_t k = 0; k < row; ++k)
      runs.begins[i + k] = base + k * step + runs.begins[i + k] * along;
  }
  return runs;
}

DLC_LIBRARY_OP(gather_elements) {
  const dlc_value *data = call.tensor(0), *places = call.tensor(1, indices);
  uint32_t axis;
  if (!data || !places || !call.normalizeAxis(call.intAttribute("axis", 0), data->rank, axis) ||
      !checkElementDims(call, data, places, axis))
    return stopped;
  Runs runs = findElements(call, data, places, axis);
  return runs.begins ? gatherRuns(call, data, Dims(places), runs) : stopped;
}

namespace {
/// The tuples of an index tensor: each names the dims of the data from `batch` on that `length`
/// indices choose; dims of the data before `batch` are those of the indices.
struct Tuples {
  const dlc_value *data, *places;
  uint32_t batch = 0, length = 0;
  Runs runs; // the part that each tuple names
};
} // namespace

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
  Dims strides = stridesOf(Dims(data)), dims(places);
  Runs &runs = tuples.runs;
  runs.count = dims.product(0, places->rank - 1);
  runs.length = Dims(data).product(tuples.batch + tuples.length, data->rank);
  runs.begins = call.scratch<int64_t>(runs.count);
  int64_t perBatch = dims.product(tuples.batch, places->rank - 1);
  int64_t plane = Dims(data).product(tuples.batch, data->rank), next = 0;
  for (int64_t i = 0; runs.begins && i < runs.count; ++i) {
    int64_t begin = i / perBatch * plane;
    for (uint32_t k = tuples.batch; k < tuples.batch + tuples.length; ++k) {
      int64_t index = loadInteger(places, next++), dim = data->dims[k];
      if (!checkIndex(call, index, dim))
        return false;
      begin += (index < 0 ? index + dim : index) * strides[k];
    }
    runs.begins[i] = begin;
  }
  return runs.begins != nullptr;
}

DLC_LIBRARY_OP(gather_nd) {
  Tuples tuples;
  if (!readTuples(call, call.intAttribute("batch_dims", 0), tuples))
    return stopped;
  const dlc_value *data = tuples.data, *places = tuples.places;
  uint32_t first = tuples.batch + tuples.length;
  if (!call.expectRoom(places->rank - 1 + data->rank - first))
    return stopped;
  Dims dims;
  for (uint32_t i = 0; i + 1 < places->rank; ++i)
    dims.push(places->dims[i]);
  for (uint32_t i = first; i < data->rank; ++i)
    dims.push(data->dims[i]);
  return gatherRuns(call, data, dims, tuples.runs);
}

//===----------------------------------------------------------------------===//
// Scatters
//===----------------------------------------------------------------------===//

enum Reduction : uint32_t { takeLast, addAll, multiplyAll, takeLargest, takeSmallest };

static bool readReduction(OpCall &call, uint32_t &reduction) {
  return call.keyword("reduction", "none", "none add mul max min", reduction);
}

template <typename T>
static void combineRow(uint32_t reduction, T *__restrict row, const T *updates, int64_t count) {
  // Unrolled they would be much code for little.
  auto combine = [&](auto function) {
#pragma clang loop interleave(disable) unroll(disable)
    for (int64_t k = 0; k < count; ++k)
      row[k] = function(row[k], updates[k]);
  };
  switch (reduction) {
  case addAll:
    return combine([](T old, T update) { return plus(old, update); });
  case multiplyAll:
    return combine([](T old, T update) { return times(old, update); });
  case takeLargest:
    return combine([](T old, T update) { return larger(old, update); });
  }
  combine([](T old, T update) { return smaller(old, update); });
}

/// The data, whose runs take in those of the updates, one after the other.
static Status scatter(OpCall &call, const dlc_value *data, const dlc_value *updates,
                      uint32_t reduction, const Runs &runs) {
  if (reduction != takeLast && !isIn(data->dtype, numbers))
    return call.fail("elements of type %s have no reduction", dtypeName(data->dtype));
  uint64_t extra = 0;
  if (data->dtype == DLC_DTYPE_STRING) // room for what is overwritten too
    extra = stringBytes({data, 0}, data->count) + stringBytes({updates, 0}, updates->count);
  dlc_value *result = call.output(0, data->dtype, Dims(data), extra);
  if (!result)
    return stopped;
  Copier copier(result);
  copier.copy(0, {data, 0}, data->count);
  if (reduction == takeLast) {
    for (int64_t i = 0; i < runs.count; ++i)
      copier.copy(runs.begins[i], {updates, i * runs.length}, runs.length);
    return done;
  }
  return visitNarrow(data->dtype, [&](auto zero) {
    using T = decltype(zero);
    T *room = call.scratch<T>(runs.length), *other = room ? call.scratch<T>(runs.length) : nullptr;
    for (int64_t i = 0; other && i < runs.count; ++i) {
      const T *update = readRow(updates, i * runs.length, 1, runs.length, room);
      changeRow(result, runs.begins[i], runs.length, other,
                [&](T *row) { combineRow(reduction, row, update, runs.length); });
    }
    return other ? done : stopped;
  });
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
      !checkElementDims(call, data, places, axis))
    return stopped;
  if (!(Dims(places) == Dims(updates)))
    return call.fail("expected updates of dims %s, found %s", DimsText(Dims(places)).text,
                     DimsText(Dims(updates)).text);
  Runs runs = findElements(call, data, places, axis);
  return runs.begins ? scatter(call, data, updates, reduction, runs) : stopped;
}

DLC_LIBRARY_OP(scatter_nd) {
  Tuples tuples;
  uint32_t reduction;
  if (!readTuples(call, 0, tuples) || !readReduction(call, reduction))
    return stopped;
  const dlc_value *data = tuples.data, *places = tuples.places, *updates = call.tensorLike(2, data);
  if (!updates || !call.expectRoom(places->rank - 1 + data->rank - tuples.length))
    return stopped;
  Dims expected;
  for (uint32_t i = 0; i + 1 < places->rank; ++i)
    expected.push(places->dims[i]);
  for (uint32_t i = tuples.length; i < data->rank; ++i)
    expected.push(data->dims[i]);
  if (!(Dims(updates) == expected))
    return call.fail("expected updates of dims %s, found %s", DimsText(expected).text,
                     DimsText(Dims(updates)).text);
  return scatter(call, data, updates, reduction, tuples.runs);
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
  int64_t count = int64_t(places->count), *hot = call.scratch<int64_t>(count);
  for (int64_t i = 0; hot && i < count; ++i) {
    double index = loadReal(places, i);
    index += index < 0 ? double(deep) : 0;
    hot[i] =
        index >= 0 && index < double(deep) && index == double(int64_t(index)) ? int64_t(index) : -1;
  }
  if (!hot)
    return stopped;
  return moveRuns(call, 0, values->dtype, dims, [&](auto put) {
    for (int64_t row = 0; row < count; row += inner)
      for (int64_t k = 0; k < deep; ++k)
        for (int64_t i = row; i < row + inner; ++i)
          put(Element{values, k == hot[i]}, 1);
  });
}
