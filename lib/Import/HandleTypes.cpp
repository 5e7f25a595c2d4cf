#include "HandleTypes.h"

#include "TensorReader.h"

#include "onnx-ml.pb.h"

using namespace mlir;
using namespace dlc;
using onnx::TensorProto;

bool OnnxType::isString() const { return dtype == TensorProto::STRING; }

std::string dlc::describe(const OnnxType &type) {
  std::string text = "tensor(" + getElementTypeName(type.dtype) + ")";
  if (type.kind == OnnxType::sequence || type.isOfSequence)
    text = "seq(" + text + ")";
  return type.kind == OnnxType::optional ? "optional(" + text + ")" : text;
}

static FailureOr<OnnxType> convertTensorType(MLIRContext *context, const onnx::TypeProto &type,
                                             EmitError emitError) {
  if (!type.has_tensor_type())
    return emitError() << "expected a tensor, a sequence or optional of tensors, or an optional "
                          "sequence; other types are not supported";
  int dtype = type.tensor_type().elem_type();
  if (dtype != TensorProto::STRING && !convertElementType(context, dtype))
    return emitError() << "element type " << getElementTypeName(dtype) << " is not supported yet";
  return OnnxType{OnnxType::tensor, dtype};
}

FailureOr<OnnxType> dlc::convertOnnxType(MLIRContext *context, const onnx::TypeProto &type,
                                         EmitError emitError) {
  const onnx::TypeProto *inner = &type;
  bool isOptional = type.has_optional_type();
  if (isOptional)
    inner = &type.optional_type().elem_type();
  bool isSequence = inner->has_sequence_type();
  if (isSequence)
    inner = &inner->sequence_type().elem_type();
  FailureOr<OnnxType> converted = convertTensorType(context, *inner, emitError);
  if (failed(converted))
    return failure();
  if (isOptional)
    return OnnxType{OnnxType::optional, converted->dtype, isSequence};
  return OnnxType{isSequence ? OnnxType::sequence : OnnxType::tensor, converted->dtype};
}

OnnxType HandleTypes::getType(Value value) const {
  if (auto type = dyn_cast<PlannedType>(value.getType()))
    return {OnnxType::tensor, getDataType(type.getElementType())};
  return types.lookup(value);
}

Type HandleTypes::convert(MLIRContext *context, const OnnxType &type) {
  if (type.isHandle())
    return HandleType::get(context);
  return PlannedType::getUnranked(convertElementType(context, type.dtype));
}

SmallVector<Value> HandleTypes::createCall(OpBuilder &builder, Location loc, StringRef callee,
                                           ValueRange operands, ArrayRef<NamedAttribute> parameters,
                                           ArrayRef<OnnxType> onnxTypes, bool hasHandles) {
  MLIRContext *context = builder.getContext();
  auto results = llvm::map_to_vector(onnxTypes, [&](const OnnxType &it) -> Type {
    return hasHandles ? HandleType::get(context) : convert(context, it);
  });
  auto call = LibraryCallOp::create(builder, loc, results, callee, operands, /*outs=*/ValueRange(),
                                    builder.getDictionaryAttr(parameters));
  SmallVector<Value> values;
  for (auto [result, type] : llvm::zip_equal(call.getOutputs(), onnxTypes)) {
    Value value = result;
    if (type.isHandle())
      set(value, type);
    else if (hasHandles)
      value =
          MatchOp::create(builder, loc, convert(context, type), value, builder.getStrArrayAttr({}));
    values.push_back(value);
  }
  return values;
}

SmallVector<Value> HandleTypes::createCall(OpBuilder &builder, Location loc, StringRef callee,
                                           ValueRange operands, ArrayRef<NamedAttribute> parameters,
                                           ArrayRef<OnnxType> onnxTypes) {
  bool hasHandles = llvm::any_of(onnxTypes, [](const OnnxType &it) { return it.isHandle(); });
  return createCall(builder, loc, callee, operands, parameters, onnxTypes, hasHandles);
}

Value HandleTypes::createHeld(OpBuilder &builder, Location loc, StringRef callee,
                              ValueRange operands, const OnnxType &type) {
  return createCall(builder, loc, callee, operands, {}, type, /*hasHandles=*/true).front();
}

Value HandleTypes::createStrings(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                                 ArrayRef<StringRef> elements) {
  NamedAttribute parameters[] = {
      builder.getNamedAttr("dims", builder.getDenseI64ArrayAttr(shape)),
      builder.getNamedAttr("strings", builder.getStrArrayAttr(elements))};
  return createCall(builder, loc, "string_constant", {}, parameters,
                    OnnxType{OnnxType::tensor, TensorProto::STRING})
      .front();
}

static FailureOr<Value> importStrings(OpBuilder &builder, Location loc, const TensorProto &tensor,
                                      HandleTypes &handles, EmitError emitError) {
  if (tensor.data_location() == TensorProto::EXTERNAL)
    return emitError() << "strings in an external file are not allowed";
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> count = getDenseBytes(shape, builder.getI8Type());
  if (!count)
    return emitError() << "expected dims that are not negative and less than 2^63 bytes, found ["
                       << shape << "]";
  if (*count != tensor.string_data_size())
    return emitError() << "expected " << *count << " strings for shape [" << shape << "], found "
                       << tensor.string_data_size();
  SmallVector<StringRef> elements(tensor.string_data().begin(), tensor.string_data().end());
  return handles.createStrings(builder, loc, shape, elements);
}

FailureOr<Value> dlc::importTensor(OpBuilder &builder, Location loc, const TensorProto &tensor,
                                   TensorReader &reader, HandleTypes &handles,
                                   EmitError emitError) {
  if (tensor.data_type() == TensorProto::STRING)
    return importStrings(builder, loc, tensor, handles, emitError);
  FailureOr<Constant> constant = reader.convertTensor(tensor, emitError);
  if (failed(constant))
    return failure();
  return createConstant(builder, loc, *constant);
}
