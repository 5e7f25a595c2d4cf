// Ops on the elements of one index: arithmetic, comparisons, choices, conversions.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

#include <limits>

using namespace mlir;
using namespace dlc;

namespace {
/// An operator that is one op of the dialect.
struct Row {
  StringLiteral op;
  const ElementSet &elements;
  LogicalResult (*create)(OnnxNode &node);
};
} // namespace

static LogicalResult importByRow(OnnxNode &node, ArrayRef<Row> rows) {
  const Row *row = llvm::find_if(rows, [&](const Row &it) { return it.op == node.getOp(); });
  assert(row != rows.end() && "the op table names no other");
  return succeeded(node.requireElements(row->elements)) ? row->create(node) : failure();
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

template <typename OpTy> static LogicalResult createBinary(OnnxNode &node) {
  return node.createOp<OpTy>(node.getElementType(0), node.getInput(0), node.getInput(1));
}

template <typename OpTy> static LogicalResult createComparison(OnnxNode &node) {
  return node.createOp<OpTy>(Builder(node.getContext()).getI1Type(), node.getInput(0),
                             node.getInput(1));
}

static LogicalResult importBinary(OnnxNode &node) {
  static constexpr Row rows[] = {
      {"Add", numberElements, createBinary<AddOp>},
      {"And", boolElements, createBinary<AndOp>},
      {"BitwiseAnd", integerElements, createBinary<AndOp>},
      {"BitwiseOr", integerElements, createBinary<OrOp>},
      {"BitwiseXor", integerElements, createBinary<XorOp>},
      {"Div", numberElements, createBinary<DivOp>},
      {"Equal", anyElements, createComparison<EqualOp>},
      {"Greater", numberElements, createComparison<GreaterOp>},
      {"GreaterOrEqual", numberElements, createComparison<GreaterEqualOp>},
      {"Less", numberElements, createComparison<LessOp>},
      {"LessOrEqual", numberElements, createComparison<LessEqualOp>},
      {"Mul", numberElements, createBinary<MulOp>},
      {"Or", boolElements, createBinary<OrOp>},
      {"Sub", numberElements, createBinary<SubOp>},
      {"Xor", boolElements, createBinary<XorOp>},
  };
  return importByRow(node, rows);
}

/// Strings are compared by the library.
static LogicalResult importEqual(OnnxNode &node) {
  if (!node.isHandle(0) && !node.isHandle(1))
    return importBinary(node);
  bool good = succeeded(node.requireStrings(0));
  good &= succeeded(node.requireStrings(1));
  if (good)
    node.results =
        node.createCall("equal", node.inputs, {}, OnnxType{OnnxType::tensor, DLC_DTYPE_BOOL});
  return success(good);
}

/// Before opset 28 floats have no other form than C's fmod.
static LogicalResult importMod(OnnxNode &node) {
  FailureOr<bool> fmod = node.getFlag("fmod", false);
  if (failed(node.requireElements(numberElements)) || failed(fmod))
    return failure();
  if (!*fmod && node.getOpset() < 28 && isFloat(node.getElementType(0)) &&
      !isStandIn(node.getInput(0)))
    return node.emitError() << "expected attribute 'fmod' to be 1 for elements of type "
                            << node.getElementType(0);
  return node.createOp<ModOp>(node.getElementType(0), node.getInput(0), node.getInput(1), *fmod);
}

static LogicalResult importBitShift(OnnxNode &node) {
  bool good = succeeded(node.requireElements(integerElements));
  StringRef direction = node.getString("direction", "");
  if (direction != "LEFT" && direction != "RIGHT") {
    node.emitError() << "expected attribute 'direction' to be 'LEFT' or 'RIGHT', found '"
                     << direction << "'";
    good = false;
  }
  if (!good)
    return failure();
  return direction == "LEFT" ? createBinary<ShiftLeftOp>(node) : createBinary<ShiftRightOp>(node);
}

/// The value of a constant of rank 0.
static std::optional<double> getConstantScalar(Value value) {
  auto constant = value.getDefiningOp<ConstantOp>();
  auto dense = constant ? dyn_cast<DenseElementsAttr>(constant.getValue()) : DenseElementsAttr();
  if (!dense || dense.getType().getRank() != 0)
    return std::nullopt;
  if (auto real = dyn_cast<DenseFPElementsAttr>(dense))
    return (*real.begin()).convertToDouble();
  APInt integer = *cast<DenseIntElementsAttr>(dense).begin();
  return dense.getElementType().isUnsignedInteger() ? integer.roundToDouble()
                                                    : integer.signedRoundToDouble();
}

/// The exponent may have another element type (by its version, from opset 12 on).
static LogicalResult importPow(OnnxNode &node) {
  bool good = succeeded(node.requireElements(numberElements, 0));
  good &= succeeded(node.requireElements(numberElements, 1));
  if (!good)
    return failure();
  Value base = node.getInput(0);
  std::optional<double> exponent = getConstantScalar(node.getInput(1));
  if (exponent == 2)
    return node.createOp<MulOp>(node.getElementType(0), base, base);
  if (exponent == 3)
    return node.createOp<MulOp>(node.getElementType(0), node.createLike<MulOp>(base, base), base);
  return node.createOp<PowOp>(node.getElementType(0), base, node.getInput(1));
}

/// Before opset 7 the second operand's dims lie from `axis` on, or at the end: dims of 1 follow, as
/// many as the first operand has behind them.
static LogicalResult alignOperand(OnnxNode &node) {
  FailureOr<bool> broadcasts = node.getFlag("broadcast", false);
  if (failed(broadcasts) || isStandIn(node.getInput(0)) || isStandIn(node.getInput(1)))
    return failure();
  if (!*broadcasts || !node.findAttribute("axis"))
    return success();
  Pieces p(node);
  Value lhs = node.getInput(0), rhs = node.getInput(1);
  auto rank = [&](Value value) { return p.shape(p.shape(value)); };
  Value behind = p.sub(p.sub(rank(lhs), rank(rhs)), p.ints(node.getInt("axis", 0)));
  Value one = node.createIntegerLike(behind, 1);
  Value ones = ConstantOfShapeOp::create(
      p.builder, node.getLoc(), PlannedType::getUnranked(p.builder.getI64Type()), behind, one);
  node.inputs[1] = p.reshape(rhs, p.concat({p.shape(rhs), ones}));
  return success();
}

static LogicalResult importAligned(OnnxNode &node) {
  if (failed(alignOperand(node)))
    return failure();
  return node.getOp() == "Pow" ? importPow(node) : importBinary(node);
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

template <typename OpTy> static LogicalResult createUnary(OnnxNode &node) {
  return node.createOp<OpTy>(node.getElementType(0), node.getInput(0));
}

/// Floats of 8 bits become f32 before.
static LogicalResult createIsNan(OnnxNode &node) {
  Value input = node.getInput(0);
  Builder builder(node.getContext());
  if (!isStandIn(input) && !isFloat(node.getElementType(0)))
    input = node.createCast(input, builder.getF32Type());
  return node.createOp<IsNanOp>(builder.getI1Type(), input);
}

/// Comparisons with the infinities that attributes choose.
static LogicalResult importIsInf(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  FailureOr<bool> negative = node.getFlag("detect_negative", true);
  FailureOr<bool> positive = node.getFlag("detect_positive", true);
  if (!good || failed(negative) || failed(positive))
    return failure();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Value input = node.getInput(0);
  auto equals = [&](Value value, double number) {
    return node.createComparison<EqualOp>(value, node.createScalarLike(input, number));
  };
  if (*negative && *positive)
    node.setResult(equals(node.createLike<AbsOp>(input), infinity));
  else if (*negative || *positive)
    node.setResult(equals(input, *positive ? infinity : -infinity));
  else // no number is less than itself
    node.setResult(node.createComparison<LessOp>(input, input));
  return success();
}

static LogicalResult importUnary(OnnxNode &node) {
  static constexpr Row rows[] = {
      {"Abs", numberElements, createUnary<AbsOp>},
      {"Acos", floatElements, createUnary<AcosOp>},
      {"Acosh", floatElements, createUnary<AcoshOp>},
      {"Asin", floatElements, createUnary<AsinOp>},
      {"Asinh", floatElements, createUnary<AsinhOp>},
      {"Atan", floatElements, createUnary<AtanOp>},
      {"Atanh", floatElements, createUnary<AtanhOp>},
      {"BitwiseNot", integerElements, createUnary<NotOp>},
      {"Ceil", floatElements, createUnary<CeilOp>},
      {"Cos", floatElements, createUnary<CosOp>},
      {"Cosh", floatElements, createUnary<CoshOp>},
      {"Erf", floatElements, createUnary<ErfOp>},
      {"Exp", floatElements, createUnary<ExpOp>},
      {"Floor", floatElements, createUnary<FloorOp>},
      {"IsNaN", anyFloatElements, createIsNan},
      {"Log", floatElements, createUnary<LogOp>},
      {"Neg", signedElements, createUnary<NegOp>},
      {"Not", boolElements, createUnary<NotOp>},
      {"Relu", signedElements, createUnary<ReluOp>},
      {"Round", floatElements, createUnary<RoundOp>},
      {"Sigmoid", floatElements, createUnary<SigmoidOp>},
      {"Sign", numberElements, createUnary<SignOp>},
      {"Sin", floatElements, createUnary<SinOp>},
      {"Sinh", floatElements, createUnary<SinhOp>},
      {"Sqrt", floatElements, createUnary<SqrtOp>},
      {"Tan", floatElements, createUnary<TanOp>},
      {"Tanh", floatElements, createUnary<TanhOp>},
  };
  return importByRow(node, rows);
}

//===----------------------------------------------------------------------===//
// Any number of operands
//===----------------------------------------------------------------------===//

template <typename OpTy> static Value chain(OnnxNode &node) {
  Value result = node.getInput(0);
  for (Value input : llvm::drop_begin(node.inputs))
    result = node.createLike<OpTy>(result, input);
  return result;
}

static LogicalResult importChain(OnnxNode &node) {
  StringRef op = node.getOp();
  bool isSelection = op == "Max" || op == "Min";
  for (auto [index, input] : llvm::enumerate(node.inputs))
    if (!input)
      return node.emitError() << "expected all inputs, but number " << index << " is absent";
  if (failed(node.requireElements(isSelection ? numberElements : floatElements)))
    return failure();
  if (op == "Max") {
    node.setResult(chain<MaxOp>(node));
  } else if (op == "Min") {
    node.setResult(chain<MinOp>(node));
  } else {
    Value sum = chain<AddOp>(node);
    node.setResult(
        op == "Sum" ? sum
                    : node.createLike<DivOp>(sum, node.createScalarLike(sum, node.inputs.size())));
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Choices and conversions
//===----------------------------------------------------------------------===//

static LogicalResult importWhere(OnnxNode &node) {
  if (failed(node.requireElements(boolElements, 0)))
    return failure();
  if (node.isHandle(1))
    return node.moveStrings("select", node.inputs);
  return node.createOp<SelectOp>(node.getElementType(1), node.getInput(0), node.getInput(1),
                                 node.getInput(2));
}

static LogicalResult createCast(OnnxNode &node, Type to) {
  if (to == node.getElementType(0) && !isStandIn(node.getInput(0))) {
    node.setResult(node.getInput(0));
    return success();
  }
  if (isStandIn(node.getInput(0)))
    return failure();
  SmallVector<NamedAttribute> rounding;
  for (NamedAttribute attribute : node.getParameters())
    if (attribute.getName() == "saturate" || attribute.getName() == "round_mode")
      rounding.push_back(attribute);
  node.setResult(node.createCast(node.getInput(0), to, rounding));
  return success();
}

/// From strings, or to them.
static LogicalResult createTextCast(OnnxNode &node, int64_t to) {
  if (isStandIn(node.getInput(0)))
    return failure();
  OnnxType type{OnnxType::tensor, static_cast<int>(to)};
  node.results = node.createCall("cast", node.inputs, Pieces(node).parameter("to", to), type);
  return success();
}

static LogicalResult importCast(OnnxNode &node) {
  if (!node.findAttribute("to"))
    return node.emitError() << "expected attribute 'to'";
  if (int64_t to = node.getInt("to", 0); to == DLC_DTYPE_STRING)
    return createTextCast(node, to);
  Type to = node.getTypeAttribute("to", 0);
  if (!to)
    return failure();
  return node.isHandle(0) ? createTextCast(node, getDataType(to)) : createCast(node, to);
}

/// Before opset 6 the type is the name of a TensorProto.DataType.
static LogicalResult importNamedCast(OnnxNode &node) {
  StringRef name = node.getString("to", "");
  onnx::TensorProto::DataType dtype;
  Type to;
  if (onnx::TensorProto::DataType_Parse(name.str(), &dtype))
    to = convertElementType(node.getContext(), dtype);
  if (!to)
    return node.emitError() << "expected attribute 'to' to name an element type, found '" << name
                            << "'";
  return createCast(node, to);
}

static LogicalResult importCastLike(OnnxNode &node) {
  if (isStandIn(node.getInput(1)))
    return failure();
  return createCast(node, node.getElementType(1));
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow binaryInputs[] = {{"A"}, {"B"}};
static constexpr InputRow castLikeInputs[] = {{"input"}, {"target_type"}};
static constexpr InputRow chainInputs[] = {{"data_0"}};
static constexpr InputRow shiftInputs[] = {{"X"}, {"Y"}};
static constexpr InputRow powInputs[] = {{"X"}, {"Y"}};
static constexpr InputRow whereInputs[] = {{"condition"}, {"X"}, {"Y"}};

static constexpr AttributeRow broadcastAttributes[] = {{"axis", Proto::INT},
                                                       {"broadcast", Proto::INT}};
static constexpr AttributeRow castAttributes1[] = {{"to", Proto::STRING}};
static constexpr AttributeRow castAttributes6[] = {{"to", Proto::INT}};
static constexpr AttributeRow castAttributes19[] = {{"saturate", Proto::INT}, {"to", Proto::INT}};
static constexpr AttributeRow castAttributes24[] = {
    {"round_mode", Proto::STRING}, {"saturate", Proto::INT}, {"to", Proto::INT}};
static constexpr AttributeRow castLikeAttributes19[] = {{"saturate", Proto::INT}};
static constexpr AttributeRow castLikeAttributes24[] = {{"round_mode", Proto::STRING},
                                                        {"saturate", Proto::INT}};
static constexpr AttributeRow isInfAttributes[] = {{"detect_negative", Proto::INT},
                                                   {"detect_positive", Proto::INT}};
static constexpr AttributeRow shiftAttributes[] = {{"direction", Proto::STRING}};
static constexpr AttributeRow modAttributes[] = {{"fmod", Proto::INT}};

static constexpr OpRow rows[] = {
    {"", "Abs", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Acos", 7, newestOpset, unaryInputs, {}, importUnary},
    {"", "Acosh", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Add", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Add", 7, newestOpset, binaryInputs, {}, importBinary},
    {"", "And", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "And", 7, newestOpset, binaryInputs, {}, importBinary},
    {"", "Asin", 7, newestOpset, unaryInputs, {}, importUnary},
    {"", "Asinh", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Atan", 7, newestOpset, unaryInputs, {}, importUnary},
    {"", "Atanh", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "BitShift", 11, newestOpset, shiftInputs, shiftAttributes, importBitShift},
    {"", "BitwiseAnd", 18, newestOpset, binaryInputs, {}, importBinary},
    {"", "BitwiseNot", 18, newestOpset, unaryInputs, {}, importUnary},
    {"", "BitwiseOr", 18, newestOpset, binaryInputs, {}, importBinary},
    {"", "BitwiseXor", 18, newestOpset, binaryInputs, {}, importBinary},
    {"", "Cast", oldestOpset, 5, unaryInputs, castAttributes1, importNamedCast},
    {"", "Cast", 6, 18, unaryInputs, castAttributes6, importCast, {}, strings},
    {"", "Cast", 19, 23, unaryInputs, castAttributes19, importCast, {}, strings},
    {"", "Cast", 24, newestOpset, unaryInputs, castAttributes24, importCast, {}, strings},
    {"", "CastLike", 15, 18, castLikeInputs, {}, importCastLike},
    {"", "CastLike", 19, 23, castLikeInputs, castLikeAttributes19, importCastLike},
    {"", "CastLike", 24, newestOpset, castLikeInputs, castLikeAttributes24, importCastLike},
    {"", "Ceil", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Cos", 7, newestOpset, unaryInputs, {}, importUnary},
    {"", "Cosh", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Div", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Div", 7, newestOpset, binaryInputs, {}, importBinary},
    {"", "Equal", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Equal", 7, newestOpset, binaryInputs, {}, importEqual, {}, handles},
    {"", "Erf", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Exp", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Floor", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Greater", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Greater", 7, newestOpset, binaryInputs, {}, importBinary},
    {"", "GreaterOrEqual", 12, newestOpset, binaryInputs, {}, importBinary},
    {"", "IsInf", 10, newestOpset, unaryInputs, isInfAttributes, importIsInf},
    {"", "IsNaN", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Less", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Less", 7, newestOpset, binaryInputs, {}, importBinary},
    {"", "LessOrEqual", 12, newestOpset, binaryInputs, {}, importBinary},
    {"", "Log", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Max", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Mean", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Min", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Mod", 10, newestOpset, binaryInputs, modAttributes, importMod},
    {"", "Mul", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Mul", 7, newestOpset, binaryInputs, {}, importBinary},
    {"", "Neg", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Not", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Or", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Or", 7, newestOpset, binaryInputs, {}, importBinary},
    {"", "Pow", oldestOpset, 6, powInputs, broadcastAttributes, importAligned},
    {"", "Pow", 7, newestOpset, powInputs, {}, importPow},
    {"", "Relu", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Round", 11, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sigmoid", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sign", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sin", 7, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sinh", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sqrt", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sub", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Sub", 7, newestOpset, binaryInputs, {}, importBinary},
    {"", "Sum", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Tan", 7, newestOpset, unaryInputs, {}, importUnary},
    {"", "Tanh", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Where", 9, newestOpset, whereInputs, {}, importWhere, {}, stringChoices},
    {"", "Xor", oldestOpset, 6, binaryInputs, broadcastAttributes, importAligned},
    {"", "Xor", 7, newestOpset, binaryInputs, {}, importBinary},
};

ArrayRef<OpRow> dlc::getElementwiseRows() { return rows; }
