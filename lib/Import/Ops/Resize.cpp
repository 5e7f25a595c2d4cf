// Resize.

#include "OpTable.h"

using namespace mlir;
using namespace dlc;

LogicalResult dlc::importResize(OnnxNode &node) {
  Value input = node.getInput(0), scales = node.getInput(2), sizes = node.getInput(3);
  bool good = true;
  auto unsupported = [&](const Twine &what, StringRef supported) {
    node.emitError() << what << " is not supported yet, only " << supported;
    good = false;
  };
  // The other inputs are read by modes alone that are refused here.
  node.inputs = {input, Value(), scales};
  good &= succeeded(node.requireF32());

  StringRef mode = node.getString("mode", "nearest");
  if (mode != "cubic")
    unsupported("mode '" + mode + "'", "'cubic'");
  StringRef coordinates = node.getString("coordinate_transformation_mode", "half_pixel");
  std::optional<ResizeCoordinates> kind = symbolizeResizeCoordinates(coordinates);
  if (!kind)
    unsupported("coordinate_transformation_mode '" + coordinates + "'",
                "half_pixel, pytorch_half_pixel, align_corners and asymmetric");
  for (StringRef flag : {"antialias", "exclude_outside"})
    if (int64_t value = node.getInt(flag, 0))
      unsupported(flag + " " + Twine(value), "0");
  if (node.findAttribute("axes"))
    unsupported("attribute 'axes'", "scales for all dims");
  if (sizes) {
    unsupported("input 'sizes'", "'scales'");
  } else if (!scales) {
    node.emitError() << "expected input 'scales'";
    good = false;
  }
  if (!good)
    return failure();
  return node.createOp<ResizeOp>(Builder(node.getContext()).getF32Type(), input, scales, *kind,
                                 llvm::APFloat(node.getFloat("cubic_coeff_a", -0.75f)));
}
