#include "dlc/IR/LibraryCall.h"

#include "dlc/ABI/Op.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

static constexpr StringLiteral segmentSizes = "operandSegmentSizes";

//===----------------------------------------------------------------------===//
// Names and operands
//===----------------------------------------------------------------------===//

static constexpr StringLiteral libraryOps[] = {
#define DLC_OP(name) #name,
#include "dlc/ABI/Ops.def"
};

std::optional<StringRef> dlc::getLibraryOp(Operation *op) {
  if (!isa_and_nonnull<DlcDialect>(op->getDialect()))
    return std::nullopt;
  if (auto call = dyn_cast<LibraryCallOp>(op))
    return call.getCallee();
  for (StringRef name : libraryOps)
    if (name == op->getName().stripDialect())
      return name;
  return std::nullopt;
}

SmallVector<Value> dlc::getLibraryOperands(Operation *op) {
  if (auto call = dyn_cast<LibraryCallOp>(op))
    return llvm::map_to_vector(call.getInputs(), [](Value input) {
      return input.getDefiningOp<AbsentOp>() ? Value() : input;
    });
  auto segments = dyn_cast_or_null<DenseI32ArrayAttr>(op->getAttr(segmentSizes));
  if (!segments)
    return llvm::to_vector(op->getOperands());
  SmallVector<Value> operands;
  auto operand = op->operand_begin();
  for (int32_t size : segments.asArrayRef()) {
    if (size == 0)
      operands.emplace_back();
    for (int32_t index = 0; index < size; ++index)
      operands.push_back(*operand++);
  }
  return operands;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

/// The keyword of one of the dialect's enumerations.
static std::optional<StringRef> getKeyword(Attribute attr) {
  return llvm::TypeSwitch<Attribute, std::optional<StringRef>>(attr)
      .Case<CellKindAttr, ConvTransposePadsAttr, DirectionAttr, PadModeAttr, ReduceKindAttr,
            ResizeCoordinatesAttr, ResizeModeAttr, ResizePolicyAttr, ResizeRoundingAttr>(
          [](auto keyword) { return stringifyEnum(keyword.getValue()); })
      .Default(std::nullopt);
}

DictionaryAttr dlc::getLibraryDictionary(Operation *op) {
  if (auto call = dyn_cast<LibraryCallOp>(op))
    return call.getParameters();
  NamedAttrList attributes(op->getAttrDictionary());
  attributes.erase(segmentSizes);
  for (NamedAttribute attribute : op->getAttrDictionary())
    if (std::optional<StringRef> keyword = getKeyword(attribute.getValue()))
      attributes.set(attribute.getName(), StringAttr::get(op->getContext(), *keyword));
  if (op->getName().stripDialect() == "cast")
    if (auto type = dyn_cast<PlannedType>(op->getResult(0).getType()))
      attributes.set("to", TypeAttr::get(type.getElementType()));
  return attributes.getDictionary(op->getContext());
}

LibraryCallOp dlc::createLibraryCall(OpBuilder &builder, Operation *op, StringRef callee,
                                     TypeRange types) {
  SmallVector<Value> operands = getLibraryOperands(op);
  for (Value &operand : operands)
    if (!operand)
      operand = AbsentOp::create(builder, op->getLoc(), HandleType::get(op->getContext()));
  return LibraryCallOp::create(builder, op->getLoc(), types, callee, operands, ValueRange(),
                               getLibraryDictionary(op));
}

static int64_t getInt(IntegerAttr attr) {
  bool isSigned = !attr.getType().isInteger(1) && !attr.getType().isUnsignedInteger();
  return isSigned ? attr.getValue().getSExtValue() : attr.getValue().getZExtValue();
}

/// Appends the one element that `attr` stands for. Fails where it stands for none.
static LogicalResult appendElement(Attribute attr, LibraryAttribute &to) {
  auto appendInt = [&](int64_t value) {
    to.ints.push_back(ExprAttr::constant(attr.getContext(), value));
    return success();
  };
  if (auto integer = dyn_cast<IntegerAttr>(attr))
    return appendInt(getInt(integer));
  if (isa<UnitAttr>(attr))
    return appendInt(1);
  if (auto type = dyn_cast<TypeAttr>(attr)) {
    std::optional<int32_t> dtype = getDtype(type.getValue());
    return dtype ? appendInt(*dtype) : failure();
  }
  if (auto expr = dyn_cast<ExprAttr>(attr))
    to.ints.push_back(expr);
  else if (auto number = dyn_cast<FloatAttr>(attr))
    to.floats.push_back(number.getValueAsDouble());
  else if (auto text = dyn_cast<StringAttr>(attr))
    to.strings.push_back(text.getValue());
  else if (std::optional<StringRef> keyword = getKeyword(attr))
    to.strings.push_back(*keyword);
  else
    return failure();
  return success();
}

/// The elements of an attribute that is a list; nothing where it is none.
static std::optional<SmallVector<Attribute>> getList(Attribute attr) {
  Builder builder(attr.getContext());
  if (auto array = dyn_cast<ArrayAttr>(attr))
    return llvm::to_vector(array);
  if (auto array = dyn_cast<DenseI64ArrayAttr>(attr))
    return llvm::to_vector(builder.getI64ArrayAttr(array.asArrayRef()));
  if (auto array = dyn_cast<DenseF32ArrayAttr>(attr))
    return llvm::to_vector(builder.getF32ArrayAttr(array.asArrayRef()));
  if (auto array = dyn_cast<DenseF64ArrayAttr>(attr))
    return llvm::to_vector(builder.getF64ArrayAttr(array.asArrayRef()));
  return std::nullopt;
}

static LogicalResult convert(NamedAttribute named, LibraryAttribute &to) {
  to.name = named.getName().getValue();
  std::optional<SmallVector<Attribute>> list = getList(named.getValue());
  SmallVector<Attribute> elements = list ? *list : SmallVector<Attribute>{named.getValue()};
  for (Attribute element : elements)
    if (failed(appendElement(element, to)))
      return failure();
  // A list holds elements of one kind; an empty one counts as integers.
  if (to.floats.size() == elements.size() && !elements.empty())
    to.kind = list ? DLC_ATTRIBUTE_FLOATS : DLC_ATTRIBUTE_FLOAT;
  else if (to.strings.size() == elements.size() && !elements.empty())
    to.kind = list ? DLC_ATTRIBUTE_STRINGS : DLC_ATTRIBUTE_STRING;
  else
    to.kind = list ? DLC_ATTRIBUTE_INTS : DLC_ATTRIBUTE_INT;
  return success(to.kind != DLC_ATTRIBUTE_INTS || to.ints.size() == elements.size());
}

FailureOr<SmallVector<LibraryAttribute>>
dlc::getLibraryAttributes(DictionaryAttr attributes, function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<LibraryAttribute> converted(attributes.size());
  for (auto [named, to] : llvm::zip_equal(attributes, converted))
    if (failed(convert(named, to)))
      return emitError() << "attribute '" << named.getName().getValue()
                         << "' has no form that a library op reads: " << named.getValue();
  return converted;
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

std::optional<int32_t> dlc::getDtype(Type type) {
  if (type.isF32())
    return DLC_DTYPE_F32;
  if (type.isF64())
    return DLC_DTYPE_F64;
  if (type.isF16())
    return DLC_DTYPE_F16;
  if (type.isBF16())
    return DLC_DTYPE_BF16;
  if (isa<Float8E4M3FNType>(type))
    return DLC_DTYPE_F8E4M3FN;
  if (isa<Float8E4M3FNUZType>(type))
    return DLC_DTYPE_F8E4M3FNUZ;
  if (isa<Float8E5M2Type>(type))
    return DLC_DTYPE_F8E5M2;
  if (isa<Float8E5M2FNUZType>(type))
    return DLC_DTYPE_F8E5M2FNUZ;
  if (isa<Float4E2M1FNType>(type))
    return DLC_DTYPE_F4E2M1;
  if (isa<Float8E8M0FNUType>(type))
    return DLC_DTYPE_F8E8M0;
  if (isa<Float6E2M3FNType>(type))
    return DLC_DTYPE_F6E2M3;
  if (isa<Float6E3M2FNType>(type))
    return DLC_DTYPE_F6E3M2;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer)
    return std::nullopt;
  bool isUnsigned = integer.isUnsigned();
  switch (integer.getWidth()) {
  case 1:
    return DLC_DTYPE_BOOL;
  case 2:
    return isUnsigned ? DLC_DTYPE_U2 : DLC_DTYPE_I2;
  case 4:
    return isUnsigned ? DLC_DTYPE_U4 : DLC_DTYPE_I4;
  case 8:
    return isUnsigned ? DLC_DTYPE_U8 : DLC_DTYPE_I8;
  case 16:
    return isUnsigned ? DLC_DTYPE_U16 : DLC_DTYPE_I16;
  case 32:
    return isUnsigned ? DLC_DTYPE_U32 : DLC_DTYPE_I32;
  case 64:
    return isUnsigned ? DLC_DTYPE_U64 : DLC_DTYPE_I64;
  default:
    return std::nullopt;
  }
}

std::string dlc::getDenseBytes(DenseElementsAttr dense) {
  int64_t count = dense.getNumElements();
  if (dense.getElementType().isInteger(1)) {
    std::string bytes;
    for (bool value : dense.getValues<bool>())
      bytes.push_back(value);
    return bytes;
  }
  ArrayRef<char> raw = dense.getRawData();
  if (!dense.isSplat())
    return std::string(raw.begin(), raw.end());
  std::string bytes; // a value that all elements share is kept once
  bytes.reserve(raw.size() * count);
  for (int64_t index = 0; index < count; ++index)
    bytes.append(raw.begin(), raw.end());
  return bytes;
}

DenseElementsAttr dlc::makeDense(RankedTensorType type, ArrayRef<char> bytes) {
  if (!type.getElementType().isInteger(1))
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  SmallVector<bool> values(bytes.begin(), bytes.end());
  return DenseElementsAttr::get(type, values);
}
