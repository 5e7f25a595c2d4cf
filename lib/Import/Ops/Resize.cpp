// Resize and Upsample.

#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

/// Opsets before 13 have a vector without elements in the place of an input that is left out.
static bool isEmpty(Value value) {
  auto type = value && !isStandIn(value) ? dyn_cast<PlannedType>(value.getType()) : PlannedType();
  return type && type.hasRank() &&
         llvm::any_of(type.getDims(), [](ExprAttr dim) { return dim.getConstant() == 0; });
}

namespace {
/// The attributes, with all defaults filled in.
struct ResizeOptions {
  ResizeMode mode;
  ResizeCoordinates coordinates = ResizeCoordinates::asymmetric;
  ResizeRounding rounding = ResizeRounding::floor_or_ceil;
  ResizePolicy policy = ResizePolicy::stretch;
  float cubicCoeff = -0.75f, extrapolation = 0;
  bool antialias = false, excludeOutside = false;
  std::optional<SmallVector<int64_t>> axes;
};
} // namespace

/// An attribute that names one of an enumeration.
template <typename Enum>
static LogicalResult readEnum(const OnnxNode &node, StringRef name, StringRef defaultValue,
                              std::optional<Enum> (*symbolize)(StringRef), Enum &to) {
  StringRef value = node.getString(name, defaultValue);
  std::optional<Enum> known = symbolize(value);
  if (!known)
    return node.emitError() << "unknown value '" << value << "' of attribute '" << name << "'";
  to = *known;
  return success();
}

static LogicalResult readOptions(const OnnxNode &node, ResizeOptions &options) {
  bool good = true;
  good &= succeeded(readEnum(node, "coordinate_transformation_mode", "half_pixel",
                             symbolizeResizeCoordinates, options.coordinates));
  good &= succeeded(readEnum(node, "nearest_mode", "round_prefer_floor", symbolizeResizeRounding,
                             options.rounding));
  good &= succeeded(
      readEnum(node, "keep_aspect_ratio_policy", "stretch", symbolizeResizePolicy, options.policy));
  FailureOr<bool> antialias = node.getFlag("antialias", false),
                  excludeOutside = node.getFlag("exclude_outside", false);
  if (failed(antialias) || failed(excludeOutside) || !good)
    return failure();
  options.antialias = *antialias;
  options.excludeOutside = *excludeOutside;
  options.cubicCoeff = node.getFloat("cubic_coeff_a", -0.75f);
  options.extrapolation = node.getFloat("extrapolation_value", 0);
  if (node.findAttribute("axes"))
    options.axes = node.getInts("axes", {});
  return success();
}

/// A vector of scales or sizes whose length only the run knows: it has one for each resized dim,
/// which the run checks.
static Value fixLength(OnnxNode &node, Value value, const ResizeOptions &options) {
  auto type = value ? dyn_cast<PlannedType>(value.getType()) : PlannedType();
  if (node.isHandle(0))
    return value;
  auto data = cast<PlannedType>(node.getInput(0).getType());
  if (!type || !type.hasRank() || type.getRank() != 1 || type.getStaticShape() ||
      (!options.axes && !data.hasRank()))
    return value;
  auto length = static_cast<int64_t>(options.axes ? options.axes->size() : data.getRank());
  return Pieces(node).reshape(value, ArrayRef(length));
}

/// Of strings, each of which becomes one of its neighbours.
static LogicalResult resizeStrings(OnnxNode &node, Value scales, Value sizes,
                                   const ResizeOptions &options) {
  if (options.mode != ResizeMode::nearest ||
      options.coordinates == ResizeCoordinates::tf_crop_and_resize)
    return node.emitError() << "expected mode 'nearest' of the whole input for strings";
  Builder b(node.getContext());
  auto keyword = [&](StringRef name, StringRef value) {
    return b.getNamedAttr(name, b.getStringAttr(value));
  };
  SmallVector<NamedAttribute> parameters = {
      keyword("mode", "nearest"),
      keyword("coordinates", stringifyResizeCoordinates(options.coordinates)),
      keyword("rounding", stringifyResizeRounding(options.rounding)),
      keyword("policy", stringifyResizePolicy(options.policy))};
  if (options.axes)
    parameters.push_back(b.getNamedAttr("axes", b.getDenseI64ArrayAttr(*options.axes)));
  return node.moveStrings("resize", {node.getInput(0), Value(), scales, sizes}, parameters);
}

static LogicalResult createResize(OnnxNode &node, Value roi, Value scales, Value sizes,
                                  const ResizeOptions &options) {
  if (node.isHandle(0))
    return resizeStrings(node, scales, sizes, options);
  Builder builder(node.getContext());
  return node.createOp<ResizeOp>(
      node.getElementType(0), node.getInput(0), roi, fixLength(node, scales, options),
      fixLength(node, sizes, options), options.mode, options.coordinates, options.rounding,
      options.policy, llvm::APFloat(options.cubicCoeff), llvm::APFloat(options.extrapolation),
      options.antialias, options.excludeOutside,
      options.axes ? builder.getDenseI64ArrayAttr(*options.axes) : DenseI64ArrayAttr());
}

static LogicalResult importResize(OnnxNode &node) {
  for (size_t index = 1; index < node.inputs.size(); ++index)
    if (isEmpty(node.inputs[index]))
      node.inputs[index] = Value();
  if (node.hasStandIn())
    return failure();
  ResizeOptions options;
  bool good = succeeded(readEnum(node, "mode", "nearest", symbolizeResizeMode, options.mode));
  good &= succeeded(readOptions(node, options));
  if (node.getInput(2) && !node.getElementType(2).isF32()) {
    node.emitError() << "expected input 'scales' to have elements of type f32, found "
                     << node.getElementType(2);
    good = false;
  }
  good &= succeeded(node.requireIntegers(3, /*allowI32=*/false, 1));
  if (static_cast<bool>(node.getInput(2)) == static_cast<bool>(node.getInput(3))) {
    node.emitError() << "expected input 'scales' or input 'sizes', found "
                     << (node.getInput(2) ? "both" : "neither");
    good = false;
  }
  bool isPart = options.coordinates == ResizeCoordinates::tf_crop_and_resize;
  if (isPart && !node.getInput(1)) {
    node.emitError() << "expected input 'roi'";
    good = false;
  }
  if (!good)
    return failure();
  // No other way to find coordinates reads it.
  Value roi = isPart ? node.getInput(1) : Value();
  return createResize(node, roi, node.getInput(2), node.getInput(3), options);
}

/// Resize of opset 10 and Upsample: index / scale is rounded down, along dims that shrink up.
static LogicalResult importUpsample(OnnxNode &node) {
  ResizeOptions options;
  bool good = succeeded(readEnum(node, "mode", "nearest", symbolizeResizeMode, options.mode));
  if (good && options.mode == ResizeMode::cubic) {
    node.emitError() << "unknown value 'cubic' of attribute 'mode'";
    good = false;
  }
  if (const onnx::AttributeProto *scales = node.findAttribute("scales")) {
    ArrayRef<float> values(scales->floats().data(), scales->floats_size());
    node.inputs.push_back(node.createElements(
        static_cast<int64_t>(values.size()), Builder(node.getContext()).getF32Type(),
        ArrayRef(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float))));
  } else if (node.inputs.size() < 2) {
    good &= succeeded(node.requireAttribute("scales"));
  }
  if (node.hasStandIn() || !good)
    return failure();
  if (!node.getElementType(1).isF32())
    return node.emitError() << "expected input 'scales' to have elements of type f32, found "
                            << node.getElementType(1);
  return createResize(node, Value(), node.getInput(1), Value(), options);
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

// Required by opsets 11 and 12, but exporters leave out what a node does not use.
static constexpr InputRow resizeInputs[] = {
    {"X"}, {"roi", optional}, {"scales", optional}, {"sizes", optional}};
static constexpr InputRow resizeInputs10[] = {{"X"}, {"scales"}};
static constexpr InputRow upsampleInputs7[] = {{"X"}};

static constexpr AttributeRow modeAttributes[] = {{"mode", Proto::STRING}};
static constexpr AttributeRow upsampleAttributes7[] = {{"mode", Proto::STRING},
                                                       {"scales", Proto::FLOATS}};
static constexpr AttributeRow resizeAttributes11[] = {
    {"coordinate_transformation_mode", Proto::STRING},
    {"cubic_coeff_a", Proto::FLOAT},
    {"exclude_outside", Proto::INT},
    {"extrapolation_value", Proto::FLOAT},
    {"mode", Proto::STRING},
    {"nearest_mode", Proto::STRING}};
static constexpr AttributeRow resizeAttributes18[] = {
    {"antialias", Proto::INT},
    {"axes", Proto::INTS},
    {"coordinate_transformation_mode", Proto::STRING},
    {"cubic_coeff_a", Proto::FLOAT},
    {"exclude_outside", Proto::INT},
    {"extrapolation_value", Proto::FLOAT},
    {"keep_aspect_ratio_policy", Proto::STRING},
    {"mode", Proto::STRING},
    {"nearest_mode", Proto::STRING}};

static constexpr OpRow rows[] = {
    {"", "Resize", 10, 10, resizeInputs10, modeAttributes, importUpsample, {}, strings},
    {"", "Resize", 11, 17, resizeInputs, resizeAttributes11, importResize, {}, strings},
    {"", "Resize", 18, newestOpset, resizeInputs, resizeAttributes18, importResize, {}, strings},
    {"",
     "Upsample",
     oldestOpset,
     8,
     upsampleInputs7,
     upsampleAttributes7,
     importUpsample,
     {},
     strings},
    {"", "Upsample", 9, 9, resizeInputs10, modeAttributes, importUpsample, {}, strings},
};

ArrayRef<OpRow> dlc::getResizeRows() { return rows; }
