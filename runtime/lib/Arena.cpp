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
