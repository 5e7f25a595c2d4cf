#include "dlc/Schedule/Passes.h"

#include "mlir/Transforms/Passes.h"

void dlc::buildSchedulePipeline(mlir::OpPassManager &pm) {
  pm.addPass(createAssignLayouts());
  pm.addPass(createChooseSchedules());
  pm.addPass(createPackWeights());
  pm.addPass(mlir::createCanonicalizerPass());
}
