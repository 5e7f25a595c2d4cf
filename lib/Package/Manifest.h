// Builds the manifest (dlc/ABI/Artifact.h) out of a module's attributes.
#ifndef DLC_LIB_PACKAGE_MANIFEST_H
#define DLC_LIB_PACKAGE_MANIFEST_H

#include "dlc/Package/Package.h"

namespace dlc {

/// The blob; an error on the module where its signature has what a manifest cannot say.
mlir::FailureOr<std::string> buildManifest(mlir::ModuleOp module);

} // namespace dlc

#endif
