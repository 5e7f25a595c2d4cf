// Declares what a user knows of the inputs' shapes: dims that are constant or have a name, ranges
// and usual values of symbols. Only the types of `main`'s arguments change: inference does the
// rest.
//
// A version for some sizes is a copy of `main` whose arguments have these sizes; the run takes the
// first one that fits.

#include "dlc/Graph/Passes.h"
#include "dlc/IR/Dlc.h"
#include "dlc/IR/Program.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/ADT/StringExtras.h"

#define DEBUG_TYPE "dlc-specialize-shapes"

namespace dlc {
#define GEN_PASS_DEF_SPECIALIZESHAPES
#include "dlc/Graph/Passes.h.inc"
} // namespace dlc

using namespace mlir;
using namespace dlc;

/// Symbols and their values.
using Sizes = SmallVector<std::pair<StringRef, int64_t>>;

static constexpr size_t maxVersions = 64;

namespace {
struct SpecializeShapes : dlc::impl::SpecializeShapesBase<SpecializeShapes> {
  using SpecializeShapesBase::SpecializeShapesBase;

  InFlightDiagnostic emitError() { return getOperation().emitError(); }

  /// Null after an error that names the inputs that there are.
  BlockArgument findInput(func::FuncOp main, StringRef shape, StringRef name) {
    SmallVector<StringRef> names;
    for (BlockArgument argument : main.getArguments()) {
      auto known = main.getArgAttrOfType<StringAttr>(argument.getArgNumber(), portName);
      if (known == name)
        return argument;
      if (known)
        names.push_back(known);
    }
    emitError() << "--shape " << shape << ": the model has no input '" << name << "'; it has "
                << (names.empty() ? "none" : "'" + llvm::join(names, "', '") + "'");
    return {};
  }

  /// An error that names the dims that there are, unless `symbol` is one of them.
  LogicalResult checkSymbol(const llvm::SetVector<StringRef> &symbols, const Twine &option,
                            StringRef symbol) {
    if (symbols.contains(symbol))
      return success();
    return emitError() << option << ": no input has a dim '" << symbol << "'; the model has "
                       << (symbols.empty() ? "none" : llvm::join(symbols, ", "));
  }

  /// What symbol `from` of the model stands for from now on.
  LogicalResult declare(StringRef shape, StringRef from, ExprAttr to) {
    ExprAttr &known = values[from];
    if (known && known != to)
      return emitError() << "--shape " << shape << ": dim '" << from << "' is " << known.str()
                         << " and " << to.str();
    known = to;
    return success();
  }

  /// One dim of "input=N,3,224,224".
  LogicalResult declareDim(StringRef shape, ExprAttr dim, StringRef text) {
    text = text.trim();
    int64_t number;
    bool isNumber = !text.getAsInteger(10, number);
    if (text.empty() || (isNumber && number < 0))
      return emitError() << "--shape " << shape
                         << ": expected dims that are numbers or names, found '" << text << "'";
    ExprAttr given = isNumber ? ExprAttr::constant(&getContext(), number)
                              : ExprAttr::symbol(&getContext(), text);
    if (std::optional<StringRef> symbol = dim.getSymbol())
      return declare(shape, *symbol, given);
    if (given == dim)
      return success();
    return emitError() << "--shape " << shape << ": expected " << dim.str()
                       << " as the model says, found " << text;
  }

  LogicalResult declareShape(func::FuncOp main, StringRef shape) {
    auto [name, text] = shape.split('=');
    BlockArgument input = findInput(main, shape, name);
    if (!input)
      return failure();
    if (!isa<PlannedType>(input.getType()))
      return emitError() << "--shape " << shape << ": the input is no tensor with dims";
    SmallVector<StringRef> given;
    if (!text.empty())
      text.split(given, ',');
    ArrayRef<ExprAttr> dims = cast<PlannedType>(input.getType()).getDims();
    if (given.size() != dims.size())
      return emitError() << "--shape " << shape << ": expected " << dims.size() << " dims, found "
                         << given.size();
    for (auto [dim, dimText] : llvm::zip_equal(dims, given))
      if (failed(declareDim(shape, dim, dimText)))
        return failure();
    return success();
  }

  /// Replaces symbols in the types of the arguments.
  void applyShapes(func::FuncOp main, function_ref<ExprAttr(StringRef)> valueOf) {
    for (BlockArgument argument : main.getArguments()) {
      auto type = dyn_cast<PlannedType>(argument.getType());
      if (!type)
        continue;
      auto dims = llvm::map_to_vector(type.getDims(),
                                      [&](ExprAttr dim) { return substitute(dim, valueOf); });
      argument.setType(PlannedType::get(dims, type.getElementType()));
    }
    main.setFunctionType(
        FunctionType::get(&getContext(), main.getBody().getArgumentTypes(), main.getResultTypes()));
  }

  /// "N=1:32"
  LogicalResult declareRange(const llvm::SetVector<StringRef> &symbols, StringRef text) {
    auto [symbol, bounds] = text.split('=');
    auto [low, high] = bounds.split(':');
    SizeRange range;
    if (low.getAsInteger(10, range.min) || high.getAsInteger(10, range.max) || range.min < 0 ||
        range.max < range.min)
      return emitError() << "--range " << text << ": expected SYMBOL=MIN:MAX";
    if (failed(checkSymbol(symbols, "--range " + text, symbol)))
      return failure();
    setRange(getOperation(), symbol, range);
    return success();
  }

  /// "N=8"
  LogicalResult declareHint(const llvm::SetVector<StringRef> &symbols, StringRef text) {
    auto [symbol, value] = text.split('=');
    int64_t number;
    if (value.getAsInteger(10, number) || number < 0)
      return emitError() << "--hint " << text << ": expected SYMBOL=VALUE";
    if (failed(checkSymbol(symbols, "--hint " + text, symbol)))
      return failure();
    SizeRange range = getRange(getOperation(), symbol);
    if (number < range.min || number > range.max)
      return emitError() << "--hint " << text << ": " << number << " is not in the declared range "
                         << range.min << " to " << range.max;
    setHint(getOperation(), symbol, number);
    return success();
  }

  /// Adds each of the values in "N=1,8" to each of the combinations so far.
  LogicalResult declareVersions(const llvm::SetVector<StringRef> &symbols, StringRef text,
                                SmallVectorImpl<Sizes> &versions) {
    auto [symbol, list] = text.split('=');
    SmallVector<StringRef> numbers;
    list.split(numbers, ',');
    SmallVector<Sizes> combined;
    auto invalid = [&]() -> InFlightDiagnostic {
      return emitError() << "--specialize " << text << ": ";
    };
    if (failed(checkSymbol(symbols, "--specialize " + text, symbol)))
      return failure();
    for (const Sizes &version : versions)
      for (StringRef number : numbers) {
        int64_t value;
        SizeRange range = getRange(getOperation(), symbol);
        if (number.getAsInteger(10, value) || value < 0)
          return invalid() << "expected SYMBOL=VALUE,VALUE,...";
        if (value < range.min || value > range.max)
          return invalid() << value << " is not in the declared range " << range.min << " to "
                           << range.max;
        if (llvm::any_of(version, [&](auto &size) { return size.first == symbol; }))
          return invalid() << "dim '" << symbol << "' is given twice";
        combined.push_back(version);
        combined.back().push_back({symbol, value});
      }
    if (combined.size() > maxVersions)
      return invalid() << "expected at most " << maxVersions << " versions, found "
                       << combined.size();
    versions = std::move(combined);
    return success();
  }

  /// The version of `main` for some sizes, before it.
  void makeVersion(func::FuncOp main, const Sizes &sizes, size_t number) {
    OpBuilder builder(main);
    auto version = cast<func::FuncOp>(builder.clone(*main));
    version.setName((mainName + "_" + Twine(number)).str());
    NamedAttrList when;
    for (auto [symbol, value] : sizes)
      when.set(symbol, builder.getI64IntegerAttr(value));
    version->setAttr(whenName, when.getDictionary(&getContext()));
    applyShapes(version, [&](StringRef symbol) -> ExprAttr {
      for (auto [name, value] : sizes)
        if (name == symbol)
          return ExprAttr::constant(&getContext(), value);
      return {};
    });
  }

  llvm::SetVector<StringRef> getSymbols(func::FuncOp main) {
    llvm::SetVector<StringRef> symbols;
    for (Type type : main.getArgumentTypes())
      if (auto planned = dyn_cast<PlannedType>(type))
        for (ExprAttr dim : planned.getDims())
          dim.walkSymbols([&](StringRef symbol) { symbols.insert(symbol); });
    return symbols;
  }

  LogicalResult specialize(func::FuncOp main) {
    for (const std::string &shape : shapes)
      if (failed(declareShape(main, shape)))
        return failure();
    applyShapes(main, [&](StringRef symbol) { return values.lookup(symbol); });
    llvm::SetVector<StringRef> symbols = getSymbols(main);
    for (const std::string &range : ranges)
      if (failed(declareRange(symbols, range)))
        return failure();
    for (const std::string &hint : hints)
      if (failed(declareHint(symbols, hint)))
        return failure();
    SmallVector<Sizes> made(1);
    for (const std::string &version : versions)
      if (failed(declareVersions(symbols, version, made)))
        return failure();
    if (versions.empty())
      return success();
    for (auto [number, sizes] : llvm::enumerate(made))
      makeVersion(main, sizes, number + 1);
    return success();
  }

  void runOnOperation() override {
    values.clear();
    auto main = getOperation().lookupSymbol<func::FuncOp>(mainName);
    if (main && !main.isExternal() && failed(specialize(main)))
      signalPassFailure();
  }

  llvm::StringMap<ExprAttr> values;
};
} // namespace
