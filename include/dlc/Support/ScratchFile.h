// A file that is being made: it has room for all its bytes, and it disappears unless it is kept.
#ifndef DLC_SUPPORT_SCRATCHFILE_H
#define DLC_SUPPORT_SCRATCHFILE_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/FileSystem.h"

namespace dlc {

/// Removed by its destructor, and by SIGINT and SIGTERM.
class ScratchFile {
public:
  ScratchFile() = default;
  ScratchFile(ScratchFile &&other) { *this = std::move(other); }
  ScratchFile &operator=(ScratchFile &&other);
  ~ScratchFile();

  /// Makes a new file of `size` zero bytes; its name starts with `prefix`. Its room on the disk is
  /// taken at once: a write through a mapping has no other way to report a full disk than a signal.
  /// `forPath` is the file that errors name.
  static llvm::Expected<ScratchFile> create(llvm::StringRef prefix, uint64_t size,
                                            llvm::StringRef forPath);

  llvm::StringRef path() const { return name; }

  /// Maps the whole file for writing; the mapping must end before `renameTo`.
  llvm::Expected<llvm::sys::fs::mapped_file_region> map() const;

  /// Gives the file its final name.
  llvm::Error renameTo(llvm::StringRef path);

private:
  llvm::SmallString<128> name; // empty: no file
  int descriptor = -1;
  uint64_t size = 0;
};

/// Writes a file of text that appears whole or not at all; "-" is standard output, and what is no
/// regular file (a device, a pipe) is written as it is.
llvm::Error writeTextFile(llvm::StringRef path, llvm::StringRef text);

/// "cannot write 'path': reason"
llvm::Error cannotWrite(llvm::StringRef path, std::error_code reason);

} // namespace dlc

#endif
