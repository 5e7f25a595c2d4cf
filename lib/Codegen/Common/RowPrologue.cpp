#include "RowPrologue.h"
#include "LoopKernel.h"

using namespace mlir;
using namespace dlc;

void RowPrologue::forEachForm(function_ref<void()> body) {
  Value equal = exists() ? emitEquality(b) : Value();
  if (!equal)
    return body();
  b.either(equal, body, [&] {
    evaluator.mayBroadcast = true;
    body();
  });
}

void RowPrologue::enterRow(Value number) {
  if (!exists())
    return;
  ArrayRef<ExprAttr> dims = cast<PlannedType>(value.getType()).getDims().drop_back();
  outer.assign(dims.size(), b.i64(0));
  Value rest = number;
  for (size_t i = dims.size(); i-- != 0;) {
    if (dims[i].getConstant() == 1)
      continue;
    outer[i] = i == 0 ? rest : b.rem(rest, b.size(dims[i]));
    rest = b.div(rest, b.size(dims[i]));
  }
}

Value RowPrologue::evaluate(Value column, Value mask) {
  Site site;
  site.outer = outer;
  site.inner = column;
  site.mask = mask;
  return evaluator.evaluate(value, site);
}
