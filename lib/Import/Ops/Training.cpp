// Optimizers of ai.onnx.preview.training: Adagrad, Adam, Momentum.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// Calls update(i) for each of the tensors that are optimized: the inputs behind the rate and the
/// count are `groups` lists of as many of them, and so are the outputs.
static LogicalResult forEachTensor(OnnxNode &node, size_t groups,
                                   llvm::function_ref<SmallVector<Value>(ArrayRef<Value>)> update) {
  constexpr size_t fixed = 2;
  size_t count = (node.inputs.size() - fixed) / groups;
  if (node.inputs.size() != fixed + count * groups || node.getNumOutputs() != count * (groups - 1))
    return node.emitError() << "expected " << groups << " lists of inputs of equal length, and "
                            << groups - 1 << " of outputs, found " << node.inputs.size() - fixed
                            << " inputs and " << node.getNumOutputs() << " outputs";
  bool good = succeeded(node.requireElements(floatElements, 0));
  good &= succeeded(node.requireIntegers(1, /*allowI32=*/false, std::nullopt));
  for (size_t index = fixed; index != node.inputs.size(); ++index)
    good &= succeeded(node.requireElements(floatElements, index));
  if (!good)
    return failure();
  node.results.assign(count * (groups - 1), Value());
  for (size_t i = 0; i != count; ++i) {
    SmallVector<Value> operands;
    for (size_t group = 0; group != groups; ++group)
      operands.push_back(node.getInput(fixed + group * count + i));
    for (auto [group, result] : llvm::enumerate(update(operands)))
      node.results[group * count + i] = result;
  }
  return success();
}

/// The gradient with that of the norm of X.
static Value regularize(Pieces &p, Value x, Value gradient) {
  return p.add(p.mul(x, p.number(x, p.node.getFloat("norm_coefficient", 0))), gradient);
}

static LogicalResult importAdagrad(OnnxNode &node) {
  Pieces p(node);
  float decay = node.getFloat("decay_factor", 0), epsilon = node.getFloat("epsilon", 1e-6f);
  return forEachTensor(node, 3, [&](ArrayRef<Value> operands) -> SmallVector<Value> {
    Value x = operands[0], gradient = regularize(p, x, operands[1]);
    Value count = p.cast(node.getInput(1), p.getElement(x));
    Value rate = p.div(p.cast(node.getInput(0), p.getElement(x)),
                       p.add(p.mul(count, p.number(x, decay)), p.number(x, 1)));
    Value squares = p.add(operands[2], p.square(gradient));
    Value step = p.div(p.mul(gradient, rate), p.add(p.sqrt(squares), p.number(x, epsilon)));
    return {p.sub(x, step), squares};
  });
}

static LogicalResult importAdam(OnnxNode &node) {
  Pieces p(node);
  float alpha = node.getFloat("alpha", 0.9f), beta = node.getFloat("beta", 0.999f);
  float epsilon = node.getFloat("epsilon", 1e-6f),
        after = node.getFloat("norm_coefficient_post", 0);
  return forEachTensor(node, 4, [&](ArrayRef<Value> operands) -> SmallVector<Value> {
    Value x = operands[0], gradient = regularize(p, x, operands[1]);
    auto scale = [&](Value value, float factor) { return p.mul(value, p.number(value, factor)); };
    Value mean = p.add(scale(operands[2], alpha), scale(gradient, 1 - alpha));
    Value squares = p.add(scale(operands[3], beta), scale(p.square(gradient), 1 - beta));
    // The first steps are larger: the running means begin at zero.
    Value rate = p.cast(node.getInput(0), p.getElement(x));
    Value count = p.cast(node.getInput(1), p.getElement(x)), one = p.number(x, 1);
    auto rest = [&](float base) {
      return p.sub(one, node.createLike<PowOp>(p.number(x, base), count));
    };
    Value grown = p.div(p.mul(rate, p.sqrt(rest(beta))), rest(alpha));
    rate = p.select(p.less(p.number(x, 0), count), grown, rate);
    Value step = p.div(p.mul(mean, rate), p.add(p.sqrt(squares), p.number(x, epsilon)));
    return {scale(p.sub(x, step), 1 - after), mean, squares};
  });
}

static LogicalResult importMomentum(OnnxNode &node) {
  for (StringRef name : {"alpha", "beta", "mode", "norm_coefficient"})
    if (failed(node.requireAttribute(name)))
      return failure();
  StringRef mode = node.getString("mode", "");
  if (mode != "standard" && mode != "nesterov")
    return node.emitError() << "expected attribute 'mode' to be 'standard' or 'nesterov', found '"
                            << mode << "'";
  Pieces p(node);
  float alpha = node.getFloat("alpha", 0), beta = node.getFloat("beta", 0);
  return forEachTensor(node, 3, [&](ArrayRef<Value> operands) -> SmallVector<Value> {
    Value x = operands[0], gradient = regularize(p, x, operands[1]);
    Value rate = p.cast(node.getInput(0), p.getElement(x));
    Value count = p.cast(node.getInput(1), p.getElement(x));
    Value share = p.select(p.less(p.number(x, 0), count), p.number(x, beta), p.number(x, 1));
    Value velocity = p.add(p.mul(operands[2], p.number(x, alpha)), p.mul(gradient, share));
    Value step = velocity;
    if (mode == "nesterov")
      step = p.add(gradient, p.mul(velocity, p.number(x, alpha)));
    return {p.sub(x, p.mul(step, rate)), velocity};
  });
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow optimizerInputs[] = {{"R"}, {"T"}, {"inputs"}};

static constexpr AttributeRow adagradAttributes[] = {
    {"decay_factor", Proto::FLOAT}, {"epsilon", Proto::FLOAT}, {"norm_coefficient", Proto::FLOAT}};
static constexpr AttributeRow adamAttributes[] = {{"alpha", Proto::FLOAT},
                                                  {"beta", Proto::FLOAT},
                                                  {"epsilon", Proto::FLOAT},
                                                  {"norm_coefficient", Proto::FLOAT},
                                                  {"norm_coefficient_post", Proto::FLOAT}};
static constexpr AttributeRow momentumAttributes[] = {{"alpha", Proto::FLOAT},
                                                      {"beta", Proto::FLOAT},
                                                      {"mode", Proto::STRING},
                                                      {"norm_coefficient", Proto::FLOAT}};

static constexpr OpRow::Extra lists{.outputs = OpRow::anyOutputs, .variadicInputs = true};

static constexpr OpRow rows[] = {
    {"ai.onnx.preview.training",
     "Adagrad",
     1,
     1,
     optimizerInputs,
     adagradAttributes,
     importAdagrad,
     {},
     lists},
    {"ai.onnx.preview.training",
     "Adam",
     1,
     1,
     optimizerInputs,
     adamAttributes,
     importAdam,
     {},
     lists},
    {"ai.onnx.preview.training",
     "Momentum",
     1,
     1,
     optimizerInputs,
     momentumAttributes,
     importMomentum,
     {},
     lists},
};

ArrayRef<OpRow> dlc::getTrainingRows() { return rows; }
