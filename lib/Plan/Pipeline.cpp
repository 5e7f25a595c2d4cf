#include "dlc/Plan/Passes.h"

#include "mlir/Transforms/Passes.h"

void dlc::buildPlanPipeline(mlir::OpPassManager &pm) {
  pm.addPass(createOutlineKernels());
  pm.addPass(createPlanMemory());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(createCountReferences());
}
