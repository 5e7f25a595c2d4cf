// SequenceMap, a loop over a sequence, and FlexAttention, whose graphs change scores and shares.

#include "Iterations.h"
#include "ModelImporter.h"
#include "Ops/Pieces.h"

using namespace mlir;
using namespace dlc;

/// The loop carries the sequences of results; what is no sequence is the same for each of its
/// turns.
LogicalResult ModelImporter::importSequenceMap(OnnxNode &node, StringRef label) {
  if (failed(checkBody(node, node.inputs.size(), node.getNumOutputs())))
    return failure();
  if (isStandIn(node.getInput(0)))
    return failure();
  if (OnnxType type = node.getOnnxType(0); type.kind != OnnxType::sequence)
    return node.emitError() << "expected input 'input_sequence' to be a sequence, found a "
                            << describe(type);
  Iterations loop(node, makeIterationSymbol(label));
  loop.maxTrip = node.createCall("sequence_length", node.getInput(0), {},
                                 OnnxType{OnnxType::tensor, DLC_DTYPE_I64})
                     .front();
  Value place = createIteration(loop, 1, 0, {});
  SmallVector<Value> inputs;
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&loop.block);
    for (Value input : node.inputs) {
      OnnxType type = handles.getType(input);
      inputs.push_back(
          type.kind == OnnxType::sequence
              ? node.createHeld("sequence_at", {input, place}, {OnnxType::tensor, type.dtype})
              : input);
    }
  }
  bool good = true;
  SmallVector<Value> outputs = importBody(node, "body", loop.block, inputs, label);
  for (Value value : ArrayRef(outputs).take_front(node.getNumOutputs()))
    good &= succeeded(collect(loop, value, /*isReversed=*/false));
  if (!good)
    return failure();
  node.results = finishLoop(loop);
  return success();
}

//===----------------------------------------------------------------------===//
// FlexAttention
//===----------------------------------------------------------------------===//

/// What a graph makes of a tensor; without the graph the tensor.
FailureOr<Value> ModelImporter::applyModifier(OnnxNode &node, StringRef name, Value value,
                                              StringRef label) {
  const onnx::AttributeProto *attribute = node.findAttribute(name);
  if (!attribute)
    return value;
  if (attribute->g().input_size() != 1 || attribute->g().output_size() != 1)
    return node.emitError() << "expected attribute '" << name
                            << "' to have one input and one output, found "
                            << attribute->g().input_size() << " and "
                            << attribute->g().output_size();
  Value result = importBody(node, name, *builder.getInsertionBlock(), value, label).front();
  if (isStandIn(result))
    return failure();
  if (handles.getType(result) != handles.getType(value))
    return node.emitError() << "expected attribute '" << name << "' to give a "
                            << describe(handles.getType(value)) << ", found "
                            << describe(handles.getType(result));
  return result;
}

/// Each head of keys or values as often as there are heads of queries for it.
static Value repeatHeads(Pieces &p, Value value, Value query) {
  auto type = cast<PlannedType>(value.getType()), like = cast<PlannedType>(query.getType());
  if (type.hasRank() && like.hasRank() && type.getRank() == 4 && like.getRank() == 4 &&
      type.getDim(1) == like.getDim(1))
    return value;
  Value heads = p.squeeze(p.shape(query, 1, 2), 0), own = p.squeeze(p.shape(value, 1, 2), 0);
  return p.gather(value, p.div(p.range(heads), p.div(heads, own)), 1);
}

LogicalResult ModelImporter::importFlexAttention(OnnxNode &node, StringRef label) {
  for (Value input : node.inputs)
    if (isStandIn(input))
      return failure();
  Pieces p(node);
  Type elementType = node.getElementType(0);
  if (failed(node.requireSameElements()))
    return failure();
  if (!isFloat(elementType))
    return node.emitError() << "expected inputs of a float type, found " << elementType;
  Type precision = elementType.isF64() ? elementType : Type(builder.getF32Type());
  if (node.findAttribute("softmax_precision"))
    precision = node.getTypeAttribute("softmax_precision", 0);
  if (!precision)
    return failure();
  if (!isFloat(precision))
    return node.emitError() << "expected attribute 'softmax_precision' to be a float type, found "
                            << precision;
  Value query = node.getInput(0);
  Value key = repeatHeads(p, node.getInput(1), query);
  Value value = repeatHeads(p, node.getInput(2), query);
  Value scores = node.createLike<MatmulOp>(p.cast(query, precision), p.cast(key, precision),
                                           Value(), /*transpose_lhs=*/false,
                                           /*transpose_rhs=*/true);
  Value scale = p.number(scores, node.getFloat("scale", 1));
  if (!node.findAttribute("scale")) {
    Value size = p.cast(p.squeeze(p.shape(query, 3, 4), 0), precision);
    scale = p.div(p.number(scores, 1), p.sqrt(size));
  }
  FailureOr<Value> modified = applyModifier(node, "score_mod", p.mul(scores, scale), label);
  if (failed(modified))
    return failure();
  Value shares = node.createLike<SoftmaxOp>(*modified, static_cast<uint64_t>(-1), /*log=*/false);
  modified = applyModifier(node, "prob_mod", shares, label);
  if (failed(modified))
    return failure();
  node.setResult(node.createLike<MatmulOp>(p.cast(*modified, elementType), value, Value(),
                                           /*transpose_lhs=*/false, /*transpose_rhs=*/false));
  return success();
}
