// Constant, Identity.

#include "OpTable.h"
#include "onnx-ml.pb.h"

using namespace mlir;
using namespace dlc;

LogicalResult dlc::importIdentity(OnnxNode &node) {
  node.result = node.getInput(0);
  return success();
}

/// A scalar, or a list as a tensor of rank 1.
template <typename T>
static FailureOr<Constant> makeNumbers(OnnxNode &node, Type elementType, ArrayRef<T> values,
                                       bool isScalar) {
  if (values.size() > ConstantOp::maxDenseElements)
    return node.emitError() << "a list of more than " << ConstantOp::maxDenseElements
                            << " elements is not supported yet, expected attribute 'value'";
  SmallVector<int64_t> shape;
  if (!isScalar)
    shape.push_back(values.size());
  return makeDenseConstant(
      DenseElementsAttr::get(RankedTensorType::get(shape, elementType), values));
}

static FailureOr<Constant> makeConstant(OnnxNode &node, StringRef name,
                                        const onnx::AttributeProto &attribute) {
  Builder builder(node.getContext());
  if (name == "value")
    return node.getTensor(name);
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
  return node.emitError() << "attribute '" << name << "' is not supported yet";
}

LogicalResult dlc::importConstant(OnnxNode &node) {
  const NodeAttribute *attribute = node.getOnlyAttribute();
  if (!attribute)
    return node.emitError() << "expected exactly one attribute, the value";
  FailureOr<Constant> constant = makeConstant(node, attribute->name, *attribute->value);
  if (failed(constant))
    return failure();
  node.result = node.createConstant(*constant);
  return success();
}
