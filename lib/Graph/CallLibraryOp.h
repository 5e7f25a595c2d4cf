// Calls of library ops while the compiler runs.
#ifndef DLC_LIB_GRAPH_CALLLIBRARYOP_H
#define DLC_LIB_GRAPH_CALLLIBRARYOP_H

#include "dlc/IR/LibraryCall.h"

#include <string>

namespace dlc {

/// A dense tensor in memory that is aligned for its elements.
struct TensorData {
  int32_t dtype; // DLC_DTYPE_, but for strings
  llvm::SmallVector<int64_t> dims;
  llvm::MutableArrayRef<char> bytes;
};

/// Computes all elements of `outputs` by function dlc_op_<name>. Absent inputs are null; attributes
/// hold constants alone. Where the function fails it returns what that says.
std::optional<std::string> callLibraryOp(llvm::StringRef name,
                                         llvm::ArrayRef<const TensorData *> inputs,
                                         llvm::ArrayRef<TensorData> outputs,
                                         llvm::ArrayRef<LibraryAttribute> attributes);

} // namespace dlc

#endif
