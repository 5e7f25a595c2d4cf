// Finds the data that weights are made of.
#ifndef DLC_LIB_PACKAGE_BINDWEIGHTS_H
#define DLC_LIB_PACKAGE_BINDWEIGHTS_H

#include "Recipe.h"

#include "dlc/IR/Program.h"
#include "dlc/Support/SourceFiles.h"

namespace dlc {

/// The data of a weight's source: dense, row-major, at any alignment.
struct WeightData {
  llvm::StringRef mapped; // a part of a source
  std::string owned;      // or data that no file has in this form
  llvm::StringRef bytes() const { return owned.empty() ? mapped : llvm::StringRef(owned); }
};

/// A weight whose data and operands are at hand: the elements of its parts one after the other.
struct BoundWeight {
  struct Part {
    WeightData data;
    Recipe recipe;
    int64_t countElements() const { return recipe.rows * recipe.columns; }
  };
  PlacedWeight placed;
  std::vector<Part> parts;
};

/// Finds the data of all weights of a module, computes those that others are combined with, and
/// checks offsets, so that packing cannot fail. Errors are on the module; all sources that are
/// missing are listed.
mlir::FailureOr<std::vector<BoundWeight>> bindWeights(mlir::ModuleOp module,
                                                      const SourceFiles &files);

/// The size of the weights section.
int64_t getSectionSize(llvm::ArrayRef<BoundWeight> weights);

} // namespace dlc

#endif
