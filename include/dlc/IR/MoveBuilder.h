// Short forms for ops that move elements, with the types that follow from their operands.
#ifndef DLC_IR_MOVEBUILDER_H
#define DLC_IR_MOVEBUILDER_H

#include "dlc/IR/Dlc.h"

#include "mlir/IR/Builders.h"

namespace dlc {

class MoveBuilder {
public:
  MoveBuilder(mlir::OpBuilder &builder, mlir::Location loc) : builder(builder), loc(loc) {}

  ExprAttr size(int64_t value) { return ExprAttr::constant(builder.getContext(), value); }

  mlir::Value view(mlir::Value value, llvm::ArrayRef<ExprAttr> dims) {
    return ViewOp::create(builder, loc, PlannedType::get(dims, getElementType(value)), value);
  }

  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> perm) {
    llvm::ArrayRef<ExprAttr> dims = getDims(value);
    llvm::SmallVector<ExprAttr> moved =
        llvm::map_to_vector(perm, [&](int64_t dim) { return dims[dim]; });
    return TransposeOp::create(builder, loc, PlannedType::get(moved, getElementType(value)), value,
                               perm);
  }

  /// Adds `low` and `high` elements, 0 or `outside`; negative ones are taken away.
  mlir::Value pad(mlir::Value value, llvm::ArrayRef<ExprAttr> low, llvm::ArrayRef<ExprAttr> high,
                  mlir::Value outside = {}) {
    llvm::SmallVector<ExprAttr> dims;
    for (auto [dim, before, after] : llvm::zip_equal(getDims(value), low, high))
      dims.push_back(dim + before + after);
    return PadOp::create(builder, loc, PlannedType::get(dims, getElementType(value)),
                         PadMode::constant, value, outside, toArray(low), toArray(high));
  }

  mlir::Value slice(mlir::Value value, llvm::ArrayRef<ExprAttr> starts,
                    llvm::ArrayRef<ExprAttr> sizes, llvm::ArrayRef<int64_t> steps) {
    return SliceOp::create(builder, loc, PlannedType::get(sizes, getElementType(value)), value,
                           toArray(starts), toArray(sizes), steps);
  }

  /// Values that differ in no dim but `dim`, one after the other.
  mlir::Value concat(mlir::ValueRange values, int64_t dim) {
    llvm::SmallVector<ExprAttr> dims(getDims(values.front()));
    for (mlir::Value value : values.drop_front())
      dims[dim] = dims[dim] + getDims(value)[dim];
    return ConcatOp::create(builder, loc, PlannedType::get(dims, getElementType(values.front())),
                            values, dim);
  }

  mlir::Value broadcast(mlir::Value value, llvm::ArrayRef<ExprAttr> dims) {
    return BroadcastOp::create(builder, loc, PlannedType::get(dims, getElementType(value)), value);
  }

  static llvm::ArrayRef<ExprAttr> getDims(mlir::Value value) {
    return llvm::cast<PlannedType>(value.getType()).getDims();
  }
  static mlir::Type getElementType(mlir::Value value) {
    return llvm::cast<PlannedType>(value.getType()).getElementType();
  }

private:
  mlir::ArrayAttr toArray(llvm::ArrayRef<ExprAttr> exprs) {
    return getArrayAttr(builder.getContext(), exprs);
  }

  mlir::OpBuilder &builder;
  mlir::Location loc;
};

} // namespace dlc

#endif
