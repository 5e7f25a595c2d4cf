// A tensor in memory, and the list of problems that all parts of dlc-run report to.
#ifndef DLC_RUN_TENSOR_H
#define DLC_RUN_TENSOR_H

#include "dlc/dlc.h"

#include <cstdlib>
#include <fmt/format.h>
#include <memory>
#include <string>
#include <string_view>
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
  Buffer text; // the bytes of strings

  /// Makes a tensor of strings; dims hold as many. False after a report.
  [[nodiscard]] bool setStrings(const std::string &source, const std::vector<std::string_view> &of,
                                Problems &problems);
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

/// A tensor as a value holds it.
TensorView viewOf(const dlc_value *value);

/// Element `i` of a tensor of strings.
inline std::string_view stringAt(const void *data, size_t i) {
  const dlc_text &text = static_cast<const dlc_text *>(data)[i];
  return {text.size ? text.data : "", text.size};
}

/// Elements of a shape with dims >= 0; false where they do not fit 63 bits.
[[nodiscard]] bool countElements(const std::vector<int64_t> &dims, int64_t &count);

/// Reports an element type whose numbers dlc-run cannot write, so that it has no literals and no
/// random tensors.
[[nodiscard]] bool checkNumbers(const std::string &source, int32_t dtype, Problems &problems);

/// Reports a bool that is neither 0 nor 1.
[[nodiscard]] bool checkBools(const std::string &source, const Tensor &tensor, Problems &problems);

/// "a sequence", "an optional" or "a tensor".
const char *kindText(uint32_t kind);

/// "1 x 3 x 256 x 256", or "scalar".
std::string dimsText(const std::vector<int64_t> &dims);

/// Reads a whole file.
[[nodiscard]] bool readFile(const std::string &path, Buffer &contents, Problems &problems);

} // namespace dlc::run

#endif
