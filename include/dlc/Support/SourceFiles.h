// The files that weights are read from: mapped, known by content.
#ifndef DLC_SUPPORT_SOURCEFILES_H
#define DLC_SUPPORT_SOURCEFILES_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace dlc {

/// Read-only mappings of whole files. Pages are read when touched; nothing is copied.
class SourceFiles {
public:
  struct File {
    std::string path; // empty: made by this process
    std::string hash; // XXH3, 128 bits, hexadecimal, of all bytes
    std::unique_ptr<llvm::MemoryBuffer> contents;
  };

  /// Maps a file. The error names the path and the system's reason. Returns the file's index.
  llvm::Expected<size_t> add(llvm::StringRef path);

  /// Adds data that has no path. Returns its index.
  size_t add(std::unique_ptr<llvm::MemoryBuffer> contents);

  /// The bytes of the file with this hash and size; nothing where it was not added.
  std::optional<llvm::StringRef> find(llvm::StringRef hash, int64_t size) const;

  const File &operator[](size_t index) const { return files[index]; }
  size_t size() const { return files.size(); }

private:
  llvm::SmallVector<File> files;
};

} // namespace dlc

#endif
