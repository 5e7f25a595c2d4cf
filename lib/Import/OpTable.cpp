// Names, types and ranges are those of the operator specification (Operators.md of ONNX).

#include "OpTable.h"

#include "onnx-ml.pb.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace dlc;
using Proto = onnx::AttributeProto;

static constexpr bool optional = false;

//===----------------------------------------------------------------------===//
// Inputs and attributes
//===----------------------------------------------------------------------===//

static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow binaryInputs[] = {{"A"}, {"B"}};
static constexpr InputRow convInputs[] = {{"X"}, {"W"}, {"B", optional}};
static constexpr InputRow clipInputs[] = {{"input"}, {"min", optional}, {"max", optional}};
// Required by opsets 11 and 12, but exporters leave out what a node does not use.
static constexpr InputRow resizeInputs[] = {
    {"X"}, {"roi", optional}, {"scales", optional}, {"sizes", optional}};

static constexpr AttributeRow clipAttributes6[] = {{"max", Proto::FLOAT}, {"min", Proto::FLOAT}};
static constexpr AttributeRow constantAttributes1[] = {{"value", Proto::TENSOR}};
static constexpr AttributeRow constantAttributes11[] = {{"sparse_value", Proto::SPARSE_TENSOR},
                                                        {"value", Proto::TENSOR}};
static constexpr AttributeRow constantAttributes12[] = {{"sparse_value", Proto::SPARSE_TENSOR},
                                                        {"value", Proto::TENSOR},
                                                        {"value_float", Proto::FLOAT},
                                                        {"value_floats", Proto::FLOATS},
                                                        {"value_int", Proto::INT},
                                                        {"value_ints", Proto::INTS},
                                                        {"value_string", Proto::STRING},
                                                        {"value_strings", Proto::STRINGS}};
static constexpr AttributeRow convAttributes[] = {
    {"auto_pad", Proto::STRING},   {"dilations", Proto::INTS}, {"group", Proto::INT},
    {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS},      {"strides", Proto::INTS}};
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

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr OpRow rows[] = {
    {"", "Add", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Clip", oldestOpset, 10, unaryInputs, clipAttributes6, importClipAttributes},
    {"", "Clip", 11, newestOpset, clipInputs, {}, importClip},
    {"", "Constant", oldestOpset, 10, {}, constantAttributes1, importConstant},
    {"", "Constant", 11, 11, {}, constantAttributes11, importConstant},
    {"", "Constant", 12, newestOpset, {}, constantAttributes12, importConstant},
    {"", "Conv", oldestOpset, newestOpset, convInputs, convAttributes, importConv},
    {"", "Div", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Identity", oldestOpset, newestOpset, unaryInputs, {}, importIdentity},
    {"", "Mul", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Relu", oldestOpset, newestOpset, unaryInputs, {}, importRelu},
    {"", "Resize", 11, 17, resizeInputs, resizeAttributes11, importResize},
    {"", "Resize", 18, newestOpset, resizeInputs, resizeAttributes18, importResize},
    {"", "Sub", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
};

SmallVector<const OpRow *> dlc::findOp(StringRef domain, StringRef op) {
  SmallVector<const OpRow *> found;
  for (const OpRow &row : rows)
    if (row.domain == domain && row.op == op)
      found.push_back(&row);
  return found;
}

bool dlc::isKnownDomain(StringRef domain) {
  return llvm::any_of(rows, [&](const OpRow &row) { return row.domain == domain; });
}
