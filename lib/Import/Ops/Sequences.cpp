// Sequences and optionals, which the op library alone computes.

#include "Rows.h"

using namespace mlir;
using namespace dlc;
using onnx::TensorProto;

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

static LogicalResult importSequenceEmpty(OnnxNode &node) {
  int64_t dtype = node.getInt("dtype", TensorProto::FLOAT);
  if (dtype != TensorProto::STRING &&
      (dtype != int32_t(dtype) || !convertElementType(node.getContext(), dtype)))
    return node.emitError() << "element type " << getElementTypeName(dtype)
                            << " is not supported yet";
  OnnxType type{OnnxType::sequence, static_cast<int>(dtype)};
  node.results = node.createCall("sequence_empty", {}, {node.makeDtype(dtype)}, type);
  return success();
}

static LogicalResult importSequenceConstruct(OnnxNode &node) {
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
static LogicalResult importSequenceUpdate(OnnxNode &node) {
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
  node.results = node.createCall(inserts ? "sequence_insert" : "sequence_erase",
                                 node.createOperands(), {}, type);
  return success();
}

/// The call makes a handle, since only the run knows the shape.
static LogicalResult importSequenceAt(OnnxNode &node) {
  bool good = succeeded(requireKind(node, 0, OnnxType::sequence));
  good &= succeeded(requireNumbers(node, 1));
  if (!good)
    return failure();
  node.setResult(
      node.createHeld("sequence_at", node.inputs, {OnnxType::tensor, node.getOnnxType(0).dtype}));
  return success();
}

/// ConcatFromSequence and SequenceLength.
static LogicalResult importSequenceUse(OnnxNode &node) {
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

static LogicalResult importSplitToSequence(OnnxNode &node) {
  bool good = succeeded(requireKind(node, 0, OnnxType::tensor));
  good &= succeeded(requireNumbers(node, 1));
  if (!good)
    return failure();
  OnnxType type{OnnxType::sequence, node.getOnnxType(0).dtype};
  node.results =
      node.createCall("split_to_sequence", node.createOperands(), node.getParameters(), type);
  return success();
}

//===----------------------------------------------------------------------===//
// Optionals
//===----------------------------------------------------------------------===//

/// Without an input: empty, of the type that the attribute says.
static LogicalResult importOptional(OnnxNode &node) {
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
      node.createCall("optional", node.createOperand(0), {node.makeDtype(type.dtype)}, type);
  return success();
}

/// What is no optional holds itself.
static LogicalResult importOptionalGet(OnnxNode &node) {
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

static LogicalResult importOptionalHas(OnnxNode &node) {
  Value input = node.getInput(0);
  if (isStandIn(input))
    return failure();
  node.results = node.createCall("optional_has_element", node.createOperand(0), {},
                                 OnnxType{OnnxType::tensor, TensorProto::BOOL});
  return success();
}

//===----------------------------------------------------------------------===//
// Rows of the op table
//===----------------------------------------------------------------------===//

static constexpr InputRow sequenceInputs[] = {{"input_sequence"}};
static constexpr InputRow optionalInputs[] = {{"input", optional}};
static constexpr InputRow inputInputs[] = {{"input"}};
static constexpr InputRow positionInputs[] = {{"input_sequence"}, {"position"}};
static constexpr InputRow inputsInputs[] = {{"inputs"}};
static constexpr InputRow sequenceEraseInputs[] = {{"input_sequence"}, {"position", optional}};
static constexpr InputRow sequenceInsertInputs[] = {
    {"input_sequence"}, {"tensor"}, {"position", optional}};
static constexpr InputRow splitInputs[] = {{"input"}, {"split", optional}};

static constexpr AttributeRow concatAttributes[] = {{"axis", Proto::INT}, {"new_axis", Proto::INT}};
static constexpr AttributeRow typeAttributes[] = {{"type", Proto::TYPE_PROTO}};
static constexpr AttributeRow dtypeAttributes[] = {{"dtype", Proto::INT}};
static constexpr AttributeRow splitAttributes[] = {{"axis", Proto::INT}, {"keepdims", Proto::INT}};

static constexpr OpRow rows[] = {
    {"",
     "ConcatFromSequence",
     11,
     newestOpset,
     sequenceInputs,
     concatAttributes,
     importSequenceUse,
     {},
     handles},
    {"", "Optional", 15, newestOpset, optionalInputs, typeAttributes, importOptional, {}, handles},
    {"", "OptionalGetElement", 15, newestOpset, inputInputs, {}, importOptionalGet, {}, handles},
    {"", "OptionalHasElement", 15, 17, inputInputs, {}, importOptionalHas, {}, handles},
    {"", "OptionalHasElement", 18, newestOpset, optionalInputs, {}, importOptionalHas, {}, handles},
    {"", "SequenceAt", 11, newestOpset, positionInputs, {}, importSequenceAt, {}, handles},
    {"",
     "SequenceConstruct",
     11,
     newestOpset,
     inputsInputs,
     {},
     importSequenceConstruct,
     {},
     variadicHandles},
    {"", "SequenceEmpty", 11, newestOpset, {}, dtypeAttributes, importSequenceEmpty},
    {"",
     "SequenceErase",
     11,
     newestOpset,
     sequenceEraseInputs,
     {},
     importSequenceUpdate,
     {},
     handles},
    {"",
     "SequenceInsert",
     11,
     newestOpset,
     sequenceInsertInputs,
     {},
     importSequenceUpdate,
     {},
     handles},
    {"", "SequenceLength", 11, newestOpset, sequenceInputs, {}, importSequenceUse, {}, handles},
    {"",
     "SplitToSequence",
     11,
     newestOpset,
     splitInputs,
     splitAttributes,
     importSplitToSequence,
     {},
     handles},
};

ArrayRef<OpRow> dlc::getSequenceRows() { return rows; }
