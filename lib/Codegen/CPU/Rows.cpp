#include "Rows.h"

using namespace mlir;
using namespace dlc;

Value dlc::getProduct(KernelBuilder &b, ArrayRef<ExprAttr> dims) {
  Value product = b.i64(1);
  for (ExprAttr dim : dims)
    product = b.mul(product, b.size(dim));
  return product;
}

void Rows::forEachRow(function_ref<void(Value)> emitRow) {
  int64_t rows = b.getSchedule().getRows();
  Value begin = b.mul(b.getTask(), rows), end = b.min(b.add(begin, rows), count);
  b.loop(begin, end, 1, [&](Value row) { emitRow(b.mul(row, length)); });
}

Value Rows::forEachVector(Value init, EmitStep emit) {
  int64_t lanes = b.getLanes();
  Value whole = b.mul(b.div(length, b.i64(lanes)), lanes);
  using Carried = KernelBuilder::Carried;
  Carried sums = b.loop(b.i64(0), whole, lanes, init, [&](Value i, ValueRange carried) {
    return Carried{emit(i, Value(), carried[0])};
  });
  return b.loop(whole, length, lanes, sums, [&](Value i, ValueRange carried) {
    return Carried{emit(i, b.laneMask(b.sub(length, i)), carried[0])};
  })[0];
}

LogicalResult dlc::emitRows(KernelBuilder &b) {
  bool isNorm = !b.getSource().getOps<LayerNormOp>().empty();
  return isNorm ? emitLayerNorm(b) : emitSoftmax(b);
}
