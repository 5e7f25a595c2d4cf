// Which ONNX operators dlc knows: one row for each (domain, op, opset range).
#ifndef DLC_IMPORT_OPTABLE_H
#define DLC_IMPORT_OPTABLE_H

#include "OnnxNode.h"

namespace dlc {

/// Opsets of the default domain that the table speaks of.
inline constexpr int64_t oldestOpset = 7, newestOpset = 28;

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

/// The rows of ops that move elements or make constants; of library calls and control flow.
llvm::ArrayRef<OpRow> getMovementRows();
llvm::ArrayRef<OpRow> getHostRows();
llvm::ArrayRef<OpRow> getResizeRows();

/// All rows of an operator, in order of opset; empty where dlc does not know it.
llvm::SmallVector<const OpRow *> findOp(llvm::StringRef domain, llvm::StringRef op);
/// Whether a row is of this domain.
bool isKnownDomain(llvm::StringRef domain);

mlir::LogicalResult importActivation(OnnxNode &node);
mlir::LogicalResult importBatchNorm(OnnxNode &node);
mlir::LogicalResult importBinary(OnnxNode &node);
mlir::LogicalResult importCast(OnnxNode &node);
mlir::LogicalResult importCastLike(OnnxNode &node);
mlir::LogicalResult importChain(OnnxNode &node);
mlir::LogicalResult importClip(OnnxNode &node);
mlir::LogicalResult importClipAttributes(OnnxNode &node);
mlir::LogicalResult importCompress(OnnxNode &node);
mlir::LogicalResult importConcat(OnnxNode &node);
mlir::LogicalResult importConstant(OnnxNode &node);
mlir::LogicalResult importConstantOfShape(OnnxNode &node);
mlir::LogicalResult importConv(OnnxNode &node);
mlir::LogicalResult importDropout(OnnxNode &node);
mlir::LogicalResult importEqual(OnnxNode &node);
mlir::LogicalResult importExpand(OnnxNode &node);
mlir::LogicalResult importFlatten(OnnxNode &node);
mlir::LogicalResult importFlatSoftmax(OnnxNode &node);
mlir::LogicalResult importGather(OnnxNode &node);
mlir::LogicalResult importGelu(OnnxNode &node);
mlir::LogicalResult importGemm(OnnxNode &node);
mlir::LogicalResult importGlobalPool(OnnxNode &node);
mlir::LogicalResult importIdentity(OnnxNode &node);
mlir::LogicalResult importLayerNorm(OnnxNode &node);
mlir::LogicalResult importLeakyRelu(OnnxNode &node);
mlir::LogicalResult importLibraryCall(OnnxNode &node);
mlir::LogicalResult importMatMul(OnnxNode &node);
mlir::LogicalResult importMaxPool(OnnxNode &node);
mlir::LogicalResult importMod(OnnxNode &node);
mlir::LogicalResult importOptional(OnnxNode &node);
mlir::LogicalResult importOptionalGet(OnnxNode &node);
mlir::LogicalResult importOptionalHas(OnnxNode &node);
mlir::LogicalResult importPad(OnnxNode &node);
mlir::LogicalResult importPadAttributes(OnnxNode &node);
mlir::LogicalResult importPow(OnnxNode &node);
mlir::LogicalResult importRange(OnnxNode &node);
mlir::LogicalResult importReduce(OnnxNode &node);
mlir::LogicalResult importReduceAttributes(OnnxNode &node);
mlir::LogicalResult importReshape(OnnxNode &node);
mlir::LogicalResult importResize(OnnxNode &node);
mlir::LogicalResult importSequenceAt(OnnxNode &node);
mlir::LogicalResult importSequenceConstruct(OnnxNode &node);
mlir::LogicalResult importSequenceEmpty(OnnxNode &node);
mlir::LogicalResult importSequenceUpdate(OnnxNode &node);
mlir::LogicalResult importSequenceUse(OnnxNode &node);
mlir::LogicalResult importShape(OnnxNode &node);
mlir::LogicalResult importSize(OnnxNode &node);
mlir::LogicalResult importSlice(OnnxNode &node);
mlir::LogicalResult importSliceAttributes(OnnxNode &node);
mlir::LogicalResult importSoftmax(OnnxNode &node);
mlir::LogicalResult importSplit(OnnxNode &node);
mlir::LogicalResult importSplitToSequence(OnnxNode &node);
mlir::LogicalResult importSqueeze(OnnxNode &node);
mlir::LogicalResult importStringOp(OnnxNode &node);
mlir::LogicalResult importTile(OnnxNode &node);
mlir::LogicalResult importTopKAttribute(OnnxNode &node);
mlir::LogicalResult importTranspose(OnnxNode &node);
mlir::LogicalResult importUnary(OnnxNode &node);
mlir::LogicalResult importUnsqueeze(OnnxNode &node);
mlir::LogicalResult importUpsample(OnnxNode &node);
mlir::LogicalResult importWhere(OnnxNode &node);

} // namespace dlc

#endif
