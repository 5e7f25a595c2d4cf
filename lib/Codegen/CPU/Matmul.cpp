// Matrix products without packing: a step of the reduction multiplies one broadcast element of each
// row of a tile of the left operand with vectors of a row of the right one. Where the right operand
// is transposed, its vectors are gathered.

#include "Matmul.h"
#include "../Common/AnchorKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

namespace {
/// One of the matrices that a product multiplies.
struct Matrix {
  Value base; ///< the address of its first element
  Value rowPitch, columnPitch;
  bool isTransposed;
};

/// Vectors of columns: `count` of them, the only one masked where some of its columns do not exist.
struct Columns {
  Value begin;
  int64_t count;
  Value mask;
};

class MatmulEmitter {
public:
  MatmulEmitter(KernelBuilder &b, AnchorKernel &kernel)
      : b(b), kernel(kernel), matmul(cast<MatmulOp>(kernel.anchor)), lanes(b.getLanes()) {}

  LogicalResult match();
  void emit();

private:
  Matrix getMatrix(Value buffer, bool transpose, bool isVector, ArrayRef<Value> indices);
  Value loadRight(Value row, int64_t vector, Value mask);
  void emitTile(Value row, int64_t height, const Columns &columns);
  void storeTile(Value row, int64_t height, const Columns &columns, ValueRange sums);

  KernelBuilder &b;
  AnchorKernel &kernel;
  MatmulOp matmul;
  int64_t lanes;
  Value lhsBuffer, rhsBuffer, biasBuffer;
  Value numRows, numColumns, inner;
  Matrix lhs, rhs;
  Value firstResult; ///< where the task's product begins in the result
};
} // namespace

LogicalResult MatmulEmitter::match() {
  FailureOr<Value> left = kernel.getBuffer(matmul.getLhs());
  FailureOr<Value> right = kernel.getBuffer(matmul.getRhs());
  FailureOr<Value> bias = kernel.getBuffer(matmul.getBias());
  if (failed(left) || failed(right) || failed(bias))
    return failure();
  lhsBuffer = *left, rhsBuffer = *right, biasBuffer = *bias;
  for (Value argument : b.getSource().getArguments())
    if (getTensor(argument).getLayout())
      return matmul.emitError("expected dense operands, found ") << getTensor(argument);
  return success();
}

/// The matrix of an operand for the product at `indices`, which has them for all batch dims of the
/// result; an operand's own ones of size 1 are repeated.
Matrix MatmulEmitter::getMatrix(Value buffer, bool transpose, bool isVector,
                                ArrayRef<Value> indices) {
  PlannedType type = getTensor(buffer);
  Value one = b.i64(1);
  Matrix matrix = {b.getAddress(buffer), one, one, transpose};
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
  matrix.base = b.offset(matrix.base, b.mul(position, elements));
  return matrix;
}

/// A vector of neighbouring columns of a row of the right operand.
Value MatmulEmitter::loadRight(Value row, int64_t vector, Value mask) {
  if (!rhs.isTransposed)
    return b.loadVector(b.offset(row, vector * lanes), mask);
  auto type = VectorType::get(lanes, b.getI64Type());
  Value numbers = arith::ExtSIOp::create(b, type, b.laneNumbers());
  Value places = arith::MulIOp::create(b, numbers, b.splat(rhs.columnPitch));
  return b.gather(b.offset(row, b.mul(rhs.columnPitch, vector * lanes)), places, mask);
}

/// sums[row * columns.count + vector]
void MatmulEmitter::emitTile(Value row, int64_t height, const Columns &columns) {
  SmallVector<Value> inits;
  for (int64_t i = 0; i != height; ++i)
    for (int64_t vector = 0; vector != columns.count; ++vector)
      inits.push_back(biasBuffer
                          ? b.loadVector(b.offset(b.offset(b.getAddress(biasBuffer), columns.begin),
                                                  vector * lanes),
                                         columns.mask)
                          : b.splat(0.0f));
  SmallVector<Value> rows;
  for (int64_t i = 0; i != height; ++i)
    rows.push_back(b.offset(lhs.base, b.mul(b.add(row, i), lhs.rowPitch)));
  Value right = b.offset(rhs.base, b.mul(columns.begin, rhs.columnPitch));
  using Carried = KernelBuilder::Carried;
  Carried sums = b.loop(b.i64(0), inner, 1, inits, [&](Value k, ValueRange carried) {
    Carried next;
    SmallVector<Value> factors;
    Value rightRow = b.offset(right, b.mul(k, rhs.rowPitch));
    for (int64_t vector = 0; vector != columns.count; ++vector)
      factors.push_back(loadRight(rightRow, vector, columns.mask));
    Value place = b.mul(k, lhs.columnPitch);
    for (Value left : rows) {
      Value element = b.splat(b.loadScalar(b.offset(left, place)));
      for (Value factor : factors)
        next.push_back(b.fma(element, factor, carried[next.size()]));
    }
    return next;
  });
  storeTile(row, height, columns, sums);
}

void MatmulEmitter::storeTile(Value row, int64_t height, const Columns &columns, ValueRange sums) {
  for (int64_t i = 0; i != height; ++i) {
    Value start = b.add(b.mul(b.add(row, i), numColumns), columns.begin);
    start = b.add(firstResult, start);
    for (int64_t vector = 0; vector != columns.count; ++vector) {
      auto place = [&](Value buffer) {
        return b.offset(b.offset(b.getAddress(buffer), start), vector * lanes);
      };
      Value value = kernel.emitEpilogue(b, sums[i * columns.count + vector], [&](size_t index) {
        Value buffer = kernel.operands[index].getDefiningOp<ReadOp>().getBuffer();
        return b.loadVector(place(buffer), columns.mask);
      });
      b.store(value, place(kernel.output), columns.mask);
    }
  }
}

void MatmulEmitter::emit() {
  ScheduleAttr schedule = b.getSchedule();
  int64_t bandRows = schedule.getRows(), panelColumns = schedule.getChannels();
  numRows = matmul.getRows() ? b.size(matmul.getRows()) : b.i64(1);
  numColumns = matmul.getColumns() ? b.size(matmul.getColumns()) : b.i64(1);
  inner = b.size(matmul.getInnerDim());
  Value bands = b.ceilDiv(numRows, bandRows), panels = b.ceilDiv(numColumns, panelColumns);
  Value rest = b.div(b.getTask(), bands), product = b.div(rest, panels);
  Value firstRow = b.mul(b.rem(b.getTask(), bands), bandRows);
  Value firstColumn = b.mul(b.rem(rest, panels), panelColumns);
  firstResult = b.mul(product, b.mul(numRows, numColumns));

  ArrayRef<ExprAttr> batch = matmul.getBatchDims();
  SmallVector<Value> indices(batch.size());
  for (size_t i = batch.size(); i-- != 0; product = b.div(product, b.size(batch[i])))
    indices[i] = i == 0 ? product : b.rem(product, b.size(batch[i]));
  lhs = getMatrix(lhsBuffer, matmul.getTransposeLhs(), !matmul.getRows(), indices);
  rhs = getMatrix(rhsBuffer, matmul.getTransposeRhs(), !matmul.getColumns(), indices);

  auto emitRows = [&](const Columns &columns) {
    Value rows = b.min(b.sub(numRows, firstRow), b.i64(bandRows));
    b.loopOverTiles(rows, schedule.getPixels(), [&](Value row, int64_t height) {
      emitTile(b.add(firstRow, row), height, columns);
    });
  };
  Value columns = b.min(b.sub(numColumns, firstColumn), b.i64(panelColumns));
  SmallVector<int64_t> widths = {panelColumns};
  if (panelColumns != lanes)
    widths.push_back(lanes);
  Value end = b.loopOverTiles(columns, widths, [&](Value column, int64_t width) {
    emitRows({b.add(firstColumn, column), width / lanes, Value()});
  });
  b.loop(end, columns, lanes, [&](Value column) {
    emitRows({b.add(firstColumn, column), 1, b.laneMask(b.sub(columns, column))});
  });
}

LogicalResult dlc::emitMatmul(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, [](Operation *op) { return isa<MatmulOp>(op); })))
    return failure();
  MatmulEmitter emitter(b, kernel);
  if (failed(emitter.match()))
    return failure();
  emitter.emit();
  return success();
}
