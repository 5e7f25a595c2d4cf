// Shape inference of branches and loops. Where shapes differ between branches or iterations the
// value becomes a handle, which is matched where it is used: dims that are equal everywhere stay
// known, others are new symbols.

#include "Inference.h"

#include "dlc/IR/Expr.h"

#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace dlc;

/// What two shapes have in common.
static PartialDims join(const PartialDims &lhs, const PartialDims &rhs) {
  if (!lhs || !rhs || lhs->size() != rhs->size())
    return std::nullopt;
  SmallVector<ExprAttr> dims;
  for (auto [left, right] : llvm::zip_equal(*lhs, *rhs))
    dims.push_back(left == right ? left : ExprAttr());
  return dims;
}

static Type getElementType(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  return type ? type.getElementType() : Type();
}

/// Whether inference has found what there is to know: false after an error.
static bool isInferred(Value value) {
  auto type = dyn_cast<PlannedType>(value.getType());
  return !type || type.hasRank() || hasLateRank(value);
}

static LogicalResult checkCondition(Operation *op, Value condition) {
  auto type = dyn_cast<PlannedType>(condition.getType());
  if (!type || !type.hasRank())
    return success();
  for (ExprAttr dim : type.getDims())
    if (dim.getConstant() && dim.getConstant() != 1)
      return op->emitError("expected a condition of one element, found ") << type;
  return success();
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

/// The branch that every run takes, where the condition is known; else null.
static Block *findTakenBranch(IfOp op, const std::optional<ShapeContext::Contents> &condition) {
  std::optional<int64_t> known = condition && condition->size() == 1 && condition->front()
                                     ? condition->front().getConstant()
                                     : std::nullopt;
  if (!known)
    return nullptr;
  return *known ? &op.getThenRegion().front() : &op.getElseRegion().front();
}

/// The branch in place of the op. What is wrong with the other one does not matter.
LogicalResult Inference::inferTakenBranch(IfOp op, Block &taken) {
  auto yield = cast<YieldOp>(taken.getTerminator());
  if (failed(inferBlock(taken)) || !llvm::all_of(yield.getValues(), isInferred))
    return failure();
  SmallVector<Value> values(yield.getValues());
  yield.erase();
  op->getBlock()->getOperations().splice(op->getIterator(), taken.getOperations());
  replace(op, values);
  return success();
}

LogicalResult Inference::inferIf(IfOp op) {
  if (isInferred(op.getCondition()))
    if (Block *taken = findTakenBranch(op, getContents(op.getCondition())))
      return inferTakenBranch(op, *taken);
  Block &thenBlock = op.getThenRegion().front(), &elseBlock = op.getElseRegion().front();
  bool good = succeeded(inferBlock(thenBlock));
  good &= succeeded(inferBlock(elseBlock));
  good = good && isInferred(op.getCondition()) && succeeded(checkCondition(op, op.getCondition()));
  YieldOp thenYield = op.getThenYield(), elseYield = op.getElseYield();
  for (Value value : llvm::concat<Value>(llvm::to_vector(thenYield.getValues()),
                                         llvm::to_vector(elseYield.getValues())))
    good = good && isInferred(value);
  if (!good)
    return failure();
  OpBuilder builder(op);
  if (hasLateRank(op.getCondition()))
    op.getConditionMutable().assign(getHandle(builder, op.getLoc(), op.getCondition()));
  SmallVector<Value> results(op.getResults());
  SmallVector<Type> types;
  SmallVector<PartialDims> joined;
  for (auto [index, left, right] : llvm::enumerate(thenYield.getValues(), elseYield.getValues())) {
    Type leftElement = getElementType(left), rightElement = getElementType(right);
    if (leftElement != rightElement)
      return op.emitError("expected result ")
             << index << " of one element type in both branches, found " << left.getType()
             << " and " << right.getType();
    joined.push_back(join(getDims(left), getDims(right)));
    if (left.getType() == right.getType() && !hasLateRank(left)) {
      types.push_back(left.getType());
      continue;
    }
    types.push_back(HandleType::get(context));
    for (YieldOp yield : {thenYield, elseYield}) {
      OpBuilder inner(yield);
      yield->setOperand(index, getHandle(inner, op.getLoc(), yield.getOperand(index)));
    }
  }
  auto inferred = IfOp::create(builder, op.getLoc(), types, op.getCondition());
  inferred.getThenRegion().takeBody(op.getThenRegion());
  inferred.getElseRegion().takeBody(op.getElseRegion());
  SmallVector<Value> values;
  for (auto [result, old, dims] : llvm::zip_equal(inferred.getResults(), results, joined)) {
    bool matches = isa<HandleType>(result.getType()) && getElementType(old);
    values.push_back(matches ? match(builder, op.getLoc(), result, getElementType(old), dims, "if")
                             : Value(result));
  }
  replace(op, values);
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

namespace dlc {
/// A carried value: planned with these dims as long as all iterations agree, else a handle of what
/// they have in common.
struct Carried {
  Type elementType; // null: a handle of no tensor, or of strings
  PartialDims dims;
  bool isHandle;
};
} // namespace dlc

/// Gives the body's arguments the types of the state.
void Inference::setState(LoopOp op, ArrayRef<Carried> carried) {
  Block &body = op.getBody().front();
  OpBuilder builder = OpBuilder::atBlockBegin(&body);
  for (auto [argument, state] : llvm::zip_equal(body.getArguments(), carried)) {
    if (!state.isHandle) {
      argument.setType(PlannedType::get(*state.dims, state.elementType));
      continue;
    }
    argument.setType(HandleType::get(context));
    if (!state.elementType)
      continue;
    Value matched = match(builder, op.getLoc(), argument, state.elementType, state.dims, "state");
    argument.replaceAllUsesExcept(matched, matched.getDefiningOp());
  }
}

FailureOr<bool> Inference::tryState(LoopOp op, MutableArrayRef<Carried> carried) {
  setState(op, carried);
  if (failed(inferBlock(op.getBody().front())) ||
      !llvm::all_of(op.getYield().getValues(), isInferred))
    return failure();
  bool lasts = true;
  for (auto [index, state, value] : llvm::enumerate(carried, op.getCarried())) {
    if (getElementType(value) != state.elementType)
      return op.emitError("expected carried value ")
             << index << " to keep its element type, found " << value.getType();
    if (!state.elementType)
      continue;
    PartialDims joined = join(state.dims, getDims(value));
    if (joined == state.dims && (joined || state.isHandle))
      continue;
    if (state.isHandle && joined && state.dims) {
      // A dim that is unknown stays so.
      bool changed = false;
      for (auto [before, after] : llvm::zip_equal(*state.dims, *joined))
        changed |= before && !after;
      if (!changed)
        continue;
    }
    state.dims = joined;
    state.isHandle = true;
    lasts = false;
  }
  return lasts;
}

/// Builds the loop for a state that lasts: `op` has a body that has been inferred for it.
void Inference::finishLoop(LoopOp op, ArrayRef<Carried> carried) {
  OpBuilder builder(op);
  YieldOp yield = op.getYield();
  size_t conditions = op.getCondition() ? 1 : 0;
  OpBuilder inner(yield);
  if (conditions && hasLateRank(yield.getOperand(0)))
    yield->setOperand(0, getHandle(inner, op.getLoc(), yield.getOperand(0)));
  SmallVector<Value> inits;
  SmallVector<Type> types;
  for (auto [index, init, state] : llvm::enumerate(op.getInits(), carried)) {
    inits.push_back(state.isHandle ? getHandle(builder, op.getLoc(), init) : init);
    types.push_back(inits.back().getType());
    if (state.isHandle)
      yield->setOperand(index + conditions,
                        getHandle(inner, op.getLoc(), yield.getOperand(index + conditions)));
  }
  Value maxTrip = op.getMaxTrip();
  ExprAttr trip = op.getTripAttr();
  if (maxTrip && hasLateRank(maxTrip)) {
    maxTrip = getHandle(builder, op.getLoc(), maxTrip);
  } else if (maxTrip) {
    if (std::optional<Contents> count = bindContents(maxTrip); count && count->size() == 1) {
      trip = maximum(count->front(), ExprAttr::constant(context, 0));
      maxTrip = {};
    }
  }
  Value condition = op.getCondition();
  if (condition && hasLateRank(condition))
    condition = getHandle(builder, op.getLoc(), condition);
  auto inferred = LoopOp::create(builder, op.getLoc(), types, op.getIterationAttr(), maxTrip, trip,
                                 condition, inits);
  inferred.getBody().takeBody(op.getBody());
  SmallVector<Value> values;
  for (auto [result, state] : llvm::zip_equal(inferred.getResults(), carried)) {
    bool matches = state.isHandle && state.elementType;
    values.push_back(
        matches ? match(builder, op.getLoc(), result, state.elementType, state.dims, "loop")
                : Value(result));
  }
  replace(op, values);
}

LogicalResult Inference::inferLoop(LoopOp op) {
  SmallVector<Value> operands(op->getOperands());
  if (!llvm::all_of(operands, isInferred))
    return failure();
  if (op.getCondition() && failed(checkCondition(op, op.getCondition())))
    return failure();
  SmallVector<Carried> carried;
  for (Value init : op.getInits())
    carried.push_back({getElementType(init), getDims(init),
                       isa<HandleType>(init.getType()) || hasLateRank(init)});
  // Each try that fails makes a known dim unknown, so that there are few of them.
  while (true) {
    OpBuilder builder(op);
    auto attempt = cast<LoopOp>(builder.clone(*op));
    FailureOr<bool> lasts = tryState(attempt, carried);
    if (failed(lasts)) {
      contents.forget(attempt);
      attempt.erase();
      return failure();
    }
    if (*lasts) {
      op->replaceAllUsesWith(attempt);
      contents.forget(op);
      op.erase();
      finishLoop(attempt, carried);
      return success();
    }
    contents.forget(attempt);
    attempt.erase();
  }
}
