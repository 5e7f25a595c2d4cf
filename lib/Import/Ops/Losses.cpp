// NegativeLogLikelihoodLoss, SoftmaxCrossEntropyLoss.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// Checks input, target and weight.
static LogicalResult checkOperands(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements, 0));
  good &= succeeded(node.requireIntegers(1, /*allowI32=*/true, std::nullopt));
  if (node.getInput(2))
    good &= succeeded(node.requireElements(floatElements, 2));
  StringRef reduction = node.getString("reduction", "mean");
  if (reduction != "none" && reduction != "sum" && reduction != "mean")
    return node.emitError()
           << "expected attribute 'reduction' to be 'none', 'sum' or 'mean', found '" << reduction
           << "'";
  return success(good);
}

/// -input[target] * weight[target] for each target, nothing where the target is to be ignored; then
/// the sum of these, over the sum of the weights for a mean.
static Value createLoss(OnnxNode &node, Value input) {
  Pieces p(node);
  Value target = node.getInput(1), weight = node.getInput(2), ignored;
  if (node.findAttribute("ignore_index")) {
    ignored = p.equal(target, node.createIntegerLike(target, node.getInt("ignore_index", 0)));
    target = p.select(ignored, p.number(target, 0), target);
  }
  Value chosen = p.call("gather_elements", {input, p.unsqueeze(target, 1)}, p.getElement(input),
                        p.parameter("axis", int64_t(1)));
  Value loss = p.neg(p.squeeze(chosen, 1));
  Value share;
  if (weight)
    share = p.gather(weight, target, 0);
  if (ignored) {
    Value none = p.number(loss, 0);
    share = p.select(ignored, none, share ? share : p.number(loss, 1));
    loss = p.select(ignored, none, loss);
  }
  if (share)
    loss = p.mul(loss, share);
  StringRef reduction = node.getString("reduction", "mean");
  if (reduction == "none")
    return loss;
  if (reduction == "mean" && !share)
    return p.reduce(ReduceKind::mean, loss, {}, /*keepDims=*/false);
  Value sum = p.reduce(ReduceKind::sum, loss, {}, /*keepDims=*/false);
  if (reduction == "sum")
    return sum;
  return p.div(sum, p.reduce(ReduceKind::sum, share, {}, /*keepDims=*/false));
}

static LogicalResult importLikelihoodLoss(OnnxNode &node) {
  if (failed(checkOperands(node)))
    return failure();
  node.setResult(createLoss(node, node.getInput(0)));
  return success();
}

static LogicalResult importCrossEntropyLoss(OnnxNode &node) {
  if (failed(checkOperands(node)))
    return failure();
  Value logarithms =
      node.createLike<SoftmaxOp>(node.getInput(0), /*axis=*/uint64_t(1), /*log=*/true);
  node.results = {createLoss(node, logarithms), logarithms};
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow likelihoodInputs[] = {{"input"}, {"target"}, {"weight", optional}};
static constexpr InputRow crossEntropyInputs[] = {{"scores"}, {"labels"}, {"weights", optional}};

static constexpr AttributeRow lossAttributes[] = {{"ignore_index", Proto::INT},
                                                  {"reduction", Proto::STRING}};

static constexpr StringLiteral crossEntropyOutputs[] = {"log_prob"};

static constexpr OpRow rows[] = {
    {"", "NegativeLogLikelihoodLoss", 12, newestOpset, likelihoodInputs, lossAttributes,
     importLikelihoodLoss},
    {"", "SoftmaxCrossEntropyLoss", 12, newestOpset, crossEntropyInputs, lossAttributes,
     importCrossEntropyLoss, crossEntropyOutputs, twoOutputs},
};

ArrayRef<OpRow> dlc::getLossRows() { return rows; }
