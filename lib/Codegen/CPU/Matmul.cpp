// Matrix products without packing: a step of the reduction multiplies one broadcast element of each
// row of a tile of the left operand with vectors of a row of the right one. Where the right operand
// is transposed, its vectors are gathered.

#include "../Common/AnchorKernel.h"
#include "../Common/Matrix.h"
#include "EmitKernels.h"

using namespace mlir;
using namespace dlc;

namespace {
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
  if (failed(kernel.getBuffers({{matmul.getLhs(), &lhsBuffer},
                                {matmul.getRhs(), &rhsBuffer},
                                {matmul.getBias(), &biasBuffer}})))
    return failure();
  for (Value argument : b.getSource().getArguments())
    if (getTensor(argument).getLayout())
      return matmul.emitError("expected dense operands, found ") << getTensor(argument);
  return success();
}

/// A vector of neighbouring columns of a row of the right operand.
Value MatmulEmitter::loadRight(Value row, int64_t vector, Value mask) {
  if (!matmul.getTransposeRhs())
    return b.loadVector(b.offset(row, vector * lanes), mask);
  return b.gather(b.offset(row, b.mul(rhs.columnPitch, vector * lanes)),
                  b.laneMultiples(rhs.columnPitch), mask);
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
  std::tie(lhs, rhs) = getMatrices(b, matmul, lhsBuffer, rhsBuffer, product);

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
