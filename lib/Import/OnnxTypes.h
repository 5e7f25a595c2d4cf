// ONNX's types and tensors as types and attributes of the dialect.
#ifndef DLC_IMPORT_ONNXTYPES_H
#define DLC_IMPORT_ONNXTYPES_H

#include "Skeleton.h"

#include "dlc/IR/Dlc.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

namespace onnx {
class TensorProto;
class ValueInfoProto;
} // namespace onnx

namespace dlc {

using EmitError = llvm::function_ref<mlir::InFlightDiagnostic()>;

/// ONNX's name of a TensorProto.DataType, or its number where it has none.
std::string getElementTypeName(int dataType);

/// Null where dlc has no such elements: strings, complex numbers, elements smaller than a byte.
mlir::Type convertElementType(mlir::MLIRContext *context, int dataType);

/// The type of a graph input. A dim without value and name gets the symbol "<input>_<index>",
/// changed until it is not in `symbols`, which holds the names of all dims of the model's inputs.
mlir::FailureOr<PlannedType> convertInputType(mlir::MLIRContext *context,
                                              const onnx::ValueInfoProto &input,
                                              llvm::StringSet<> &symbols, EmitError emitError);

/// What `dlc.constant` needs.
struct Constant {
  mlir::Attribute value;
  PlannedType type;
};

Constant makeDenseConstant(mlir::DenseElementsAttr value);
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location loc, const Constant &constant);

/// A tensor of the skeleton's model: a dense attribute where it is small, else a range of file 0.
mlir::FailureOr<Constant> convertTensor(mlir::MLIRContext *context, const onnx::TensorProto &tensor,
                                        const Skeleton &skeleton, llvm::StringRef file,
                                        EmitError emitError);

} // namespace dlc

#endif
