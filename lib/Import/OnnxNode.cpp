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

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

static std::string getTypeName(int type) {
  return StringRef(onnx::AttributeProto_AttributeType_Name(type)).lower();
}

LogicalResult OnnxNode::checkAttribute(const AttributeProto &attribute) const {
  const AttributeRow *expected = llvm::find_if(
      row.attributes, [&](const AttributeRow &it) { return it.name == attribute.name(); });
  if (expected == row.attributes.end())
    return emitError() << "unknown attribute '" << attribute.name() << "'";
  if (!attribute.ref_attr_name().empty())
    return emitError() << "attribute '" << attribute.name()
                       << "' refers to one of a function, but the node is in none";
  if (attribute.type() != expected->type)
    return emitError() << "expected attribute '" << attribute.name() << "' of type "
                       << getTypeName(expected->type) << ", found "
                       << getTypeName(attribute.type());
  return success();
}

LogicalResult OnnxNode::checkInputs() const {
  size_t count = proto.input_size();
  if (count > row.inputs.size())
    return emitError() << "expected at most " << row.inputs.size() << " inputs, found " << count;
  bool good = true;
  for (auto [index, input] : llvm::enumerate(row.inputs)) {
    bool present = index < count && !proto.input(index).empty();
    if (input.required && !present) {
      emitError() << "expected input '" << input.name << "'";
      good = false;
    }
  }
  return success(good);
}

LogicalResult OnnxNode::check() {
  bool good = true;
  llvm::StringSet<> names;
  for (const AttributeProto &attribute : proto.attribute()) {
    good &= succeeded(checkAttribute(attribute));
    if (!names.insert(attribute.name()).second) {
      emitError() << "attribute '" << attribute.name() << "' is given twice";
      good = false;
    }
  }
  good &= succeeded(checkInputs());
  if (proto.output_size() != 1) {
    emitError() << "expected 1 output, found " << proto.output_size();
    good = false;
  }
  return success(good);
}

LogicalResult OnnxNode::requireF32() const {
  bool good = true;
  for (auto [index, input] : llvm::enumerate(inputs)) {
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
// Attributes
//===----------------------------------------------------------------------===//

StringRef OnnxNode::getOp() const { return proto.op_type(); }

const AttributeProto *OnnxNode::getOnlyAttribute() const {
  return proto.attribute_size() == 1 ? &proto.attribute(0) : nullptr;
}

const AttributeProto *OnnxNode::findAttribute(StringRef name) const {
  for (const AttributeProto &attribute : proto.attribute())
    if (attribute.name() == name)
      return &attribute;
  return nullptr;
}

int64_t OnnxNode::getInt(StringRef name, int64_t defaultValue) const {
  const AttributeProto *attribute = findAttribute(name);
  return attribute ? attribute->i() : defaultValue;
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
