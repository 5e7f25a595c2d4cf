// Resize.

#include "Rows.h"

using namespace mlir;
using namespace dlc;

static LogicalResult importResize(OnnxNode &node) {
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

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

// Required by opsets 11 and 12, but exporters leave out what a node does not use.
static constexpr InputRow resizeInputs[] = {
    {"X"}, {"roi", optional}, {"scales", optional}, {"sizes", optional}};

static constexpr AttributeRow resizeAttributes11[] = {
    {"coordinate_transformation_mode", Proto::STRING},
    {"cubic_coeff_a", Proto::FLOAT},
    {"exclude_outside", Proto::INT},
    {"extrapolation_value", Proto::FLOAT},
    {"mode", Proto::STRING},
    {"nearest_mode", Proto::STRING}};
static constexpr AttributeRow resizeAttributes18[] = {
    {"antialias", Proto::INT},
    {"axes", Proto::INTS},
    {"coordinate_transformation_mode", Proto::STRING},
    {"cubic_coeff_a", Proto::FLOAT},
    {"exclude_outside", Proto::INT},
    {"extrapolation_value", Proto::FLOAT},
    {"keep_aspect_ratio_policy", Proto::STRING},
    {"mode", Proto::STRING},
    {"nearest_mode", Proto::STRING}};

static constexpr OpRow rows[] = {
    {"", "Resize", 11, 17, resizeInputs, resizeAttributes11, importResize},
    {"", "Resize", 18, newestOpset, resizeInputs, resizeAttributes18, importResize},
};

ArrayRef<OpRow> dlc::getResizeRows() { return rows; }
