// What ONNX says of the values that are handles: tensors of strings, sequences, optionals. The
// dialect's handles have one type, so the importer keeps a table.
#ifndef DLC_IMPORT_HANDLETYPES_H
#define DLC_IMPORT_HANDLETYPES_H

#include "OnnxTypes.h"

#include "dlc/ABI/Op.h"

#include "llvm/ADT/DenseMap.h"

namespace dlc {

/// A type of ONNX without shapes.
struct OnnxType {
  enum Kind { tensor, sequence, optional };
  Kind kind = tensor;
  int dtype = 0;             // TensorProto.DataType of the elements
  bool isOfSequence = false; // an optional of a sequence, not of a tensor

  bool operator==(const OnnxType &) const = default;
  bool isString() const;
  /// Whether its values are handles: all but tensors of numbers.
  bool isHandle() const { return kind != tensor || isString(); }
  /// What an optional holds.
  OnnxType getHeld() const { return {isOfSequence ? sequence : tensor, dtype, false}; }
};

/// "tensor(float)", "seq(tensor(string))", "optional(seq(tensor(float)))".
std::string describe(const OnnxType &type);

/// The type in a TypeProto. Emits an error for one that dlc has no values of.
mlir::FailureOr<OnnxType> convertOnnxType(mlir::MLIRContext *context, const onnx::TypeProto &type,
                                          EmitError emitError);

class HandleTypes {
public:
  /// The type of any value of the importer.
  OnnxType getType(mlir::Value value) const;
  /// A handle of this type.
  mlir::Value set(mlir::Value handle, const OnnxType &type) {
    types[handle] = type;
    return handle;
  }
  /// The dialect's type of a value: of tensors of numbers without a shape.
  static mlir::Type convert(mlir::MLIRContext *context, const OnnxType &type);

  /// A library call with results of these types. Where handles and tensors are mixed, the call
  /// makes handles and the tensors are matched.
  llvm::SmallVector<mlir::Value> createCall(mlir::OpBuilder &builder, mlir::Location loc,
                                            llvm::StringRef callee, mlir::ValueRange operands,
                                            llvm::ArrayRef<mlir::NamedAttribute> parameters,
                                            llvm::ArrayRef<OnnxType> types);
  /// A library call whose one result is a handle, whatever it holds.
  mlir::Value createHeld(mlir::OpBuilder &builder, mlir::Location loc, llvm::StringRef callee,
                         mlir::ValueRange operands, const OnnxType &type);
  mlir::Value createStrings(mlir::OpBuilder &builder, mlir::Location loc,
                            llvm::ArrayRef<int64_t> shape,
                            llvm::ArrayRef<llvm::StringRef> elements);

private:
  llvm::SmallVector<mlir::Value> createCall(mlir::OpBuilder &builder, mlir::Location loc,
                                            llvm::StringRef callee, mlir::ValueRange operands,
                                            llvm::ArrayRef<mlir::NamedAttribute> parameters,
                                            llvm::ArrayRef<OnnxType> types, bool makesHandles);

  llvm::DenseMap<mlir::Value, OnnxType> types;
};

/// The value of a tensor of the model: a constant, or a handle where its elements are strings.
mlir::FailureOr<mlir::Value> importTensor(mlir::OpBuilder &builder, mlir::Location loc,
                                          const onnx::TensorProto &tensor, TensorReader &reader,
                                          HandleTypes &handles, EmitError emitError);

} // namespace dlc

#endif
