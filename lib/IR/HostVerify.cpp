// Verifiers of the host program's ops. Constraint numbers are those of HostOps.td.

#include "dlc/IR/Dlc.h"

using namespace mlir;
using namespace dlc;

LogicalResult MatchOp::verify() {
  PlannedType type = getTensor(getResult());
  for (Attribute name : getBinds()) // C1
    if (!type.hasRank() || llvm::none_of(type.getDims(), [&](ExprAttr dim) {
          return dim.getSymbol() == cast<StringAttr>(name).getValue();
        }))
      return emitError("expected symbol ") << name << " to be a dim of " << type;
  return success();
}

/// Whether `type` is an integer tensor of constant shape with `count` elements.
static bool holdsIntegers(PlannedType type, size_t count) {
  std::optional<SmallVector<int64_t>> shape = type.getStaticShape();
  return shape && isa<IntegerType>(type.getElementType()) &&
         static_cast<size_t>(ShapedType::getNumElements(*shape)) == count;
}

LogicalResult BindOp::verify() {
  PlannedType type = getTensor(getInput());
  if (getSymbols().size() > ConstantOp::maxDenseElements ||
      !holdsIntegers(type, getSymbols().size())) // C1
    return emitError("expected an integer tensor of constant shape with ")
           << getSymbols().size() << " elements, at most " << ConstantOp::maxDenseElements
           << ", found " << type;
  return success();
}

LogicalResult SizesOp::verify() {
  if (!holdsIntegers(getType(), getValues().size())) // C1
    return emitError("expected an integer tensor of constant shape with ")
           << getValues().size() << " elements, found " << getType();
  return success();
}

LogicalResult LibraryCallOp::verify() {
  size_t handles = llvm::count_if(getResultTypes(), llvm::IsaPred<HandleType>);
  if (handles != 0 && handles != getNumResults()) // C1
    return emitError("expected results that are all planned or all handles");
  if (!getOuts().empty() && getNumResults() != 0) // C2
    return emitError("expected no results beside buffers for them");
  return success();
}

/// Only what is written into buffers matters to others.
void LibraryCallOp::getEffects(
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  if (getOuts().empty())
    return;
  for (OpOperand &input : getInputsMutable())
    if (isa<BufferType>(input.get().getType()))
      effects.emplace_back(MemoryEffects::Read::get(), &input, SideEffects::DefaultResource::get());
  for (OpOperand &out : getOutsMutable())
    effects.emplace_back(MemoryEffects::Write::get(), &out, SideEffects::DefaultResource::get());
}

/// A condition is a handle, or one bool.
static bool isCondition(Type type) {
  PlannedType tensor = getTensor(type);
  return !tensor || tensor.getElementType().isInteger(1);
}

/// Whether values of these types can be the same: a shape that inference has still to find fits
/// any.
static bool areCompatible(TypeRange lhs, TypeRange rhs) {
  return lhs.size() == rhs.size() && llvm::all_of(llvm::zip(lhs, rhs), [](auto types) {
           auto [left, right] = types;
           auto leftTensor = dyn_cast<PlannedType>(left),
                rightTensor = dyn_cast<PlannedType>(right);
           if (!leftTensor || !rightTensor || (leftTensor.hasRank() && rightTensor.hasRank()))
             return left == right;
           return leftTensor.getElementType() == rightTensor.getElementType();
         });
}

YieldOp IfOp::getThenYield() { return cast<YieldOp>(getThenRegion().front().getTerminator()); }
YieldOp IfOp::getElseYield() { return cast<YieldOp>(getElseRegion().front().getTerminator()); }

LogicalResult IfOp::verifyRegions() {
  if (!isCondition(getCondition().getType())) // C1
    return emitError("expected a bool condition, found ") << getCondition().getType();
  for (Region *region : {&getThenRegion(), &getElseRegion()}) {
    auto yield = dyn_cast<YieldOp>(region->front().getTerminator());
    if (!yield || region->getNumArguments() != 0 ||
        !areCompatible(yield.getOperandTypes(), getResultTypes()))
      return emitError("expected regions without arguments that yield values of the results' "
                       "types"); // C2
  }
  return success();
}

YieldOp LoopOp::getYield() { return cast<YieldOp>(getBody().front().getTerminator()); }

OperandRange LoopOp::getCarried() {
  return getYield().getValues().drop_front(getCondition() ? 1 : 0);
}

LogicalResult LoopOp::verify() {
  if (getMaxTrip() && getTrip()) // C2
    return emitError("expected one trip count at most");
  if (getCondition() && !isCondition(getCondition().getType())) // C3
    return emitError("expected a bool condition, found ") << getCondition().getType();
  return success();
}

LogicalResult LoopOp::verifyRegions() {
  Block &block = getBody().front();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  size_t conditions = getCondition() ? 1 : 0;
  if (!yield || yield.getNumOperands() < conditions)
    return emitError("expected a body that yields the next iteration's values");
  TypeRange types = getInits().getTypes();
  if (!areCompatible(block.getArgumentTypes(), types) || !areCompatible(getResultTypes(), types) ||
      !areCompatible(getCarried().getTypes(), types)) // C1
    return emitError("expected arguments, yielded values and results of the inits' types");
  if (conditions && !isCondition(yield.getOperand(0).getType())) // C3
    return emitError("expected to yield a bool condition, found ") << yield.getOperand(0).getType();
  return success();
}
