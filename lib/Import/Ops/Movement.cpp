// Ops that move elements, of any type. Attributes of older opsets that became inputs are constants.

#include "ElementSets.h"
#include "Pieces.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Views and shapes
//===----------------------------------------------------------------------===//

static LogicalResult importFlatten(OnnxNode &node) {
  if (node.isHandle(0))
    return node.moveStrings("flatten", node.inputs, node.getParameters());
  return node.createOp<FlattenOp>(node.getElementType(0), node.getInput(0),
                                  static_cast<uint64_t>(node.getInt("axis", 1)));
}

/// Axes, splits, pads: an attribute before they became the input of this index. Null where neither
/// is there.
static FailureOr<Value> getIntsOperand(OnnxNode &node, StringRef attribute, size_t index,
                                       std::optional<int64_t> rank = 1) {
  if (node.findAttribute(attribute))
    return node.createInts(node.getInts(attribute, {}));
  if (failed(node.requireIntegers(index, /*allowI32=*/false, rank)))
    return failure();
  return node.getInput(index);
}

/// Before opset 5 the shape is an attribute.
static LogicalResult importReshape(OnnxNode &node) {
  FailureOr<bool> allowZero = node.getFlag("allowzero", false);
  if (node.getOpset() < 5 && failed(node.requireAttribute("shape")))
    return failure();
  FailureOr<Value> shape = getIntsOperand(node, "shape", 1);
  if (failed(shape) || failed(allowZero))
    return failure();
  if (node.isHandle(0))
    return node.moveStrings("reshape", {node.getInput(0), *shape},
                            Pieces(node).parameter("allow_zero", int64_t(*allowZero)));
  return node.createOp<ReshapeOp>(node.getElementType(0), node.getInput(0), *shape, *allowZero);
}

/// A single axis may be a scalar, as exporters write it.
static LogicalResult importSqueeze(OnnxNode &node) {
  FailureOr<Value> axes = getIntsOperand(node, "axes", 1, /*rank=*/std::nullopt);
  if (failed(axes))
    return failure();
  if (node.isHandle(0))
    return node.moveStrings("squeeze", {node.getInput(0), *axes});
  return node.createOp<SqueezeOp>(node.getElementType(0), node.getInput(0), *axes);
}

static LogicalResult importUnsqueeze(OnnxNode &node) {
  FailureOr<Value> axes = getIntsOperand(node, "axes", 1, /*rank=*/std::nullopt);
  if (failed(axes) || (!*axes && failed(node.requireAttribute("axes"))))
    return failure();
  if (node.isHandle(0))
    return node.moveStrings("unsqueeze", {node.getInput(0), *axes});
  return node.createOp<UnsqueezeOp>(node.getElementType(0), node.getInput(0), *axes);
}

static LogicalResult importShape(OnnxNode &node) {
  OpBuilder &builder = node.getBuilder();
  if (node.isHandle(0)) {
    if (failed(node.requireStrings(0)))
      return failure();
    node.results = node.createCall("shape", node.inputs, node.getParameters(),
                                   OnnxType{OnnxType::tensor, DLC_DTYPE_I64});
    return success();
  }
  IntegerAttr start = builder.getI64IntegerAttr(node.getInt("start", 0)), end;
  if (node.findAttribute("end"))
    end = builder.getI64IntegerAttr(node.getInt("end", 0));
  return node.createOp<ShapeOp>(builder.getI64Type(), node.getInput(0), start, end);
}

/// A gather of the places where the condition holds.
static LogicalResult importCompress(OnnxNode &node) {
  if (failed(node.requireElements(boolElements, 1)) || isStandIn(node.getInput(0)))
    return failure();
  Value input = node.getInput(0);
  Value condition =
      node.createLike<ReshapeOp>(node.getInput(1), node.createInts(-1), /*allow_zero=*/false);
  Value places =
      node.createCall("nonzero", condition, {}, OnnxType{OnnxType::tensor, DLC_DTYPE_I64}).front();
  Value rows = node.createLike<SqueezeOp>(places, node.createInts(0));
  if (!node.findAttribute("axis"))
    input = node.createLike<ReshapeOp>(input, node.createInts(-1), /*allow_zero=*/false);
  return node.createOp<GatherOp>(node.getElementType(0), input, rows,
                                 static_cast<uint64_t>(node.getInt("axis", 0)));
}

static LogicalResult importSize(OnnxNode &node) {
  return node.createOp<SizeOp>(node.getBuilder().getI64Type(), node.getInput(0));
}

static LogicalResult importExpand(OnnxNode &node) {
  if (failed(node.requireIntegers(1, /*allowI32=*/false, 1)))
    return failure();
  if (node.isHandle(0))
    return node.moveStrings("expand", node.inputs);
  return node.createOp<ExpandOp>(node.getElementType(0), node.getInput(0), node.getInput(1));
}

static LogicalResult importTile(OnnxNode &node) {
  if (failed(node.requireIntegers(1, /*allowI32=*/false, 1)))
    return failure();
  if (node.isHandle(0))
    return node.moveStrings("tile", node.inputs);
  return node.createOp<TileOp>(node.getElementType(0), node.getInput(0), node.getInput(1));
}

//===----------------------------------------------------------------------===//
// Rearrangement
//===----------------------------------------------------------------------===//

static LogicalResult importTranspose(OnnxNode &node) {
  if (node.isHandle(0))
    return node.moveStrings("transpose", node.inputs, node.getParameters());
  return node.createOp<TransposeOp>(node.getElementType(0), node.getInput(0),
                                    node.getInts("perm", {}));
}

/// Opset 10 and newer: the bounds are inputs.
static LogicalResult importSlice(OnnxNode &node) {
  bool good = true;
  for (size_t index : {1, 2, 3, 4})
    good &= succeeded(node.requireIntegers(index, /*allowI32=*/true, 1));
  if (!good)
    return failure();
  if (node.isHandle(0))
    return node.moveStrings("dynamic_slice", node.inputs);
  return node.createOp<DynamicSliceOp>(node.getElementType(0), node.getInput(0), node.getInput(1),
                                       node.getInput(2), node.getInput(3), node.getInput(4));
}

static LogicalResult importSliceAttributes(OnnxNode &node) {
  bool good = succeeded(node.requireAttribute("starts"));
  good &= succeeded(node.requireAttribute("ends"));
  SmallVector<int64_t> starts = node.getInts("starts", {}), ends = node.getInts("ends", {});
  if (good && starts.size() != ends.size())
    return node.emitError() << "expected attributes 'starts' and 'ends' of the same length, found "
                            << starts.size() << " and " << ends.size();
  if (!good)
    return failure();
  Value axes = node.findAttribute("axes") ? node.createInts(node.getInts("axes", {})) : Value();
  Value from = node.createInts(starts), to = node.createInts(ends);
  if (node.isHandle(0))
    return node.moveStrings("dynamic_slice", {node.getInput(0), from, to, axes});
  return node.createOp<DynamicSliceOp>(node.getElementType(0), node.getInput(0), from, to, axes,
                                       /*steps=*/Value());
}

/// The parts' sizes are an attribute before opset 13, then an input; without them the parts are
/// equal.
static LogicalResult importSplit(OnnxNode &node) {
  FailureOr<Value> sizes = getIntsOperand(node, "split", 1);
  int64_t outputs = node.getNumOutputs(), stated = node.getInt("num_outputs", outputs);
  if (stated != outputs)
    return node.emitError() << "expected as many outputs as attribute 'num_outputs' says, "
                            << stated << ", found " << outputs;
  if (failed(sizes))
    return failure();
  if (*sizes && node.findAttribute("num_outputs"))
    return node.emitError() << "expected either input 'split' or attribute 'num_outputs'";
  if (!*sizes && node.getOpset() >= 18 && !node.findAttribute("num_outputs"))
    return node.emitError() << "expected input 'split' or attribute 'num_outputs'";
  // Where only the run knows how many sizes there are, it checks that there is one for each output.
  if (auto type = *sizes ? dyn_cast<PlannedType>((*sizes).getType()) : PlannedType();
      type && type.hasRank() && type.getRank() == 1 && !type.getStaticShape())
    sizes = Pieces(node).reshape(*sizes, ArrayRef(outputs));
  int64_t axis = node.getInt("axis", 0);
  if (node.isHandle(0))
    return node.moveStrings("split", {node.getInput(0), *sizes},
                            Pieces(node).parameter("axis", axis));
  SmallVector<Type> types(outputs, PlannedType::getUnranked(node.getElementType(0)));
  auto split =
      SplitOp::create(node.getBuilder(), node.getLoc(), types, node.getInput(0), *sizes, axis);
  return node.finish(split);
}

static LogicalResult importConcat(OnnxNode &node) {
  bool isOfStrings = node.isHandle(0);
  if ((!isOfStrings && failed(node.requireSameElements())) || failed(node.requireAttribute("axis")))
    return failure();
  if (isOfStrings)
    return node.moveStrings("concat", node.inputs, node.getParameters());
  return node.createOp<ConcatOp>(node.getElementType(0), node.inputs,
                                 static_cast<uint64_t>(node.getInt("axis", 0)));
}

static FailureOr<PadMode> getPadMode(OnnxNode &node) {
  StringRef mode = node.getString("mode", "constant");
  std::optional<PadMode> kind = symbolizePadMode(mode);
  bool hasWrap = node.getOpset() >= 19;
  if (kind && (*kind != PadMode::wrap || hasWrap))
    return *kind;
  return node.emitError() << "expected attribute 'mode' to be constant, reflect"
                          << (hasWrap ? ", edge or wrap" : " or edge") << ", found '" << mode
                          << "'";
}

/// Opset 11 and newer: pads and value are inputs.
static LogicalResult importPad(OnnxNode &node) {
  FailureOr<PadMode> mode = getPadMode(node);
  bool good = succeeded(node.requireIntegers(1, /*allowI32=*/false, 1));
  good &= succeeded(node.requireIntegers(3, /*allowI32=*/true, 1));
  Value input = node.getInput(0), value = node.getInput(2);
  if (value && !isStandIn(input) && !isStandIn(value) &&
      node.getElementType(2) != node.getElementType(0)) {
    node.emitError() << "expected input 'constant_value' to have elements of type "
                     << node.getElementType(0) << ", found " << node.getElementType(2);
    good = false;
  }
  if (!good || failed(mode))
    return failure();
  return node.createOp<DynamicPadOp>(node.getElementType(0), *mode, input, node.getInput(1), value,
                                     node.getInput(3));
}

static LogicalResult importPadAttributes(OnnxNode &node) {
  FailureOr<PadMode> mode = getPadMode(node);
  StringRef name = node.getOpset() < 2 ? "paddings" : "pads";
  bool good = succeeded(node.requireAttribute(name));
  if (!good || failed(mode))
    return failure();
  Type elementType = node.getElementType(0);
  if (!isa<FloatType>(elementType) && !isStandIn(node.getInput(0)))
    return node.emitError() << "expected input 'data' to have elements of a float type, found "
                            << elementType;
  Value value = node.createNumber(node.getFloat("value", 0), elementType);
  return node.createOp<DynamicPadOp>(elementType, *mode, node.getInput(0),
                                     node.createInts(node.getInts(name, {})), value,
                                     /*axes=*/Value());
}

//===----------------------------------------------------------------------===//
// Gathers
//===----------------------------------------------------------------------===//

static LogicalResult importGather(OnnxNode &node) {
  if (failed(node.requireIntegers(1, /*allowI32=*/true, /*rank=*/std::nullopt)))
    return failure();
  if (node.isHandle(0))
    return node.moveStrings("gather", node.inputs, node.getParameters());
  return node.createOp<GatherOp>(node.getElementType(0), node.getInput(0), node.getInput(1),
                                 static_cast<uint64_t>(node.getInt("axis", 0)));
}

static LogicalResult importRange(OnnxNode &node) {
  if (failed(node.requireSameElements()))
    return failure();
  return node.createOp<RangeOp>(node.getElementType(0), node.getInput(0), node.getInput(1),
                                node.getInput(2));
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow compressInputs[] = {{"input"}, {"condition"}};
static constexpr InputRow inputsInputs[] = {{"inputs"}};
static constexpr InputRow expandInputs[] = {{"input"}, {"shape"}};
static constexpr InputRow inputInputs[] = {{"input"}};
static constexpr InputRow gatherInputs[] = {{"data"}, {"indices"}};
static constexpr InputRow dataInputs[] = {{"data"}};
static constexpr InputRow padInputs11[] = {{"data"}, {"pads"}, {"constant_value", optional}};
static constexpr InputRow padInputs18[] = {
    {"data"}, {"pads"}, {"constant_value", optional}, {"axes", optional}};
static constexpr InputRow rangeInputs[] = {{"start"}, {"limit"}, {"delta"}};
static constexpr InputRow reshapeInputs[] = {{"data"}, {"shape"}};
static constexpr InputRow sliceInputs10[] = {
    {"data"}, {"starts"}, {"ends"}, {"axes", optional}, {"steps", optional}};
static constexpr InputRow splitInputs13[] = {{"input"}, {"split", optional}};
static constexpr InputRow squeezeInputs13[] = {{"data"}, {"axes", optional}};
static constexpr InputRow tileInputs[] = {{"input"}, {"repeats"}};
static constexpr InputRow unsqueezeInputs13[] = {{"data"}, {"axes"}};

static constexpr AttributeRow axisAttributes[] = {{"axis", Proto::INT}};
static constexpr AttributeRow padAttributes1[] = {
    {"mode", Proto::STRING}, {"paddings", Proto::INTS}, {"value", Proto::FLOAT}};
static constexpr AttributeRow padAttributes2[] = {
    {"mode", Proto::STRING}, {"pads", Proto::INTS}, {"value", Proto::FLOAT}};
static constexpr AttributeRow padAttributes11[] = {{"mode", Proto::STRING}};
static constexpr AttributeRow reshapeAttributes1[] = {{"shape", Proto::INTS}};
static constexpr AttributeRow reshapeAttributes14[] = {{"allowzero", Proto::INT}};
static constexpr AttributeRow shapeAttributes15[] = {{"end", Proto::INT}, {"start", Proto::INT}};
static constexpr AttributeRow sliceAttributes1[] = {
    {"axes", Proto::INTS}, {"ends", Proto::INTS}, {"starts", Proto::INTS}};
static constexpr AttributeRow splitAttributes2[] = {{"axis", Proto::INT}, {"split", Proto::INTS}};
static constexpr AttributeRow splitAttributes18[] = {{"axis", Proto::INT},
                                                     {"num_outputs", Proto::INT}};
static constexpr AttributeRow axesAttributes[] = {{"axes", Proto::INTS}};
static constexpr AttributeRow transposeAttributes[] = {{"perm", Proto::INTS}};

static constexpr OpRow rows[] = {
    {"", "Compress", 9, newestOpset, compressInputs, axisAttributes, importCompress},
    {"",
     "Concat",
     oldestOpset,
     newestOpset,
     inputsInputs,
     axisAttributes,
     importConcat,
     {},
     variadicStrings},
    {"", "Expand", 8, newestOpset, expandInputs, {}, importExpand, {}, strings},
    {"",
     "Flatten",
     oldestOpset,
     newestOpset,
     inputInputs,
     axisAttributes,
     importFlatten,
     {},
     strings},
    {"",
     "Gather",
     oldestOpset,
     newestOpset,
     gatherInputs,
     axisAttributes,
     importGather,
     {},
     strings},
    {"", "Pad", oldestOpset, 1, dataInputs, padAttributes1, importPadAttributes},
    {"", "Pad", 2, 10, dataInputs, padAttributes2, importPadAttributes},
    {"", "Pad", 11, 17, padInputs11, padAttributes11, importPad},
    {"", "Pad", 18, newestOpset, padInputs18, padAttributes11, importPad},
    {"", "Range", 11, newestOpset, rangeInputs, {}, importRange},
    {"", "Reshape", oldestOpset, 4, dataInputs, reshapeAttributes1, importReshape, {}, strings},
    {"", "Reshape", 5, 13, reshapeInputs, {}, importReshape, {}, strings},
    {"",
     "Reshape",
     14,
     newestOpset,
     reshapeInputs,
     reshapeAttributes14,
     importReshape,
     {},
     strings},
    {"", "Shape", oldestOpset, 14, dataInputs, {}, importShape, {}, handles},
    {"", "Shape", 15, newestOpset, dataInputs, shapeAttributes15, importShape, {}, handles},
    {"", "Size", oldestOpset, newestOpset, dataInputs, {}, importSize},
    {"", "Slice", oldestOpset, 9, dataInputs, sliceAttributes1, importSliceAttributes, {}, strings},
    {"", "Slice", 10, newestOpset, sliceInputs10, {}, importSlice, {}, strings},
    {"", "Split", oldestOpset, 1, splitInputs13, splitAttributes2, importSplit, {}, stringParts},
    {"", "Split", 2, 12, inputInputs, splitAttributes2, importSplit, {}, stringParts},
    {"", "Split", 13, 17, splitInputs13, axisAttributes, importSplit, {}, stringParts},
    {"", "Split", 18, newestOpset, splitInputs13, splitAttributes18, importSplit, {}, stringParts},
    {"", "Squeeze", oldestOpset, 12, dataInputs, axesAttributes, importSqueeze, {}, strings},
    {"", "Squeeze", 13, newestOpset, squeezeInputs13, {}, importSqueeze, {}, strings},
    {"", "Tile", 6, newestOpset, tileInputs, {}, importTile, {}, strings},
    {"",
     "Transpose",
     oldestOpset,
     newestOpset,
     dataInputs,
     transposeAttributes,
     importTranspose,
     {},
     strings},
    {"", "Unsqueeze", oldestOpset, 12, dataInputs, axesAttributes, importUnsqueeze, {}, strings},
    {"", "Unsqueeze", 13, newestOpset, unsqueezeInputs13, {}, importUnsqueeze, {}, strings},
};

ArrayRef<OpRow> dlc::getMovementRows() { return rows; }
