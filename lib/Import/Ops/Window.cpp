// Strides, dilations and pads of Conv and MaxPool.

#include "Window.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

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

FailureOr<Window> dlc::getWindow(OnnxNode &node, ArrayRef<int64_t> kernel) {
  SmallVector<int64_t> ones(kernel.size(), 1);
  SmallVector<int64_t> strides = node.getInts("strides", ones);
  SmallVector<int64_t> dilations = node.getInts("dilations", ones);
  if (failed(requireSize(node, "strides", strides, kernel.size())) ||
      failed(requireSize(node, "dilations", dilations, kernel.size())))
    return failure();
  FailureOr<SmallVector<int64_t>> pads = getPads(node, kernel, strides, dilations);
  if (failed(pads))
    return failure();
  return Window{SmallVector<int64_t>(kernel), strides, dilations, *pads};
}
