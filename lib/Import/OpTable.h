// Which ONNX operators dlc knows: one row for each (domain, op, opset range).
#ifndef DLC_IMPORT_OPTABLE_H
#define DLC_IMPORT_OPTABLE_H

#include "OnnxNode.h"

namespace dlc {

/// Opsets of the default domain that the table speaks of.
inline constexpr int64_t oldestOpset = 1, newestOpset = 28;

struct InputRow {
  llvm::StringLiteral name;
  bool required = true;
};

struct AttributeRow {
  llvm::StringLiteral name;
  int type; // onnx::AttributeProto::AttributeType
};

struct OpRow {
  static constexpr size_t anyOutputs = ~size_t(0);
  /// What few rows have.
  struct Extra {
    size_t outputs = 1;          // how many of them are made
    bool variadicInputs = false; // the last input stands for any number
    bool handles = false;        // inputs may be handles: the import function checks them
    uint32_t strings = 0;        // inputs, a bit for each, that may all be tensors of strings
  };

  llvm::StringLiteral domain, op;
  int64_t firstOpset, lastOpset;
  llvm::ArrayRef<InputRow> inputs;
  llvm::ArrayRef<AttributeRow> attributes;
  /// Makes the dialect's ops for a node whose number of inputs and whose attributes fit the row,
  /// with all defaults filled in. Emits what is wrong with the node.
  /// Null: control flow, which ModelImporter imports.
  mlir::LogicalResult (*import)(OnnxNode &node);
  /// Those after the first output. A node that names one that is not made does not fit the row.
  llvm::ArrayRef<llvm::StringLiteral> optionalOutputs = {};
  Extra extra = {};
};

/// The rows of each family stand behind its builders, in one file of Ops.
llvm::ArrayRef<OpRow> getActivationRows();
llvm::ArrayRef<OpRow> getAttentionRows();
llvm::ArrayRef<OpRow> getCausalConvolutionRows();
llvm::ArrayRef<OpRow> getConstantRows();
llvm::ArrayRef<OpRow> getControlFlowRows();
llvm::ArrayRef<OpRow> getConvolutionRows();
llvm::ArrayRef<OpRow> getElementwiseRows();
llvm::ArrayRef<OpRow> getLibraryCallRows();
llvm::ArrayRef<OpRow> getLossRows();
llvm::ArrayRef<OpRow> getMachineLearningRows();
llvm::ArrayRef<OpRow> getMatrixProductRows();
llvm::ArrayRef<OpRow> getMovementRows();
llvm::ArrayRef<OpRow> getNormalizationRows();
llvm::ArrayRef<OpRow> getPoolingRows();
llvm::ArrayRef<OpRow> getQuantizationRows();
llvm::ArrayRef<OpRow> getRandomRows();
llvm::ArrayRef<OpRow> getRearrangementRows();
llvm::ArrayRef<OpRow> getRecurrenceRows();
llvm::ArrayRef<OpRow> getReductionRows();
llvm::ArrayRef<OpRow> getResizeRows();
llvm::ArrayRef<OpRow> getSequenceRows();
llvm::ArrayRef<OpRow> getSignalRows();
llvm::ArrayRef<OpRow> getStandardizationRows();
llvm::ArrayRef<OpRow> getStringRows();
llvm::ArrayRef<OpRow> getTrainingRows();

/// The rows of one file of Ops, and how most of its operators are computed.
struct OpFamily {
  llvm::StringLiteral file, route;
  llvm::ArrayRef<OpRow> rows;
};
llvm::ArrayRef<OpFamily> getOpTable();
/// All rows of an operator, in order of opset; empty where dlc does not know it.
llvm::SmallVector<const OpRow *> findOp(llvm::StringRef domain, llvm::StringRef op);
/// Whether a row is of this domain.
bool isKnownDomain(llvm::StringRef domain);

} // namespace dlc

#endif
