// The host program: values of main as buffers and handles.
#ifndef DLC_LIB_PLAN_HOSTBUILDER_H
#define DLC_LIB_PLAN_HOSTBUILDER_H

#include "Homes.h"
#include "Kernels.h"

#include "mlir/IR/IRMapping.h"

namespace dlc {

/// Places of weights in the weights section: the same one for equal weights.
class WeightTable {
public:
  mlir::Value place(mlir::OpBuilder &builder, ConstantOp constant, Space space);
  llvm::ArrayRef<PlacedWeight> getWeights() const { return weights; }

private:
  llvm::SmallVector<PlacedWeight> weights;
  int64_t size = 0;
  llvm::DenseMap<mlir::Attribute, int64_t> offsets;
};

/// Converts ops of main one by one, in order. A planned value becomes a buffer that the op which
/// computes it writes: one that was claimed for it, one in the arena, or a new tensor object where
/// its size is late. It lies in the memory of the machine that runs the op; a reader on the other
/// one gets a copy.
class HostBuilder {
public:
  HostBuilder(mlir::OpBuilder builder, const Signature &signature, KernelTable &kernels,
              WeightTable &weights, const Homes &homes)
      : builder(builder), signature(signature), kernels(kernels), weights(weights), homes(homes) {}

  void map(mlir::Value value, mlir::Value converted) { values.map(value, converted); }
  /// The handle or buffer, in whatever memory.
  mlir::Value lookup(mlir::Value value) const { return values.lookup(value); }
  /// The buffer, or a copy of it, in the memory of one machine.
  mlir::Value lookup(mlir::Value value, Space space);
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
  mlir::Value makeBuffer(mlir::Location loc, PlannedType type, Space space);
  mlir::Value reinterpret(mlir::Location loc, mlir::Value buffer, BufferType type);
  mlir::Value getPart(mlir::Location loc, mlir::Value buffer, ExprAttr offset, mlir::Value value);
  mlir::Value mapResult(mlir::Value result, Space space);
  mlir::Value getScalar(mlir::Location loc, mlir::Value value, mlir::Type elementType);
  llvm::SmallVector<mlir::Value> lookupAll(mlir::ValueRange range, Space space = Space::host);

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
  const Homes &homes;
  mlir::IRMapping values;
  /// In the other memory, for readers in one block.
  llvm::DenseMap<std::pair<mlir::Value, mlir::Block *>, mlir::Value> copies;
  llvm::DenseMap<mlir::Value, mlir::Value> destinations;
  llvm::DenseSet<mlir::Value> carried;      // buffers that iterations overwrite
  llvm::DenseSet<mlir::OpOperand *> placed; // operands of concatenations that are where they belong
};

} // namespace dlc

#endif
