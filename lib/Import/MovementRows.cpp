// Rows of ops that move elements or make constants.

#include "OpTable.h"

#include "onnx-ml.pb.h"

using namespace mlir;
using namespace dlc;
using Proto = onnx::AttributeProto;

static constexpr bool optional = false;

static constexpr InputRow dataInputs[] = {{"data"}};
static constexpr InputRow dropoutInputs12[] = {
    {"data"}, {"ratio", optional}, {"training_mode", optional}};
static constexpr InputRow expandInputs[] = {{"input"}, {"shape"}};
static constexpr InputRow gatherInputs[] = {{"data"}, {"indices"}};
static constexpr InputRow inputInputs[] = {{"input"}};
static constexpr InputRow inputsInputs[] = {{"inputs"}};
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

static constexpr InputRow compressInputs[] = {{"input"}, {"condition"}};

static constexpr AttributeRow axesAttributes[] = {{"axes", Proto::INTS}};
static constexpr AttributeRow axisAttributes[] = {{"axis", Proto::INT}};
static constexpr AttributeRow constantAttributes1[] = {{"value", Proto::TENSOR}};
static constexpr AttributeRow constantAttributes11[] = {{"sparse_value", Proto::SPARSE_TENSOR},
                                                        {"value", Proto::TENSOR}};
static constexpr AttributeRow constantAttributes12[] = {{"sparse_value", Proto::SPARSE_TENSOR},
                                                        {"value", Proto::TENSOR},
                                                        {"value_float", Proto::FLOAT},
                                                        {"value_floats", Proto::FLOATS},
                                                        {"value_int", Proto::INT},
                                                        {"value_ints", Proto::INTS},
                                                        {"value_string", Proto::STRING},
                                                        {"value_strings", Proto::STRINGS}};
static constexpr AttributeRow dropoutAttributes7[] = {{"ratio", Proto::FLOAT}};
static constexpr AttributeRow dropoutAttributes12[] = {{"seed", Proto::INT}};
static constexpr AttributeRow padAttributes2[] = {
    {"mode", Proto::STRING}, {"pads", Proto::INTS}, {"value", Proto::FLOAT}};
static constexpr AttributeRow padAttributes11[] = {{"mode", Proto::STRING}};
static constexpr AttributeRow reshapeAttributes14[] = {{"allowzero", Proto::INT}};
static constexpr AttributeRow shapeAttributes15[] = {{"end", Proto::INT}, {"start", Proto::INT}};
static constexpr AttributeRow sliceAttributes1[] = {
    {"axes", Proto::INTS}, {"ends", Proto::INTS}, {"starts", Proto::INTS}};
static constexpr AttributeRow splitAttributes2[] = {{"axis", Proto::INT}, {"split", Proto::INTS}};
static constexpr AttributeRow splitAttributes18[] = {{"axis", Proto::INT},
                                                     {"num_outputs", Proto::INT}};
static constexpr AttributeRow transposeAttributes[] = {{"perm", Proto::INTS}};

static constexpr StringLiteral maskOutputs[] = {"mask"};

static constexpr OpRow::Extra anyOutputs{.outputs = OpRow::anyOutputs};
static constexpr OpRow::Extra handles{.handles = true};
static constexpr OpRow::Extra twoOutputs{.outputs = 2};
static constexpr OpRow::Extra variadic{.variadicInputs = true};

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
     variadic},
    {"", "Constant", oldestOpset, 10, {}, constantAttributes1, importConstant},
    {"", "Constant", 11, 11, {}, constantAttributes11, importConstant},
    {"", "Constant", 12, newestOpset, {}, constantAttributes12, importConstant},
    {"", "ConstantOfShape", 9, newestOpset, inputInputs, constantAttributes1,
     importConstantOfShape},
    {"", "Dropout", oldestOpset, 11, dataInputs, dropoutAttributes7, importDropout, maskOutputs,
     twoOutputs},
    {"", "Dropout", 12, newestOpset, dropoutInputs12, dropoutAttributes12, importDropout,
     maskOutputs, twoOutputs},
    {"", "Expand", 8, newestOpset, expandInputs, {}, importExpand},
    {"", "Flatten", oldestOpset, newestOpset, inputInputs, axisAttributes, importFlatten},
    {"", "Gather", oldestOpset, newestOpset, gatherInputs, axisAttributes, importGather},
    {"", "Identity", oldestOpset, newestOpset, inputInputs, {}, importIdentity, {}, handles},
    {"", "Pad", oldestOpset, 10, dataInputs, padAttributes2, importPadAttributes},
    {"", "Pad", 11, 17, padInputs11, padAttributes11, importPad},
    {"", "Pad", 18, newestOpset, padInputs18, padAttributes11, importPad},
    {"", "Range", 11, newestOpset, rangeInputs, {}, importRange},
    {"", "Reshape", oldestOpset, 13, reshapeInputs, {}, importReshape},
    {"", "Reshape", 14, newestOpset, reshapeInputs, reshapeAttributes14, importReshape},
    {"", "Shape", oldestOpset, 14, dataInputs, {}, importShape, {}, handles},
    {"", "Shape", 15, newestOpset, dataInputs, shapeAttributes15, importShape, {}, handles},
    {"", "Size", oldestOpset, newestOpset, dataInputs, {}, importSize},
    {"", "Slice", oldestOpset, 9, dataInputs, sliceAttributes1, importSliceAttributes},
    {"", "Slice", 10, newestOpset, sliceInputs10, {}, importSlice},
    {"", "Split", oldestOpset, 12, inputInputs, splitAttributes2, importSplit, {}, anyOutputs},
    {"", "Split", 13, 17, splitInputs13, axisAttributes, importSplit, {}, anyOutputs},
    {"", "Split", 18, newestOpset, splitInputs13, splitAttributes18, importSplit, {}, anyOutputs},
    {"", "Squeeze", oldestOpset, 12, dataInputs, axesAttributes, importSqueeze},
    {"", "Squeeze", 13, newestOpset, squeezeInputs13, {}, importSqueeze},
    {"", "Tile", oldestOpset, newestOpset, tileInputs, {}, importTile},
    {"", "Transpose", oldestOpset, newestOpset, dataInputs, transposeAttributes, importTranspose},
    {"", "Unsqueeze", oldestOpset, 12, dataInputs, axesAttributes, importUnsqueeze},
    {"", "Unsqueeze", 13, newestOpset, unsqueezeInputs13, {}, importUnsqueeze},
};

ArrayRef<OpRow> dlc::getMovementRows() { return rows; }
