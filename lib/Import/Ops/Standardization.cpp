// Normalizations that are made of other ops: GroupNormalization, InstanceNormalization, LRN,
// LpNormalization, MeanVarianceNormalization; Hardmax.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// (value - mean) / sqrt(variance + epsilon) along the last dim.
static Value normalizeRows(Pieces &p, Value value, float epsilon) {
  Value centered = p.sub(value, p.mean(value, -1));
  Value variance = p.mean(p.square(centered), -1);
  return p.div(centered, p.sqrt(p.add(variance, p.number(value, epsilon))));
}

/// Scale and shift of vectors of channels, for [N, channels, elements].
static Value scaleChannels(Pieces &p, Value value, Value scale, Value shift) {
  return p.add(p.mul(value, p.unsqueeze(scale, 1)), p.unsqueeze(shift, 1));
}

/// Before opset 21 scale and bias have an element for each group, then for each channel.
static LogicalResult importGroupNorm(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  good &= succeeded(node.requireAttribute("num_groups"));
  int64_t groups = node.getInt("num_groups", 1), stash = node.getInt("stash_type", 1);
  if (groups < 1) {
    node.emitError() << "expected attribute 'num_groups' to be positive, found " << groups;
    good = false;
  }
  Type wide = llvm::isInt<32>(stash) ? convertElementType(node.getContext(), stash) : Type();
  if (!wide || !isFloat(wide)) {
    node.emitError() << "expected attribute 'stash_type' to be a float type, found " << stash;
    good = false;
  }
  if (!good)
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), scale = node.getInput(1), shift = node.getInput(2);
  Type elementType = node.getElementType(0);
  Value result = p.reshape(p.cast(input, wide), {0, groups, -1});
  result = p.cast(normalizeRows(p, result, node.getFloat("epsilon", 1e-5f)), elementType);
  if (node.getOpset() >= 21) // the channels, by way of the input's shape, whose sizes are known
    result = p.reshape(p.reshapeLike(result, input), {0, 0, -1});
  result = scaleChannels(p, result, scale, shift);
  node.setResult(p.reshapeLike(result, input));
  return success();
}

static LogicalResult importInstanceNorm(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0);
  Value rows = normalizeRows(p, p.reshape(input, {0, 0, -1}), node.getFloat("epsilon", 1e-5f));
  node.setResult(p.reshapeLike(scaleChannels(p, rows, node.getInput(1), node.getInput(2)), input));
  return success();
}

/// X / (bias + alpha / size * sum)^beta, where the sum is over the squares of `size` channels
/// around each: so many slices of the padded squares.
static LogicalResult importLrn(OnnxNode &node) {
  constexpr int64_t maxSize = 255; // an attribute must not make any number of ops
  bool good = succeeded(node.requireElements(floatElements));
  good &= succeeded(node.requireAttribute("size"));
  int64_t size = node.getInt("size", 1);
  if (size < 1 || size > maxSize) {
    node.emitError() << "expected attribute 'size' to be from 1 to " << maxSize << ", found "
                     << size;
    good = false;
  }
  if (!good)
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), axis = p.ints(1), channels = p.shape(input, 1, 2);
  Value padded = p.pad(p.square(input), p.ints({(size - 1) / 2, size / 2}), axis);
  Value sum;
  for (int64_t first = 0; first != size; ++first) {
    Value part = p.slice(padded, p.ints(first), p.add(channels, p.ints(first)), axis);
    sum = sum ? p.add(sum, part) : part;
  }
  float alpha = node.getFloat("alpha", 0.0001f), beta = node.getFloat("beta", 0.75f);
  Value base = p.add(p.mul(sum, p.number(input, alpha / static_cast<double>(size))),
                     p.number(input, node.getFloat("bias", 1)));
  node.setResult(p.div(input, node.createLike<PowOp>(base, p.number(input, beta))));
  return success();
}

/// What has no length stays zero.
static LogicalResult importLpNorm(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  int64_t power = node.getInt("p", 2);
  if (power != 1 && power != 2)
    return node.emitError() << "expected attribute 'p' to be 1 or 2, found " << power;
  if (!good)
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), none = p.number(input, 0);
  Value length = p.reduce(power == 1 ? ReduceKind::l1 : ReduceKind::l2, input,
                          node.getInt("axis", -1), /*keepDims=*/true);
  node.setResult(p.select(p.equal(length, none), none, p.div(input, length)));
  return success();
}

static LogicalResult importMeanVariance(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  Pieces p(node);
  SmallVector<int64_t> axes = node.getInts("axes", {0, 2, 3});
  Value input = node.getInput(0);
  Value centered = p.sub(input, p.mean(input, axes));
  Value deviation = p.sqrt(p.mean(p.square(centered), axes));
  node.setResult(p.div(centered, p.add(deviation, p.number(input, 1e-9))));
  return success();
}

/// 1 at the first maximum along the axis, else 0. Before opset 13 the dims from the axis on are
/// one.
static LogicalResult importHardmax(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), rows = input;
  bool isFlat = node.getOpset() < 13;
  int64_t axis = node.getInt("axis", isFlat ? 1 : -1);
  if (isFlat) {
    rows = node.createLike<FlattenOp>(input, static_cast<uint64_t>(axis));
    axis = 1;
  }
  Value place = p.call("arg_max", rows, p.builder.getI64Type(),
                       {p.parameter("axis", axis), p.parameter("keepdims", int64_t(0))});
  std::optional<int64_t> end = axis == -1 ? std::nullopt : std::optional(axis + 1);
  Value values = p.concat({p.reshape(p.number(input, 0), 1), p.reshape(p.number(input, 1), 1)});
  Value result = p.call("one_hot", {place, p.shape(rows, axis, end), values},
                        node.getElementType(0), p.parameter("axis", axis));
  node.setResult(isFlat ? p.reshapeLike(result, input) : result);
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow inputInputs[] = {{"input"}};
static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow groupNormInputs[] = {{"X"}, {"scale"}, {"bias"}};
static constexpr InputRow instanceNormInputs[] = {{"input"}, {"scale"}, {"B"}};

static constexpr AttributeRow axesAttributes[] = {{"axes", Proto::INTS}};
static constexpr AttributeRow axisAttributes[] = {{"axis", Proto::INT}};
static constexpr AttributeRow epsilonAttributes[] = {{"epsilon", Proto::FLOAT}};
static constexpr AttributeRow groupNormAttributes18[] = {{"epsilon", Proto::FLOAT},
                                                         {"num_groups", Proto::INT}};
static constexpr AttributeRow groupNormAttributes21[] = {
    {"epsilon", Proto::FLOAT}, {"num_groups", Proto::INT}, {"stash_type", Proto::INT}};
static constexpr AttributeRow lpNormAttributes[] = {{"axis", Proto::INT}, {"p", Proto::INT}};
static constexpr AttributeRow lrnAttributes[] = {
    {"alpha", Proto::FLOAT}, {"beta", Proto::FLOAT}, {"bias", Proto::FLOAT}, {"size", Proto::INT}};

static constexpr OpRow rows[] = {
    {"", "GroupNormalization", 18, 20, groupNormInputs, groupNormAttributes18, importGroupNorm},
    {"", "GroupNormalization", 21, newestOpset, groupNormInputs, groupNormAttributes21,
     importGroupNorm},
    {"", "Hardmax", oldestOpset, newestOpset, inputInputs, axisAttributes, importHardmax},
    {"", "InstanceNormalization", oldestOpset, newestOpset, instanceNormInputs, epsilonAttributes,
     importInstanceNorm},
    {"", "LpNormalization", oldestOpset, newestOpset, inputInputs, lpNormAttributes, importLpNorm},
    {"", "LRN", oldestOpset, newestOpset, unaryInputs, lrnAttributes, importLrn},
    {"", "MeanVarianceNormalization", 9, newestOpset, unaryInputs, axesAttributes,
     importMeanVariance},
};

ArrayRef<OpRow> dlc::getStandardizationRows() { return rows; }
