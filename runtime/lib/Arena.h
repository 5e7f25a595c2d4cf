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

/// The memory of a library call. All of it is given back at once; what the largest call took is
/// kept for the next, so that calls of the same sizes soon allocate nothing.
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
  };
  void freeChunks();

  Arena arena;
  uint64_t capacity = 0;   // of the arena
  uint64_t used = 0;       // of the arena
  Chunk *chunks = nullptr; // what did not fit into it
  uint64_t wanted = 0;     // bytes in chunks
};

} // namespace dlc::runtime

#endif
