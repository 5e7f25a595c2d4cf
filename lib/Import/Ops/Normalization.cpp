// BatchNormalization, LayerNormalization, LogSoftmax, RMSNormalization, Softmax.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

namespace {
/// Statistics of the channels of an input.
struct Statistics {
  Value mean, variance;
};
} // namespace

/// (X - mean) / sqrt(variance + epsilon) * scale + B, all as tensors of the input's element type.
static Value normalizeChannels(Pieces &p, Value rows, const Statistics &statistics, Value scale,
                               Value shift, float epsilon) {
  auto broadcast = [&](Value vector) { return p.unsqueeze(p.cast(vector, p.getElement(rows)), 1); };
  Value deviation = p.sqrt(p.add(broadcast(statistics.variance), p.number(rows, epsilon)));
  Value normal = p.div(p.sub(rows, broadcast(statistics.mean)), deviation);
  return p.add(p.mul(normal, broadcast(scale)), broadcast(shift));
}

/// In training the statistics are those of the batch, and further outputs are the running ones.
static LogicalResult createBatchNorm(OnnxNode &node, bool isTraining) {
  Pieces p(node);
  Value input = node.getInput(0), rows = p.reshape(input, {0, 0, -1});
  Statistics statistics{node.getInput(3), node.getInput(4)};
  SmallVector<Value> running;
  if (isTraining) {
    Value mean = p.mean(rows, {0, 2});
    Statistics batch{p.reshape(mean, -1),
                     p.reshape(p.mean(p.square(p.sub(rows, mean)), {0, 2}), -1)};
    float momentum = node.getFloat("momentum", 0.9f);
    auto mix = [&](Value old, Value current) {
      current = p.cast(current, p.getElement(old));
      return p.add(p.mul(old, p.number(old, momentum)),
                   p.mul(current, p.number(current, 1 - momentum)));
    };
    running = {mix(statistics.mean, batch.mean), mix(statistics.variance, batch.variance)};
    statistics = batch;
  }
  Value result = normalizeChannels(p, rows, statistics, node.getInput(1), node.getInput(2),
                                   node.getFloat("epsilon", 1e-5f));
  node.results = {p.reshapeLike(result, input)};
  node.results.append(running);
  return success();
}

/// What a convolution's weights may take over is an op of its own. Before opset 14 the form depends
/// on what is asked for, before opset 7 on attribute is_test.
static LogicalResult importBatchNorm(OnnxNode &node) {
  bool good = true;
  for (size_t index = 0; index != node.inputs.size(); ++index)
    good &= succeeded(node.requireElements(floatElements, index));
  FailureOr<bool> training = node.getFlag("training_mode", false);
  FailureOr<bool> spatial = node.getFlag("spatial", true);
  FailureOr<bool> isTest = node.getFlag("is_test", false);
  if (succeeded(spatial) && !*spatial) {
    node.emitError() << "spatial 0 is not supported yet, only 1";
    good = false;
  }
  if (!good || failed(training) || failed(spatial) || failed(isTest) || node.hasStandIn())
    return failure();
  bool isTraining = *training || (node.getOpset() < 7 && !*isTest);
  for (size_t index = 1; !isTraining && index < node.getNumOutputs(); ++index)
    if (!node.getOutputName(index).empty())
      return node.emitError() << "expected no output but the first one where nothing is trained, "
                              << "found '" << node.getOutputName(index) << "'";
  bool isFoldable = llvm::all_of(node.inputs, [&](Value input) {
    return node.getElementType(0).isF32() &&
           llvm::cast<PlannedType>(input.getType()).getElementType().isF32();
  });
  if (isTraining || !isFoldable)
    return createBatchNorm(node, isTraining);
  return node.createOp<BatchNormOp>(node.getElementType(0), node.getInput(0), node.getInput(1),
                                    node.getInput(2), node.getInput(3), node.getInput(4),
                                    llvm::APFloat(node.getFloat("epsilon", 1e-5f)));
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
  int64_t stash = node.getInt("stash_type", DLC_DTYPE_F32);
  if (stash != DLC_DTYPE_F32 && stash != DLC_DTYPE_BF16) {
    node.emitError() << "expected attribute 'stash_type' to be 1 (f32) or 16 (bf16), found "
                     << stash;
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
  if (size_t outputs = node.getNumOutputs(); outputs > 1) { // mean and inverse deviation
    SmallVector<OnnxType> types = {node.getOnnxType(0), {OnnxType::tensor, DLC_DTYPE_F32}};
    types.resize(outputs, types.back());
    node.inputs.resize(shift ? 3 : 2);
    if (node.hasStandIn())
      return failure();
    node.results = node.createCall("layer_norm", node.inputs, node.getParameters(), types);
    if (stash == DLC_DTYPE_BF16) // no more is rounded to it than what is handed out
      for (Value &statistic : MutableArrayRef(node.results).drop_front())
        statistic = node.createCast(statistic, Builder(node.getContext()).getBF16Type());
    return success();
  }
  return node.createOp<LayerNormOp>(node.getElementType(0), node.getInput(0), node.getInput(1),
                                    shift, static_cast<uint64_t>(axis),
                                    llvm::APFloat(node.getFloat("epsilon", 1e-5f)),
                                    node.getOp() == "RMSNormalization");
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
static constexpr InputRow rmsNormInputs[] = {{"X"}, {"scale"}};
static constexpr InputRow softmaxInputs[] = {{"input"}};

static constexpr AttributeRow batchNormAttributes1[] = {{"epsilon", Proto::FLOAT},
                                                        {"is_test", Proto::INT},
                                                        {"momentum", Proto::FLOAT},
                                                        {"spatial", Proto::INT}};
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
    {"", "BatchNormalization", oldestOpset, 6, batchNormInputs, batchNormAttributes1,
     importBatchNorm, batchNormOutputs, fiveOutputs},
    {"", "BatchNormalization", 7, 8, batchNormInputs, batchNormAttributes7, importBatchNorm,
     batchNormOutputs, fiveOutputs},
    {"", "BatchNormalization", 9, 13, batchNormInputs, batchNormAttributes9, importBatchNorm,
     batchNormOutputs, fiveOutputs},
    {"", "BatchNormalization", 14, newestOpset, batchNormInputs14, batchNormAttributes14,
     importBatchNorm, batchNormOutputs14, threeOutputs},
    {"", "LayerNormalization", 17, newestOpset, layerNormInputs, layerNormAttributes,
     importLayerNorm, layerNormOutputs, threeOutputs},
    {"", "LogSoftmax", oldestOpset, 12, softmaxInputs, axisAttributes, importFlatSoftmax},
    {"", "LogSoftmax", 13, newestOpset, softmaxInputs, axisAttributes, importSoftmax},
    {"", "RMSNormalization", 23, newestOpset, rmsNormInputs, layerNormAttributes, importLayerNorm},
    {"", "Softmax", oldestOpset, 12, softmaxInputs, axisAttributes, importFlatSoftmax},
    {"", "Softmax", 13, newestOpset, softmaxInputs, axisAttributes, importSoftmax},
};

ArrayRef<OpRow> dlc::getNormalizationRows() { return rows; }
