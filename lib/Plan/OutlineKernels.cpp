// Boxes become functions, the graph becomes a host program. Order is kept: launches stand where the
// boxes stood.

#include "HostBuilder.h"
#include "Symbols.h"
#include "dlc/IR/Emitters.h"
#include "dlc/Plan/Passes.h"

#define DEBUG_TYPE "dlc-outline-kernels"

namespace dlc {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "dlc/Plan/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// The type of a value in the host program.
static Type convertType(Type type) {
  auto planned = dyn_cast<PlannedType>(type);
  return planned ? BufferType::get(type.getContext(), planned) : type;
}

/// A function before `main` that takes its inputs as buffers and handles, then those of `more`.
static func::FuncOp makeFunction(func::FuncOp main, StringRef name, TypeRange more,
                                 TypeRange results) {
  OpBuilder builder(main);
  SmallVector<Type> types = llvm::map_to_vector(main.getArgumentTypes(), convertType);
  llvm::append_range(types, more);
  auto function =
      func::FuncOp::create(builder, main.getLoc(), name, builder.getFunctionType(types, results));
  function.addEntryBlock();
  return function;
}

static HostBuilder makeBuilder(func::FuncOp function, func::FuncOp main, const Signature &signature,
                               KernelTable &kernels, WeightTable &weights) {
  Block &block = function.getBody().front();
  HostBuilder builder(OpBuilder::atBlockEnd(&block), signature, kernels, weights);
  for (auto [argument, converted] : llvm::zip(main.getArguments(), block.getArguments()))
    builder.map(argument, converted);
  return builder;
}

namespace {
struct OutlineKernels : dlc::impl::OutlineKernelsBase<OutlineKernels> {
  /// `entry` takes a copy of its ops; main keeps those whose values it still uses.
  LogicalResult splitEntry(func::FuncOp main, const Signature &signature, const EntryOps &ops,
                           KernelTable &kernels, WeightTable &weights) {
    if (ops.empty())
      return success();
    func::FuncOp entry = makeFunction(main, entryName, {}, {});
    HostBuilder host = makeBuilder(entry, main, signature, kernels, weights);
    for (Operation *op : ops)
      if (failed(host.convert(op)))
        return failure();
    func::ReturnOp::create(host.getBuilder(), main.getLoc());
    for (Operation *op : llvm::reverse(ops))
      if (op->use_empty())
        op->erase();
    return success();
  }

  /// `main` over buffers: arguments for inputs, then for outputs whose size is known before the
  /// run; the others are returned as handles.
  LogicalResult convertMain(func::FuncOp main, const Signature &signature, KernelTable &kernels,
                            WeightTable &weights) {
    Block &block = main.getBody().front();
    Operation *end = block.getTerminator();
    SmallVector<Type> buffers, handles;
    for (const Port &output : signature.outputs)
      if (signature.isCallersMemory(output))
        buffers.push_back(convertType(output.type));
      else
        handles.push_back(HandleType::get(&getContext()));
    func::FuncOp host = makeFunction(main, mainName, buffers, handles);
    HostBuilder builder = makeBuilder(host, main, signature, kernels, weights);
    SmallVector<std::pair<Value, Value>> copies;
    SmallVector<Value> others;
    ValueRange targets = host.getArguments().drop_front(main.getNumArguments());
    for (auto [port, value] : llvm::zip_equal(signature.outputs, end->getOperands())) {
      if (!signature.isCallersMemory(port)) {
        others.push_back(value);
        continue;
      }
      if (!builder.claim(value, targets.front(), block))
        copies.push_back({value, targets.front()});
      targets = targets.drop_front();
    }
    if (failed(builder.convertOps(block)))
      return failure();
    for (auto [value, target] : copies)
      builder.copy(end->getLoc(), builder.lookup(value), target);
    for (Value &value : others)
      value = isa<HandleType>(value.getType()) ? builder.lookup(value)
                                               : builder.getHandle(end->getLoc(), value);
    func::ReturnOp::create(builder.getBuilder(), end->getLoc(), others);
    main.erase();
    return success();
  }

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(mainName);
    if (!main || !llvm::hasSingleElement(main.getBody())) {
      getOperation().emitError("expected a function '") << mainName << "'";
      return signalPassFailure();
    }
    EntryOps entryOps;
    KernelTable kernels;
    WeightTable weights;
    FailureOr<Signature> signature = readSignature(main, entryOps);
    if (failed(signature) || failed(splitEntry(main, *signature, entryOps, kernels, weights)) ||
        failed(convertMain(main, *signature, kernels, weights)))
      return signalPassFailure();
    setSignature(getOperation(), *signature);
    setWeights(getOperation(), weights.getWeights());
    setKernels(getOperation(), kernels.getKernels());
  }
};
} // namespace
