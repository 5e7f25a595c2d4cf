// What Loop and Scan share.
#ifndef DLC_IMPORT_ITERATIONS_H
#define DLC_IMPORT_ITERATIONS_H

#include "OnnxNode.h"

#include <string>

namespace dlc {

/// A loop while its body is made.
struct Iterations {
  Iterations(OnnxNode &node, std::string symbol)
      : node(node), symbol(std::move(symbol)), block(region.emplaceBlock()) {}

  OnnxNode &node;
  std::string symbol; // counts the iterations
  mlir::Region region;
  mlir::Block &block;
  llvm::SmallVector<mlir::Value> inits = {}, yielded = {}; // of carried values
  llvm::SmallVector<size_t> held = {}; // inits that are optionals of what the body hands on
  mlir::Value maxTrip = {}, condition = {}, nextCondition = {};
};

/// Checks that a loop has a body with as many inputs, and at least so many outputs.
mlir::LogicalResult checkBody(OnnxNode &node, size_t inputs, size_t outputs);
/// Checks that the node has no more outputs than its body makes.
mlir::LogicalResult checkResults(OnnxNode &node, size_t made);

} // namespace dlc

#endif
