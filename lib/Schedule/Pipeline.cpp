#include "dlc/Schedule/Passes.h"

#include "mlir/Transforms/Passes.h"

void dlc::buildSchedulePipeline(mlir::OpPassManager &pm, const ChooseSchedulesOptions &options) {
  InsertReordersOptions reorders;
  reorders.winograd = options.winograd;
  pm.addPass(createInsertReorders(reorders));
  pm.addPass(createAssignLayouts());
  pm.addPass(createChooseSchedules(options));
  pm.addPass(createPackWeights());
  pm.addPass(mlir::createCanonicalizerPass());
}
