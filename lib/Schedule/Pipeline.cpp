#include "dlc/Schedule/Passes.h"

#include "mlir/Transforms/Passes.h"

void dlc::buildSchedulePipeline(mlir::OpPassManager &pm) {
  pm.addPass(createChooseSchedules());
  pm.addPass(createAssignLayouts());
  pm.addPass(createPackWeights());
  pm.addPass(mlir::createCanonicalizerPass());
}
