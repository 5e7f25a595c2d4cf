#include "dlc/Support/SourceFiles.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/xxhash.h"

using namespace llvm;
using namespace dlc;

static std::string hashOf(StringRef bytes) {
  XXH128_hash_t hash = xxh3_128bits(arrayRefFromStringRef(bytes));
  return utohexstr(hash.high64, /*LowerCase=*/true, 16) +
         utohexstr(hash.low64, /*LowerCase=*/true, 16);
}

Expected<size_t> SourceFiles::add(StringRef path) {
  // A device or a pipe could be read for ever.
  sys::fs::file_status status;
  if (std::error_code error = sys::fs::status(path, status))
    return createStringError("cannot read '" + path + "': " + error.message());
  if (status.type() == sys::fs::file_type::directory_file)
    return createStringError("cannot read '" + path + "': it is a folder");
  if (status.type() != sys::fs::file_type::regular_file)
    return createStringError("cannot read '" + path + "': it is not a regular file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return createStringError("cannot read '" + path + "': " + buffer.getError().message());
  files.push_back({path.str(), hashOf((*buffer)->getBuffer()), std::move(*buffer)});
  return files.size() - 1;
}

size_t SourceFiles::add(std::unique_ptr<MemoryBuffer> contents) {
  std::string hash = hashOf(contents->getBuffer());
  files.push_back({"", std::move(hash), std::move(contents)});
  return files.size() - 1;
}

std::optional<StringRef> SourceFiles::find(StringRef hash, int64_t size) const {
  for (const File &file : files)
    if (file.hash == hash && static_cast<int64_t>(file.contents->getBufferSize()) == size)
      return file.contents->getBuffer();
  return std::nullopt;
}
