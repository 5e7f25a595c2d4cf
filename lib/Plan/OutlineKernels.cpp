// Boxes become functions, the graph becomes a host program. Order is kept: launches stand where the
// boxes stood.

#include "HostBuilder.h"
#include "Symbols.h"
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
  for (StringRef name : {whenName, onCpuName})
    if (Attribute attr = main->getAttr(name))
      function->setAttr(name, attr);
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

/// Decides which inputs and outputs lie in the device's memory: the same in all versions that use
/// it.
static void placePorts(ArrayRef<func::FuncOp> hosts, MutableArrayRef<Signature> signatures,
                       MutableArrayRef<Homes> homes) {
  auto place = [&](auto ports, size_t index, function_ref<bool(size_t)> isOnDevice) {
    bool onDevice = true;
    for (size_t version = 0; version != hosts.size(); ++version)
      onDevice &= !getDevice(hosts[version]) || isOnDevice(version);
    for (auto [host, signature] : llvm::zip_equal(hosts, signatures))
      (signature.*ports)[index].isOnDevice = onDevice && getDevice(host);
    return onDevice;
  };
  const Signature &last = signatures.back();
  for (size_t index = 0; index != last.inputs.size(); ++index) {
    bool isPlanned = last.inputs[index].type && !last.inputs[index].readAtEntry;
    bool onDevice = place(&Signature::inputs, index, [&](size_t version) {
      func::FuncOp host = hosts[version];
      return isPlanned && homes[version].isReadOnDevice(host.getArgument(index));
    });
    for (auto [host, home] : llvm::zip_equal(hosts, homes))
      home.setInput(func::FuncOp(host).getArgument(index), onDevice ? Space::device : Space::host);
  }
  for (size_t index = 0; index != last.outputs.size(); ++index) {
    bool isPlanned = llvm::all_of(signatures, [&](const Signature &signature) {
      return signature.isCallersMemory(signature.outputs[index]);
    });
    place(&Signature::outputs, index, [&](size_t version) {
      func::FuncOp host = hosts[version];
      Operation *end = host.getBody().front().getTerminator();
      return isPlanned && homes[version].get(end->getOperand(index)) == Space::device;
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
  return {text, static_cast<bool>(getDevice(host))};
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
    auto homes = llvm::map_to_vector<1>(
        hosts, [](func::FuncOp host) { return Homes(getDevice(host) != nullptr); });
    placePorts(hosts, signatures, homes);
    setSignature(getOperation(), signatures.back());
    if (hosts.size() > 1)
      setVersions(getOperation(), llvm::map_to_vector(hosts, describe));
    KernelTable kernels;
    WeightTable weights;
    auto convert = [&](size_t version) {
      const Signature &signature = signatures[version];
      return success(
          succeeded(splitEntry(hosts[version], signature, entryOps[version], kernels, weights)) &&
          succeeded(convertMain(hosts[version], signature, kernels, weights, homes[version])));
    };
    // The device's weights lie in front, so that they alone are brought there.
    SmallVector<size_t> order = llvm::to_vector(llvm::seq(hosts.size()));
    llvm::sort(order, [&](size_t a, size_t b) {
      return std::pair(!getDevice(hosts[a]), a) < std::pair(!getDevice(hosts[b]), b);
    });
    for (size_t version : order)
      if (failed(convert(version)))
        return signalPassFailure();
    setWeights(getOperation(), weights.getWeights());
  }
};
} // namespace
