// Conv.

#include "OpTable.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

/// The spatial dims of the one convolution that is compiled.
static constexpr size_t spatialDims = 2;

static LogicalResult requireSize(OnnxNode &node, StringRef name, ArrayRef<int64_t> list,
                                 size_t size) {
  if (list.size() == size)
    return success();
  return node.emitError() << "expected attribute '" << name << "' of " << size
                          << " elements, found " << list.size();
}

/// Pads that keep the input's size, where all strides are 1. The odd one goes to the end for
/// SAME_UPPER.
static FailureOr<SmallVector<int64_t>> getSamePads(OnnxNode &node, bool upper,
                                                   ArrayRef<int64_t> kernel,
                                                   ArrayRef<int64_t> strides,
                                                   ArrayRef<int64_t> dilations) {
  if (llvm::any_of(strides, [](int64_t stride) { return stride != 1; }))
    return node.emitError()
           << "auto_pad SAME is not supported yet with strides other than 1, found [" << strides
           << "]";
  SmallVector<int64_t> pads(2 * kernel.size());
  for (auto [index, size] : llvm::enumerate(kernel)) {
    int64_t total;
    if (size < 1 || dilations[index] < 1 || llvm::MulOverflow(size - 1, dilations[index], total))
      return node.emitError() << "expected a kernel and dilations of positive, small size, found ["
                              << kernel << "] and [" << dilations << "]";
    int64_t less = total / 2, more = total - less;
    pads[index] = upper ? less : more;
    pads[index + kernel.size()] = upper ? more : less;
  }
  return pads;
}

static FailureOr<SmallVector<int64_t>> getPads(OnnxNode &node, ArrayRef<int64_t> kernel,
                                               ArrayRef<int64_t> strides,
                                               ArrayRef<int64_t> dilations) {
  SmallVector<int64_t> none(2 * kernel.size(), 0);
  SmallVector<int64_t> pads = node.getInts("pads", none);
  StringRef mode = node.getString("auto_pad", "NOTSET");
  if (failed(requireSize(node, "pads", pads, none.size())))
    return failure();
  if (mode == "NOTSET")
    return pads;
  if (pads != none)
    return node.emitError() << "expected no pads beside auto_pad '" << mode << "', found [" << pads
                            << "]";
  if (mode == "VALID")
    return none;
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER")
    return getSamePads(node, mode == "SAME_UPPER", kernel, strides, dilations);
  return node.emitError() << "expected auto_pad to be NOTSET, VALID, SAME_UPPER or SAME_LOWER, "
                             "found '"
                          << mode << "'";
}

/// The spatial dims of the filter. Failure without an error where they are unknown since an earlier
/// node failed.
static FailureOr<SmallVector<int64_t>> getKernel(OnnxNode &node) {
  Value filter = node.getInput(1);
  if (isStandIn(filter))
    return failure();
  if (!isa_and_nonnull<ConstantOp>(filter.getDefiningOp()))
    return node.emitError()
           << "a filter that is not constant is not supported yet, only an initializer";
  SmallVector<int64_t> shape = *cast<PlannedType>(filter.getType()).getStaticShape();
  if (shape.size() != spatialDims + 2)
    return node.emitError() << "a filter of rank " << shape.size()
                            << " is not supported yet, only rank " << spatialDims + 2;
  SmallVector<int64_t> kernel(ArrayRef(shape).drop_front(2));
  SmallVector<int64_t> stated = node.getInts("kernel_shape", kernel);
  if (stated != kernel)
    return node.emitError() << "expected kernel_shape [" << stated << "] to be the filter's ["
                            << kernel << "]";
  return kernel;
}

LogicalResult dlc::importConv(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  int64_t group = node.getInt("group", 1);
  if (group != 1) {
    node.emitError() << "group " << group << " is not supported yet, only 1";
    good = false;
  }
  SmallVector<int64_t> ones(spatialDims, 1);
  SmallVector<int64_t> strides = node.getInts("strides", ones);
  SmallVector<int64_t> dilations = node.getInts("dilations", ones);
  FailureOr<SmallVector<int64_t>> kernel = getKernel(node);
  if (failed(kernel) || failed(requireSize(node, "strides", strides, spatialDims)) ||
      failed(requireSize(node, "dilations", dilations, spatialDims)))
    return failure();
  FailureOr<SmallVector<int64_t>> pads = getPads(node, *kernel, strides, dilations);
  if (!good || failed(pads))
    return failure();
  return node.createOp<ConvOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                               node.getInput(1), node.getInput(2), strides, *pads, dilations,
                               static_cast<uint64_t>(group));
}
