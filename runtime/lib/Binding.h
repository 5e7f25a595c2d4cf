// Binds the symbols of a program to the dims of given inputs.
#ifndef DLC_RUNTIME_BINDING_H
#define DLC_RUNTIME_BINDING_H

#include "Manifest.h"
#include "StructSize.h"

namespace dlc::runtime {

/// Row `i` of a caller's array, whose stride is the size that its structs state.
template <typename T> T &rowOf(T *rows, uint32_t i) {
  using Byte = std::conditional_t<std::is_const_v<T>, const char, char>;
  return *reinterpret_cast<T *>(reinterpret_cast<Byte *>(rows) + size_t{i} * rows->struct_size);
}

/// Checks the struct sizes of a caller's array.
template <typename T>
Status checkRows(const char *kind, const T *rows, uint32_t count, ErrorText &error) {
  if (count && !rows)
    return error.fail(DLC_INVALID_ARGUMENT, "the %ss are null", kind);
  for (uint32_t i = 0; i < count; ++i) {
    if (!coversFirstVersion(*rows) || rows->struct_size % alignof(T) != 0)
      return error.fail(DLC_INVALID_ARGUMENT, "%s 0: struct_size %u is not that of this API", kind,
                        rows->struct_size);
    if (rowOf(rows, i).struct_size != rows->struct_size)
      return error.fail(DLC_INVALID_ARGUMENT, "%s %u: struct_size differs from that of %s 0", kind,
                        i, kind);
  }
  return DLC_OK;
}

/// An input as the caller gave it, in whichever way.
struct GivenInput {
  bool isGiven;
  uint32_t kind; // DLC_VALUE_
  int32_t dtype;
  uint32_t rank;
  const int64_t *dims;
  const void *data; // of a tensor
  uint64_t size;    // bytes at `data`
  dlc_value *value; // null where the caller gave none
  uint32_t memory;  // DLC_MEMORY_
};

/// What the inputs of one call bind.
class Binding {
public:
  /// For a program with `numSymbols` symbols of all kinds.
  [[nodiscard]] bool allocate(const Manifest &manifest, size_t numSymbols);

  /// Puts the caller's inputs into the manifest's order, by position or by name.
  Status match(const dlc_input *inputs, uint32_t count, ErrorText &error);

  /// Checks element types, ranks, dims and declared ranges, and binds each symbol at its first use.
  /// Reports every problem of all inputs.
  Status bind(ErrorText &error);

  /// Checks the buffers of inputs whose elements decide sizes.
  Status checkEntryData(ErrorText &error) const;
  /// Checks the buffers of a run.
  Status checkData(ErrorText &error) const;

  const GivenInput &input(size_t i) const { return matched[i]; }
  int64_t *symbols() { return values.data(); }

private:
  /// Where a symbol was bound.
  struct Origin {
    bool bound;
    uint32_t input;
    uint32_t dim;
  };

  Status bindInput(uint32_t index, ErrorText &error);
  static Status bindValue(const ManifestTensor &tensor, const GivenInput &given, ErrorText &error);
  Status bindDim(uint32_t index, uint32_t dim, ErrorText &error);
  static Status checkType(const ManifestTensor &tensor, const GivenInput &given, ErrorText &error);
  static Status checkBuffer(const ManifestTensor &tensor, const GivenInput &given,
                            ErrorText &error);

  const Manifest *manifest = nullptr;
  OwnedArray<GivenInput> matched;
  OwnedArray<int64_t> values;
  OwnedArray<Origin> origins;
};

} // namespace dlc::runtime

#endif
