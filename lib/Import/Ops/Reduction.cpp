// MaxPool, GlobalAveragePool, GlobalMaxPool, and all that is called Reduce.

#include "ElementSets.h"
#include "Rows.h"
#include "Window.h"

#include "llvm/ADT/StringSwitch.h"

#include <limits>

using namespace mlir;
using namespace dlc;

static LogicalResult importMaxPool(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  if (int64_t order = node.getInt("storage_order", 0)) {
    node.emitError() << "storage_order " << order << " is not supported yet, only 0";
    good = false;
  }
  FailureOr<bool> ceil = node.getFlag("ceil_mode", false);
  // The specification's text rounds down there, its shape inference up.
  if (succeeded(ceil) && *ceil && node.getString("auto_pad", "NOTSET") == "VALID") {
    node.emitError() << "ceil_mode 1 beside auto_pad 'VALID' is not supported yet";
    good = false;
  }
  SmallVector<int64_t> kernel = node.getInts("kernel_shape", {});
  if (kernel.empty())
    return node.emitError() << "expected attribute 'kernel_shape' of at least 1 element";
  FailureOr<Window> window = getWindow(node, kernel);
  if (!good || failed(ceil) || failed(window))
    return failure();
  return node.createOp<MaxPoolOp>(Builder(node.getContext()).getF32Type(), node.getInput(0), kernel,
                                  window->strides, window->pads, window->dilations, *ceil);
}

static LogicalResult importGlobalPool(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  ReduceKind kind = node.getOp() == "GlobalMaxPool" ? ReduceKind::max : ReduceKind::mean;
  return node.createOp<GlobalPoolOp>(Builder(node.getContext()).getF32Type(), kind,
                                     node.getInput(0));
}

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

static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow reduceInputs[] = {{"data"}};
static constexpr InputRow reduceInputs13[] = {{"data"}, {"axes", optional}};

static constexpr AttributeRow maxPoolAttributes1[] = {{"auto_pad", Proto::STRING},
                                                      {"kernel_shape", Proto::INTS},
                                                      {"pads", Proto::INTS},
                                                      {"strides", Proto::INTS}};
static constexpr AttributeRow maxPoolAttributes8[] = {{"auto_pad", Proto::STRING},
                                                      {"kernel_shape", Proto::INTS},
                                                      {"pads", Proto::INTS},
                                                      {"storage_order", Proto::INT},
                                                      {"strides", Proto::INTS}};
static constexpr AttributeRow maxPoolAttributes10[] = {
    {"auto_pad", Proto::STRING},   {"ceil_mode", Proto::INT}, {"dilations", Proto::INTS},
    {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS},     {"storage_order", Proto::INT},
    {"strides", Proto::INTS}};
static constexpr AttributeRow reduceAttributes[] = {{"axes", Proto::INTS},
                                                    {"keepdims", Proto::INT}};
static constexpr AttributeRow reduceAttributes13[] = {{"keepdims", Proto::INT},
                                                      {"noop_with_empty_axes", Proto::INT}};

static constexpr StringLiteral maxPoolOutputs[] = {"Indices"};

static constexpr OpRow rows[] = {
    {"", "GlobalAveragePool", oldestOpset, newestOpset, unaryInputs, {}, importGlobalPool},
    {"", "GlobalMaxPool", oldestOpset, newestOpset, unaryInputs, {}, importGlobalPool},
    {"", "MaxPool", oldestOpset, 7, unaryInputs, maxPoolAttributes1, importMaxPool},
    {"", "MaxPool", 8, 9, unaryInputs, maxPoolAttributes8, importMaxPool, maxPoolOutputs},
    {"", "MaxPool", 10, newestOpset, unaryInputs, maxPoolAttributes10, importMaxPool,
     maxPoolOutputs},
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
