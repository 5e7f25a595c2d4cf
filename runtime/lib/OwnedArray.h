// An array of plain values whose allocation can fail without an exception.
#ifndef DLC_RUNTIME_OWNEDARRAY_H
#define DLC_RUNTIME_OWNEDARRAY_H

#include <cstdint>
#include <cstdlib>
#include <type_traits>

namespace dlc::runtime {

template <typename T> class OwnedArray {
  static_assert(std::is_trivially_copyable_v<T>);

public:
  OwnedArray() = default;
  OwnedArray(const OwnedArray &) = delete;
  OwnedArray &operator=(const OwnedArray &) = delete;
  ~OwnedArray() { free(elements); }

  /// Makes room for `count` zeroed elements, once. False when memory is short.
  [[nodiscard]] bool allocate(size_t count) {
    // A null result must mean failure only, so that nothing is not asked for.
    elements = static_cast<T *>(calloc(count ? count : 1, sizeof(T)));
    length = elements ? count : 0;
    return elements != nullptr;
  }

  T *data() { return elements; }
  const T *data() const { return elements; }
  size_t size() const { return length; }
  T &operator[](size_t i) { return elements[i]; }
  const T &operator[](size_t i) const { return elements[i]; }
  T *begin() { return elements; }
  T *end() { return elements + length; }
  const T *begin() const { return elements; }
  const T *end() const { return elements + length; }

private:
  T *elements = nullptr;
  size_t length = 0;
};

} // namespace dlc::runtime

#endif
