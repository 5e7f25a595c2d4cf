#include "OnnxTypes.h"

#include "onnx-ml.pb.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

std::string dlc::getElementTypeName(int dataType) {
  if (!onnx::TensorProto_DataType_IsValid(dataType))
    return std::to_string(dataType);
  return StringRef(onnx::TensorProto_DataType_Name(dataType)).lower();
}

Type dlc::convertElementType(MLIRContext *context, int dataType) {
  Builder builder(context);
  switch (dataType) {
  case TensorProto::FLOAT:
    return builder.getF32Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  case TensorProto::FLOAT16:
    return builder.getF16Type();
  case TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case TensorProto::FLOAT8E4M3FN:
    return builder.getType<Float8E4M3FNType>();
  case TensorProto::FLOAT8E4M3FNUZ:
    return builder.getType<Float8E4M3FNUZType>();
  case TensorProto::FLOAT8E5M2:
    return builder.getType<Float8E5M2Type>();
  case TensorProto::FLOAT8E5M2FNUZ:
    return builder.getType<Float8E5M2FNUZType>();
  case TensorProto::FLOAT8E8M0:
    return builder.getType<Float8E8M0FNUType>();
  case TensorProto::FLOAT4E2M1:
    return builder.getType<Float4E2M1FNType>();
  case TensorProto::FLOAT6E2M3:
    return builder.getType<Float6E2M3FNType>();
  case TensorProto::FLOAT6E3M2:
    return builder.getType<Float6E3M2FNType>();
  case TensorProto::INT2:
    return builder.getIntegerType(2);
  case TensorProto::INT4:
    return builder.getIntegerType(4);
  case TensorProto::UINT2:
    return builder.getIntegerType(2, /*isSigned=*/false);
  case TensorProto::UINT4:
    return builder.getIntegerType(4, /*isSigned=*/false);
  case TensorProto::BOOL:
    return builder.getI1Type();
  case TensorProto::INT8:
    return builder.getI8Type();
  case TensorProto::INT16:
    return builder.getI16Type();
  case TensorProto::INT32:
    return builder.getI32Type();
  case TensorProto::INT64:
    return builder.getI64Type();
  case TensorProto::UINT8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case TensorProto::UINT16:
    return builder.getIntegerType(16, /*isSigned=*/false);
  case TensorProto::UINT32:
    return builder.getIntegerType(32, /*isSigned=*/false);
  case TensorProto::UINT64:
    return builder.getIntegerType(64, /*isSigned=*/false);
  default:
    return {};
  }
}

int dlc::getDataType(Type elementType) {
  MLIRContext *context = elementType.getContext();
  for (int dataType = onnx::TensorProto_DataType_DataType_MIN;
       dataType <= onnx::TensorProto_DataType_DataType_MAX; ++dataType)
    if (convertElementType(context, dataType) == elementType)
      return dataType;
  llvm_unreachable("the importer makes no other element types");
}

static InFlightDiagnostic emitUnsupportedElements(int dataType, EmitError emitError) {
  return emitError() << "element type " << getElementTypeName(dataType) << " is not supported yet";
}

std::optional<int64_t> dlc::getDenseBytes(ArrayRef<int64_t> dims, Type elementType) {
  int64_t bytes = llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
  for (int64_t dim : dims)
    if (dim < 0 || llvm::MulOverflow(bytes, dim, bytes))
      return std::nullopt;
  return bytes;
}

static std::string makeFreshSymbol(StringRef input, int index, llvm::StringSet<> &symbols) {
  std::string name = (input + "_" + Twine(index)).str();
  while (!symbols.insert(name).second)
    name += "_";
  return name;
}

FailureOr<PlannedType> dlc::convertInputType(MLIRContext *context,
                                             const onnx::ValueInfoProto &input,
                                             llvm::StringSet<> &symbols, EmitError emitError) {
  const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
  Type elementType = convertElementType(context, tensor.elem_type());
  if (!elementType)
    return emitUnsupportedElements(tensor.elem_type(), emitError);
  if (!tensor.has_shape())
    return emitError() << "expected a shape; inputs of unknown rank are not supported yet";
  SmallVector<ExprAttr> dims;
  SmallVector<int64_t> known; // the static dims, which must fit by themselves
  for (const onnx::TensorShapeProto::Dimension &dim : tensor.shape().dim()) {
    int index = dims.size();
    if (dim.has_dim_value()) {
      known.push_back(dim.dim_value());
      dims.push_back(ExprAttr::constant(context, dim.dim_value()));
    } else if (!dim.dim_param().empty()) {
      dims.push_back(ExprAttr::symbol(context, dim.dim_param()));
    } else {
      dims.push_back(ExprAttr::symbol(context, makeFreshSymbol(input.name(), index, symbols)));
    }
    if (!known.empty() && known.back() < 0)
      return emitError() << "expected dims that are not negative, found " << known.back()
                         << " in dimension " << index;
  }
  if (!getDenseBytes(known, elementType))
    return emitError() << "expected a shape of less than 2^63 bytes";
  return PlannedType::get(dims, elementType);
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

PlannedType dlc::getStaticType(ArrayRef<int64_t> shape, Type elementType) {
  return PlannedType::get(
      llvm::map_to_vector(
          shape, [&](int64_t dim) { return ExprAttr::constant(elementType.getContext(), dim); }),
      elementType);
}

Constant dlc::makeDenseConstant(DenseElementsAttr value) {
  return {value, getStaticType(value.getType().getShape(), value.getElementType())};
}

Value dlc::createConstant(OpBuilder &builder, Location loc, const Constant &constant) {
  return ConstantOp::create(builder, loc, constant.type, constant.value);
}
