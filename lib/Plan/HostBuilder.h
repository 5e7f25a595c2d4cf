// The host program: values of main as buffers and handles.
#ifndef DLC_LIB_PLAN_HOSTBUILDER_H
#define DLC_LIB_PLAN_HOSTBUILDER_H

#include "Kernels.h"

#include "mlir/IR/IRMapping.h"

namespace dlc {

/// Places of weights in the weights section: the same one for equal weights.
class WeightTable {
public:
  mlir::Value place(mlir::OpBuilder &builder, ConstantOp constant);
  llvm::ArrayRef<PlacedWeight> getWeights() const { return weights; }

private:
  llvm::SmallVector<PlacedWeight> weights;
  int64_t size = 0;
  llvm::DenseMap<mlir::Attribute, int64_t> offsets;
};

/// Converts ops of main one by one, in order. A planned value becomes a buffer that the op which
/// computes it writes: one that was claimed for it, one in the arena, or a new tensor object where
/// its size is late.
class HostBuilder {
public:
  HostBuilder(mlir::OpBuilder builder, const Signature &signature, KernelTable &kernels,
              WeightTable &weights)
      : builder(builder), signature(signature), kernels(kernels), weights(weights) {}

  void map(mlir::Value value, mlir::Value converted) { values.map(value, converted); }
  mlir::Value lookup(mlir::Value value) const { return values.lookup(value); }
  llvm::LogicalResult convert(mlir::Operation *op);
  /// All ops of `block` but its terminator.
  llvm::LogicalResult convertOps(mlir::Block &block);

  /// Lets the op of `block` that computes `value`, or what it shows, write into `target`. False
  /// where there is no such op, or where it writes elsewhere already.
  bool claim(mlir::Value value, mlir::Value target, mlir::Block &block);
  void copy(mlir::Location loc, mlir::Value source, mlir::Value target);
  /// The tensor in a planned value's buffer as a handle.
  mlir::Value getHandle(mlir::Location loc, mlir::Value value);
  mlir::OpBuilder &getBuilder() { return builder; }

private:
  mlir::Value makeBuffer(mlir::Location loc, PlannedType type);
  mlir::Value reinterpret(mlir::Location loc, mlir::Value buffer, BufferType type);
  mlir::Value getPart(mlir::Location loc, mlir::Value buffer, ExprAttr offset, mlir::Value value);
  mlir::Value mapResult(mlir::Value result);
  mlir::Value getScalar(mlir::Location loc, mlir::Value value, mlir::Type elementType);
  llvm::SmallVector<mlir::Value> lookupAll(mlir::ValueRange range) const;

  llvm::LogicalResult convertKernel(KernelOp box);
  void convertLibraryCall(LibraryCallOp call);
  void convertMatch(MatchOp match);
  void placeOperands(ConcatOp concat);
  void convertConcat(ConcatOp concat);
  llvm::LogicalResult convertIf(IfOp op);
  llvm::LogicalResult convertBranch(mlir::Region &from, mlir::Region &to, mlir::ValueRange targets);
  llvm::LogicalResult convertLoop(LoopOp op);
  llvm::LogicalResult convertBody(LoopOp op, LoopOp converted);
  mlir::Value placeCarried(LoopOp op, unsigned index);
  void moveCarried(mlir::Location loc,
                   llvm::SmallVector<std::pair<mlir::Value, mlir::Value>> moves);

  mlir::OpBuilder builder;
  const Signature &signature;
  KernelTable &kernels;
  WeightTable &weights;
  mlir::IRMapping values;
  llvm::DenseMap<mlir::Value, mlir::Value> destinations;
  llvm::DenseSet<mlir::Value> carried;      // buffers that iterations overwrite
  llvm::DenseSet<mlir::OpOperand *> placed; // operands of concatenations that are where they belong
};

} // namespace dlc

#endif
