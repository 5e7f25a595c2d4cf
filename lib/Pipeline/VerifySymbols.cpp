// Symbols: plain dims of inputs, which a run reads there, or bound by an op before their use. Each
// version of the program has its own inputs and binders.

#include "VerifyPhase.h"

#include "dlc/IR/Dlc.h"

using namespace mlir;
using namespace dlc;

/// The dims of a value or a buffer, where they are known.
static ArrayRef<ExprAttr> getDims(Type type) {
  PlannedType tensor = getTensor(type);
  return tensor ? tensor.getDims() : ArrayRef<ExprAttr>();
}

namespace {
class SymbolVerifier {
public:
  SymbolVerifier(ModuleOp module, Phase phase) : module(module), phase(phase) {}

  LogicalResult verify();

private:
  LogicalResult verifyVersion(func::FuncOp host);
  LogicalResult verifySizes(func::FuncOp host);
  LogicalResult verifySignature();

  /// Makes a symbol known until the scope at hand ends; an error where it is already.
  LogicalResult bind(StringRef symbol, Operation *binder, StringRef list);
  LogicalResult bindResults(Operation *op, StringRef list);
  LogicalResult verifyFunction(func::FuncOp function, StringRef list);
  LogicalResult verifyBlock(Block &block, StringRef list);
  LogicalResult verifyUses(Operation *op);

  ModuleOp module;
  Phase phase;
  std::optional<Signature> signature; // from the plan phase on
  DenseSet<StringRef> bound, binders; // where the walk is, and in all of the version
  DenseSet<StringRef> everBound;      // in any version
  SmallVector<StringRef> scope;       // symbols bound in the block at hand and around it
  static constexpr StringLiteral shapeList = "shape", entryList = "entry", lateList = "late";
};
} // namespace

LogicalResult SymbolVerifier::bind(StringRef symbol, Operation *binder, StringRef list) {
  if (!binders.insert(symbol).second)
    return binder->emitError("symbol '") << symbol << "' is bound more than once";
  bound.insert(symbol);
  everBound.insert(symbol);
  scope.push_back(symbol);
  if (!signature)
    return success();
  ArrayRef<StringRef> names = list == shapeList   ? ArrayRef(signature->symbols)
                              : list == entryList ? ArrayRef(signature->entrySymbols)
                                                  : ArrayRef(signature->lateSymbols);
  if (llvm::is_contained(names, symbol))
    return success();
  return binder->emitError("symbol '")
         << symbol << "' is not among the " << list << " symbols of the signature";
}

LogicalResult SymbolVerifier::bindResults(Operation *op, StringRef list) {
  ArrayAttr names;
  if (auto match = dyn_cast<MatchOp>(op))
    names = match.getBinds();
  else if (auto binder = dyn_cast<BindOp>(op))
    names = binder.getSymbols();
  if (names)
    for (StringRef symbol : names.getAsValueRange<StringAttr>())
      if (!symbol.empty() && failed(bind(symbol, op, list)))
        return failure();
  return success();
}

LogicalResult SymbolVerifier::verifyFunction(func::FuncOp function, StringRef list) {
  if (failed(verifyUses(function)))
    return failure();
  return function.isExternal() ? success() : verifyBlock(function.getBody().front(), list);
}

LogicalResult SymbolVerifier::verifyBlock(Block &block, StringRef list) {
  for (Operation &op : block) {
    if (failed(bindResults(&op, list)) || failed(verifyUses(&op)))
      return failure();
    for (Region &region : op.getRegions()) {
      size_t outer = scope.size();
      if (auto loop = dyn_cast<LoopOp>(op); loop && failed(bind(loop.getIteration(), loop, list)))
        return failure();
      for (Block &nested : region)
        if (failed(verifyBlock(nested, list)))
          return failure();
      for (; scope.size() > outer; scope.pop_back())
        bound.erase(scope.back());
    }
  }
  return success();
}

/// Dims of results, and expressions of attributes: offsets, numbers of tasks, the workspace.
LogicalResult SymbolVerifier::verifyUses(Operation *op) {
  std::optional<StringRef> unbound;
  auto check = [&](ExprAttr expr) {
    expr.walkSymbols([&](StringRef symbol) {
      if (!bound.contains(symbol))
        unbound = symbol;
    });
  };
  for (Type type : op->getResultTypes())
    llvm::for_each(getDims(type), check);
  for (NamedAttribute attr : op->getAttrs()) // a version's signature says what outputs will be
    if (!isa<TypeAttr>(attr.getValue()) && attr.getName() != signatureName)
      attr.getValue().walk([&](ExprAttr expr) { check(expr); });
  if (!unbound)
    return success();
  return op->emitError("symbol '")
         << *unbound << "' is bound neither by an input nor by an op before this one";
}

/// What a version is for: sizes of inputs of the general one, within their ranges.
LogicalResult SymbolVerifier::verifySizes(func::FuncOp host) {
  auto sizes = host->getAttrOfType<DictionaryAttr>(whenName);
  if (!sizes)
    return success();
  auto main = module.lookupSymbol<func::FuncOp>(mainName);
  for (NamedAttribute size : sizes) {
    StringRef symbol = size.getName().getValue();
    bool isInput = llvm::any_of(main.getArgumentTypes(), [&](Type type) {
      return llvm::any_of(getDims(type), [&](ExprAttr dim) { return dim.getSymbol() == symbol; });
    });
    auto value = dyn_cast<IntegerAttr>(size.getValue());
    SizeRange range = getRange(module, symbol);
    if (!isInput || !value)
      return host.emitError("expected a version for sizes of inputs of '")
             << mainName << "', found '" << symbol << "'";
    if (value.getInt() < range.min || value.getInt() > range.max)
      return host.emitError("expected a version for sizes in their ranges, found '")
             << symbol << "' = " << value.getInt();
  }
  return success();
}

/// What the entry function binds holds in the host program.
LogicalResult SymbolVerifier::verifyVersion(func::FuncOp host) {
  bound.clear();
  binders.clear();
  scope.clear();
  size_t numInputs = signature ? signature->inputs.size() : host.getNumArguments();
  for (Type type : host.getArgumentTypes().take_front(numInputs))
    for (ExprAttr dim : getDims(type))
      if (std::optional<StringRef> symbol = dim.getSymbol();
          symbol && !bound.contains(*symbol) && failed(bind(*symbol, host, shapeList)))
        return failure();
  auto entry = module.lookupSymbol<func::FuncOp>(getEntryName(host));
  if (entry && failed(verifyFunction(entry, entryList)))
    return failure();
  return success(succeeded(verifySizes(host)) && succeeded(verifyFunction(host, lateList)));
}

/// Whoever counts the symbols counts those that exist.
LogicalResult SymbolVerifier::verifySignature() {
  if (signature)
    for (StringRef symbol : signature->getAllSymbols())
      if (!everBound.contains(symbol))
        return module.emitError("symbol '") << symbol << "' of the signature is never bound";
  return success();
}

LogicalResult SymbolVerifier::verify() {
  auto main = module.lookupSymbol<func::FuncOp>(mainName);
  if (!main)
    return module.emitError("expected a function '") << mainName << "'";
  if (phase == Phase::Plan) {
    FailureOr<Signature> given = getSignature(module);
    if (failed(given))
      return failure();
    signature = std::move(*given);
  }
  for (func::FuncOp host : getHostPrograms(module))
    if (failed(verifyVersion(host)))
      return failure();
  // Kernels are launched wherever; functions of the model are called so.
  bound.insert_range(everBound);
  for (auto function : module.getOps<func::FuncOp>()) {
    if (isHostProgram(function) || isEntry(function))
      continue;
    binders.clear();
    if (failed(verifyFunction(function, lateList)))
      return failure();
  }
  return verifySignature();
}

LogicalResult dlc::verifySymbols(ModuleOp module, Phase phase) {
  return SymbolVerifier(module, phase).verify();
}
