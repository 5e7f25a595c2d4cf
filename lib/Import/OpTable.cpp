// Names, types and ranges are those of the operator specification (Operators.md of ONNX).

#include "OpTable.h"

#include "onnx-ml.pb.h"

#include "llvm/ADT/STLExtras.h"

#include <array>

using namespace mlir;
using namespace dlc;
using Proto = onnx::AttributeProto;

static constexpr bool optional = false;

//===----------------------------------------------------------------------===//
// Inputs, attributes and outputs
//===----------------------------------------------------------------------===//

static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow binaryInputs[] = {{"A"}, {"B"}};
static constexpr InputRow chainInputs[] = {{"data_0"}};
static constexpr InputRow castLikeInputs[] = {{"input"}, {"target_type"}};
static constexpr InputRow powInputs[] = {{"X"}, {"Y"}};
static constexpr InputRow preluInputs[] = {{"X"}, {"slope"}};
static constexpr InputRow whereInputs[] = {{"condition"}, {"X"}, {"Y"}};
static constexpr InputRow batchNormInputs[] = {{"X"}, {"scale"}, {"B"}, {"mean"}, {"var"}};
static constexpr InputRow batchNormInputs14[] = {
    {"X"}, {"scale"}, {"B"}, {"input_mean"}, {"input_var"}};
static constexpr InputRow convInputs[] = {{"X"}, {"W"}, {"B", optional}};
static constexpr InputRow clipInputs[] = {{"input"}, {"min", optional}, {"max", optional}};
static constexpr InputRow gemmInputs7[] = {{"A"}, {"B"}, {"C"}};
static constexpr InputRow gemmInputs11[] = {{"A"}, {"B"}, {"C", optional}};
static constexpr InputRow layerNormInputs[] = {{"X"}, {"Scale"}, {"B", optional}};
static constexpr InputRow reduceInputs[] = {{"data"}};
static constexpr InputRow reduceInputs13[] = {{"data"}, {"axes", optional}};
static constexpr InputRow softmaxInputs[] = {{"input"}};

static constexpr AttributeRow axisAttributes[] = {{"axis", Proto::INT}};
static constexpr AttributeRow batchNormAttributes7[] = {
    {"epsilon", Proto::FLOAT}, {"momentum", Proto::FLOAT}, {"spatial", Proto::INT}};
static constexpr AttributeRow batchNormAttributes9[] = {{"epsilon", Proto::FLOAT},
                                                        {"momentum", Proto::FLOAT}};
static constexpr AttributeRow batchNormAttributes14[] = {
    {"epsilon", Proto::FLOAT}, {"momentum", Proto::FLOAT}, {"training_mode", Proto::INT}};
static constexpr AttributeRow alphaAttributes[] = {{"alpha", Proto::FLOAT}};
static constexpr AttributeRow castAttributes6[] = {{"to", Proto::INT}};
static constexpr AttributeRow castAttributes19[] = {{"saturate", Proto::INT}, {"to", Proto::INT}};
static constexpr AttributeRow castAttributes24[] = {
    {"round_mode", Proto::STRING}, {"saturate", Proto::INT}, {"to", Proto::INT}};
static constexpr AttributeRow castLikeAttributes19[] = {{"saturate", Proto::INT}};
static constexpr AttributeRow castLikeAttributes24[] = {{"round_mode", Proto::STRING},
                                                        {"saturate", Proto::INT}};
static constexpr AttributeRow hardSigmoidAttributes[] = {{"alpha", Proto::FLOAT},
                                                         {"beta", Proto::FLOAT}};
static constexpr AttributeRow modAttributes[] = {{"fmod", Proto::INT}};
static constexpr AttributeRow seluAttributes[] = {{"alpha", Proto::FLOAT}, {"gamma", Proto::FLOAT}};
static constexpr AttributeRow clipAttributes6[] = {{"max", Proto::FLOAT}, {"min", Proto::FLOAT}};
static constexpr AttributeRow convAttributes[] = {
    {"auto_pad", Proto::STRING},   {"dilations", Proto::INTS}, {"group", Proto::INT},
    {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS},      {"strides", Proto::INTS}};
static constexpr AttributeRow geluAttributes[] = {{"approximate", Proto::STRING}};
static constexpr AttributeRow gemmAttributes[] = {{"alpha", Proto::FLOAT},
                                                  {"beta", Proto::FLOAT},
                                                  {"transA", Proto::INT},
                                                  {"transB", Proto::INT}};
static constexpr AttributeRow layerNormAttributes[] = {
    {"axis", Proto::INT}, {"epsilon", Proto::FLOAT}, {"stash_type", Proto::INT}};
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
static constexpr StringLiteral batchNormOutputs[] = {"mean", "var", "saved_mean", "saved_var"};
static constexpr StringLiteral batchNormOutputs14[] = {"running_mean", "running_var"};
static constexpr StringLiteral layerNormOutputs[] = {"Mean", "InvStdDev"};
static constexpr StringLiteral maxPoolOutputs[] = {"Indices"};

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static constexpr OpRow::Extra variadic{.variadicInputs = true};
static constexpr OpRow::Extra handles{.handles = true};

static constexpr OpRow rows[] = {
    {"", "Abs", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Add", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "And", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "BatchNormalization", oldestOpset, 8, batchNormInputs, batchNormAttributes7,
     importBatchNorm, batchNormOutputs},
    {"", "BatchNormalization", 9, 13, batchNormInputs, batchNormAttributes9, importBatchNorm,
     batchNormOutputs},
    {"", "BatchNormalization", 14, newestOpset, batchNormInputs14, batchNormAttributes14,
     importBatchNorm, batchNormOutputs14},
    {"", "Cast", oldestOpset, 18, unaryInputs, castAttributes6, importCast},
    {"", "Cast", 19, 23, unaryInputs, castAttributes19, importCast},
    {"", "Cast", 24, newestOpset, unaryInputs, castAttributes24, importCast},
    {"", "CastLike", 15, 18, castLikeInputs, {}, importCastLike},
    {"", "CastLike", 19, 23, castLikeInputs, castLikeAttributes19, importCastLike},
    {"", "CastLike", 24, newestOpset, castLikeInputs, castLikeAttributes24, importCastLike},
    {"", "Ceil", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Celu", 12, newestOpset, unaryInputs, alphaAttributes, importActivation},
    {"", "Clip", oldestOpset, 10, unaryInputs, clipAttributes6, importClipAttributes},
    {"", "Clip", 11, newestOpset, clipInputs, {}, importClip},
    {"", "Conv", oldestOpset, newestOpset, convInputs, convAttributes, importConv},
    {"", "Cos", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Div", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Elu", oldestOpset, newestOpset, unaryInputs, alphaAttributes, importActivation},
    {"", "Equal", oldestOpset, newestOpset, binaryInputs, {}, importEqual, {}, handles},
    {"", "Erf", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Exp", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Floor", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Gelu", 20, newestOpset, unaryInputs, geluAttributes, importGelu},
    {"", "Gemm", oldestOpset, 10, gemmInputs7, gemmAttributes, importGemm},
    {"", "Gemm", 11, newestOpset, gemmInputs11, gemmAttributes, importGemm},
    {"", "GlobalAveragePool", oldestOpset, newestOpset, unaryInputs, {}, importGlobalPool},
    {"", "GlobalMaxPool", oldestOpset, newestOpset, unaryInputs, {}, importGlobalPool},
    {"", "Greater", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "GreaterOrEqual", 12, newestOpset, binaryInputs, {}, importBinary},
    {"", "HardSigmoid", oldestOpset, newestOpset, unaryInputs, hardSigmoidAttributes,
     importActivation},
    {"", "HardSwish", 14, newestOpset, unaryInputs, {}, importActivation},
    {"", "IsNaN", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "LayerNormalization", 17, newestOpset, layerNormInputs, layerNormAttributes,
     importLayerNorm, layerNormOutputs},
    {"", "LeakyRelu", oldestOpset, newestOpset, unaryInputs, alphaAttributes, importLeakyRelu},
    {"", "Less", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "LessOrEqual", 12, newestOpset, binaryInputs, {}, importBinary},
    {"", "Log", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "LogSoftmax", oldestOpset, 12, softmaxInputs, axisAttributes, importFlatSoftmax},
    {"", "LogSoftmax", 13, newestOpset, softmaxInputs, axisAttributes, importSoftmax},
    {"", "MatMul", oldestOpset, newestOpset, binaryInputs, {}, importMatMul},
    {"", "Max", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "MaxPool", oldestOpset, 7, unaryInputs, maxPoolAttributes1, importMaxPool},
    {"", "MaxPool", 8, 9, unaryInputs, maxPoolAttributes8, importMaxPool, maxPoolOutputs},
    {"", "MaxPool", 10, newestOpset, unaryInputs, maxPoolAttributes10, importMaxPool,
     maxPoolOutputs},
    {"", "Mean", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Min", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Mish", 18, newestOpset, unaryInputs, {}, importActivation},
    {"", "Mod", 10, newestOpset, binaryInputs, modAttributes, importMod},
    {"", "Mul", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Neg", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Not", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Or", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "PRelu", oldestOpset, newestOpset, preluInputs, {}, importActivation},
    {"", "Pow", oldestOpset, newestOpset, powInputs, {}, importPow},
    {"", "Reciprocal", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
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
    {"", "Round", 11, newestOpset, unaryInputs, {}, importUnary},
    {"", "Selu", oldestOpset, newestOpset, unaryInputs, seluAttributes, importActivation},
    {"", "Sigmoid", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sign", 9, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sin", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Softmax", oldestOpset, 12, softmaxInputs, axisAttributes, importFlatSoftmax},
    {"", "Softmax", 13, newestOpset, softmaxInputs, axisAttributes, importSoftmax},
    {"", "Softplus", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
    {"", "Softsign", oldestOpset, newestOpset, unaryInputs, {}, importActivation},
    {"", "Sqrt", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "Sub", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
    {"", "Sum", oldestOpset, newestOpset, chainInputs, {}, importChain, {}, variadic},
    {"", "Swish", 24, newestOpset, unaryInputs, alphaAttributes, importActivation},
    {"", "Tanh", oldestOpset, newestOpset, unaryInputs, {}, importUnary},
    {"", "ThresholdedRelu", 10, newestOpset, unaryInputs, alphaAttributes, importActivation},
    {"", "Where", 9, newestOpset, whereInputs, {}, importWhere},
    {"", "Xor", oldestOpset, newestOpset, binaryInputs, {}, importBinary},
};

static std::array<ArrayRef<OpRow>, 4> getTables() {
  return {rows, getMovementRows(), getHostRows(), getResizeRows()};
}

SmallVector<const OpRow *> dlc::findOp(StringRef domain, StringRef op) {
  SmallVector<const OpRow *> found;
  for (ArrayRef<OpRow> table : getTables())
    for (const OpRow &row : table)
      if (row.domain == domain && row.op == op)
        found.push_back(&row);
  return found;
}

bool dlc::isKnownDomain(StringRef domain) {
  return llvm::any_of(getTables(), [&](ArrayRef<OpRow> table) {
    return llvm::any_of(table, [&](const OpRow &row) { return row.domain == domain; });
  });
}
