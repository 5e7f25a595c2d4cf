// Constant, ConstantOfShape, Dropout, Identity.

#include "Rows.h"

using namespace mlir;
using namespace dlc;

static LogicalResult importIdentity(OnnxNode &node) {
  node.setResult(node.getInput(0));
  return success();
}

/// A scalar, or a list as a tensor of rank 1.
template <typename T>
static Value makeNumbers(OnnxNode &node, Type elementType, ArrayRef<T> values, bool isScalar) {
  SmallVector<int64_t> shape;
  if (!isScalar)
    shape.push_back(values.size());
  ArrayRef bytes(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
  return node.createElements(shape, elementType, bytes);
}

static FailureOr<Value> makeConstant(OnnxNode &node, StringRef name,
                                     const onnx::AttributeProto &attribute) {
  Builder builder(node.getContext());
  if (name == "value" && !attribute.has_t())
    return node.emitError() << "expected a tensor as attribute 'value'";
  if (name == "value")
    return node.createTensor(attribute.t());
  if (name == "sparse_value")
    return node.createSparse(attribute.sparse_tensor());
  if (name == "value_float")
    return makeNumbers<float>(node, builder.getF32Type(), attribute.f(), true);
  if (name == "value_floats")
    return makeNumbers<float>(node, builder.getF32Type(), llvm::to_vector(attribute.floats()),
                              false);
  if (name == "value_int")
    return makeNumbers<int64_t>(node, builder.getI64Type(), attribute.i(), true);
  if (name == "value_ints")
    return makeNumbers<int64_t>(node, builder.getI64Type(), llvm::to_vector(attribute.ints()),
                                false);
  if (name == "value_string")
    return node.createStrings({}, StringRef(attribute.s()));
  assert(name == "value_strings" && "the op table names no other");
  SmallVector<StringRef> elements(attribute.strings().begin(), attribute.strings().end());
  return node.createStrings(elements.size(), elements);
}

static LogicalResult importConstant(OnnxNode &node) {
  const NodeAttribute *attribute = node.getOnlyAttribute();
  if (!attribute)
    return node.emitError() << "expected exactly one attribute, the value";
  FailureOr<Value> constant = makeConstant(node, attribute->name, *attribute->value);
  if (failed(constant))
    return failure();
  node.setResult(*constant);
  return success();
}

/// The value is a tensor of one element, by default the f32 number 0.
static LogicalResult importConstantOfShape(OnnxNode &node) {
  bool good = succeeded(node.requireIntegers(0, /*allowI32=*/false, 1));
  Value value;
  if (node.findAttribute("value")) {
    FailureOr<Constant> constant = node.getTensor("value");
    if (failed(constant))
      return failure();
    auto dense = dyn_cast<DenseElementsAttr>(constant->value);
    if (!dense || dense.getNumElements() != 1)
      return node.emitError() << "expected attribute 'value' of one element, found "
                              << constant->type;
    Type elementType = dense.getElementType();
    value = node.createConstant(
        makeDenseConstant(dense.reshape(RankedTensorType::get({}, elementType))));
  } else {
    value = node.createScalar(0);
  }
  if (!good)
    return failure();
  return node.createOp<ConstantOfShapeOp>(cast<PlannedType>(value.getType()).getElementType(),
                                          node.getInput(0), value);
}

/// The form for inference: the data as it is, and a mask of which every element is true.
static LogicalResult importDropout(OnnxNode &node) {
  Value training = node.getInput(2);
  if (training && isStandIn(training))
    return failure();
  if (training && (!isConstant(training) || isTrue(training)))
    return node.emitError() << "training is not supported: expected a constant false as input "
                               "'training_mode'";
  Value data = node.getInput(0);
  node.results = {data};
  if (node.getNumOutputs() < 2)
    return success();
  OpBuilder &builder = node.getBuilder();
  Type i64 = builder.getI64Type(), maskType = builder.getI1Type();
  if (node.getOpset() < 10) // the mask has the data's type there
    maskType = node.getElementType(0);
  auto scalarType = RankedTensorType::get({}, maskType);
  Attribute one = isa<FloatType>(maskType) ? Attribute(builder.getFloatAttr(maskType, 1))
                                           : Attribute(builder.getIntegerAttr(maskType, 1));
  Value shape = ShapeOp::create(builder, node.getLoc(), PlannedType::getUnranked(i64), data);
  Value value = node.createConstant(makeDenseConstant(DenseElementsAttr::get(scalarType, one)));
  node.results.push_back(ConstantOfShapeOp::create(
      builder, node.getLoc(), PlannedType::getUnranked(maskType), shape, value));
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow inputInputs[] = {{"input"}};
static constexpr InputRow dataInputs[] = {{"data"}};
static constexpr InputRow dropoutInputs12[] = {
    {"data"}, {"ratio", optional}, {"training_mode", optional}};

static constexpr AttributeRow constantAttributes1[] = {{"value", Proto::TENSOR}};
static constexpr AttributeRow constantAttributes11[] = {{"sparse_value", Proto::SPARSE_TENSOR},
                                                        {"value", Proto::TENSOR}};
static constexpr AttributeRow constantAttributes12[] = {{"sparse_value", Proto::SPARSE_TENSOR},
                                                        {"value", Proto::TENSOR},
                                                        {"value_float", Proto::FLOAT},
                                                        {"value_floats", Proto::FLOATS},
                                                        {"value_int", Proto::INT},
                                                        {"value_ints", Proto::INTS},
                                                        {"value_string", Proto::STRING},
                                                        {"value_strings", Proto::STRINGS}};
static constexpr AttributeRow dropoutAttributes7[] = {{"ratio", Proto::FLOAT}};
static constexpr AttributeRow dropoutAttributes12[] = {{"seed", Proto::INT}};

static constexpr StringLiteral maskOutputs[] = {"mask"};

static constexpr OpRow rows[] = {
    {"", "Constant", oldestOpset, 10, {}, constantAttributes1, importConstant},
    {"", "Constant", 11, 11, {}, constantAttributes11, importConstant},
    {"", "Constant", 12, newestOpset, {}, constantAttributes12, importConstant},
    {"", "ConstantOfShape", 9, newestOpset, inputInputs, constantAttributes1,
     importConstantOfShape},
    {"", "Dropout", oldestOpset, 11, dataInputs, dropoutAttributes7, importDropout, maskOutputs,
     twoOutputs},
    {"", "Dropout", 12, newestOpset, dropoutInputs12, dropoutAttributes12, importDropout,
     maskOutputs, twoOutputs},
    {"", "Identity", oldestOpset, newestOpset, inputInputs, {}, importIdentity, {}, handles},
};

ArrayRef<OpRow> dlc::getConstantRows() { return rows; }
