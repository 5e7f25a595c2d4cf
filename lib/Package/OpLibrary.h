// The library ops (runtime/ops) as machine code for artifacts: compiled for every x86-64 when this
// compiler was built, and part of it.
#ifndef DLC_LIB_PACKAGE_OPLIBRARY_H
#define DLC_LIB_PACKAGE_OPLIBRARY_H

#include "llvm/ADT/StringRef.h"

extern "C" const char dlc_op_library[], dlc_op_library_end[];

namespace dlc {

/// An archive of relocatable objects that define dlc_op_<name> for each name of Ops.def. Its bytes
/// depend on the ops' sources and their compiler alone.
inline llvm::StringRef getOpLibrary() {
  return {dlc_op_library, static_cast<size_t>(dlc_op_library_end - dlc_op_library)};
}

} // namespace dlc

#endif
