#include "dlc/Graph/Passes.h"

#include "mlir/Transforms/Passes.h"

void dlc::buildGraphPipeline(mlir::OpPassManager &pm, const dlc::SpecializeShapesOptions &options) {
  pm.addPass(createInlineFunctions());
  pm.addPass(createSpecializeShapes(options));
  pm.addPass(createInferShapes());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(createWidenHalves());
  pm.addPass(createCropFilters());
  pm.addPass(createSplitVolumes());
  pm.addPass(createJoinPixelChannels());
  pm.addPass(createHoistBatchNorm());
  pm.addPass(createFoldConstants());
  pm.addPass(createFoldBatchNorm());
  pm.addPass(mlir::createCanonicalizerPass());
  pm.addPass(mlir::createCSEPass());
  pm.addPass(createExpandConv());
  pm.addPass(createExpandEinsum());
  pm.addPass(createExpandIndexTuples());
  pm.addPass(createRecognizeComposites());
  pm.addPass(createRecognizeAttention());
  pm.addPass(createJoinProducts());
  pm.addPass(createHoistElementwise());
}
