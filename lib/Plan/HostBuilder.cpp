#include "HostBuilder.h"

#include "dlc/IR/Views.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Value WeightTable::place(OpBuilder &builder, ConstantOp constant, Space space) {
  WeightAttr weight = constant.getWeight();
  auto [place, isNew] = offsets.try_emplace(weight, size);
  if (isNew) {
    int64_t bytes = getPackedBytes(weight);
    weights.push_back({weight, size, bytes});
    size = llvm::alignTo(size + bytes, 64);
  }
  auto type = BufferType::get(builder.getContext(), constant.getType(), space);
  return WeightSlotOp::create(builder, constant.getLoc(), type, place->second, weight);
}

/// The type of the buffer of `value` in the memory that `like` lies in.
static BufferType getBufferType(Value value, Value like) {
  return cast<BufferType>(like.getType()).with(cast<PlannedType>(value.getType()));
}

/// The buffer that `buffer` shows, through all reinterpretations.
static Value getMemory(Value buffer) {
  while (auto view = buffer.getDefiningOp<ReinterpretOp>())
    buffer = view.getSource();
  return buffer;
}

Value HostBuilder::makeBuffer(Location loc, PlannedType type, Space space) {
  auto buffer = BufferType::get(builder.getContext(), type, space);
  if (!signature.isLate(type) || buffer.isOnDevice())
    return AllocOp::create(builder, loc, buffer);
  return NewTensorOp::create(builder, loc, HandleType::get(builder.getContext()), buffer)
      .getBuffer();
}

Value HostBuilder::reinterpret(Location loc, Value buffer, BufferType type) {
  return buffer.getType() == type ? buffer
                                  : Value(ReinterpretOp::create(builder, loc, type, buffer));
}

/// The place of `value` in a buffer, `offset` elements from its start.
Value HostBuilder::getPart(Location loc, Value buffer, ExprAttr offset, Value value) {
  return ReinterpretOp::create(builder, loc, getBufferType(value, buffer), buffer, offset);
}

void HostBuilder::copy(Location loc, Value source, Value target) {
  Value shown =
      reinterpret(loc, source, cast<BufferType>(source.getType()).with(getTensor(target)));
  CopyOp::create(builder, loc, shown, target);
}

Value HostBuilder::lookup(Value value, Space space) {
  Value home = values.lookup(value);
  auto type = dyn_cast<BufferType>(home.getType());
  if (!type || type.getSpace() == space)
    return home;
  Value &copied = copies[{value, builder.getBlock()}];
  if (copied)
    return copied;
  if (auto constant = value.getDefiningOp<ConstantOp>())
    return copied = weights.place(builder, constant, space);
  copied = makeBuffer(value.getLoc(), type.getTensor(), space);
  CopyOp::create(builder, value.getLoc(), home, copied);
  return copied;
}

/// The buffer that the op of `result` writes.
Value HostBuilder::mapResult(Value result, Space space) {
  Value buffer = destinations.lookup(result);
  if (!buffer)
    buffer = makeBuffer(result.getLoc(), cast<PlannedType>(result.getType()), space);
  values.map(result, buffer);
  return buffer;
}

/// Whether `op` writes its result into a buffer of our choice.
static bool writesWhereTold(Operation *op) {
  return isa<KernelOp, LibraryCallOp, SizesOp, ConcatOp, IfOp, LoopOp>(op);
}

bool HostBuilder::claim(Value value, Value target, Block &block) {
  Value computed = getViewed(value);
  Operation *op = computed.getDefiningOp();
  if (!isa<PlannedType>(value.getType()) || !op || !writesWhereTold(op) ||
      op->getBlock() != &block || destinations.contains(computed) ||
      homes.get(computed) != cast<BufferType>(target.getType()).getSpace())
    return false;
  destinations[computed] = reinterpret(value.getLoc(), target, getBufferType(computed, target));
  return true;
}

/// Objects that hold exactly the value need no copy, unless their contents will change.
Value HostBuilder::getHandle(Location loc, Value value) {
  Value buffer = lookup(value, Space::host);
  if (auto object = buffer.getDefiningOp<NewTensorOp>(); object && !carried.contains(buffer))
    return object.getHandle();
  return WrapOp::create(builder, loc, HandleType::get(builder.getContext()), buffer);
}

/// A buffer of one element of a tensor or handle of one element.
Value HostBuilder::getScalar(Location loc, Value value, Type elementType) {
  Value converted = lookup(value, Space::host);
  auto type = BufferType::get(builder.getContext(), PlannedType::get({}, elementType));
  if (isa<BufferType>(converted.getType()))
    return reinterpret(loc, converted, type);
  return MatchOp::create(builder, loc, type, converted, builder.getStrArrayAttr({}),
                         /*single=*/true);
}

SmallVector<Value> HostBuilder::lookupAll(ValueRange range, Space space) {
  return llvm::map_to_vector(range, [&](Value value) { return lookup(value, space); });
}

//===----------------------------------------------------------------------===//
// Straight-line code
//===----------------------------------------------------------------------===//

LogicalResult HostBuilder::convertKernel(KernelOp box) {
  ScheduleAttr schedule = box.getScheduleAttr();
  Space space = schedule && isOnDevice(schedule) ? Space::device : Space::host;
  SmallVector<Value> buffers = lookupAll(box.getInputs(), space);
  for (Value result : box.getResults())
    buffers.push_back(mapResult(result, space));
  return kernels.launch(builder, box, buffers);
}

void HostBuilder::convertLibraryCall(LibraryCallOp call) {
  SmallVector<Value> inputs = lookupAll(call.getInputs()), outs;
  SmallVector<Type> types;
  for (Value result : call.getResults())
    if (isa<HandleType>(result.getType()))
      types.push_back(result.getType());
    else
      outs.push_back(mapResult(result, Space::host));
  auto converted = LibraryCallOp::create(builder, call.getLoc(), types, call.getCallee(), inputs,
                                         outs, call.getParameters());
  if (!types.empty())
    values.map(call.getResults(), converted.getResults());
}

void HostBuilder::convertMatch(MatchOp match) {
  auto type = BufferType::get(builder.getContext(), cast<PlannedType>(match.getResult().getType()));
  auto converted = MatchOp::create(builder, match.getLoc(), type, lookup(match.getHandle()),
                                   match.getBinds(), match.getSingle());
  values.map(match.getResult(), converted.getResult());
}

/// The operands of a concatenation and the offset of each in the result, in elements.
static SmallVector<std::pair<OpOperand *, ExprAttr>> getParts(ConcatOp concat) {
  SmallVector<std::pair<OpOperand *, ExprAttr>> parts;
  ExprAttr offset = ExprAttr::constant(concat.getContext(), 0);
  for (OpOperand &use : concat->getOpOperands()) {
    parts.push_back({&use, offset});
    offset = offset + cast<PlannedType>(use.get().getType()).getBufferElements();
  }
  return parts;
}

/// Lets the ops that compute the operands write into the result. A result whose size is known only
/// during the run does not exist yet.
void HostBuilder::placeOperands(ConcatOp concat) {
  if (signature.isLate(concat.getType()))
    return;
  Value result = mapResult(concat.getResult(), homes.get(concat));
  for (auto [use, offset] : getParts(concat))
    if (claim(use->get(), getPart(concat.getLoc(), result, offset, use->get()),
              *concat->getBlock()))
      placed.insert(use);
}

void HostBuilder::convertConcat(ConcatOp concat) {
  Value result = values.lookupOrNull(concat.getResult());
  if (!result)
    result = mapResult(concat.getResult(), homes.get(concat));
  for (auto [use, offset] : getParts(concat))
    if (!placed.contains(use))
      copy(concat.getLoc(), lookup(use->get()),
           getPart(concat.getLoc(), result, offset, use->get()));
}

LogicalResult HostBuilder::convert(Operation *op) {
  Location loc = op->getLoc();
  return TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](ConstantOp constant) {
        if (!constant->use_empty())
          values.map(constant.getResult(),
                     weights.place(builder, constant, homes.getOfConstants()));
        return success();
      })
      .Case([&](ViewOp view) {
        if (!view->use_empty()) {
          Value source = lookup(view.getInput());
          values.map(view.getResult(),
                     reinterpret(loc, source, getBufferType(view.getResult(), source)));
        }
        return success();
      })
      .Case([&](SliceOp slice) -> LogicalResult {
        ExprAttr offset = getPartOffset(slice);
        if (!offset)
          return slice.emitError("expected a slice of elements that lie side by side");
        if (!slice->use_empty())
          values.map(slice.getResult(),
                     getPart(loc, lookup(slice.getInput()), offset, slice.getResult()));
        return success();
      })
      .Case([&](ConcatOp concat) { return convertConcat(concat), success(); })
      .Case([&](SizesOp sizes) {
        if (!sizes->use_empty())
          StoreSizesOp::create(builder, loc, sizes.getValues(),
                               mapResult(sizes.getResult(), Space::host));
        return success();
      })
      .Case([&](WrapOp wrap) {
        values.map(wrap.getHandle(), getHandle(loc, wrap.getInput()));
        return success();
      })
      .Case([&](KernelOp box) { return convertKernel(box); })
      .Case([&](LibraryCallOp call) { return convertLibraryCall(call), success(); })
      .Case([&](MatchOp match) { return convertMatch(match), success(); })
      .Case([&](BindOp bind) {
        BindOp::create(builder, loc, lookup(bind.getInput(), Space::host), bind.getSymbols());
        return success();
      })
      .Case<GuardOp, AbsentOp>([&](auto other) {
        builder.clone(*other, values);
        return success();
      })
      .Case([&](IfOp branch) { return convertIf(branch); })
      .Case([&](LoopOp loop) { return convertLoop(loop); })
      .Default([](Operation *other) {
        return other->emitError("expected a box or an op of the host program");
      });
}

LogicalResult HostBuilder::convertOps(Block &block) {
  for (Operation &op : llvm::reverse(block))
    if (auto concat = dyn_cast<ConcatOp>(op))
      placeOperands(concat);
  for (Operation &op : block.without_terminator())
    if (failed(convert(&op)))
      return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

static bool isPlanned(Value value) { return isa<PlannedType>(value.getType()); }

/// The handles among `range`, or their types.
static SmallVector<Value> getHandles(ValueRange range) {
  return llvm::to_vector(llvm::make_filter_range(range, [](Value v) { return !isPlanned(v); }));
}

/// Computes a branch, with its planned results in `targets`.
LogicalResult HostBuilder::convertBranch(Region &from, Region &to, ValueRange targets) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&to.emplaceBlock());
  Block &block = from.front();
  auto yield = cast<YieldOp>(block.getTerminator());
  SmallVector<Value> planned =
      llvm::to_vector(llvm::make_filter_range(yield.getValues(), isPlanned));
  SmallVector<bool> claimed;
  for (auto [value, target] : llvm::zip_equal(planned, targets))
    claimed.push_back(claim(value, target, block));
  if (failed(convertOps(block)))
    return failure();
  for (auto [value, target, isThere] : llvm::zip_equal(planned, targets, claimed))
    if (!isThere)
      copy(yield.getLoc(), lookup(value), target);
  YieldOp::create(builder, yield.getLoc(), lookupAll(getHandles(yield.getValues())));
  return success();
}

LogicalResult HostBuilder::convertIf(IfOp op) {
  SmallVector<Value> targets, handles = getHandles(op.getResults());
  for (Value result : op.getResults())
    if (isPlanned(result))
      targets.push_back(mapResult(result, homes.get(result)));
  Value condition = getScalar(op.getLoc(), op.getCondition(), builder.getI1Type());
  auto converted = IfOp::create(builder, op.getLoc(), TypeRange(ValueRange(handles)), condition);
  if (failed(convertBranch(op.getThenRegion(), converted.getThenRegion(), targets)) ||
      failed(convertBranch(op.getElseRegion(), converted.getElseRegion(), targets)))
    return failure();
  for (auto [handle, result] : llvm::zip_equal(handles, converted.getResults()))
    values.map(handle, result);
  return success();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Whether all uses of `value`, through views and parts of it, satisfy `predicate`.
static bool allUses(Value value, function_ref<bool(OpOperand &)> predicate) {
  return llvm::all_of(value.getUses(), [&](OpOperand &use) {
    return isView(use.getOwner()) || isa<SliceOp>(use.getOwner())
               ? allUses(use.getOwner()->getResult(0), predicate)
               : predicate(use);
  });
}

/// Whether `op` stands before `mark`, or in an op that does; `mark` in `block`.
static bool isBefore(Operation *op, Operation *mark) {
  Operation *ancestor = mark->getBlock()->findAncestorOpInBlock(*op);
  return ancestor && ancestor != mark && ancestor->isBeforeInBlock(mark);
}

/// Whether iterations may overwrite the memory of an init: computed beside the loop, which is its
/// last reader, and no part of another value.
static bool isLastUse(LoopOp op, Value init) {
  Value computed = getViewed(init);
  Operation *source = computed.getDefiningOp();
  if (!source || !writesWhereTold(source) || isa<ConcatOp>(source) ||
      source->getBlock() != op->getBlock())
    return false;
  unsigned inits = 0;
  return allUses(computed, [&](OpOperand &use) {
    if (isa<ConcatOp>(use.getOwner()))
      return false;
    if (use.getOwner() != op)
      return isBefore(use.getOwner(), op);
    unsigned first = op.getInits().getBeginOperandIndex();
    return use.getOperandNumber() >= first && ++inits == 1;
  });
}

/// The buffer of a planned carried value, with the init in it.
Value HostBuilder::placeCarried(LoopOp op, unsigned index) {
  Value init = op.getInits()[index], result = op.getResult(index);
  Value buffer;
  if (!destinations.contains(result) && isLastUse(op, init)) {
    buffer = lookup(init);
  } else {
    buffer = mapResult(result, homes.get(result));
    copy(op.getLoc(), lookup(init), buffer);
  }
  values.map(result, buffer);
  values.map(op.getBody().getArgument(index), buffer);
  carried.insert(getMemory(buffer));
  return buffer;
}

/// Copies all sources into the targets, as if at the same time.
void HostBuilder::moveCarried(Location loc, SmallVector<std::pair<Value, Value>> moves) {
  auto readsTarget = [&](Value source, Value target) {
    return getMemory(source) == getMemory(target);
  };
  while (!moves.empty()) {
    auto *next = llvm::find_if(moves, [&](const auto &move) {
      return llvm::none_of(moves, [&](const auto &other) {
        return &other != &move && readsTarget(other.first, move.second);
      });
    });
    if (next != moves.end()) {
      copy(loc, next->first, next->second);
      moves.erase(next);
      continue;
    }
    // Every target is still to be read: one of the cycle is kept elsewhere.
    Value target = moves.front().second;
    Value kept = makeBuffer(loc, getTensor(target), cast<BufferType>(target.getType()).getSpace());
    copy(loc, target, kept);
    for (auto &move : moves)
      if (readsTarget(move.first, target))
        move.first = kept;
  }
}

LogicalResult HostBuilder::convertBody(LoopOp op, LoopOp converted) {
  OpBuilder::InsertionGuard guard(builder);
  Block &from = op.getBody().front(), &to = converted.getBody().emplaceBlock();
  builder.setInsertionPointToStart(&to);
  SmallVector<std::pair<Value, Value>> moves; // values of the source, buffers
  SmallVector<Value> yielded;
  if (Value condition = converted.getCondition()) {
    yielded.push_back(condition);
    if (!claim(op.getYield().getOperand(0), condition, from))
      moves.push_back({op.getYield().getOperand(0), condition});
  }
  for (auto [argument, value] : llvm::zip_equal(from.getArguments(), op.getCarried())) {
    if (!isPlanned(argument)) {
      values.map(argument, to.addArgument(argument.getType(), argument.getLoc()));
      continue;
    }
    // The op that computes the next value writes it in place, where nobody reads the last one from
    // then on.
    Value buffer = lookup(argument);
    Operation *writer = getViewed(value).getDefiningOp();
    bool isFree =
        writer && !isa<ConcatOp>(writer) && writer->getBlock() == &from &&
        allUses(argument, [&](OpOperand &use) { return isBefore(use.getOwner(), writer); });
    if (value != argument && !(isFree && claim(value, buffer, from)))
      moves.push_back({value, buffer});
  }
  if (failed(convertOps(from)))
    return failure();
  for (auto &move : moves)
    move.first = isPlanned(move.first) ? lookup(move.first)
                                       : getScalar(op.getLoc(), move.first, builder.getI1Type());
  moveCarried(op.getYield().getLoc(), std::move(moves));
  llvm::append_range(yielded, lookupAll(getHandles(op.getCarried())));
  YieldOp::create(builder, op.getYield().getLoc(), yielded);
  return success();
}

LogicalResult HostBuilder::convertLoop(LoopOp op) {
  Location loc = op.getLoc();
  for (auto [index, init] : llvm::enumerate(op.getInits()))
    if (isPlanned(init))
      placeCarried(op, index);
  Value maxTrip, condition;
  if (op.getMaxTrip())
    maxTrip = getScalar(loc, op.getMaxTrip(), builder.getI64Type());
  if (op.getCondition()) {
    condition = makeBuffer(loc, PlannedType::get({}, builder.getI1Type()), Space::host);
    copy(loc, getScalar(loc, op.getCondition(), builder.getI1Type()), condition);
  }
  SmallVector<Value> inits = lookupAll(getHandles(op.getInits())),
                     results = getHandles(op.getResults());
  auto converted = LoopOp::create(builder, loc, TypeRange(ValueRange(inits)), op.getIteration(),
                                  maxTrip, op.getTripAttr(), condition, inits);
  if (failed(convertBody(op, converted)))
    return failure();
  for (auto [handle, result] : llvm::zip_equal(results, converted.getResults()))
    values.map(handle, result);
  return success();
}
