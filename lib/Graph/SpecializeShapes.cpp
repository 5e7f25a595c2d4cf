// Declares what a user knows of the inputs' shapes: dims that are constant or have a name, and
// ranges of symbols. Only the types of `main`'s arguments change: inference does the rest.

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

namespace {
struct SpecializeShapes : dlc::impl::SpecializeShapesBase<SpecializeShapes> {
  using SpecializeShapesBase::SpecializeShapesBase;

  InFlightDiagnostic emitError() { return getOperation().emitError(); }

  BlockArgument findInput(func::FuncOp main, StringRef name) {
    for (BlockArgument argument : main.getArguments())
      if (main.getArgAttrOfType<StringAttr>(argument.getArgNumber(), portName) == name)
        return argument;
    return {};
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
    BlockArgument input = findInput(main, name);
    if (!input)
      return emitError() << "--shape " << shape << ": the model has no input '" << name << "'";
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

  void applyShapes(func::FuncOp main) {
    auto valueOf = [&](StringRef symbol) { return values.lookup(symbol); };
    for (BlockArgument argument : main.getArguments()) {
      auto type = cast<PlannedType>(argument.getType());
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
    SymbolRange range;
    if (low.getAsInteger(10, range.min) || high.getAsInteger(10, range.max) || range.min < 0 ||
        range.max < range.min)
      return emitError() << "--range " << text << ": expected SYMBOL=MIN:MAX";
    if (!symbols.contains(symbol))
      return emitError() << "--range " << text << ": no input has a dim '" << symbol << "'";
    setRange(getOperation(), symbol, range);
    return success();
  }

  void runOnOperation() override {
    values.clear();
    auto main = getOperation().lookupSymbol<func::FuncOp>(mainName);
    if (!main || main.isExternal() || (shapes.empty() && ranges.empty()))
      return;
    for (const std::string &shape : shapes)
      if (failed(declareShape(main, shape)))
        return signalPassFailure();
    applyShapes(main);
    llvm::SetVector<StringRef> symbols;
    for (Type type : main.getArgumentTypes())
      for (ExprAttr dim : cast<PlannedType>(type).getDims())
        dim.walkSymbols([&](StringRef symbol) { symbols.insert(symbol); });
    for (const std::string &range : ranges)
      if (failed(declareRange(symbols, range)))
        return signalPassFailure();
  }

  llvm::StringMap<ExprAttr> values;
};
} // namespace
