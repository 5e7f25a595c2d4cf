// What tools register: the dialects of all phases, every pass, and a pipeline for each phase on IR.

#include "dlc/Codegen/Codegen.h"
#include "dlc/Codegen/Passes.h"
#include "dlc/Graph/Passes.h"
#include "dlc/Pipeline/Passes.h"
#include "dlc/Pipeline/Pipeline.h"
#include "dlc/Plan/Passes.h"
#include "dlc/Schedule/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace dlc;

void dlc::registerDialects(DialectRegistry &registry) {
  registry.insert<DlcDialect, arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
                  LLVM::LLVMDialect, math::MathDialect, NVVM::NVVMDialect, scf::SCFDialect, vector::VectorDialect>();
  registerDeviceTranslations(registry);
}

void dlc::registerPasses() {
  registerGraphPasses();
  registerFusePasses();
  registerSchedulePasses();
  registerPlanPasses();
  registerCodegenPasses();
  registerPipelinePasses();
  registerCanonicalizerPass();
  registerCSEPass();
  for (Phase phase : getPhases())
    if (phase >= Phase::Graph && phase <= Phase::Codegen)
      PassPipelineRegistration<>("dlc-" + getFlag(phase).str() + "-pipeline",
                                 "All passes of phase " + getFlag(phase).str(),
                                 [phase](OpPassManager &pm) { buildPhase(pm, phase, {}); });
}
