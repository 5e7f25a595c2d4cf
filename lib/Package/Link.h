// The link: compiled objects, the library ops that they call, note, manifest and an empty place for
// the weights become a shared object.
#ifndef DLC_LIB_PACKAGE_LINK_H
#define DLC_LIB_PACKAGE_LINK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <string>

namespace dlc {

/// Names of the sections that a package adds to the code.
inline constexpr llvm::StringLiteral noteSection = ".note.dlc";
inline constexpr llvm::StringLiteral manifestSection = ".dlc.manifest";
inline constexpr llvm::StringLiteral weightsSection = ".ldlc_weights";

/// The page size that segments are aligned to.
inline constexpr uint64_t pageSize = 4096;

struct LinkInputs {
  llvm::ArrayRef<std::string> objects; // which may call dlc_op_<name> for each name of Ops.def
  llvm::StringRef note;                // the whole ELF note
  llvm::StringRef manifest;            // the blob
  uint64_t weightsSize = 0;
};

/// Links in process. Undefined symbols are left to libc and libm alone; any other is an error. The
/// image has a weights section of `weightsSize` bytes, in a segment of its own, that takes no room
/// in the file. One link at a time: calls wait for each other.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>> linkImage(const LinkInputs &inputs);

} // namespace dlc

#endif
