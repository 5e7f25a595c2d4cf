// The walk over an ONNX graph. A value that cannot be imported gets a stand-in, so that all
// problems of a model are found in one run.

#include "dlc/Import/OnnxImporter.h"

#include "ModelImporter.h"
#include "OpTable.h"

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
  skeleton = std::move(*scanned);
  for (Skeleton::Field &field : skeleton.fields) {
    if (!model.MergeFromString(field.bytes))
      return notOnnx() << "field " << field.number << " at byte " << field.offset
                       << " holds a malformed message";
    field.bytes = std::string(); // parsed: no need to keep both
  }
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
  else if (!scope->values.try_emplace(value, result).second)
    emitError(where) << "value '" << value << "' is defined twice";
}

FailureOr<OwningOpRef<ModuleOp>> ModelImporter::import() {
  if (failed(readModel()))
    return failure();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  setModelName(*module, name);
  setSources(*module, SourceAttr::get(context, source.hash, file.size()));

  builder.setInsertionPointToEnd(module->getBody());
  main = func::FuncOp::create(builder, loc, mainName, builder.getFunctionType({}, {}));
  builder.setInsertionPointToEnd(main.addEntryBlock());
  Opsets opsets = readOpsets(model.opset_import(), "");
  llvm::StringSet<> nodeOutputs;
  for (const onnx::NodeProto &node : model.graph().node())
    for (const std::string &output : node.output())
      nodeOutputs.insert(output);
  Scope graph{.opsets = &opsets, .nodeOutputs = &nodeOutputs};
  scope = &graph;
  functions.read(model, [&] { return emitError(); });
  importInitializers();
  importInputs();
  for (auto [index, node] : llvm::enumerate(model.graph().node()))
    importNode(node, index);
  importOutputs();
  if (!isGood)
    return failure();
  return module;
}

//===----------------------------------------------------------------------===//
// Inputs, initializers, outputs
//===----------------------------------------------------------------------===//

void ModelImporter::importInitializers() {
  for (const onnx::TensorProto &tensor : model.graph().initializer()) {
    Location where = NameLoc::get(builder.getStringAttr(tensor.name()), loc);
    FailureOr<Constant> constant = convertTensor(context, tensor, skeleton, file, [&] {
      return emitError() << "initializer '" << tensor.name() << "': ";
    });
    define(tensor.name(),
           succeeded(constant) ? createConstant(builder, where, *constant)
                               : createStandIn(builder, where),
           loc);
  }
  for (const onnx::SparseTensorProto &tensor : model.graph().sparse_initializer()) {
    const std::string &name = tensor.values().name();
    emitError() << "initializer '" << name << "': sparse tensors are not supported yet";
    define(name, createStandIn(builder, loc), loc);
  }
}

/// What is an initializer too is no input: the initializer is its value.
void ModelImporter::importInputs() {
  llvm::StringSet<> symbols;
  for (const onnx::ValueInfoProto &input : model.graph().input())
    for (const onnx::TensorShapeProto::Dimension &dim : input.type().tensor_type().shape().dim())
      symbols.insert(dim.dim_param());

  llvm::StringSet<> initializers;
  for (const auto &entry : scope->values)
    initializers.insert(entry.getKey());
  for (const onnx::ValueInfoProto &input : model.graph().input()) {
    if (initializers.contains(input.name()))
      continue;
    FailureOr<PlannedType> type = convertInputType(
        context, input, symbols, [&] { return emitError() << "input '" << input.name() << "': "; });
    if (failed(type)) {
      define(input.name(), createStandIn(builder, loc), loc);
      continue;
    }
    inputAttributes.push_back(makePortAttributes(input.name()));
    define(input.name(), main.front().addArgument(*type, loc), loc);
  }
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
    Type elementType = cast<PlannedType>(value.getType()).getElementType();
    int stated = output.type().tensor_type().elem_type();
    bool isStated = stated != onnx::TensorProto::UNDEFINED;
    if (isStated && !isStandIn(value) && convertElementType(context, stated) != elementType)
      emitError() << "output '" << output.name() << "': expected elements of type " << elementType
                  << ", found " << getElementTypeName(stated);
    results.push_back(value);
    outputAttributes.push_back(makePortAttributes(output.name()));
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

/// Errors for the nodes in the bodies of a control-flow op, which nothing imports yet, that could
/// not be imported either: a user learns all that is missing at once.
void ModelImporter::listUnknownOps(const onnx::NodeProto &node, const std::string &label) {
  for (const onnx::AttributeProto &attribute : node.attribute()) {
    if (!attribute.has_g())
      continue;
    for (auto [index, inner] : llvm::enumerate(attribute.g().node())) {
      std::string innerLabel = getLabel(label + "/", inner, index);
      if (!functions.find(inner))
        findRow(inner, makeNodeLocation(context, name, innerLabel, inner.op_type(),
                                        scope->opsets->lookup(normalizeDomain(inner.domain()))));
      listUnknownOps(inner, innerLabel);
    }
  }
}

/// The value of an input of a node; null where it is absent.
Value ModelImporter::findInput(const std::string &input, Location where) {
  if (input.empty())
    return {};
  if (auto found = scope->values.find(input); found != scope->values.end())
    return found->second;
  if (scope->nodeOutputs->contains(input))
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
      value = scope->attributes.lookup(reference);
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
  return resolved;
}

/// The value of a node's output; null after an error.
Value ModelImporter::importOp(const onnx::NodeProto &proto, ArrayRef<Value> inputs,
                              Location where) {
  const OpRow *row = findRow(proto, where);
  if (!row)
    return {};
  OnnxNode node(builder, where, proto, *row, skeleton, file);
  node.inputs.assign(inputs.begin(), inputs.end());
  FailureOr<SmallVector<NodeAttribute>> attributes = resolveAttributes(proto, where);
  if (succeeded(attributes))
    node.attributes = std::move(*attributes);
  bool good = succeeded(node.check()) && succeeded(attributes) && succeeded(row->import(node));
  isGood &= good;
  return good ? node.result : Value();
}

void ModelImporter::importNode(const onnx::NodeProto &proto, int index) {
  std::string label = getLabel(scope->prefix, proto, index);
  if (scope->function && label.size() > maxInstanceName)
    label.resize(maxInstanceName);
  Location where = makeNodeLocation(context, name, label, proto.op_type(),
                                    scope->opsets->lookup(normalizeDomain(proto.domain())));
  SmallVector<Value> inputs, results;
  for (const std::string &input : proto.input())
    inputs.push_back(findInput(input, where));
  if (ModelFunction *function = functions.find(proto))
    results = importCall(proto, *function, inputs, label, where);
  else
    results.push_back(importOp(proto, inputs, where));
  listUnknownOps(proto, label);
  results.resize(proto.output_size());
  for (auto [output, result] : llvm::zip_equal(proto.output(), results))
    if (!output.empty())
      define(output, result ? result : createStandIn(builder, where), where);
}

FailureOr<OwningOpRef<ModuleOp>> dlc::importOnnxModel(MLIRContext *context,
                                                      const SourceFiles &sources, size_t file) {
  context->loadDialect<DlcDialect, func::FuncDialect>();
  return ModelImporter(context, sources[file]).import();
}
