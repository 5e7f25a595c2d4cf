// Short names for the ops that decompositions are made of.
#ifndef DLC_IMPORT_OPS_PIECES_H
#define DLC_IMPORT_OPS_PIECES_H

#include "OnnxNode.h"

namespace dlc {

/// Makes pieces of a node's decomposition, of unknown shape; an arithmetic piece has the element
/// type of its first operand.
class Pieces {
public:
  explicit Pieces(OnnxNode &node) : node(node), builder(node.getBuilder()) {}

  //===-- Elements --===//

  mlir::Value add(mlir::Value lhs, mlir::Value rhs) { return node.createLike<AddOp>(lhs, rhs); }
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs) { return node.createLike<SubOp>(lhs, rhs); }
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs) { return node.createLike<MulOp>(lhs, rhs); }
  mlir::Value div(mlir::Value lhs, mlir::Value rhs) { return node.createLike<DivOp>(lhs, rhs); }
  mlir::Value maximum(mlir::Value lhs, mlir::Value rhs) { return node.createLike<MaxOp>(lhs, rhs); }
  mlir::Value minimum(mlir::Value lhs, mlir::Value rhs) { return node.createLike<MinOp>(lhs, rhs); }
  mlir::Value square(mlir::Value value) { return mul(value, value); }
  mlir::Value sqrt(mlir::Value value) { return node.createLike<SqrtOp>(value); }
  mlir::Value cos(mlir::Value value) { return node.createLike<CosOp>(value); }
  mlir::Value neg(mlir::Value value) { return node.createLike<NegOp>(value); }
  mlir::Value equal(mlir::Value lhs, mlir::Value rhs) {
    return node.createComparison<EqualOp>(lhs, rhs);
  }
  mlir::Value less(mlir::Value lhs, mlir::Value rhs) {
    return node.createComparison<LessOp>(lhs, rhs);
  }
  mlir::Value select(mlir::Value condition, mlir::Value lhs, mlir::Value rhs) {
    return node.createSelect(condition, lhs, rhs);
  }
  /// A constant of rank 0 of the element type of `like`.
  mlir::Value number(mlir::Value like, double value) { return node.createScalarLike(like, value); }
  mlir::Value cast(mlir::Value value, mlir::Type elementType) {
    return getElement(value) == elementType ? value : node.createCast(value, elementType);
  }
  mlir::Type getElement(mlir::Value value) const {
    return llvm::cast<PlannedType>(value.getType()).getElementType();
  }

  //===-- Reductions --===//

  /// Over these axes; all without any.
  mlir::Value reduce(ReduceKind kind, mlir::Value value, llvm::ArrayRef<int64_t> axes,
                     bool keepDims) {
    mlir::DenseI64ArrayAttr attr;
    if (!axes.empty())
      attr = builder.getDenseI64ArrayAttr(axes);
    return ReduceOp::create(builder, node.getLoc(), PlannedType::getUnranked(getElement(value)),
                            kind, value, attr, keepDims);
  }
  mlir::Value mean(mlir::Value value, llvm::ArrayRef<int64_t> axes) {
    return reduce(ReduceKind::mean, value, axes, /*keepDims=*/true);
  }

  //===-- Shapes --===//

  mlir::Value ints(llvm::ArrayRef<int64_t> values) { return node.createInts(values); }
  /// The dims from `start` to `end`, or to the last.
  mlir::Value shape(mlir::Value value, int64_t start = 0,
                    std::optional<int64_t> end = std::nullopt) {
    return node.createShape(value, start, end);
  }
  mlir::Value concat(llvm::ArrayRef<mlir::Value> values, int64_t axis = 0) {
    return ConcatOp::create(builder, node.getLoc(),
                            PlannedType::getUnranked(getElement(values.front())), values,
                            static_cast<uint64_t>(axis));
  }
  /// As the operator: a size of 0 keeps a dim.
  /// To sizes of the run, where 0 is 0.
  mlir::Value reshape(mlir::Value value, mlir::Value sizes) {
    return node.createLike<ReshapeOp>(value, sizes, /*allow_zero=*/true);
  }
  /// 0 stands for the value's own dim.
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape) {
    return node.createLike<ReshapeOp>(value, ints(shape), /*allow_zero=*/false);
  }
  mlir::Value reshapeLike(mlir::Value value, mlir::Value like) {
    return node.createReshape(value, shape(like));
  }
  mlir::Value squeeze(mlir::Value value, llvm::ArrayRef<int64_t> axes) {
    return node.createLike<SqueezeOp>(value, ints(axes));
  }
  mlir::Value unsqueeze(mlir::Value value, llvm::ArrayRef<int64_t> axes) {
    return node.createLike<UnsqueezeOp>(value, ints(axes));
  }

  //===-- Movement --===//

  mlir::Value transpose(mlir::Value value, llvm::ArrayRef<int64_t> permutation) {
    return node.createLike<TransposeOp>(value, permutation);
  }
  mlir::Value gather(mlir::Value value, mlir::Value indices, int64_t axis) {
    return node.createLike<GatherOp>(value, indices, static_cast<uint64_t>(axis));
  }
  /// Null axes: the first ones.
  mlir::Value slice(mlir::Value value, mlir::Value starts, mlir::Value ends, mlir::Value axes) {
    return node.createLike<DynamicSliceOp>(value, starts, ends, axes, /*steps=*/mlir::Value());
  }
  /// 0, 1, ... below a number of rank 0, in its element type.
  mlir::Value range(mlir::Value count) {
    return RangeOp::create(builder, node.getLoc(), PlannedType::getUnranked(getElement(count)),
                           number(count, 0), count, number(count, 1));
  }
  /// Zeros around the input.
  mlir::Value pad(mlir::Value value, mlir::Value pads, mlir::Value axes) {
    return DynamicPadOp::create(builder, node.getLoc(), PlannedType::getUnranked(getElement(value)),
                                PadMode::constant, value, pads, /*value=*/mlir::Value(), axes);
  }

  //===-- Library --===//

  /// A call of one result, a tensor of numbers.
  mlir::Value call(llvm::StringRef callee, mlir::ValueRange operands, mlir::Type elementType,
                   llvm::ArrayRef<mlir::NamedAttribute> parameters = {}) {
    OnnxType type{OnnxType::tensor, getDataType(elementType)};
    return node.createCall(callee, operands, parameters, type).front();
  }
  mlir::NamedAttribute parameter(llvm::StringRef name, int64_t value) {
    return builder.getNamedAttr(name, builder.getI64IntegerAttr(value));
  }
  mlir::NamedAttribute parameter(llvm::StringRef name, float value) {
    return builder.getNamedAttr(name, builder.getF32FloatAttr(value));
  }

  /// The seed of random numbers: an attribute, or else the name of the node's output, so that a
  /// model compiles to the same artifact every time.
  mlir::NamedAttribute makeSeed();

  OnnxNode &node;
  mlir::OpBuilder &builder;
};

} // namespace dlc

#endif
