// Sequences and optionals. Values in them are shared, not copied.

#include "Elements.h"

using namespace dlc::ops;

static dlc_value *const *valuesOf(const dlc_value *list) {
  return static_cast<dlc_value *const *>(list->data);
}

/// Puts a reference to `value` into a list that the op makes. What follows a failure stays null,
/// which the list's owner takes for nothing.
static bool setValue(OpCall &call, dlc_value *list, uint64_t i, const dlc_value *value) {
  dlc_value *kept = call.keep(value);
  static_cast<dlc_value **>(list->data)[i] = kept;
  return kept != nullptr;
}

/// A position in a sequence of `count` values, counted from the first.
static bool readPosition(OpCall &call, uint32_t operand, int64_t count, int64_t absent,
                         int64_t &position) {
  position = absent;
  if (!call.integer(operand, position))
    return false;
  int64_t found = position;
  position = position < 0 ? position + count : position;
  if (position < 0 || position >= count)
    return call.fail("position %ld is out of range for a sequence of %ld", long(found),
                     long(count)),
           false;
  return true;
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

DLC_LIBRARY_OP(sequence_empty) {
  int64_t dtype = call.intAttribute("dtype", DLC_DTYPE_F32);
  if (!isIn(int32_t(dtype), anyDtype))
    return call.fail("unknown element type %ld", long(dtype));
  return call.listOutput(0, DLC_VALUE_SEQUENCE, int32_t(dtype), 0) ? done : stopped;
}

DLC_LIBRARY_OP(sequence_construct) {
  const dlc_value *first = call.tensor(0);
  if (!first)
    return stopped;
  for (uint32_t i = 1; i < call.numInputs(); ++i)
    if (!call.tensorLike(i, first))
      return stopped;
  dlc_value *result = call.listOutput(0, DLC_VALUE_SEQUENCE, first->dtype, call.numInputs());
  if (!result)
    return stopped;
  for (uint32_t i = 0; i < call.numInputs(); ++i)
    if (!setValue(call, result, i, call.input(i)))
      return stopped;
  return done;
}

DLC_LIBRARY_OP(sequence_insert) {
  const dlc_value *sequence = call.list(0, DLC_VALUE_SEQUENCE), *value = call.tensor(1);
  if (!sequence || !value)
    return stopped;
  if (sequence->dtype && value->dtype != sequence->dtype)
    return call.fail("cannot insert %s into a sequence of %s", dtypeName(value->dtype),
                     dtypeName(sequence->dtype));
  // The place after the last value is counted by positions from the first alone.
  int64_t count = int64_t(sequence->count), position = count;
  if (!call.integer(2, position))
    return stopped;
  if (position < -count || position > count)
    return call.fail("position %ld is out of range for an insertion into a sequence of %ld",
                     long(position), long(count));
  position = position < 0 ? position + count : position;
  dlc_value *result = call.listOutput(0, DLC_VALUE_SEQUENCE, value->dtype, count + 1);
  if (!result)
    return stopped;
  for (int64_t i = 0; i <= count; ++i)
    if (!setValue(call, result, i, i == position ? value : valuesOf(sequence)[i - (i > position)]))
      return stopped;
  return done;
}

DLC_LIBRARY_OP(sequence_erase) {
  const dlc_value *sequence = call.list(0, DLC_VALUE_SEQUENCE);
  int64_t position;
  if (!sequence || !readPosition(call, 1, int64_t(sequence->count), -1, position))
    return stopped;
  dlc_value *result = call.listOutput(0, DLC_VALUE_SEQUENCE, sequence->dtype, sequence->count - 1);
  if (!result)
    return stopped;
  for (int64_t i = 0; i < int64_t(result->count); ++i)
    if (!setValue(call, result, i, valuesOf(sequence)[i + (i >= position)]))
      return stopped;
  return done;
}

DLC_LIBRARY_OP(sequence_at) {
  const dlc_value *sequence = call.list(0, DLC_VALUE_SEQUENCE);
  int64_t position;
  if (!sequence)
    return stopped;
  if (!call.input(1))
    return call.fail("operand 1 is missing");
  if (!readPosition(call, 1, int64_t(sequence->count), 0, position))
    return stopped;
  return call.keepAsOutput(0, valuesOf(sequence)[position]);
}

DLC_LIBRARY_OP(sequence_length) {
  const dlc_value *sequence = call.list(0, DLC_VALUE_SEQUENCE);
  dlc_value *result = sequence ? call.output(0, DLC_DTYPE_I64, Dims()) : nullptr;
  if (!result)
    return stopped;
  storeInteger(result, 0, int64_t(sequence->count));
  return done;
}

//===----------------------------------------------------------------------===//
// Optionals
//===----------------------------------------------------------------------===//

/// Of operand 0, or of nothing; `dtype` is then the element type of what it could hold.
DLC_LIBRARY_OP(optional) {
  const dlc_value *value = call.input(0);
  int64_t dtype = value ? value->dtype : call.intAttribute("dtype", 0);
  dlc_value *result = call.listOutput(0, DLC_VALUE_OPTIONAL, int32_t(dtype), value ? 1 : 0);
  if (!result || (value && !setValue(call, result, 0, value)))
    return stopped;
  return done;
}

/// A value that is no optional is what it holds.
DLC_LIBRARY_OP(optional_get_element) {
  const dlc_value *input = call.input(0);
  if (!input)
    return call.fail("operand 0 is missing");
  if (input->kind != DLC_VALUE_OPTIONAL)
    return call.keepAsOutput(0, input);
  if (input->count == 0)
    return call.fail("the optional holds no value");
  return call.keepAsOutput(0, valuesOf(input)[0]);
}

DLC_LIBRARY_OP(optional_has_element) {
  const dlc_value *input = call.input(0);
  dlc_value *result = call.output(0, DLC_DTYPE_BOOL, Dims());
  if (!result)
    return stopped;
  storeInteger(result, 0, input && (input->kind != DLC_VALUE_OPTIONAL || input->count != 0));
  return done;
}
