// Values as callers see them.
#include "Value.h"

#include "Dtype.h"

using namespace dlc::runtime;

dlc_status dlc_value_create_tensor(int32_t dtype, uint32_t rank, const int64_t *dims,
                                   const void *data, dlc_value **value) {
  if (value)
    *value = nullptr;
  if (!value || rank > DLC_MAX_RANK || (rank != 0 && !dims) || dlc_dtype_size(dtype) == 0)
    return DLC_INVALID_ARGUMENT;
  for (uint32_t i = 0; i < rank; ++i)
    if (dims[i] < 0)
      return DLC_INVALID_ARGUMENT;
  uint64_t bytes = 0;
  if (!tensorBytes(dtype, dims, rank, bytes))
    return DLC_OVERFLOW;
  const uint64_t count = bytes / dlc_dtype_size(dtype);
  if ((bytes != 0 && !data) ||
      (dtype == DLC_STRING && !stringsExist(static_cast<const dlc_text *>(data), count)))
    return DLC_INVALID_ARGUMENT;
  const dlc_value given = {.struct_size = sizeof(dlc_value),
                           .kind = DLC_VALUE_TENSOR,
                           .dtype = dtype,
                           .is_object = 0,
                           .rank = rank,
                           .reserved = 0,
                           .dims = dims,
                           .count = count,
                           .data = const_cast<void *>(data)};
  return copyTensor(given, *value);
}

dlc_status dlc_value_create_sequence(int32_t dtype, dlc_value *const *elements, uint64_t count,
                                     dlc_value **value) {
  if (value)
    *value = nullptr;
  if (!value || (count != 0 && !elements) || dlc_dtype_size(dtype) == 0)
    return DLC_INVALID_ARGUMENT;
  for (uint64_t i = 0; i < count; ++i)
    if (!elements[i] || elements[i]->kind != DLC_VALUE_TENSOR || elements[i]->dtype != dtype)
      return DLC_INVALID_ARGUMENT;
  DLC_RETURN_IF_ERROR(makeList(DLC_VALUE_SEQUENCE, dtype, count, *value));
  for (uint64_t i = 0; i < count; ++i)
    elementsOf(**value)[i] = dlc_value_retain(elements[i]);
  return DLC_OK;
}

dlc_status dlc_value_create_optional(int32_t dtype, dlc_value *element, dlc_value **value) {
  if (value)
    *value = nullptr;
  if (!value || dlc_dtype_size(dtype) == 0 ||
      (element && (element->kind == DLC_VALUE_OPTIONAL || element->dtype != dtype)))
    return DLC_INVALID_ARGUMENT;
  DLC_RETURN_IF_ERROR(makeList(DLC_VALUE_OPTIONAL, dtype, element ? 1 : 0, *value));
  if (element)
    elementsOf(**value)[0] = dlc_value_retain(element);
  return DLC_OK;
}

dlc_value *dlc_value_retain(dlc_value *value) {
  if (value)
    retain(*value);
  return value;
}

void dlc_value_release(dlc_value *value) { release(value); }

uint32_t dlc_value_kind(const dlc_value *value) { return value->kind; }
int32_t dlc_value_dtype(const dlc_value *value) { return value->dtype; }
uint32_t dlc_value_rank(const dlc_value *value) { return value->rank; }
const int64_t *dlc_value_dims(const dlc_value *value) { return value->dims; }
uint64_t dlc_value_count(const dlc_value *value) { return value->count; }

const void *dlc_value_data(const dlc_value *value) {
  return value->kind == DLC_VALUE_TENSOR ? value->data : nullptr;
}

dlc_value *dlc_value_element(const dlc_value *value, uint64_t index) {
  const bool exists = value->kind != DLC_VALUE_TENSOR && index < value->count;
  return exists ? elementsOf(*value)[index] : nullptr;
}
