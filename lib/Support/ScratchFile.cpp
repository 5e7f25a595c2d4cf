#include "dlc/Support/ScratchFile.h"

#include "llvm/Support/Signals.h"
#include "llvm/Support/raw_ostream.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>
#include <utility>

using namespace llvm;
using namespace dlc;

Error dlc::cannotWrite(StringRef path, std::error_code reason) {
  return createStringError("cannot write '" + path + "': " + reason.message());
}

ScratchFile &ScratchFile::operator=(ScratchFile &&other) {
  std::swap(name, other.name);
  std::swap(descriptor, other.descriptor);
  std::swap(size, other.size);
  return *this;
}

ScratchFile::~ScratchFile() {
  if (descriptor >= 0)
    close(descriptor);
  if (name.empty())
    return;
  sys::fs::remove(name);
  sys::DontRemoveFileOnSignal(name);
}

Expected<ScratchFile> ScratchFile::create(StringRef prefix, uint64_t size, StringRef forPath) {
  ScratchFile file;
  std::string name;
  std::error_code error = std::make_error_code(std::errc::file_exists);
  for (int attempt = 0; error == std::errc::file_exists; ++attempt) {
    name = (prefix + Twine(getpid()) + "-" + Twine(attempt) + ".tmp").str();
    error = sys::fs::openFileForReadWrite(name, file.descriptor, sys::fs::CD_CreateNew,
                                          sys::fs::OF_None);
  }
  if (error)
    return cannotWrite(forPath, error);
  file.name = name;
  file.size = size;
  sys::RemoveFileOnSignal(name);
  int code = EINTR;
  while (code == EINTR)
    code = posix_fallocate(file.descriptor, 0, size);
  if (code != 0)
    return cannotWrite(forPath, std::error_code(code, std::generic_category()));
  return file;
}

Expected<sys::fs::mapped_file_region> ScratchFile::map() const {
  std::error_code error;
  sys::fs::mapped_file_region region(sys::fs::convertFDToNativeFile(descriptor),
                                     sys::fs::mapped_file_region::readwrite, size, 0, error);
  if (error)
    return cannotWrite(name, error);
  return region;
}

Error ScratchFile::renameTo(StringRef path) {
  if (std::error_code error = sys::fs::rename(name, path))
    return cannotWrite(path, error);
  sys::DontRemoveFileOnSignal(name);
  name.clear();
  return Error::success();
}

static Error writeStream(StringRef path, StringRef text) {
  std::error_code error;
  raw_fd_ostream os(path, error);
  if (error)
    return cannotWrite(path, error);
  os << text;
  os.flush();
  error = os.error();
  os.clear_error(); // or its destructor ends the program
  return error ? cannotWrite(path, error) : Error::success();
}

Error dlc::writeTextFile(StringRef path, StringRef text) {
  sys::fs::file_status status;
  if (path == "-" || (!sys::fs::status(path, status) && !sys::fs::is_regular_file(status)))
    return writeStream(path, text);
  Expected<ScratchFile> file = ScratchFile::create((path + ".").str(), text.size(), path);
  if (!file)
    return file.takeError();
  {
    Expected<sys::fs::mapped_file_region> region = file->map();
    if (!region)
      return region.takeError();
    std::memcpy(region->data(), text.data(), text.size());
  }
  return file->renameTo(path);
}
