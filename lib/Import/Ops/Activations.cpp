// Activations: those with parameters, and those that are made of other ops.

#include "ElementSets.h"
#include "Pieces.h"
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
  Value div(Value lhs, Value rhs) { return node.createLike<DivOp>(lhs, rhs); }
  Value exp(Value value) { return node.createLike<ExpOp>(value); }
  /// exp(-|x|), which does not overflow.
  Value createDecay() { return exp(node.createLike<NegOp>(node.createLike<AbsOp>(x))); }
  /// exp(value) - 1 as tanh(value / 2) * (exp(value) + 1), which does not cancel.
  Value expLess(Value value) {
    return mul(node.createLike<TanhOp>(mul(value, number(0.5))), add(exp(value), number(1)));
  }
  Value whereNegative(Value whenTrue, Value whenFalse) {
    Value negative = node.createComparison<LessOp>(x, number(0));
    return node.createSelect(negative, whenTrue, whenFalse);
  }
  /// min(max(factor * x + offset, 0), 1)
  Value createRamp(Value factor, Value offset) {
    return node.createLike<ClipOp>(add(mul(x, factor), offset), number(0), number(1));
  }
  /// max(x, 0) + log(1 + exp(-|x|)). What the sum with 1 loses, its difference to 1 loses too: the
  /// logarithm over that difference is right beside the power.
  Value createSoftplus() {
    Value power = createDecay(), sum = add(power, number(1));
    Value difference = node.createLike<SubOp>(sum, number(1));
    Value lost = node.createComparison<EqualOp>(difference, number(0));
    Value scaled = mul(power, div(node.createLike<LogOp>(sum), difference));
    return add(node.createLike<ReluOp>(x), node.createSelect(lost, power, scaled));
  }
  /// x * tanh(log(1 + p)) with p = exp(x) is x * (p^2 + 2p) / (p^2 + 2p + 2); above 0 both parts
  /// are divided by p^2.
  Value createMish() {
    Value power = createDecay(), twice = mul(power, number(2));
    Value rising = mul(power, add(power, number(2)));
    Value part = whereNegative(rising, add(twice, number(1)));
    Value rest = whereNegative(number(2), mul(twice, power));
    return mul(x, div(part, add(part, rest)));
  }
  Value createSelu() {
    bool isFirst = node.getOpset() < 6; // its defaults have fewer digits
    Value curve =
        mul(parameter("alpha", isFirst ? 1.6732f : 1.67326319217681884765625f), expLess(x));
    return mul(parameter("gamma", isFirst ? 1.0507f : 1.05070102214813232421875f),
               whereNegative(curve, x));
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
    return createMish();
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

/// Before opset 7 a slope of one dim has an element for each channel, or one for all.
static LogicalResult importChannelPRelu(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), rows = p.reshape(input, {0, 0, -1});
  Value slope = p.reshape(node.getInput(1), {-1, 1});
  Value scaled = p.mul(rows, slope);
  Value result = p.select(p.less(rows, p.number(rows, 0)), scaled, rows);
  node.setResult(p.reshapeLike(result, input));
  return success();
}

/// A number beyond `lambd` moved by `bias` towards zero; 0 for the others. Integers are computed
/// with as f64.
static LogicalResult importShrink(OnnxNode &node) {
  if (failed(node.requireElements(numberElements)))
    return failure();
  Pieces p(node);
  Type elementType = node.getElementType(0);
  Value x =
      p.cast(node.getInput(0), isFloat(elementType) ? elementType : Type(p.builder.getF64Type()));
  Value bound = p.number(x, node.getFloat("lambd", 0.5f));
  Value bias = p.number(x, node.getFloat("bias", 0));
  Value above = p.select(p.less(bound, x), p.sub(x, bias), p.number(x, 0));
  Value result = p.select(p.less(x, p.neg(bound)), p.add(x, bias), above);
  node.setResult(p.cast(result, elementType));
  return success();
}

/// a * sigmoid(alpha * a) * b
static LogicalResult importSwiGlu(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  Pieces p(node);
  Value gate = node.getInput(0);
  Value curve = node.createLike<SigmoidOp>(p.mul(gate, p.number(gate, node.getFloat("alpha", 1))));
  node.setResult(p.mul(p.mul(gate, curve), node.getInput(1)));
  return success();
}

/// 0.5 * x * (1 + erf(x / sqrt(2))), or with approximate "tanh"
/// 0.5 * x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))), where (1 + tanh(z)) / 2 is the
/// sigmoid of 2z, which does not cancel.
Value Activation::createGelu(bool isApproximate) {
  if (isApproximate) {
    constexpr double factor = 2 * std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
    Value cube = mul(mul(x, x), x);
    Value sum = add(x, mul(cube, number(0.044715)));
    return mul(x, node.createLike<SigmoidOp>(mul(sum, number(factor))));
  }
  Value curve = node.createLike<ErfOp>(mul(x, number(1 / std::numbers::sqrt2)));
  return mul(mul(x, number(0.5)), add(curve, number(1)));
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
static constexpr InputRow swiGluInputs[] = {{"A"}, {"B"}};
static constexpr InputRow preluInputs[] = {{"X"}, {"slope"}};

static constexpr AttributeRow alphaAttributes[] = {{"alpha", Proto::FLOAT}};
static constexpr AttributeRow clipAttributes6[] = {{"max", Proto::FLOAT}, {"min", Proto::FLOAT}};
static constexpr AttributeRow geluAttributes[] = {{"approximate", Proto::STRING}};
static constexpr AttributeRow hardSigmoidAttributes[] = {{"alpha", Proto::FLOAT},
                                                         {"beta", Proto::FLOAT}};
static constexpr AttributeRow shrinkAttributes[] = {{"bias", Proto::FLOAT},
                                                    {"lambd", Proto::FLOAT}};
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
    {"", "PRelu", oldestOpset, 6, preluInputs, {}, importChannelPRelu},
    {"", "PRelu", 7, newestOpset, preluInputs, {}, importActivation},
    {"", "Reciprocal", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
    {"", "Selu", oldestOpset, newestOpset, unaryInputs, seluAttributes, importActivation},
    {"", "Shrink", 9, newestOpset, unaryInputs, shrinkAttributes, importShrink},
    {"", "Softplus", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
    {"", "Softsign", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
    {"", "SwiGLU", 28, newestOpset, swiGluInputs, alphaAttributes, importSwiGlu},
    {"", "Swish", 24, newestOpset, unaryInputs, alphaAttributes, importActivation},
    {"", "ThresholdedRelu", 10, newestOpset, unaryInputs, alphaAttributes, importActivation},
};

ArrayRef<OpRow> dlc::getActivationRows() { return rows; }
