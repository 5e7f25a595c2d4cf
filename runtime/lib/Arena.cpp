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

Scratch::~Scratch() { freeChunks(); }

void Scratch::freeChunks() {
  while (chunks) {
    Chunk *next = chunks->next;
    free(chunks);
    chunks = next;
  }
}

void *Scratch::take(uint64_t size) {
  constexpr uint64_t unit = DLC_WORKSPACE_ALIGNMENT;
  if (size > static_cast<uint64_t>(INT64_MAX) - 2 * unit)
    return nullptr;
  size = (size + unit - 1) / unit * unit;
  if (size <= capacity - used) {
    void *memory = arena.reserve(capacity) + used;
    used += size;
    return memory;
  }
  auto *chunk = static_cast<Chunk *>(allocateAligned(unit + size));
  if (!chunk)
    return nullptr;
  chunk->next = chunks;
  chunks = chunk;
  wanted += size;
  return reinterpret_cast<char *>(chunk) + unit;
}

void Scratch::giveBack() {
  if (chunks) {
    freeChunks();
    if (!__builtin_add_overflow(wanted, used, &wanted))
      capacity = arena.reserve(wanted) ? wanted : 0;
    wanted = 0;
  }
  used = 0;
}
