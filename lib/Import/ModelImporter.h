// The importer's state while it walks over a model: its parts are in OnnxImporter.cpp (the model
// and its nodes), ControlFlow.cpp (bodies), Calls.cpp (calls of the model's own functions) and
// Remainder.cpp (what is left of a model with problems).
#ifndef DLC_IMPORT_MODELIMPORTER_H
#define DLC_IMPORT_MODELIMPORTER_H

#include "Functions.h"
#include "HandleTypes.h"
#include "OnnxNode.h"
#include "TensorReader.h"
#include "onnx-ml.pb.h"

#include "dlc/IR/Program.h"
#include "dlc/Support/SourceFiles.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Path.h"

namespace dlc {

/// The longest name of an instance or of a node in one, in bytes: each instance has its own.
inline constexpr size_t maxInstanceName = 1000;

struct Iterations;

/// The graph, an instance of a function or a body in them: what the names in its nodes mean.
struct Scope {
  ModelFunction *function = nullptr; // null: the graph
  std::string prefix = {};           // of the names of its nodes
  const Opsets *opsets;
  const llvm::StringSet<> *nodeOutputs;                          // of all its nodes
  llvm::StringMap<const onnx::AttributeProto *> attributes = {}; // of the function
  llvm::StringMap<mlir::Value> values = {}; // null: an input that the call leaves out
  Scope *outer = nullptr;                   // of a body: what it stands in
};

class ModelImporter {
public:
  ModelImporter(mlir::MLIRContext *context, SourceFiles &files, size_t modelFile)
      : context(context), name(llvm::sys::path::filename(files[modelFile].path)),
        file(files[modelFile].contents->getBuffer()),
        loc(mlir::FileLineColLoc::get(context, name, 0, 0)), builder(context),
        reader(context, files, modelFile) {}

  mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> import(bool remainder);

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
  void importInitializers(const onnx::GraphProto &graph, mlir::Location where);
  void importNode(const onnx::NodeProto &node, int index);
  void importOutputs();
  void keepRemainder(mlir::ModuleOp module);
  /// Checks a value against the type that is stated for it, if any.
  void checkDefault(const onnx::ValueInfoProto &input);
  void checkDeclared(const onnx::ValueInfoProto &info, mlir::Value value, EmitError emitError);

  const OpRow *findRow(const onnx::NodeProto &node, mlir::Location where);
  /// The value of a name in this scope or those around it; null: an absent input of a function.
  std::optional<mlir::Value> findValue(llvm::StringRef value) const;
  mlir::Value findInput(const std::string &input, mlir::Location where);
  mlir::FailureOr<llvm::SmallVector<NodeAttribute>> resolveAttributes(const onnx::NodeProto &node,
                                                                      mlir::Location where);
  llvm::SmallVector<mlir::Value> importOp(const onnx::NodeProto &node,
                                          llvm::ArrayRef<mlir::Value> inputs, llvm::StringRef label,
                                          mlir::Location where);

  mlir::LogicalResult importControlFlow(OnnxNode &node, llvm::StringRef label);
  mlir::LogicalResult importIf(OnnxNode &node, llvm::StringRef label);
  mlir::LogicalResult importLoop(OnnxNode &node, llvm::StringRef label);
  mlir::LogicalResult importSequenceMap(OnnxNode &node, llvm::StringRef label);
  mlir::LogicalResult importFlexAttention(OnnxNode &node, llvm::StringRef label);
  mlir::FailureOr<mlir::Value> applyModifier(OnnxNode &node, llvm::StringRef name,
                                             mlir::Value value, llvm::StringRef label);
  mlir::LogicalResult importScan(OnnxNode &node, llvm::StringRef label);
  mlir::LogicalResult importBatchScan(OnnxNode &node, llvm::StringRef label);
  mlir::LogicalResult scanElements(OnnxNode &node, size_t states, llvm::StringRef label);
  llvm::SmallVector<mlir::Value> importBody(OnnxNode &node, llvm::StringRef attribute,
                                            mlir::Block &block, llvm::ArrayRef<mlir::Value> inputs,
                                            llvm::StringRef label);
  void yield(mlir::Region &region, mlir::Location where, mlir::ValueRange values);
  void setHandleTypes(mlir::ValueRange results, llvm::ArrayRef<mlir::Value> values);
  std::string makeIterationSymbol(llvm::StringRef label);
  mlir::Value addCarried(Iterations &loop, mlir::Value init);
  mlir::Value createIteration(Iterations &loop, int64_t factor, int64_t offset,
                              llvm::ArrayRef<int64_t> shape);
  mlir::Value createTrue(Iterations &loop);
  mlir::LogicalResult handOn(Iterations &loop, llvm::ArrayRef<mlir::Value> values,
                             llvm::ArrayRef<mlir::Value> inits);
  mlir::LogicalResult collect(Iterations &loop, mlir::Value value, bool isReversed);
  mlir::LogicalResult addScanInputs(Iterations &loop, size_t states,
                                    llvm::SmallVectorImpl<mlir::Value> &inputs);
  llvm::SmallVector<mlir::Value> finishLoop(Iterations &loop);
  mlir::Value stack(OnnxNode &node, mlir::Value sequence, const onnx::ValueInfoProto &output);

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

  mlir::DictionaryAttr makePortAttributes(llvm::StringRef port, mlir::Value value);
  void define(llvm::StringRef value, mlir::Value result, mlir::Location where);

  mlir::MLIRContext *context;
  std::string name;
  llvm::StringRef file;
  mlir::Location loc;
  mlir::OpBuilder builder;
  bool isGood = true;

  TensorReader reader;
  HandleTypes handles;
  llvm::StringSet<> symbols; // of dims of inputs and of iterations
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
