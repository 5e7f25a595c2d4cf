#include "Functions.h"

#include "onnx-ml.pb.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace dlc;

StringRef dlc::normalizeDomain(StringRef domain) {
  return domain == "ai.onnx" ? StringRef() : domain;
}

llvm::StringSet<>
dlc::collectOutputs(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes) {
  llvm::StringSet<> outputs;
  for (const onnx::NodeProto &node : nodes)
    for (const std::string &output : node.output())
      outputs.insert(output);
  return outputs;
}

static std::string makeKey(StringRef domain, StringRef name, StringRef overload) {
  StringRef separator("\0", 1);
  return (normalizeDomain(domain) + separator + name + separator + overload).str();
}

static std::string makeName(const onnx::FunctionProto &function) {
  StringRef domain = normalizeDomain(function.domain()), overload = function.overload();
  return (domain + (domain.empty() ? "" : ".") + function.name() + (overload.empty() ? "" : ":") +
          overload)
      .str();
}

void FunctionTable::read(const onnx::ModelProto &model, EmitError emitError) {
  for (const onnx::FunctionProto &proto : model.functions()) {
    std::string key = makeKey(proto.domain(), proto.name(), proto.overload());
    auto [entry, isNew] = functions.try_emplace(key);
    ModelFunction &function = entry->second;
    if (!isNew) {
      emitError() << "function '" << function.name << "' is defined twice";
      continue;
    }
    function.proto = &proto;
    function.name = makeName(proto);
    function.nodeOutputs = collectOutputs(proto.node());
  }
}

ModelFunction *FunctionTable::find(const onnx::NodeProto &node) {
  if (functions.empty())
    return nullptr;
  auto found = functions.find(makeKey(node.domain(), node.op_type(), node.overload()));
  return found == functions.end() ? nullptr : &found->second;
}

/// Adds nodes so that the first one is on top.
static void addNodes(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes,
                     SmallVectorImpl<const onnx::NodeProto *> &pending) {
  for (const onnx::NodeProto &node : llvm::reverse(nodes))
    pending.push_back(&node);
}

std::string FunctionTable::measure(ModelFunction &function, Path &path) {
  if (auto *first = llvm::find(path, &function); first != path.end()) {
    std::string text = "functions call each other in a cycle: ";
    for (ModelFunction *step : llvm::make_range(first, path.end()))
      text += step->name + " -> ";
    return text + function.name;
  }
  // A function that has not been measured is one call at least.
  if (path.size() + std::max(function.depth, 1u) > maxDepth)
    return "expected at most " + std::to_string(maxDepth) +
           " calls of functions in each other, found more";
  if (function.depth != 0)
    return {};

  path.push_back(&function);
  int64_t nodes = 0;
  unsigned depth = 1;
  SmallVector<const onnx::NodeProto *> pending;
  addNodes(function.proto->node(), pending);
  while (!pending.empty()) {
    const onnx::NodeProto &node = *pending.pop_back_val();
    nodes = std::min(nodes + 1, maxInstanceNodes + 1);
    for (const onnx::AttributeProto &attribute : node.attribute())
      addNodes(attribute.g().node(), pending); // those of its bodies
    ModelFunction *callee = find(node);
    if (!callee)
      continue;
    if (std::string problem = measure(*callee, path); !problem.empty())
      return problem;
    nodes = std::min(nodes + callee->nodes, maxInstanceNodes + 1);
    depth = std::max(depth, callee->depth + 1);
  }
  path.pop_back();
  function.nodes = std::min(nodes, maxInstanceNodes + 1);
  function.depth = depth;
  return {};
}

LogicalResult FunctionTable::measure(ModelFunction &function, EmitError emitError) {
  if (function.problem.empty()) {
    Path path;
    function.problem = measure(function, path);
  }
  if (!function.problem.empty())
    return emitError() << function.problem;
  return success();
}
