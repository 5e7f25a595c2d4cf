// Of ai.onnx.ml what arithmetic can express: ArrayFeatureExtractor, Binarizer, Normalizer, Scaler.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// The places in the last dim that a tensor names.
static LogicalResult importFeatureExtractor(OnnxNode &node) {
  if (isStandIn(node.getInput(0)) ||
      failed(node.requireIntegers(1, /*allowI32=*/false, std::nullopt)))
    return failure();
  Pieces p(node);
  Value input = node.getInput(0);
  auto type = cast<PlannedType>(input.getType());
  if (type.hasRank() && type.getRank() == 1)
    input = p.unsqueeze(input, 0);
  node.setResult(p.gather(input, p.reshape(node.getInput(1), -1), -1));
  return success();
}

/// 1 above the threshold, else 0.
static LogicalResult importBinarizer(OnnxNode &node) {
  if (failed(node.requireElements(numberElements)))
    return failure();
  Pieces p(node);
  Type elementType = node.getElementType(0), f64 = p.builder.getF64Type();
  Value x = p.cast(node.getInput(0), isFloat(elementType) ? elementType : f64);
  node.setResult(p.cast(p.less(p.number(x, node.getFloat("threshold", 0)), x), elementType));
  return success();
}

/// Each row over its largest element, the sum of magnitudes or the root of the sum of squares; rows
/// of zeros stay.
static LogicalResult importNormalizer(OnnxNode &node) {
  bool good = succeeded(node.requireElements(numberElements));
  StringRef norm = node.getString("norm", "MAX");
  if (norm != "MAX" && norm != "L1" && norm != "L2") {
    node.emitError() << "expected attribute 'norm' to be 'MAX', 'L1' or 'L2', found '" << norm
                     << "'";
    good = false;
  }
  if (!good)
    return failure();
  Pieces p(node);
  Value x = p.cast(node.getInput(0), p.builder.getF32Type());
  ReduceKind kind = norm == "MAX"  ? ReduceKind::max
                    : norm == "L1" ? ReduceKind::l1
                                   : ReduceKind::l2;
  Value size = p.reduce(kind, x, -1, /*keepDims=*/true);
  Value none = p.equal(size, p.number(size, 0));
  node.setResult(p.div(x, p.select(none, p.number(size, 1), size)));
  return success();
}

/// (X - offset) * scale, each of one element or one for each feature.
static LogicalResult importScaler(OnnxNode &node) {
  if (failed(node.requireElements(numberElements)))
    return failure();
  Pieces p(node);
  Type f32 = p.builder.getF32Type();
  auto getVector = [&](StringRef name) -> Value {
    const onnx::AttributeProto *attribute = node.findAttribute(name);
    if (!attribute)
      return {};
    SmallVector<float> values(attribute->floats().begin(), attribute->floats().end());
    ArrayRef bytes(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
    return node.createElements(static_cast<int64_t>(values.size()), f32, bytes);
  };
  Value result = p.cast(node.getInput(0), f32);
  if (Value offset = getVector("offset"))
    result = p.sub(result, offset);
  if (Value scale = getVector("scale"))
    result = p.mul(result, scale);
  node.setResult(result);
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

/// Opsets of the domain that the rows speak of.
static constexpr int64_t newest = 5;

static constexpr InputRow extractorInputs[] = {{"X"}, {"Y"}};
static constexpr InputRow unaryInputs[] = {{"X"}};

static constexpr AttributeRow binarizerAttributes[] = {{"threshold", Proto::FLOAT}};
static constexpr AttributeRow normalizerAttributes[] = {{"norm", Proto::STRING}};
static constexpr AttributeRow scalerAttributes[] = {{"offset", Proto::FLOATS},
                                                    {"scale", Proto::FLOATS}};

static constexpr OpRow rows[] = {
    {"ai.onnx.ml", "ArrayFeatureExtractor", 1, newest, extractorInputs, {}, importFeatureExtractor},
    {"ai.onnx.ml", "Binarizer", 1, newest, unaryInputs, binarizerAttributes, importBinarizer},
    {"ai.onnx.ml", "Normalizer", 1, newest, unaryInputs, normalizerAttributes, importNormalizer},
    {"ai.onnx.ml", "Scaler", 1, newest, unaryInputs, scalerAttributes, importScaler},
};

ArrayRef<OpRow> dlc::getMachineLearningRows() { return rows; }
