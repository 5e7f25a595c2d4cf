// Data that is too much for anonymous memory: it lies in a file without a name, which the system
// can write out.
#ifndef DLC_SUPPORT_SIDEFILE_H
#define DLC_SUPPORT_SIDEFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>

namespace dlc {

class SideFile {
public:
  static constexpr uint64_t alignment = 64;

  SideFile() = default;
  SideFile(const SideFile &) = delete;
  ~SideFile();

  /// For at most `capacity` bytes, which takes addresses, but no room yet.
  llvm::Error open(uint64_t capacity);
  bool isOpen() const { return base; }

  /// `size` zero bytes, aligned; they stay where they are. Their room on the disk is taken at once:
  /// a write through a mapping has no other way to report a full disk than a signal.
  llvm::Expected<llvm::MutableArrayRef<char>> allocate(uint64_t size);

  /// What `allocate` has given out, with what aligns it; never more than the capacity.
  uint64_t size() const { return used; }
  char *data() const { return base; }

  /// The first `size` bytes as what is read from now on. What was allocated is no longer there.
  llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> finish(uint64_t size);

private:
  void unmap();

  int descriptor = -1;
  char *base = nullptr; // of a mapping of `capacity` bytes, the first `used` of which the file has
  uint64_t capacity = 0, used = 0;
};

} // namespace dlc

#endif
