#include "dlc/Support/SideFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Signals.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace llvm;
using namespace dlc;

static Error cannotHold(int code) {
  return createStringError("cannot hold data in a temporary file: " +
                           std::error_code(code, std::generic_category()).message());
}

void SideFile::unmap() {
  if (base)
    munmap(base, capacity);
  base = nullptr;
}

SideFile::~SideFile() {
  unmap();
  if (descriptor >= 0)
    close(descriptor);
}

Error SideFile::open(uint64_t size) {
  SmallString<128> path;
  if (std::error_code error = sys::fs::createTemporaryFile("dlc", "weights", descriptor, path))
    return cannotHold(error.value());
  sys::RemoveFileOnSignal(path);
  sys::fs::remove(path);
  sys::DontRemoveFileOnSignal(path);
  void *mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
  if (mapped == MAP_FAILED)
    return cannotHold(errno);
  base = static_cast<char *>(mapped);
  capacity = size;
  return Error::success();
}

Expected<MutableArrayRef<char>> SideFile::allocate(uint64_t size) {
  uint64_t begin = alignTo(used, alignment);
  if (begin > capacity || size > capacity - begin)
    return cannotHold(ENOSPC);
  int code = EINTR;
  while (size != 0 && code == EINTR)
    code = posix_fallocate(descriptor, begin, size);
  if (size != 0 && code != 0)
    return cannotHold(code);
  used = begin + size;
  return MutableArrayRef(base + begin, size);
}

Expected<std::unique_ptr<MemoryBuffer>> SideFile::finish(uint64_t size) {
  unmap();
  if (ftruncate(descriptor, size) != 0)
    return cannotHold(errno);
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer =
      MemoryBuffer::getOpenFile(sys::fs::convertFDToNativeFile(descriptor), "folded constants",
                                size, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return cannotHold(buffer.getError().value());
  return std::move(*buffer);
}
