#include "OnnxNode.h"

#include "OpTable.h"
#include "onnx-ml.pb.h"

#include "mlir/IR/Verifier.h"

using namespace mlir;
using namespace dlc;
using onnx::AttributeProto;

Value dlc::createStandIn(OpBuilder &builder, Location loc) {
  Type type = PlannedType::getUnranked(builder.getF32Type());
  return UnrealizedConversionCastOp::create(builder, loc, type, ValueRange()).getResult(0);
}

bool dlc::isStandIn(Value value) {
  return value && isa_and_nonnull<UnrealizedConversionCastOp>(value.getDefiningOp());
}

bool dlc::isConstant(Value value) { return isa_and_nonnull<ConstantOp>(value.getDefiningOp()); }

bool dlc::isTrue(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  return dense && dense.getElementType().isInteger(1) && dense.getNumElements() == 1 &&
         *dense.getValues<bool>().begin();
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static std::string getTypeName(int type) {
  return StringRef(onnx::AttributeProto_AttributeType_Name(type)).lower();
}

LogicalResult OnnxNode::checkAttribute(const NodeAttribute &attribute) const {
  const AttributeRow *expected = llvm::find_if(
      row.attributes, [&](const AttributeRow &it) { return it.name == attribute.name; });
  if (expected == row.attributes.end())
    return emitError() << "unknown attribute '" << attribute.name << "'";
  if (attribute.value->type() != expected->type)
    return emitError() << "expected attribute '" << attribute.name << "' of type "
                       << getTypeName(expected->type) << ", found "
                       << getTypeName(attribute.value->type());
  return success();
}

LogicalResult OnnxNode::checkInputs() const {
  size_t count = inputs.size();
  if (count > row.inputs.size() && !row.extra.variadicInputs)
    return emitError() << "expected at most " << row.inputs.size() << " inputs, found " << count;
  bool good = true;
  for (auto [index, input] : llvm::enumerate(row.inputs)) {
    if (input.required && !getInput(index)) {
      emitError() << "expected input '" << input.name << "'";
      good = false;
    }
  }
  // The last name of a row with any number of inputs stands for all that follow.
  for (size_t index = row.inputs.size(); index < count; ++index) {
    if (getInput(index))
      continue;
    emitError() << "expected input '" << row.inputs.back().name << "' at place " << index;
    good = false;
  }
  return success(good);
}

LogicalResult OnnxNode::checkOutputs() const {
  size_t count = proto.output_size(), optional = row.optionalOutputs.size();
  if (row.extra.outputs == OpRow::anyOutputs)
    return count != 0 ? success() : LogicalResult(emitError() << "expected outputs");
  if (count == 0 || count > 1 + optional)
    return emitError() << "expected 1" << (optional ? " to " + std::to_string(1 + optional) : "")
                       << " output" << (optional ? "s" : "") << ", found " << count;
  bool good = true;
  for (size_t index = row.extra.outputs; index < count; ++index) {
    if (proto.output(index).empty())
      continue;
    emitError() << "output '" << row.optionalOutputs[index - 1] << "' is not supported yet";
    good = false;
  }
  return success(good);
}

bool OnnxNode::mayBeString(size_t index) const {
  constexpr size_t bits = 32; // of which the last stands for all inputs behind it
  return row.extra.strings >> std::min(index, bits - 1) & 1;
}

/// Strings, sequences and optionals are for the rows that say so.
LogicalResult OnnxNode::checkHandles() const {
  if (row.extra.handles)
    return success();
  bool good = true;
  std::optional<size_t> first; // that may be a tensor of strings
  for (size_t index = 0; index < inputs.size(); ++index) {
    if (!getInput(index) || isStandIn(inputs[index]))
      continue;
    if (mayBeString(index)) {
      first = first.value_or(index);
      if (isHandle(index) == isHandle(*first) &&
          (!isHandle(index) || succeeded(requireStrings(index))))
        continue;
    } else if (!isHandle(index)) {
      continue;
    }
    if (mayBeString(index) && isHandle(*first)) {
      good &= succeeded(requireStrings(index)); // whose error it is
      continue;
    }
    emitError() << "input '" << getInputName(index) << "' is a " << describe(getOnnxType(index))
                << ", expected a tensor of numbers";
    good = false;
  }
  return success(good);
}

LogicalResult OnnxNode::check() {
  bool good = true;
  for (const NodeAttribute &attribute : attributes)
    good &= succeeded(checkAttribute(attribute));
  bool fits = succeeded(checkInputs());
  good &= fits && succeeded(checkHandles());
  good &= succeeded(checkOutputs());
  return success(good);
}

std::string OnnxNode::getInputName(size_t index) const {
  size_t last = row.inputs.size() - 1;
  if (!row.extra.variadicInputs || index < last)
    return row.inputs[index].name.str();
  return (row.inputs[last].name.rtrim('0') + Twine(index - last)).str();
}

LogicalResult OnnxNode::requireElements(const ElementSet &set, size_t index) const {
  if (isStandIn(inputs[index]) || set.contains(getElementType(index)))
    return success();
  return emitError() << "expected input '" << getInputName(index) << "' to have elements of "
                     << set.name << ", found " << getElementType(index);
}

LogicalResult OnnxNode::requireElements(const ElementSet &set) const {
  bool good = true;
  std::optional<size_t> first;
  for (auto [index, input] : llvm::enumerate(inputs)) {
    if (!input || isStandIn(input))
      continue;
    good &= succeeded(requireElements(set, index));
    if (!first)
      first = index;
    if (!good || getElementType(index) == getElementType(*first))
      continue;
    emitError() << "expected input '" << getInputName(index) << "' to have elements of type "
                << getElementType(*first) << " as input '" << getInputName(*first) << "', found "
                << getElementType(index);
    good = false;
  }
  return success(good);
}

LogicalResult OnnxNode::requireIntegers(size_t index, bool allowI32,
                                        std::optional<int64_t> rank) const {
  Value input = getInput(index);
  if (!input)
    return success();
  if (isStandIn(input))
    return failure();
  auto type = cast<PlannedType>(input.getType());
  bool fits =
      type.getElementType().isInteger(64) || (allowI32 && type.getElementType().isInteger(32));
  if (fits && (!rank || !type.hasRank() || type.getRank() == *rank))
    return success();
  return emitError() << "expected input '" << row.inputs[index].name << "' to be a "
                     << (!rank        ? "tensor"
                         : *rank == 0 ? "scalar"
                                      : "vector")
                     << " of i64" << (allowI32 ? " or i32" : "") << ", found " << type;
}

LogicalResult OnnxNode::requireSameElements() const {
  if (hasStandIn())
    return failure();
  for (size_t index = 1; index < inputs.size(); ++index)
    if (getElementType(index) != getElementType(0))
      return emitError() << "expected inputs of one element type, found " << getElementType(0)
                         << " and " << getElementType(index);
  return success();
}

LogicalResult OnnxNode::requireStrings(size_t index) const {
  if (isStandIn(inputs[index]))
    return failure();
  if (isHandle(index) && getOnnxType(index) == OnnxType{OnnxType::tensor, DLC_DTYPE_STRING})
    return success();
  return emitError() << "expected input '" << getInputName(index)
                     << "' to be a tensor(string), found a "
                     << (isHandle(index) ? describe(getOnnxType(index)) : "tensor of numbers");
}

LogicalResult OnnxNode::moveStrings(StringRef callee, ValueRange operands,
                                    ArrayRef<NamedAttribute> parameters) {
  OnnxType strings{OnnxType::tensor, onnx::TensorProto::STRING};
  auto present = llvm::map_to_vector(
      operands, [&](Value operand) { return operand ? operand : createAbsent(); });
  results =
      createCall(callee, present, parameters, SmallVector<OnnxType>(getNumOutputs(), strings));
  return success();
}

LogicalResult OnnxNode::requireAttribute(StringRef name) const {
  if (findAttribute(name))
    return success();
  return emitError() << "expected attribute '" << name << "'";
}

LogicalResult OnnxNode::requireF32(size_t count) const {
  bool good = true;
  for (auto [index, input] : llvm::enumerate(ArrayRef(inputs).take_front(count))) {
    if (!input)
      continue;
    Type type = cast<PlannedType>(input.getType()).getElementType();
    if (type.isF32())
      continue;
    emitError() << "input '" << row.inputs[index].name << "' has elements of type " << type
                << ", but only f32 is supported yet";
    good = false;
  }
  return success(good);
}

LogicalResult OnnxNode::finish(Operation *op) {
  // The op's own rules alone: its region may be in no op yet. A stand-in has no shape to verify
  // against.
  if (llvm::none_of(op->getOperands(), isStandIn) &&
      (failed(op->getName().verifyInvariants(op)) ||
       failed(op->getName().verifyRegionInvariants(op))))
    return failure();
  results.assign(op->result_begin(), op->result_end());
  return success();
}

Value OnnxNode::createShape(Value value, int64_t start, std::optional<int64_t> end) {
  IntegerAttr last = end ? builder.getI64IntegerAttr(*end) : IntegerAttr();
  return ShapeOp::create(builder, loc, PlannedType::getUnranked(builder.getI64Type()), value,
                         builder.getI64IntegerAttr(start), last);
}

SmallVector<Value> OnnxNode::createOperands() {
  return llvm::map_to_vector(llvm::index_range(0, inputs.size()),
                             [&](size_t index) { return createOperand(index); });
}

/// Types that the library alone converts: of 8 bits or less, but for integers of 8 bits and bool.
static bool isSmall(Type elementType) { return !isNumber(elementType) && !isBool(elementType); }

Value OnnxNode::createCast(Value value, Type elementType, ArrayRef<NamedAttribute> rounding) {
  if (!isSmall(elementType) && !isSmall(cast<PlannedType>(value.getType()).getElementType()))
    return CastOp::create(builder, loc, PlannedType::getUnranked(elementType), value);
  SmallVector<NamedAttribute> parameters(rounding);
  parameters.push_back(builder.getNamedAttr("to", TypeAttr::get(elementType)));
  OnnxType type{OnnxType::tensor, getDataType(elementType)};
  return createCall("cast", value, parameters, type).front();
}

SmallVector<Value> OnnxNode::createCall(StringRef callee, ValueRange operands,
                                        ArrayRef<NamedAttribute> parameters,
                                        ArrayRef<OnnxType> types) {
  return handles.createCall(builder, loc, callee, operands, parameters, types);
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value OnnxNode::createNumber(double value, Type elementType) {
  auto type = RankedTensorType::get({}, elementType);
  Attribute element;
  if (isFloat(elementType))
    element = builder.getFloatAttr(elementType, value);
  else
    element = builder.getIntegerAttr(elementType, static_cast<int64_t>(value));
  return createConstant(makeDenseConstant(DenseElementsAttr::get(type, element)));
}

Value OnnxNode::createIntegerLike(Value like, int64_t value) {
  Type elementType = cast<PlannedType>(like.getType()).getElementType();
  APInt bits(elementType.getIntOrFloatBitWidth(), value, /*isSigned=*/true,
             /*implicitTrunc=*/true);
  Attribute element = builder.getIntegerAttr(elementType, bits);
  return createConstant(
      makeDenseConstant(DenseElementsAttr::get(RankedTensorType::get({}, elementType), element)));
}

Type OnnxNode::getTypeAttribute(StringRef name, int64_t defaultValue) const {
  int64_t dtype = getInt(name, defaultValue);
  Type type = llvm::isInt<32>(dtype) ? convertElementType(getContext(), dtype) : Type();
  if (!type)
    emitError() << "element type " << getElementTypeName(llvm::isInt<32>(dtype) ? dtype : -1)
                << " of attribute '" << name << "' is not supported yet";
  return type;
}

Value OnnxNode::createScalar(float value) { return createNumber(value, builder.getF32Type()); }

FailureOr<Value> OnnxNode::createSparse(const onnx::SparseTensorProto &tensor) {
  FailureOr<Constant> constant = reader.convertSparse(tensor, [&] { return emitError(); });
  if (failed(constant))
    return failure();
  return createConstant(*constant);
}

Value OnnxNode::createInts(ArrayRef<int64_t> values) {
  return createElements(
      values.size(), builder.getI64Type(),
      ArrayRef(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(int64_t)));
}

Value OnnxNode::createElements(ArrayRef<int64_t> shape, Type elementType, ArrayRef<char> bytes) {
  return createConstant(reader.makeConstant(shape, elementType, bytes));
}

Value OnnxNode::createStrings(ArrayRef<int64_t> shape, ArrayRef<StringRef> elements) {
  return handles.createStrings(builder, loc, shape, elements);
}

FailureOr<Value> OnnxNode::createTensor(const onnx::TensorProto &tensor) {
  return importTensor(builder, loc, tensor, reader, handles, [&] { return emitError(); });
}

Value OnnxNode::createScalarLike(Value like, double value) {
  return createNumber(value, cast<PlannedType>(like.getType()).getElementType());
}

FailureOr<SmallVector<int64_t>> OnnxNode::getConstantInts(size_t index) const {
  Value input = inputs[index];
  StringRef name = row.inputs[index].name;
  if (isStandIn(input))
    return failure();
  auto type = cast<PlannedType>(input.getType());
  if (!type.getElementType().isInteger(64) || (type.hasRank() && type.getRank() != 1))
    return emitError() << "expected input '" << name << "' to be a vector of i64, found " << type;
  if (!isConstant(input))
    return emitError() << "an input '" << name
                       << "' that is not constant is not supported yet, only an initializer";
  auto value = dyn_cast<DenseElementsAttr>(input.getDefiningOp<ConstantOp>().getValue());
  if (!value)
    return emitError() << "an input '" << name << "' of more than " << ConstantOp::maxDenseElements
                       << " elements is not supported yet, found " << type;
  return llvm::to_vector(value.getValues<int64_t>());
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

StringRef OnnxNode::getOp() const { return proto.op_type(); }

StringRef OnnxNode::getOutputName(size_t index) const { return proto.output(int(index)); }

size_t OnnxNode::getNumOutputs() const { return proto.output_size(); }

const NodeAttribute *OnnxNode::getOnlyAttribute() const {
  return attributes.size() == 1 ? &attributes.front() : nullptr;
}

const AttributeProto *OnnxNode::findAttribute(StringRef name) const {
  for (const NodeAttribute &attribute : attributes)
    if (attribute.name == name)
      return attribute.value;
  return nullptr;
}

int64_t OnnxNode::getInt(StringRef name, int64_t defaultValue) const {
  const AttributeProto *attribute = findAttribute(name);
  return attribute ? attribute->i() : defaultValue;
}

FailureOr<bool> OnnxNode::getFlag(StringRef name, bool defaultValue) const {
  int64_t value = getInt(name, defaultValue);
  if (value != 0 && value != 1)
    return emitError() << "expected attribute '" << name << "' to be 0 or 1, found " << value;
  return value == 1;
}

float OnnxNode::getFloat(StringRef name, float defaultValue) const {
  const AttributeProto *attribute = findAttribute(name);
  return attribute ? attribute->f() : defaultValue;
}

StringRef OnnxNode::getString(StringRef name, StringRef defaultValue) const {
  const AttributeProto *attribute = findAttribute(name);
  return attribute ? StringRef(attribute->s()) : defaultValue;
}

SmallVector<int64_t> OnnxNode::getInts(StringRef name, ArrayRef<int64_t> defaultValue) const {
  const AttributeProto *attribute = findAttribute(name);
  if (!attribute)
    return SmallVector<int64_t>(defaultValue);
  return SmallVector<int64_t>(attribute->ints().begin(), attribute->ints().end());
}

FailureOr<Constant> OnnxNode::getTensor(StringRef name) const {
  const AttributeProto *attribute = findAttribute(name);
  if (!attribute || !attribute->has_t())
    return emitError() << "expected a tensor as attribute '" << name << "'";
  return reader.convertTensor(attribute->t(), [&] { return emitError(); });
}

static Attribute convertParameter(Builder &builder, const AttributeProto &attribute) {
  switch (attribute.type()) {
  case AttributeProto::INT:
    return builder.getI64IntegerAttr(attribute.i());
  case AttributeProto::FLOAT:
    return builder.getF32FloatAttr(attribute.f());
  case AttributeProto::STRING:
    return builder.getStringAttr(attribute.s());
  case AttributeProto::INTS:
    return builder.getDenseI64ArrayAttr(llvm::to_vector(attribute.ints()));
  case AttributeProto::FLOATS:
    return builder.getDenseF32ArrayAttr(llvm::to_vector(attribute.floats()));
  default:
    assert(attribute.type() == AttributeProto::STRINGS && "rows of calls have no other kind");
    return builder.getStrArrayAttr(
        SmallVector<StringRef>(attribute.strings().begin(), attribute.strings().end()));
  }
}

SmallVector<NamedAttribute> OnnxNode::getParameters() const {
  SmallVector<NamedAttribute> parameters;
  for (const NodeAttribute &attribute : attributes)
    parameters.push_back(
        builder.getNamedAttr(attribute.name, convertParameter(builder, *attribute.value)));
  return parameters;
}
