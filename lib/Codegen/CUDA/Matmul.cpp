// Products of matrices that lie row by row, in batches.

#include "TileProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
/// One of the matrices that a product multiplies; `outerPitch` is from row to row of the left one,
/// from column to column of the right one.
struct Matrix {
  Value base, outerPitch, innerPitch;
};

class DenseProduct : public TileProduct {
public:
  DenseProduct(KernelBuilder &b, AnchorKernel &kernel)
      : TileProduct(b, kernel), matmul(cast<MatmulOp>(kernel.anchor)) {}

  LogicalResult match();

protected:
  void begin() override;
  KernelBuilder::Carried prepareLeft(Value row) override {
    return prepare(lhs, b.add(firstRow, threads.wide(row)), numRows);
  }
  Value loadLeft(ValueRange prepared, Value k, Value own) override {
    return load(lhs, prepared, k);
  }
  KernelBuilder::Carried prepareRight(Value column) override {
    return prepare(rhs, b.add(firstColumn, threads.wide(column)), numColumns);
  }
  Value loadRight(ValueRange prepared, Value k) override { return load(rhs, prepared, k); }
  Value loadBias(Value column) override;
  void storeSums(Value row, Value column, Value sums) override;

private:
  Matrix getMatrix(Value buffer, bool isInnerLast, bool isVector, ArrayRef<Value> indices);
  Value isBelow(Value number, Value count) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, count);
  }
  KernelBuilder::Carried prepare(const Matrix &matrix, Value number, Value count) {
    return {b.mul(number, matrix.outerPitch), isBelow(number, count)};
  }
  Value load(const Matrix &matrix, ValueRange prepared, Value k) {
    Value place = b.add(prepared[0], b.mul(threads.wide(k), matrix.innerPitch));
    return loadIf(b.both(prepared[1], threads.less(k, inner)), matrix.base, place);
  }

  MatmulOp matmul;
  Value lhsBuffer, rhsBuffer, biasBuffer;
  Value numRows, numColumns, firstRow, firstColumn, firstResult;
  Matrix lhs, rhs;
};
} // namespace

LogicalResult DenseProduct::match() {
  for (auto [operand, buffer] : {std::pair<Value, Value *>{matmul.getLhs(), &lhsBuffer},
                                 {matmul.getRhs(), &rhsBuffer},
                                 {matmul.getBias(), &biasBuffer}}) {
    FailureOr<Value> found = kernel.getBuffer(operand);
    if (failed(found))
      return failure();
    *buffer = *found;
  }
  return success();
}

/// The matrix of an operand for the product at `indices`, which has them for all batch dims of the
/// result; an operand's own ones of size 1 are repeated.
Matrix DenseProduct::getMatrix(Value buffer, bool isInnerLast, bool isVector,
                               ArrayRef<Value> indices) {
  PlannedType type = getTensor(buffer);
  Value one = b.i64(1);
  Matrix matrix = {b.getAddress(buffer), one, one};
  if (isVector)
    return matrix;
  Value width = b.size(type.getDims().back());
  (isInnerLast ? matrix.outerPitch : matrix.innerPitch) = width;
  ArrayRef<ExprAttr> batch = type.getDims().drop_back(2);
  Value position = b.i64(0);
  for (auto [dim, index] : llvm::zip_equal(batch, indices.take_back(batch.size()))) {
    Value size = b.size(dim);
    Value own = b.createOrFold<arith::SelectOp>(b.equal(size, one), b.i64(0), index);
    position = b.add(b.mul(position, size), own);
  }
  Value elements = b.mul(b.size(type.getDim(type.getRank() - 2)), width);
  matrix.base = b.offset(matrix.base, b.mul(position, elements));
  return matrix;
}

void DenseProduct::begin() {
  numRows = matmul.getRows() ? b.size(matmul.getRows()) : b.i64(1);
  numColumns = matmul.getColumns() ? b.size(matmul.getColumns()) : b.i64(1);
  inner = arith::TruncIOp::create(b, b.getI32Type(), b.size(matmul.getInnerDim()));
  Value rowTiles = b.ceilDiv(numRows, tileRows), columnTiles = b.ceilDiv(numColumns, tileColumns);
  Value rest = b.div(tile, columnTiles), product = b.div(rest, rowTiles);
  firstColumn = b.mul(b.rem(tile, columnTiles), tileColumns);
  firstRow = b.mul(b.rem(rest, rowTiles), tileRows);
  firstResult = b.mul(product, b.mul(numRows, numColumns));
  ArrayRef<ExprAttr> batch = matmul.getBatchDims();
  SmallVector<Value> indices(batch.size());
  for (size_t i = batch.size(); i-- != 0; product = b.div(product, b.size(batch[i])))
    indices[i] = i == 0 ? product : b.rem(product, b.size(batch[i]));
  bool leftInnerLast = !matmul.getTransposeLhs(), rightInnerLast = matmul.getTransposeRhs();
  lhs = getMatrix(lhsBuffer, leftInnerLast, !matmul.getRows(), indices);
  rhs = getMatrix(rhsBuffer, rightInnerLast, !matmul.getColumns(), indices);
  leftOrder = leftInnerLast ? Order::alongInner : Order::alongOuter;
  rightOrder = rightInnerLast ? Order::alongInner : Order::alongOuter;
  columnsFirst = true;
}

Value DenseProduct::loadBias(Value column) {
  if (!biasBuffer)
    return b.splat(0.0f);
  SmallVector<Value> lanes;
  for (int64_t lane = 0; lane != threadColumns; ++lane) {
    Value own = b.add(b.add(firstColumn, threads.wide(column)), lane);
    lanes.push_back(loadIf(isBelow(own, numColumns), b.getAddress(biasBuffer), own));
  }
  return vector::FromElementsOp::create(b, b.getVectorType(), lanes);
}

void DenseProduct::storeSums(Value row, Value column, Value sums) {
  Value number = b.add(firstRow, threads.wide(row));
  b.onlyIf(isBelow(number, numRows), [&] {
    Value first = b.add(firstColumn, threads.wide(column));
    Value place = b.add(firstResult, b.add(b.mul(number, numColumns), first));
    SmallVector<Value> exist;
    for (int64_t lane = 0; lane != threadColumns; ++lane)
      exist.push_back(isBelow(b.add(first, lane), numColumns));
    Value results = kernel.emitEpilogue(b, sums, [&](size_t index) -> Value {
      SmallVector<Value> lanes;
      for (auto [lane, exists] : llvm::enumerate(exist))
        lanes.push_back(
            loadIf(exists, getOperand(index), b.add(place, static_cast<int64_t>(lane))));
      return vector::FromElementsOp::create(b, b.getVectorType(), lanes);
    });
    for (auto [lane, exists] : llvm::enumerate(exist))
      b.onlyIf(exists, [&, lane = static_cast<int64_t>(lane)] {
        Value result = vector::ExtractOp::create(b, results, lane);
        b.store(result, b.offset(b.getAddress(kernel.output), b.add(place, lane)));
      });
  });
}

LogicalResult dlc::emitCudaMatmul(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, llvm::IsaPred<MatmulOp>)))
    return failure();
  DenseProduct product(b, kernel);
  if (failed(product.match()))
    return failure();
  product.emit();
  return success();
}
