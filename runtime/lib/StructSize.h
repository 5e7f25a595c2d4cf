// Structs of callers of other versions of the API. A struct begins with its size and only grows at
// its end: a caller of an earlier version gives a smaller one, a caller of a later version a larger
// one.
#ifndef DLC_RUNTIME_STRUCTSIZE_H
#define DLC_RUNTIME_STRUCTSIZE_H

#include "dlc/ABI/Program.h"
#include "dlc/dlc.h"

#include <cstddef>
#include <cstring>

namespace dlc::runtime {

/// Bytes of a struct as its first version was: what every caller's has. They never change; fields
/// that come later are read where the caller's struct_size covers them.
template <typename T> inline constexpr uint32_t firstSize = 0;
template <> inline constexpr uint32_t firstSize<dlc_session_options> = 8;
template <> inline constexpr uint32_t firstSize<dlc_session_info> = 56;
template <> inline constexpr uint32_t firstSize<dlc_tensor_info> = 40;
template <> inline constexpr uint32_t firstSize<dlc_symbol_info> = 32;
template <> inline constexpr uint32_t firstSize<dlc_context_options> = 16;
template <> inline constexpr uint32_t firstSize<dlc_input> = 48;
template <> inline constexpr uint32_t firstSize<dlc_output> = 296;
template <> inline constexpr uint32_t firstSize<dlc_run_options> = 24;
template <> inline constexpr uint32_t firstSize<dlc_kernel_info> = 24;
template <> inline constexpr uint32_t firstSize<dlc_profile_row> = 32;
template <> inline constexpr uint32_t firstSize<dlc_program> = 56;

/// Whether a struct has all fields of the first version.
template <typename T> [[nodiscard]] bool coversFirstVersion(const T &given) {
  static_assert(firstSize<T> >= sizeof(given.struct_size) && firstSize<T> <= sizeof(T));
  return given.struct_size >= firstSize<T>;
}

/// Bytes that both sides know of a struct of `size` bytes.
template <typename T> size_t sharedSize(uint32_t size) {
  return size < sizeof(T) ? size : sizeof(T);
}

/// Copies what the caller's struct covers; later fields of `full` stay as they are: the defaults.
/// False where not even the first version is covered.
template <typename T> [[nodiscard]] bool readStruct(const T &given, T &full) {
  if (!coversFirstVersion(given))
    return false;
  memcpy(&full, &given, sharedSize<T>(given.struct_size));
  return true;
}

/// Fills the part of the caller's struct that both sides know; its struct_size stays.
template <typename T> [[nodiscard]] bool writeStruct(T &given, T full) {
  if (!coversFirstVersion(given))
    return false;
  full.struct_size = given.struct_size;
  memcpy(&given, &full, sharedSize<T>(given.struct_size));
  return true;
}

} // namespace dlc::runtime

#endif
