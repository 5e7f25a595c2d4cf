// Attention, LinearAttention, RotaryEmbedding, TensorScatter: calls of the op library.

#include "ElementSets.h"
#include "Rows.h"

using namespace mlir;
using namespace dlc;
using onnx::TensorProto;

/// Checks that an input, where it is present, has elements of the type of another one.
static LogicalResult requireTypeOf(OnnxNode &node, size_t index, size_t other) {
  if (!node.getInput(index) || node.getElementType(index) == node.getElementType(other))
    return success();
  return node.emitError() << "expected input '" << node.getInputName(index)
                          << "' to have elements of type " << node.getElementType(other)
                          << " as input '" << node.getInputName(other) << "', found "
                          << node.getElementType(index);
}

/// Checks an attribute that is one of `words`.
static LogicalResult requireWord(OnnxNode &node, StringRef name, StringRef defaultValue,
                                 ArrayRef<StringRef> words) {
  StringRef word = node.getString(name, defaultValue);
  if (llvm::is_contained(words, word))
    return success();
  InFlightDiagnostic error = node.emitError() << "expected " << name << " ";
  llvm::interleave(
      words, [&](StringRef it) { error << "'" << it << "'"; }, [&] { error << " or "; });
  return error << ", found '" << word << "'";
}

/// Checks that an input has 3 or 4 dims, of which 3 need the attribute. The rank, 0 where it is not
/// known.
static FailureOr<int64_t> getHeadsRank(OnnxNode &node, size_t index, StringRef attribute) {
  auto type = cast<PlannedType>(node.getInput(index).getType());
  if (node.findAttribute(attribute) && node.getInt(attribute, 0) < 1)
    return node.emitError() << "expected a positive " << attribute << ", found "
                            << node.getInt(attribute, 0);
  if (!type.hasRank())
    return 0;
  if (type.getRank() != 3 && type.getRank() != 4)
    return node.emitError() << "expected input '" << node.getInputName(index)
                            << "' of rank 3 or 4, found " << type;
  if (type.getRank() == 3 && failed(node.requireAttribute(attribute)))
    return failure();
  return type.getRank();
}

static LogicalResult checkAttention(OnnxNode &node) {
  bool good = succeeded(node.requireElements(floatElements, 0));
  good &= succeeded(node.requireElements(floatElements, 2));
  for (auto [index, other] : {std::pair(1, 0), {4, 0}, {5, 2}})
    good &= succeeded(requireTypeOf(node, index, other));
  for (auto [index, attribute] :
       {std::pair(0, "q_num_heads"), {1, "kv_num_heads"}, {2, "kv_num_heads"}}) {
    FailureOr<int64_t> rank = getHeadsRank(node, index, attribute);
    good &= succeeded(rank);
    if (succeeded(rank) && *rank == 4 && node.getOpset() >= 25 && node.findAttribute(attribute)) {
      node.emitError() << "attribute " << attribute << " is for inputs of rank 3, found "
                       << node.getInput(index).getType();
      good = false;
    }
  }
  if (bool(node.getInput(4)) != bool(node.getInput(5))) {
    node.emitError() << "expected inputs 'past_key' and 'past_value' together";
    good = false;
  }
  return success(good & succeeded(node.requireIntegers(6, /*allowI32=*/false, 1)));
}

/// Parameter `pad_mask` is set where a mask may end before the last key.
static LogicalResult importAttention(OnnxNode &node) {
  if (node.hasStandIn() || failed(checkAttention(node)))
    return failure();
  SmallVector<NamedAttribute> parameters = node.getParameters();
  Builder builder(node.getContext());
  if (node.getOpset() >= 24)
    parameters.push_back(builder.getNamedAttr("pad_mask", builder.getUnitAttr()));
  OnnxType query = node.getOnnxType(0), value = node.getOnnxType(2);
  SmallVector<OnnxType> types = {query, query, value, query};
  node.results = node.createCall("attention", node.createOperands(), parameters,
                                 ArrayRef(types).take_front(node.getNumOutputs()));
  return success();
}

static LogicalResult importRotaryEmbedding(OnnxNode &node) {
  if (node.hasStandIn())
    return failure();
  bool good = succeeded(node.requireElements(floatElements, 0));
  good &= succeeded(requireTypeOf(node, 1, 0));
  good &= succeeded(requireTypeOf(node, 2, 0));
  good &= succeeded(node.requireIntegers(3, /*allowI32=*/false, std::nullopt));
  good &= succeeded(getHeadsRank(node, 0, "num_heads"));
  if (!good)
    return failure();
  node.results = node.createCall("rotary_embedding", node.createOperands(), node.getParameters(),
                                 node.getOnnxType(0));
  return success();
}

static LogicalResult importTensorScatter(OnnxNode &node) {
  if (node.hasStandIn())
    return failure();
  bool good = succeeded(requireTypeOf(node, 1, 0));
  good &= succeeded(node.requireIntegers(2, /*allowI32=*/false, 1));
  good &= succeeded(requireWord(node, "mode", "linear", {"linear", "circular"}));
  if (!good)
    return failure();
  node.results = node.createCall("tensor_scatter", node.createOperands(), node.getParameters(),
                                 node.getOnnxType(0));
  return success();
}

/// The rule says which of decay and beta there are.
static LogicalResult importLinearAttention(OnnxNode &node) {
  if (node.hasStandIn())
    return failure();
  bool good = succeeded(node.requireElements(floatElements, 0));
  for (size_t index : {1, 2, 4, 5})
    good &= succeeded(requireTypeOf(node, index, 0));
  if (node.getInput(3))
    good &= succeeded(node.requireElements(floatElements, 3));
  for (StringRef name : {"kv_num_heads", "q_num_heads"})
    good &= succeeded(node.requireAttribute(name));
  good &= succeeded(
      requireWord(node, "update_rule", "gated_delta", {"linear", "gated", "delta", "gated_delta"}));
  StringRef rule = node.getString("update_rule", "gated_delta");
  for (auto [index, word] : {std::pair(4, "gated"), {5, "delta"}})
    if (bool(node.getInput(index)) != rule.contains(word)) {
      node.emitError() << "expected " << (rule.contains(word) ? "an" : "no") << " input '"
                       << node.getInputName(index) << "' for update_rule '" << rule << "'";
      good = false;
    }
  if (!good)
    return failure();
  OnnxType output = node.getOnnxType(0);
  SmallVector<OnnxType> types = {output, node.getInput(3) ? node.getOnnxType(3) : output};
  node.results = node.createCall("linear_attention", node.createOperands(), node.getParameters(),
                                 ArrayRef(types).take_front(node.getNumOutputs()));
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow attentionInputs23[] = {
    {"Q"}, {"K"}, {"V"}, {"attn_mask", optional}, {"past_key", optional}, {"past_value", optional}};
static constexpr InputRow attentionInputs24[] = {{"Q"},
                                                 {"K"},
                                                 {"V"},
                                                 {"attn_mask", optional},
                                                 {"past_key", optional},
                                                 {"past_value", optional},
                                                 {"nonpad_kv_seqlen", optional}};
static constexpr InputRow linearInputs[] = {{"query"},           {"key"},
                                            {"value"},           {"past_state", optional},
                                            {"decay", optional}, {"beta", optional}};
static constexpr InputRow rotaryInputs[] = {
    {"X"}, {"cos_cache"}, {"sin_cache"}, {"position_ids", optional}};
static constexpr InputRow tensorScatterInputs[] = {
    {"past_cache"}, {"update"}, {"write_indices", optional}};

static constexpr AttributeRow attentionAttributes23[] = {
    {"is_causal", Proto::INT},        {"kv_num_heads", Proto::INT},
    {"q_num_heads", Proto::INT},      {"qk_matmul_output_mode", Proto::INT},
    {"scale", Proto::FLOAT},          {"softcap", Proto::FLOAT},
    {"softmax_precision", Proto::INT}};
static constexpr AttributeRow attentionAttributes25[] = {{"is_causal", Proto::INT},
                                                         {"kv_num_heads", Proto::INT},
                                                         {"left_window_size", Proto::INT},
                                                         {"q_num_heads", Proto::INT},
                                                         {"qk_matmul_output_mode", Proto::INT},
                                                         {"right_window_size", Proto::INT},
                                                         {"scale", Proto::FLOAT},
                                                         {"softcap", Proto::FLOAT},
                                                         {"softmax_precision", Proto::INT}};
static constexpr AttributeRow linearAttributes[] = {{"chunk_size", Proto::INT},
                                                    {"kv_num_heads", Proto::INT},
                                                    {"q_num_heads", Proto::INT},
                                                    {"scale", Proto::FLOAT},
                                                    {"update_rule", Proto::STRING}};
static constexpr AttributeRow rotaryAttributes[] = {
    {"interleaved", Proto::INT}, {"num_heads", Proto::INT}, {"rotary_embedding_dim", Proto::INT}};
static constexpr AttributeRow tensorScatterAttributes[] = {{"axis", Proto::INT},
                                                           {"mode", Proto::STRING}};

static constexpr StringLiteral attentionOutputs[] = {"present_key", "present_value",
                                                     "qk_matmul_output"};

static constexpr StringLiteral stateOutputs[] = {"present_state"};

static constexpr OpRow rows[] = {
    {"", "Attention", 23, 23, attentionInputs23, attentionAttributes23, importAttention,
     attentionOutputs, fourOutputs},
    {"", "Attention", 24, 24, attentionInputs24, attentionAttributes23, importAttention,
     attentionOutputs, fourOutputs},
    {"", "Attention", 25, newestOpset, attentionInputs24, attentionAttributes25, importAttention,
     attentionOutputs, fourOutputs},
    {"", "LinearAttention", 27, newestOpset, linearInputs, linearAttributes, importLinearAttention,
     stateOutputs, twoOutputs},
    {"", "RotaryEmbedding", 23, newestOpset, rotaryInputs, rotaryAttributes, importRotaryEmbedding},
    {"", "TensorScatter", 24, newestOpset, tensorScatterInputs, tensorScatterAttributes,
     importTensorScatter},
};

ArrayRef<OpRow> dlc::getAttentionRows() { return rows; }
