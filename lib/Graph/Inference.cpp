// One op after the other: its operands are known when it is visited.

#include "Inference.h"

#include "dlc/IR/Expr.h"
#include "dlc/IR/LibraryCall.h"
#include "dlc/IR/Program.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace dlc;

static bool isKnown(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  return !type || type.hasRank();
}

bool dlc::hasLateRank(Value value) { return !isKnown(value) && value.getDefiningOp<MatchOp>(); }

Value dlc::getHandle(OpBuilder &builder, Location loc, Value value) {
  if (isa<HandleType>(value.getType()))
    return value;
  if (auto match = value.getDefiningOp<MatchOp>())
    return match.getHandle();
  return WrapOp::create(builder, loc, HandleType::get(builder.getContext()), value);
}

Inference::Inference(ModuleOp module)
    : context(module.getContext()),
      rangeOf([module](StringRef symbol) { return dlc::getRange(module, symbol); }),
      contents(rangeOf) {
  auto add = [&](Type type) {
    if (auto planned = dyn_cast<PlannedType>(type))
      for (ExprAttr dim : planned.getDims())
        dim.walkSymbols([&](StringRef symbol) { symbols.insert(symbol); });
  };
  module.walk([&](Operation *op) {
    llvm::for_each(op->getResultTypes(), add);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        llvm::for_each(block.getArgumentTypes(), add);
    if (auto loop = dyn_cast<LoopOp>(op))
      symbols.insert(loop.getIteration());
  });
}

/// "<stem>_1", changed until it is new.
ExprAttr Inference::makeSymbol(StringRef stem) {
  for (size_t number = 1;; ++number) {
    std::string name = (stem + "_" + Twine(number)).str();
    if (symbols.insert(name).second)
      return ExprAttr::symbol(context, name);
  }
}

void Inference::replace(Operation *op, ValueRange values) {
  op->replaceAllUsesWith(values);
  contents.forget(op);
  op->erase();
}

//===----------------------------------------------------------------------===//
// Contents
//===----------------------------------------------------------------------===//

SizeRange Inference::getRange(ExprAttr expr) { return dlc::getRange(expr, rangeOf); }

ExprAttr Inference::simplify(ExprAttr expr) { return dlc::simplify(expr, rangeOf); }

std::optional<ShapeContext::Contents> Inference::getContents(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  if (!type || !isa<IntegerType>(type.getElementType()))
    return std::nullopt;
  std::optional<ContentsAnalysis::Elements> elements = contents.get(value);
  if (!elements)
    return std::nullopt;
  return llvm::map_to_vector<6>(*elements, [](const Fraction &f) { return f.numerator; });
}

/// The shape of a small tensor of integers.
static std::optional<SmallVector<int64_t>> getIntegersShape(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  if (!type || !isa<IntegerType>(type.getElementType()))
    return std::nullopt;
  return type.getSmallShape();
}

/// Of joined vectors those that are known.
std::optional<ShapeContext::Contents> Inference::getPartialContents(Value value) {
  if (std::optional<Contents> known = getContents(value))
    return known;
  std::optional<SmallVector<int64_t>> shape = getIntegersShape(value);
  if (!shape)
    return std::nullopt;
  auto concat = value.getDefiningOp<ConcatOp>();
  if (!concat || shape->size() != 1)
    return Contents(ShapedType::getNumElements(*shape));
  Contents elements;
  for (Value input : concat.getInputs())
    elements.append(*getPartialContents(input));
  return elements;
}

std::optional<ShapeContext::Contents> Inference::bindContents(Value value) {
  return bind(value, /*user=*/nullptr);
}

std::optional<ShapeContext::Contents> Inference::bindSizes(Value value, Operation *user) {
  return bind(value, user);
}

/// Of joined vectors those that are known stay so.
std::optional<ShapeContext::Contents> Inference::bindJoined(ConcatOp concat, Operation *user) {
  Contents elements;
  for (Value input : concat.getInputs()) {
    std::optional<Contents> part = bind(input, user);
    if (!part)
      return std::nullopt;
    elements.append(*part);
  }
  contents.set(concat.getResult(),
               llvm::map_to_vector<6>(elements, [](ExprAttr expr) { return Fraction{expr}; }));
  return elements;
}

std::optional<ShapeContext::Contents> Inference::bind(Value value, Operation *user) {
  if (std::optional<Contents> known = getContents(value))
    return known;
  std::optional<SmallVector<int64_t>> shape = getIntegersShape(value);
  if (!shape)
    return std::nullopt;
  if (auto concat = value.getDefiningOp<ConcatOp>(); concat && shape->size() == 1)
    return bindJoined(concat, user);
  OpBuilder builder(context);
  builder.setInsertionPointAfterValue(value);
  // Where the value is computed but `user` not reached, nobody demands sizes.
  bool areSizes = user && value.getParentBlock() == user->getBlock();
  Contents elements;
  ContentsAnalysis::Elements fractions;
  SmallVector<StringRef> names;
  Operation *op = value.getDefiningOp();
  StringRef stem = op ? op->getName().stripDialect() : "value";
  if (auto call = dyn_cast_or_null<LibraryCallOp>(op))
    stem = call.getCallee();
  for (int64_t i = 0, count = ShapedType::getNumElements(*shape); i != count; ++i) {
    ExprAttr symbol = makeSymbol(stem);
    names.push_back(*symbol.getSymbol());
    elements.push_back(areSizes ? symbol : integer(symbol));
    fractions.push_back({elements.back()});
  }
  BindOp::create(builder, value.getLoc(), value, builder.getStrArrayAttr(names));
  if (areSizes)
    for (ExprAttr element : elements)
      GuardOp::create(builder, user->getLoc(), element, GuardRelation::at_least,
                      ExprAttr::constant(context, 0));
  contents.set(value, std::move(fractions));
  return elements;
}

//===----------------------------------------------------------------------===//
// Values that only the run knows
//===----------------------------------------------------------------------===//

Value Inference::match(OpBuilder &builder, Location loc, Value handle, Type elementType,
                       const PartialDims &dims, StringRef stem) {
  SmallVector<StringRef> bound;
  PlannedType type = PlannedType::getUnranked(elementType);
  if (dims) {
    SmallVector<ExprAttr> complete(*dims);
    for (ExprAttr &dim : complete)
      if (!dim) {
        dim = makeSymbol(stem);
        bound.push_back(*dim.getSymbol());
      }
    type = PlannedType::get(complete, elementType);
  }
  return MatchOp::create(builder, loc, type, handle, builder.getStrArrayAttr(bound));
}

/// A call takes tensors whose rank only the run knows as handles.
static void passHandles(LibraryCallOp call) {
  OpBuilder builder(call);
  for (OpOperand &operand : call.getInputsMutable())
    if (hasLateRank(operand.get()))
      operand.set(getHandle(builder, call.getLoc(), operand.get()));
}

LogicalResult Inference::makeLate(Operation *op, ArrayRef<PartialDims> dims) {
  OpBuilder builder(op);
  auto call = dyn_cast<LibraryCallOp>(op);
  std::optional<StringRef> callee = getLibraryOp(op);
  if (!callee)
    return op->emitError("a result whose shape only the run knows is not supported for this op");
  SmallVector<Type> types(op->getNumResults(), HandleType::get(context));
  LibraryCallOp late =
      call ? LibraryCallOp::create(builder, op->getLoc(), types, *callee, call.getInputs(),
                                   ValueRange(), call.getParameters())
           : createLibraryCall(builder, op, *callee, types);
  passHandles(late);
  SmallVector<Value> values;
  for (auto [result, handle, known] : llvm::zip_equal(op->getResults(), late.getResults(), dims)) {
    auto type = dyn_cast<PlannedType>(result.getType());
    values.push_back(
        type ? match(builder, op->getLoc(), handle, type.getElementType(), known, *callee)
             : Value(handle));
  }
  replace(op, values);
  return success();
}

/// Dims of a result that parameters and contents of operands decide may be anything.
static LogicalResult verifyDims(Operation *op, const PartialDims &dims) {
  if (!dims)
    return success();
  for (ExprAttr dim : *dims)
    if (std::optional<int64_t> size = dim ? dim.getConstant() : std::nullopt; size && *size < 0)
      return op->emitError("expected dims that are not negative, found ") << *size;
  return success();
}

LogicalResult Inference::inferLibraryCall(LibraryCallOp op) {
  passHandles(op);
  // Results that are all known, or handles.
  if (llvm::all_of(op.getResults(), isKnown) || !op.getOuts().empty())
    return success();
  FailureOr<SmallVector<PartialDims>> dims = inferLibraryResults(op, *this);
  if (failed(dims) || !llvm::all_of(*dims, [&](const PartialDims &known) {
        return succeeded(verifyDims(op, known));
      }))
    return failure();
  bool complete = llvm::all_of(*dims, [](const PartialDims &known) {
    return known && !llvm::is_contained(*known, ExprAttr());
  });
  if (!complete)
    return makeLate(op, *dims);
  for (auto [result, known] : llvm::zip_equal(op.getResults(), *dims))
    result.setType(PlannedType::get(*known, cast<PlannedType>(result.getType()).getElementType()));
  return success();
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// Guards for sizes that must be equal, or broadcast, but are not known to do so: no kernel checks
/// what it reads.
static void guardDims(ShapeInferenceOpInterface op) {
  OpBuilder builder(op);
  for (auto [lhs, rhs] : op.getEqualDims())
    if (lhs != rhs)
      GuardOp::create(builder, op.getLoc(), lhs, GuardRelation::equals, rhs);
  for (auto [dim, to] : op.getBroadcastDims())
    if (dim != to)
      GuardOp::create(builder, op.getLoc(), dim,
                      dim.getConstant() ? GuardRelation::equals : GuardRelation::equals_or_one, to);
}

LogicalResult Inference::inferTypes(ShapeInferenceOpInterface op) {
  SmallVector<PlannedType> types;
  if (failed(op.inferShapes(types)))
    return failure();
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types))
    result.setType(type);
  guardDims(op);
  return success();
}

LogicalResult Inference::resolve(ResolveOpInterface op) {
  OpBuilder builder(op);
  SmallVector<Value> values;
  if (failed(op.resolve(*this, builder, values)))
    return failure();
  if (values.empty())
    return makeLate(op, getLateDims(op));
  replace(op, values);
  return success();
}

/// The sizes that a resize makes as symbols, computed by a library op before the first kernel where
/// that is possible. It fails where nothing would be enlarged.
std::optional<ShapeContext::Contents> Inference::bindResizedDims(ResizeOp op) {
  PlannedType input = op.getInput().getType();
  OpBuilder builder(op);
  auto sizesType =
      PlannedType::get(ExprAttr::constant(context, input.getRank()), builder.getI64Type());
  SmallVector<Value> operands = {
      SizesOp::create(builder, op.getLoc(), sizesType, getArrayAttr(context, input.getDims()))};
  for (Value operand : {Value(op.getScales()), Value(op.getSizes())})
    operands.push_back(operand ? operand
                               : AbsentOp::create(builder, op.getLoc(), HandleType::get(context)));
  NamedAttrList parameters;
  if (op.getAxes())
    parameters.set("axes", op.getAxesAttr());
  parameters.set("policy", builder.getStringAttr(stringifyEnum(op.getPolicy())));
  auto call = LibraryCallOp::create(builder, op.getLoc(), TypeRange(sizesType), "resize_sizes",
                                    operands, ValueRange(), parameters.getDictionary(context));
  return bindSizes(call.getResult(0), call);
}

/// Sizes that are known become a matter of the result's type.
LogicalResult Inference::inferResize(ResizeOp op) {
  PlannedType input = op.getInput().getType();
  FailureOr<std::optional<SmallVector<ExprAttr>>> known = op.findDims();
  if (failed(known))
    return failure();
  // Only the run can tell that there is nothing to enlarge.
  bool mayBeEmpty = op.getSizes() && !input.getStaticShape();
  if (*known && !mayBeEmpty) {
    if (failed(inferTypes(cast<ShapeInferenceOpInterface>(op.getOperation()))))
      return failure();
  } else {
    std::optional<Contents> bound = bindResizedDims(op);
    if (!bound)
      return op.emitError("expected an input of at most 64 dims");
    bool knowsScales = op.getConstantScales().has_value();
    SmallVector<int64_t> axes = *op.getNormalizedAxes();
    OpBuilder builder(op);
    for (int64_t d = 0; d != input.getRank(); ++d) {
      bool isKept = !llvm::is_contained(axes, d);
      bool isOuter = !knowsScales && d < std::min<int64_t>(input.getRank() - 2, 2); // C4
      ExprAttr dim = *known ? (**known)[d] : isKept || isOuter ? input.getDim(d) : ExprAttr();
      if (!dim)
        continue;
      if (!isKept)
        GuardOp::create(builder, op.getLoc(), (*bound)[d], GuardRelation::equals, dim);
      (*bound)[d] = dim;
    }
    op.getResult().setType(PlannedType::get(*bound, input.getElementType()));
  }
  if (op.getPolicy() == ResizePolicy::stretch)
    op.getSizesMutable().clear();
  return success();
}

/// An op whose operands are unknown is passed over: the error was reported where they come from.
LogicalResult Inference::inferOp(Operation *op) {
  if (auto loop = dyn_cast<LoopOp>(op))
    return inferLoop(loop);
  if (auto branch = dyn_cast<IfOp>(op))
    return inferIf(branch);
  if (!llvm::all_of(op->getOperands(), [](Value v) { return isKnown(v) || hasLateRank(v); }))
    return success();
  if (auto call = dyn_cast<LibraryCallOp>(op))
    return inferLibraryCall(call);
  if (llvm::any_of(op->getOperands(), hasLateRank)) {
    if (isa<ShapeInferenceOpInterface, ResolveOpInterface>(op))
      return makeLate(op, SmallVector<PartialDims>(op->getNumResults()));
    return success();
  }
  if (auto resolvable = dyn_cast<ResolveOpInterface>(op))
    return resolve(resolvable);
  if (auto resize = dyn_cast<ResizeOp>(op))
    return inferResize(resize);
  auto inferable = dyn_cast<ShapeInferenceOpInterface>(op);
  return inferable ? inferTypes(inferable) : success();
}

/// An op on small integers whose elements are known is nothing but these.
void Inference::simplify(Operation *op) {
  if (op->getNumResults() != 1 || !isPure(op) || isa<ConstantOp, SizesOp>(op))
    return;
  std::optional<Contents> elements = getContents(op->getResult(0));
  if (!elements)
    return;
  OpBuilder builder(op);
  SmallVector<Attribute> values(elements->begin(), elements->end());
  auto type = cast<PlannedType>(op->getResult(0).getType());
  Value sizes = SizesOp::create(builder, op->getLoc(), type, builder.getArrayAttr(values));
  replace(op, sizes);
}

/// Whether sizes of all results can be counted.
static LogicalResult verifySizes(Operation *op) {
  for (Type type : op->getResultTypes())
    if (auto planned = dyn_cast<PlannedType>(type);
        planned && planned.hasRank() && !planned.getBufferBytes())
      return op->emitError("expected a shape of less than 2^63 bytes, found ") << planned;
  return success();
}

LogicalResult Inference::inferBlock(Block &block) {
  bool failedOp = false;
  Operation *next;
  for (Operation *op = &block.front(); op; op = next) {
    Operation *before = op->getPrevNode();
    next = op->getNextNode();
    if (failed(inferOp(op))) {
      failedOp = true;
      continue;
    }
    // What stands now where the op stood.
    for (Operation *made = before ? before->getNextNode() : &block.front(); made != next;) {
      Operation *current = made;
      made = made->getNextNode();
      failedOp |= failed(verifySizes(current));
      simplify(current);
    }
  }
  return failure(failedOp);
}
