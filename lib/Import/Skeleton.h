// An ONNX file without the data of its tensors.
//
// Tensor data stays in the file, which may be larger than memory and than protobuf's 2 GB; what is
// left is small and goes through protobuf. The scan knows the wire format and where ONNX's messages
// hold tensors, nothing else.
#ifndef DLC_IMPORT_SKELETON_H
#define DLC_IMPORT_SKELETON_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <vector>

namespace dlc {

/// A field of a TensorProto that the scan took out: little-endian elements, at any alignment.
struct TensorChunk {
  enum Kind { raw, floats, doubles } kind;
  size_t offset, length; // in bytes of the file
};

struct Skeleton {
  /// A field of the ModelProto. Merged in order, the fields are the model.
  struct Field {
    unsigned number;
    size_t offset; // in the file
    std::string bytes;
  };
  std::vector<Field> fields;

  /// What was taken out of each tensor, in file order. In the fields, `raw_data` of every
  /// TensorProto is the index of its row, 8 bytes, little-endian: since all of them are written by
  /// the scan, no file can name a row of its choice.
  std::vector<llvm::SmallVector<TensorChunk, 1>> tensors;
};

/// Scans the bytes of a file. The error says what is wrong at which byte.
llvm::Expected<Skeleton> readSkeleton(llvm::StringRef file);

} // namespace dlc

#endif
