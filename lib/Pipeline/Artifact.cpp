// The last steps: machine code and package.

#include "dlc/IR/Program.h"
#include "dlc/Package/Package.h"
#include "dlc/Pipeline/Pipeline.h"

using namespace mlir;
using namespace dlc;

LogicalResult dlc::buildArtifact(ModuleOp module, const SourceFiles &sources, StringRef outputPath,
                                 unsigned jobs) {
  FailureOr<TargetAttr> target = getTarget(module);
  if (failed(target))
    return failure();
  FailureOr<SmallVector<std::string>> objects = emitObjects(module, jobs);
  if (failed(objects))
    return failure();
  return writePackage(module, {*objects, getCpuFeatures(*target)}, sources, outputPath);
}

LogicalResult dlc::checkPackage(ModuleOp module, const SourceFiles &sources) {
  return verifyPackage(module, sources);
}
