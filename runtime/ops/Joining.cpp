// Ops that put tensors together or take one apart along a dim, of operands and of sequences.

#include "Elements.h"

using namespace dlc::ops;

//===----------------------------------------------------------------------===//
// Together
//===----------------------------------------------------------------------===//

static bool agreeBut(const Dims &lhs, const Dims &rhs, uint32_t axis) {
  bool agree = lhs.rank == rhs.rank;
  for (uint32_t i = 0; agree && i < lhs.rank; ++i)
    agree = i == axis || lhs[i] == rhs[i];
  return agree;
}

/// One after the other along `axis`; with `newAxis` along a dim that each part gets first.
static Status concatenate(OpCall &call, List<const dlc_value *> parts, int64_t axisAttribute,
                          bool newAxis) {
  const dlc_value *first = parts[0];
  uint32_t axis, rank = first->rank + newAxis;
  if (!call.expectRoom(rank) || !call.normalizeAxis(axisAttribute, rank, axis))
    return stopped;
  Dims dims;
  for (uint32_t i = 0; i < rank; ++i)
    dims.push(newAxis && i == axis ? 0 : first->dims[i - (newAxis && i > axis)]);
  dims[axis] = 0;
  auto extent = [&](const dlc_value *part) { return newAxis ? 1 : part->dims[axis]; };
  for (const dlc_value *part : parts) {
    if (part->dtype != first->dtype)
      return call.fail("cannot join %s and %s", dtypeName(first->dtype), dtypeName(part->dtype));
    if (!agreeBut(Dims(first), Dims(part), newAxis ? maxRank : axis))
      return call.fail("cannot join dims %s and %s along axis %u", DimsText(Dims(first)).text,
                       DimsText(Dims(part)).text, axis);
    if (__builtin_add_overflow(dims[axis], extent(part), &dims[axis]))
      return call.fail("a joined dim does not fit");
  }
  int64_t inner = dims.product(axis + 1, rank);
  return moveElements(call, 0, first->dtype, dims, [&](const Dims &at, int64_t i) {
    int64_t place = at[axis], outer = i / (dims[axis] * inner);
    const dlc_value *const *part = parts.begin();
    for (; place >= extent(*part); ++part)
      place -= extent(*part);
    return Element{*part, (outer * extent(*part) + place) * inner + i % inner};
  });
}

DLC_LIBRARY_OP(concat) {
  if (call.numInputs() == 0)
    return call.fail("operand 0 is missing");
  auto **parts = call.scratch<const dlc_value *>(call.numInputs());
  if (!parts)
    return stopped;
  for (uint32_t i = 0; i < call.numInputs(); ++i)
    if (!(parts[i] = call.tensor(i)))
      return stopped;
  return concatenate(call, {parts, call.numInputs()}, call.intAttribute("axis", 0), false);
}

/// The tensors of a sequence; null data where that was reported.
static List<const dlc_value *> tensorsOf(OpCall &call, const dlc_value *sequence) {
  auto *parts = static_cast<dlc_value *const *>(sequence->data);
  for (uint64_t i = 0; i < sequence->count; ++i) {
    if (parts[i]->kind != DLC_VALUE_TENSOR)
      return call.fail("expected a sequence of tensors"), List<const dlc_value *>();
    if (!call.expectRoom(parts[i]->rank))
      return {};
  }
  return {parts, sequence->count};
}

DLC_LIBRARY_OP(concat_from_sequence) {
  const dlc_value *sequence = call.list(0, DLC_VALUE_SEQUENCE);
  if (!sequence)
    return stopped;
  if (sequence->count == 0)
    return call.fail("the sequence is empty");
  List<const dlc_value *> parts = tensorsOf(call, sequence);
  if (!parts.data)
    return stopped;
  return concatenate(call, parts, call.intAttribute("axis", 0), call.flag("new_axis"));
}

/// The tensors of a sequence along a new first dim. Where there are none the result has the dims 0
/// and those of operand 1, and the element type `dtype`.
DLC_LIBRARY_OP(stack) {
  const dlc_value *sequence = call.list(0, DLC_VALUE_SEQUENCE);
  if (!sequence)
    return stopped;
  if (sequence->count) {
    List<const dlc_value *> parts = tensorsOf(call, sequence);
    return parts.data ? concatenate(call, parts, 0, true) : stopped;
  }
  Dims element, dims;
  if (!call.integerList(1, element) || !call.expectRoom(element.rank + 1))
    return stopped;
  dims.push(0);
  for (int64_t size : element)
    dims.push(size);
  int64_t dtype = call.intAttribute("dtype", sequence->dtype);
  if (!isIn(int32_t(dtype), anyDtype))
    return call.fail("unknown element type %ld", long(dtype));
  int64_t count;
  return call.countElements(dims, count) && call.output(0, int32_t(dtype), dims) ? done : stopped;
}

//===----------------------------------------------------------------------===//
// Apart
//===----------------------------------------------------------------------===//

/// What a part of the input has at its index: `size` entries of the axis from `start` on.
struct Part {
  const dlc_value *input;
  uint32_t axis;
  int64_t start, size;

  Dims dims() const {
    Dims result(input);
    result[axis] = size;
    return result;
  }
  Element operator()(int64_t i) const {
    int64_t inner = Dims(input).product(axis + 1, input->rank);
    int64_t outer = i / (size * inner);
    return {input, (outer * input->dims[axis] + start) * inner + i % (size * inner)};
  }
};

/// Whether operand 1 holds sizes that add up to the dim.
static bool checkSizes(OpCall &call, const dlc_value *sizes, int64_t dim) {
  int64_t total = 0;
  bool fits = true;
  for (uint64_t i = 0; fits && i < sizes->count; ++i)
    fits =
        loadInteger(sizes, i) >= 0 && !__builtin_add_overflow(total, loadInteger(sizes, i), &total);
  if (!fits || total != dim)
    return call.fail("sizes of parts do not add up to %ld", long(dim)), false;
  return true;
}

DLC_LIBRARY_OP(split) {
  const dlc_value *input = call.tensor(0), *sizes = call.optionalTensor(1, indices);
  uint32_t axis;
  if (!input || !call.normalizeAxis(call.intAttribute("axis", 0), input->rank, axis))
    return stopped;
  int64_t dim = input->dims[axis], parts = call.intAttribute("num_outputs", call.numOutputs());
  if (sizes && (sizes->rank != 1 || sizes->count != call.numOutputs()))
    return call.fail("expected %u sizes, found dims %s", call.numOutputs(),
                     DimsText(Dims(sizes)).text);
  if (sizes && !checkSizes(call, sizes, dim))
    return stopped;
  if (!sizes && parts != int64_t(call.numOutputs()))
    return call.fail("expected %ld outputs, found %u", long(parts), call.numOutputs());
  // Equal parts, of which the last ones may be smaller or empty.
  int64_t start = 0, equal = parts ? dim / parts + (dim % parts != 0) : 0;
  for (uint32_t i = 0; i < call.numOutputs(); ++i) {
    int64_t left = dim - start, size = sizes ? loadInteger(sizes, i) : equal < left ? equal : left;
    Part part{input, axis, start, size};
    if (moveElements(call, i, input->dtype, part.dims(),
                     [&](const Dims &, int64_t k) { return part(k); }) != done)
      return stopped;
    start += size;
  }
  return done;
}

/// A part as a new object; without the axis where `drop` says so.
static dlc_value *newPart(OpCall &call, const Part &part, bool drop) {
  Dims dims = part.dims(), kept;
  for (uint32_t i = 0; i < dims.rank; ++i)
    if (!drop || i != part.axis)
      kept.push(dims[i]);
  return newFromElements(call, part.input->dtype, kept,
                         [&](const Dims &, int64_t k) { return part(k); });
}

/// Operand 1: nothing (parts of 1), the size of each part, or a vector of sizes.
DLC_LIBRARY_OP(split_to_sequence) {
  const dlc_value *input = call.tensor(0), *sizes = call.optionalTensor(1, indices);
  uint32_t axis;
  if (!input || !call.normalizeAxis(call.intAttribute("axis", 0), input->rank, axis))
    return stopped;
  int64_t dim = input->dims[axis], each = 1;
  bool drop = !call.input(1) && call.intAttribute("keepdims", 1) == 0;
  bool isVector = sizes && sizes->rank == 1;
  if (isVector && !checkSizes(call, sizes, dim))
    return stopped;
  if (sizes && !isVector) {
    if (!call.expectRank(1, sizes, 0))
      return stopped;
    each = loadInteger(sizes, 0);
    if (each <= 0)
      return call.fail("the size of a part is %ld", long(each));
  }
  uint64_t count = isVector ? sizes->count : uint64_t(dim / each + (dim % each != 0));
  dlc_value *result = call.listOutput(0, DLC_VALUE_SEQUENCE, input->dtype, count);
  if (!result)
    return stopped;
  int64_t start = 0;
  for (uint64_t i = 0; i < count; ++i) {
    int64_t left = dim - start, size = isVector ? loadInteger(sizes, i) : each < left ? each : left;
    dlc_value *part = newPart(call, Part{input, axis, start, size}, drop);
    if (!part)
      return stopped;
    static_cast<dlc_value **>(result->data)[i] = part;
    start += size;
  }
  return done;
}
