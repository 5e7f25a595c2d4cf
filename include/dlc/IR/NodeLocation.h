// Locations that name ONNX nodes.
//
// Each op of an imported model has a fused location whose metadata holds the node's name, op type
// and opset, and whose one part is the model's file name (without its folder). Passes that merge
// ops fuse their locations, so that a kernel can list its nodes.
#ifndef DLC_IR_NODELOCATION_H
#define DLC_IR_NODELOCATION_H

#include "mlir/IR/Location.h"

#include <string>

namespace dlc {

mlir::Location makeNodeLocation(mlir::MLIRContext *context, llvm::StringRef file,
                                llvm::StringRef node, llvm::StringRef op, int64_t opset);

/// The nodes that `loc` stands for as "conv1 (Conv)", each once, in order.
llvm::SmallVector<std::string> getNodes(mlir::Location loc);

/// "node 'conv1' (Conv)" of the first node, as an error message of the run starts; empty where
/// there is none.
std::string describeNode(mlir::Location loc);

/// "model.onnx: node 'conv1' (Conv)", or file, line and column where there is no node; empty where
/// nothing is known. With opsets it is "node 'conv1' (Conv, opset 18)".
std::string describeLocation(mlir::Location loc, bool withOpset = false);

} // namespace dlc

#endif
