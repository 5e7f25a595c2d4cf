// Recurrent cells: all steps of a few sequences in one direction. A step computes the gates of one
// vector of the state after the other, with the sums of all gates in registers. The state of the
// step before is read from the result; before the first step the last state's place holds it.

#include "EmitKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace dlc;

namespace {
/// Sequences of a tile, all of one direction and length.
struct Tile {
  Value direction, sequence; ///< the first one
  int64_t height;
  Value length;
};

/// A step of a tile, and where the states of the step before lie: those of the sequences follow
/// each other.
struct Step {
  Value number, before;
};

/// Gates [first, last).
struct Gates {
  int64_t first, last;
};

/// A vector of the state, and what does not exist of it.
struct Place {
  Value block, offset, mask;
};

class RecurrenceEmitter {
public:
  explicit RecurrenceEmitter(KernelBuilder &b) : b(b), lanes(b.getLanes()) {}

  LogicalResult match();
  void emit();

private:
  LogicalResult matchBuffers();
  LogicalResult setAddress(Value operand, Value &address);
  void emitTile(const Tile &tile);
  void forEachPlace(function_ref<void(const Place &)> emit);
  void start(const Tile &tile);
  void finish(const Tile &tile, Value last);
  void emitStep(const Tile &tile, const Step &step);
  void emitPlace(const Tile &tile, const Step &step, const Place &place);
  void emitGates(const Tile &tile, const Step &step, const Place &place);
  void emitHidden(const Tile &tile, const Step &step, const Place &place);
  Value loadProduct(const Tile &tile, const Step &step, const Place &place, int64_t row,
                    int64_t gate);
  Value loadBias(const Tile &tile, const Place &place, int64_t gate);
  KernelBuilder::Carried reduce(const Tile &tile, Value before, const Place &place, Gates range,
                                ArrayRef<Value> inits);
  Value emitGru(const Tile &tile, ArrayRef<Value> sums, Value before, Value hidden);
  Value emitLstm(const Tile &tile, const Place &place, ArrayRef<Value> sums, Value cell);
  Value activate(const Tile &tile, int64_t index, Value value);
  Value emitFunction(StringRef name, Value value);

  Value multiply(Value lhs, Value rhs) { return arith::MulFOp::create(b, lhs, rhs); }
  Value plus(Value lhs, Value rhs) { return arith::AddFOp::create(b, lhs, rhs); }
  Value oneLess(Value value) { return arith::SubFOp::create(b, b.splat(1.0f), value); }
  Value load(Value address, const Place &place) {
    return b.loadVector(b.offset(address, place.offset), place.mask);
  }
  /// The states after a step, of all directions.
  Value getStates(Value step) {
    return b.offset(states, b.mul(b.mul(step, directions), b.mul(batch, size)));
  }
  /// The row of a D x B x H buffer.
  Value getState(Value address, const Tile &tile, int64_t row) {
    Value index = b.add(b.mul(tile.direction, batch), b.add(tile.sequence, row));
    return b.offset(address, b.mul(index, size));
  }
  Value getPeephole(const Tile &tile, int64_t gate, const Place &place) {
    return load(b.offset(peepholes, b.mul(b.add(b.mul(tile.direction, 3), gate), size)), place);
  }

  KernelBuilder &b;
  int64_t lanes, size, gates, directions;
  RecurrenceOp op;
  Value steps, batch;
  /// Addresses; null where there is none.
  Value products, weights, bias, lengths, initialH, initialC, peepholes, states, lastH, lastC;
  /// The states of a tile after the reset, where it comes before the product.
  Value scratch;
};
} // namespace

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

LogicalResult RecurrenceEmitter::setAddress(Value operand, Value &address) {
  if (!operand)
    return success();
  auto read = operand.getDefiningOp<ReadOp>();
  if (!read)
    return op.emitError("expected operands that are read from buffers");
  Attribute layout = getTensor(read.getBuffer()).getLayout();
  auto packed = dyn_cast_or_null<GateLayoutAttr>(layout);
  bool isWeights = operand == op.getWeights();
  if (isWeights ? !packed || packed.getGates() != gates || packed.getLanes() != lanes
                : static_cast<bool>(layout))
    return op.emitError("expected packed weights and other operands dense, found ")
           << getTensor(read.getBuffer());
  address = b.getAddress(read.getBuffer());
  return success();
}

LogicalResult RecurrenceEmitter::matchBuffers() {
  for (auto [operand, address] : {std::pair<Value, Value *>{op.getProducts(), &products},
                                  {op.getWeights(), &weights},
                                  {op.getBias(), &bias},
                                  {op.getLengths(), &lengths},
                                  {op.getInitialH(), &initialH},
                                  {op.getInitialC(), &initialC},
                                  {op.getPeepholes(), &peepholes}})
    if (failed(setAddress(operand, *address)))
      return failure();
  for (auto write : b.getSource().getOps<WriteOp>()) {
    if (getTensor(write.getBuffer()).getLayout())
      return write.emitError("expected dense results");
    Value address = b.getAddress(write.getBuffer());
    (write.getValue() == op.getStates()  ? states
     : write.getValue() == op.getLastH() ? lastH
                                         : lastC) = address;
  }
  return success();
}

LogicalResult RecurrenceEmitter::match() {
  for (Operation &it : b.getSource().getBody().front()) {
    if (isa<ReadOp, WriteOp, func::ReturnOp>(it))
      continue;
    if (op || !isa<RecurrenceOp>(it))
      return it.emitError("expected nothing but one recurrence in this kernel");
    op = cast<RecurrenceOp>(it);
  }
  std::optional<int64_t> known =
      op ? op.getWeights().getType().getDim(2).getConstant() : std::nullopt;
  if (!known)
    return b.getSource().emitError("expected a recurrence of a state of known size");
  size = *known;
  gates = op.getNumGates(), directions = op.getNumDirections();
  steps = b.size(op.getProducts().getType().getDim(0));
  batch = b.size(op.getProducts().getType().getDim(1));
  return matchBuffers();
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

void RecurrenceEmitter::forEachPlace(function_ref<void(const Place &)> emit) {
  int64_t whole = size / lanes;
  b.loop(b.i64(0), b.i64(whole), 1,
         [&](Value block) { emit({block, b.mul(block, lanes), Value()}); });
  if (size % lanes != 0)
    emit({b.i64(whole), b.i64(whole * lanes), b.laneMask(b.i64(size % lanes))});
}

/// The states that the sequences start with, at the place of the last ones.
void RecurrenceEmitter::start(const Tile &tile) {
  for (auto [from, to] : {std::pair<Value, Value>{initialH, lastH}, {initialC, lastC}}) {
    if (!to)
      continue;
    forEachPlace([&](const Place &place) {
      for (int64_t row = 0; row != tile.height; ++row)
        b.store(from ? load(getState(from, tile, row), place) : b.splat(0.0f),
                b.offset(getState(to, tile, row), place.offset), place.mask);
    });
  }
}

/// The last states, where they belong, and zeros behind the end of shorter sequences.
void RecurrenceEmitter::finish(const Tile &tile, Value last) {
  forEachPlace([&](const Place &place) {
    for (int64_t row = 0; row != tile.height; ++row)
      b.store(load(b.offset(last, row * size), place),
              b.offset(getState(lastH, tile, row), place.offset), place.mask);
  });
  if (!lengths)
    return;
  b.loop(tile.length, steps, 1,
         [&](Value step) { b.storeZeros(getState(getStates(step), tile, 0), b.i64(size)); });
}

void RecurrenceEmitter::emitTile(const Tile &tile) {
  start(tile);
  Value isBackward =
      op.getDirection() == Direction::bidirectional ? b.equal(tile.direction, b.i64(1)) : Value();
  Value first = getState(lastH, tile, 0);
  Value last = b.loop(b.i64(0), tile.length, 1, first, [&](Value i, ValueRange carried) {
    Value backward = b.sub(b.add(tile.length, -1), i), step = i;
    if (isBackward)
      step = b.select(isBackward, backward, i);
    else if (op.getDirection() == Direction::reverse)
      step = backward;
    emitStep(tile, {step, carried[0]});
    return KernelBuilder::Carried{getState(getStates(step), tile, 0)};
  })[0];
  finish(tile, last);
}

void RecurrenceEmitter::emit() {
  int64_t rows = b.getSchedule().getRows();
  if (op.getCell() == CellKind::gru && !op.getLinearBeforeReset())
    scratch = b.getScratch(rows * size * static_cast<int64_t>(sizeof(float)));
  Value bands = b.ceilDiv(batch, rows);
  Value direction = b.div(b.getTask(), bands);
  Value first = b.mul(b.rem(b.getTask(), bands), rows);
  Value count = b.min(b.sub(batch, first), b.i64(rows));
  b.loopOverTiles(count, b.getSchedule().getPixels(), [&](Value start, int64_t height) {
    Tile tile = {direction, b.add(first, start), height, steps};
    if (lengths) {
      Type type = op.getLengths().getType().getElementType();
      Value place = b.offset(lengths, tile.sequence, type);
      Value given = arith::ExtSIOp::create(b, b.getI64Type(), b.load(place, type));
      tile.length = b.max(b.min(given, steps), b.i64(0)); // a run may hold any
    }
    emitTile(tile);
  });
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

Value RecurrenceEmitter::loadProduct(const Tile &tile, const Step &step, const Place &place,
                                     int64_t row, int64_t gate) {
  Value index = b.add(b.mul(step.number, batch), b.add(tile.sequence, row));
  index = b.add(b.mul(index, directions), tile.direction);
  return load(b.offset(products, b.mul(b.add(b.mul(index, gates), gate), size)), place);
}

/// Zeros where there is no bias.
Value RecurrenceEmitter::loadBias(const Tile &tile, const Place &place, int64_t gate) {
  if (!bias)
    return b.splat(0.0f);
  Value row = b.add(b.mul(tile.direction, gates), gate);
  return load(b.offset(bias, b.mul(row, size)), place);
}

/// Adds the products of the state: sums[row * gates + gate], for the gates of the range. Where
/// these are few there are several of each, so that a sum need not wait for the one before.
KernelBuilder::Carried RecurrenceEmitter::reduce(const Tile &tile, Value before, const Place &place,
                                                 Gates range, ArrayRef<Value> inits) {
  constexpr size_t enough = 8;
  int64_t parts = std::max<size_t>(1, enough / inits.size());
  using Carried = KernelBuilder::Carried;
  Carried starts(inits.begin(), inits.end());
  starts.append(inits.size() * (parts - 1), b.splat(0.0f));
  Value index = b.add(b.mul(tile.direction, llvm::divideCeil(size, lanes)), place.block);
  Value panel = b.offset(weights, b.mul(index, size * gates * lanes));
  auto emitSteps = [&](Value k, int64_t count, ValueRange carried) {
    Carried next(carried.begin(), carried.end());
    auto sum = next.begin();
    for (int64_t part = 0; part != count; ++part) {
      Value column = b.add(k, part);
      Value factors = b.offset(panel, b.mul(column, gates * lanes));
      SmallVector<Value> loaded;
      for (int64_t gate = range.first; gate != range.last; ++gate)
        loaded.push_back(b.loadVector(b.offset(factors, gate * lanes)));
      for (int64_t row = 0; row != tile.height; ++row) {
        Value element = b.splat(b.loadScalar(b.offset(b.offset(before, column), row * size)));
        for (Value factor : loaded) {
          *sum = b.fma(element, factor, *sum);
          ++sum;
        }
      }
    }
    return next;
  };
  int64_t whole = size / parts * parts;
  Carried sums = b.loop(b.i64(0), b.i64(whole), parts, starts,
                        [&](Value k, ValueRange carried) { return emitSteps(k, parts, carried); });
  sums = emitSteps(b.i64(whole), size - whole, sums);
  for (size_t i = inits.size(); i != sums.size(); ++i)
    sums[i % inits.size()] = plus(sums[i % inits.size()], sums[i]);
  sums.resize(inits.size());
  return sums;
}

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

void RecurrenceEmitter::emitStep(const Tile &tile, const Step &step) {
  if (!scratch)
    return forEachPlace([&](const Place &place) { emitPlace(tile, step, place); });
  forEachPlace([&](const Place &place) { emitGates(tile, step, place); });
  forEachPlace([&](const Place &place) { emitHidden(tile, step, place); });
}

/// A step of a cell whose gates need nothing of each other.
void RecurrenceEmitter::emitPlace(const Tile &tile, const Step &step, const Place &place) {
  bool isGru = op.getCell() == CellKind::gru;
  SmallVector<Value> inits, hidden;
  for (int64_t row = 0; row != tile.height; ++row)
    for (int64_t gate = 0; gate != gates; ++gate) {
      Value product = loadProduct(tile, step, place, row, gate);
      Value added = loadBias(tile, place, gate);
      bool isHidden = isGru && gate == 2; // the reset comes between
      if (isHidden)
        hidden.push_back(product);
      inits.push_back(isHidden ? added : bias ? plus(product, added) : product);
    }
  KernelBuilder::Carried sums = reduce(tile, step.before, place, {0, gates}, inits);
  Value after = getStates(step.number);
  for (int64_t row = 0; row != tile.height; ++row) {
    ArrayRef<Value> own = ArrayRef<Value>(sums).slice(row * gates, gates);
    Value state;
    if (op.getCell() == CellKind::lstm)
      state = emitLstm(tile, place, own, b.offset(getState(lastC, tile, row), place.offset));
    else if (isGru)
      state = emitGru(tile, own, load(b.offset(step.before, row * size), place), hidden[row]);
    else
      state = activate(tile, 0, own[0]);
    b.store(state, b.offset(getState(after, tile, row), place.offset), place.mask);
  }
}

/// The gates of a GRU that resets the state before the product. The update gate waits where the
/// new state will lie.
void RecurrenceEmitter::emitGates(const Tile &tile, const Step &step, const Place &place) {
  SmallVector<Value> inits;
  for (int64_t row = 0; row != tile.height; ++row)
    for (int64_t gate : {0, 1})
      inits.push_back(plus(loadProduct(tile, step, place, row, gate), loadBias(tile, place, gate)));
  KernelBuilder::Carried sums = reduce(tile, step.before, place, {0, 2}, inits);
  for (int64_t row = 0; row != tile.height; ++row) {
    Value update = activate(tile, 0, sums[2 * row]), reset = activate(tile, 0, sums[2 * row + 1]);
    b.store(update, b.offset(getState(getStates(step.number), tile, row), place.offset),
            place.mask);
    Value state = multiply(reset, load(b.offset(step.before, row * size), place));
    b.store(state, b.offset(b.offset(scratch, row * size), place.offset), place.mask);
  }
}

/// The rest of such a step.
void RecurrenceEmitter::emitHidden(const Tile &tile, const Step &step, const Place &place) {
  SmallVector<Value> inits;
  for (int64_t row = 0; row != tile.height; ++row)
    inits.push_back(plus(loadProduct(tile, step, place, row, 2), loadBias(tile, place, 2)));
  KernelBuilder::Carried sums = reduce(tile, scratch, place, {2, 3}, inits);
  for (int64_t row = 0; row != tile.height; ++row) {
    Value after = b.offset(getState(getStates(step.number), tile, row), place.offset);
    Value update = b.loadVector(after, place.mask);
    Value before = load(b.offset(step.before, row * size), place);
    Value fresh = activate(tile, 1, sums[row]);
    b.store(b.fma(update, before, multiply(oneLess(update), fresh)), after, place.mask);
  }
}

Value RecurrenceEmitter::emitGru(const Tile &tile, ArrayRef<Value> sums, Value before,
                                 Value hidden) {
  Value update = activate(tile, 0, sums[0]), reset = activate(tile, 0, sums[1]);
  Value fresh = activate(tile, 1, b.fma(reset, sums[2], hidden));
  return b.fma(update, before, multiply(oneLess(update), fresh));
}

/// `cell` is where the cell lies, before and after.
Value RecurrenceEmitter::emitLstm(const Tile &tile, const Place &place, ArrayRef<Value> sums,
                                  Value cell) {
  Value before = b.loadVector(cell, place.mask);
  auto peep = [&](Value sum, int64_t gate, Value state) {
    return peepholes ? b.fma(getPeephole(tile, gate, place), state, sum) : sum;
  };
  Value input = activate(tile, 0, peep(sums[0], 0, before));
  Value forget = op.getInputForget() ? oneLess(input) : activate(tile, 0, peep(sums[2], 2, before));
  Value fresh = activate(tile, 1, sums[3]);
  Value after = b.fma(forget, before, multiply(input, fresh));
  b.store(after, cell, place.mask);
  return multiply(activate(tile, 0, peep(sums[1], 1, after)), activate(tile, 2, after));
}

Value RecurrenceEmitter::emitFunction(StringRef name, Value value) {
  if (name == "Sigmoid")
    return createSigmoid(b, b.getLoc(), value);
  if (name == "Tanh")
    return math::TanhOp::create(b, value);
  return arith::MaximumFOp::create(b, value, b.splat(0.0f));
}

/// Function `index` of the direction; it is chosen in the run where the directions differ.
Value RecurrenceEmitter::activate(const Tile &tile, int64_t index, Value value) {
  constexpr int64_t ofCell = 2; // which is not clipped
  if (op.getClip() && index != ofCell) {
    float bound = op.getClip()->convertToFloat();
    value = arith::MinimumFOp::create(b, value, b.splat(bound));
    value = arith::MaximumFOp::create(b, value, b.splat(-bound));
  }
  auto getName = [&](int64_t direction) {
    int64_t place = direction * op.getNumActivations() + index;
    return cast<StringAttr>(op.getActivations()[place]).getValue();
  };
  Value first = emitFunction(getName(0), value);
  if (directions == 1 || getName(0) == getName(1))
    return first;
  Value isFirst = b.equal(tile.direction, b.i64(0));
  return b.select(isFirst, first, emitFunction(getName(1), value));
}

LogicalResult dlc::emitRecurrence(KernelBuilder &b) {
  RecurrenceEmitter emitter(b);
  if (failed(emitter.match()))
    return failure();
  emitter.emit();
  return success();
}
