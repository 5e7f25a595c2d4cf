// If and Loop: a body is the walk over its nodes into a region, in a scope of its own that
// sees the names around it. Scan outputs are gathered in sequences that the loop carries.

#include "Iterations.h"
#include "ModelImporter.h"

#include "OpTable.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

/// The values of the outputs of a graph whose nodes go into `block`.
SmallVector<Value> ModelImporter::importBody(OnnxNode &node, StringRef attribute, Block &block,
                                             ArrayRef<Value> inputs, StringRef label) {
  const onnx::GraphProto &graph = node.findAttribute(attribute)->g();
  Location where = node.getLoc();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&block);
  llvm::StringSet<> nodeOutputs = collectOutputs(graph.node());
  Scope body{.function = scope->function,
             .prefix = (label + "/").str(),
             .opsets = scope->opsets,
             .nodeOutputs = &nodeOutputs,
             .outer = scope};
  scope = &body;
  auto check = [&](const onnx::ValueInfoProto &info, Value value) {
    checkDeclared(info, value, [&] {
      return emitError(where) << "value '" << info.name() << "' of '" << attribute << "': ";
    });
  };
  for (auto [input, value] : llvm::zip_equal(graph.input(), inputs)) {
    check(input, value);
    define(input.name(), value, where);
  }
  importInitializers(graph, where);
  for (auto [index, inner] : llvm::enumerate(graph.node()))
    importNode(inner, index);
  SmallVector<Value> outputs;
  for (const onnx::ValueInfoProto &output : graph.output()) {
    std::optional<Value> value = findValue(output.name());
    if (!value || !*value)
      emitError(where) << "output '" << output.name() << "' of '" << attribute
                       << "' is not defined";
    outputs.push_back(value && *value ? *value : createStandIn(builder, where));
    check(output, outputs.back());
  }
  scope = body.outer;
  return outputs;
}

/// Checks that a body's values are those that the op counts.
static LogicalResult checkCount(OnnxNode &node, StringRef attribute, StringRef what, size_t found,
                                size_t expected) {
  if (found == expected)
    return success();
  return node.emitError() << "expected " << expected << " " << what << " of '" << attribute
                          << "', found " << found;
}

/// Checks that an input, where it is present, is a tensor of bools.
static LogicalResult requireCondition(OnnxNode &node, size_t index) {
  Value input = node.getInput(index);
  if (!input)
    return success();
  if (isStandIn(input))
    return failure();
  if (!node.isHandle(index) && node.getElementType(index).isInteger(1))
    return success();
  return node.emitError() << "expected input '" << node.getInputName(index)
                          << "' to be a tensor(bool), found " << describe(node.getOnnxType(index));
}

void ModelImporter::yield(Region &region, Location where, ValueRange values) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&region.front());
  YieldOp::create(builder, where, values);
}

/// The results of an op are of these values' types.
void ModelImporter::setHandleTypes(ValueRange results, ArrayRef<Value> values) {
  for (auto [result, value] : llvm::zip_equal(results, values))
    if (isa<HandleType>(result.getType()))
      handles.set(result, handles.getType(value));
}

//===----------------------------------------------------------------------===//
// If
//===----------------------------------------------------------------------===//

LogicalResult ModelImporter::importIf(OnnxNode &node, StringRef label) {
  static constexpr StringLiteral branches[] = {"then_branch", "else_branch"};
  bool good = succeeded(requireCondition(node, 0));
  Region regions[2];
  SmallVector<Value> outputs[2];
  for (auto [branch, region, values] : llvm::zip_equal(branches, regions, outputs)) {
    Block &block = region.emplaceBlock();
    if (failed(node.requireAttribute(branch))) {
      good = false;
      continue;
    }
    const onnx::GraphProto &graph = node.findAttribute(branch)->g();
    if (failed(checkCount(node, branch, "inputs", graph.input_size(), 0))) {
      good = false;
      continue;
    }
    values = importBody(node, branch, block, {}, label);
    good &= succeeded(checkCount(node, branch, "outputs", values.size(), node.getNumOutputs()));
    good &= llvm::none_of(values, isStandIn);
  }
  if (!good)
    return failure();
  SmallVector<Type> types;
  for (auto [index, value, other] : llvm::enumerate(outputs[0], outputs[1])) {
    OnnxType type = handles.getType(value), otherType = handles.getType(other);
    if (type != otherType)
      return node.emitError() << "output " << index << " is a " << describe(type) << " in '"
                              << branches[0] << "', a " << describe(otherType) << " in '"
                              << branches[1] << "'";
    types.push_back(HandleTypes::convert(context, type));
  }
  auto op = IfOp::create(builder, node.getLoc(), types, node.getInput(0));
  for (auto [region, values] : llvm::zip_equal(regions, outputs))
    yield(region, node.getLoc(), values);
  op.getThenRegion().takeBody(regions[0]);
  op.getElseRegion().takeBody(regions[1]);
  setHandleTypes(op.getResults(), outputs[0]);
  return node.finish(op);
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

std::string ModelImporter::makeIterationSymbol(StringRef label) {
  std::string symbol = label.str();
  for (char &letter : symbol)
    letter = llvm::isAlnum(letter) ? letter : '_';
  if (symbol.empty() || llvm::isDigit(symbol.front()))
    symbol = "_" + symbol;
  symbol += "_i";
  while (!symbols.insert(symbol).second)
    symbol += "_";
  return symbol;
}

/// What the body sees of a value that is handed on.
Value ModelImporter::addCarried(Iterations &loop, Value init) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&loop.block);
  if (isStandIn(init))
    return createStandIn(builder, loop.node.getLoc());
  loop.inits.push_back(init);
  OnnxType type = handles.getType(init);
  Value argument = loop.block.addArgument(HandleTypes::convert(context, type), loop.node.getLoc());
  if (type.isHandle())
    handles.set(argument, type);
  return argument;
}

/// An integer tensor of the body with one element: `factor` * iteration + `offset`.
Value ModelImporter::createIteration(Iterations &loop, int64_t factor, int64_t offset,
                                     ArrayRef<int64_t> shape) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&loop.block);
  ExprAttr iteration = ExprAttr::symbol(context, loop.symbol);
  ExprAttr value =
      ExprAttr::constant(context, factor) * iteration + ExprAttr::constant(context, offset);
  return SizesOp::create(builder, loop.node.getLoc(), getStaticType(shape, builder.getI64Type()),
                         builder.getArrayAttr(value));
}

/// Checks the values that the body hands on, in the order of the inits.
LogicalResult ModelImporter::handOn(Iterations &loop, ArrayRef<Value> values,
                                    ArrayRef<Value> inits) {
  bool good = true;
  for (auto [index, value, init] : llvm::enumerate(values, inits)) {
    if (isStandIn(value) || isStandIn(init)) {
      good = false;
      continue;
    }
    OnnxType found = handles.getType(value), expected = handles.getType(init);
    if (expected.kind == OnnxType::optional && found == expected.getHeld()) {
      OpBuilder::InsertionGuard guard(builder);
      builder.setInsertionPointToEnd(&loop.block);
      loop.yielded.push_back(loop.node.createHeld("optional", value, expected));
      loop.held.push_back(index);
      continue;
    }
    if (found != expected) {
      loop.node.emitError() << "value " << index << " that 'body' hands on is a " << describe(found)
                            << ", expected a " << describe(expected) << " like the initial one";
      good = false;
    }
    loop.yielded.push_back(value);
  }
  return success(good);
}

/// Has the loop carry a sequence of the values that an output of the body has, the newest last or
/// first.
LogicalResult ModelImporter::collect(Iterations &loop, Value value, bool isReversed) {
  if (isStandIn(value))
    return failure();
  OnnxType type = handles.getType(value), sequence{OnnxType::sequence, type.dtype};
  if (type.kind != OnnxType::tensor)
    return loop.node.emitError() << "expected scan outputs of 'body' to be tensors, found "
                                 << describe(type);
  Value init =
      loop.node.createCall("sequence_empty", {}, {loop.node.makeDtype(type.dtype)}, sequence)
          .front();
  Value argument = addCarried(loop, init);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&loop.block);
  SmallVector<Value> operands{argument, value};
  if (isReversed)
    operands.push_back(loop.node.createNumber(0, builder.getI64Type()));
  loop.yielded.push_back(loop.node.createCall("sequence_insert", operands, {}, sequence).front());
  return success();
}

/// The loop itself.
SmallVector<Value> ModelImporter::finishLoop(Iterations &loop) {
  Location where = loop.node.getLoc();
  // Exporters write loops that count alone with a condition that is always true.
  if (loop.condition && isTrue(loop.condition) && isTrue(loop.nextCondition))
    loop.condition = {};
  SmallVector<Value> yielded = loop.yielded;
  if (loop.condition)
    yielded.insert(yielded.begin(), loop.nextCondition);
  yield(loop.region, where, yielded);
  auto types = llvm::map_to_vector(
      loop.inits, [&](Value init) { return HandleTypes::convert(context, handles.getType(init)); });
  auto op = LoopOp::create(builder, where, types, builder.getStringAttr(loop.symbol), loop.maxTrip,
                           /*trip=*/ExprAttr(), loop.condition, loop.inits);
  op.getBody().takeBody(loop.region);
  setHandleTypes(op.getResults(), loop.inits);
  return llvm::to_vector_of<Value>(op.getResults());
}

/// The tensors of a sequence along a new first dim. Where the model states the dims of the body's
/// output, an empty sequence gives a tensor that has them too.
Value ModelImporter::stack(OnnxNode &node, Value sequence, const onnx::ValueInfoProto &output) {
  SmallVector<int64_t> dims;
  const onnx::TypeProto::Tensor &stated = output.type().tensor_type();
  bool isKnown = output.type().has_tensor_type() && stated.has_shape();
  for (const onnx::TensorShapeProto::Dimension &dim : stated.shape().dim()) {
    isKnown &= dim.has_dim_value() && dim.dim_value() >= 0;
    dims.push_back(dim.dim_value());
  }
  Value known = isKnown ? node.createInts(dims) : node.createAbsent();
  int dtype = handles.getType(sequence).dtype;
  return node
      .createCall("stack", {sequence, known}, {node.makeDtype(dtype)},
                  OnnxType{OnnxType::tensor, dtype})
      .front();
}

LogicalResult dlc::checkBody(OnnxNode &node, size_t inputs, size_t outputs) {
  if (failed(node.requireAttribute("body")))
    return failure();
  const onnx::GraphProto &body = node.findAttribute("body")->g();
  bool good = succeeded(checkCount(node, "body", "inputs", body.input_size(), inputs));
  if (static_cast<size_t>(body.output_size()) < outputs) {
    node.emitError() << "expected at least " << outputs << " outputs of 'body', found "
                     << body.output_size();
    good = false;
  }
  return success(good);
}

LogicalResult dlc::checkResults(OnnxNode &node, size_t made) {
  if (node.getNumOutputs() <= made)
    return success();
  return node.emitError() << "expected at most " << made << " outputs, as 'body' has, found "
                          << node.getNumOutputs();
}

LogicalResult ModelImporter::importLoop(OnnxNode &node, StringRef label) {
  SmallVector<Value> inits(llvm::drop_begin(node.inputs, std::min<size_t>(2, node.inputs.size())));
  bool good = succeeded(requireCondition(node, 1));
  if (node.isHandle(0))
    good = false, node.emitError() << "input 'M' is a " << describe(node.getOnnxType(0))
                                   << ", expected a tensor of numbers";
  else
    good &= succeeded(node.requireIntegers(0, /*allowI32=*/false, std::nullopt));
  if (failed(checkBody(node, inits.size() + 2, inits.size() + 1)))
    return failure();
  const onnx::GraphProto &body = node.findAttribute("body")->g();
  size_t scans = body.output_size() - inits.size() - 1;
  good &= succeeded(checkResults(node, inits.size() + scans));

  Iterations loop(node, makeIterationSymbol(label));
  loop.maxTrip = node.getInput(0);
  loop.condition = node.getInput(1);
  SmallVector<int64_t> shape(body.input(0).type().tensor_type().shape().dim_size(), 1);
  SmallVector<Value> inputs{createIteration(loop, 1, 0, shape), createTrue(loop)};
  for (Value init : inits)
    inputs.push_back(addCarried(loop, init));
  SmallVector<Value> outputs = importBody(node, "body", loop.block, inputs, label);
  loop.nextCondition = outputs.front();
  if (!isStandIn(outputs.front()) && handles.getType(outputs.front()) != handles.getType(inputs[1]))
    good = false, node.emitError()
                      << "expected the condition of 'body' to be a tensor(bool), found "
                      << describe(handles.getType(outputs.front()));
  ArrayRef carried = ArrayRef(outputs).slice(1, inits.size());
  good &= succeeded(handOn(loop, carried, inits));
  for (Value value : ArrayRef(outputs).take_back(scans))
    good &= succeeded(collect(loop, value, /*isReversed=*/false));
  if (!good)
    return failure();
  node.results = finishLoop(loop);
  // A value that is optional at first is what the body makes of it.
  for (size_t index : loop.held)
    node.results[index] = node.createHeld("optional_get_element", node.results[index],
                                          handles.getType(node.results[index]).getHeld());
  for (auto [index, result] : llvm::enumerate(node.results))
    if (index >= inits.size())
      result = stack(node, result, body.output(index + 1));
  return success();
}

/// Inside a loop with a condition that is true; without one the model is not to ask.
Value ModelImporter::createTrue(Iterations &loop) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&loop.block);
  return loop.node.createNumber(1, builder.getI1Type());
}

LogicalResult ModelImporter::importControlFlow(OnnxNode &node, StringRef label) {
  StringRef op = node.getOp();
  if (op == "If")
    return importIf(node, label);
  if (op == "SequenceMap")
    return importSequenceMap(node, label);
  if (op == "FlexAttention")
    return importFlexAttention(node, label);
  return op == "Loop" ? importLoop(node, label) : importScan(node, label);
}
