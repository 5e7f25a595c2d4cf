// AveragePool, GlobalAveragePool, GlobalLpPool, GlobalMaxPool, LpPool, MaxPool.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"
#include "Window.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace dlc;

/// What all poolings read; the pads are those of the attributes, or of auto_pad.
static FailureOr<Window> getPoolWindow(OnnxNode &node, const ElementSet &elements) {
  bool good = succeeded(node.requireElements(elements));
  // The specification's text rounds down there, its shape inference up.
  if (node.getInt("ceil_mode", 0) && node.getString("auto_pad", "NOTSET") == "VALID") {
    node.emitError() << "ceil_mode 1 beside auto_pad 'VALID' is not supported yet";
    good = false;
  }
  SmallVector<int64_t> kernel = node.getInts("kernel_shape", {});
  if (kernel.empty())
    return node.emitError() << "expected attribute 'kernel_shape' of at least 1 element";
  FailureOr<Window> window = getWindow(node, kernel);
  if (!good)
    return failure();
  return window;
}

static LogicalResult createPool(OnnxNode &node, ReduceKind kind, const Window &window,
                                bool includePads) {
  FailureOr<bool> ceil = node.getFlag("ceil_mode", false);
  if (failed(ceil))
    return failure();
  double outside = kind == ReduceKind::max ? -std::numeric_limits<double>::infinity() : 0;
  return node.createOp<PoolOp>(node.getElementType(0), kind, padInput(node, window, outside),
                               window.kernel, window.strides, window.pads, window.dilations, *ceil,
                               includePads);
}

/// With its indices the largest elements are a library call.
static LogicalResult createMaxPoolWithIndices(OnnxNode &node, const Window &window) {
  if (window.isSame())
    return node.emitError() << "output 'Indices' beside auto_pad SAME is not supported yet with "
                               "strides other than 1";
  Builder builder(node.getContext());
  NamedAttrList parameters;
  parameters.set("kernel", builder.getDenseI64ArrayAttr(window.kernel));
  parameters.set("strides", builder.getDenseI64ArrayAttr(window.strides));
  parameters.set("pads", builder.getDenseI64ArrayAttr(window.pads));
  parameters.set("dilations", builder.getDenseI64ArrayAttr(window.dilations));
  parameters.set("ceil", builder.getI64IntegerAttr(node.getInt("ceil_mode", 0)));
  parameters.set("storage_order", builder.getI64IntegerAttr(node.getInt("storage_order", 0)));
  OnnxType indices{OnnxType::tensor, onnx::TensorProto::INT64};
  node.results = node.createCall("max_pool_indices", node.createOperands(), parameters.getAttrs(),
                                 {node.getOnnxType(0), indices});
  return success();
}

static LogicalResult importMaxPool(OnnxNode &node) {
  FailureOr<Window> window = getPoolWindow(node, numberElements);
  if (failed(window))
    return failure();
  if (node.getNumOutputs() > 1 && !node.getOutputName(1).empty())
    return createMaxPoolWithIndices(node, *window);
  return createPool(node, ReduceKind::max, *window, /*includePads=*/false);
}

/// The sum of a window over how many of its elements are none of the pads.
static LogicalResult createMeanOfSame(OnnxNode &node, const Window &window) {
  Pieces p(node);
  Value input = node.getInput(0);
  if (failed(createPool(node, ReduceKind::sum, window, /*includePads=*/false)))
    return failure();
  Value sum = node.results.front();
  node.inputs[0] = ConstantOfShapeOp::create(p.builder, node.getLoc(),
                                             PlannedType::getUnranked(node.getElementType(0)),
                                             p.shape(input), p.number(input, 1));
  if (failed(createPool(node, ReduceKind::sum, window, /*includePads=*/false)))
    return failure();
  node.setResult(p.div(sum, node.results.front()));
  return success();
}

static LogicalResult importAveragePool(OnnxNode &node) {
  FailureOr<Window> window = getPoolWindow(node, floatElements);
  FailureOr<bool> includePads = node.getFlag("count_include_pad", false);
  if (failed(window) || failed(includePads))
    return failure();
  if (window->isSame() && !*includePads && !isStandIn(node.getInput(0)))
    return createMeanOfSame(node, *window);
  return createPool(node, ReduceKind::mean, *window, *includePads);
}

/// (sum of |x|^p)^(1/p) of what `reduce` sums up.
static LogicalResult createPowerSum(OnnxNode &node, int64_t p,
                                    function_ref<LogicalResult(Value powers)> reduce) {
  Value input = node.getInput(0);
  auto power = [&](Value value, double exponent) {
    return node.createLike<PowOp>(value, node.createScalarLike(value, exponent));
  };
  if (failed(reduce(power(node.createLike<AbsOp>(input), static_cast<double>(p)))))
    return failure();
  node.setResult(power(node.results.front(), 1.0 / static_cast<double>(p)));
  return success();
}

static LogicalResult importLpPool(OnnxNode &node) {
  FailureOr<Window> window = getPoolWindow(node, floatElements);
  if (failed(window))
    return failure();
  int64_t p = node.getInt("p", 2);
  if (p < 1)
    return node.emitError() << "expected attribute 'p' to be positive, found " << p;
  if (p <= 2)
    return createPool(node, p == 1 ? ReduceKind::l1 : ReduceKind::l2, *window, false);
  return createPowerSum(node, p, [&](Value powers) {
    node.inputs[0] = powers;
    return createPool(node, ReduceKind::sum, *window, false);
  });
}

static LogicalResult importGlobalPool(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  ReduceKind kind = node.getOp() == "GlobalMaxPool" ? ReduceKind::max : ReduceKind::mean;
  return node.createOp<GlobalPoolOp>(node.getElementType(0), kind, node.getInput(0));
}

static LogicalResult importGlobalLpPool(OnnxNode &node) {
  if (failed(node.requireElements(floatElements)))
    return failure();
  int64_t p = node.getInt("p", 2);
  if (p < 1)
    return node.emitError() << "expected attribute 'p' to be positive, found " << p;
  if (p <= 2)
    return node.createOp<GlobalPoolOp>(node.getElementType(0),
                                       p == 1 ? ReduceKind::l1 : ReduceKind::l2, node.getInput(0));
  return createPowerSum(node, p, [&](Value powers) {
    return node.createOp<GlobalPoolOp>(node.getElementType(0), ReduceKind::sum, powers);
  });
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow inputs[] = {{"X"}};

static constexpr AttributeRow averagePoolAttributes1[] = {{"auto_pad", Proto::STRING},
                                                          {"kernel_shape", Proto::INTS},
                                                          {"pads", Proto::INTS},
                                                          {"strides", Proto::INTS}};
static constexpr AttributeRow averagePoolAttributes7[] = {{"auto_pad", Proto::STRING},
                                                          {"count_include_pad", Proto::INT},
                                                          {"kernel_shape", Proto::INTS},
                                                          {"pads", Proto::INTS},
                                                          {"strides", Proto::INTS}};
static constexpr AttributeRow averagePoolAttributes10[] = {
    {"auto_pad", Proto::STRING},   {"ceil_mode", Proto::INT}, {"count_include_pad", Proto::INT},
    {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS},     {"strides", Proto::INTS}};
static constexpr AttributeRow averagePoolAttributes19[] = {
    {"auto_pad", Proto::STRING}, {"ceil_mode", Proto::INT},     {"count_include_pad", Proto::INT},
    {"dilations", Proto::INTS},  {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS},
    {"strides", Proto::INTS}};
static constexpr AttributeRow globalLpPoolAttributes[] = {{"p", Proto::INT}};
static constexpr AttributeRow lpPoolAttributes2[] = {{"auto_pad", Proto::STRING},
                                                     {"kernel_shape", Proto::INTS},
                                                     {"p", Proto::INT},
                                                     {"pads", Proto::INTS},
                                                     {"strides", Proto::INTS}};
static constexpr AttributeRow lpPoolAttributes18[] = {
    {"auto_pad", Proto::STRING},   {"ceil_mode", Proto::INT}, {"dilations", Proto::INTS},
    {"kernel_shape", Proto::INTS}, {"p", Proto::INT},         {"pads", Proto::INTS},
    {"strides", Proto::INTS}};
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

static constexpr StringLiteral maxPoolOutputs[] = {"Indices"};

static constexpr OpRow rows[] = {
    {"", "AveragePool", oldestOpset, 6, inputs, averagePoolAttributes1, importAveragePool},
    {"", "AveragePool", 7, 9, inputs, averagePoolAttributes7, importAveragePool},
    {"", "AveragePool", 10, 18, inputs, averagePoolAttributes10, importAveragePool},
    {"", "AveragePool", 19, newestOpset, inputs, averagePoolAttributes19, importAveragePool},
    {"", "GlobalAveragePool", oldestOpset, newestOpset, inputs, {}, importGlobalPool},
    {"", "GlobalLpPool", oldestOpset, newestOpset, inputs, globalLpPoolAttributes,
     importGlobalLpPool},
    {"", "GlobalMaxPool", oldestOpset, newestOpset, inputs, {}, importGlobalPool},
    {"", "LpPool", oldestOpset, 17, inputs, lpPoolAttributes2, importLpPool},
    {"", "LpPool", 18, newestOpset, inputs, lpPoolAttributes18, importLpPool},
    {"", "MaxPool", oldestOpset, 7, inputs, maxPoolAttributes1, importMaxPool},
    {"", "MaxPool", 8, 9, inputs, maxPoolAttributes8, importMaxPool, maxPoolOutputs, twoOutputs},
    {"", "MaxPool", 10, newestOpset, inputs, maxPoolAttributes10, importMaxPool, maxPoolOutputs,
     twoOutputs},
};

ArrayRef<OpRow> dlc::getPoolingRows() { return rows; }
