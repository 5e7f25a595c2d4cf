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
  if (Attribute when = main->getAttr(whenName))
    function->setAttr(whenName, when);
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

/// All versions count the same symbols, in one order: those of the last one's inputs, then what any
/// version binds.
static void shareSymbols(MutableArrayRef<Signature> signatures) {
  SetVector<StringRef> entry, late;
  for (const Signature &signature : signatures) {
    entry.insert_range(signature.entrySymbols);
    late.insert_range(signature.lateSymbols);
  }
  for (Signature &signature : signatures) {
    signature.symbols = signatures.back().symbols;
    signature.entrySymbols = llvm::to_vector(entry);
    signature.lateSymbols = llvm::to_vector(late);
    for (auto [port, whole] : llvm::zip_equal(signature.inputs, signatures.back().inputs))
      whole.readAtEntry |= port.readAtEntry;
  }
}

/// "N = 1, M = 4"
static Version describe(func::FuncOp host) {
  std::string text;
  if (auto when = host->getAttrOfType<DictionaryAttr>(whenName))
    for (NamedAttribute size : when)
      text += (text.empty() ? "" : ", ") + size.getName().str() + " = " +
              std::to_string(cast<IntegerAttr>(size.getValue()).getInt());
  return {text};
}

namespace {
struct OutlineKernels : dlc::impl::OutlineKernelsBase<OutlineKernels> {
  /// `entry` takes a copy of its ops; main keeps those whose values it still uses.
  LogicalResult splitEntry(func::FuncOp main, const Signature &signature, const EntryOps &ops,
                           KernelTable &kernels, WeightTable &weights) {
    if (ops.empty())
      return success();
    func::FuncOp entry = makeFunction(main, getEntryName(main), {}, {});
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
    func::FuncOp host = makeFunction(main, main.getSymName(), buffers, handles);
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
    if (main->hasAttr(whenName))
      setSignature(host, signature);
    main.erase();
    return success();
  }

  void runOnOperation() override {
    auto main = getOperation().lookupSymbol<func::FuncOp>(mainName);
    if (!main || !llvm::hasSingleElement(main.getBody())) {
      getOperation().emitError("expected a function '") << mainName << "'";
      return signalPassFailure();
    }
    SmallVector<func::FuncOp> hosts = getHostPrograms(getOperation());
    SmallVector<EntryOps, 1> entryOps(hosts.size());
    SmallVector<Signature, 1> signatures;
    for (auto [host, ops] : llvm::zip_equal(hosts, entryOps)) {
      FailureOr<Signature> signature = readSignature(host, ops);
      if (failed(signature))
        return signalPassFailure();
      signatures.push_back(std::move(*signature));
    }
    shareSymbols(signatures);
    setSignature(getOperation(), signatures.back());
    if (hosts.size() > 1)
      setVersions(getOperation(), llvm::map_to_vector(hosts, describe));
    KernelTable kernels;
    WeightTable weights;
    for (auto [host, ops, signature] : llvm::zip_equal(hosts, entryOps, signatures))
      if (failed(splitEntry(host, signature, ops, kernels, weights)) ||
          failed(convertMain(host, signature, kernels, weights)))
        return signalPassFailure();
    setWeights(getOperation(), weights.getWeights());
  }
};
} // namespace
