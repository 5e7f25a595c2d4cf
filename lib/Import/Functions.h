// The functions of a model itself (ModelProto.functions), and what their calls amount to.
#ifndef DLC_IMPORT_FUNCTIONS_H
#define DLC_IMPORT_FUNCTIONS_H

#include "OnnxTypes.h"

#include "llvm/ADT/StringMap.h"

#include <google/protobuf/repeated_field.h>

namespace onnx {
class FunctionProto;
class ModelProto;
class NodeProto;
} // namespace onnx

namespace dlc {

/// "ai.onnx" is another name of the default domain "".
llvm::StringRef normalizeDomain(llvm::StringRef domain);

/// Versions by normalized domain.
using Opsets = llvm::StringMap<int64_t>;

/// The names of all outputs of nodes.
llvm::StringSet<> collectOutputs(const google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes);

struct ModelFunction {
  const onnx::FunctionProto *proto;
  std::string name; // "demo.block", with overload "demo.block:fast"
  llvm::StringSet<> nodeOutputs;

  /// Set by the importer at the first call.
  std::optional<Opsets> opsets;
  int instances = 0;

  /// Once measured: all nodes of an instance with those of the instances in it (at most
  /// maxInstanceNodes + 1), and the length of the longest chain of calls that begins with its own.
  int64_t nodes = 0;
  unsigned depth = 0;
  /// What is wrong with its calls as such; empty where nothing is.
  std::string problem;
};

class FunctionTable {
public:
  /// A chain of this many calls in each other.
  static constexpr unsigned maxDepth = 32;
  /// Nodes of all instances together. A few functions that each call the next one twice would be
  /// billions.
  static constexpr int64_t maxInstanceNodes = 1'000'000;

  /// Emits an error for each function that is defined again; the first definition counts.
  void read(const onnx::ModelProto &model, EmitError emitError);

  /// The function that a node calls; null where it calls none.
  ModelFunction *find(const onnx::NodeProto &node);

  /// Measures a function that the graph calls and all that it calls in turn. Emits an error where
  /// instances would not end, or be nested too deep.
  mlir::LogicalResult measure(ModelFunction &function, EmitError emitError);

private:
  using Path = llvm::SmallVector<ModelFunction *, maxDepth>;
  /// The text of an error, empty where there is none.
  std::string measure(ModelFunction &function, Path &path);

  llvm::StringMap<ModelFunction> functions;
};

} // namespace dlc

#endif
