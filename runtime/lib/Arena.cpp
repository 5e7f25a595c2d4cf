#include "Arena.h"

#include "dlc/dlc.h"

#include <cstdlib>
#include <sys/mman.h>

using namespace dlc::runtime;

void *dlc::runtime::allocateAligned(uint64_t size) {
  constexpr uint64_t hugePage = uint64_t{2} << 20;
  const uint64_t alignment = size >= hugePage ? hugePage : DLC_WORKSPACE_ALIGNMENT;
  if (size > static_cast<uint64_t>(INT64_MAX))
    return nullptr;
  void *memory = nullptr;
  if (posix_memalign(&memory, alignment, size ? size : 1) != 0)
    return nullptr;
  if (alignment == hugePage)
    (void)madvise(memory, size,
                  MADV_HUGEPAGE); // A wish: a system without huge pages is slower, not wrong.
  return memory;
}

Arena::~Arena() { free(memory); }

char *Arena::reserve(uint64_t size) {
  if (!memory || size > capacity) {
    free(memory);
    memory = allocateAligned(size);
    capacity = memory ? size : 0;
  }
  return static_cast<char *>(memory);
}

Scratch::~Scratch() {
  while (first) {
    Chunk *next = first->next;
    free(first);
    first = next;
  }
}

void *Scratch::take(uint64_t size) {
  constexpr uint64_t head = DLC_WORKSPACE_ALIGNMENT;
  static_assert(sizeof(Chunk) <= head);
  if (size > static_cast<uint64_t>(INT64_MAX) - head)
    return nullptr;
  if (Chunk *kept = *at; kept && kept->size < size) {
    *at = kept->next;
    free(kept);
  } else if (kept) {
    at = &kept->next;
    return reinterpret_cast<char *>(kept) + head;
  }
  auto *chunk = static_cast<Chunk *>(allocateAligned(head + size));
  if (!chunk)
    return nullptr;
  *chunk = {*at, size};
  *at = chunk;
  at = &chunk->next;
  return reinterpret_cast<char *>(chunk) + head;
}

void Scratch::giveBack() { at = &first; }
