// Linear quantization, in ops that fuse: QuantizeLinear, DequantizeLinear, DynamicQuantizeLinear;
// and products of quantized numbers: ConvInteger, MatMulInteger, QLinearConv, QLinearMatMul.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"
#include "Window.h"

#include "dlc/ABI/Artifact.h"

using namespace mlir;
using namespace dlc;

namespace {
/// Scale and zero point of a quantized tensor, in a shape that broadcasts to it. No zero point: 0.
struct Steps {
  Value scale, zeroPoint;
};
} // namespace

static bool isQuantized(Type type) { return isInteger(type) && type.getIntOrFloatBitWidth() <= 16; }
/// Of 8 bits or less, without those of which each bit pattern is a power of two.
static bool isSmall(Type type) {
  return isa<Float8E4M3FNType, Float8E4M3FNUZType, Float8E5M2Type, Float8E5M2FNUZType,
             Float4E2M1FNType, Float6E2M3FNType, Float6E3M2FNType>(type) ||
         (isa<IntegerType>(type) && llvm::is_contained({2u, 4u}, type.getIntOrFloatBitWidth()));
}
static constexpr ElementSet linearElements = {
    "an integer type of 2, 4, 8 or 16 bits or a float type of 4, 6 or 8",
    [](Type type) { return isQuantized(type) || isSmall(type); }};
static constexpr ElementSet quantizedElements = {"an integer type of 8 or 16 bits", isQuantized};
static constexpr ElementSet dequantizedElements = {
    "a float type or i32", [](Type type) { return isFloat(type) || type.isSignlessInteger(32); }};
static constexpr ElementSet scaleElements = {
    "a float type", [](Type type) { return isFloat(type) || isa<Float8E8M0FNUType>(type); }};
static constexpr ElementSet quantizeScales = {"a float type or i32", [](Type type) {
                                                return scaleElements.contains(type) ||
                                                       type.isSignlessInteger(32);
                                              }};
static constexpr ElementSet storedElements = {
    "an integer type of 2 to 32 bits or a float type of 4, 6 or 8",
    [](Type type) { return isQuantized(type) || isSmall(type) || type.isSignlessInteger(32); }};

/// A result that has the shape of an input, which a filter's consumer asks for.
static Value withShapeOf(Value value, Value like) {
  auto type = cast<PlannedType>(like.getType());
  if (type.hasRank())
    value.setType(
        PlannedType::get(type.getDims(), cast<PlannedType>(value.getType()).getElementType()));
  return value;
}

/// A vector along an axis of a tensor, which dims of 1 follow; what has one element stays so.
static Value alongAxis(Pieces &p, Value vector, Value like, int64_t axis) {
  auto type = cast<PlannedType>(vector.getType());
  if (type.hasRank() && type.getRank() != 1)
    return vector;
  if (type.hasRank() && type.getDim(0).getConstant() == 1)
    return p.squeeze(vector, 0);
  auto likeType = cast<PlannedType>(like.getType());
  Value behind;
  if (axis < 0 || likeType.hasRank()) {
    int64_t count = axis < 0 ? -axis - 1 : static_cast<int64_t>(likeType.getRank()) - axis - 1;
    behind = p.ints(std::max<int64_t>(count, 0));
  } else {
    Value count = p.sub(p.shape(p.shape(like)), p.ints(axis + 1));
    behind = p.maximum(count, p.ints(0));
  }
  Value ones = ConstantOfShapeOp::create(p.builder, p.node.getLoc(),
                                         PlannedType::getUnranked(p.builder.getI64Type()), behind,
                                         p.node.createIntegerLike(behind, 1));
  return p.reshape(vector, p.concat({p.ints(-1), ones}));
}

/// Elements that each stand for a block of so many along the axis.
static Value repeatBlocks(Pieces &p, Value value, Value like, int64_t axis, int64_t blockSize) {
  std::optional<int64_t> end = axis == -1 ? std::nullopt : std::optional(axis + 1);
  Value places = p.range(p.squeeze(p.shape(like, axis, end), 0));
  return p.gather(value, p.div(places, p.node.createIntegerLike(places, blockSize)), axis);
}

/// The steps in these inputs, for a tensor.
static FailureOr<Steps> getSteps(Pieces &p, Value like, size_t scale, size_t zeroPoint) {
  OnnxNode &node = p.node;
  int64_t axis = node.getInt("axis", 1), blockSize = node.getInt("block_size", 0);
  if (blockSize < 0)
    return node.emitError() << "expected attribute 'block_size' to be 0 or more, found "
                            << blockSize;
  constexpr int64_t maxRank = DLC_MANIFEST_MAX_RANK;
  if (axis < -maxRank || axis >= maxRank)
    return node.emitError() << "expected attribute 'axis' from " << -maxRank << " to "
                            << maxRank - 1 << ", found " << axis;
  auto place = [&](Value value) {
    if (!value)
      return value;
    return blockSize ? repeatBlocks(p, value, like, axis, blockSize)
                     : alongAxis(p, value, like, axis);
  };
  return Steps{place(node.getInput(scale)), place(node.getInput(zeroPoint))};
}

/// round(value / scale) + zero point, clamped. The sum in f32, which holds each number of 16 bits.
static Value quantize(Pieces &p, Value value, const Steps &steps, Type elementType) {
  Type f32 = p.builder.getF32Type();
  unsigned width = elementType.getIntOrFloatBitWidth();
  bool isUnsigned = elementType.isUnsignedInteger();
  double lowest = isUnsigned ? 0 : -static_cast<double>(1 << (width - 1));
  double highest = lowest + static_cast<double>((1 << width) - 1);
  Value quotient = p.div(value, steps.scale);
  if (isa<FloatType>(elementType)) { // whose zero point is 0
    NamedAttribute saturate = p.parameter("saturate", p.node.getInt("saturate", 1));
    return p.node.createCast(quotient, elementType, saturate);
  }
  Value result = p.cast(p.node.createLike<RoundOp>(quotient), f32);
  if (steps.zeroPoint)
    result = p.add(result, p.cast(steps.zeroPoint, f32));
  result = p.minimum(p.maximum(result, p.number(result, lowest)), p.number(result, highest));
  return p.cast(result, elementType);
}

/// The difference to the zero point, in another element type.
static Value center(Pieces &p, Value value, Value zeroPoint, Type elementType) {
  Value result = p.cast(value, elementType);
  if (!zeroPoint)
    return result;
  return withShapeOf(p.sub(result, p.cast(zeroPoint, elementType)), value);
}

static LogicalResult hasOperands(OnnxNode &node) { return success(!node.hasStandIn()); }

/// A float type that an attribute states, or else a default; null after an error.
static Type getFloatAttribute(OnnxNode &node, StringRef name, Type absent) {
  if (!node.getInt(name, 0))
    return absent;
  Type type = node.getTypeAttribute(name, 0);
  if (!type || isFloat(type))
    return type;
  node.emitError() << "expected attribute '" << name << "' to be a float type, found " << type;
  return Type();
}

static LogicalResult importQuantize(OnnxNode &node) {
  if (failed(hasOperands(node)))
    return failure();
  bool good = succeeded(node.requireElements(dequantizedElements, 0));
  good &= succeeded(node.requireElements(quantizeScales, 1));
  if (node.getInput(2))
    good &= succeeded(node.requireElements(linearElements, 2));
  Builder b(node.getContext());
  Type elementType = node.getInput(2) ? node.getElementType(2) : b.getIntegerType(8, false);
  if (!node.getInput(2) && node.getInt("output_dtype", 0))
    elementType = node.getTypeAttribute("output_dtype", 0);
  Type precision = node.getElementType(1);
  if (isFloat(node.getElementType(0)) && !isFloat(precision))
    precision = node.getElementType(0);
  if (!isFloat(precision))
    precision = b.getF32Type();
  precision = getFloatAttribute(node, "precision", precision);
  if (!good || !elementType || !precision)
    return failure();
  if (!isQuantized(elementType) && !isSmall(elementType))
    return node.emitError() << "expected an output of " << linearElements.name << ", found "
                            << elementType;
  Pieces p(node);
  Value input = node.getInput(0);
  FailureOr<Steps> steps = getSteps(p, input, 1, 2);
  if (failed(steps))
    return failure();
  steps->scale = p.cast(steps->scale, precision);
  Value result = quantize(p, p.cast(input, precision), *steps, elementType);
  node.setResult(isSmall(elementType) ? result : withShapeOf(result, input));
  return success();
}

static LogicalResult importDequantize(OnnxNode &node) {
  if (failed(hasOperands(node)))
    return failure();
  bool good = succeeded(node.requireElements(storedElements, 0));
  good &= succeeded(node.requireElements(scaleElements, 1));
  if (node.getInput(2))
    good &= succeeded(node.requireElements(storedElements, 2));
  if (!good)
    return failure();
  Type result = getFloatAttribute(node, "output_dtype", node.getElementType(1));
  if (!result)
    return failure();
  if (!isFloat(result))
    return node.emitError() << "expected attribute 'output_dtype' beside a scale of type "
                            << result;
  Pieces p(node);
  Value input = node.getInput(0);
  FailureOr<Steps> steps = getSteps(p, input, 1, 2);
  if (failed(steps))
    return failure();
  Type f32 = p.builder.getF32Type();
  Value centered = center(p, input, steps->zeroPoint, f32);
  Value scaled = p.cast(p.mul(centered, p.cast(steps->scale, f32)), result);
  node.setResult(withShapeOf(scaled, input));
  return success();
}

/// The steps are those of the range that holds all elements and 0. Zeros alone have a scale of 1.
static LogicalResult importDynamicQuantize(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), zero = p.number(input, 0);
  Value highest = p.maximum(p.reduce(ReduceKind::max, input, {}, /*keepDims=*/false), zero);
  Value lowest = p.minimum(p.reduce(ReduceKind::min, input, {}, /*keepDims=*/false), zero);
  Value scale = p.div(p.sub(highest, lowest), p.number(input, 255));
  scale = p.select(p.equal(scale, zero), p.number(input, 1), scale);
  Type u8 = p.builder.getIntegerType(8, /*isSigned=*/false);
  Value zeroPoint = quantize(p, p.neg(lowest), {scale, Value()}, u8);
  node.results = {quantize(p, input, {scale, zeroPoint}, u8), scale, zeroPoint};
  return success();
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

/// Steps of the rows of a matrix; those of columns broadcast as they are.
static Value alongRows(Pieces &p, Value value) {
  auto type = value ? cast<PlannedType>(value.getType()) : PlannedType();
  return value && type.hasRank() && type.getRank() == 1 ? p.unsqueeze(value, 1) : value;
}

static Value multiply(Pieces &p, Value lhs, Value lhsZero, Value rhs, Value rhsZero) {
  Type i32 = p.builder.getI32Type();
  Value left = center(p, lhs, alongRows(p, lhsZero), i32);
  return p.node.createLike<MatmulOp>(left, center(p, rhs, rhsZero, i32), Value(),
                                     /*transpose_lhs=*/false, /*transpose_rhs=*/false);
}

static LogicalResult importMatMulInteger(OnnxNode &node) {
  if (failed(hasOperands(node)))
    return failure();
  bool good = true;
  for (size_t index : llvm::seq(node.inputs.size()))
    good &= !node.getInput(index) || succeeded(node.requireElements(quantizedElements, index));
  if (!good)
    return failure();
  Pieces p(node);
  node.setResult(
      multiply(p, node.getInput(0), node.getInput(2), node.getInput(1), node.getInput(3)));
  return success();
}

/// Checks the inputs that two quantized factors and a quantized result have.
static LogicalResult checkProduct(OnnxNode &node) {
  if (failed(hasOperands(node)))
    return failure();
  bool good = true;
  for (size_t index : {0, 2, 3, 5, 7})
    good &= succeeded(node.requireElements(quantizedElements, index));
  for (size_t index : {1, 4, 6})
    good &= succeeded(node.requireElements(floatElements, index));
  return success(good);
}

/// A sum of products of quantized numbers, quantized anew.
static Value requantize(Pieces &p, Value sum, Value lhsScale, Value rhsScale) {
  Type f32 = p.builder.getF32Type();
  Value scale = p.mul(p.cast(lhsScale, f32), p.cast(rhsScale, f32));
  Steps steps{p.cast(p.node.getInput(6), f32), p.node.getInput(7)};
  return quantize(p, p.mul(p.cast(sum, f32), scale), steps, p.node.getElementType(7));
}

static LogicalResult importQLinearMatMul(OnnxNode &node) {
  if (failed(checkProduct(node)))
    return failure();
  Pieces p(node);
  Value sum = multiply(p, node.getInput(0), node.getInput(2), node.getInput(3), node.getInput(5));
  node.setResult(requantize(p, sum, alongRows(p, node.getInput(1)), node.getInput(4)));
  return success();
}

/// The convolution of these inputs, in f64, which holds all sums. The bias may be null.
static FailureOr<Value> convolve(Pieces &p, Value input, Value inputZero, Value filter,
                                 Value filterZero, Value bias) {
  OnnxNode &node = p.node;
  Type f64 = p.builder.getF64Type();
  auto one = [&](Value zero, Value like, int64_t axis) {
    return zero ? alongAxis(p, zero, like, axis) : zero;
  };
  Value left = withShapeOf(center(p, input, one(inputZero, input, 1), f64), input);
  Value right = withShapeOf(center(p, filter, one(filterZero, filter, 0), f64), filter);
  node.inputs = {left, right, bias ? p.cast(bias, f64) : bias};
  if (failed(importConv(node)))
    return failure();
  return node.results.front();
}

static LogicalResult importConvInteger(OnnxNode &node) {
  if (failed(hasOperands(node)))
    return failure();
  bool good = true;
  for (size_t index : llvm::seq(node.inputs.size()))
    good &= !node.getInput(index) || succeeded(node.requireElements(quantizedElements, index));
  if (!good)
    return failure();
  Pieces p(node);
  FailureOr<Value> sum =
      convolve(p, node.getInput(0), node.getInput(2), node.getInput(1), node.getInput(3), Value());
  if (failed(sum))
    return failure();
  node.setResult(p.cast(*sum, p.builder.getI32Type()));
  return success();
}

static LogicalResult importQLinearConv(OnnxNode &node) {
  if (failed(checkProduct(node)))
    return failure();
  Pieces p(node);
  SmallVector<Value> inputs = node.inputs;
  FailureOr<Value> sum = convolve(p, inputs[0], inputs[2], inputs[3], inputs[5],
                                  inputs.size() > 8 ? inputs[8] : Value());
  if (failed(sum))
    return failure();
  node.inputs = inputs;
  // The filter has the result's rank, and is known more often.
  Value filterScale = alongAxis(p, inputs[4], inputs[3], 1);
  node.setResult(requantize(p, *sum, inputs[1], filterScale));
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow quantizeInputs[] = {{"x"}, {"y_scale"}, {"y_zero_point", optional}};
static constexpr InputRow dequantizeInputs[] = {{"x"}, {"x_scale"}, {"x_zero_point", optional}};
static constexpr InputRow dynamicInputs[] = {{"x"}};
static constexpr InputRow convIntegerInputs[] = {
    {"x"}, {"w"}, {"x_zero_point", optional}, {"w_zero_point", optional}};
static constexpr InputRow matMulIntegerInputs[] = {
    {"A"}, {"B"}, {"a_zero_point", optional}, {"b_zero_point", optional}};
static constexpr InputRow linearConvInputs[] = {{"x"},       {"x_scale"},      {"x_zero_point"},
                                                {"w"},       {"w_scale"},      {"w_zero_point"},
                                                {"y_scale"}, {"y_zero_point"}, {"B", optional}};
static constexpr InputRow linearMatMulInputs[] = {{"a"},       {"a_scale"},     {"a_zero_point"},
                                                  {"b"},       {"b_scale"},     {"b_zero_point"},
                                                  {"y_scale"}, {"y_zero_point"}};

static constexpr AttributeRow axisAttributes[] = {{"axis", Proto::INT}};
static constexpr AttributeRow quantizeAttributes19[] = {{"axis", Proto::INT},
                                                        {"saturate", Proto::INT}};
static constexpr AttributeRow quantizeAttributes21[] = {{"axis", Proto::INT},
                                                        {"block_size", Proto::INT},
                                                        {"output_dtype", Proto::INT},
                                                        {"saturate", Proto::INT}};
static constexpr AttributeRow quantizeAttributes23[] = {{"axis", Proto::INT},
                                                        {"block_size", Proto::INT},
                                                        {"output_dtype", Proto::INT},
                                                        {"precision", Proto::INT},
                                                        {"saturate", Proto::INT}};
static constexpr AttributeRow dequantizeAttributes21[] = {{"axis", Proto::INT},
                                                          {"block_size", Proto::INT}};
static constexpr AttributeRow dequantizeAttributes23[] = {
    {"axis", Proto::INT}, {"block_size", Proto::INT}, {"output_dtype", Proto::INT}};
static constexpr AttributeRow convAttributes[] = {
    {"auto_pad", Proto::STRING},   {"dilations", Proto::INTS}, {"group", Proto::INT},
    {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS},      {"strides", Proto::INTS}};

static constexpr StringLiteral dynamicOutputs[] = {"y_scale", "y_zero_point"};

static constexpr OpRow rows[] = {
    {"", "ConvInteger", 10, newestOpset, convIntegerInputs, convAttributes, importConvInteger},
    {"", "DequantizeLinear", 10, 12, dequantizeInputs, {}, importDequantize},
    {"", "DequantizeLinear", 13, 20, dequantizeInputs, axisAttributes, importDequantize},
    {"", "DequantizeLinear", 21, 22, dequantizeInputs, dequantizeAttributes21, importDequantize},
    {"", "DequantizeLinear", 23, newestOpset, dequantizeInputs, dequantizeAttributes23,
     importDequantize},
    {"",
     "DynamicQuantizeLinear",
     11,
     newestOpset,
     dynamicInputs,
     {},
     importDynamicQuantize,
     dynamicOutputs,
     threeOutputs},
    {"", "MatMulInteger", 10, newestOpset, matMulIntegerInputs, {}, importMatMulInteger},
    {"", "QLinearConv", 10, newestOpset, linearConvInputs, convAttributes, importQLinearConv},
    {"", "QLinearMatMul", 10, newestOpset, linearMatMulInputs, {}, importQLinearMatMul},
    {"", "QuantizeLinear", 10, 12, quantizeInputs, {}, importQuantize},
    {"", "QuantizeLinear", 13, 18, quantizeInputs, axisAttributes, importQuantize},
    {"", "QuantizeLinear", 19, 20, quantizeInputs, quantizeAttributes19, importQuantize},
    {"", "QuantizeLinear", 21, 22, quantizeInputs, quantizeAttributes21, importQuantize},
    {"", "QuantizeLinear", 23, newestOpset, quantizeInputs, quantizeAttributes23, importQuantize},
};

ArrayRef<OpRow> dlc::getQuantizationRows() { return rows; }
