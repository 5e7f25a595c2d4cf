#include "Matrix.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

static Matrix getMatrix(KernelBuilder &b, Value buffer, bool transpose, bool isVector,
                        ArrayRef<Value> indices) {
  PlannedType type = getTensor(buffer);
  Value one = b.i64(1);
  Matrix matrix = {b.getAddress(buffer), one, one};
  if (isVector)
    return matrix;
  Value width = b.size(type.getDims().back());
  (transpose ? matrix.columnPitch : matrix.rowPitch) = width;
  ArrayRef<ExprAttr> batch = type.getDims().drop_back(2);
  Value position = b.i64(0);
  for (auto [dim, index] : llvm::zip_equal(batch, indices.take_back(batch.size()))) {
    Value size = b.size(dim);
    Value own = b.createOrFold<arith::SelectOp>(b.equal(size, one), b.i64(0), index);
    position = b.add(b.mul(position, size), own);
  }
  Value elements = b.mul(b.size(type.getDim(type.getRank() - 2)), width);
  matrix.base = b.offset(matrix.base, b.mul(position, elements), type.getMemoryType());
  return matrix;
}

std::pair<Matrix, Matrix> dlc::getMatrices(KernelBuilder &b, MatmulOp matmul, Value lhs, Value rhs,
                                           Value product) {
  ArrayRef<ExprAttr> batch = matmul.getBatchDims();
  SmallVector<Value> indices(batch.size());
  for (size_t i = batch.size(); i-- != 0; product = b.div(product, b.size(batch[i])))
    indices[i] = i == 0 ? product : b.rem(product, b.size(batch[i]));
  Matrix left = getMatrix(b, lhs, matmul.getTransposeLhs(), !matmul.getRows(), indices);
  Matrix right = getMatrix(b, rhs, matmul.getTransposeRhs(), !matmul.getColumns(), indices);
  return {left, right};
}
