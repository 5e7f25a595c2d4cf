// BatchNormalization, LayerNormalization, LogSoftmax, RMSNormalization, Softmax.

#include "ElementSets.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// The form for inference; momentum is for training alone.
static LogicalResult importBatchNorm(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  FailureOr<bool> training = node.getFlag("training_mode", false);
  if (succeeded(training) && *training)
    node.emitError() << "training_mode 1 is not supported yet, only 0";
  FailureOr<bool> spatial = node.getFlag("spatial", true);
  if (succeeded(spatial) && !*spatial)
    node.emitError() << "spatial 0 is not supported yet, only 1";
  if (!good || failed(training) || *training || failed(spatial) || !*spatial)
    return failure();
  return node.createOp<BatchNormOp>(
      Builder(node.getContext()).getF32Type(), node.getInput(0), node.getInput(1), node.getInput(2),
      node.getInput(3), node.getInput(4), llvm::APFloat(node.getFloat("epsilon", 1e-5f)));
}

/// Checks that an input broadcasts to the first one, as far as both shapes are known.
static LogicalResult checkBroadcast(OnnxNode &node, size_t index, StringRef name) {
  auto target = cast<PlannedType>(node.getInput(0).getType());
  auto type = cast<PlannedType>(node.getInput(index).getType());
  if (!target.hasRank() || !type.hasRank())
    return success();
  bool fits = type.getRank() <= target.getRank();
  for (auto [dim, targetDim] :
       llvm::zip(llvm::reverse(type.getDims()), llvm::reverse(target.getDims()))) {
    std::optional<int64_t> size = dim.getConstant(), targetSize = targetDim.getConstant();
    fits &= !size || *size == 1 || !targetSize || *size == *targetSize;
  }
  if (!fits)
    return node.emitError() << "expected input '" << name << "' to broadcast to " << target
                            << ", found " << type;
  return success();
}

/// Checks that axis is a dim of the input, as far as its shape is known.
static LogicalResult checkAxis(OnnxNode &node, int64_t axis) {
  auto type = cast<PlannedType>(node.getInput(0).getType());
  if (!type.hasRank() || (axis >= -type.getRank() && axis < type.getRank()))
    return success();
  return node.emitError() << "expected axis from " << -type.getRank() << " to "
                          << type.getRank() - 1 << ", found " << axis;
}

/// LayerNormalization and RMSNormalization, over the dims from axis on.
static LogicalResult importLayerNorm(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  if (int64_t type = node.getInt("stash_type", 1); type != 1) {
    node.emitError() << "stash_type " << type << " is not supported yet, only 1 (f32)";
    good = false;
  }
  int64_t axis = node.getInt("axis", -1);
  Value shift = node.getInput(2);
  good &= succeeded(checkAxis(node, axis));
  good &= succeeded(checkBroadcast(node, 1, node.getInputName(1)));
  if (shift)
    good &= succeeded(checkBroadcast(node, 2, node.getInputName(2)));
  if (!good)
    return failure();
  return node.createOp<LayerNormOp>(node.getElementType(0), node.getInput(0), node.getInput(1),
                                    shift, static_cast<uint64_t>(axis),
                                    llvm::APFloat(node.getFloat("epsilon", 1e-5f)),
                                    node.getOp() == "RMSNormalization");
}

static LogicalResult importSoftmax(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  return node.createOp<SoftmaxOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                                  static_cast<uint64_t>(node.getInt("axis", -1)),
                                  node.getOp() == "LogSoftmax");
}

/// Before opset 13 the sums run over all dims from the axis on.
static LogicalResult importFlatSoftmax(OnnxNode &node) {
  if (failed(node.requireF32()))
    return failure();
  Builder builder(node.getContext());
  Value input = node.getInput(0);
  auto type = cast<PlannedType>(input.getType());
  int64_t axis = node.getInt("axis", 1);
  bool isLog = node.getOp() == "LogSoftmax";
  if (axis == -1 || (type.hasRank() && axis == type.getRank() - 1))
    return node.createOp<SoftmaxOp>(builder.getF32Type(), input, static_cast<uint64_t>(axis),
                                    isLog);
  Value matrix = node.createPiece<FlattenOp>(input, static_cast<uint64_t>(axis));
  Value result = node.createPiece<SoftmaxOp>(matrix, /*axis=*/uint64_t(1), isLog);
  if (failed(node.createOp<ShapeOp>(builder.getI64Type(), input, /*start=*/uint64_t(0),
                                    /*end=*/IntegerAttr())))
    return failure();
  return node.createOp<ReshapeOp>(builder.getF32Type(), result, node.results.front(),
                                  /*allow_zero=*/true);
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow batchNormInputs[] = {{"X"}, {"scale"}, {"B"}, {"mean"}, {"var"}};
static constexpr InputRow batchNormInputs14[] = {
    {"X"}, {"scale"}, {"B"}, {"input_mean"}, {"input_var"}};
static constexpr InputRow layerNormInputs[] = {{"X"}, {"Scale"}, {"B", optional}};
static constexpr InputRow rmsNormInputs[] = {{"X"}, {"scale"}};
static constexpr InputRow softmaxInputs[] = {{"input"}};

static constexpr AttributeRow batchNormAttributes7[] = {
    {"epsilon", Proto::FLOAT}, {"momentum", Proto::FLOAT}, {"spatial", Proto::INT}};
static constexpr AttributeRow batchNormAttributes9[] = {{"epsilon", Proto::FLOAT},
                                                        {"momentum", Proto::FLOAT}};
static constexpr AttributeRow batchNormAttributes14[] = {
    {"epsilon", Proto::FLOAT}, {"momentum", Proto::FLOAT}, {"training_mode", Proto::INT}};
static constexpr AttributeRow layerNormAttributes[] = {
    {"axis", Proto::INT}, {"epsilon", Proto::FLOAT}, {"stash_type", Proto::INT}};
static constexpr AttributeRow axisAttributes[] = {{"axis", Proto::INT}};

static constexpr StringLiteral batchNormOutputs[] = {"mean", "var", "saved_mean", "saved_var"};
static constexpr StringLiteral batchNormOutputs14[] = {"running_mean", "running_var"};
static constexpr StringLiteral layerNormOutputs[] = {"Mean", "InvStdDev"};

static constexpr OpRow rows[] = {
    {"", "BatchNormalization", oldestOpset, 8, batchNormInputs, batchNormAttributes7,
     importBatchNorm, batchNormOutputs},
    {"", "BatchNormalization", 9, 13, batchNormInputs, batchNormAttributes9, importBatchNorm,
     batchNormOutputs},
    {"", "BatchNormalization", 14, newestOpset, batchNormInputs14, batchNormAttributes14,
     importBatchNorm, batchNormOutputs14},
    {"", "LayerNormalization", 17, newestOpset, layerNormInputs, layerNormAttributes,
     importLayerNorm, layerNormOutputs},
    {"", "LogSoftmax", oldestOpset, 12, softmaxInputs, axisAttributes, importFlatSoftmax},
    {"", "LogSoftmax", 13, newestOpset, softmaxInputs, axisAttributes, importSoftmax},
    {"", "RMSNormalization", 23, newestOpset, rmsNormInputs, layerNormAttributes, importLayerNorm},
    {"", "Softmax", oldestOpset, 12, softmaxInputs, axisAttributes, importFlatSoftmax},
    {"", "Softmax", 13, newestOpset, softmaxInputs, axisAttributes, importSoftmax},
};

ArrayRef<OpRow> dlc::getNormalizationRows() { return rows; }
