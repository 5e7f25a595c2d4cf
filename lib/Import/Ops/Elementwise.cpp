// Ops on the elements of one index: arithmetic, comparisons, choices, conversions.

#include "ElementSets.h"
#include "Rows.h"

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

static LogicalResult importMod(OnnxNode &node) {
  FailureOr<bool> fmod = node.getFlag("fmod", false);
  if (failed(node.requireElements(numberElements)) || failed(fmod))
    return failure();
  return node.createOp<ModOp>(node.getElementType(0), node.getInput(0), node.getInput(1), *fmod);
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

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

template <typename OpTy> static LogicalResult createUnary(OnnxNode &node) {
  return node.createOp<OpTy>(node.getElementType(0), node.getInput(0));
}

static LogicalResult createIsNan(OnnxNode &node) {
  return node.createOp<IsNanOp>(Builder(node.getContext()).getI1Type(), node.getInput(0));
}

static LogicalResult importUnary(OnnxNode &node) {
  static constexpr Row rows[] = {
      {"Abs", numberElements, createUnary<AbsOp>},
      {"Ceil", floatElements, createUnary<CeilOp>},
      {"Cos", floatElements, createUnary<CosOp>},
      {"Erf", floatElements, createUnary<ErfOp>},
      {"Exp", floatElements, createUnary<ExpOp>},
      {"Floor", floatElements, createUnary<FloorOp>},
      {"IsNaN", floatElements, createIsNan},
      {"Log", floatElements, createUnary<LogOp>},
      {"Neg", signedElements, createUnary<NegOp>},
      {"Not", boolElements, createUnary<NotOp>},
      {"Relu", signedElements, createUnary<ReluOp>},
      {"Round", floatElements, createUnary<RoundOp>},
      {"Sigmoid", floatElements, createUnary<SigmoidOp>},
      {"Sign", numberElements, createUnary<SignOp>},
      {"Sin", floatElements, createUnary<SinOp>},
      {"Sqrt", floatElements, createUnary<SqrtOp>},
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
  return node.createOp<SelectOp>(node.getElementType(1), node.getInput(0), node.getInput(1),
                                 node.getInput(2));
}

static LogicalResult createCast(OnnxNode &node, Type to) {
  if (to == node.getElementType(0) && !isStandIn(node.getInput(0))) {
    node.setResult(node.getInput(0));
    return success();
  }
  return node.createOp<CastOp>(to, node.getInput(0));
}

static LogicalResult importCast(OnnxNode &node) {
  if (!node.findAttribute("to"))
    return node.emitError() << "expected attribute 'to'";
  int64_t dataType = node.getInt("to", 0);
  Type to = llvm::isInt<32>(dataType) ? convertElementType(node.getContext(), dataType) : Type();
  if (!to)
    return node.emitError() << "element type "
                            << getElementTypeName(llvm::isInt<32>(dataType) ? dataType : -1)
                            << " of attribute 'to' is not supported yet";
  return createCast(node, to);
}

static LogicalResult importCastLike(OnnxNode &node) {
  return createCast(node, node.getElementType(1));
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow binaryInputs[] = {{"A"}, {"B"}};
static constexpr InputRow castLikeInputs[] = {{"input"}, {"target_type"}};
static constexpr InputRow chainInputs[] = {{"data_0"}};
static constexpr InputRow powInputs[] = {{"X"}, {"Y"}};
static constexpr InputRow whereInputs[] = {{"condition"}, {"X"}, {"Y"}};

static constexpr AttributeRow castAttributes6[] = {{"to", Proto::INT}};
static constexpr AttributeRow castAttributes19[] = {{"saturate", Proto::INT}, {"to", Proto::INT}};
static constexpr AttributeRow castAttributes24[] = {
    {"round_mode", Proto::STRING}, {"saturate", Proto::INT}, {"to", Proto::INT}};
static constexpr AttributeRow castLikeAttributes19[] = {{"saturate", Proto::INT}};
static constexpr AttributeRow castLikeAttributes24[] = {{"round_mode", Proto::STRING},
                                                        {"saturate", Proto::INT}};
static constexpr AttributeRow modAttributes[] = {{"fmod", Proto::INT}};

static constexpr OpRow rows[] = {
    {"", "Abs", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Add", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "And", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Cast", oldestOpset, 18, unaryInputs, castAttributes6, importCast},
    {"", "Cast", 19, 23, unaryInputs, castAttributes19, importCast},
    {"", "Cast", 24, newestOpset, unaryInputs, castAttributes24, importCast},
    {"", "CastLike", 15, 18, castLikeInputs, {}, importCastLike},
    {"", "CastLike", 19, 23, castLikeInputs, castLikeAttributes19, importCastLike},
    {"", "CastLike", 24, newestOpset, castLikeInputs, castLikeAttributes24, importCastLike},
    {"", "Ceil", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Cos", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Div", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Equal", oldestOpset, newestOpset, binaryInputs, {}, importEqual, {}, handles},
    {"", "Erf", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Exp", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Floor", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Greater", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "GreaterOrEqual", 12, newestOpset, binaryInputs, {}, importBinary},
    {"", "IsNaN", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Less", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "LessOrEqual", 12, newestOpset, binaryInputs, {}, importBinary},
    {"", "Log", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Max", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Mean", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Min", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Mod", 10, newestOpset, binaryInputs, modAttributes, importMod},
    {"", "Mul", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Neg", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Not", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Or", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Pow", oldestOpset, newestOpset, powInputs, {}, importPow},
    {"", "Relu", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Round", 11, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sigmoid", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sign", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sin", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sqrt", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sub", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Sum", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Tanh", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Where", 9, newestOpset, whereInputs, {}, importWhere},
    {"", "Xor", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
};

ArrayRef<OpRow> dlc::getElementwiseRows() { return rows; }
