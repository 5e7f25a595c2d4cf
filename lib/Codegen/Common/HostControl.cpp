// Branches and loops of the host program.

#include "HostEmitter.h"

#include "dlc/ABI/Program.h"

using namespace mlir;
using namespace dlc;

SmallVector<Value> HostEmitter::getAddresses(ValueRange range) {
  return llvm::map_to_vector(range, [&](Value value) { return getAddress(value); });
}

/// Whether the bool in `buffer` is true.
Value HostEmitter::emitCondition(Value buffer) {
  return LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::ne, load(getAddress(buffer), i8),
                              constant(i8, 0));
}

/// Gives `block` an argument for each handle, which becomes its address.
static void addArguments(Block *block, ValueRange handles, Type pointer,
                         DenseMap<Value, Value> &addresses) {
  for (Value handle : handles)
    addresses[handle] = block->addArgument(pointer, handle.getLoc());
}

/// The ops of a branch or body, once its dims are known not to be negative: plan, which does not
/// know what is entered, has not checked those.
LogicalResult HostEmitter::emitBody(Block &block) {
  SetVector<ExprAttr> dims;
  for (Operation &op : block)
    for (Type type : op.getResultTypes())
      if (auto buffer = dyn_cast<BufferType>(type))
        for (ExprAttr dim : buffer.getTensor().getDims())
          if (!signature.isLate(dim) && !isKnownNonNegative(dim))
            dims.insert(dim);
  for (ExprAttr dim : dims) {
    FailureOr<Value> size = emitSize(dim);
    if (failed(size))
      return failure();
    returnUnless(
        LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::sge, *size, constant(i64, 0)),
        DLC_PROGRAM_NEGATIVE);
  }
  return emitOps(block);
}

LogicalResult HostEmitter::emitIf(IfOp op) {
  Value condition = emitCondition(op.getCondition());
  Block *before = builder.getBlock(), *branches[2], *ends[2];
  for (auto [index, region] : llvm::enumerate(op->getRegions())) {
    branches[index] = addBlock();
    if (failed(emitBody(region.front())))
      return failure();
    ends[index] = builder.getBlock();
  }
  Block *join = addBlock();
  YieldOp yields[] = {op.getThenYield(), op.getElseYield()};
  for (auto [end, yield] : llvm::zip_equal(ends, yields)) {
    builder.setInsertionPointToEnd(end);
    LLVM::BrOp::create(builder, loc, getAddresses(yield.getValues()), join);
  }
  builder.setInsertionPointToEnd(before);
  LLVM::CondBrOp::create(builder, loc, condition, branches[0], branches[1]);
  addArguments(join, op.getResults(), pointer, addresses);
  builder.setInsertionPointToEnd(join);
  return success();
}

/// Null where there is no limit.
FailureOr<Value> HostEmitter::emitTripCount(LoopOp op) {
  if (op.getMaxTrip())
    return load(getAddress(op.getMaxTrip()), i64);
  if (!op.getTrip())
    return Value();
  FailureOr<SmallVector<Value>> count = emitChecked({*op.getTrip()});
  return failed(count) ? FailureOr<Value>(failure()) : count->front();
}

LogicalResult HostEmitter::emitLoop(LoopOp op) {
  FailureOr<Value> tripCount = emitTripCount(op);
  if (failed(tripCount))
    return failure();
  SmallVector<Value> inits = {constant(i64, 0)};
  llvm::append_range(inits, getAddresses(op.getInits()));
  Block *before = builder.getBlock(), *header = addBlock();
  Value iteration = header->addArgument(i64, loc);
  addArguments(header, op.getBody().getArguments(), pointer, addresses);
  for (auto [result, argument] : llvm::zip_equal(op.getResults(), op.getBody().getArguments()))
    addresses[result] = getAddress(argument);
  Value goOn = constant(builder.getI1Type(), 1);
  if (*tripCount)
    goOn = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::slt, iteration, *tripCount);
  if (op.getCondition())
    goOn = LLVM::AndOp::create(builder, loc, goOn, emitCondition(op.getCondition()));
  Block *body = addBlock();
  storeSymbol(op.getIteration(), iteration);
  callStatus(Service::poll, {});
  if (failed(emitBody(op.getBody().front())))
    return failure();
  SmallVector<Value> next = {LLVM::AddOp::create(builder, loc, iteration, constant(i64, 1))};
  llvm::append_range(next, getAddresses(op.getCarried()));
  LLVM::BrOp::create(builder, loc, next, header);
  Block *after = addBlock();
  builder.setInsertionPointToEnd(before);
  LLVM::BrOp::create(builder, loc, inits, header);
  builder.setInsertionPointToEnd(header);
  LLVM::CondBrOp::create(builder, loc, goOn, body, after);
  builder.setInsertionPointToEnd(after);
  return success();
}
