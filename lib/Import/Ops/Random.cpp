// Bernoulli, Multinomial, RandomNormal, RandomUniform and the forms that take another's shape.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// The element type that attribute `dtype` says, else that of the input, or f32 without one.
static Type getResultType(OnnxNode &node) {
  Builder builder(node.getContext());
  Type type = node.inputs.empty() ? Type(builder.getF32Type()) : node.getElementType(0);
  if (node.findAttribute("dtype"))
    type = node.getTypeAttribute("dtype", 0);
  return type;
}

/// RandomNormal, RandomUniform and their Like forms.
static LogicalResult importRandom(OnnxNode &node) {
  bool isLike = !node.inputs.empty();
  if (isLike && isStandIn(node.getInput(0)))
    return failure();
  if (!isLike && failed(node.requireAttribute("shape")))
    return failure();
  Type type = getResultType(node);
  if (!type)
    return failure();
  if (!isFloat(type))
    return node.emitError() << "expected random numbers of a float type, found " << type;
  SmallVector<int64_t> dims = node.getInts("shape", {});
  if (llvm::any_of(dims, [](int64_t dim) { return dim < 0; }))
    return node.emitError() << "expected attribute 'shape' without negative dims, found [" << dims
                            << "]";
  Pieces p(node);
  Value shape = isLike ? p.shape(node.getInput(0)) : p.ints(dims);
  bool isNormal = node.getOp().starts_with("RandomNormal");
  StringRef first = isNormal ? "mean" : "low", second = isNormal ? "scale" : "high";
  NamedAttribute parameters[] = {node.makeDtype(getDataType(type)),
                                 p.parameter(first, node.getFloat(first, 0)),
                                 p.parameter(second, node.getFloat(second, 1)), p.makeSeed()};
  node.setResult(p.call(isNormal ? "random_normal" : "random_uniform", shape, type, parameters));
  return success();
}

/// 1 with the probability that the input says, else 0.
static LogicalResult importBernoulli(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  Type type = getResultType(node);
  if (!type)
    return failure();
  Pieces p(node);
  Value input = node.getInput(0);
  Value drawn = p.call("random_uniform", p.shape(input), node.getElementType(0),
                       {node.makeDtype(getDataType(node.getElementType(0))), p.makeSeed()});
  node.setResult(p.cast(p.less(drawn, input), type));
  return success();
}

static LogicalResult importMultinomial(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements));
  Builder builder(node.getContext());
  Type type = builder.getI32Type();
  if (node.findAttribute("dtype"))
    type = node.getTypeAttribute("dtype", 0);
  if (!type)
    return failure();
  int64_t samples = node.getInt("sample_size", 1);
  if (!type.isInteger(32) && !type.isInteger(64)) {
    node.emitError() << "expected attribute 'dtype' to be int32 or int64, found " << type;
    good = false;
  }
  if (samples < 0) {
    node.emitError() << "expected attribute 'sample_size' not to be negative, found " << samples;
    good = false;
  }
  if (!good)
    return failure();
  Pieces p(node);
  node.setResult(p.call(
      "multinomial", node.getInput(0), type,
      {node.makeDtype(getDataType(type)), p.parameter("sample_size", samples), p.makeSeed()}));
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow inputInputs[] = {{"input"}};

static constexpr AttributeRow bernoulliAttributes[] = {{"dtype", Proto::INT},
                                                       {"seed", Proto::FLOAT}};
static constexpr AttributeRow multinomialAttributes[] = {
    {"dtype", Proto::INT}, {"sample_size", Proto::INT}, {"seed", Proto::FLOAT}};
static constexpr AttributeRow normalAttributes[] = {{"dtype", Proto::INT},
                                                    {"mean", Proto::FLOAT},
                                                    {"scale", Proto::FLOAT},
                                                    {"seed", Proto::FLOAT},
                                                    {"shape", Proto::INTS}};
static constexpr AttributeRow normalLikeAttributes[] = {
    {"dtype", Proto::INT}, {"mean", Proto::FLOAT}, {"scale", Proto::FLOAT}, {"seed", Proto::FLOAT}};
static constexpr AttributeRow uniformAttributes[] = {{"dtype", Proto::INT},
                                                     {"high", Proto::FLOAT},
                                                     {"low", Proto::FLOAT},
                                                     {"seed", Proto::FLOAT},
                                                     {"shape", Proto::INTS}};
static constexpr AttributeRow uniformLikeAttributes[] = {
    {"dtype", Proto::INT}, {"high", Proto::FLOAT}, {"low", Proto::FLOAT}, {"seed", Proto::FLOAT}};

static constexpr OpRow rows[] = {
    {"", "Bernoulli", 15, newestOpset, inputInputs, bernoulliAttributes, importBernoulli},
    {"", "Multinomial", 7, newestOpset, inputInputs, multinomialAttributes, importMultinomial},
    {"", "RandomNormal", oldestOpset, newestOpset, {}, normalAttributes, importRandom},
    {"", "RandomNormalLike", oldestOpset, newestOpset, inputInputs, normalLikeAttributes,
     importRandom},
    {"", "RandomUniform", oldestOpset, newestOpset, {}, uniformAttributes, importRandom},
    {"", "RandomUniformLike", oldestOpset, newestOpset, inputInputs, uniformLikeAttributes,
     importRandom},
};

ArrayRef<OpRow> dlc::getRandomRows() { return rows; }
