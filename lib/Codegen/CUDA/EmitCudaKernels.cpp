// Makes each kernel function that runs on the device a function of the device's module, and leaves
// a declaration that says how it is launched.

#include "DeviceKernel.h"

#include "dlc/Codegen/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/SetVector.h"

#define DEBUG_TYPE "dlc-emit-cuda-kernels"

using namespace mlir;
using namespace dlc;

namespace dlc {
#define GEN_PASS_DEF_EMITCUDAKERNELS
#include "dlc/Codegen/Passes.h.inc"
} // namespace dlc

//===----------------------------------------------------------------------===//
// Frame
//===----------------------------------------------------------------------===//

/// The symbols that sizes and indices of a kernel name.
static SmallVector<StringRef> findSymbols(func::FuncOp source) {
  llvm::SetVector<StringRef> symbols;
  auto visit = [&](ExprAttr expr) {
    expr.walkSymbols([&](StringRef symbol) { symbols.insert(symbol); });
  };
  auto visitType = [&](Type type) {
    if (PlannedType tensor = getTensor(type))
      llvm::for_each(tensor.getDims(), visit);
  };
  llvm::for_each(source.getArgumentTypes(), visitType);
  source.walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), visitType);
    op->getAttrDictionary().walk([&](ExprAttr expr) { visit(expr); });
  });
  return symbols.takeVector();
}

/// Whether the kernel reads a buffer, and nothing else.
static bool isReadOnly(Value buffer) {
  return !buffer.use_empty() && llvm::all_of(buffer.getUsers(), llvm::IsaPred<ReadOp>);
}

/// The function: buffers, symbols, the address of the error word, and what to lower it to.
static LLVM::LLVMFuncOp createFunction(KernelBuilder &b, ModuleOp device, size_t numSymbols,
                                       int64_t threads) {
  func::FuncOp source = b.getSource();
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  SmallVector<Type> types(source.getNumArguments(), pointer);
  types.append(numSymbols, b.getI64Type());
  types.append({pointer, b.getI64Type()});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(device.getBody());
  auto function = LLVM::LLVMFuncOp::create(
      b, source.getName(),
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), types));
  function->setAttr(NVVM::NVVMDialect::getKernelFuncAttrName(), b.getUnitAttr());
  function->setAttr(NVVM::NVVMDialect::getReqntidAttrName(),
                    b.getDenseI32ArrayAttr({static_cast<int32_t>(threads), 1, 1}));
  for (Value buffer : source.getArguments()) {
    if (!isReadOnly(buffer))
      continue;
    unsigned index = cast<BlockArgument>(buffer).getArgNumber();
    function.setArgAttr(index, LLVM::LLVMDialect::getNoAliasAttrName(), b.getUnitAttr());
    function.setArgAttr(index, LLVM::LLVMDialect::getReadonlyAttrName(), b.getUnitAttr());
  }
  return function;
}

/// Threads of a block.
static int64_t getThreads(ScheduleAttr schedule) {
  switch (schedule.getAlgorithm()) {
  case Algorithm::cuda_gemm:
  case Algorithm::cuda_wgmma:
  case Algorithm::cuda_matmul:
    return schedule.getTileThreads();
  default:
    return schedule.getRows();
  }
}

/// Returns the declaration.
static LLVM::LLVMFuncOp beginThread(KernelBuilder &b, ModuleOp device) {
  func::FuncOp source = b.getSource();
  SmallVector<StringRef> symbols = findSymbols(source);
  int64_t threads = getThreads(b.getSchedule());
  auto declaration = LLVM::LLVMFuncOp::create(
      b, source.getName(),
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {}));
  declaration->setAttr(scheduleName, b.getSchedule());
  setDeviceKernel(declaration, {symbols, threads, /*sharedMemory=*/0});
  LLVM::LLVMFuncOp function = createFunction(b, device, symbols.size(), threads);
  b.begin(function);
  unsigned numBuffers = source.getNumArguments();
  KernelBuilder::Frame frame;
  for (unsigned i = 0; i != numBuffers; ++i)
    frame.addresses.push_back(function.getArgument(i));
  frame.exprs.emplace(b, b.getLoc(), Value(), symbols, ExprEmitter::Mode::unchecked);
  for (auto [index, symbol] : llvm::enumerate(symbols))
    frame.exprs->define(symbol, function.getArgument(numBuffers + index));
  Value word = function.getArgument(numBuffers + symbols.size());
  frame.getErrorWord = [word] { return word; };
  frame.errorCode = function.getArgument(numBuffers + symbols.size() + 1);
  frame.task = Threads(b).getBlock();
  b.enter(std::move(frame));
  return declaration;
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

static LogicalResult emitBody(KernelBuilder &b) {
  switch (b.getSchedule().getAlgorithm()) {
  case Algorithm::cuda_loops:
    return emitCudaLoops(b);
  case Algorithm::cuda_window:
    return emitCudaWindow(b);
  case Algorithm::cuda_rows:
    return emitCudaRows(b);
  case Algorithm::cuda_gemm:
  case Algorithm::cuda_wgmma:
    return emitCudaGemm(b);
  case Algorithm::cuda_matmul:
    return emitCudaMatmul(b);
  case Algorithm::cuda_attention:
    return emitCudaAttention(b);
  default:
    return b.getSource().emitError("expected an algorithm of GPUs");
  }
}

static LogicalResult emitKernel(func::FuncOp source, ModuleOp device, const Signature &signature) {
  for (Value argument : source.getArguments())
    if (auto layout = dyn_cast_or_null<ImageLayoutAttr>(getTensor(argument).getLayout()))
      return source.emitError("expected dense values on the device, found ") << layout;
  Machine gpu = {/*hasFma=*/true, /*hasHalfConversions=*/true, /*permutation=*/{}};
  FailureOr<KernelBuilder> builder = KernelBuilder::create(source, gpu, signature);
  if (failed(builder))
    return failure();
  LLVM::LLVMFuncOp declaration = beginThread(*builder, device);
  if (failed(emitBody(*builder)))
    return failure();
  DeviceKernel properties = getDeviceKernel(declaration);
  properties.sharedMemory = takeDynamicMemory(builder->getFunction());
  setDeviceKernel(declaration, properties);
  builder->finish();
  source.erase();
  return success();
}

namespace {
struct EmitCudaKernels : dlc::impl::EmitCudaKernelsBase<EmitCudaKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (!getDevice(module))
      return;
    FailureOr<Signature> signature = getSignature(module);
    if (failed(signature))
      return signalPassFailure();
    OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
    auto device = ModuleOp::create(builder, module.getLoc(), "device");
    bool good = true;
    for (auto kernel : llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (isOnDevice(kernel))
        good &= succeeded(emitKernel(kernel, device, *signature));
    if (!good)
      return signalPassFailure();
    if (device.getBody()->empty())
      device.erase();
  }
};
} // namespace
