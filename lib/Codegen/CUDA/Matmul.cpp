// Products of matrices that lie row by row, in batches.

#include "../Common/Matrix.h"
#include "TileProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
/// A matrix with the pitch of its rows (the left one) or columns, and of what is summed over.
struct Factor {
  Value base, outerPitch, innerPitch;
  Type type; ///< of elements
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
  void storeSums(Value row, Value column, Value sums, ValueRange) override;

private:
  Value isBelow(Value number, Value count) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, count);
  }
  KernelBuilder::Carried prepare(const Factor &matrix, Value number, Value count) {
    return {b.mul(number, matrix.outerPitch), isBelow(number, count)};
  }
  Value load(const Factor &matrix, ValueRange prepared, Value k) {
    Value place = b.add(prepared[0], b.mul(threads.wide(k), matrix.innerPitch));
    return loadIf(b.both(prepared[1], threads.less(k, inner)), matrix.base, place, matrix.type);
  }

  MatmulOp matmul;
  Value lhsBuffer, rhsBuffer, biasBuffer;
  Value numRows, numColumns, firstRow, firstColumn, firstResult;
  Factor lhs, rhs;
};
} // namespace

LogicalResult DenseProduct::match() {
  return kernel.getBuffers({{matmul.getLhs(), &lhsBuffer},
                            {matmul.getRhs(), &rhsBuffer},
                            {matmul.getBias(), &biasBuffer}});
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
  auto [left, right] = getMatrices(b, matmul, lhsBuffer, rhsBuffer, product);
  lhs = {left.base, left.rowPitch, left.columnPitch, getTensor(lhsBuffer).getMemoryType()};
  rhs = {right.base, right.columnPitch, right.rowPitch, getTensor(rhsBuffer).getMemoryType()};
  leftOrder = matmul.getTransposeLhs() ? Order::alongOuter : Order::alongInner;
  rightOrder = matmul.getTransposeRhs() ? Order::alongInner : Order::alongOuter;
  columnsFirst = true;
}

Value DenseProduct::loadBias(Value column) {
  if (!biasBuffer)
    return b.splat(0.0f);
  SmallVector<Value> lanes;
  for (int64_t lane = 0; lane != threadColumns; ++lane) {
    Value own = b.add(b.add(firstColumn, threads.wide(column)), lane);
    lanes.push_back(loadIf(isBelow(own, numColumns), b.getAddress(biasBuffer), own,
                           getTensor(biasBuffer).getMemoryType()));
  }
  return vector::FromElementsOp::create(b, b.getVectorType(), lanes);
}

void DenseProduct::storeSums(Value row, Value column, Value sums, ValueRange) {
  Value number = b.add(firstRow, threads.wide(row));
  int64_t lanes = cast<VectorType>(sums.getType()).getNumElements();
  Type type = getTensor(kernel.output).getMemoryType();
  for (int64_t lane = 0; lane != lanes; ++lane) {
    Value own = b.add(b.add(firstColumn, threads.wide(column)), lane);
    Value place = b.add(firstResult, b.add(b.mul(number, numColumns), own));
    b.onlyIf(b.both(isBelow(number, numRows), isBelow(own, numColumns)), [&] {
      Value sum = vector::ExtractOp::create(b, sums, lane);
      Value value = kernel.emitEpilogue(b, sum, [&](size_t index) {
        Value buffer = getOperand(index);
        Type type = getTensor(buffer).getMemoryType();
        return b.loadElement(b.offset(b.getAddress(buffer), place, type), type);
      });
      b.storeElement(value, b.offset(b.getAddress(kernel.output), place, type), type);
    });
  }
}

LogicalResult dlc::emitCudaMatmul(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, llvm::IsaPred<MatmulOp>)))
    return failure();
  DenseProduct product(b, kernel);
  if (failed(product.match()))
    return failure();
  return product.emit();
}
