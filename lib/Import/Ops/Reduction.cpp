// All that is called Reduce.

#include "ElementSets.h"
#include "Rows.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc;

namespace {
/// What a reduction reduces.
struct Reduced {
  Value operand;          // axes that are no constant; null: the attribute
  DenseI64ArrayAttr axes; // null: all dims
  bool keepAll = false;   // an operand without elements: no dims, not all
};
} // namespace

static Value createReduce(OnnxNode &node, ReduceKind kind, Value input, const Reduced &reduced,
                          bool keepDims) {
  if (reduced.operand) {
    Type type = PlannedType::getUnranked(cast<PlannedType>(input.getType()).getElementType());
    return DynamicReduceOp::create(node.getBuilder(), node.getLoc(), type, kind, input,
                                   reduced.operand, keepDims, reduced.keepAll);
  }
  Type type = PlannedType::getUnranked(cast<PlannedType>(input.getType()).getElementType());
  return ReduceOp::create(node.getBuilder(), node.getLoc(), type, kind, input, reduced.axes,
                          keepDims);
}

/// log(sum(exp(x))) as max + log(sum(exp(x - max))), which does not overflow. An infinite maximum
/// is replaced by a finite one: x - max is no NaN.
static Value createLogSumExp(OnnxNode &node, Value input, const Reduced &reduced, bool keepDims) {
  auto type = cast<FloatType>(cast<PlannedType>(input.getType()).getElementType());
  double largest = llvm::APFloat::getLargest(type.getFloatSemantics()).convertToDouble();
  auto maximum = [&](bool keep) -> Value {
    Value most = createReduce(node, ReduceKind::max, input, reduced, keep);
    return node.createLike<ClipOp>(most, node.createScalarLike(input, -largest),
                                   node.createScalarLike(input, largest));
  };
  Value powers = node.createLike<ExpOp>(node.createLike<SubOp>(input, maximum(true)));
  Value sum = createReduce(node, ReduceKind::log_sum, powers, reduced, keepDims);
  return node.createLike<AddOp>(sum, maximum(keepDims));
}

static LogicalResult importReduction(OnnxNode &node, const Reduced &reduced, bool keepDims) {
  StringRef op = node.getOp();
  Value input = node.getInput(0);
  if (op == "ReduceLogSumExp") {
    // Integers are summed up as f64, and the logarithm is cut off.
    Type elementType = node.getElementType(0);
    bool isReal = isFloat(elementType);
    if (!isReal)
      input = node.createCast(input, Builder(node.getContext()).getF64Type());
    Value result = createLogSumExp(node, input, reduced, keepDims);
    node.setResult(isReal ? result : node.createCast(result, elementType));
    return success();
  }
  ReduceKind kind = llvm::StringSwitch<ReduceKind>(op)
                        .Case("ReduceL1", ReduceKind::l1)
                        .Case("ReduceL2", ReduceKind::l2)
                        .Case("ReduceLogSum", ReduceKind::log_sum)
                        .Case("ReduceMax", ReduceKind::max)
                        .Case("ReduceMean", ReduceKind::mean)
                        .Case("ReduceMin", ReduceKind::min)
                        .Case("ReduceProd", ReduceKind::prod)
                        .Case("ReduceSum", ReduceKind::sum)
                        .Case("ReduceSumSquare", ReduceKind::sum_square);
  node.setResult(createReduce(node, kind, input, reduced, keepDims));
  return success();
}

/// Bools have extrema, from opset 20 on.
static LogicalResult requireReducible(OnnxNode &node) {
  if (isStandIn(node.getInput(0)))
    return failure();
  bool isExtremum = node.getOp() == "ReduceMax" || node.getOp() == "ReduceMin";
  if (isExtremum && node.getOpset() >= 20 && isBool(node.getElementType(0)))
    return success();
  return node.requireElements(numberElements, 0);
}

/// Before opset 18 (ReduceSum: 13) the axes are an attribute. An empty list stands for all dims.
static LogicalResult importReduceAttributes(OnnxNode &node) {
  bool good = succeeded(requireReducible(node));
  FailureOr<bool> keepDims = node.getFlag("keepdims", true);
  if (!good || failed(keepDims))
    return failure();
  SmallVector<int64_t> axes = node.getInts("axes", {});
  Reduced reduced;
  if (!axes.empty())
    reduced.axes = Builder(node.getContext()).getDenseI64ArrayAttr(axes);
  return importReduction(node, reduced, *keepDims);
}

static LogicalResult importReduce(OnnxNode &node) {
  bool good = succeeded(requireReducible(node));
  FailureOr<bool> keepDims = node.getFlag("keepdims", true);
  FailureOr<bool> noop = node.getFlag("noop_with_empty_axes", false);
  Value axes = node.getInput(1);
  good &= succeeded(node.requireIntegers(1, /*allowI32=*/false, 1));
  if (!good || failed(keepDims) || failed(noop))
    return failure();
  Reduced reduced;
  Builder builder(node.getContext());
  if (axes && !isConstant(axes)) {
    reduced.operand = axes;
    reduced.keepAll = *noop;
    return importReduction(node, reduced, *keepDims);
  }
  FailureOr<SmallVector<int64_t>> list = SmallVector<int64_t>();
  if (axes)
    list = node.getConstantInts(1);
  if (failed(list))
    return failure();
  if (!list->empty() || *noop) // over no dims: l1 and the like still change each element
    reduced.axes = builder.getDenseI64ArrayAttr(*list);
  return importReduction(node, reduced, *keepDims);
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow reduceInputs[] = {{"data"}};
static constexpr InputRow reduceInputs13[] = {{"data"}, {"axes", optional}};

static constexpr AttributeRow reduceAttributes[] = {{"axes", Proto::INTS},
                                                    {"keepdims", Proto::INT}};
static constexpr AttributeRow reduceAttributes13[] = {{"keepdims", Proto::INT},
                                                      {"noop_with_empty_axes", Proto::INT}};

static constexpr OpRow rows[] = {
    {"", "ReduceL1", oldestOpset, 17, reduceInputs, reduceAttributes, importReduceAttributes},
    {"", "ReduceL1", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceL2", oldestOpset, 17, reduceInputs, reduceAttributes, importReduceAttributes},
    {"", "ReduceL2", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceLogSum", oldestOpset, 17, reduceInputs, reduceAttributes, importReduceAttributes},
    {"", "ReduceLogSum", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceLogSumExp", oldestOpset, 17, reduceInputs, reduceAttributes,
     importReduceAttributes},
    {"", "ReduceLogSumExp", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceMax", oldestOpset, 17, reduceInputs, reduceAttributes, importReduceAttributes},
    {"", "ReduceMax", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceMean", oldestOpset, 17, reduceInputs, reduceAttributes, importReduceAttributes},
    {"", "ReduceMean", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceMin", oldestOpset, 17, reduceInputs, reduceAttributes, importReduceAttributes},
    {"", "ReduceMin", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceProd", oldestOpset, 17, reduceInputs, reduceAttributes, importReduceAttributes},
    {"", "ReduceProd", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceSum", oldestOpset, 12, reduceInputs, reduceAttributes, importReduceAttributes},
    {"", "ReduceSum", 13, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
    {"", "ReduceSumSquare", oldestOpset, 17, reduceInputs, reduceAttributes,
     importReduceAttributes},
    {"", "ReduceSumSquare", 18, newestOpset, reduceInputs13, reduceAttributes13, importReduce},
};

ArrayRef<OpRow> dlc::getReductionRows() { return rows; }
