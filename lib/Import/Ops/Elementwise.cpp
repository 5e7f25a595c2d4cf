// Ops on the elements of one index: arithmetic, activations.

#include "OpTable.h"

#include <limits>

using namespace mlir;
using namespace dlc;

LogicalResult dlc::importBinary(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  Type elementType = Builder(node.getContext()).getF32Type();
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  StringRef op = node.getOp();
  if (op == "Add")
    return node.createOp<AddOp>(elementType, lhs, rhs);
  if (op == "Sub")
    return node.createOp<SubOp>(elementType, lhs, rhs);
  if (op == "Mul")
    return node.createOp<MulOp>(elementType, lhs, rhs);
  assert(op == "Div" && "the op table names no other");
  return node.createOp<DivOp>(elementType, lhs, rhs);
}

LogicalResult dlc::importRelu(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  return node.createOp<ReluOp>(Builder(node.getContext()).getF32Type(), node.getInput(0));
}

/// Opset 11 and newer: the bounds are inputs.
LogicalResult dlc::importClip(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  return node.createOp<ClipOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                               node.getInput(1), node.getInput(2));
}

/// Before opset 11 the bounds are attributes, by default the largest finite numbers.
LogicalResult dlc::importClipAttributes(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  Type elementType = Builder(node.getContext()).getF32Type();
  auto makeBound = [&](StringRef name, float defaultValue) {
    float value = node.getFloat(name, defaultValue);
    auto type = RankedTensorType::get({}, elementType);
    return node.createConstant(makeDenseConstant(DenseElementsAttr::get(type, value)));
  };
  Value low = makeBound("min", std::numeric_limits<float>::lowest());
  Value high = makeBound("max", std::numeric_limits<float>::max());
  return node.createOp<ClipOp>(elementType, node.getInput(0), low, high);
}
