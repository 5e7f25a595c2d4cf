// Softmax, normalizations and reductions, and what one block does alone. A row belongs to a block,
// whose threads take elements in turns, so that neighbours are read together; a column belongs to a
// thread.

#include "../Common/AnchorKernel.h"
#include "../Common/LoopKernel.h"
#include "../Common/Reducer.h"
#include "DeviceKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc;

static Value getProduct(KernelBuilder &b, ArrayRef<ExprAttr> dims) {
  Value product = b.i64(1);
  for (ExprAttr dim : dims)
    product = b.mul(product, b.size(dim));
  return product;
}

namespace {
/// Elements `first`, `first + step`, ... below `end`, `pitch` elements from each other in memory.
struct Walk {
  KernelBuilder &b;
  Value first, end;
  int64_t step;
  Value start, pitch;

  /// How many elements there are at most, where it is known and small: they are walked without a
  /// loop, so that what is loaded of them can stay in registers.
  std::optional<int64_t> getFew() const {
    constexpr int64_t most = 16;
    std::optional<int64_t> known = getConstantIntValue(end);
    if (!known || *known > most * step)
      return std::nullopt;
    return llvm::divideCeil(*known, step);
  }

  /// A value carried from element to element; `emit` gets the place of each in memory.
  Value forEach(Value init, function_ref<Value(Value place, Value carried)> emit) {
    std::optional<int64_t> few = getFew();
    for (int64_t turn = 0; few && turn != *few; ++turn) {
      Value number = b.add(first, turn * step);
      auto emitOne = [&, carried = init] {
        return KernelBuilder::Carried{emit(b.add(start, b.mul(number, pitch)), carried)};
      };
      if ((turn + 1) * step <= *getConstantIntValue(end)) {
        init = emitOne()[0];
        continue;
      }
      Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, end);
      init = b.chooseValues(exists, emitOne,
                            [&, carried = init] { return KernelBuilder::Carried{carried}; })[0];
    }
    if (few)
      return init;
    return b.loop(first, end, step, init, [&](Value i, ValueRange carried) {
      return KernelBuilder::Carried{emit(b.add(start, b.mul(i, pitch)), carried[0])};
    })[0];
  }
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

class SoftmaxRows : RowEmitter {
public:
  SoftmaxRows(KernelBuilder &b, SoftmaxOp op, Value input, Value output)
      : RowEmitter(b), op(op), input(getElements(input)), output(getElements(output)) {}

  void emit();

private:
  void emitSums(Walk walk, bool isRow);

  SoftmaxOp op;
  Elements input, output;
};

class LayerNormRows : RowEmitter {
public:
  LayerNormRows(KernelBuilder &b, AnchorKernel &kernel)
      : RowEmitter(b), kernel(kernel), op(cast<LayerNormOp>(kernel.anchor)) {}

  LogicalResult match();
  void emit();

private:
  Value getMean(Walk walk, Value length, ReduceKind kind, function_ref<Value(Value)> change);

  AnchorKernel &kernel;
  LayerNormOp op;
  Elements input, scale, bias; ///< without base where there is none
};
} // namespace

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

void SoftmaxRows::emitSums(Walk walk, bool isRow) {
  Reducer maxima(b, ReduceKind::max);
  Value most = walk.forEach(b.f32(maxima.getIdentity()), [&](Value place, Value carried) {
    return maxima.accumulate(carried, load(input, place));
  });
  most = join(most, isRow, ReduceKind::max);
  auto emitShifted = [&](Value place) -> Value {
    return arith::SubFOp::create(b, load(input, place), most);
  };
  Value sum = walk.forEach(b.f32(0.0f), [&](Value place, Value carried) -> Value {
    return arith::AddFOp::create(b, carried, math::ExpOp::create(b, emitShifted(place)));
  });
  sum = join(sum, isRow, ReduceKind::sum);
  sum = op.getLog() ? Value(math::LogOp::create(b, sum))
                    : Value(arith::DivFOp::create(b, b.f32(1.0f), sum));
  walk.forEach(sum, [&](Value place, Value carried) {
    Value shifted = emitShifted(place);
    Value value = op.getLog()
                      ? Value(arith::SubFOp::create(b, shifted, carried))
                      : Value(arith::MulFOp::create(b, math::ExpOp::create(b, shifted), carried));
    store(value, output, place);
    return carried;
  });
}

void SoftmaxRows::emit() {
  ArrayRef<ExprAttr> dims = op.getType().getDims();
  size_t axis = op.getDim();
  Value length = b.size(dims[axis]);
  if (axis + 1 == dims.size())
    return emitSums(getRow(length), true);
  Value inner = getProduct(b, dims.drop_front(axis + 1));
  Value columns = b.mul(getProduct(b, dims.take_front(axis)), inner);
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
  for (auto [operand, elements] : {std::pair<Value, Elements *>{op.getInput(), &input},
                                   {op.getScale(), &scale},
                                   {op.getBias(), &bias}}) {
    FailureOr<Value> buffer = kernel.getBuffer(operand);
    if (failed(buffer))
      return failure();
    *elements = getElements(*buffer);
  }
  return success();
}

Value LayerNormRows::getMean(Walk walk, Value length, ReduceKind kind,
                             function_ref<Value(Value)> change) {
  Reducer reducer(b, kind), means(b, ReduceKind::mean);
  Value sum = walk.forEach(b.f32(0.0f), [&](Value place, Value carried) {
    return reducer.accumulate(carried, change(load(input, place)));
  });
  return means.finish(join(sum, true, ReduceKind::sum), length);
}

void LayerNormRows::emit() {
  Value length = getProduct(b, op.getType().getDims().drop_front(op.getDim()));
  Walk walk = getRow(length);
  Value mean;
  if (!op.getRms())
    mean = getMean(walk, length, ReduceKind::sum, [](Value element) { return element; });
  auto center = [&](Value element) -> Value {
    return mean ? arith::SubFOp::create(b, element, mean) : element;
  };
  Value variance = getMean(walk, length, ReduceKind::sum_square, center);
  Value shifted = arith::AddFOp::create(b, variance, b.f32(op.getEpsilon().convertToFloat()));
  Value factor = arith::DivFOp::create(b, b.f32(1.0f), math::SqrtOp::create(b, shifted));
  walk.forEach(factor, [&](Value place, Value carried) {
    Value column = b.sub(place, walk.start);
    Value value = arith::MulFOp::create(b, center(load(input, place)), carried);
    if (scale.base && bias.base)
      value = b.fma(value, load(scale, column), load(bias, column));
    else if (scale.base)
      value = arith::MulFOp::create(b, value, load(scale, column));
    else if (bias.base)
      value = arith::AddFOp::create(b, value, load(bias, column));
    value = kernel.emitEpilogue(b, value, [&](size_t index) {
      Value buffer = kernel.operands[index].getDefiningOp<ReadOp>().getBuffer();
      return load(getElements(buffer), place);
    });
    store(value, getElements(kernel.output), place);
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
  Value count = getProduct(b, cast<PlannedType>(op.getNumbers().getType()).getDims());
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
  if (isa<LayerNormOp>(kernel.anchor)) {
    LayerNormRows rows(b, kernel);
    if (failed(rows.match()))
      return failure();
    rows.emit();
    return success();
  }
  FailureOr<Value> input = kernel.getBuffer(kernel.anchor->getOperand(0));
  if (failed(input))
    return failure();
  if (!kernel.epilogue.empty())
    return kernel.epilogue.front()->emitError("expected nothing behind the softmax");
  SoftmaxRows(b, cast<SoftmaxOp>(kernel.anchor), *input, kernel.output).emit();
  return success();
}
