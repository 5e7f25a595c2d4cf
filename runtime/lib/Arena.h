// Memory that tensors lie in.
#ifndef DLC_RUNTIME_ARENA_H
#define DLC_RUNTIME_ARENA_H

#include <cstdint>

namespace dlc::runtime {

/// `size` bytes aligned to 64 (large ones in huge pages where the system has them), to be freed
/// with free(); null when memory is short. Never null for size 0.
void *allocateAligned(uint64_t size);

/// The memory of a context's runs: grows when a run needs more, and is kept between runs.
class Arena {
public:
  Arena() = default;
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  ~Arena();

  /// At least `size` bytes of undefined contents, or null when memory is short.
  char *reserve(uint64_t size);

private:
  void *memory = nullptr;
  uint64_t capacity = 0;
};

/// The memory of library calls. A call's pieces are given back together and kept for the next call,
/// whose first piece lies where that of the last did, and so on: a run that repeats another
/// allocates nothing.
class Scratch {
public:
  Scratch() = default;
  Scratch(const Scratch &) = delete;
  Scratch &operator=(const Scratch &) = delete;
  ~Scratch();

  /// `size` bytes aligned to 64, or null when memory is short.
  void *take(uint64_t size);
  void giveBack();

private:
  struct Chunk {
    Chunk *next;
    uint64_t size; // behind the head
  };

  Chunk *first = nullptr;
  Chunk **at = &first; // the chunk to take next
};

} // namespace dlc::runtime

#endif
