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
  llvm::StringLiteral domain, op;
  int64_t firstOpset, lastOpset;
  llvm::ArrayRef<InputRow> inputs;
  llvm::ArrayRef<AttributeRow> attributes;
  /// Makes the dialect's ops for a node whose number of inputs and whose attributes fit the row,
  /// with all defaults filled in. Emits what is wrong with the node.
  mlir::LogicalResult (*import)(OnnxNode &node);
  /// Those after the first output. None is made yet: a node that names one does not fit the row.
  llvm::ArrayRef<llvm::StringLiteral> optionalOutputs = {};
  /// Whether the last input may be there many times.
  bool isVariadic = false;
};

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
mlir::LogicalResult importConstant(OnnxNode &node);
mlir::LogicalResult importConv(OnnxNode &node);
mlir::LogicalResult importFlatten(OnnxNode &node);
mlir::LogicalResult importFlatSoftmax(OnnxNode &node);
mlir::LogicalResult importGelu(OnnxNode &node);
mlir::LogicalResult importGemm(OnnxNode &node);
mlir::LogicalResult importGlobalPool(OnnxNode &node);
mlir::LogicalResult importIdentity(OnnxNode &node);
mlir::LogicalResult importLayerNorm(OnnxNode &node);
mlir::LogicalResult importLeakyRelu(OnnxNode &node);
mlir::LogicalResult importMatMul(OnnxNode &node);
mlir::LogicalResult importMaxPool(OnnxNode &node);
mlir::LogicalResult importMod(OnnxNode &node);
mlir::LogicalResult importPow(OnnxNode &node);
mlir::LogicalResult importReduce(OnnxNode &node);
mlir::LogicalResult importReduceAttributes(OnnxNode &node);
mlir::LogicalResult importReshape(OnnxNode &node);
mlir::LogicalResult importResize(OnnxNode &node);
mlir::LogicalResult importSoftmax(OnnxNode &node);
mlir::LogicalResult importUnary(OnnxNode &node);
mlir::LogicalResult importWhere(OnnxNode &node);

} // namespace dlc

#endif
