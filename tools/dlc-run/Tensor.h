// A tensor in memory, and the list of problems that all parts of dlc-run report to.
#ifndef DLC_RUN_TENSOR_H
#define DLC_RUN_TENSOR_H

#include "dlc/dlc.h"

#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <vector>

namespace dlc::run {

/// What is wrong with the user's input: one line each, which names the file or input.
class Problems {
public:
  template <typename... Args> void add(fmt::format_string<Args...> format, Args &&...args) {
    lines.push_back(fmt::format(format, std::forward<Args>(args)...));
  }
  /// Adds each line of a text of the runtime's; to lines that name no input or output it adds
  /// where they come from.
  void addLines(const std::string &source, const char *text);
  bool empty() const { return lines.empty(); }
  const std::vector<std::string> &all() const { return lines; }

private:
  std::vector<std::string> lines;
};

/// Bytes whose allocation can fail: sizes come from files.
class Buffer {
public:
  [[nodiscard]] bool allocate(size_t bytes);
  char *data() { return memory.get(); }
  const char *data() const { return memory.get(); }
  size_t size() const { return length; }

private:
  struct Free {
    void operator()(char *p) const { free(p); }
  };
  std::unique_ptr<char, Free> memory;
  size_t length = 0;
};

/// Dense and row-major.
struct Tensor {
  int32_t dtype = 0;
  std::vector<int64_t> dims;
  Buffer data;

  /// Allocates the data for dtype and dims; reports where that fails, naming `source`.
  [[nodiscard]] bool allocate(const std::string &source, Problems &problems);
  template <typename T> T *as() { return reinterpret_cast<T *>(data.data()); }
  template <typename T> const T *as() const { return reinterpret_cast<const T *>(data.data()); }
};

/// A tensor that somebody else holds: what the writers take.
struct TensorView {
  int32_t dtype;
  std::vector<int64_t> dims;
  const void *data;
  size_t size; // bytes
};

/// Elements of a shape with dims >= 0; false where they do not fit 63 bits.
[[nodiscard]] bool countElements(const std::vector<int64_t> &dims, int64_t &count);

/// Reports a bool that is neither 0 nor 1.
[[nodiscard]] bool checkBools(const std::string &source, const Tensor &tensor, Problems &problems);

/// "1 x 3 x 256 x 256", or "scalar".
std::string dimsText(const std::vector<int64_t> &dims);

/// Reads a whole file.
[[nodiscard]] bool readFile(const std::string &path, Buffer &contents, Problems &problems);

} // namespace dlc::run

#endif
