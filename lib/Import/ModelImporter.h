// The importer's state while it walks over a model: its parts are in OnnxImporter.cpp (the model
// and its nodes) and Calls.cpp (calls of the model's own functions).
#ifndef DLC_IMPORT_MODELIMPORTER_H
#define DLC_IMPORT_MODELIMPORTER_H

#include "Functions.h"
#include "OnnxNode.h"
#include "onnx-ml.pb.h"

#include "dlc/IR/Program.h"
#include "dlc/Support/SourceFiles.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Path.h"

namespace dlc {

/// The longest name of an instance or of a node in one, in bytes: each instance has its own.
inline constexpr size_t maxInstanceName = 1000;

/// The graph or an instance of a function: what the names in its nodes mean.
struct Scope {
  ModelFunction *function = nullptr; // null: the graph
  std::string prefix = {};           // of the names of its nodes
  const Opsets *opsets;
  const llvm::StringSet<> *nodeOutputs;                          // of all its nodes
  llvm::StringMap<const onnx::AttributeProto *> attributes = {}; // of the function
  llvm::StringMap<mlir::Value> values = {}; // null: an input that the call leaves out
};

class ModelImporter {
public:
  ModelImporter(mlir::MLIRContext *context, const SourceFiles::File &source)
      : context(context), source(source), name(llvm::sys::path::filename(source.path)),
        file(source.contents->getBuffer()), loc(mlir::FileLineColLoc::get(context, name, 0, 0)),
        builder(context) {}

  mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> import();

private:
  mlir::InFlightDiagnostic emitError(mlir::Location where) {
    isGood = false;
    return mlir::emitError(where);
  }
  /// An error of the model as a whole or of a part of it that is no node.
  mlir::InFlightDiagnostic emitError() { return emitError(loc); }

  using OpsetImports = google::protobuf::RepeatedPtrField<onnx::OperatorSetIdProto>;

  mlir::LogicalResult readModel();
  /// The opsets that the model, or one of its functions, imports.
  Opsets readOpsets(const OpsetImports &imports, const llvm::Twine &prefix);
  void importInputs();
  void importInitializers();
  void importNode(const onnx::NodeProto &node, int index);
  void importOutputs();

  const OpRow *findRow(const onnx::NodeProto &node, mlir::Location where);
  void listUnknownOps(const onnx::NodeProto &node, const std::string &label);
  mlir::Value findInput(const std::string &input, mlir::Location where);
  mlir::FailureOr<llvm::SmallVector<NodeAttribute>> resolveAttributes(const onnx::NodeProto &node,
                                                                      mlir::Location where);
  mlir::Value importOp(const onnx::NodeProto &node, llvm::ArrayRef<mlir::Value> inputs,
                       mlir::Location where);

  llvm::SmallVector<mlir::Value> importCall(const onnx::NodeProto &node, ModelFunction &function,
                                            llvm::ArrayRef<mlir::Value> inputs,
                                            llvm::StringRef label, mlir::Location where);
  mlir::LogicalResult checkCall(const onnx::NodeProto &node, ModelFunction &function,
                                mlir::Location where);
  mlir::LogicalResult bindAttributes(const onnx::NodeProto &node, Scope &instance,
                                     mlir::Location where);
  llvm::SmallVector<mlir::Value> instantiate(const onnx::NodeProto &node, Scope &instance,
                                             llvm::ArrayRef<mlir::Value> inputs,
                                             mlir::Location where);
  mlir::func::FuncOp beginInstance(ModelFunction &function, mlir::Location where);
  llvm::SmallVector<mlir::Value> importFormalInputs(llvm::ArrayRef<mlir::Value> inputs,
                                                    mlir::func::FuncOp callee,
                                                    mlir::Location where);
  llvm::SmallVector<mlir::Value> findFormalOutputs(const onnx::NodeProto &node,
                                                   mlir::Location where);
  mlir::Value recreate(mlir::Value value);

  mlir::DictionaryAttr makePortAttributes(llvm::StringRef port) {
    return builder.getDictionaryAttr(builder.getNamedAttr(portName, builder.getStringAttr(port)));
  }
  void define(llvm::StringRef value, mlir::Value result, mlir::Location where);

  mlir::MLIRContext *context;
  const SourceFiles::File &source;
  llvm::StringRef name, file;
  mlir::Location loc;
  mlir::OpBuilder builder;
  bool isGood = true;

  Skeleton skeleton;
  onnx::ModelProto model;
  mlir::func::FuncOp main;
  llvm::SmallVector<mlir::Attribute> inputAttributes;
  FunctionTable functions;
  llvm::StringSet<> instanceNames; // symbols of all instances
  int64_t instanceNodes = 0;       // nodes of all instances
  Scope *scope = nullptr;          // of the nodes that are imported now
};

} // namespace dlc

#endif
