#include "dlc/Graph/Passes.h"

#include "mlir/Transforms/Passes.h"

void dlc::buildGraphPipeline(mlir::OpPassManager &pm) {
  pm.addPass(createInferShapes());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
}
