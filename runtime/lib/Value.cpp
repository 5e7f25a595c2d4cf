#include "Value.h"

#include "Arena.h"
#include "Dtype.h"

#include <cstdlib>
#include <cstring>
#include <new>

using namespace dlc::runtime;

static_assert(offsetof(Object, value) == 0);
static_assert(sizeof(dlc_text) == sizeof(dlc_string) && offsetof(dlc_text, data) == 0 &&
                  offsetof(dlc_text, size) == offsetof(dlc_string, size),
              "the API's strings are those of library ops");

static Object &objectOf(dlc_value &value) { return reinterpret_cast<Object &>(value); }

//===-- Making objects ---------------------------------------------------------------------------//

/// One allocation: header, dims, a pointer to the header, `bytes` bytes aligned to 64.
static dlc_status allocateObject(uint64_t rank, uint64_t bytes, dlc_value *&object) {
  constexpr uint64_t alignment = DLC_WORKSPACE_ALIGNMENT;
  const uint64_t head =
      (sizeof(Object) + rank * sizeof(int64_t) + sizeof(Object *) + alignment - 1) / alignment *
      alignment;
  int64_t size = 0;
  if (__builtin_add_overflow(head, bytes, &size))
    return DLC_OVERFLOW;
  auto *memory = static_cast<char *>(allocateAligned(static_cast<uint64_t>(size)));
  if (!memory)
    return DLC_OUT_OF_MEMORY;
  auto *made = new (memory) Object();
  made->value.struct_size = sizeof(dlc_value);
  made->value.is_object = 1;
  made->value.dims = reinterpret_cast<int64_t *>(memory + sizeof(Object));
  made->value.data = memory + head;
  memcpy(memory + head - sizeof(made), &made, sizeof(made));
  object = &made->value;
  return DLC_OK;
}

dlc_value *dlc::runtime::objectOfElements(void *data) {
  Object *object = nullptr;
  memcpy(&object, static_cast<char *>(data) - sizeof(object), sizeof(object));
  return &object->value;
}

dlc_status dlc::runtime::makeTensor(int32_t dtype, uint32_t rank, const int64_t *dims,
                                    uint64_t extra, dlc_value *&object) {
  object = nullptr;
  if (dlc_dtype_size(dtype) == 0)
    return DLC_TYPE_MISMATCH;
  for (uint32_t i = 0; i < rank; ++i)
    if (dims[i] < 0)
      return DLC_SHAPE_MISMATCH;
  uint64_t bytes = 0;
  if (!tensorBytes(dtype, dims, rank, bytes))
    return DLC_OVERFLOW;
  const uint64_t count = bytes / dlc_dtype_size(dtype);
  if (__builtin_add_overflow(bytes, extra, &bytes))
    return DLC_OVERFLOW;
  DLC_RETURN_IF_ERROR(allocateObject(rank, bytes, object));
  object->kind = DLC_VALUE_TENSOR;
  object->dtype = dtype;
  object->rank = rank;
  object->count = count;
  if (rank != 0)
    memcpy(const_cast<int64_t *>(object->dims), dims, rank * sizeof(int64_t));
  return DLC_OK;
}

dlc_status dlc::runtime::makeList(uint32_t kind, int32_t dtype, uint64_t count,
                                  dlc_value *&object) {
  object = nullptr;
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(count, sizeof(dlc_value *), &bytes))
    return DLC_OVERFLOW;
  DLC_RETURN_IF_ERROR(allocateObject(0, bytes, object));
  object->kind = kind;
  object->dtype = dtype;
  object->count = count;
  memset(object->data, 0, bytes);
  return DLC_OK;
}

dlc_status dlc::runtime::makeAlias(dlc_value &of, dlc_value *&object) {
  object = nullptr;
  DLC_RETURN_IF_ERROR(allocateObject(0, 0, object));
  *object = of;
  object->struct_size = sizeof(dlc_value);
  objectOf(*object).origin = &objectOf(of);
  retain(of);
  return DLC_OK;
}

//===-- Copies -----------------------------------------------------------------------------------//

bool dlc::runtime::copiedBytes(const dlc_value &tensor, uint64_t &bytes) {
  if (!tensorBytes(tensor.dtype, tensor.dims, tensor.rank, bytes))
    return false;
  auto total = static_cast<int64_t>(bytes);
  bool fits = true;
  if (tensor.dtype == DLC_STRING)
    for (uint64_t i = 0; i < tensor.count; ++i)
      fits = fits &&
             !__builtin_add_overflow(total, static_cast<dlc_string *>(tensor.data)[i].size, &total);
  bytes = static_cast<uint64_t>(total);
  return fits;
}

void dlc::runtime::copyElements(const dlc_value &tensor, void *memory) {
  const uint64_t bytes = tensor.count * dlc_dtype_size(tensor.dtype);
  if (tensor.dtype != DLC_STRING) {
    if (bytes != 0)
      memcpy(memory, tensor.data, bytes);
    return;
  }
  auto *copies = static_cast<dlc_string *>(memory);
  char *text = static_cast<char *>(memory) + bytes;
  for (uint64_t i = 0; i < tensor.count; ++i) {
    const dlc_string &from = static_cast<const dlc_string *>(tensor.data)[i];
    if (from.size != 0)
      memcpy(text, from.data, from.size);
    copies[i] = {text, from.size};
    text += from.size;
  }
}

dlc_status dlc::runtime::copyTensor(const dlc_value &tensor, dlc_value *&object) {
  object = nullptr;
  uint64_t bytes = 0;
  if (!copiedBytes(tensor, bytes))
    return DLC_OVERFLOW;
  DLC_RETURN_IF_ERROR(makeTensor(tensor.dtype, tensor.rank, tensor.dims,
                                 bytes - tensor.count * dlc_dtype_size(tensor.dtype), object));
  copyElements(tensor, object->data);
  return DLC_OK;
}

//===-- References -------------------------------------------------------------------------------//

/// Frees the object itself. Gives back its origin, and `elements` says whether its elements too.
static void destroy(Object &object, bool elements) {
  if (object.origin)
    release(&object.origin->value);
  else if (elements && object.value.kind != DLC_VALUE_TENSOR)
    for (uint64_t i = 0; i < object.value.count; ++i)
      release(elementsOf(object.value)[i]);
  object.~Object();
  free(&object);
}

bool dlc::runtime::isOwn(const dlc_value &value) {
  const auto &object = reinterpret_cast<const Object &>(value);
  return object.references.load(std::memory_order_acquire) == 1 && !object.origin;
}

void dlc::runtime::retain(dlc_value &object) {
  objectOf(object).references.fetch_add(1, std::memory_order_relaxed);
}

void dlc::runtime::release(dlc_value *value) {
  if (!value || !value->is_object)
    return;
  Object &object = objectOf(*value);
  if (object.references.fetch_sub(1, std::memory_order_acq_rel) != 1)
    return;
  if (object.holder)
    object.holder->remove(object);
  destroy(object, /*elements=*/true);
}

//===-- The objects of a run ---------------------------------------------------------------------//

void ObjectList::add(dlc_value &value) {
  Object &object = objectOf(value);
  object.holder = this;
  object.previous = nullptr;
  object.next = first;
  if (first)
    first->previous = &object;
  first = &object;
}

void ObjectList::remove(Object &object) {
  (object.previous ? object.previous->next : first) = object.next;
  if (object.next)
    object.next->previous = object.previous;
  object.holder = nullptr;
}

bool ObjectList::holds(const dlc_value &value) const {
  return value.is_object && reinterpret_cast<const Object &>(value).holder == this;
}

void ObjectList::countFrom(dlc_value &value) {
  if (!holds(value))
    return;
  Object &object = objectOf(value);
  const bool seen = object.references.load(std::memory_order_relaxed) != 0;
  retain(value);
  if (seen || object.origin || value.kind == DLC_VALUE_TENSOR)
    return;
  for (uint64_t i = 0; i < value.count; ++i)
    if (dlc_value *element = elementsOf(value)[i])
      countFrom(*element);
}

void ObjectList::recount(dlc_value *const *roots, size_t count) {
  for (Object *object = first; object; object = object->next)
    object->references.store(0, std::memory_order_relaxed);
  for (size_t i = 0; i < count; ++i)
    if (roots[i])
      countFrom(*roots[i]);
  for (Object *object = first, *next; object; object = next) {
    next = object->next;
    if (object->references.load(std::memory_order_relaxed) != 0)
      continue;
    remove(*object);
    destroy(*object, /*elements=*/false);
  }
}

void ObjectList::handOver() {
  while (first)
    remove(*first);
}

void ObjectList::clear() {
  // Elements are objects of the run too.
  recount(nullptr, 0);
}
