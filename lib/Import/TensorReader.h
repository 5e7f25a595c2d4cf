// The tensors of a model as constants. Elements stay where they are, in the model's file or in
// files beside it; small ones, and those that lie nowhere in one piece, are copied.
#ifndef DLC_IMPORT_TENSORREADER_H
#define DLC_IMPORT_TENSORREADER_H

#include "OnnxTypes.h"
#include "Skeleton.h"

#include "dlc/Support/SourceFiles.h"
#include "llvm/ADT/StringMap.h"

namespace dlc {

class TensorReader {
public:
  TensorReader(mlir::MLIRContext *context, SourceFiles &files, size_t modelFile);

  /// What the scan of the model's file has found; the model's tensors refer to it.
  void setSkeleton(Skeleton found) { skeleton = std::move(found); }
  /// A tensor of numbers.
  mlir::FailureOr<Constant> convertTensor(const onnx::TensorProto &tensor, EmitError emitError);
  /// The dense form of a sparse tensor.
  mlir::FailureOr<Constant> convertSparse(const onnx::SparseTensorProto &tensor,
                                          EmitError emitError);
  /// A constant of elements in order, little-endian.
  Constant makeConstant(llvm::ArrayRef<int64_t> shape, mlir::Type elementType,
                        llvm::ArrayRef<char> bytes);

  /// The module's table of sources, once all tensors are converted.
  llvm::SmallVector<SourceAttr> finishSources();

private:
  /// Bytes of a row of the table.
  struct Range {
    int64_t row, offset, length;
  };
  mlir::FailureOr<Range> findExternal(const onnx::TensorProto &tensor, EmitError emitError);
  /// The row of a file beside the model, which is mapped at its first use.
  mlir::FailureOr<int64_t> openExternal(llvm::StringRef location, EmitError emitError);
  /// Fails where the file in `row` has another SHA-1 digest than `expected`, in hexadecimal.
  llvm::LogicalResult checkDigest(int64_t row, llvm::StringRef location, llvm::StringRef expected,
                                  EmitError emitError);
  mlir::FailureOr<Constant> convertExternal(const onnx::TensorProto &tensor,
                                            llvm::ArrayRef<int64_t> shape, mlir::Type elementType,
                                            int64_t bytes, EmitError emitError);
  /// `data` are the elements as they lie in `range`.
  Constant makeWeight(llvm::ArrayRef<int64_t> shape, mlir::Type elementType, llvm::StringRef data,
                      Range range);
  llvm::StringRef getBytes(int64_t row) const;
  /// The elements of a constant's value.
  std::string readElements(mlir::Attribute value) const;

  mlir::MLIRContext *context;
  SourceFiles &files;
  Skeleton skeleton;
  std::string folder;                           // of the model
  llvm::SmallVector<ssize_t> rows;              // indices of files; -1: `copied`
  llvm::StringMap<int64_t> external;            // rows by resolved path
  llvm::DenseMap<int64_t, std::string> digests; // of rows that a tensor gives a digest for
  std::string copied;                           // elements that lie in no file
};

} // namespace dlc

#endif
