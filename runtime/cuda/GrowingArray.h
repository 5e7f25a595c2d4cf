// An array of plain values that grows without an exception.
#ifndef DLC_RUNTIME_CUDA_GROWINGARRAY_H
#define DLC_RUNTIME_CUDA_GROWINGARRAY_H

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>
#include <utility>

namespace dlc::runtime::cuda {

template <typename T> class GrowingArray {
  static_assert(std::is_trivially_copyable_v<T>);

public:
  GrowingArray() = default;
  GrowingArray(const GrowingArray &) = delete;
  GrowingArray &operator=(const GrowingArray &) = delete;
  ~GrowingArray() { free(elements); }

  /// False when memory is short; the array is then as before.
  [[nodiscard]] bool append(const T *values, size_t count) {
    if (length + count > capacity) {
      const size_t wanted = capacity * 2 > length + count ? capacity * 2 : length + count + 16;
      auto *larger = static_cast<T *>(realloc(elements, wanted * sizeof(T)));
      if (!larger)
        return false;
      elements = larger;
      capacity = wanted;
    }
    if (count)
      memcpy(elements + length, values, count * sizeof(T));
    length += count;
    return true;
  }
  [[nodiscard]] bool append(const T &value) { return append(&value, 1); }

  /// Forgets the elements and keeps their memory.
  void clear() { length = 0; }
  void swap(GrowingArray &other) {
    std::swap(elements, other.elements);
    std::swap(length, other.length);
    std::swap(capacity, other.capacity);
  }

  T *data() { return elements; }
  const T *data() const { return elements; }
  size_t size() const { return length; }
  T &operator[](size_t i) { return elements[i]; }
  const T &operator[](size_t i) const { return elements[i]; }

private:
  T *elements = nullptr;
  size_t length = 0;
  size_t capacity = 0;
};

} // namespace dlc::runtime::cuda

#endif
