// The walk over an ONNX graph. A value that cannot be imported gets a stand-in, so that all
// problems of a model are found in one run.

#include "dlc/Import/OnnxImporter.h"

#include "OpTable.h"
#include "onnx-ml.pb.h"

#include "dlc/IR/NodeLocation.h"
#include "dlc/IR/Program.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace dlc;

namespace {

constexpr int64_t oldestIrVersion = 3, newestIrVersion = 14;

class ModelImporter {
public:
  ModelImporter(MLIRContext *context, const SourceFiles::File &source)
      : context(context), source(source), name(llvm::sys::path::filename(source.path)),
        file(source.contents->getBuffer()), loc(FileLineColLoc::get(context, name, 0, 0)),
        builder(context) {}

  FailureOr<OwningOpRef<ModuleOp>> import();

private:
  InFlightDiagnostic emitError(Location where) {
    isGood = false;
    return mlir::emitError(where);
  }
  /// An error of the model as a whole or of a part of it that is no node.
  InFlightDiagnostic emitError() { return emitError(loc); }

  LogicalResult readModel();
  void importOpsets();
  void importInputs();
  void importInitializers();
  void importNode(const onnx::NodeProto &node, int index);
  void importOutputs();

  const OpRow *findRow(const onnx::NodeProto &node, Location where);
  Value findInput(const std::string &input, Location where);
  DictionaryAttr makePortAttributes(StringRef port) {
    return builder.getDictionaryAttr(builder.getNamedAttr("dlc.name", builder.getStringAttr(port)));
  }
  void define(StringRef value, Value result, Location where);

  MLIRContext *context;
  const SourceFiles::File &source;
  StringRef name, file;
  Location loc;
  OpBuilder builder;
  bool isGood = true;

  Skeleton skeleton;
  onnx::ModelProto model;
  func::FuncOp main;
  SmallVector<Attribute> inputAttributes;
  llvm::StringMap<int64_t> opsets; // by domain; that of ONNX itself is ""
  llvm::StringMap<Value> values;
  llvm::StringSet<> nodeOutputs; // of all nodes
  llvm::StringSet<> functions;   // keys of the model's own
};

} // namespace

static StringRef normalizeDomain(StringRef domain) {
  return domain == "ai.onnx" ? StringRef() : domain;
}

static std::string makeFunctionKey(StringRef domain, StringRef op) {
  return (normalizeDomain(domain) + "::" + op).str();
}

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
void ModelImporter::importOpsets() {
  for (const onnx::OperatorSetIdProto &import : model.opset_import()) {
    StringRef domain = normalizeDomain(import.domain());
    int64_t version = import.version();
    if (domain.empty() && (version < oldestOpset || version > newestOpset)) {
      emitError() << "expected opset " << oldestOpset << " to " << newestOpset << ", found "
                  << version;
      version = std::clamp(version, oldestOpset, newestOpset);
    }
    if (!opsets.try_emplace(domain, version).second)
      emitError() << "the opset of domain '" << domain << "' is given twice";
  }
}

void ModelImporter::define(StringRef value, Value result, Location where) {
  if (value.empty())
    emitError(where) << "expected a name for each value";
  else if (!values.try_emplace(value, result).second)
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
  importOpsets();
  importInitializers();
  importInputs();
  for (const onnx::NodeProto &node : model.graph().node())
    for (const std::string &output : node.output())
      nodeOutputs.insert(output);
  for (const onnx::FunctionProto &function : model.functions())
    functions.insert(makeFunctionKey(function.domain(), function.name()));
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
  for (const auto &entry : values)
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
    Value value = values.lookup(output.name());
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
  if (functions.contains(makeFunctionKey(domain, node.op_type()))) {
    emitError(where) << "calls of the model's own functions are not supported yet";
    return nullptr;
  }
  if (!isKnownDomain(domain)) {
    emitError(where) << "unknown domain '" << domain << "'";
    return nullptr;
  }
  SmallVector<const OpRow *> rows = findOp(domain, node.op_type());
  if (rows.empty()) {
    emitError(where) << "unknown op";
    return nullptr;
  }
  auto opset = opsets.find(domain);
  if (opset == opsets.end()) {
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

/// The value of an input of a node; null where it is absent.
Value ModelImporter::findInput(const std::string &input, Location where) {
  if (input.empty())
    return {};
  if (Value value = values.lookup(input))
    return value;
  if (nodeOutputs.contains(input))
    emitError(where) << "value '" << input << "' is used before it is defined";
  else
    emitError(where) << "value '" << input << "' is not defined";
  return createStandIn(builder, where);
}

void ModelImporter::importNode(const onnx::NodeProto &proto, int index) {
  std::string label =
      proto.name().empty() ? proto.op_type() + "_" + std::to_string(index) : proto.name();
  Location where = makeNodeLocation(context, name, label, proto.op_type(),
                                    opsets.lookup(normalizeDomain(proto.domain())));
  SmallVector<Value> inputs;
  for (const std::string &input : proto.input())
    inputs.push_back(findInput(input, where));

  Value result;
  if (const OpRow *row = findRow(proto, where)) {
    OnnxNode node(builder, where, proto, *row, skeleton, file);
    node.inputs = std::move(inputs);
    if (succeeded(node.check()) && succeeded(row->import(node)))
      result = node.result;
    isGood &= static_cast<bool>(result);
  }
  for (const std::string &output : proto.output())
    if (!output.empty())
      define(output, result ? result : createStandIn(builder, where), where);
}

FailureOr<OwningOpRef<ModuleOp>> dlc::importOnnxModel(MLIRContext *context,
                                                      const SourceFiles &sources, size_t file) {
  context->loadDialect<DlcDialect, func::FuncDialect>();
  return ModelImporter(context, sources[file]).import();
}
