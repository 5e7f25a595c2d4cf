// The walk over an ONNX graph. A value that cannot be imported gets a stand-in, so that all
// problems of a model are found in one run.

#include "dlc/Import/OnnxImporter.h"

#include "ModelImporter.h"
#include "OpTable.h"

#include "dlc/ABI/Op.h"
#include "dlc/IR/NodeLocation.h"
#include "dlc/IR/Program.h"

using namespace mlir;
using namespace dlc;

static constexpr int64_t oldestIrVersion = 3, newestIrVersion = 14;

//===----------------------------------------------------------------------===//
// The model
//===----------------------------------------------------------------------===//

/// Emits one error where the file is not an ONNX model at all.
LogicalResult ModelImporter::readModel() {
  auto notOnnx = [&]() -> InFlightDiagnostic { return emitError() << "not an ONNX model: "; };
  llvm::Expected<Skeleton> scanned = readSkeleton(file);
  if (!scanned)
    return notOnnx() << llvm::toString(scanned.takeError());
  for (Skeleton::Field &field : scanned->fields) {
    if (!model.MergeFromString(field.bytes))
      return notOnnx() << "field " << field.number << " at byte " << field.offset
                       << " holds a malformed message";
    field.bytes = std::string(); // parsed: no need to keep both
  }
  reader.setSkeleton(std::move(*scanned));
  if (!model.has_graph())
    return notOnnx() << "there is no graph in its " << file.size() << " bytes";
  if (model.ir_version() < oldestIrVersion || model.ir_version() > newestIrVersion)
    return emitError() << "expected ir_version " << oldestIrVersion << " to " << newestIrVersion
                       << ", found " << model.ir_version();
  return success();
}

/// An opset out of range is an error; its nodes are then read as of the nearest one that is known.
Opsets ModelImporter::readOpsets(const OpsetImports &imports, const Twine &prefix) {
  Opsets opsets;
  for (const onnx::OperatorSetIdProto &import : imports) {
    StringRef domain = normalizeDomain(import.domain());
    int64_t version = import.version();
    if (domain.empty() && (version < oldestOpset || version > newestOpset)) {
      emitError() << prefix << "expected opset " << oldestOpset << " to " << newestOpset
                  << ", found " << version;
      version = std::clamp(version, oldestOpset, newestOpset);
    }
    if (!opsets.try_emplace(domain, version).second)
      emitError() << prefix << "the opset of domain '" << domain << "' is given twice";
  }
  return opsets;
}

void ModelImporter::define(StringRef value, Value result, Location where) {
  if (value.empty())
    emitError(where) << "expected a name for each value";
  else if (value.contains('\0'))
    emitError(where) << "expected names without null characters, found '" << value << "'";
  else if (scope->outer && findValue(value) && !scope->values.contains(value))
    emitError(where) << "value '" << value << "' of a body has the name of one outside of it";
  else if (!scope->values.try_emplace(value, result).second)
    emitError(where) << "value '" << value << "' is defined twice";
}

FailureOr<OwningOpRef<ModuleOp>> ModelImporter::import(bool remainder) {
  if (failed(readModel()))
    return failure();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  setModelName(*module, name);

  builder.setInsertionPointToEnd(module->getBody());
  main = func::FuncOp::create(builder, loc, mainName, builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(main.addEntryBlock());
  Opsets opsets = readOpsets(model.opset_import(), "");
  llvm::StringSet<> nodeOutputs = collectOutputs(model.graph().node());
  Scope graph{.opsets = &opsets, .nodeOutputs = &nodeOutputs};
  scope = &graph;
  functions.read(model, [&] { return emitError(); });
  importInitializers(model.graph(), loc);
  importInputs();
  for (auto [index, node] : llvm::enumerate(model.graph().node()))
    importNode(node, index);
  importOutputs();
  if (!isGood && !remainder)
    return failure();
  if (!isGood)
    keepRemainder(*module);
  setSources(*module, reader.finishSources());
  return module;
}

//===----------------------------------------------------------------------===//
// Inputs, initializers, outputs
//===----------------------------------------------------------------------===//

void ModelImporter::importInitializers(const onnx::GraphProto &graph, Location where) {
  auto importOne = [&](const std::string &name, auto import) {
    Location place = NameLoc::get(builder.getStringAttr(name), loc);
    FailureOr<Value> value =
        import(place, [&] { return emitError(where) << "initializer '" << name << "': "; });
    define(name, succeeded(value) ? *value : createStandIn(builder, place), where);
  };
  for (const onnx::TensorProto &tensor : graph.initializer())
    importOne(tensor.name(), [&](Location place, EmitError emitError) {
      return importTensor(builder, place, tensor, reader, handles, emitError);
    });
  for (const onnx::SparseTensorProto &tensor : graph.sparse_initializer())
    importOne(tensor.values().name(), [&](Location place, EmitError emitError) -> FailureOr<Value> {
      FailureOr<Constant> constant = reader.convertSparse(tensor, emitError);
      if (failed(constant))
        return failure();
      return createConstant(builder, place, *constant);
    });
}

/// What the manifest says of a port; of one that is a handle its type does not.
DictionaryAttr ModelImporter::makePortAttributes(StringRef port, Value value) {
  SmallVector<NamedAttribute> attributes{
      builder.getNamedAttr(portName, builder.getStringAttr(port))};
  if (isa<HandleType>(value.getType())) {
    OnnxType type = handles.getType(value);
    int64_t kind = type.kind == OnnxType::tensor     ? DLC_VALUE_TENSOR
                   : type.kind == OnnxType::sequence ? DLC_VALUE_SEQUENCE
                                                     : DLC_VALUE_OPTIONAL;
    attributes.push_back(
        builder.getNamedAttr(handleName, builder.getDenseI64ArrayAttr({kind, type.dtype})));
  }
  return builder.getDictionaryAttr(attributes);
}

/// Whether the initializer of an input fits what is declared.
void ModelImporter::checkDefault(const onnx::ValueInfoProto &input) {
  Value value = scope->values.lookup(input.name());
  auto prefix = [&] { return emitError() << "input '" << input.name() << "': "; };
  checkDeclared(input, value, prefix);
  auto type = dyn_cast<PlannedType>(value.getType());
  const onnx::TypeProto_Tensor &stated = input.type().tensor_type();
  if (!type || !type.hasRank() || !stated.has_shape() || isStandIn(value))
    return;
  if (stated.shape().dim_size() != type.getRank()) {
    prefix() << "expected an initializer of rank " << stated.shape().dim_size()
             << " as declared, found " << type;
    return;
  }
  for (auto [index, dim] : llvm::enumerate(stated.shape().dim()))
    if (dim.has_dim_value() && type.getDim(index).getConstant() != dim.dim_value())
      prefix() << "expected an initializer of " << dim.dim_value() << " elements in dimension "
               << index << " as declared, found " << type;
}

/// What is an initializer too is no input: the initializer is its value.
void ModelImporter::importInputs() {
  for (const onnx::ValueInfoProto &input : model.graph().input())
    for (const onnx::TensorShapeProto::Dimension &dim : input.type().tensor_type().shape().dim())
      symbols.insert(dim.dim_param());

  llvm::StringSet<> initializers;
  for (const auto &entry : scope->values)
    initializers.insert(entry.getKey());
  for (const onnx::ValueInfoProto &input : model.graph().input()) {
    if (initializers.contains(input.name())) {
      checkDefault(input);
      continue;
    }
    auto prefix = [&] { return emitError() << "input '" << input.name() << "': "; };
    FailureOr<OnnxType> onnxType = convertOnnxType(context, input.type(), prefix);
    FailureOr<Type> type = failure();
    if (succeeded(onnxType) && onnxType->isHandle())
      type = HandleTypes::convert(context, *onnxType);
    else if (succeeded(onnxType))
      type = convertInputType(context, input, symbols, prefix);
    if (failed(type)) {
      define(input.name(), createStandIn(builder, loc), loc);
      continue;
    }
    Value value = main.front().addArgument(*type, loc);
    if (onnxType->isHandle())
      handles.set(value, *onnxType);
    inputAttributes.push_back(makePortAttributes(input.name(), value));
    define(input.name(), value, loc);
  }
}

void ModelImporter::checkDeclared(const onnx::ValueInfoProto &info, Value value,
                                  EmitError emitError) {
  const onnx::TypeProto &stated = info.type();
  bool isStated = stated.has_sequence_type() || stated.has_optional_type() ||
                  stated.tensor_type().elem_type() != onnx::TensorProto::UNDEFINED;
  if (!isStated || isStandIn(value))
    return;
  FailureOr<OnnxType> type = convertOnnxType(context, stated, emitError);
  OnnxType found = handles.getType(value);
  if (succeeded(type) && *type != found)
    emitError() << "expected a " << describe(*type) << " as declared, found " << describe(found);
}

void ModelImporter::importOutputs() {
  if (model.graph().output_size() == 0)
    emitError() << "expected a graph with outputs";
  SmallVector<Value> results;
  SmallVector<Attribute> outputAttributes;
  llvm::StringSet<> names;
  for (const onnx::ValueInfoProto &output : model.graph().output()) {
    Value value = scope->values.lookup(output.name());
    if (!value) {
      emitError() << "output '" << output.name() << "' is not defined";
      continue;
    }
    if (!names.insert(output.name()).second)
      emitError() << "output '" << output.name() << "' is given twice";
    checkDeclared(output, value,
                  [&] { return emitError() << "output '" << output.name() << "': "; });
    results.push_back(value);
    outputAttributes.push_back(makePortAttributes(output.name(), value));
  }
  func::ReturnOp::create(builder, loc, results);
  main.setFunctionType(
      builder.getFunctionType(main.front().getArgumentTypes(), TypeRange(ValueRange(results))));
  main.setAllArgAttrs(inputAttributes);
  main.setAllResultAttrs(outputAttributes);
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

/// The row for a node; null after an error.
const OpRow *ModelImporter::findRow(const onnx::NodeProto &node, Location where) {
  StringRef domain = normalizeDomain(node.domain());
  if (!isKnownDomain(domain)) {
    emitError(where) << "unknown domain '" << domain << "'";
    return nullptr;
  }
  SmallVector<const OpRow *> rows = findOp(domain, node.op_type());
  if (rows.empty()) {
    emitError(where) << "unknown op";
    return nullptr;
  }
  auto opset = scope->opsets->find(domain);
  if (opset == scope->opsets->end()) {
    if (scope->function)
      emitError(where) << "function '" << scope->function->name
                       << "' imports no opset for the domain of this op";
    else
      emitError(where) << "the model imports no opset for its domain";
    return nullptr;
  }
  for (const OpRow *row : rows)
    if (row->firstOpset <= opset->second && opset->second <= row->lastOpset)
      return row;
  emitError(where) << "expected opset " << rows.front()->firstOpset << " to "
                   << rows.back()->lastOpset << " for this op, found " << opset->second;
  return nullptr;
}

static std::string getLabel(const std::string &prefix, const onnx::NodeProto &node, int index) {
  return prefix +
         (node.name().empty() ? node.op_type() + "_" + std::to_string(index) : node.name());
}

std::optional<Value> ModelImporter::findValue(StringRef value) const {
  for (const Scope *around = scope; around; around = around->outer)
    if (auto found = around->values.find(value); found != around->values.end())
      return found->second;
  return std::nullopt;
}

/// The value of an input of a node; null where it is absent.
Value ModelImporter::findInput(const std::string &input, Location where) {
  if (input.empty())
    return {};
  if (std::optional<Value> found = findValue(input))
    return *found;
  bool isLater = false;
  for (const Scope *around = scope; around; around = around->outer)
    isLater |= around->nodeOutputs->contains(input);
  if (isLater)
    emitError(where) << "value '" << input << "' is used before it is defined";
  else
    emitError(where) << "value '" << input << "' is not defined";
  return createStandIn(builder, where);
}

/// The attributes of a node, references to those of the function replaced by their values.
FailureOr<SmallVector<NodeAttribute>> ModelImporter::resolveAttributes(const onnx::NodeProto &node,
                                                                       Location where) {
  SmallVector<NodeAttribute> resolved;
  llvm::StringSet<> names;
  bool good = true;
  auto fail = [&]() -> InFlightDiagnostic {
    good = false;
    return emitError(where);
  };
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    StringRef name = attribute.name(), reference = attribute.ref_attr_name();
    const onnx::AttributeProto *value = &attribute;
    if (!names.insert(name).second)
      fail() << "attribute '" << name << "' is given twice";
    if (!reference.empty()) {
      value = nullptr;
      for (const Scope *around = scope; around && !value; around = around->outer)
        value = around->attributes.lookup(reference);
      if (!scope->function)
        fail() << "attribute '" << name << "' refers to one of a function, but the node is in none";
      else if (!value)
        fail() << "attribute '" << name << "' refers to '" << reference << "', which function '"
               << scope->function->name << "' does not have";
    }
    if (value)
      resolved.push_back({name, value});
  }
  if (!good)
    return failure();
  // Before opset 6 nodes may say which inputs they may overwrite; nothing follows from it.
  if (scope->opsets->lookup(normalizeDomain(node.domain())) < 6)
    llvm::erase_if(resolved, [](const NodeAttribute &it) { return it.name == "consumed_inputs"; });
  return resolved;
}

/// The values of a node's outputs; none after an error.
SmallVector<Value> ModelImporter::importOp(const onnx::NodeProto &proto, ArrayRef<Value> inputs,
                                           StringRef label, Location where) {
  const OpRow *row = findRow(proto, where);
  if (!row)
    return {};
  int64_t opset = scope->opsets->lookup(row->domain);
  OnnxNode node(builder, where, proto, *row, opset, reader, handles);
  node.inputs.assign(inputs.begin(), inputs.end());
  FailureOr<SmallVector<NodeAttribute>> attributes = resolveAttributes(proto, where);
  if (succeeded(attributes))
    node.attributes = std::move(*attributes);
  Block *block = builder.getInsertionBlock();
  Operation *last = block->empty() ? nullptr : &block->back();
  bool good = succeeded(node.check()) && succeeded(attributes) &&
              succeeded(row->import ? row->import(node) : importControlFlow(node, label));
  if (good)
    return node.results;
  isGood = false;
  while (!block->empty() && &block->back() != last) // may not be what their verifiers want
    block->back().erase();
  builder.setInsertionPointToEnd(block);
  return {};
}

void ModelImporter::importNode(const onnx::NodeProto &proto, int index) {
  std::string label = getLabel(scope->prefix, proto, index);
  if ((scope->function || scope->outer) && label.size() > maxInstanceName)
    label.resize(maxInstanceName);
  Location where = makeNodeLocation(context, name, label, proto.op_type(),
                                    scope->opsets->lookup(normalizeDomain(proto.domain())));
  SmallVector<Value> inputs, results;
  for (const std::string &input : proto.input())
    inputs.push_back(findInput(input, where));
  if (ModelFunction *function = functions.find(proto))
    results = importCall(proto, *function, inputs, label, where);
  else
    results = importOp(proto, inputs, label, where);
  results.resize(proto.output_size());
  for (auto [output, result] : llvm::zip_equal(proto.output(), results))
    if (!output.empty())
      define(output, result ? result : createStandIn(builder, where), where);
}

FailureOr<OwningOpRef<ModuleOp>> dlc::importOnnxModel(MLIRContext *context, SourceFiles &sources,
                                                      size_t file, bool remainder) {
  context->loadDialect<DlcDialect, func::FuncDialect>();
  return ModelImporter(context, sources, file).import(remainder);
}
