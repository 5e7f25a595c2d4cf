// What a module says about its program as a whole, from import to package: attributes of the
// module, read and written through here alone.
//
//   dlc.model      the model's file name without its folder
//   dlc.sources    array of #dlc.source: the files that #dlc.range counts
//   dlc.target     #dlc.target: what the phases from schedule on compile for
//   dlc.ranges     declared ranges of symbols
//   dlc.hints      usual values of symbols
//   dlc.signature  symbols, inputs and outputs
//   dlc.kernels    names of the kernels and their ONNX nodes (from the plan phase on)
//   dlc.weights    the contents of the weights section (from the plan phase on)
#ifndef DLC_IR_PROGRAM_H
#define DLC_IR_PROGRAM_H

#include "dlc/IR/Dlc.h"
#include "mlir/IR/BuiltinOps.h"

#include <limits>
#include <string>

namespace dlc {

/// The function that is the model; after the plan phase the host program.
inline constexpr llvm::StringLiteral mainName = "main";
/// Attribute of a version of `main`: a dictionary of the symbols and values that it is for.
inline constexpr llvm::StringLiteral whenName = "dlc.when";
/// Attribute of the host program (from the plan phase on): the size of its arena in bytes, a
/// #dlc.expr.
inline constexpr llvm::StringLiteral workspaceName = "dlc.workspace";
/// Attribute of kernel functions (from the plan phase on): their #dlc.schedule.
inline constexpr llvm::StringLiteral scheduleName = "dlc.schedule";

/// Attribute of `main`'s arguments and results (up to the plan phase): the names of inputs and
/// outputs.
inline constexpr llvm::StringLiteral portName = "dlc.name";

/// A named input or output.
struct Port {
  llvm::StringRef name;
  PlannedType type;
};

/// Symbols in the order that generated code and the manifest count them.
struct Signature {
  llvm::SmallVector<llvm::StringRef> symbols;
  llvm::SmallVector<Port> inputs, outputs;
};

/// A weight and its offset from the section's start, in bytes; `size` is that of its data after the
/// recipe.
struct PlacedWeight {
  WeightAttr weight;
  int64_t offset;
  int64_t size;
};

/// A row of the kernel table: `nodes` as people read them ("conv1 (Conv), relu1 (Relu)").
struct Kernel {
  std::string name, nodes;
};

void setSignature(mlir::ModuleOp module, const Signature &signature);
mlir::FailureOr<Signature> getSignature(mlir::ModuleOp module);

/// The values that a symbol may have, both ends included: 0 and the largest number unless declared.
struct SymbolRange {
  int64_t min = 0, max = std::numeric_limits<int64_t>::max();
};

void setRange(mlir::ModuleOp module, llvm::StringRef symbol, SymbolRange range);
SymbolRange getRange(mlir::ModuleOp module, llvm::StringRef symbol);

/// The usual value of a symbol; nothing unless declared.
void setHint(mlir::ModuleOp module, llvm::StringRef symbol, int64_t value);
std::optional<int64_t> getHint(mlir::ModuleOp module, llvm::StringRef symbol);

void setWeights(mlir::ModuleOp module, llvm::ArrayRef<PlacedWeight> weights);
mlir::FailureOr<llvm::SmallVector<PlacedWeight>> getWeights(mlir::ModuleOp module);

void setKernels(mlir::ModuleOp module, llvm::ArrayRef<Kernel> kernels);
mlir::FailureOr<llvm::SmallVector<Kernel>> getKernels(mlir::ModuleOp module);

void setSources(mlir::ModuleOp module, llvm::ArrayRef<SourceAttr> sources);
mlir::FailureOr<llvm::SmallVector<SourceAttr>> getSources(mlir::ModuleOp module);

void setTarget(mlir::ModuleOp module, TargetAttr target);
bool hasTarget(mlir::ModuleOp module);
/// Fails with an error on the module where there is none.
mlir::FailureOr<TargetAttr> getTarget(mlir::ModuleOp module);

void setModelName(mlir::ModuleOp module, llvm::StringRef name);
llvm::StringRef getModelName(mlir::ModuleOp module);

/// The size of a weight's data after its recipe, in bytes.
int64_t getPackedBytes(WeightAttr weight);

} // namespace dlc

#endif
