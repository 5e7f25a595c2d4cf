#include "dlc/Fuse/Passes.h"

#include "mlir/Transforms/Passes.h"

void dlc::buildFusePipeline(mlir::OpPassManager &pm, const dlc::FuseOptions &options) {
  pm.addPass(createAddCpuPrograms());
  pm.addPass(createExpandAttention());
  pm.addPass(createFuse(options));
  pm.addPass(mlir::createCanonicalizerPass());
}
