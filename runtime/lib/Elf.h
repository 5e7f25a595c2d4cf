// Reads what a loader needs of a 64-bit little-endian ELF shared object. Trusts no byte of it.
#ifndef DLC_RUNTIME_ELF_H
#define DLC_RUNTIME_ELF_H

#include <cstddef>
#include <cstdint>
#include <span>

namespace dlc::runtime {

using Bytes = std::span<const unsigned char>;

/// The part of `bytes` from `offset` on, `size` bytes long; false where it does not lie within.
[[nodiscard]] bool slice(Bytes bytes, uint64_t offset, uint64_t size, Bytes &part);

class ElfFile {
public:
  /// Checks the ELF header and the bounds of the program headers. Returns null, or why `file` is no
  /// such object.
  const char *open(Bytes file);

  /// Bytes of the file that are loaded as code.
  uint64_t codeSize() const;

  /// Finds the descriptor of the first note of this owner and type in any PT_NOTE segment.
  [[nodiscard]] bool findNote(const char *owner, uint32_t type, Bytes &descriptor) const;

private:
  Bytes file;
  Bytes programHeaders;
};

/// The same within one note segment, whose alignment is 4 or 8.
[[nodiscard]] bool findNoteInSegment(Bytes segment, uint64_t alignment, const char *owner,
                                     uint32_t type, Bytes &descriptor);

} // namespace dlc::runtime

#endif
