/* Preloaded into a process, counts the allocations of a run of dlc: of all its threads, from its
 * first instruction to its last. */
#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

/* The C library's own, under the names that it keeps for replacements. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static _Atomic int64_t numAllocations;

void *malloc(size_t size) {
  ++numAllocations;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  ++numAllocations;
  return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size) {
  ++numAllocations;
  return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  ++numAllocations;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  ++numAllocations;
  void *allocated = __libc_memalign(alignment, size);
  if (!allocated)
    return ENOMEM;
  *memory = allocated;
  return 0;
}

/* Calls `run`, a dlc_context_run, sets its status and returns how often anything was allocated. */
int64_t dlc_test_count_allocations(int32_t (*run)(void *, const void *, const void *, uint32_t,
                                                  void *, uint32_t),
                                   void *context, const void *options, const void *inputs,
                                   uint32_t numInputs, void *outputs, uint32_t numOutputs,
                                   int32_t *status) {
  const int64_t before = numAllocations;
  *status = run(context, options, inputs, numInputs, outputs, numOutputs);
  return numAllocations - before;
}
