#include "Symbols.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace dlc;

namespace {
class Classifier {
public:
  explicit Classifier(func::FuncOp main) : top(&main.getBody().front()) {
    for (Type type : main.getArgumentTypes())
      if (auto planned = dyn_cast<PlannedType>(type))
        for (ExprAttr dim : planned.getDims())
          dim.walkSymbols([&](StringRef symbol) { shape.insert(symbol); });
  }

  void findEntryOps();
  void findLateSymbols(func::FuncOp main);

  llvm::SetVector<StringRef> shape, entry, late;
  EntryOps ops;

private:
  bool isKnown(ExprAttr expr) const {
    bool known = true;
    expr.walkSymbols(
        [&](StringRef symbol) { known &= shape.contains(symbol) || entry.contains(symbol); });
    return known;
  }
  bool canRunAtEntry(Operation *op) const;
  bool collectSlice(Value value, EntryOps &slice) const;

  Block *top;
};
} // namespace

/// Whether all results are tensors of constant size that fit the stack.
static bool fitsStack(Operation *op) {
  constexpr int64_t maxBytes = 4096;
  return llvm::all_of(op->getResultTypes(), [](Type type) {
    auto planned = dyn_cast<PlannedType>(type);
    ExprAttr bytes = planned ? planned.getBufferBytes() : ExprAttr();
    std::optional<int64_t> constant = bytes ? bytes.getConstant() : std::nullopt;
    return constant && *constant >= 0 && *constant <= maxBytes;
  });
}

bool Classifier::canRunAtEntry(Operation *op) const {
  if (op->getBlock() != top)
    return false;
  bool known = true;
  op->getAttrDictionary().walk([&](ExprAttr expr) { known &= isKnown(expr); });
  if (isa<LibraryCallOp, SizesOp>(op))
    return known && fitsStack(op);
  if (auto view = dyn_cast<ViewOp>(op))
    return llvm::all_of(view.getType().getDims(), [&](ExprAttr dim) { return isKnown(dim); });
  return isa<ConstantOp, AbsentOp>(op);
}

/// Adds all that `value` depends on; false where something of it cannot run at entry.
bool Classifier::collectSlice(Value value, EntryOps &slice) const {
  Operation *op = value.getDefiningOp();
  if (!op)
    return cast<BlockArgument>(value).getOwner() == top;
  if (slice.contains(op))
    return true;
  if (!canRunAtEntry(op) ||
      !llvm::all_of(op->getOperands(), [&](Value operand) { return collectSlice(operand, slice); }))
    return false;
  slice.insert(op);
  return true;
}

void Classifier::findEntryOps() {
  EntryOps found;
  for (Operation &op : *top) {
    if (auto guard = dyn_cast<GuardOp>(op);
        guard && isKnown(guard.getLhs()) && isKnown(guard.getRhs()))
      found.insert(guard);
    auto bind = dyn_cast<BindOp>(op);
    EntryOps slice = found;
    if (!bind || !collectSlice(bind.getInput(), slice))
      continue;
    found = std::move(slice);
    found.insert(bind);
    for (StringRef symbol : bind.getSymbols().getAsValueRange<StringAttr>())
      if (!symbol.empty())
        entry.insert(symbol);
  }
  for (Operation &op : *top)
    if (found.contains(&op))
      ops.insert(&op);
}

void Classifier::findLateSymbols(func::FuncOp main) {
  auto add = [&](ArrayAttr names) {
    for (StringRef symbol : names.getAsValueRange<StringAttr>())
      if (!symbol.empty() && !entry.contains(symbol))
        late.insert(symbol);
  };
  main.walk<WalkOrder::PreOrder>([&](Operation *op) {
    TypeSwitch<Operation *>(op)
        .Case([&](BindOp bind) { add(bind.getSymbols()); })
        .Case([&](MatchOp match) { add(match.getBinds()); })
        .Case([&](LoopOp loop) { late.insert(loop.getIteration()); });
  });
}

/// A handle of which nothing is said is a tensor of any type.
static Port makePort(StringAttr name, Type type, DenseI64ArrayAttr handle) {
  Port port = {name.getValue(), dyn_cast<PlannedType>(type)};
  if (!port.type)
    port.handle = handle && handle.size() == 2 ? HandlePort{static_cast<uint32_t>(handle[0]),
                                                            static_cast<int32_t>(handle[1])}
                                               : HandlePort{/*kind=*/0, /*dtype=*/0};
  return port;
}

/// Names and types of the ports.
static LogicalResult readPorts(func::FuncOp main, Signature &signature) {
  for (auto [index, type] : llvm::enumerate(main.getArgumentTypes())) {
    auto name = main.getArgAttrOfType<StringAttr>(index, portName);
    if (!name)
      return main.emitError("expected attribute 'dlc.name' of argument ") << index;
    auto handle = main.getArgAttrOfType<DenseI64ArrayAttr>(index, handleName);
    signature.inputs.push_back(makePort(name, type, handle));
  }
  for (auto [index, type] : llvm::enumerate(main.getResultTypes())) {
    auto name = main.getResultAttrOfType<StringAttr>(index, portName);
    if (!name)
      return main.emitError("expected attribute 'dlc.name' of result ") << index;
    auto handle = main.getResultAttrOfType<DenseI64ArrayAttr>(index, handleName);
    signature.outputs.push_back(makePort(name, type, handle));
  }
  return success();
}

FailureOr<Signature> dlc::readSignature(func::FuncOp main, EntryOps &entryOps) {
  Signature signature;
  if (failed(readPorts(main, signature)))
    return failure();
  Classifier classifier(main);
  classifier.findEntryOps();
  classifier.findLateSymbols(main);
  for (Operation *op : classifier.ops)
    for (Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand))
        signature.inputs[argument.getArgNumber()].readAtEntry = true;
  signature.symbols = classifier.shape.takeVector();
  signature.entrySymbols = classifier.entry.takeVector();
  signature.lateSymbols = classifier.late.takeVector();
  entryOps = std::move(classifier.ops);
  return signature;
}
