// Makes each kernel function the code that its schedule describes.

#include "ConvKernel.h"
#include "Matmul.h"
#include "Pool.h"
#include "Recurrence.h"
#include "Rows.h"

#include "dlc/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#define DEBUG_TYPE "dlc-emit-kernels"

using namespace mlir;
using namespace dlc;

namespace dlc {
#define GEN_PASS_DEF_EMITKERNELS
#include "dlc/Codegen/Passes.h.inc"
} // namespace dlc

static LogicalResult emitBody(KernelBuilder &b) {
  switch (b.getSchedule().getAlgorithm()) {
  case Algorithm::direct_conv:
    return emitDirectConv(b);
  case Algorithm::row_conv:
    return emitRowConv(b);
  case Algorithm::winograd:
    return emitWinograd(b);
  case Algorithm::depthwise:
    return emitDepthwise(b);
  case Algorithm::loops:
    return emitLoops(b);
  case Algorithm::blocks:
    return emitBlocks(b);
  case Algorithm::pool:
    return emitPool(b);
  case Algorithm::rows:
    return emitRows(b);
  case Algorithm::recurrence:
    return emitRecurrence(b);
  case Algorithm::matmul:
    return emitMatmul(b);
  }
  llvm_unreachable("all algorithms are handled");
}

/// Replaces `source` by its code, at the same place of the module.
static LogicalResult emitKernel(func::FuncOp source, TargetAttr target,
                                const Signature &signature) {
  FailureOr<KernelBuilder> builder = KernelBuilder::create(source, target, signature);
  if (failed(builder))
    return failure();
  if (failed(emitBody(*builder))) {
    builder->discard();
    return failure();
  }
  builder->finish();
  source.erase();
  return success();
}

namespace {
struct EmitKernels : dlc::impl::EmitKernelsBase<EmitKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    FailureOr<TargetAttr> target = getTarget(module);
    FailureOr<Signature> signature = getSignature(module);
    if (failed(target) || failed(signature))
      return signalPassFailure();
    bool good = true;
    for (auto kernel : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (kernel->hasAttr(scheduleName))
        good &= succeeded(emitKernel(kernel, *target, *signature));
    if (!good)
      signalPassFailure();
  }
};
} // namespace
