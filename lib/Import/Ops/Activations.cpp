// Activations: those with parameters, and those that are made of other ops.

#include "ElementSets.h"
#include "Rows.h"

#include <numbers>

using namespace mlir;
using namespace dlc;

static LogicalResult importLeakyRelu(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  return node.createOp<LeakyReluOp>(node.getElementType(0), node.getInput(0),
                                    llvm::APFloat(node.getFloat("alpha", 0.01f)));
}

//===----------------------------------------------------------------------===//
// Clip
//===----------------------------------------------------------------------===//

/// The largest finite number of a float type, by which infinities become finite; nothing for other
/// types.
static Value createLargest(OnnxNode &node, Value like, bool isNegative) {
  auto type = dyn_cast<FloatType>(cast<PlannedType>(like.getType()).getElementType());
  if (!type)
    return {};
  llvm::APFloat largest = llvm::APFloat::getLargest(type.getFloatSemantics(), isNegative);
  return node.createScalarLike(like, largest.convertToDouble());
}

/// Opset 11 and newer: the bounds are inputs.
static LogicalResult importClip(OnnxNode &node) {
  if (failed(node.requireElements(numberElements)))
    return failure();
  Value input = node.getInput(0), low = node.getInput(1), high = node.getInput(2);
  return node.createOp<ClipOp>(node.getElementType(0), input,
                               low ? low : createLargest(node, input, true),
                               high ? high : createLargest(node, input, false));
}

/// Before opset 11 the bounds are attributes.
static LogicalResult importClipAttributes(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  Value input = node.getInput(0);
  auto createBound = [&](StringRef name, bool isNegative) {
    return node.findAttribute(name) ? node.createScalarLike(input, node.getFloat(name, 0))
                                    : createLargest(node, input, isNegative);
  };
  Value low = createBound("min", true), high = createBound("max", false);
  return node.createOp<ClipOp>(node.getElementType(0), input, low, high);
}

//===----------------------------------------------------------------------===//
// Decompositions
//===----------------------------------------------------------------------===//

namespace {
/// Builds activations of the node's first input.
class Activation {
public:
  explicit Activation(OnnxNode &node) : node(node), x(node.getInput(0)) {}

  /// Null for an operator that is not known here.
  Value create();
  Value createGelu(bool isApproximate);

private:
  Value number(double value) { return node.createScalarLike(x, value); }
  Value parameter(StringRef name, float value) { return number(node.getFloat(name, value)); }
  Value add(Value lhs, Value rhs) { return node.createLike<AddOp>(lhs, rhs); }
  Value mul(Value lhs, Value rhs) { return node.createLike<MulOp>(lhs, rhs); }
  Value exp(Value value) { return node.createLike<ExpOp>(value); }
  /// exp(value) - 1
  Value expLess(Value value) { return node.createLike<SubOp>(exp(value), number(1)); }
  Value whereNegative(Value whenTrue, Value whenFalse) {
    Value negative = node.createComparison<LessOp>(x, number(0));
    return node.createSelect(negative, whenTrue, whenFalse);
  }
  /// min(max(factor * x + offset, 0), 1)
  Value createRamp(Value factor, Value offset) {
    return node.createLike<ClipOp>(add(mul(x, factor), offset), number(0), number(1));
  }
  /// log(1 + exp(x)), with an exponential that does not overflow.
  Value createSoftplus() {
    Value decay = exp(node.createLike<NegOp>(node.createLike<AbsOp>(x)));
    Value rest = node.createLike<LogOp>(add(decay, number(1)));
    return add(node.createLike<ReluOp>(x), rest);
  }
  Value createSelu() {
    Value curve = mul(parameter("alpha", 1.67326319217681884765625f), expLess(x));
    return mul(parameter("gamma", 1.05070102214813232421875f), whereNegative(curve, x));
  }
  Value createCelu() {
    Value alpha = parameter("alpha", 1);
    return whereNegative(mul(alpha, expLess(node.createLike<DivOp>(x, alpha))), x);
  }
  Value createThresholdedRelu() {
    Value above = node.createComparison<GreaterOp>(x, parameter("alpha", 1));
    return node.createSelect(above, x, number(0));
  }
  Value createSoftsign() {
    return node.createLike<DivOp>(x, add(number(1), node.createLike<AbsOp>(x)));
  }

  OnnxNode &node;
  Value x;
};
} // namespace

Value Activation::create() {
  StringRef op = node.getOp();
  if (op == "Celu")
    return createCelu();
  if (op == "Elu")
    return whereNegative(mul(parameter("alpha", 1), expLess(x)), x);
  if (op == "HardSigmoid")
    return createRamp(parameter("alpha", 0.2f), parameter("beta", 0.5f));
  if (op == "HardSwish")
    return mul(x, createRamp(number(1.0 / 6), number(0.5)));
  if (op == "Mish")
    return mul(x, node.createLike<TanhOp>(createSoftplus()));
  if (op == "PRelu")
    return whereNegative(mul(x, node.getInput(1)), x);
  if (op == "Reciprocal")
    return node.createLike<DivOp>(number(1), x);
  if (op == "Selu")
    return createSelu();
  if (op == "Softplus")
    return createSoftplus();
  if (op == "Softsign")
    return createSoftsign();
  if (op == "Swish")
    return mul(x, node.createLike<SigmoidOp>(mul(x, parameter("alpha", 1))));
  assert(op == "ThresholdedRelu" && "the op table names no other");
  return createThresholdedRelu();
}

static LogicalResult importActivation(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  node.setResult(Activation(node).create());
  return success();
}

/// 0.5 * x * (1 + erf(x / sqrt(2))), or with approximate "tanh"
/// 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))).
Value Activation::createGelu(bool isApproximate) {
  Value curve;
  if (isApproximate) {
    Value cube = mul(mul(x, x), x);
    Value sum = add(x, mul(cube, number(0.044715)));
    curve =
        node.createLike<TanhOp>(mul(sum, number(std::numbers::sqrt2 * std::numbers::inv_sqrtpi)));
  } else {
    curve = node.createLike<ErfOp>(mul(x, number(1 / std::numbers::sqrt2)));
  }
  Value share = add(curve, number(1));
  return mul(mul(x, number(0.5)), share);
}

static LogicalResult importGelu(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  StringRef approximate = node.getString("approximate", "none");
  if (approximate != "none" && approximate != "tanh") {
    node.emitError() << "expected attribute 'approximate' to be 'none' or 'tanh', found '"
                     << approximate << "'";
    good = false;
  }
  if (!good)
    return failure();
  node.setResult(Activation(node).createGelu(approximate == "tanh"));
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow clipInputs[] = {{"input"}, {"min", optional}, {"max", optional}};
static constexpr InputRow preluInputs[] = {{"X"}, {"slope"}};

static constexpr AttributeRow alphaAttributes[] = {{"alpha", Proto::FLOAT}};
static constexpr AttributeRow clipAttributes6[] = {{"max", Proto::FLOAT}, {"min", Proto::FLOAT}};
static constexpr AttributeRow geluAttributes[] = {{"approximate", Proto::STRING}};
static constexpr AttributeRow hardSigmoidAttributes[] = {{"alpha", Proto::FLOAT},
                                                         {"beta", Proto::FLOAT}};
static constexpr AttributeRow seluAttributes[] = {{"alpha", Proto::FLOAT}, {"gamma", Proto::FLOAT}};

static constexpr OpRow rows[] = {
    {"", "Celu", 12, newestOpset, unaryInputs, alphaAttributes, importActivation},
    {"", "Clip", oldestOpset, 10, unaryInputs, clipAttributes6, importClipAttributes},
    {"", "Clip", 11, newestOpset, clipInputs, {}, importClip},
    {"", "Elu", oldestOpset, newestOpset, unaryInputs, alphaAttributes, importActivation},
    {"", "Gelu", 20, newestOpset, unaryInputs, geluAttributes, importGelu},
    {"", "HardSigmoid", oldestOpset, newestOpset, unaryInputs, hardSigmoidAttributes,
     importActivation},
    {"", "HardSwish", 14, newestOpset, unaryInputs, {}, importActivation},
    {"", "LeakyRelu", oldestOpset, newestOpset, unaryInputs, alphaAttributes, importLeakyRelu},
    {"", "Mish", 18, newestOpset, unaryInputs, {}, importActivation},
    {"", "PRelu", oldestOpset, newestOpset, preluInputs, {}, importActivation},
    {"", "Reciprocal", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
    {"", "Selu", oldestOpset, newestOpset, unaryInputs, seluAttributes, importActivation},
    {"", "Softplus", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
    {"", "Softsign", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
    {"", "Swish", 24, newestOpset, unaryInputs, alphaAttributes, importActivation},
    {"", "ThresholdedRelu", 10, newestOpset, unaryInputs, alphaAttributes, importActivation},
};

ArrayRef<OpRow> dlc::getActivationRows() { return rows; }
