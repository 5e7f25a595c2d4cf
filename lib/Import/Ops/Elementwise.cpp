// Ops on the elements of one index: arithmetic, activations.

#include "OpTable.h"

#include <limits>
#include <numbers>

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

LogicalResult dlc::importUnary(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  Type elementType = Builder(node.getContext()).getF32Type();
  Value input = node.getInput(0);
  StringRef op = node.getOp();
  if (op == "Erf")
    return node.createOp<ErfOp>(elementType, input);
  if (op == "Exp")
    return node.createOp<ExpOp>(elementType, input);
  if (op == "Neg")
    return node.createOp<NegOp>(elementType, input);
  if (op == "Relu")
    return node.createOp<ReluOp>(elementType, input);
  if (op == "Sigmoid")
    return node.createOp<SigmoidOp>(elementType, input);
  if (op == "Sqrt")
    return node.createOp<SqrtOp>(elementType, input);
  assert(op == "Tanh" && "the op table names no other");
  return node.createOp<TanhOp>(elementType, input);
}

LogicalResult dlc::importLeakyRelu(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  return node.createOp<LeakyReluOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                                    llvm::APFloat(node.getFloat("alpha", 0.01f)));
}

/// 0.5 * x * (1 + erf(x / sqrt(2))), or with approximate "tanh"
/// 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))).
LogicalResult dlc::importGelu(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  StringRef approximate = node.getString("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    node.emitError() << "expected attribute 'approximate' to be 'none' or 'tanh', found '"
                     << approximate << "'";
    good = false;
  }
  if (!good)
    return failure();

  Value x = node.getInput(0), curve;
  if (approximate == "none") {
    Value scaled = node.createPiece<MulOp>(x, node.createScalar(1 / std::numbers::sqrt2));
    curve = node.createPiece<ErfOp>(scaled);
  } else {
    Value cube = node.createPiece<MulOp>(node.createPiece<MulOp>(x, x), x);
    Value term = node.createPiece<MulOp>(cube, node.createScalar(0.044715f));
    Value sum = node.createPiece<AddOp>(x, term);
    float factor = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
    curve = node.createPiece<TanhOp>(node.createPiece<MulOp>(sum, node.createScalar(factor)));
  }
  Value share = node.createPiece<AddOp>(curve, node.createScalar(1));
  Value half = node.createPiece<MulOp>(x, node.createScalar(0.5f));
  node.setResult(node.createPiece<MulOp>(half, share));
  return success();
}

/// Opset 11 and newer: the bounds are inputs.
/// By default the bounds are the largest finite numbers: infinities become finite.
static constexpr float lowestBound = std::numeric_limits<float>::lowest();
static constexpr float highestBound = std::numeric_limits<float>::max();

LogicalResult dlc::importClip(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  Value low = node.getInput(1), high = node.getInput(2);
  return node.createOp<ClipOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                               low ? low : node.createScalar(lowestBound),
                               high ? high : node.createScalar(highestBound));
}

/// Before opset 11 the bounds are attributes.
LogicalResult dlc::importClipAttributes(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  return node.createOp<ClipOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                               node.createScalar(node.getFloat("min", lowestBound)),
                               node.createScalar(node.getFloat("max", highestBound)));
}
