// Executes the recipes of weights.
#ifndef DLC_LIB_PACKAGE_PACKWEIGHTS_H
#define DLC_LIB_PACKAGE_PACKWEIGHTS_H

#include "dlc/IR/Program.h"
#include "dlc/Support/SourceFiles.h"

namespace dlc {

/// A weight whose data is at hand: dense, row-major, at any alignment.
struct BoundWeight {
  PlacedWeight placed;
  llvm::StringRef mapped; // a part of a source
  std::string owned;      // or data that no file has in this form
  llvm::StringRef data() const { return owned.empty() ? mapped : llvm::StringRef(owned); }
};

/// Finds the data of all weights of a module and checks offsets and recipes, so that packing cannot
/// fail. Errors are on the module; all sources that are missing are listed.
mlir::FailureOr<std::vector<BoundWeight>> bindWeights(mlir::ModuleOp module,
                                                      const SourceFiles &files);

/// The size of the weights section.
int64_t getSectionSize(llvm::ArrayRef<BoundWeight> weights);

/// Writes all weights to `section`, which consists of zero bytes, in parallel.
void packWeights(llvm::ArrayRef<BoundWeight> weights, char *section);

} // namespace dlc

#endif
