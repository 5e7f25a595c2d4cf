// Ops that the op library alone computes: indexing, ordering, sequences, optionals, strings.

#include "OpTable.h"
#include "onnx-ml.pb.h"

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
    {"CumSum", "cumsum", 1, 0, {1}},
    {"GatherElements", "gather_elements", 1, 0, {1}},
    {"GatherND", "gather_nd", 1, 0, {1}},
    {"NonZero", "nonzero", 0, 0, {CallRule::i64}},
    {"OneHot", "one_hot", 0, 0, {3}},
    {"ReverseSequence", "reverse_sequence", 1, 0, {1}},
    {"Scatter", "scatter_elements", 1, 2, {1}},
    {"ScatterElements", "scatter_elements", 1, 2, {1}},
    {"ScatterND", "scatter_nd", 1, 2, {1}},
    {"TopK", "top_k", 1, 0, {1, CallRule::i64}},
    {"Trilu", "trilu", 1, 0, {1}},
    {"Unique", "unique", 0, 0, {1, CallRule::i64, CallRule::i64, CallRule::i64}},
};

static Value makeOperand(OnnxNode &node, size_t index) {
  Value input = node.getInput(index);
  return input ? input : node.createAbsent();
}

/// The inputs, absent ones in between too.
static SmallVector<Value> makeOperands(OnnxNode &node) {
  return llvm::map_to_vector(llvm::index_range(0, node.inputs.size()),
                             [&](size_t index) { return makeOperand(node, index); });
}

LogicalResult dlc::importLibraryCall(OnnxNode &node) {
  const CallRule *rule =
      llvm::find_if(callRules, [&](const CallRule &it) { return it.op == node.getOp(); });
  assert(rule != std::end(callRules) && "the op table names no other");
  if (llvm::any_of(node.inputs, [](Value input) { return input && isStandIn(input); }))
    return failure();
  bool good = true;
  if (rule->integers)
    good &= succeeded(node.requireIntegers(rule->integers, /*allowI32=*/true, std::nullopt));
  if (int same = rule->sameType; same && node.getElementType(same) != node.getElementType(0)) {
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
  node.results = node.createCall(rule->callee, makeOperands(node), node.getParameters(), types);
  return success();
}

/// Before opset 10 the number of elements is an attribute.
LogicalResult dlc::importTopKAttribute(OnnxNode &node) {
  if (failed(node.requireAttribute("k")))
    return failure();
  node.inputs.push_back(node.createInts(node.getInt("k", 0)));
  llvm::erase_if(node.attributes, [](const NodeAttribute &it) { return it.name == "k"; });
  return importLibraryCall(node);
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

static StringRef getKindName(OnnxType::Kind kind) {
  switch (kind) {
  case OnnxType::tensor:
    return "tensor";
  case OnnxType::sequence:
    return "sequence";
  case OnnxType::optional:
    return "optional";
  }
  llvm_unreachable("all kinds are named");
}

/// Checks the kind of an input's value. Failure without an error where an earlier node failed.
static LogicalResult requireKind(OnnxNode &node, size_t index, OnnxType::Kind kind) {
  Value input = node.getInput(index);
  if (isStandIn(input))
    return failure();
  if (OnnxType type = node.getOnnxType(index); type.kind != kind)
    return node.emitError() << "expected input '" << node.getInputName(index) << "' to be a "
                            << getKindName(kind) << ", found " << describe(type);
  return success();
}

/// Checks that an input where a tensor of integers is expected is no handle.
static LogicalResult requireNumbers(OnnxNode &node, size_t index) {
  if (node.isHandle(index))
    return node.emitError() << "input '" << node.getInputName(index) << "' is a "
                            << describe(node.getOnnxType(index))
                            << ", expected a tensor of numbers";
  return node.requireIntegers(index, /*allowI32=*/true, std::nullopt);
}

LogicalResult dlc::importSequenceEmpty(OnnxNode &node) {
  int64_t dtype = node.getInt("dtype", TensorProto::FLOAT);
  if (dtype != TensorProto::STRING &&
      (dtype != int32_t(dtype) || !convertElementType(node.getContext(), dtype)))
    return node.emitError() << "element type " << getElementTypeName(dtype)
                            << " is not supported yet";
  OnnxType type{OnnxType::sequence, static_cast<int>(dtype)};
  node.results = node.createCall("sequence_empty", {}, {node.makeDtype(dtype)}, type);
  return success();
}

LogicalResult dlc::importSequenceConstruct(OnnxNode &node) {
  bool good = true;
  for (size_t index = 0; index < node.inputs.size(); ++index)
    good &= succeeded(requireKind(node, index, OnnxType::tensor));
  if (!good)
    return failure();
  OnnxType first = node.getOnnxType(0);
  for (size_t index = 1; index < node.inputs.size(); ++index)
    if (node.getOnnxType(index) != first)
      return node.emitError() << "expected inputs of one type, found " << describe(first) << " and "
                              << describe(node.getOnnxType(index));
  OnnxType type{OnnxType::sequence, first.dtype};
  node.results = node.createCall("sequence_construct", node.inputs, {}, type);
  return success();
}

/// SequenceInsert and SequenceErase: a sequence, what to insert, a place.
LogicalResult dlc::importSequenceUpdate(OnnxNode &node) {
  bool inserts = node.getOp() == "SequenceInsert";
  bool good = succeeded(requireKind(node, 0, OnnxType::sequence));
  if (inserts)
    good &= succeeded(requireKind(node, 1, OnnxType::tensor));
  good &= succeeded(requireNumbers(node, inserts ? 2 : 1));
  if (!good)
    return failure();
  OnnxType type = node.getOnnxType(0);
  if (inserts && node.getOnnxType(1).dtype != type.dtype)
    return node.emitError() << "cannot insert a " << describe(node.getOnnxType(1)) << " into a "
                            << describe(type);
  node.results =
      node.createCall(inserts ? "sequence_insert" : "sequence_erase", makeOperands(node), {}, type);
  return success();
}

/// The call makes a handle, since only the run knows the shape.
LogicalResult dlc::importSequenceAt(OnnxNode &node) {
  bool good = succeeded(requireKind(node, 0, OnnxType::sequence));
  good &= succeeded(requireNumbers(node, 1));
  if (!good)
    return failure();
  node.setResult(
      node.createHeld("sequence_at", node.inputs, {OnnxType::tensor, node.getOnnxType(0).dtype}));
  return success();
}

/// ConcatFromSequence and SequenceLength.
LogicalResult dlc::importSequenceUse(OnnxNode &node) {
  if (failed(requireKind(node, 0, OnnxType::sequence)))
    return failure();
  bool concats = node.getOp() == "ConcatFromSequence";
  if (concats && failed(node.requireAttribute("axis")))
    return failure();
  OnnxType type{OnnxType::tensor, concats ? node.getOnnxType(0).dtype : int(TensorProto::INT64)};
  node.results = node.createCall(concats ? "concat_from_sequence" : "sequence_length", node.inputs,
                                 node.getParameters(), type);
  return success();
}

LogicalResult dlc::importSplitToSequence(OnnxNode &node) {
  bool good = succeeded(requireKind(node, 0, OnnxType::tensor));
  good &= succeeded(requireNumbers(node, 1));
  if (!good)
    return failure();
  OnnxType type{OnnxType::sequence, node.getOnnxType(0).dtype};
  node.results =
      node.createCall("split_to_sequence", makeOperands(node), node.getParameters(), type);
  return success();
}

//===----------------------------------------------------------------------===//
// Optionals
//===----------------------------------------------------------------------===//

/// Without an input: empty, of the type that the attribute says.
LogicalResult dlc::importOptional(OnnxNode &node) {
  OnnxType type{OnnxType::optional};
  const onnx::AttributeProto *attribute = node.findAttribute("type");
  if (Value input = node.getInput(0)) {
    if (isStandIn(input))
      return failure();
    OnnxType held = node.getOnnxType(0);
    if (held.kind == OnnxType::optional)
      return node.emitError() << "expected a tensor or a sequence as input 'input', found "
                              << describe(held);
    type.dtype = held.dtype;
    type.isOfSequence = held.kind == OnnxType::sequence;
  } else if (attribute) {
    FailureOr<OnnxType> held =
        convertOnnxType(node.getContext(), attribute->tp(), [&] { return node.emitError(); });
    if (failed(held))
      return failure();
    type.dtype = held->dtype;
    type.isOfSequence = held->kind == OnnxType::sequence || held->isOfSequence;
  } else {
    return node.emitError() << "expected input 'input' or attribute 'type'";
  }
  node.results =
      node.createCall("optional", makeOperand(node, 0), {node.makeDtype(type.dtype)}, type);
  return success();
}

/// What is no optional holds itself.
LogicalResult dlc::importOptionalGet(OnnxNode &node) {
  Value input = node.getInput(0);
  if (isStandIn(input))
    return failure();
  OnnxType type = node.getOnnxType(0);
  if (type.kind != OnnxType::optional)
    node.setResult(input);
  else
    node.setResult(node.createHeld("optional_get_element", input, type.getHeld()));
  return success();
}

LogicalResult dlc::importOptionalHas(OnnxNode &node) {
  Value input = node.getInput(0);
  if (input && isStandIn(input))
    return failure();
  node.results = node.createCall("optional_has_element", makeOperand(node, 0), {},
                                 OnnxType{OnnxType::tensor, TensorProto::BOOL});
  return success();
}

//===----------------------------------------------------------------------===//
// Strings
//===----------------------------------------------------------------------===//

/// StringConcat, StringNormalizer, StringSplit.
LogicalResult dlc::importStringOp(OnnxNode &node) {
  OnnxType strings{OnnxType::tensor, TensorProto::STRING};
  bool good = true;
  for (size_t index = 0; index < node.inputs.size(); ++index) {
    if (isStandIn(node.inputs[index]))
      return failure();
    if (node.getOnnxType(index) == strings)
      continue;
    node.emitError() << "expected input '" << node.getInputName(index) << "' to be a "
                     << describe(strings) << ", found " << describe(node.getOnnxType(index));
    good = false;
  }
  if (!good)
    return failure();
  SmallVector<OnnxType> types{strings};
  StringRef callee = node.getOp() == "StringConcat"       ? "string_concat"
                     : node.getOp() == "StringNormalizer" ? "string_normalizer"
                                                          : "string_split";
  if (callee == "string_split")
    types.push_back({OnnxType::tensor, TensorProto::INT64});
  node.results = node.createCall(callee, node.inputs, node.getParameters(), types);
  return success();
}
