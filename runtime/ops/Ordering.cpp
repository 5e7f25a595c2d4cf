// Ops that order elements or go through them in order.

#include "Elements.h"

#include <algorithm>

using namespace dlc::ops;

/// -1, 0 or 1; a NaN is larger than everything else, and equal to a NaN.
template <typename T> static int compareNumbers(T lhs, T rhs) {
  bool leftIsNan = lhs != lhs, rightIsNan = rhs != rhs;
  if (leftIsNan || rightIsNan)
    return int(leftIsNan) - int(rightIsNan);
  return int(lhs > rhs) - int(lhs < rhs);
}

static int compareElements(const dlc_value *value, int64_t lhs, int64_t rhs) {
  if (value->dtype == DLC_DTYPE_STRING) {
    dlc_string left = stringAt(value, lhs), right = stringAt(value, rhs);
    uint64_t size = left.size < right.size ? left.size : right.size;
    int order = size ? memcmp(left.data, right.data, size) : 0;
    return order ? order : compareNumbers(left.size, right.size);
  }
  return visitDtype(value->dtype, [&](auto zero) {
    using T = decltype(zero);
    return compareNumbers(load<T>(value, lhs), load<T>(value, rhs));
  });
}

/// Along an axis: element k of row `row` has offset base(row) + k * inner.
namespace {
struct Rows {
  int64_t dim, inner, count;

  Rows(const dlc_value *value, uint32_t axis)
      : dim(value->dims[axis]), inner(Dims(value).product(axis + 1, value->rank)),
        count(Dims(value).product(0, axis) * inner) {}
  int64_t base(int64_t row, int64_t size) const { return row / inner * size * inner + row % inner; }
};
} // namespace

/// combine(old, next) from `first` on along an axis.
template <typename Combine> static Status accumulate(OpCall &call, int64_t first, Combine combine) {
  const dlc_value *input = call.tensor(0, numbers);
  int64_t asked = 0;
  uint32_t axis;
  if (!input || !call.integer(1, asked) || !call.normalizeAxis(asked, input->rank, axis))
    return stopped;
  bool exclusive = call.flag("exclusive"), reverse = call.flag("reverse");
  dlc_value *result = call.output(0, input->dtype, Dims(input));
  if (!result)
    return stopped;
  Rows rows(input, axis);
  visitDtype(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t row = 0; row < rows.count; ++row) {
      T sum = T(first);
      for (int64_t k = 0; k < rows.dim; ++k) {
        int64_t place = rows.base(row, rows.dim) + (reverse ? rows.dim - 1 - k : k) * rows.inner;
        T next = combine(sum, load<T>(input, place));
        store<T>(result, place, exclusive ? sum : next);
        sum = next;
      }
    }
  });
  return done;
}

DLC_LIBRARY_OP(cumsum) {
  return accumulate(call, 0, [](auto lhs, auto rhs) { return plus(lhs, rhs); });
}
DLC_LIBRARY_OP(cumprod) {
  return accumulate(call, 1, [](auto lhs, auto rhs) { return times(lhs, rhs); });
}

/// Unsigned numbers that are ordered as elements are, so that one search serves all types: -0 is 0,
/// and a NaN larger than everything else.
template <typename T> static uint64_t orderedBits(T element) {
  constexpr uint64_t sign = uint64_t(1) << 63;
  if constexpr (isReal<T>) {
    double positive = element + 0.0; // not -0
    uint64_t bits;
    memcpy(&bits, &positive, sizeof(bits));
    return element != element ? UINT64_MAX : bits ^ (uint64_t(int64_t(bits) >> 63) | sign);
  } else {
    return uint64_t(element) ^ (T(-1) < 0 ? sign : 0);
  }
}

namespace {
struct Ranked {
  uint64_t key;
  int64_t index;
  bool operator<(const Ranked &other) const {
    return key != other.key ? key < other.key : index < other.index;
  }
};
} // namespace

/// Puts the `wanted` least of `count` keys, of equal ones the first, in order into a list, which
/// has room for all or for more than are wanted. Whenever it is full it loses what is not wanted.
template <typename KeyAt>
static void selectLeast(int64_t count, int64_t wanted, Ranked *list, int64_t room, KeyAt keyAt) {
  int64_t size = 0;
  bool isLimited = false;
  uint64_t limit = 0;
  for (int64_t i = 0; i < count; ++i) {
    uint64_t key = keyAt(i);
    if (isLimited && key >= limit)
      continue;
    list[size++] = {key, i};
    if (size < room || i + 1 == count)
      continue;
    std::partial_sort(list, list + wanted, list + size);
    limit = list[wanted - 1].key;
    isLimited = true;
    size = wanted;
  }
  std::partial_sort(list, list + wanted, list + size);
}

/// Sorted in any case; of equal elements the first ones.
DLC_LIBRARY_OP(top_k) {
  const dlc_value *input = call.tensor(0, numbers);
  if (!input || !call.tensor(1, indices))
    return stopped;
  int64_t k = 0;
  uint32_t axis;
  if (!call.integer(1, k) || !call.normalizeAxis(call.intAttribute("axis", -1), input->rank, axis))
    return stopped;
  uint64_t turn = call.intAttribute("largest", 1) != 0 ? UINT64_MAX : 0;
  Rows rows(input, axis);
  if (k < 0 || k > rows.dim)
    return call.fail("expected k from 0 to %ld, found %ld", long(rows.dim), long(k));
  Dims dims(input);
  dims[axis] = k;
  dlc_value *values = call.output(0, input->dtype, dims);
  dlc_value *places = values ? call.output(1, DLC_DTYPE_I64, dims) : nullptr;
  int64_t room = std::min(rows.dim, 2 * k + 32);
  Ranked *list = places ? call.scratch<Ranked>(room) : nullptr;
  if (!list || k == 0)
    return list ? done : stopped;
  Copier copier(values);
  return visitNarrow(input->dtype, [&](auto zero) {
    using T = decltype(zero);
    T *converted = call.scratch<T>(rows.dim);
    for (int64_t row = 0; converted && row < rows.count; ++row) {
      int64_t base = rows.base(row, rows.dim), target = rows.base(row, k);
      const T *elements = readRow(input, base, rows.inner, rows.dim, converted);
      selectLeast(rows.dim, k, list, room,
                  [&](int64_t i) { return orderedBits(elements[i]) ^ turn; });
      for (int64_t i = 0; i < k; ++i) {
        copier.copy(target + i * rows.inner, {input, base + list[i].index * rows.inner});
        storeInteger(places, target + i * rows.inner, list[i].index);
      }
    }
    return converted ? done : stopped;
  });
}

//===----------------------------------------------------------------------===//
// Unique
//===----------------------------------------------------------------------===//

namespace {
/// The slices of a tensor along an axis, or all its elements, in groups of equal ones.
struct Groups {
  const dlc_value *input;
  int64_t dim, inner, outer; // slice k has the elements (o * dim + k) * inner + i
  int64_t *order;            // slices, equal ones together
  int64_t *groupOf;          // of each slice
  int64_t *firsts;           // the first slice of each group, in the order of the result
  int64_t *counts;           // of each group
  int64_t numGroups = 0;

  int compare(int64_t lhs, int64_t rhs) const {
    for (int64_t o = 0; o < outer; ++o)
      for (int64_t i = 0; i < inner; ++i)
        if (int sign =
                compareElements(input, (o * dim + lhs) * inner + i, (o * dim + rhs) * inner + i))
          return sign;
    return 0;
  }

  void find(bool sorted) {
    for (int64_t k = 0; k < dim; ++k)
      order[k] = k;
    std::sort(order, order + dim, [&](int64_t lhs, int64_t rhs) {
      int sign = compare(lhs, rhs);
      return sign == 0 ? lhs < rhs : sign < 0;
    });
    // Members of a group stand in ascending order, so that its first is met first.
    for (int64_t k = 0; k < dim; ++k) {
      if (k == 0 || compare(order[k - 1], order[k]) != 0)
        firsts[numGroups++] = order[k];
      groupOf[order[k]] = firsts[numGroups - 1];
    }
    if (!sorted)
      std::sort(firsts, firsts + numGroups);
    // `order` is free now: the number of the group that a first slice begins.
    for (int64_t g = 0; g < numGroups; ++g) {
      order[firsts[g]] = g;
      counts[g] = 0;
    }
    for (int64_t k = 0; k < dim; ++k)
      ++counts[groupOf[k] = order[groupOf[k]]];
  }
};
} // namespace

static Status storeList(OpCall &call, uint32_t number, const int64_t *list, int64_t count) {
  if (!call.wants(number))
    return done;
  Dims dims;
  dims.push(count);
  dlc_value *result = call.output(number, DLC_DTYPE_I64, dims);
  if (!result)
    return stopped;
  for (int64_t i = 0; i < count; ++i)
    storeInteger(result, i, list[i]);
  return done;
}

/// Outputs: the unique elements, or slices along `axis`; the place of the first of each; the group
/// of each element of the input; the size of each group.
DLC_LIBRARY_OP(unique) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  Groups groups{input, int64_t(input->count), 1, 1, nullptr, nullptr, nullptr, nullptr};
  uint32_t axis = 0;
  bool isFlat = !call.hasAttribute("axis");
  if (!isFlat) {
    if (!call.normalizeAxis(call.intAttribute("axis", 0), input->rank, axis))
      return stopped;
    groups.dim = input->dims[axis];
    groups.inner = Dims(input).product(axis + 1, input->rank);
    groups.outer = Dims(input).product(0, axis);
  }
  int64_t **arrays[] = {&groups.order, &groups.groupOf, &groups.firsts, &groups.counts};
  for (int64_t **array : arrays)
    if (!(*array = call.scratch<int64_t>(groups.dim)))
      return stopped;
  groups.find(call.intAttribute("sorted", 1) != 0);
  Dims dims;
  if (isFlat)
    dims.push(groups.numGroups);
  else
    dims = Dims(input), dims[axis] = groups.numGroups;
  auto pick = [&](const Dims &, int64_t i) {
    int64_t inner = groups.inner, k = groups.firsts[i / inner % groups.numGroups];
    int64_t outer = i / (groups.numGroups * inner);
    return Element{input, (outer * groups.dim + k) * inner + i % inner};
  };
  if (moveElements(call, 0, input->dtype, dims, pick) != done ||
      storeList(call, 1, groups.firsts, groups.numGroups) != done ||
      storeList(call, 2, groups.groupOf, groups.dim) != done)
    return stopped;
  return storeList(call, 3, groups.counts, groups.numGroups);
}
