#include "Heap.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace dlc::test;

namespace {
struct Object {
  dlc_value value;
  int64_t references;
  std::vector<int64_t> dims;
};
} // namespace

static Object *objectOf(dlc_value *value) { return reinterpret_cast<Object *>(value); }

uint64_t dlc::test::elementBytes(int32_t dtype) {
  switch (dtype) {
  case DLC_DTYPE_U8:
  case DLC_DTYPE_I8:
  case DLC_DTYPE_BOOL:
    return 1;
  case DLC_DTYPE_U16:
  case DLC_DTYPE_I16:
  case DLC_DTYPE_F16:
  case DLC_DTYPE_BF16:
    return 2;
  case DLC_DTYPE_F32:
  case DLC_DTYPE_U32:
  case DLC_DTYPE_I32:
    return 4;
  case DLC_DTYPE_STRING:
    return sizeof(dlc_string);
  }
  return 8;
}

//===----------------------------------------------------------------------===//
// The table
//===----------------------------------------------------------------------===//

namespace dlc::test {
struct Services {
  static Heap &heap(void *state) { return *static_cast<Heap *>(state); }

  static dlc_value *newTensor(void *state, int32_t dtype, uint32_t rank, const int64_t *dims,
                              uint64_t extra) {
    int64_t count = 1;
    for (uint32_t i = 0; i < rank; ++i)
      if (dims[i] < 0 || __builtin_mul_overflow(count, dims[i], &count) || count > 1 << 30) {
        fail(state, "a tensor is too large");
        return nullptr;
      }
    return heap(state).newObject(DLC_VALUE_TENSOR, dtype, rank, dims, uint64_t(count),
                                 uint64_t(count) * elementBytes(dtype) + extra);
  }

  static dlc_value *newList(void *state, uint32_t kind, int32_t dtype, uint64_t count) {
    dlc_value *list = heap(state).newObject(kind, dtype, 0, nullptr, count, count * sizeof(void *));
    if (list)
      std::memset(list->data, 0, count * sizeof(void *));
    return list;
  }

  static dlc_value *keep(void *state, const dlc_value *value) {
    Heap &self = heap(state);
    if (value->is_object) {
      ++objectOf(const_cast<dlc_value *>(value))->references;
      return const_cast<dlc_value *>(value);
    }
    if (value->kind != DLC_VALUE_TENSOR) {
      dlc_value *list = newList(state, value->kind, value->dtype, value->count);
      for (uint64_t i = 0; list && i < value->count; ++i) {
        dlc_value *kept = keep(state, static_cast<dlc_value *const *>(value->data)[i]);
        static_cast<dlc_value **>(list->data)[i] = kept;
        if (!kept) {
          self.release(list);
          return nullptr;
        }
      }
      return list;
    }
    uint64_t extra = 0;
    auto *strings = static_cast<const dlc_string *>(value->data);
    for (uint64_t i = 0; value->dtype == DLC_DTYPE_STRING && i < value->count; ++i)
      extra += strings[i].size;
    dlc_value *copy = newTensor(state, value->dtype, value->rank, value->dims, extra);
    if (!copy)
      return nullptr;
    uint64_t bytes = value->count * elementBytes(value->dtype);
    if (bytes)
      std::memcpy(copy->data, value->data, bytes);
    char *text = static_cast<char *>(copy->data) + bytes;
    for (uint64_t i = 0; extra && i < value->count; ++i) {
      std::memcpy(text, strings[i].data, strings[i].size);
      static_cast<dlc_string *>(copy->data)[i].data = text;
      text += strings[i].size;
    }
    return copy;
  }

  static void release(void *state, dlc_value *value) { heap(state).release(value); }

  static void *scratch(void *state, uint64_t bytes) {
    void *memory = heap(state).allocate(bytes);
    if (memory)
      heap(state).scratch.push_back(memory);
    return memory;
  }

  static void parallelFor(void *, int64_t count, void (*body)(void *, int64_t), void *argument) {
    for (int64_t i = count; i-- > 0;)
      body(argument, i);
  }

  static int32_t fail(void *state, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    heap(state).message = text;
    return 1;
  }
};
} // namespace dlc::test

const dlc_op_services Heap::services = {sizeof(dlc_op_services), 0,
                                        Services::newTensor,     Services::newList,
                                        Services::keep,          Services::release,
                                        Services::scratch,       Services::parallelFor,
                                        Services::fail};

//===----------------------------------------------------------------------===//
// Objects
//===----------------------------------------------------------------------===//

Heap::~Heap() {
  for (void *memory : scratch)
    std::free(memory);
}

void *Heap::allocate(uint64_t bytes) {
  if (allocationsLeft == 0) {
    hasFailed = true;
    message = "memory is short";
    return nullptr;
  }
  --allocationsLeft;
  void *memory =
      nullptr; // of no more bytes than asked for, so that AddressSanitizer sees their end
  if (posix_memalign(&memory, 64, std::max<uint64_t>(bytes, 1)) != 0)
    std::abort();
  std::memset(memory, 0xcb, bytes); // neither a small number nor 0 nor true
  return memory;
}

dlc_value *Heap::newObject(uint32_t kind, int32_t dtype, uint32_t rank, const int64_t *dims,
                           uint64_t count, uint64_t bytes) {
  void *data = allocate(bytes);
  if (!data)
    return nullptr;
  auto *object = new Object{{}, 1, {dims, dims + rank}};
  object->value = {sizeof(dlc_value), kind, dtype, 1, rank, 0, object->dims.data(), count, data};
  ++numObjects;
  return &object->value;
}

dlc_value *Heap::newTensor(int32_t dtype, const std::vector<int64_t> &dims, uint64_t extra) {
  return Services::newTensor(this, dtype, uint32_t(dims.size()), dims.data(), extra);
}
dlc_value *Heap::newList(uint32_t kind, int32_t dtype, uint64_t count) {
  return Services::newList(this, kind, dtype, count);
}
dlc_value *Heap::keep(const dlc_value *value) { return Services::keep(this, value); }

void Heap::release(dlc_value *value) {
  // Lists of a call that failed may hold nulls.
  if (!value || !value->is_object || --objectOf(value)->references != 0)
    return;
  if (value->kind != DLC_VALUE_TENSOR)
    for (uint64_t i = 0; i < value->count; ++i)
      release(static_cast<dlc_value **>(value->data)[i]);
  std::free(value->data);
  delete objectOf(value);
  --numObjects;
}

//===----------------------------------------------------------------------===//
// Calls
//===----------------------------------------------------------------------===//

int32_t Heap::runOnce(dlc_op_fn function, dlc_op_call &call) {
  hasFailed = false;
  message.clear();
  int32_t status = function(&call);
  for (void *memory : scratch)
    std::free(memory);
  scratch.clear();
  if ((status != 0) != !message.empty())
    problem = "status " + std::to_string(status) + " with the message '" + message + "'";
  return status;
}

int32_t Heap::call(dlc_op_fn function, dlc_op_call &call) {
  call.struct_size = sizeof(call);
  call.state = this;
  call.services = &services;
  std::vector<dlc_value *> outputs(call.outputs, call.outputs + call.num_outputs);
  int64_t before = numObjects;
  for (int64_t failing = 0;; ++failing) {
    allocationsLeft = failing;
    int32_t status = runOnce(function, call);
    allocationsLeft = -1;
    if (!hasFailed)
      return status;
    if (status == 0)
      problem = "no failure where allocation " + std::to_string(failing) + " failed";
    for (uint32_t i = 0; i < call.num_outputs; ++i) {
      if (call.outputs[i] != outputs[i])
        release(call.outputs[i]);
      call.outputs[i] = outputs[i];
    }
    if (numObjects != before)
      problem = "objects are lost where allocation " + std::to_string(failing) + " failed";
  }
}

#define DLC_OP(name) extern "C" int32_t dlc_op_##name(const dlc_op_call *call);
#include "dlc/ABI/Ops.def"

dlc_op_fn dlc::test::findOp(const char *name) {
#define DLC_OP(op)                                                                                 \
  if (std::strcmp(name, #op) == 0)                                                                 \
    return dlc_op_##op;
#include "dlc/ABI/Ops.def"
  return nullptr;
}
