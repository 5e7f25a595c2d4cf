#include "OnnxTypes.h"

#include "onnx-ml.pb.h"

#include "llvm/Support/Endian.h"
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

static InFlightDiagnostic emitUnsupportedElements(int dataType, EmitError emitError) {
  return emitError() << "element type " << getElementTypeName(dataType) << " is not supported yet";
}

/// The number of bytes of a dense tensor; nothing where a dim is negative or the number leaves 63
/// bits.
static std::optional<int64_t> getDenseBytes(ArrayRef<int64_t> dims, Type elementType) {
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
  if (!input.type().has_tensor_type())
    return emitError() << "expected a tensor type; other types are not supported yet";
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

static PlannedType getStaticType(ArrayRef<int64_t> shape, Type elementType) {
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

namespace {

/// Where the elements of one tensor are. At most one of these fields has elements in a valid
/// tensor.
class TensorData {
public:
  TensorData(const TensorProto &tensor, const Skeleton &skeleton, StringRef file)
      : tensor(tensor), file(file) {
    assert(tensor.raw_data().size() == 8 && "not a tensor of a skeleton");
    chunks = skeleton.tensors[llvm::support::endian::read64le(tensor.raw_data().data())];
  }

  /// Finds the elements: little-endian bytes of the file in `chunks`, or numbers that protobuf has
  /// decoded.
  LogicalResult find(Type elementType, EmitError emitError);

  /// Where find succeeded: how many bytes the elements take as raw data.
  size_t getBytes() const { return bytes; }
  /// The one range of the file that holds all elements, if there is one.
  std::optional<TensorChunk> getRange() const {
    return decoded == 0 && chunks.size() == 1 ? std::optional(chunks.front()) : std::nullopt;
  }
  /// All elements, little-endian.
  FailureOr<SmallVector<char>> read(Type elementType, EmitError emitError) const;

private:
  LogicalResult checkKind(TensorChunk::Kind kind, EmitError emitError) const;
  /// Calls `visit` with each number of the typed field that protobuf has decoded, as 64 bits.
  void forEachDecoded(function_ref<void(uint64_t)> visit) const;

  const TensorProto &tensor;
  StringRef file;
  SmallVector<TensorChunk, 1> chunks;
  size_t bytes = 0, decoded = 0;
};

} // namespace

/// The field that holds elements of a type where they are not raw.
enum class TypedField { floats, doubles, int32s, int64s, uint64s };

static TypedField getTypedField(int dataType) {
  switch (dataType) {
  case TensorProto::FLOAT:
    return TypedField::floats;
  case TensorProto::DOUBLE:
    return TypedField::doubles;
  case TensorProto::INT64:
    return TypedField::int64s;
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return TypedField::uint64s;
  default:
    return TypedField::int32s;
  }
}

LogicalResult TensorData::checkKind(TensorChunk::Kind kind, EmitError emitError) const {
  TypedField field = getTypedField(tensor.data_type());
  bool fits = kind == TensorChunk::raw ||
              (kind == TensorChunk::floats && field == TypedField::floats) ||
              (kind == TensorChunk::doubles && field == TypedField::doubles);
  if (fits)
    return success();
  return emitError() << "expected elements of type " << getElementTypeName(tensor.data_type())
                     << ", found " << (kind == TensorChunk::floats ? "float_data" : "double_data");
}

void TensorData::forEachDecoded(function_ref<void(uint64_t)> visit) const {
  auto visitAll = [&](const auto &values) {
    for (auto value : values)
      visit(static_cast<uint64_t>(static_cast<int64_t>(value)));
  };
  switch (getTypedField(tensor.data_type())) {
  case TypedField::floats:
    for (float value : tensor.float_data())
      visit(llvm::bit_cast<uint32_t>(value));
    return;
  case TypedField::doubles:
    for (double value : tensor.double_data())
      visit(llvm::bit_cast<uint64_t>(value));
    return;
  case TypedField::int32s:
    return visitAll(tensor.int32_data());
  case TypedField::int64s:
    return visitAll(tensor.int64_data());
  case TypedField::uint64s:
    return visitAll(tensor.uint64_data());
  }
}

LogicalResult TensorData::find(Type elementType, EmitError emitError) {
  // Empty fields say nothing.
  llvm::erase_if(chunks, [](const TensorChunk &chunk) { return chunk.length == 0; });
  forEachDecoded([&](uint64_t) { ++decoded; });
  size_t inOtherFields = tensor.float_data_size() + tensor.double_data_size() +
                         tensor.int32_data_size() + tensor.int64_data_size() +
                         tensor.uint64_data_size() + tensor.string_data_size() - decoded;
  bool mixed = llvm::any_of(chunks, [&](const TensorChunk &chunk) {
    return chunk.kind != chunks.front().kind ||
           (chunk.kind == TensorChunk::raw && chunks.size() > 1);
  });
  if (inOtherFields != 0 || mixed || (decoded != 0 && !chunks.empty()))
    return emitError() << "expected elements in one field, that of type "
                       << getElementTypeName(tensor.data_type());
  for (const TensorChunk &chunk : chunks) {
    if (failed(checkKind(chunk.kind, emitError)))
      return failure();
    bytes += chunk.length;
  }
  bytes += decoded * llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
  return success();
}

FailureOr<SmallVector<char>> TensorData::read(Type elementType, EmitError emitError) const {
  SmallVector<char> data;
  for (const TensorChunk &chunk : chunks)
    data.append(file.begin() + chunk.offset, file.begin() + chunk.offset + chunk.length);
  unsigned width = elementType.getIntOrFloatBitWidth(), width8 = llvm::divideCeil(width, 8) * 8;
  bool isSigned = elementType.isSignlessInteger() && width > 1;
  bool fits = true;
  forEachDecoded([&](uint64_t value) {
    fits &=
        isSigned ? llvm::isIntN(width, static_cast<int64_t>(value)) : llvm::isUIntN(width, value);
    for (unsigned shift = 0; shift != width8; shift += 8)
      data.push_back(static_cast<char>(value >> shift));
  });
  if (!fits)
    return emitError() << "expected elements of type " << getElementTypeName(tensor.data_type())
                       << ", found a number that does not fit";
  return data;
}

static DenseElementsAttr makeDense(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> data) {
  auto type = RankedTensorType::get(shape, elementType);
  if (elementType.isInteger(1))
    return DenseElementsAttr::get(
        type, ArrayRef<bool>(llvm::map_to_vector(data, [](char byte) { return byte != 0; })));
  return DenseElementsAttr::getFromRawBuffer(type, data);
}

FailureOr<Constant> dlc::convertTensor(MLIRContext *context, const TensorProto &tensor,
                                       const Skeleton &skeleton, StringRef file,
                                       EmitError emitError) {
  Type elementType = convertElementType(context, tensor.data_type());
  if (!elementType)
    return emitUnsupportedElements(tensor.data_type(), emitError);
  if (tensor.data_location() == TensorProto::EXTERNAL || tensor.external_data_size() != 0)
    return emitError() << "data in an external file is not supported yet";
  if (tensor.has_segment())
    return emitError() << "segmented tensors are not supported";
  SmallVector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  std::optional<int64_t> bytes = getDenseBytes(shape, elementType);
  if (!bytes)
    return emitError() << "expected dims that are not negative and less than 2^63 bytes, found ["
                       << shape << "]";
  TensorData data(tensor, skeleton, file);
  if (failed(data.find(elementType, emitError)))
    return failure();
  if (data.getBytes() != static_cast<size_t>(*bytes))
    return emitError() << "expected " << *bytes << " bytes for shape [" << shape << "] of "
                       << getElementTypeName(tensor.data_type()) << ", found " << data.getBytes();

  int64_t elements = *bytes / llvm::divideCeil(elementType.getIntOrFloatBitWidth(), 8);
  if (elements <= ConstantOp::maxDenseElements) {
    FailureOr<SmallVector<char>> content = data.read(elementType, emitError);
    if (failed(content))
      return failure();
    return makeDenseConstant(makeDense(shape, elementType, *content));
  }
  std::optional<TensorChunk> range = data.getRange();
  if (!range)
    return emitError()
           << "more than " << ConstantOp::maxDenseElements
           << " elements are not supported yet in a typed field that is not one piece of "
              "the file, only in raw_data";
  auto source = RangeAttr::get(context, 0, range->offset, range->length);
  return Constant{WeightAttr::get(context, source, shape, elementType, {}),
                  getStaticType(shape, elementType)};
}
