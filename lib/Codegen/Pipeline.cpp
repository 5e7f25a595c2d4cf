// The order of the codegen phase.

#include "dlc/Codegen/Codegen.h"
#include "dlc/Codegen/Passes.h"

#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace dlc;

/// From what emitters build to `llvm` alone.
static void lower(OpPassManager &pm) {
  pm.addPass(createExpandMath());
  // Emitters leave constants and coordinates where they need them; these move them out of the
  // loops.
  pm.addPass(createCanonicalizerPass());
  pm.addPass(createCSEPass());
  pm.addPass(createLoopInvariantCodeMotionPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createUBToLLVMConversionPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
}

void dlc::buildCodegenPipeline(OpPassManager &pm) {
  pm.addPass(createEmitKernels());
  pm.addPass(createEmitCudaKernels());
  lower(pm.nest<ModuleOp>()); // the device's, if any
  pm.addPass(createEmitImages());
  pm.addPass(createEmitHost());
  lower(pm);
}
