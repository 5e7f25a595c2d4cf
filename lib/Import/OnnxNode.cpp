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
  return isa_and_nonnull<UnrealizedConversionCastOp>(value.getDefiningOp());
}

bool dlc::isConstant(Value value) { return isa_and_nonnull<ConstantOp>(value.getDefiningOp()); }

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
  if (count > row.inputs.size() && !row.isVariadic)
    return emitError() << "expected at most " << row.inputs.size() << " inputs, found " << count;
  bool good = true;
  for (auto [index, input] : llvm::enumerate(row.inputs)) {
    if (input.required && !getInput(index)) {
      emitError() << "expected input '" << input.name << "'";
      good = false;
    }
  }
  return success(good);
}

LogicalResult OnnxNode::checkOutputs() const {
  size_t count = proto.output_size(), optional = row.optionalOutputs.size();
  if (count == 0 || count > 1 + optional)
    return emitError() << "expected 1" << (optional ? " to " + std::to_string(1 + optional) : "")
                       << " output" << (optional ? "s" : "") << ", found " << count;
  bool good = true;
  for (size_t index = 1; index != count; ++index) {
    if (proto.output(index).empty())
      continue;
    emitError() << "output '" << row.optionalOutputs[index - 1] << "' is not supported yet";
    good = false;
  }
  return success(good);
}

LogicalResult OnnxNode::check() {
  bool good = true;
  for (const NodeAttribute &attribute : attributes)
    good &= succeeded(checkAttribute(attribute));
  good &= succeeded(checkInputs());
  good &= succeeded(checkOutputs());
  return success(good);
}

StringRef OnnxNode::getInputName(size_t index) const {
  return row.inputs[std::min(index, row.inputs.size() - 1)].name;
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
  // A stand-in has no shape to verify against.
  if (llvm::none_of(op->getOperands(), isStandIn) && failed(verify(op)))
    return failure();
  result = op->getResult(0);
  return success();
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value OnnxNode::createScalar(float value) {
  auto type = RankedTensorType::get({}, builder.getF32Type());
  return createConstant(makeDenseConstant(DenseElementsAttr::get(type, value)));
}

Value OnnxNode::createScalarLike(Value like, double value) {
  Type elementType = cast<PlannedType>(like.getType()).getElementType();
  auto type = RankedTensorType::get({}, elementType);
  return createConstant(makeDenseConstant(
      DenseElementsAttr::get(type, Attribute(builder.getFloatAttr(elementType, value)))));
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
  return convertTensor(getContext(), attribute->t(), skeleton, file, [&] { return emitError(); });
}
