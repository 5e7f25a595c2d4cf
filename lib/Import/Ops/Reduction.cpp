// All that is called Reduce.

#include "ElementSets.h"
#include "Rows.h"

#include "llvm/ADT/StringSwitch.h"

#include <limits>

using namespace mlir;
using namespace dlc;

/// log(sum(exp(x))) as max + log(sum(exp(x - max))), which does not overflow. An infinite maximum
/// is replaced by a finite one: x - max is no NaN.
static LogicalResult createLogSumExp(OnnxNode &node, DenseI64ArrayAttr axes, bool keepDims) {
  constexpr float largest = std::numeric_limits<float>::max();
  Value input = node.getInput(0);
  auto maximum = [&](bool keep) -> Value {
    Value most = node.createPiece<ReduceOp>(ReduceKind::max, input, axes, keep);
    return node.createPiece<ClipOp>(most, node.createScalar(-largest), node.createScalar(largest));
  };
  Value powers = node.createPiece<ExpOp>(node.createPiece<SubOp>(input, maximum(true)));
  Value sum = node.createPiece<ReduceOp>(ReduceKind::log_sum, powers, axes, keepDims);
  node.setResult(node.createPiece<AddOp>(sum, maximum(keepDims)));
  return success();
}

/// Without axes (null): over all dims.
static LogicalResult createReduce(OnnxNode &node, DenseI64ArrayAttr axes, bool keepDims) {
  StringRef op = node.getOp();
  if (op == "ReduceLogSumExp")
    return createLogSumExp(node, axes, keepDims);
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
  return node.createOp<ReduceOp>(node.getElementType(0), kind, node.getInput(0), axes, keepDims);
}

static LogicalResult requireReducible(OnnxNode &node) {
  if (node.getOp() == "ReduceLogSumExp")
    return node.requireF32(1);
  if (isStandIn(node.getInput(0)))
    return failure();
  return node.requireElements(numberElements, 0);
}

/// An empty list of axes stands for all dims.
static DenseI64ArrayAttr getAxesAttr(OnnxNode &node, ArrayRef<int64_t> axes) {
  return axes.empty() ? DenseI64ArrayAttr() : Builder(node.getContext()).getDenseI64ArrayAttr(axes);
}

/// Before opset 18 (ReduceSum: 13) the axes are an attribute.
static LogicalResult importReduceAttributes(OnnxNode &node) {
  bool good = succeeded(requireReducible(node));
  FailureOr<bool> keepDims = node.getFlag("keepdims", true);
  if (!good || failed(keepDims))
    return failure();
  return createReduce(node, getAxesAttr(node, node.getInts("axes", {})), *keepDims);
}

static LogicalResult importReduce(OnnxNode &node) {
  bool good = succeeded(requireReducible(node));
  FailureOr<bool> keepDims = node.getFlag("keepdims", true);
  FailureOr<bool> noop = node.getFlag("noop_with_empty_axes", false);
  FailureOr<SmallVector<int64_t>> axes = SmallVector<int64_t>();
  if (node.getInput(1))
    axes = node.getConstantInts(1);
  if (!good || failed(keepDims) || failed(noop) || failed(axes))
    return failure();
  if (axes->empty() && *noop) // over no dims: l1 and the like still change each element
    return createReduce(node, Builder(node.getContext()).getDenseI64ArrayAttr({}), *keepDims);
  return createReduce(node, getAxesAttr(node, *axes), *keepDims);
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
