// BatchNormalization, LayerNormalization, LogSoftmax, Softmax.

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

/// The dims from `axis` on, counted from the last one: so they need no rank where the axis is
/// counted so too.
static FailureOr<SmallVector<int64_t>> getNormalizedAxes(OnnxNode &node) {
  constexpr int64_t maxRank = 64; // an axis must not make a list of any length
  Value input = node.getInput(0);
  auto type = cast<PlannedType>(input.getType());
  int64_t axis = node.getInt("axis", -1);
  if (isStandIn(input))
    return failure();
  if (!type.hasRank() && axis >= 0)
    return node.emitError() << "axis " << axis << " for another node's result is not supported "
                            << "yet, expected one that counts from the last dim";
  int64_t rank = type.hasRank() ? type.getRank() : maxRank;
  if (axis < -rank || axis >= rank)
    return node.emitError() << "expected axis from " << -rank << " to " << rank - 1 << ", found "
                            << axis;
  return llvm::to_vector(llvm::seq(axis < 0 ? axis : axis - rank, int64_t(0)));
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

/// (X - mean) / sqrt(variance + epsilon) * Scale + B, with mean and variance over the dims from
/// axis on.
static LogicalResult importLayerNorm(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  if (int64_t type = node.getInt("stash_type", 1); type != 1) {
    node.emitError() << "stash_type " << type << " is not supported yet, only 1 (f32)";
    good = false;
  }
  FailureOr<SmallVector<int64_t>> axes = getNormalizedAxes(node);
  good &= succeeded(checkBroadcast(node, 1, "Scale"));
  Value shift = node.getInput(2);
  if (shift)
    good &= succeeded(checkBroadcast(node, 2, "B"));
  if (!good || failed(axes))
    return failure();

  auto mean = [&](Value value) {
    return node.createPiece<ReduceOp>(ReduceKind::mean, value,
                                      Builder(node.getContext()).getDenseI64ArrayAttr(*axes),
                                      /*keep_dims=*/true);
  };
  Value input = node.getInput(0);
  Value centered = node.createPiece<SubOp>(input, mean(input));
  Value variance = mean(node.createPiece<MulOp>(centered, centered));
  Value epsilon = node.createScalar(node.getFloat("epsilon", 1e-5f));
  Value deviation = node.createPiece<SqrtOp>(node.createPiece<AddOp>(variance, epsilon));
  Value normal = node.createPiece<DivOp>(centered, deviation);
  node.setResult(node.createPiece<MulOp>(normal, node.getInput(1)));
  if (shift)
    node.setResult(node.createPiece<AddOp>(node.results.front(), shift));
  return success();
}

static LogicalResult importSoftmax(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  return node.createOp<SoftmaxOp>(node.getElementType(0), node.getInput(0),
                                  static_cast<uint64_t>(node.getInt("axis", -1)),
                                  node.getOp() == "LogSoftmax");
}

/// Before opset 13 the sums run over all dims from the axis on.
static LogicalResult importFlatSoftmax(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  Value input = node.getInput(0);
  auto type = cast<PlannedType>(input.getType());
  int64_t axis = node.getInt("axis", 1);
  bool isLog = node.getOp() == "LogSoftmax";
  if (axis == -1 || (type.hasRank() && axis == type.getRank() - 1))
    return node.createOp<SoftmaxOp>(type.getElementType(), input, static_cast<uint64_t>(axis),
                                    isLog);
  Value matrix = node.createLike<FlattenOp>(input, static_cast<uint64_t>(axis));
  Value result = node.createLike<SoftmaxOp>(matrix, /*axis=*/uint64_t(1), isLog);
  node.setResult(node.createReshape(result, node.createShape(input)));
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow batchNormInputs[] = {{"X"}, {"scale"}, {"B"}, {"mean"}, {"var"}};
static constexpr InputRow batchNormInputs14[] = {
    {"X"}, {"scale"}, {"B"}, {"input_mean"}, {"input_var"}};
static constexpr InputRow layerNormInputs[] = {{"X"}, {"Scale"}, {"B", optional}};
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
    {"", "Softmax", oldestOpset, 12, softmaxInputs, axisAttributes, importFlatSoftmax},
    {"", "Softmax", 13, newestOpset, softmaxInputs, axisAttributes, importSoftmax},
};

ArrayRef<OpRow> dlc::getNormalizationRows() { return rows; }
