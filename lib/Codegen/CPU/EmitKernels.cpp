// Makes each kernel function the code that its schedule describes.

#include "EmitKernels.h"
#include "../Common/AbiFields.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/Codegen/Codegen.h"
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

//===----------------------------------------------------------------------===//
// Frame
//===----------------------------------------------------------------------===//

static Machine getMachine(TargetAttr target, ScheduleAttr schedule) {
  uint64_t features = getCpuFeatures(target);
  StringRef permutation;
  if (schedule && schedule.getLanes() == 16 && (features & DLC_CPU_AVX512F))
    permutation = "llvm.x86.avx512.permvar.sf.512";
  else if (schedule && schedule.getLanes() == 8 && (features & DLC_CPU_AVX2))
    permutation = "llvm.x86.avx2.permps";
  return {target.getFma(), (features & DLC_CPU_F16C) != 0, permutation};
}

/// Begins a `dlc_kernel_fn` (dlc/ABI/Program.h).
static void beginTask(KernelBuilder &b, const Signature &signature) {
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                          {pointer, b.getI64Type()});
  auto function = LLVM::LLVMFuncOp::create(b, b.getSource().getName(), type,
                                           LLVM::Linkage::Internal, /*dsoLocal=*/true);
  b.begin(function);
  auto loadField = [&b, call = Value(function.getArgument(0))](KernelCallField field) -> Value {
    Type pointer = LLVM::LLVMPointerType::get(b.getContext());
    Type callType = LLVM::LLVMStructType::getLiteral(
        b.getContext(), {b.getI32Type(), b.getI32Type(), pointer, pointer, pointer, pointer});
    Value address =
        LLVM::GEPOp::create(b, pointer, callType, call, ArrayRef<LLVM::GEPArg>{0, field},
                            LLVM::GEPNoWrapFlags::inbounds);
    return LLVM::LoadOp::create(b, pointer, address);
  };
  Value task = function.getArgument(1), buffers = loadField(kernelBuffers);
  Value symbols = loadField(kernelSymbols);
  KernelBuilder::Frame frame;
  frame.task = frame.errorCode = task;
  frame.getErrorWord = [loadField] { return loadField(kernelErrorRecord); };
  frame.getScratch = [loadField] { return loadField(kernelScratch); };
  for (unsigned i = 0; i != b.getSource().getNumArguments(); ++i) {
    Value address = LLVM::GEPOp::create(b, pointer, pointer, buffers,
                                        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(i)},
                                        LLVM::GEPNoWrapFlags::inbounds);
    frame.addresses.push_back(LLVM::LoadOp::create(b, pointer, address));
  }
  frame.exprs.emplace(b, b.getLoc(), symbols, signature.getAllSymbols(),
                      ExprEmitter::Mode::unchecked);
  b.enter(std::move(frame));
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

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
  case Algorithm::attention:
    return emitAttention(b);
  default:
    return b.getSource().emitError("expected an algorithm of CPUs");
  }
}

/// Replaces `source` by its code, at the same place of the module.
static LogicalResult emitKernel(func::FuncOp source, TargetAttr target,
                                const Signature &signature) {
  auto schedule = source->getAttrOfType<ScheduleAttr>(scheduleName);
  FailureOr<KernelBuilder> builder =
      KernelBuilder::create(source, getMachine(target, schedule), signature);
  if (failed(builder))
    return failure();
  beginTask(*builder, signature);
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
      if (kernel->hasAttr(scheduleName) && !isOnDevice(kernel))
        good &= succeeded(emitKernel(kernel, *target, *signature));
    if (!good)
      signalPassFailure();
  }
};
} // namespace
