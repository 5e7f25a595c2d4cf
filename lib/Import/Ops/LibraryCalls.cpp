// Ops that the op library alone computes: indexing, ordering, sequences, optionals, strings.

#include "Rows.h"

using namespace mlir;
using namespace dlc;
using onnx::TensorProto;

//===----------------------------------------------------------------------===//
// Tensors of numbers
//===----------------------------------------------------------------------===//

namespace {
/// How an operator is a call with the operator's inputs and attributes.
struct CallRule {
  static constexpr int i64 = -TensorProto::INT64;

  StringLiteral op, callee;
  int integers;   // the input that holds i32 or i64 elements; 0: none
  int sameType;   // the input that has elements of the first one's type; 0: none
  int results[4]; // the input whose element type each has, counted from 1, or i64
};
} // namespace

static constexpr CallRule callRules[] = {
    {"ArgMax", "arg_max", 0, 0, {CallRule::i64}},
    {"ArgMin", "arg_min", 0, 0, {CallRule::i64}},
    {"Col2Im", "col2im", 1, 0, {1}},
    {"CumProd", "cumprod", 1, 0, {1}},
    {"CumSum", "cumsum", 1, 0, {1}},
    {"DeformConv", "deform_conv", 0, 1, {1}},
    {"Det", "det", 0, 0, {1}},
    {"GatherElements", "gather_elements", 1, 0, {1}},
    {"GatherND", "gather_nd", 1, 0, {1}},
    {"GridSample", "grid_sample", 0, 0, {1}},
    {"MaxUnpool", "max_unpool", 1, 0, {1}},
    {"NonMaxSuppression", "non_max_suppression", 2, 1, {CallRule::i64}},
    {"NonZero", "nonzero", 0, 0, {CallRule::i64}},
    {"OneHot", "one_hot", 0, 0, {3}},
    {"ReverseSequence", "reverse_sequence", 1, 0, {1}},
    {"RoiAlign", "roi_align", 2, 1, {1}},
    {"Scatter", "scatter_elements", 1, 2, {1}},
    {"ScatterElements", "scatter_elements", 1, 2, {1}},
    {"ScatterND", "scatter_nd", 1, 2, {1}},
    {"TopK", "top_k", 1, 0, {1, CallRule::i64}},
    {"Trilu", "trilu", 1, 0, {1}},
    {"Unique", "unique", 0, 0, {1, CallRule::i64, CallRule::i64, CallRule::i64}},
};

static LogicalResult importLibraryCall(OnnxNode &node) {
  const CallRule *rule =
      llvm::find_if(callRules, [&](const CallRule &it) { return it.op == node.getOp(); });
  assert(rule != std::end(callRules) && "the op table names no other");
  if (node.hasStandIn())
    return failure();
  bool good = true;
  if (rule->integers)
    good &= succeeded(node.requireIntegers(rule->integers, /*allowI32=*/true, std::nullopt));
  if (int same = rule->sameType; same && node.getOnnxType(same) != node.getOnnxType(0)) {
    node.emitError() << "expected input '" << node.getInputName(same)
                     << "' to have elements of type " << node.getElementType(0) << ", found "
                     << node.getElementType(same);
    good = false;
  }
  if (!good)
    return failure();
  SmallVector<OnnxType> types;
  for (int result : ArrayRef(rule->results).take_while([](int it) { return it != 0; }))
    types.push_back(result < 0 ? OnnxType{OnnxType::tensor, -result}
                               : node.getOnnxType(result - 1));
  node.results = node.createCall(rule->callee, node.createOperands(), node.getParameters(), types);
  return success();
}

/// Before opset 16 regions are not moved by half a pixel.
static LogicalResult importRoiAlignUnmoved(OnnxNode &node) {
  Builder builder(node.getContext());
  SmallVector<NamedAttribute> parameters(node.getParameters());
  parameters.push_back(builder.getNamedAttr("coordinate_transformation_mode",
                                            builder.getStringAttr("output_half_pixel")));
  if (node.hasStandIn() || failed(node.requireIntegers(2, true, std::nullopt)))
    return failure();
  node.results =
      node.createCall("roi_align", node.createOperands(), parameters, node.getOnnxType(0));
  return success();
}

/// Before opset 10 the number of elements is an attribute.
static LogicalResult importTopKAttribute(OnnxNode &node) {
  if (failed(node.requireAttribute("k")))
    return failure();
  node.inputs.push_back(node.createInts(node.getInt("k", 0)));
  llvm::erase_if(node.attributes, [](const NodeAttribute &it) { return it.name == "k"; });
  return importLibraryCall(node);
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow col2ImInputs[] = {{"input"}, {"image_shape"}, {"block_shape"}};
static constexpr InputRow deformInputs[] = {
    {"X"}, {"W"}, {"offset"}, {"B", optional}, {"mask", optional}};
static constexpr InputRow gridInputs[] = {{"X"}, {"grid"}};
static constexpr InputRow suppressionInputs[] = {{"boxes"},
                                                 {"scores"},
                                                 {"max_output_boxes_per_class", optional},
                                                 {"iou_threshold", optional},
                                                 {"score_threshold", optional}};
static constexpr InputRow roiInputs[] = {{"X"}, {"rois"}, {"batch_indices"}};
static constexpr InputRow unpoolInputs[] = {{"X"}, {"I"}, {"output_shape", optional}};
static constexpr InputRow dataInputs[] = {{"data"}};
static constexpr InputRow cumSumInputs[] = {{"x"}, {"axis"}};
static constexpr InputRow gatherInputs[] = {{"data"}, {"indices"}};
static constexpr InputRow unaryInputs[] = {{"X"}};
static constexpr InputRow oneHotInputs[] = {{"indices"}, {"depth"}, {"values"}};
static constexpr InputRow reverseInputs[] = {{"input"}, {"sequence_lens"}};
static constexpr InputRow scatterInputs[] = {{"data"}, {"indices"}, {"updates"}};
static constexpr InputRow topKInputs1[] = {{"X"}};
static constexpr InputRow topKInputs10[] = {{"X"}, {"K"}};
static constexpr InputRow triluInputs[] = {{"input"}, {"k", optional}};

static constexpr AttributeRow argAttributes1[] = {{"axis", Proto::INT}, {"keepdims", Proto::INT}};
static constexpr AttributeRow argAttributes12[] = {
    {"axis", Proto::INT}, {"keepdims", Proto::INT}, {"select_last_index", Proto::INT}};
static constexpr AttributeRow cumSumAttributes[] = {{"exclusive", Proto::INT},
                                                    {"reverse", Proto::INT}};
static constexpr AttributeRow col2ImAttributes[] = {
    {"dilations", Proto::INTS}, {"pads", Proto::INTS}, {"strides", Proto::INTS}};
static constexpr AttributeRow deformAttributes[] = {
    {"dilations", Proto::INTS},   {"group", Proto::INT}, {"kernel_shape", Proto::INTS},
    {"offset_group", Proto::INT}, {"pads", Proto::INTS}, {"strides", Proto::INTS}};
static constexpr AttributeRow gridAttributes[] = {
    {"align_corners", Proto::INT}, {"mode", Proto::STRING}, {"padding_mode", Proto::STRING}};
static constexpr AttributeRow suppressionAttributes[] = {{"center_point_box", Proto::INT}};
static constexpr AttributeRow roiAttributes10[] = {{"mode", Proto::STRING},
                                                   {"output_height", Proto::INT},
                                                   {"output_width", Proto::INT},
                                                   {"sampling_ratio", Proto::INT},
                                                   {"spatial_scale", Proto::FLOAT}};
static constexpr AttributeRow roiAttributes16[] = {
    {"coordinate_transformation_mode", Proto::STRING},
    {"mode", Proto::STRING},
    {"output_height", Proto::INT},
    {"output_width", Proto::INT},
    {"sampling_ratio", Proto::INT},
    {"spatial_scale", Proto::FLOAT}};
static constexpr AttributeRow unpoolAttributes[] = {
    {"kernel_shape", Proto::INTS}, {"pads", Proto::INTS}, {"strides", Proto::INTS}};
static constexpr AttributeRow axisAttributes[] = {{"axis", Proto::INT}};
static constexpr AttributeRow batchAttributes[] = {{"batch_dims", Proto::INT}};
static constexpr AttributeRow reverseAttributes[] = {{"batch_axis", Proto::INT},
                                                     {"time_axis", Proto::INT}};
static constexpr AttributeRow scatterAttributes16[] = {{"axis", Proto::INT},
                                                       {"reduction", Proto::STRING}};
static constexpr AttributeRow scatterNDAttributes16[] = {{"reduction", Proto::STRING}};
static constexpr AttributeRow topKAttributes1[] = {{"axis", Proto::INT}, {"k", Proto::INT}};
static constexpr AttributeRow topKAttributes11[] = {
    {"axis", Proto::INT}, {"largest", Proto::INT}, {"sorted", Proto::INT}};
static constexpr AttributeRow triluAttributes[] = {{"upper", Proto::INT}};
static constexpr AttributeRow uniqueAttributes[] = {{"axis", Proto::INT}, {"sorted", Proto::INT}};

static constexpr StringLiteral topKOutputs[] = {"Indices"};
static constexpr StringLiteral uniqueOutputs[] = {"indices", "inverse_indices", "counts"};

static constexpr OpRow rows[] = {
    {"", "ArgMax", oldestOpset, 11, dataInputs, argAttributes1, importLibraryCall},
    {"", "ArgMax", 12, newestOpset, dataInputs, argAttributes12, importLibraryCall},
    {"", "ArgMin", oldestOpset, 11, dataInputs, argAttributes1, importLibraryCall},
    {"", "ArgMin", 12, newestOpset, dataInputs, argAttributes12, importLibraryCall},
    {"", "Col2Im", 18, newestOpset, col2ImInputs, col2ImAttributes, importLibraryCall},
    {"", "CumProd", 26, newestOpset, cumSumInputs, cumSumAttributes, importLibraryCall},
    {"", "CumSum", 11, newestOpset, cumSumInputs, cumSumAttributes, importLibraryCall},
    {"", "DeformConv", 19, newestOpset, deformInputs, deformAttributes, importLibraryCall},
    {"", "Det", 11, newestOpset, unaryInputs, {}, importLibraryCall},
    {"",
     "GatherElements",
     11,
     newestOpset,
     gatherInputs,
     axisAttributes,
     importLibraryCall,
     {},
     strings},
    {"", "GatherND", 11, 11, gatherInputs, {}, importLibraryCall, {}, strings},
    {"",
     "GatherND",
     12,
     newestOpset,
     gatherInputs,
     batchAttributes,
     importLibraryCall,
     {},
     strings},
    {"", "GridSample", 16, newestOpset, gridInputs, gridAttributes, importLibraryCall},
    {"", "MaxUnpool", 9, newestOpset, unpoolInputs, unpoolAttributes, importLibraryCall},
    {"", "NonMaxSuppression", 10, newestOpset, suppressionInputs, suppressionAttributes,
     importLibraryCall},
    {"", "NonZero", 9, newestOpset, unaryInputs, {}, importLibraryCall},
    {"",
     "OneHot",
     9,
     newestOpset,
     oneHotInputs,
     axisAttributes,
     importLibraryCall,
     {},
     stringValues},
    {"",
     "ReverseSequence",
     10,
     newestOpset,
     reverseInputs,
     reverseAttributes,
     importLibraryCall,
     {},
     strings},
    {"", "RoiAlign", 10, 15, roiInputs, roiAttributes10, importRoiAlignUnmoved},
    {"", "RoiAlign", 16, newestOpset, roiInputs, roiAttributes16, importLibraryCall},
    {"", "Scatter", 9, 10, scatterInputs, axisAttributes, importLibraryCall, {}, stringUpdates},
    {"",
     "ScatterElements",
     11,
     15,
     scatterInputs,
     axisAttributes,
     importLibraryCall,
     {},
     stringUpdates},
    {"",
     "ScatterElements",
     16,
     newestOpset,
     scatterInputs,
     scatterAttributes16,
     importLibraryCall,
     {},
     stringUpdates},
    {"", "ScatterND", 11, 15, scatterInputs, {}, importLibraryCall, {}, stringUpdates},
    {"",
     "ScatterND",
     16,
     newestOpset,
     scatterInputs,
     scatterNDAttributes16,
     importLibraryCall,
     {},
     stringUpdates},
    {"", "TopK", oldestOpset, 9, topKInputs1, topKAttributes1, importTopKAttribute, topKOutputs,
     twoOutputs},
    {"", "TopK", 10, 10, topKInputs10, axisAttributes, importLibraryCall, topKOutputs, twoOutputs},
    {"", "TopK", 11, newestOpset, topKInputs10, topKAttributes11, importLibraryCall, topKOutputs,
     twoOutputs},
    {"", "Trilu", 14, newestOpset, triluInputs, triluAttributes, importLibraryCall},
    {"", "Unique", 11, newestOpset, unaryInputs, uniqueAttributes, importLibraryCall, uniqueOutputs,
     fourOutputsOfStrings},
};

ArrayRef<OpRow> dlc::getLibraryCallRows() { return rows; }
