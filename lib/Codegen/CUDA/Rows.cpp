// Softmax, normalizations and reductions, and what one block does alone. A row belongs to a block,
// whose threads take elements in turns, so that neighbours are read together; a column belongs to a
// thread.

#include "../Common/AnchorKernel.h"
#include "../Common/LoopKernel.h"
#include "../Common/Reducer.h"
#include "../Common/RowPrologue.h"
#include "DeviceKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

namespace {
/// Elements `first`, `first + step`, ... below `end`, `pitch` elements from each other in memory.
class Walk {
public:
  Walk(KernelBuilder &b, Value first, Value end, int64_t step, Value start, Value pitch)
      : b(b), first(first), end(end), step(step), start(start), pitch(pitch) {}

  /// How many elements there are at most, where it is known and small: they are walked without a
  /// loop, so that what is loaded of them can stay in registers.
  std::optional<int64_t> getFew() const {
    constexpr int64_t most = 16;
    std::optional<int64_t> known = getConstantIntValue(end);
    if (!known || *known > most * step)
      return std::nullopt;
    return llvm::divideCeil(*known, step);
  }

  /// One of the elements.
  struct Place {
    Value number; ///< among the elements of all threads
    Value memory; ///< counted in elements from the buffer's first one
    int64_t turn; ///< how many the thread has had before, where they are few
  };

  using EmitPlace = function_ref<Value(const Place &place, Value carried)>;

  /// What `emit` makes of `carried` at the element that is next after `turn` others; `carried`
  /// where there is none.
  Value forTurn(int64_t turn, Value carried, EmitPlace emit) const {
    Value number = b.add(first, turn * step);
    auto emitOne = [&] { return KernelBuilder::Carried{emit(getPlace(number, turn), carried)}; };
    if ((turn + 1) * step <= *getConstantIntValue(end))
      return emitOne()[0];
    Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, end);
    return b.chooseValues(exists, emitOne, [&] { return KernelBuilder::Carried{carried}; })[0];
  }

  /// A value carried from element to element.
  Value forEach(Value init, EmitPlace emit) const {
    if (std::optional<int64_t> few = getFew()) {
      for (int64_t turn = 0; turn != *few; ++turn)
        init = forTurn(turn, init, emit);
      return init;
    }
    return b.loop(first, end, step, init, [&](Value i, ValueRange carried) {
      return KernelBuilder::Carried{emit(getPlace(i, 0), carried[0])};
    })[0];
  }

private:
  Place getPlace(Value number, int64_t turn) const {
    return {number, b.add(start, b.mul(number, pitch)), turn};
  }

  KernelBuilder &b;
  Value first, end;
  int64_t step;
  Value start, pitch;
};

class RowEmitter {
public:
  explicit RowEmitter(KernelBuilder &b) : b(b), threads(b), numThreads(b.getSchedule().getRows()) {}

  /// Elements of the block's row, which has `length` of them.
  Walk getRow(Value length) {
    return {b,          threads.wide(threads.getThread()), length,
            numThreads, b.mul(b.getTask(), length),        b.i64(1)};
  }
  /// What the threads of the block have computed, or the thread alone.
  Value join(Value value, bool isRow, ReduceKind kind) {
    Reducer reducer(b, kind);
    auto combine = [&](Value lhs, Value rhs) { return reducer.combine(lhs, rhs); };
    return isRow ? threads.reduce(value, numThreads, combine) : value;
  }

  /// A dense buffer.
  struct Elements {
    Value base;
    Type type; ///< in memory
  };
  Elements getElements(Value buffer) {
    if (!buffer)
      return {};
    return {b.getAddress(buffer), getTensor(buffer).getMemoryType()};
  }
  Value load(const Elements &elements, Value place) {
    return b.loadElement(b.offset(elements.base, place, elements.type), elements.type);
  }
  void store(Value value, const Elements &elements, Value place) {
    b.storeElement(value, b.offset(elements.base, place, elements.type), elements.type);
  }

  KernelBuilder &b;
  Threads threads;
  int64_t numThreads;
};

/// A kernel whose anchor reads its first operand row by row: from a buffer, or from ops in front of
/// it. What a thread has of a short row it keeps.
class AnchoredRows : protected RowEmitter {
public:
  AnchoredRows(KernelBuilder &b, AnchorKernel &kernel)
      : RowEmitter(b), kernel(kernel), prologue(b, kernel.prologue) {}

  LogicalResult match();

protected:
  using Place = Walk::Place;
  /// What is loaded from here on is of this row or column.
  void enter(const Walk &walk);
  Value load(const Place &place);
  using RowEmitter::load;
  /// Stores a result, and the element that `load` has given there if others read it too.
  void storeResult(Value value, Value element, const Place &place);

  AnchorKernel &kernel;
  RowPrologue prologue;

private:
  Value compute(const Place &place);

  Elements input;
  SmallVector<Value> kept; ///< elements of the thread, empty where they are not few
};

class SoftmaxRows : AnchoredRows {
public:
  SoftmaxRows(KernelBuilder &b, AnchorKernel &kernel)
      : AnchoredRows(b, kernel), op(cast<SoftmaxOp>(kernel.anchor)) {}

  using AnchoredRows::match;
  void emit();

private:
  void emitSums(Walk walk, bool isRow);

  SoftmaxOp op;
};

class LayerNormRows : AnchoredRows {
public:
  LayerNormRows(KernelBuilder &b, AnchorKernel &kernel)
      : AnchoredRows(b, kernel), op(cast<LayerNormOp>(kernel.anchor)) {}

  LogicalResult match();
  void emit() {
    prologue.forEachForm([&] { emitRow(); });
  }

private:
  Value getMean(Walk walk, Value length, ReduceKind kind, function_ref<Value(Value)> change);
  void emitRow();

  LayerNormOp op;
  Elements scale, bias; ///< without base where there is none
};
} // namespace

//===----------------------------------------------------------------------===//
// Rows of an anchor
//===----------------------------------------------------------------------===//

LogicalResult AnchoredRows::match() {
  if (prologue.exists())
    return success();
  FailureOr<Value> buffer = kernel.getBuffer(kernel.anchor->getOperand(0));
  if (failed(buffer))
    return failure();
  input = getElements(*buffer);
  return success();
}

Value AnchoredRows::compute(const Place &place) {
  if (!prologue.exists())
    return load(input, place.memory);
  return vector::ExtractOp::create(b, prologue.evaluate(place.number, Value()), int64_t(0));
}

void AnchoredRows::enter(const Walk &walk) {
  prologue.enterRow(b.getTask());
  kept.clear();
  for (int64_t turn = 0; turn != walk.getFew().value_or(0); ++turn)
    kept.push_back(
        walk.forTurn(turn, b.f32(0.0f), [&](const Place &place, Value) { return compute(place); }));
}

Value AnchoredRows::load(const Place &place) {
  return kept.empty() ? compute(place) : kept[place.turn];
}

void AnchoredRows::storeResult(Value value, Value element, const Place &place) {
  if (kernel.prologueOutput)
    store(element, getElements(kernel.prologueOutput), place.memory);
  store(value, getElements(kernel.output), place.memory);
}

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

void SoftmaxRows::emitSums(Walk walk, bool isRow) {
  enter(walk);
  Reducer maxima(b, ReduceKind::max);
  Value most = walk.forEach(b.f32(maxima.getIdentity()), [&](const Place &place, Value carried) {
    return maxima.accumulate(carried, load(place));
  });
  most = join(most, isRow, ReduceKind::max);
  Value sum = walk.forEach(b.f32(0.0f), [&](const Place &place, Value carried) -> Value {
    Value shifted = arith::SubFOp::create(b, load(place), most);
    return arith::AddFOp::create(b, carried, math::ExpOp::create(b, shifted));
  });
  sum = join(sum, isRow, ReduceKind::sum);
  sum = op.getLog() ? Value(math::LogOp::create(b, sum))
                    : Value(arith::DivFOp::create(b, b.f32(1.0f), sum));
  walk.forEach(sum, [&](const Place &place, Value carried) {
    Value element = load(place), shifted = arith::SubFOp::create(b, element, most);
    Value value = op.getLog()
                      ? Value(arith::SubFOp::create(b, shifted, carried))
                      : Value(arith::MulFOp::create(b, math::ExpOp::create(b, shifted), carried));
    storeResult(value, element, place);
    return carried;
  });
}

void SoftmaxRows::emit() {
  ArrayRef<ExprAttr> dims = op.getType().getDims();
  size_t axis = op.getDim();
  Value length = b.size(dims[axis]);
  if (axis + 1 == dims.size())
    return prologue.forEachForm([&] { emitSums(getRow(length), true); });
  Value inner = b.size(dims.drop_front(axis + 1));
  Value columns = b.mul(b.size(dims.take_front(axis)), inner);
  Value column = b.add(b.mul(b.getTask(), numThreads), threads.wide(threads.getThread()));
  b.onlyIf(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, column, columns), [&] {
    Value start = b.add(b.mul(b.mul(b.div(column, inner), length), inner), b.rem(column, inner));
    emitSums({b, b.i64(0), length, 1, start, inner}, false);
  });
}

//===----------------------------------------------------------------------===//
// Normalization
//===----------------------------------------------------------------------===//

LogicalResult LayerNormRows::match() {
  Value scaleBuffer, biasBuffer;
  if (failed(AnchoredRows::match()) ||
      failed(kernel.getBuffers({{op.getScale(), &scaleBuffer}, {op.getBias(), &biasBuffer}})))
    return failure();
  scale = getElements(scaleBuffer);
  bias = getElements(biasBuffer);
  return success();
}

Value LayerNormRows::getMean(Walk walk, Value length, ReduceKind kind,
                             function_ref<Value(Value)> change) {
  Reducer reducer(b, kind), means(b, ReduceKind::mean);
  Value sum = walk.forEach(b.f32(0.0f), [&](const Place &place, Value carried) {
    return reducer.accumulate(carried, change(load(place)));
  });
  return means.finish(join(sum, true, ReduceKind::sum), length);
}

void LayerNormRows::emitRow() {
  Value length = b.size(op.getType().getDims().drop_front(op.getDim()));
  Walk walk = getRow(length);
  enter(walk);
  Value mean;
  if (!op.getRms())
    mean = getMean(walk, length, ReduceKind::sum, [](Value element) { return element; });
  auto center = [&](Value element) -> Value {
    return mean ? arith::SubFOp::create(b, element, mean) : element;
  };
  Value variance = getMean(walk, length, ReduceKind::sum_square, center);
  Value shifted = arith::AddFOp::create(b, variance, b.f32(op.getEpsilon().convertToFloat()));
  Value factor = arith::DivFOp::create(b, b.f32(1.0f), math::SqrtOp::create(b, shifted));
  walk.forEach(factor, [&](const Place &place, Value carried) {
    Value element = load(place), value = arith::MulFOp::create(b, center(element), carried);
    if (scale.base && bias.base)
      value = b.fma(value, load(scale, place.number), load(bias, place.number));
    else if (scale.base)
      value = arith::MulFOp::create(b, value, load(scale, place.number));
    else if (bias.base)
      value = arith::AddFOp::create(b, value, load(bias, place.number));
    value = kernel.emitEpilogue(b, value, [&](size_t index) {
      Value operand = kernel.operands[index];
      if (operand == kernel.prologue)
        return element;
      return load(getElements(operand.getDefiningOp<ReadOp>().getBuffer()), place.memory);
    });
    storeResult(value, element, place);
    return carried;
  });
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

/// A block for each result.
static LogicalResult emitReduceRows(KernelBuilder &b) {
  FailureOr<SmallVector<WriteOp>> writes = matchLoops(b);
  if (failed(writes))
    return failure();
  Threads threads(b);
  Value thread = threads.wide(threads.getThread());
  int64_t numThreads = b.getSchedule().getRows();
  for (WriteOp write : *writes) {
    auto reduce = write.getValue().getDefiningOp<ReduceOp>();
    if (!reduce || reduce.keepsLastDim())
      return write.emitError("expected sums of rows in this kernel");
    ArrayRef<ExprAttr> dims = reduce.getType().getDims();
    SmallVector<Value> indices(dims.size());
    Value rest = b.getTask();
    for (size_t i = dims.size(); i-- != 0; rest = b.div(rest, b.size(dims[i])))
      indices[i] = i == 0 ? rest : b.rem(rest, b.size(dims[i]));
    Value sum = emitReducePart(b, reduce, indices, thread, numThreads);
    Reducer reducer(b, reduce.getKind());
    sum = threads.reduce(sum, numThreads,
                         [&](Value lhs, Value rhs) { return reducer.combine(lhs, rhs); });
    b.onlyIf(b.equal(thread, b.i64(0)), [&] {
      Type type = write.getBuffer().getType().getTensor().getMemoryType();
      Value address = b.offset(b.getAddress(write.getBuffer()), b.getTask(), type);
      b.storeElement(finishReduce(b, reduce, sum), address, type);
    });
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

/// One block writes all slots: -1, and then what its threads find, in whatever order.
static LogicalResult emitLastWriter(KernelBuilder &b, LastWriterOp op) {
  auto read = op.getNumbers().getDefiningOp<ReadOp>();
  auto write = dyn_cast<WriteOp>(*op->user_begin());
  if (!read || !write || !op->hasOneUse())
    return op.emitError("expected a kernel of this op alone");
  Threads threads(b);
  Value thread = threads.wide(threads.getThread());
  int64_t step = b.getSchedule().getRows();
  Type i64 = b.getI64Type();
  Value numbers = b.getAddress(read.getBuffer()), slots = b.getAddress(write.getBuffer());
  Value numSlots = b.size(cast<PlannedType>(op.getResult().getType()).getDim(0));
  Value count = b.size(cast<PlannedType>(op.getNumbers().getType()).getDims());
  b.loop(thread, numSlots, step,
         [&](Value slot) { LLVM::StoreOp::create(b, b.i64(-1), b.offset(slots, slot, i64)); });
  threads.wait();
  b.loop(thread, count, step, [&](Value row) {
    Value slot = LLVM::LoadOp::create(b, i64, b.offset(numbers, row, i64));
    Value isSlot = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, slot, numSlots);
    b.reportUnless(isSlot, Value(), Value(), slot, numSlots);
    b.onlyIf(isSlot, [&] {
      LLVM::AtomicRMWOp::create(b, LLVM::AtomicBinOp::max, b.offset(slots, slot, i64), row,
                                LLVM::AtomicOrdering::monotonic, "device");
    });
  });
  return success();
}

LogicalResult dlc::emitCudaRows(KernelBuilder &b) {
  if (auto writers = b.getSource().getOps<LastWriterOp>(); !writers.empty())
    return emitLastWriter(b, *writers.begin());
  if (!b.getSource().getOps<ReduceOp>().empty())
    return emitReduceRows(b);
  AnchorKernel kernel;
  if (failed(kernel.match(b, llvm::IsaPred<SoftmaxOp, LayerNormOp>)))
    return failure();
  auto emit = [](auto rows) {
    if (failed(rows.match()))
      return failure();
    rows.emit();
    return success();
  };
  if (isa<LayerNormOp>(kernel.anchor))
    return emit(LayerNormRows(b, kernel));
  if (!kernel.epilogue.empty())
    return kernel.epilogue.front()->emitError("expected nothing behind the softmax");
  return emit(SoftmaxRows(b, kernel));
}
