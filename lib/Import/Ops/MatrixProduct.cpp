// MatMul, Gemm.

#include "OpTable.h"

using namespace mlir;
using namespace dlc;

/// The second factor's shape. Failure without an error where it is unknown since an earlier node
/// failed.
static FailureOr<SmallVector<int64_t>> getMatrix(OnnxNode &node) {
  Value matrix = node.getInput(1);
  if (isStandIn(matrix))
    return failure();
  if (!isConstant(matrix))
    return node.emitError()
           << "an input 'B' that is not constant is not supported yet, only an initializer";
  SmallVector<int64_t> shape = *cast<PlannedType>(matrix.getType()).getStaticShape();
  if (shape.size() != 2)
    return node.emitError() << "an input 'B' of rank " << shape.size()
                            << " is not supported yet, only rank 2";
  return shape;
}

LogicalResult dlc::importMatMul(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  auto type = cast<PlannedType>(node.getInput(0).getType());
  if (type.hasRank() && type.getRank() < 2) {
    node.emitError() << "an input 'A' of rank " << type.getRank()
                     << " is not supported yet, only rank 2 and more";
    good = false;
  }
  if (failed(getMatrix(node)) || !good)
    return failure();
  return node.createOp<MatmulOp>(Builder(node.getContext()).getF32Type(), node.getInput(0),
                                 node.getInput(1), Value(), /*transpose_rhs=*/false);
}

/// Checks that C broadcasts to rows x columns, as far as both are known.
static LogicalResult checkAddend(OnnxNode &node, PlannedType addend, ExprAttr rows,
                                 int64_t columns) {
  if (!addend.hasRank())
    return success();
  auto fits = [](ExprAttr dim, ExprAttr target) {
    std::optional<int64_t> size = dim.getConstant();
    return !size || *size == 1 || !target || !target.getConstant() ||
           *size == *target.getConstant();
  };
  ArrayRef<ExprAttr> dims = addend.getDims();
  ExprAttr width = ExprAttr::constant(node.getContext(), columns);
  if (dims.size() <= 2 && (dims.empty() || fits(dims.back(), width)) &&
      (dims.size() < 2 || fits(dims.front(), rows)))
    return success();
  return node.emitError() << "expected input 'C' to broadcast to "
                          << (rows ? rows.str() : "the rows of 'A'") << " x " << columns
                          << ", found " << addend;
}

/// Checks A; the number of its rows, null where it is not known yet.
static FailureOr<ExprAttr> getRows(OnnxNode &node) {
  auto type = cast<PlannedType>(node.getInput(0).getType());
  if (!type.hasRank())
    return ExprAttr();
  if (type.getRank() != 2)
    return node.emitError() << "expected input 'A' of rank 2, found " << type;
  return type.getDim(0);
}

/// alpha * A * B + beta * C. A bias of the product itself only where nothing is multiplied.
static LogicalResult createGemm(OnnxNode &node, bool transposeB, int64_t columns) {
  Type f32 = Builder(node.getContext()).getF32Type();
  float alpha = node.getFloat("alpha", 1), beta = node.getFloat("beta", 1);
  Value addend = node.getInput(2), bias;
  if (addend && alpha == 1 && beta == 1 && isConstant(addend) &&
      cast<PlannedType>(addend.getType()).getStaticShape() == SmallVector<int64_t>{columns})
    std::swap(addend, bias);

  if (failed(node.createOp<MatmulOp>(f32, node.getInput(0), node.getInput(1), bias, transposeB)))
    return failure();
  Value product = node.results.front();
  auto scale = [&](Value &value, float factor) -> LogicalResult {
    if (factor == 1)
      return success();
    if (failed(node.createOp<MulOp>(f32, value, node.createScalar(factor))))
      return failure();
    value = node.results.front();
    return success();
  };
  if (failed(scale(product, alpha)))
    return failure();
  if (!addend)
    return success();
  if (failed(scale(addend, beta)))
    return failure();
  return node.createOp<AddOp>(f32, product, addend);
}

LogicalResult dlc::importGemm(OnnxNode &node) {
  bool good = succeeded(node.requireF32());
  FailureOr<bool> transposeA = node.getFlag("transA", false);
  FailureOr<bool> transposeB = node.getFlag("transB", false);
  if (succeeded(transposeA) && *transposeA) {
    node.emitError() << "transA 1 is not supported yet, only 0";
    good = false;
  }
  FailureOr<SmallVector<int64_t>> matrix = getMatrix(node);
  if (!good || failed(transposeA) || failed(transposeB) || failed(matrix))
    return failure();
  int64_t columns = (*matrix)[*transposeB ? 0 : 1];
  FailureOr<ExprAttr> rows = getRows(node);
  if (failed(rows))
    return failure();
  if (Value addend = node.getInput(2))
    if (failed(checkAddend(node, cast<PlannedType>(addend.getType()), *rows, columns)))
      return failure();
  return createGemm(node, *transposeB, columns);
}
