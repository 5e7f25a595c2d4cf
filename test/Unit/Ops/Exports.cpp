// The ops behind a few C functions that Python's ctypes can call.

#include "Heap.h"

using namespace dlc::test;

#define DLC_EXPORT extern "C" __attribute__((visibility("default")))

DLC_EXPORT Heap *dlc_test_new() { return new Heap; }
DLC_EXPORT void dlc_test_delete(Heap *heap) { delete heap; }
DLC_EXPORT int64_t dlc_test_objects(Heap *heap) { return heap->numObjects; }
DLC_EXPORT const char *dlc_test_message(Heap *heap) { return heap->message.c_str(); }
DLC_EXPORT const char *dlc_test_problem(Heap *heap) { return heap->problem.c_str(); }
DLC_EXPORT void dlc_test_release(Heap *heap, dlc_value *value) { heap->release(value); }
DLC_EXPORT int32_t dlc_test_call(Heap *heap, const char *name, dlc_op_call *call) {
  dlc_op_fn function = findOp(name);
  return function ? heap->call(function, *call) : -1;
}
