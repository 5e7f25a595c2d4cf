// MaxPool, GlobalAveragePool, GlobalMaxPool, ReduceMax, ReduceMean, ReduceMin, ReduceSum.

#include "Window.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc;

LogicalResult dlc::importMaxPool(OnnxNode &node) {
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

LogicalResult dlc::importGlobalPool(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  ReduceKind kind = node.getOp() == "GlobalMaxPool" ? ReduceKind::max : ReduceKind::mean;
  return node.createOp<GlobalPoolOp>(Builder(node.getContext()).getF32Type(), kind,
                                     node.getInput(0));
}

/// Without axes: over all dims.
static LogicalResult createReduce(OnnxNode &node, SmallVector<int64_t> axes, bool keepDims) {
  Value input = node.getInput(0);
  auto type = cast<PlannedType>(input.getType());
  if (axes.empty() && isStandIn(input))
    return failure();
  if (axes.empty() && !type.hasRank())
    return node.emitError() << "a reduction over all dims of another node's result is not "
                               "supported yet, expected axes";
  if (axes.empty())
    axes = llvm::to_vector(llvm::seq(type.getRank()));
  ReduceKind kind = llvm::StringSwitch<ReduceKind>(node.getOp())
                        .Case("ReduceMax", ReduceKind::max)
                        .Case("ReduceMean", ReduceKind::mean)
                        .Case("ReduceMin", ReduceKind::min)
                        .Case("ReduceSum", ReduceKind::sum);
  return node.createOp<ReduceOp>(Builder(node.getContext()).getF32Type(), kind, input, axes,
                                 keepDims);
}

/// Before opset 18 (ReduceSum: 13) the axes are an attribute.
LogicalResult dlc::importReduceAttributes(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  FailureOr<bool> keepDims = node.getFlag("keepdims", true);
  if (!good || failed(keepDims))
    return failure();
  return createReduce(node, node.getInts("axes", {}), *keepDims);
}

LogicalResult dlc::importReduce(OnnxNode &node) {
  bool good = succeeded(node.requireF32(1));
  FailureOr<bool> keepDims = node.getFlag("keepdims", true);
  FailureOr<bool> noop = node.getFlag("noop_with_empty_axes", false);
  FailureOr<SmallVector<int64_t>> axes = SmallVector<int64_t>();
  if (node.getInput(1))
    axes = node.getConstantInts(1);
  if (!good || failed(keepDims) || failed(noop) || failed(axes))
    return failure();
  if (axes->empty() && *noop) {
    node.setResult(node.getInput(0));
    return success();
  }
  return createReduce(node, *axes, *keepDims);
}
