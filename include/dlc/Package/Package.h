// From machine code and weights to an artifact: one ELF shared object (dlc/ABI/Artifact.h).
#ifndef DLC_PACKAGE_PACKAGE_H
#define DLC_PACKAGE_PACKAGE_H

#include "dlc/IR/Program.h"
#include "dlc/Support/SourceFiles.h"
#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace dlc {

/// What goes into an artifact beside the attributes of its module.
struct PackageInputs {
  /// ELF relocatable objects of one machine. One defines `dlc_query`; the code refers to its
  /// weights by the hidden symbol `dlc_weights`.
  llvm::ArrayRef<std::string> objects;
  uint64_t cpuFeatures = 0; // DLC_CPU_ bits
};

/// Links the objects, packs the weights that `module` lists out of `sources`, and writes the
/// artifact to `path`, which holds either all of it afterwards or what it held before. The bytes
/// depend on the arguments alone. Errors are on the module's location.
llvm::LogicalResult writePackage(mlir::ModuleOp module, const PackageInputs &inputs,
                                 const SourceFiles &sources, llvm::StringRef path);

/// What `writePackage` would refuse of the module: emits an error for each part.
llvm::LogicalResult verifyPackage(mlir::ModuleOp module, const SourceFiles &sources);

} // namespace dlc

#endif
