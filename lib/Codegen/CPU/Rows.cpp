#include "Rows.h"
#include "EmitKernels.h"

using namespace mlir;
using namespace dlc;

void Rows::forEachRow(function_ref<void(Value)> emitRow) {
  int64_t rows = b.getSchedule().getRows();
  Value begin = b.mul(b.getTask(), rows), end = b.min(b.add(begin, rows), count);
  b.loop(begin, end, 1, emitRow);
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

LogicalResult RowInput::match() {
  for (Value argument : b.getSource().getArguments())
    if (getTensor(argument).getLayout())
      return kernel.anchor->emitError("expected dense values, found ") << getTensor(argument);
  buffer = kernel.prologueOutput ? kernel.prologueOutput : kernel.output;
  if (prologue.exists())
    return success();
  FailureOr<Value> read = kernel.getBuffer(kernel.anchor->getOperand(0));
  if (failed(read))
    return failure();
  buffer = *read;
  return success();
}

void RowInput::enterRow(Value row, Value start) {
  prologue.enterRow(row);
  address = b.offset(b.getAddress(buffer), start);
}

Value RowInput::loadFirst(Value place, Value mask) {
  if (!prologue.exists())
    return load(place, mask);
  Value value = prologue.evaluate(place, mask);
  b.store(value, b.offset(address, place), mask);
  return value;
}

Value RowInput::load(Value place, Value mask) {
  return b.loadVector(b.offset(address, place), mask);
}

LogicalResult dlc::emitRows(KernelBuilder &b) {
  bool isNorm = !b.getSource().getOps<LayerNormOp>().empty();
  return isNorm ? emitLayerNorm(b) : emitSoftmax(b);
}
