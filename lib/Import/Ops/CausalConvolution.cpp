// CausalConvWithState.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// Each channel of [batch, channels, length] is convolved with its own row of `weight`, with what
/// came before in front: element i of the result is the sum of the window that ends at i.
static LogicalResult importCausalConv(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  StringRef activation = node.getString("activation", "none");
  if (activation != "none" && activation != "silu" && activation != "swish") {
    node.emitError() << "expected attribute 'activation' to be 'none', 'silu' or 'swish', found '"
                     << activation << "'";
    good = false;
  }
  if (!good || node.hasStandIn())
    return failure();
  Pieces p(node);
  Value input = node.getInput(0), weight = node.getInput(1), last = p.ints(2);
  Value taps = p.shape(weight, 2, 3), before = p.sub(taps, p.ints(1));
  Value padded = node.getInput(3) ? p.concat({node.getInput(3), input}, 2)
                                  : p.pad(input, p.concat({before, p.ints(0)}), last);
  Value places = p.range(p.squeeze(p.shape(input, 2, 3), 0));
  Value offsets = p.range(p.squeeze(taps, 0));
  Value windows = p.gather(padded, p.add(p.unsqueeze(places, 1), offsets), 2);
  Value rows = p.mul(windows, weight); // [channels, 1, taps] beside [batch, channels, length, taps]
  Value result = p.reduce(ReduceKind::sum, rows, -1, /*keepDims=*/false);
  if (Value bias = node.getInput(2))
    result = p.add(result, p.unsqueeze(bias, 1));
  if (activation != "none")
    result = p.mul(result, node.createLike<SigmoidOp>(result));
  Value end = p.add(p.shape(input, 2, 3), before);
  node.results = {result, p.slice(padded, p.shape(input, 2, 3), end, last)};
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow causalInputs[] = {
    {"input"}, {"weight"}, {"bias", optional}, {"past_state", optional}};

static constexpr AttributeRow causalAttributes[] = {{"activation", Proto::STRING}};

static constexpr StringLiteral causalOutputs[] = {"present_state"};

static constexpr OpRow rows[] = {
    {"", "CausalConvWithState", 27, newestOpset, causalInputs, causalAttributes, importCausalConv,
     causalOutputs, twoOutputs},
};

ArrayRef<OpRow> dlc::getCausalConvolutionRows() { return rows; }
