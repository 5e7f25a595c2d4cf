// The state of shape inference while it walks over a function.
#ifndef DLC_LIB_GRAPH_INFERENCE_H
#define DLC_LIB_GRAPH_INFERENCE_H

#include "Contents.h"

#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"

namespace dlc {

/// What is known of a value before it exists: its dims, null where only the run will know one.
/// Nothing at all where not even the rank is known.
using PartialDims = std::optional<llvm::SmallVector<ExprAttr>>;

/// The dims of a planned value of known rank.
PartialDims getDims(mlir::Value value);

class Inference : public ShapeContext {
public:
  explicit Inference(mlir::ModuleOp module);

  /// Gives the values of a block their types, in order. Visits all ops also after a failure.
  llvm::LogicalResult inferBlock(mlir::Block &block);

  std::optional<Contents> getContents(mlir::Value value) override;
  std::optional<Contents> getPartialContents(mlir::Value value) override;
  std::optional<Contents> bindContents(mlir::Value value) override;
  std::optional<Contents> bindSizes(mlir::Value value, mlir::Operation *user) override;
  SizeRange getRange(ExprAttr expr) override;
  ExprAttr simplify(ExprAttr expr) override;

private:
  llvm::LogicalResult inferOp(mlir::Operation *op);
  llvm::LogicalResult inferTypes(ShapeInferenceOpInterface op);
  llvm::LogicalResult resolve(ResolveOpInterface op);
  llvm::LogicalResult inferResize(ResizeOp op);
  std::optional<Contents> bindResizedDims(ResizeOp op);
  llvm::LogicalResult inferLibraryCall(LibraryCallOp op);
  llvm::LogicalResult inferIf(IfOp op);
  llvm::LogicalResult inferTakenBranch(IfOp op, mlir::Block &taken);
  llvm::LogicalResult inferLoop(LoopOp op);
  /// Infers the body for the state that `carried` says; true where the state lasts, else `carried`
  /// is wider than before.
  mlir::FailureOr<bool> tryState(LoopOp op, llvm::MutableArrayRef<struct Carried> carried);
  void setState(LoopOp op, llvm::ArrayRef<struct Carried> carried);
  void finishLoop(LoopOp op, llvm::ArrayRef<struct Carried> carried);

  /// Replaces `op` by a call of its library function with handles as results, which are matched
  /// with new symbols for what is not known of them.
  llvm::LogicalResult makeLate(mlir::Operation *op, llvm::ArrayRef<PartialDims> dims);
  /// A planned value of what `handle` holds.
  mlir::Value match(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value handle,
                    mlir::Type elementType, const PartialDims &dims, llvm::StringRef stem);
  ExprAttr makeSymbol(llvm::StringRef stem);
  /// The elements of a value as sizes that `user` takes, or, where it is null, as any integers.
  std::optional<Contents> bind(mlir::Value value, mlir::Operation *user);
  std::optional<Contents> bindJoined(ConcatOp concat, mlir::Operation *user);
  void simplify(mlir::Operation *op);
  void replace(mlir::Operation *op, mlir::ValueRange values);

  mlir::MLIRContext *context;
  ContentsAnalysis::RangeOf rangeOf;
  ContentsAnalysis contents;
  llvm::StringSet<> symbols; // of the whole module
};

/// The dims of the results of an op whose types depend on what its operands hold, as far as they
/// are known before it runs.
llvm::SmallVector<PartialDims> getLateDims(mlir::Operation *op);

/// The same for a library call, by the rules of its callee; an error where operands are impossible.
mlir::FailureOr<llvm::SmallVector<PartialDims>> inferLibraryResults(LibraryCallOp op,
                                                                    ShapeContext &context);

/// The value as a handle: what it was matched from, or wrapped.
mlir::Value getHandle(mlir::OpBuilder &builder, mlir::Location loc, mlir::Value value);

/// Whether `value` is a tensor whose rank only the run will know.
bool hasLateRank(mlir::Value value);

} // namespace dlc

#endif
