// Conv.

#include "Rows.h"
#include "Window.h"

using namespace mlir;
using namespace dlc;

/// The spatial dims of the filter. Failure without an error where they are unknown since an earlier
/// node failed.
static FailureOr<SmallVector<int64_t>> getKernel(OnnxNode &node) {
  Value filter = node.getInput(1);
  if (isStandIn(filter))
    return failure();
  if (!isConstant(filter))
    return node.emitError()
           << "a filter that is not constant is not supported yet, only an initializer";
  SmallVector<int64_t> shape = *cast<PlannedType>(filter.getType()).getStaticShape();
  if (shape.size() < 3)
    return node.emitError() << "expected a filter of rank 3 or more, found rank " << shape.size();
  SmallVector<int64_t> kernel(ArrayRef(shape).drop_front(2));
  SmallVector<int64_t> stated = node.getInts("kernel_shape", kernel);
  if (stated != kernel)
    return node.emitError() << "expected kernel_shape [" << stated << "] to be the filter's ["
                            << kernel << "]";
  return kernel;
}

static LogicalResult importConv(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  int64_t group = node.getInt("group", 1);
  if (group < 1) {
    node.emitError() << "expected attribute 'group' to be positive, found " << group;
    good = false;
  }
  FailureOr<SmallVector<int64_t>> kernel = getKernel(node);
  if (failed(kernel))
    return failure();
  FailureOr<Window> window = getWindow(node, *kernel);
  if (!good || failed(window))
    return failure();
  return node.createOp<ConvOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                               node.getInput(1), node.getInput(2), window->strides, window->pads,
                               window->dilations, static_cast<uint64_t>(group));
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow convInputs[] = {{"X"}, {"W"}, {"B", optional}};

static constexpr AttributeRow convAttributes[] = {
    {"auto_pad", Proto::STRING},   {"dilations", Proto::INTS}, {"group", Proto::INT},
    {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS},      {"strides", Proto::INTS}};

static constexpr OpRow rows[] = {
    {"", "Conv", oldestOpset, newestOpset, convInputs, convAttributes, importConv},
};

ArrayRef<OpRow> dlc::getConvolutionRows() { return rows; }
