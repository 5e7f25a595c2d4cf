// Constant, ConstantOfShape, Dropout, Identity.

#include "ElementSets.h"
#include "Pieces.h"
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

/// In training elements are dropped with the probability `ratio`, and the others are scaled.
static LogicalResult createTrainingDropout(OnnxNode &node, Value training) {
  if (failed(node.requireElements(floatElements, 0)))
    return failure();
  Pieces p(node);
  Value data = node.getInput(0), ratio = node.getInput(1);
  if (!ratio)
    ratio = p.number(data, node.getFloat("ratio", 0.5f));
  ratio = p.cast(ratio, p.getElement(data));
  Type f64 = p.builder.getF64Type();
  Value drawn = p.call("random_uniform", p.shape(data), f64,
                       {node.makeDtype(getDataType(f64)), p.makeSeed()});
  Value mask = node.createComparison<GreaterEqualOp>(drawn, p.cast(ratio, f64));
  Value scaled = p.div(data, p.sub(p.number(data, 1), ratio));
  Value result = p.select(mask, scaled, p.number(data, 0));
  if (training && !isConstant(training)) {
    mask = node.createLike<OrOp>(mask, node.createLike<NotOp>(training));
    result = p.select(training, result, data);
  }
  node.results = {result, node.getOpset() < 10 ? p.cast(mask, p.getElement(data)) : mask};
  return success();
}

/// Otherwise the data is as it is, and every element of the mask is true. Before opset 7 attribute
/// is_test says so, from opset 12 on an input.
static LogicalResult importDropout(OnnxNode &node) {
  Value training = node.getInput(2), data = node.getInput(0);
  if (isStandIn(training) || isStandIn(data))
    return failure();
  bool isOldTraining = node.getOpset() < 7 && !node.getInt("is_test", 0);
  if (isOldTraining || (training && (!isConstant(training) || isTrue(training))))
    return createTrainingDropout(node, training);
  node.results = {data};
  if (node.getNumOutputs() < 2)
    return success();
  Pieces p(node);
  Value truth = p.equal(p.ints(0), p.ints(0));
  // Before opset 10 the mask has the data's type.
  Value value = p.cast(p.reshape(truth, ArrayRef<int64_t>()),
                       node.getOpset() < 10 ? p.getElement(data) : p.getElement(truth));
  node.results.push_back(
      ExpandOp::create(p.builder, node.getLoc(), value.getType(), value, p.shape(data)));
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
static constexpr AttributeRow dropoutAttributes1[] = {{"is_test", Proto::INT},
                                                      {"ratio", Proto::FLOAT}};
static constexpr AttributeRow dropoutAttributes7[] = {{"ratio", Proto::FLOAT}};
static constexpr AttributeRow dropoutAttributes12[] = {{"seed", Proto::INT}};

static constexpr StringLiteral maskOutputs[] = {"mask"};

static constexpr OpRow rows[] = {
    {"", "Constant", oldestOpset, 10, {}, constantAttributes1, importConstant},
    {"", "Constant", 11, 11, {}, constantAttributes11, importConstant},
    {"", "Constant", 12, newestOpset, {}, constantAttributes12, importConstant},
    {"", "ConstantOfShape", 9, newestOpset, inputInputs, constantAttributes1,
     importConstantOfShape},
    {"", "Dropout", oldestOpset, 6, dataInputs, dropoutAttributes1, importDropout, maskOutputs,
     twoOutputs},
    {"", "Dropout", 7, 11, dataInputs, dropoutAttributes7, importDropout, maskOutputs, twoOutputs},
    {"", "Dropout", 12, newestOpset, dropoutInputs12, dropoutAttributes12, importDropout,
     maskOutputs, twoOutputs},
    {"", "Identity", oldestOpset, newestOpset, inputInputs, {}, importIdentity, {}, handles},
};

ArrayRef<OpRow> dlc::getConstantRows() { return rows; }
