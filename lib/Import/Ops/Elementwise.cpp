// Ops on the elements of one index: arithmetic, comparisons, choices, conversions.

#include "ElementSets.h"

#include "OpTable.h"
#include "onnx-ml.pb.h"

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

LogicalResult dlc::importBinary(OnnxNode &node) {
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
LogicalResult dlc::importEqual(OnnxNode &node) {
  if (!node.isHandle(0) && !node.isHandle(1))
    return importBinary(node);
  bool good = succeeded(node.requireStrings(0));
  good &= succeeded(node.requireStrings(1));
  if (good)
    node.results =
        node.createCall("equal", node.inputs, {}, OnnxType{OnnxType::tensor, DLC_DTYPE_BOOL});
  return success(good);
}

LogicalResult dlc::importMod(OnnxNode &node) {
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
LogicalResult dlc::importPow(OnnxNode &node) {
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

LogicalResult dlc::importUnary(OnnxNode &node) {
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

LogicalResult dlc::importChain(OnnxNode &node) {
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

LogicalResult dlc::importWhere(OnnxNode &node) {
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

LogicalResult dlc::importCast(OnnxNode &node) {
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

LogicalResult dlc::importCastLike(OnnxNode &node) {
  return createCast(node, node.getElementType(1));
}
