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
};

/// All rows of an operator, in order of opset; empty where dlc does not know it. All operators have
/// one output.
llvm::SmallVector<const OpRow *> findOp(llvm::StringRef domain, llvm::StringRef op);
/// Whether a row is of this domain.
bool isKnownDomain(llvm::StringRef domain);

mlir::LogicalResult importBinary(OnnxNode &node);
mlir::LogicalResult importClip(OnnxNode &node);
mlir::LogicalResult importClipAttributes(OnnxNode &node);
mlir::LogicalResult importConstant(OnnxNode &node);
mlir::LogicalResult importConv(OnnxNode &node);
mlir::LogicalResult importIdentity(OnnxNode &node);
mlir::LogicalResult importRelu(OnnxNode &node);
mlir::LogicalResult importResize(OnnxNode &node);

} // namespace dlc

#endif
