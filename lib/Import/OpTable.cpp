// Names, types and ranges of the rows are those of the operator specification (Operators.md of
// ONNX).

#include "OpTable.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace dlc;

ArrayRef<ArrayRef<OpRow>> dlc::getOpTable() {
  static const ArrayRef<OpRow> families[] = {
      getActivationRows(),    getConstantRows(),    getControlFlowRows(),   getConvolutionRows(),
      getElementwiseRows(),   getLibraryCallRows(), getMatrixProductRows(), getMovementRows(),
      getNormalizationRows(), getReductionRows(),   getResizeRows(),        getSequenceRows(),
      getStringRows(),
  };
  return families;
}

SmallVector<const OpRow *> dlc::findOp(StringRef domain, StringRef op) {
  SmallVector<const OpRow *> found;
  for (ArrayRef<OpRow> family : getOpTable())
    for (const OpRow &row : family)
      if (row.domain == domain && row.op == op)
        found.push_back(&row);
  return found;
}

bool dlc::isKnownDomain(StringRef domain) {
  return llvm::any_of(getOpTable(), [&](ArrayRef<OpRow> family) {
    return llvm::any_of(family, [&](const OpRow &row) { return row.domain == domain; });
  });
}
