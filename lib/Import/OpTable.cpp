// Names, types and ranges are those of the operator specification (Operators.md of ONNX).

#include "OpTable.h"

#include "onnx-ml.pb.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace dlc;
using Proto = onnx::AttributeProto;

static constexpr bool optional = false;

//===----------------------------------------------------------------------===//
// Inputs, attributes and outputs
//===----------------------------------------------------------------------===//

static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow binaryInputs[] = {{"A"}, {"B"}};
static constexpr InputRow batchNormInputs[] = {{"X"}, {"scale"}, {"B"}, {"mean"}, {"var"}};
static constexpr InputRow batchNormInputs14[] = {
    {"X"}, {"scale"}, {"B"}, {"input_mean"}, {"input_var"}};
static constexpr InputRow convInputs[] = {{"X"}, {"W"}, {"B", optional}};
static constexpr InputRow clipInputs[] = {{"input"}, {"min", optional}, {"max", optional}};
static constexpr InputRow flattenInputs[] = {{"input"}};
static constexpr InputRow gemmInputs7[] = {{"A"}, {"B"}, {"C"}};
static constexpr InputRow gemmInputs11[] = {{"A"}, {"B"}, {"C", optional}};
static constexpr InputRow layerNormInputs[] = {{"X"}, {"Scale"}, {"B", optional}};
static constexpr InputRow reduceInputs[] = {{"data"}};
static constexpr InputRow reduceInputs13[] = {{"data"}, {"axes", optional}};
static constexpr InputRow reshapeInputs[] = {{"data"}, {"shape"}};
// Required by opsets 11 and 12, but exporters leave out what a node does not use.
static constexpr InputRow resizeInputs[] = {
    {"X"}, {"roi", optional}, {"scales", optional}, {"sizes", optional}};

static constexpr AttributeRow batchNormAttributes7[] = {
    {"epsilon", Proto::FLOAT}, {"momentum", Proto::FLOAT}, {"spatial", Proto::INT}};
static constexpr AttributeRow batchNormAttributes9[] = {{"epsilon", Proto::FLOAT},
                                                        {"momentum", Proto::FLOAT}};
static constexpr AttributeRow batchNormAttributes14[] = {
    {"epsilon", Proto::FLOAT}, {"momentum", Proto::FLOAT}, {"training_mode", Proto::INT}};
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
static constexpr AttributeRow flattenAttributes[] = {{"axis", Proto::INT}};
static constexpr AttributeRow geluAttributes[] = {{"approximate", Proto::STRING}};
static constexpr AttributeRow gemmAttributes[] = {{"alpha", Proto::FLOAT},
                                                  {"beta", Proto::FLOAT},
                                                  {"transA", Proto::INT},
                                                  {"transB", Proto::INT}};
static constexpr AttributeRow layerNormAttributes[] = {
    {"axis", Proto::INT}, {"epsilon", Proto::FLOAT}, {"stash_type", Proto::INT}};
static constexpr AttributeRow leakyReluAttributes[] = {{"alpha", Proto::FLOAT}};
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
static constexpr AttributeRow reshapeAttributes14[] = {{"allowzero", Proto::INT}};
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

static constexpr StringLiteral batchNormOutputs[] = {"mean", "var", "saved_mean", "saved_var"};
static constexpr StringLiteral batchNormOutputs14[] = {"running_mean", "running_var"};
static constexpr StringLiteral layerNormOutputs[] = {"Mean", "InvStdDev"};
static constexpr StringLiteral maxPoolOutputs[] = {"Indices"};

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr OpRow rows[] = {
    {"", "Add", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "BatchNormalization", oldestOpset, 8, batchNormInputs, batchNormAttributes7,
     importBatchNorm, batchNormOutputs},
    {"", "BatchNormalization", 9, 13, batchNormInputs, batchNormAttributes9, importBatchNorm,
     batchNormOutputs},
    {"", "BatchNormalization", 14, newestOpset, batchNormInputs14, batchNormAttributes14,
     importBatchNorm, batchNormOutputs14},
    {"", "Clip", oldestOpset, 10, unaryInputs, clipAttributes6, importClipAttributes},
    {"", "Clip", 11, newestOpset, clipInputs, {}, importClip},
    {"", "Constant", oldestOpset, 10, {}, constantAttributes1, importConstant},
    {"", "Constant", 11, 11, {}, constantAttributes11, importConstant},
    {"", "Constant", 12, newestOpset, {}, constantAttributes12, importConstant},
    {"", "Conv", oldestOpset, newestOpset, convInputs, convAttributes, importConv},
    {"", "Div", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Erf", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Exp", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Flatten", oldestOpset, newestOpset, flattenInputs, flattenAttributes, importFlatten},
    {"", "Gelu", 20, newestOpset, unaryInputs, geluAttributes, importGelu},
    {"", "Gemm", oldestOpset, 10, gemmInputs7, gemmAttributes, importGemm},
    {"", "Gemm", 11, newestOpset, gemmInputs11, gemmAttributes, importGemm},
    {"", "GlobalAveragePool", oldestOpset, newestOpset, unaryInputs, {}, importGlobalPool},
    {"", "GlobalMaxPool", oldestOpset, newestOpset, unaryInputs, {}, importGlobalPool},
    {"", "Identity", oldestOpset, newestOpset, unaryInputs, {}, importIdentity},
    {"", "LayerNormalization", 17, newestOpset, layerNormInputs, layerNormAttributes,
     importLayerNorm, layerNormOutputs},
    {"", "LeakyRelu", oldestOpset, newestOpset, unaryInputs, leakyReluAttributes, importLeakyRelu},
    {"", "LogSoftmax", oldestOpset, 12, flattenInputs, flattenAttributes, importFlatSoftmax},
    {"", "LogSoftmax", 13, newestOpset, flattenInputs, flattenAttributes, importSoftmax},
    {"", "MatMul", oldestOpset, newestOpset, binaryInputs, {}, importMatMul},
    {"", "MaxPool", oldestOpset, 7, unaryInputs, maxPoolAttributes1, importMaxPool},
    {"", "MaxPool", 8, 9, unaryInputs, maxPoolAttributes8, importMaxPool, maxPoolOutputs},
    {"", "MaxPool", 10, newestOpset, unaryInputs, maxPoolAttributes10, importMaxPool,
     maxPoolOutputs},
    {"", "Mul", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Neg", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
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
    {"", "Relu", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Reshape", oldestOpset, 13, reshapeInputs, {}, importReshape},
    {"", "Reshape", 14, newestOpset, reshapeInputs, reshapeAttributes14, importReshape},
    {"", "Resize", 11, 17, resizeInputs, resizeAttributes11, importResize},
    {"", "Resize", 18, newestOpset, resizeInputs, resizeAttributes18, importResize},
    {"", "Sigmoid", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Softmax", oldestOpset, 12, flattenInputs, flattenAttributes, importFlatSoftmax},
    {"", "Softmax", 13, newestOpset, flattenInputs, flattenAttributes, importSoftmax},
    {"", "Sqrt", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sub", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Tanh", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
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
