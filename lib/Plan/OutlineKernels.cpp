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

/// The type of an input or output in the host program.
static Type convertType(MLIRContext *context, const Port &port) {
  if (!port.type)
    return HandleType::get(context);
  return BufferType::get(context, port.type, port.isOnDevice ? Space::device : Space::host);
}

/// A function before `main` that takes its inputs as buffers and handles, then those of `more`.
static func::FuncOp makeFunction(func::FuncOp main, StringRef name, ArrayRef<Port> inputs,
                                 TypeRange more, TypeRange results) {
  OpBuilder builder(main);
  SmallVector<Type> types = llvm::map_to_vector(
      inputs, [&](const Port &port) { return convertType(main.getContext(), port); });
  llvm::append_range(types, more);
  auto function =
      func::FuncOp::create(builder, main.getLoc(), name, builder.getFunctionType(types, results));
  function.addEntryBlock();
  if (Attribute when = main->getAttr(whenName))
    function->setAttr(whenName, when);
  return function;
}

static HostBuilder makeBuilder(func::FuncOp function, func::FuncOp main, const Signature &signature,
                               KernelTable &kernels, WeightTable &weights, const Homes &homes) {
  Block &block = function.getBody().front();
  HostBuilder builder(OpBuilder::atBlockEnd(&block), signature, kernels, weights, homes);
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

/// Decides which inputs and outputs lie in the device's memory: in all versions the same.
static void placePorts(ArrayRef<func::FuncOp> hosts, MutableArrayRef<Signature> signatures,
                       Homes &homes) {
  auto place = [&](auto ports, size_t index, function_ref<bool(func::FuncOp, size_t)> isOnDevice) {
    bool onDevice = llvm::all_of(llvm::zip_equal(hosts, signatures), [&](auto pair) {
      auto &[host, signature] = pair;
      return isOnDevice(host, index);
    });
    for (Signature &signature : signatures)
      (signature.*ports)[index].isOnDevice = onDevice;
    return onDevice;
  };
  const Signature &last = signatures.back();
  for (size_t index = 0; index != last.inputs.size(); ++index) {
    bool isPlanned = last.inputs[index].type && !last.inputs[index].readAtEntry;
    bool onDevice = place(&Signature::inputs, index, [&](func::FuncOp host, size_t number) {
      return isPlanned && homes.isReadOnDevice(host.getArgument(number));
    });
    for (func::FuncOp host : hosts)
      homes.setInput(host.getArgument(index), onDevice ? Space::device : Space::host);
  }
  for (size_t index = 0; index != last.outputs.size(); ++index) {
    bool isPlanned = llvm::all_of(signatures, [&](const Signature &signature) {
      return signature.isCallersMemory(signature.outputs[index]);
    });
    place(&Signature::outputs, index, [&](func::FuncOp host, size_t number) {
      Operation *end = host.getBody().front().getTerminator();
      return isPlanned && homes.get(end->getOperand(number)) == Space::device;
    });
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
    Signature onHost = signature;
    for (Port &port : onHost.inputs)
      port.isOnDevice = false;
    func::FuncOp entry = makeFunction(main, getEntryName(main), onHost.inputs, {}, {});
    Homes homes(/*hasDevice=*/false);
    HostBuilder host = makeBuilder(entry, main, signature, kernels, weights, homes);
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
                            WeightTable &weights, const Homes &homes) {
    Block &block = main.getBody().front();
    Operation *end = block.getTerminator();
    SmallVector<Type> buffers, handles;
    for (const Port &output : signature.outputs)
      if (signature.isCallersMemory(output))
        buffers.push_back(convertType(&getContext(), output));
      else
        handles.push_back(HandleType::get(&getContext()));
    func::FuncOp host = makeFunction(main, main.getSymName(), signature.inputs, buffers, handles);
    HostBuilder builder = makeBuilder(host, main, signature, kernels, weights, homes);
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
    Homes homes(getDevice(getOperation()) != nullptr);
    placePorts(hosts, signatures, homes);
    setSignature(getOperation(), signatures.back());
    if (hosts.size() > 1)
      setVersions(getOperation(), llvm::map_to_vector(hosts, describe));
    KernelTable kernels;
    WeightTable weights;
    for (auto [host, ops, signature] : llvm::zip_equal(hosts, entryOps, signatures))
      if (failed(splitEntry(host, signature, ops, kernels, weights)) ||
          failed(convertMain(host, signature, kernels, weights, homes)))
        return signalPassFailure();
    setWeights(getOperation(), weights.getWeights());
  }
};
} // namespace
