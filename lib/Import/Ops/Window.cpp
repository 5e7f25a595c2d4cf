// Strides, dilations and pads of Conv and MaxPool.

#include "Window.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

LogicalResult dlc::requireSize(OnnxNode &node, StringRef name, ArrayRef<int64_t> list,
                               size_t size) {
  if (list.size() == size)
    return success();
  return node.emitError() << "expected attribute '" << name << "' of " << size
                          << " elements, found " << list.size();
}

/// Pads that keep the input's size, where all strides are 1. The odd one goes to the end for
/// SAME_UPPER.
static LogicalResult setSamePads(OnnxNode &node, Window &window) {
  size_t spatial = window.kernel.size();
  if (spatial == 0)
    return node.emitError() << "expected attribute 'kernel_shape' beside auto_pad and a filter of "
                               "unknown rank";
  for (auto [index, size] : llvm::enumerate(window.kernel)) {
    int64_t total;
    if (size < 1 || window.dilations[index] < 1 ||
        llvm::MulOverflow(size - 1, window.dilations[index], total))
      return node.emitError() << "expected a kernel and dilations of positive, small size, found ["
                              << window.kernel << "] and [" << window.dilations << "]";
    int64_t less = total / 2, more = total - less;
    bool isUpper = window.same == Window::Same::upper;
    window.pads[index] = isUpper ? less : more;
    window.pads[index + spatial] = isUpper ? more : less;
  }
  if (llvm::all_of(window.strides, [](int64_t stride) { return stride == 1; }))
    window.same = Window::Same::no;
  else
    llvm::fill(window.pads, 0);
  return success();
}

static LogicalResult setPads(OnnxNode &node, Window &window) {
  SmallVector<int64_t> none(2 * window.kernel.size(), 0);
  window.pads = node.getInts("pads", none);
  StringRef mode = node.getString("auto_pad", "NOTSET");
  if (failed(requireSize(node, "pads", window.pads, none.size())))
    return failure();
  if (mode == "NOTSET")
    return success();
  if (window.pads != none)
    return node.emitError() << "expected no pads beside auto_pad '" << mode << "', found ["
                            << window.pads << "]";
  if (mode == "VALID")
    return success();
  if (mode != "SAME_UPPER" && mode != "SAME_LOWER")
    return node.emitError() << "expected auto_pad to be NOTSET, VALID, SAME_UPPER or SAME_LOWER, "
                               "found '"
                            << mode << "'";
  window.same = mode == "SAME_UPPER" ? Window::Same::upper : Window::Same::lower;
  return setSamePads(node, window);
}

Value dlc::padInput(OnnxNode &node, const Window &window, double outside) {
  Value input = node.getInput(0);
  if (!window.isSame())
    return input;
  Value element = outside == 0 ? Value() : node.createScalarLike(input, outside);
  return node.createLike<SamePadOp>(input, element, window.kernel, window.strides, window.dilations,
                                    window.same == Window::Same::upper);
}

FailureOr<Window> dlc::getWindow(OnnxNode &node, ArrayRef<int64_t> kernel) {
  SmallVector<int64_t> ones(kernel.size(), 1);
  Window window{SmallVector<int64_t>(kernel),
                node.getInts("strides", ones),
                node.getInts("dilations", ones),
                {}};
  if (failed(requireSize(node, "strides", window.strides, kernel.size())) ||
      failed(requireSize(node, "dilations", window.dilations, kernel.size())) ||
      failed(setPads(node, window)))
    return failure();
  return window;
}
