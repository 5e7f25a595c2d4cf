// A call of one of the model's own functions is the walk over its nodes in another scope, into a
// func.func made for this call alone: with the attributes of the call, the types of its arguments,
// and its constants, since many ops need a constant operand.

#include "ModelImporter.h"

using namespace mlir;
using namespace dlc;

LogicalResult ModelImporter::checkCall(const onnx::NodeProto &node, ModelFunction &function,
                                       Location where) {
  bool good = true;
  auto checkCount = [&](const char *what, int most, int found) {
    if (found <= most)
      return;
    emitError(where) << "expected at most " << most << " " << what << ", found " << found;
    good = false;
  };
  checkCount("inputs", function.proto->input_size(), node.input_size());
  checkCount("outputs", function.proto->output_size(), node.output_size());
  // A call in a function is measured with that function.
  if (scope->function)
    return success(good);
  if (failed(functions.measure(function, [&] { return emitError(where); })))
    return failure();
  if (instanceNodes + function.nodes > FunctionTable::maxInstanceNodes)
    return emitError(where) << "expected functions to have at most "
                            << FunctionTable::maxInstanceNodes
                            << " nodes in all their calls together, found more";
  instanceNodes += function.nodes;
  return success(good);
}

/// Gives each attribute of the function its value: that of the call or the default.
LogicalResult ModelImporter::bindAttributes(const onnx::NodeProto &node, Scope &instance,
                                            Location where) {
  const onnx::FunctionProto &function = *instance.function->proto;
  FailureOr<SmallVector<NodeAttribute>> given = resolveAttributes(node, where);
  if (failed(given))
    return failure();
  bool good = true;
  auto fail = [&]() -> InFlightDiagnostic {
    good = false;
    return emitError(where);
  };
  for (const std::string &attribute : function.attribute())
    instance.attributes.try_emplace(attribute, nullptr);
  for (const onnx::AttributeProto &attribute : function.attribute_proto()) {
    instance.attributes[attribute.name()] = &attribute;
    if (!attribute.ref_attr_name().empty())
      fail() << "the default of attribute '" << attribute.name() << "' of function '"
             << instance.function->name << "' refers to another attribute";
  }
  for (const NodeAttribute &attribute : *given) {
    auto found = instance.attributes.find(attribute.name);
    if (found == instance.attributes.end())
      fail() << "unknown attribute '" << attribute.name << "'";
    else
      found->second = attribute.value;
  }
  for (const std::string &attribute : function.attribute())
    if (!instance.attributes.lookup(attribute))
      fail() << "expected attribute '" << attribute << "'";
  return success(good);
}

/// The values of a call's outputs; null or none after an error.
SmallVector<Value> ModelImporter::importCall(const onnx::NodeProto &node, ModelFunction &function,
                                             ArrayRef<Value> inputs, StringRef label,
                                             Location where) {
  Scope instance{.function = &function,
                 .prefix = (label + "/").str(),
                 .opsets = nullptr,
                 .nodeOutputs = &function.nodeOutputs};
  bool good = succeeded(bindAttributes(node, instance, where));
  if (failed(checkCall(node, function, where)) || !good)
    return {};
  if (!function.opsets)
    function.opsets =
        readOpsets(function.proto->opset_import(), "function '" + function.name + "': ");
  instance.opsets = &*function.opsets;
  return instantiate(node, instance, inputs, where);
}

/// Constants and stand-ins are made once more on the other side of a call; other values cross as
/// arguments and results.
static bool isRecreated(Value value) { return isConstant(value) || isStandIn(value); }

Value ModelImporter::recreate(Value value) {
  return builder.clone(*value.getDefiningOp())->getResult(0);
}

/// Makes an empty function for a call and goes into it.
func::FuncOp ModelImporter::beginInstance(ModelFunction &function, Location where) {
  StringRef base = StringRef(function.name).take_front(maxInstanceName);
  std::string symbol;
  do
    symbol = (base + "_" + Twine(function.instances++)).str();
  while (!instanceNames.insert(symbol).second);
  builder.setInsertionPointToEnd(main->getBlock());
  auto callee = func::FuncOp::create(builder, where, symbol, builder.getFunctionType({}, {}));
  callee.setPrivate();
  builder.setInsertionPointToEnd(callee.addEntryBlock());
  return callee;
}

/// Defines the inputs of the function in `callee`. The arguments of the call.
SmallVector<Value> ModelImporter::importFormalInputs(ArrayRef<Value> inputs, func::FuncOp callee,
                                                     Location where) {
  SmallVector<Value> arguments;
  for (auto [index, name] : llvm::enumerate(scope->function->proto->input())) {
    Value input = index < inputs.size() ? inputs[index] : Value();
    Value inside;
    if (input && isRecreated(input)) {
      inside = recreate(input);
    } else if (input) {
      inside = callee.front().addArgument(input.getType(), where);
      setHandleTypes(inside, input);
      arguments.push_back(input);
    }
    define(name, inside, where);
  }
  return arguments;
}

/// The values that the function gives to the outputs of a call.
SmallVector<Value> ModelImporter::findFormalOutputs(const onnx::NodeProto &node, Location where) {
  SmallVector<Value> values(node.output_size());
  for (auto [index, value] : llvm::enumerate(values)) {
    if (node.output(index).empty())
      continue;
    const std::string &name = scope->function->proto->output(index);
    auto found = scope->values.find(name);
    if (found == scope->values.end())
      emitError(where) << "output '" << name << "' of function '" << scope->function->name
                       << "' is not defined";
    else if (!found->second)
      emitError(where) << "output '" << name << "' of function '" << scope->function->name
                       << "' is an input that the call leaves out";
    else
      value = found->second;
  }
  return values;
}

/// Makes a function for a call, and the call. The values of its outputs, null after an error.
SmallVector<Value> ModelImporter::instantiate(const onnx::NodeProto &node, Scope &instance,
                                              ArrayRef<Value> inputs, Location where) {
  func::FuncOp callee;
  SmallVector<Value> arguments, values, returned;
  {
    OpBuilder::InsertionGuard guard(builder);
    Scope *caller = std::exchange(scope, &instance);
    callee = beginInstance(*instance.function, where);
    arguments = importFormalInputs(inputs, callee, where);
    for (auto [index, inner] : llvm::enumerate(instance.function->proto->node()))
      importNode(inner, index);
    values = findFormalOutputs(node, where);
    for (Value value : values)
      if (value && !isRecreated(value))
        returned.push_back(value);
    func::ReturnOp::create(builder, where, returned);
    callee.setFunctionType(
        builder.getFunctionType(TypeRange(ValueRange(arguments)), TypeRange(ValueRange(returned))));
    scope = caller;
  }
  auto call = func::CallOp::create(builder, where, callee, arguments);
  auto result = call.result_begin();
  setHandleTypes(call.getResults(), returned);
  for (Value &value : values)
    if (value)
      value = isRecreated(value) ? recreate(value) : Value(*result++);
  return values;
}
