// Scan: a loop whose body takes an element of each scan input. In opset 8 another loop goes through
// the batch around it.

#include "Iterations.h"
#include "ModelImporter.h"
#include "Ops/Pieces.h"

using namespace mlir;
using namespace dlc;

/// The axes or directions of a Scan: by default 0.
static FailureOr<SmallVector<int64_t>> getScanInts(OnnxNode &node, StringRef name, size_t count,
                                                   bool isDirection) {
  SmallVector<int64_t> values = node.getInts(name, SmallVector<int64_t>(count, 0));
  if (values.size() != count)
    return node.emitError() << "expected attribute '" << name << "' of " << count
                            << " elements, found " << values.size();
  for (int64_t value : values)
    if (isDirection && value != 0 && value != 1)
      return node.emitError() << "expected attribute '" << name << "' of 0 and 1, found " << value;
  return values;
}

/// The dim of a scan input that counts the iterations, as a vector of one element.
static Value createTripCount(OnnxNode &node, Value input, int64_t axis) {
  OpBuilder &builder = node.getBuilder();
  if (isa<HandleType>(input.getType())) {
    SmallVector<NamedAttribute> parameters{
        builder.getNamedAttr("start", builder.getI64IntegerAttr(axis))};
    if (axis != -1)
      parameters.push_back(builder.getNamedAttr("end", builder.getI64IntegerAttr(axis + 1)));
    return node.createCall("shape", input, parameters, OnnxType{OnnxType::tensor, DLC_DTYPE_I64})
        .front();
  }
  IntegerAttr end = axis == -1 ? IntegerAttr() : builder.getI64IntegerAttr(axis + 1);
  return ShapeOp::create(builder, node.getLoc(), PlannedType::getUnranked(builder.getI64Type()),
                         input, builder.getI64IntegerAttr(axis), end);
}

/// Moves the first dim, along which values are stacked, to `axis`.
static FailureOr<Value> moveAxis(OnnxNode &node, Value stacked, int64_t axis,
                                 const onnx::ValueInfoProto &output) {
  if (axis == 0)
    return stacked;
  const onnx::TypeProto::Tensor &stated = output.type().tensor_type();
  if (!stated.has_shape())
    return node.emitError() << "expected a stated shape of output '" << output.name()
                            << "' of 'body', whose elements are stacked along axis " << axis;
  int64_t rank = stated.shape().dim_size() + 1;
  if (axis < -rank || axis >= rank)
    return node.emitError() << "expected attribute 'scan_output_axes' from " << -rank << " to "
                            << rank - 1 << ", found " << axis;
  SmallVector<int64_t> perm = llvm::to_vector(llvm::seq<int64_t>(1, rank));
  perm.insert(perm.begin() + (axis < 0 ? axis + rank : axis), 0);
  if (isa<HandleType>(stacked.getType())) {
    OpBuilder &builder = node.getBuilder();
    OnnxType strings{OnnxType::tensor, DLC_DTYPE_STRING};
    return node
        .createCall("transpose", stacked,
                    builder.getNamedAttr("perm", builder.getDenseI64ArrayAttr(perm)), strings)
        .front();
  }
  return Value(
      TransposeOp::create(node.getBuilder(), node.getLoc(), stacked.getType(), stacked, perm));
}

/// The element of a scan input at a place of its axis.
static Value takeElement(OnnxNode &node, Value input, Value place, int64_t axis,
                         const OnnxType &type) {
  OpBuilder &builder = node.getBuilder();
  if (type.isHandle())
    return node
        .createCall("gather", {input, place},
                    builder.getNamedAttr("axis", builder.getI64IntegerAttr(axis)), type)
        .front();
  Type elementType = cast<PlannedType>(input.getType()).getElementType();
  return GatherOp::create(builder, node.getLoc(), PlannedType::getUnranked(elementType), input,
                          place, static_cast<uint64_t>(axis));
}

/// The body's inputs of an iteration: states, then elements of the scan inputs.
LogicalResult ModelImporter::addScanInputs(Iterations &loop, size_t states,
                                           SmallVectorImpl<Value> &inputs) {
  OnnxNode &node = loop.node;
  size_t scans = node.inputs.size() - states;
  FailureOr<SmallVector<int64_t>> axes = getScanInts(node, "scan_input_axes", scans, false);
  StringRef directionName = node.getOpset() < 9 ? "directions" : "scan_input_directions";
  FailureOr<SmallVector<int64_t>> directions = getScanInts(node, directionName, scans, true);
  if (failed(axes) || failed(directions))
    return failure();
  bool good = true;
  for (auto [index, input] : llvm::enumerate(node.inputs)) {
    if (index < states) {
      inputs.push_back(addCarried(loop, input));
      continue;
    }
    size_t scan = index - states;
    OnnxType type = handles.getType(input);
    if (isStandIn(input) || type.kind != OnnxType::tensor) {
      if (!isStandIn(input))
        node.emitError() << "expected scan inputs to be tensors, found " << describe(type);
      inputs.push_back(createStandIn(builder, node.getLoc()));
      good = false;
      continue;
    }
    if (scan == 0)
      loop.maxTrip = createTripCount(node, input, axes->front());
    bool isReversed = (*directions)[scan];
    Value place = createIteration(loop, isReversed ? -1 : 1, isReversed ? -1 : 0, {});
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&loop.block);
    inputs.push_back(takeElement(node, input, place, (*axes)[scan], type));
  }
  return success(good);
}

/// How many inputs are states; those of opset 8 follow the lengths.
static FailureOr<size_t> countStates(OnnxNode &node, int64_t count) {
  int64_t scans = node.getInt("num_scan_inputs", 0);
  if (scans < 1 || scans > count)
    return node.emitError() << "expected attribute 'num_scan_inputs' from 1 to the number of "
                            << "inputs, " << count << ", found " << scans;
  return static_cast<size_t>(count - scans);
}

LogicalResult ModelImporter::importScan(OnnxNode &node, StringRef label) {
  if (node.getOpset() < 9)
    return importBatchScan(node, label);
  FailureOr<size_t> states = countStates(node, node.inputs.size());
  return failed(states) ? failure() : scanElements(node, *states, label);
}

/// The scan of what the node's inputs are now.
LogicalResult ModelImporter::scanElements(OnnxNode &node, size_t states, StringRef label) {
  if (failed(checkBody(node, node.inputs.size(), states)))
    return failure();
  const onnx::GraphProto &body = node.findAttribute("body")->g();
  size_t results = body.output_size() - states;
  bool good = succeeded(checkResults(node, body.output_size()));
  FailureOr<SmallVector<int64_t>> axes = getScanInts(node, "scan_output_axes", results, false);
  FailureOr<SmallVector<int64_t>> directions =
      getScanInts(node, "scan_output_directions", results, true);

  Iterations loop(node, makeIterationSymbol(label));
  SmallVector<Value> inputs;
  good &= succeeded(addScanInputs(loop, states, inputs));
  if (inputs.size() != node.inputs.size() || failed(axes) || failed(directions))
    return failure();
  SmallVector<Value> outputs = importBody(node, "body", loop.block, inputs, label);
  good &= succeeded(
      handOn(loop, ArrayRef(outputs).take_front(states), ArrayRef(node.inputs).take_front(states)));
  for (auto [index, value] : llvm::enumerate(ArrayRef(outputs).drop_front(states)))
    good &= succeeded(collect(loop, value, (*directions)[index]));
  if (!good)
    return failure();
  node.results = finishLoop(loop);
  for (auto [index, result] : llvm::enumerate(node.results)) {
    if (index < states)
      continue;
    const onnx::ValueInfoProto &output = body.output(index);
    FailureOr<Value> moved =
        moveAxis(node, stack(node, result, output), (*axes)[index - states], output);
    if (failed(moved))
      return failure();
    result = *moved;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Opset 8
//===----------------------------------------------------------------------===//

/// The first `length` rows of a scan input.
static Value takeRows(OnnxNode &node, Value input, Value length) {
  Pieces p(node);
  return p.slice(input, p.ints(0), length, p.ints(0));
}

/// Zeros behind the rows of a scan output, as many as the scan input has behind its own.
static Value fillRows(OnnxNode &node, Value output, Value input, Value length) {
  Pieces p(node);
  Value behind = p.sub(p.shape(input, 0, 1), length);
  return p.pad(output, p.concat({p.ints(0), behind}), p.ints(0));
}

/// Scans each entry of the batch, which is the first dim of all inputs; a length says how many of
/// its rows there are.
LogicalResult ModelImporter::importBatchScan(OnnxNode &node, StringRef label) {
  SmallVector<Value> inputs(llvm::drop_begin(node.inputs));
  FailureOr<size_t> states = countStates(node, inputs.size());
  Value lengths = node.getInput(0);
  if (failed(states) || failed(node.requireIntegers(0, /*allowI32=*/false, 1)))
    return failure();
  for (Value input : inputs) {
    if (isStandIn(input))
      return failure();
    OnnxType type = handles.getType(input);
    if (type.kind != OnnxType::tensor || (lengths && type.isHandle()))
      return node.emitError() << "expected inputs to be tensors" << (lengths ? " of numbers" : "")
                              << ", found " << describe(type);
  }
  Iterations batch(node, makeIterationSymbol(label));
  batch.maxTrip = createTripCount(node, inputs[*states], 0);
  Value place = createIteration(batch, 1, 0, {});
  {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToEnd(&batch.block);
    SmallVector<Value> entries = llvm::map_to_vector(inputs, [&](Value input) {
      return takeElement(node, input, place, 0, handles.getType(input));
    });
    Value whole = entries[*states], length;
    if (lengths) {
      Pieces p(node);
      length = p.reshape(p.gather(lengths, place, 0), 1);
      for (Value &entry : MutableArrayRef(entries).drop_front(*states))
        entry = takeRows(node, entry, length);
    }
    node.inputs.assign(entries.begin(), entries.end());
    if (failed(scanElements(node, *states, label)))
      return failure();
    if (lengths)
      for (Value &result : MutableArrayRef(node.results).drop_front(*states))
        result = fillRows(node, result, whole, length);
  }
  SmallVector<Value> results(node.results);
  for (Value result : results)
    if (failed(collect(batch, result, /*isReversed=*/false)))
      return failure();
  node.results = finishLoop(batch);
  for (Value &result : node.results)
    result = stack(node, result, onnx::ValueInfoProto());
  return success();
}
