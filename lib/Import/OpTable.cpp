// Names, types and ranges of the rows are those of the operator specification (Operators.md of
// ONNX).

#include "OpTable.h"

#include "dlc/Import/OnnxImporter.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace dlc;

ArrayRef<OpFamily> dlc::getOpTable() {
  static const OpFamily families[] = {
      {"Activations", "kernel", getActivationRows()},
      {"Attention", "kernel or library", getAttentionRows()},
      {"CausalConvolution", "decomposition", getCausalConvolutionRows()},
      {"Constants", "folded", getConstantRows()},
      {"ControlFlow", "host program", getControlFlowRows()},
      {"Convolution", "kernel", getConvolutionRows()},
      {"Elementwise", "kernel", getElementwiseRows()},
      {"LibraryCalls", "library", getLibraryCallRows()},
      {"Losses", "decomposition", getLossRows()},
      {"MachineLearning", "decomposition", getMachineLearningRows()},
      {"MatrixProduct", "kernel", getMatrixProductRows()},
      {"Movement", "view, kernel or library", getMovementRows()},
      {"Normalization", "kernel", getNormalizationRows()},
      {"Pooling", "kernel", getPoolingRows()},
      {"Quantization", "decomposition", getQuantizationRows()},
      {"Random", "library", getRandomRows()},
      {"Rearrangement", "decomposition", getRearrangementRows()},
      {"Recurrence", "kernel", getRecurrenceRows()},
      {"Reduction", "kernel", getReductionRows()},
      {"Resize", "kernel", getResizeRows()},
      {"Sequences", "library", getSequenceRows()},
      {"Signals", "library", getSignalRows()},
      {"Standardization", "decomposition", getStandardizationRows()},
      {"Strings", "library", getStringRows()},
      {"Training", "decomposition", getTrainingRows()},
  };
  return families;
}

SmallVector<const OpRow *> dlc::findOp(StringRef domain, StringRef op) {
  SmallVector<const OpRow *> found;
  for (const OpFamily &family : getOpTable())
    for (const OpRow &row : family.rows)
      if (row.domain == domain && row.op == op)
        found.push_back(&row);
  return found;
}

bool dlc::isKnownDomain(StringRef domain) {
  return llvm::any_of(getOpTable(), [&](const OpFamily &family) {
    return llvm::any_of(family.rows, [&](const OpRow &row) { return row.domain == domain; });
  });
}

void dlc::printOperators(llvm::raw_ostream &os) {
  for (const OpFamily &family : getOpTable())
    for (const OpRow &row : family.rows)
      os << (row.domain.empty() ? "ai.onnx" : row.domain) << ' ' << row.op << ' ' << row.firstOpset
         << ' ' << row.lastOpset << ' ' << family.file << ' ' << family.route << '\n';
}
