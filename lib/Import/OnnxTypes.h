// ONNX's types and tensors as types and attributes of the dialect.
#ifndef DLC_IMPORT_ONNXTYPES_H
#define DLC_IMPORT_ONNXTYPES_H

#include "dlc/IR/Dlc.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

namespace onnx {
class SparseTensorProto;
class TensorProto;
class TypeProto;
class ValueInfoProto;
} // namespace onnx

namespace dlc {

class TensorReader;

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// ONNX's name of a TensorProto.DataType, or its number where it has none.
std::string getElementTypeName(int dataType);

/// Null where dlc has no such elements: strings, complex numbers, elements smaller than a byte.
mlir::Type convertElementType(mlir::MLIRContext *context, int dataType);

/// The TensorProto.DataType of such a type.
int getDataType(mlir::Type elementType);

/// The number of bytes of a dense tensor; nothing where a dim is negative or the number leaves 63
/// bits.
std::optional<int64_t> getDenseBytes(llvm::ArrayRef<int64_t> dims, mlir::Type elementType);

/// The type of a graph input that is a tensor of numbers. A dim without value and name gets the
/// symbol "<input>_<index>", changed until it is not in `symbols`, which holds the names of all
/// dims of the model's inputs.
mlir::FailureOr<PlannedType> convertInputType(mlir::MLIRContext *context,
                                              const onnx::ValueInfoProto &input,
                                              llvm::StringSet<> &symbols, EmitError emitError);

/// What `dlc.constant` needs.
struct Constant {
  mlir::Attribute value;
  PlannedType type;
};

PlannedType getStaticType(llvm::ArrayRef<int64_t> shape, mlir::Type elementType);
Constant makeDenseConstant(mlir::DenseElementsAttr value);
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc, const Constant &constant);

} // namespace dlc

#endif
