#include "Tensor.h"

#include "Elements.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dlc::run;

void Problems::addLines(const std::string &source, const char *text) {
  for (;;) {
    const char *end = strchrnul(text, '\n');
    const std::string line(text, end);
    const bool located = line.starts_with("input '") || line.starts_with("output '");
    lines.push_back(located ? line : fmt::format("{}: {}", source, line));
    if (*end == '\0')
      return;
    text = end + 1;
  }
}

bool Buffer::allocate(size_t bytes) {
  // A null result must mean failure only.
  memory.reset(static_cast<char *>(malloc(bytes ? bytes : 1)));
  length = memory ? bytes : 0;
  return memory != nullptr;
}

bool Tensor::allocate(const std::string &source, Problems &problems) {
  int64_t count = 0, bytes = 0;
  if (!countElements(dims, count) ||
      __builtin_mul_overflow(count, int64_t{dlc_dtype_size(dtype)}, &bytes)) {
    problems.add("{}: {} elements of {} are too many", source, dimsText(dims),
                 dlc_dtype_name(dtype));
    return false;
  }
  if (!data.allocate(static_cast<size_t>(bytes))) {
    problems.add("{}: out of memory for {} bytes", source, bytes);
    return false;
  }
  return true;
}

bool Tensor::setStrings(const std::string &source, const std::vector<std::string_view> &of,
                        Problems &problems) {
  size_t bytes = 0;
  for (std::string_view string : of)
    bytes += string.size();
  dtype = DLC_STRING;
  if (!allocate(source, problems))
    return false;
  if (!text.allocate(bytes)) {
    problems.add("{}: out of memory for {} bytes", source, bytes);
    return false;
  }
  char *to = text.data();
  for (size_t i = 0; i < of.size(); to += of[i++].size()) {
    of[i].copy(to, of[i].size());
    as<dlc_text>()[i] = {to, of[i].size()};
  }
  return true;
}

TensorView dlc::run::viewOf(const dlc_value *value) {
  const int64_t *dims = dlc_value_dims(value);
  const int32_t dtype = dlc_value_dtype(value);
  return {dtype,
          {dims, dims + dlc_value_rank(value)},
          dlc_value_data(value),
          dlc_value_count(value) * dlc_dtype_size(dtype)};
}

bool dlc::run::countElements(const std::vector<int64_t> &dims, int64_t &count) {
  count = 1;
  for (int64_t dim : dims)
    if (dim == 0) {
      count = 0;
      return true;
    }
  for (int64_t dim : dims)
    if (__builtin_mul_overflow(count, dim, &count))
      return false;
  return true;
}

bool dlc::run::checkNumbers(const std::string &source, int32_t dtype, Problems &problems) {
  if (!hasNumbers(dtype))
    problems.add("{}: dlc-run has no numbers of type {}; use Python", source,
                 dlc_dtype_name(dtype));
  return hasNumbers(dtype);
}

bool dlc::run::checkBools(const std::string &source, const Tensor &tensor, Problems &problems) {
  for (size_t i = 0; tensor.dtype == DLC_BOOL && i < tensor.data.size(); ++i)
    if (tensor.as<uint8_t>()[i] > 1) {
      problems.add("{}: a bool that is neither 0 nor 1", source);
      return false;
    }
  return true;
}

const char *dlc::run::kindText(uint32_t kind) {
  return kind == DLC_KIND_SEQUENCE   ? "a sequence"
         : kind == DLC_KIND_OPTIONAL ? "an optional"
                                     : "a tensor";
}

std::string dlc::run::dimsText(const std::vector<int64_t> &dims) {
  return dims.empty() ? "scalar" : fmt::format("{}", fmt::join(dims, " x "));
}

/// Reads an open file of known size to its end.
static bool readDescriptor(int descriptor, const std::string &path, Buffer &contents,
                           Problems &problems) {
  struct stat status;
  if (fstat(descriptor, &status) != 0) {
    problems.add("{}: cannot be read: {}", path, strerror(errno));
    return false;
  }
  if (!S_ISREG(status.st_mode)) {
    problems.add("{}: not a regular file", path);
    return false;
  }
  if (!contents.allocate(static_cast<size_t>(status.st_size))) {
    problems.add("{}: out of memory for {} bytes", path, status.st_size);
    return false;
  }
  for (size_t at = 0; at < contents.size();) {
    ssize_t got = read(descriptor, contents.data() + at, contents.size() - at);
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0) {
      problems.add("{}: cannot be read: {}", path,
                   got < 0 ? strerror(errno) : "it became shorter while it was read");
      return false;
    }
    at += static_cast<size_t>(got);
  }
  return true;
}

bool dlc::run::readFile(const std::string &path, Buffer &contents, Problems &problems) {
  // O_NONBLOCK: a pipe must be refused, not waited for.
  int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) {
    problems.add("{}: cannot be opened: {}", path, strerror(errno));
    return false;
  }
  bool done = readDescriptor(descriptor, path, contents, problems);
  close(descriptor);
  return done;
}
