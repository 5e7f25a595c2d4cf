// Ops that move elements, as maps from indices of their results to indices of their operands.

#include "Evaluator.h"

#include "dlc/IR/Views.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <functional>

using namespace mlir;
using namespace dlc;

static bool isZero(Attribute expr) { return cast<ExprAttr>(expr).getConstant() == 0; }

/// The tile that is row `row` of another.
static Tile getRowOf(KernelBuilder &b, const Tile &tile, int64_t row) {
  Tile result = tile.withoutIndices();
  result.rows = 1;
  for (const Index &index : tile.indices)
    result.indices.push_back(
        index.isScalar() ? Index{b.add(index.start, index.row * row), 0, index.lane} : index);
  return result;
}

/// Each row as a tile of its own: for ops that cannot say which places all of them have in common.
Evaluator::Rows Evaluator::evaluateRowByRow(Value value, const Tile &tile) {
  Rows rows;
  for (int64_t row = 0; row != tile.rows; ++row) {
    Tile one = getRowOf(b, tile, row);
    rows.push_back(evaluate(value, one).front());
  }
  return rows;
}

Evaluator::Rows Evaluator::evaluateBroadcast(BroadcastOp op, const Tile &tile) {
  Tile input = tile.withoutIndices();
  PlannedType from = op.getInput().getType(), to = op.getType();
  int64_t missing = to.getRank() - from.getRank();
  for (auto [i, dim] : llvm::enumerate(from.getDims()))
    input.indices.push_back(broadcastIndex(tile.indices[i + missing], dim, to.getDim(i + missing)));
  return evaluate(op.getInput(), input);
}

Evaluator::Rows Evaluator::evaluateTranspose(TransposeOp op, const Tile &tile) {
  Tile input = tile.withoutIndices();
  input.indices.resize(tile.indices.size());
  for (auto [index, dim] : llvm::zip_equal(tile.indices, op.getSourceDims()))
    input.indices[dim] = index;
  return evaluate(op.getInput(), input);
}

/// Dims that a view makes of others have indices that are counted through: in row-major order.
Evaluator::Rows Evaluator::evaluateView(ViewOp op, const Tile &tile) {
  Tile input = tile.withoutIndices();
  ArrayRef<ExprAttr> from = op.getInput().getType().getDims(), to = op.getType().getDims();
  ArrayRef<Index> indices = tile.indices;
  for (auto [numFrom, numTo] : getViewGroups(op)) {
    ArrayRef<Index> group = indices.take_front(numTo);
    bool isShared = llvm::all_of(group, [](const Index &index) { return index.isEqual(); });
    bool isRowless = llvm::all_of(group, [](const Index &index) { return index.row == 0; });
    if (numFrom == 1 && numTo == 1) {
      input.indices.push_back(group.front());
    } else if (tile.rows != 1 && !(isShared && isRowless)) {
      return evaluateRowByRow(op, tile);
    } else {
      auto like = [&](Value scalar) { return isShared ? scalar : b.splat(scalar); };
      Value rest = like(b.i64(0));
      for (auto [index, dim] : llvm::zip(group, to))
        rest =
            b.add(b.mul(rest, like(b.size(dim))), isShared ? index.start : getLaneIndices(index));
      SmallVector<Index> places(numFrom);
      for (int64_t i = numFrom; i-- != 0;) {
        Value size = like(b.size(from[i]));
        places[i] = {i == 0 ? rest : b.rem(rest, size)};
        rest = i == 0 ? rest : b.div(rest, size);
      }
      llvm::append_range(input.indices, places);
    }
    from = from.drop_front(numFrom);
    to = to.drop_front(numTo);
    indices = indices.drop_front(numTo);
  }
  return evaluate(op.getInput(), input);
}

Evaluator::Rows Evaluator::evaluateSlice(SliceOp op, const Tile &tile) {
  Tile input = tile.withoutIndices();
  for (auto [index, start, step] : llvm::zip_equal(tile.indices, op.getStarts(), op.getSteps())) {
    Value first = b.size(cast<ExprAttr>(start));
    if (index.isScalar()) {
      input.indices.push_back(
          {b.add(first, b.mul(index.start, step)), index.row * step, index.lane * step});
      continue;
    }
    Value lanes = getLaneIndices(index);
    lanes = b.createOrFold<arith::MulIOp>(lanes, b.splat(b.i64(step)));
    input.indices.push_back({b.createOrFold<arith::AddIOp>(lanes, b.splat(first))});
  }
  return evaluate(op.getInput(), input);
}

//===----------------------------------------------------------------------===//
// Pads
//===----------------------------------------------------------------------===//

/// The place in a dim of `size` elements that stands at `place`, inside of it or not; i64 or a
/// vector of it.
Value Evaluator::mirror(PadMode mode, Value place, Value size) {
  auto like = [&](Value scalar) {
    return isa<VectorType>(place.getType()) ? b.splat(scalar) : scalar;
  };
  Value zero = like(b.i64(0)), last = b.sub(size, b.i64(1));
  if (mode == PadMode::edge)
    return b.min(b.max(place, zero), like(last));
  Value period = mode == PadMode::wrap ? size : b.mul(last, 2);
  period = like(b.max(period, b.i64(1)));
  Value rest = arith::RemSIOp::create(b, place, period);
  Value isNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rest, zero);
  rest = b.select(isNegative, b.add(rest, period), rest);
  if (mode == PadMode::wrap)
    return rest;
  return b.select(b.atMost(rest, like(last)), rest, b.sub(period, rest));
}

namespace {
/// A dim that a pad makes longer or shorter.
struct PaddedDim {
  int64_t dim;
  ExprAttr low;
};
} // namespace

static SmallVector<PaddedDim> getPaddedDims(PadOp op) {
  SmallVector<PaddedDim> dims;
  for (int64_t i = 0; i != op.getInput().getType().getRank(); ++i)
    if (!isZero(op.getLow()[i]) || !isZero(op.getHigh()[i]))
      dims.push_back({i, cast<ExprAttr>(op.getLow()[i])});
  return dims;
}

/// Whether lanes, or the one index that they share, are in [0, size).
static Value isInDim(KernelBuilder &b, const Index &index, Value lanes, Value size) {
  if (index.isEqual())
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index.start, size);
  if (index.isScalar() && index.lane == 1)
    return b.laneRange(b.sub(b.i64(0), index.start), b.sub(size, index.start));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, lanes, b.splat(size));
}

Evaluator::Rows Evaluator::evaluatePad(PadOp op, const Tile &tile) {
  Tile input = tile.withoutIndices();
  input.indices = tile.indices;
  PadMode mode = op.getMode();
  SmallVector<Value> conditions;
  for (auto [dim, low] : getPaddedDims(op)) {
    Index &index = input.indices[dim];
    if (tile.rows != 1 && (index.row != 0 || !index.isEqual()))
      return evaluateRowByRow(op, tile);
    ExprAttr dimSize = op.getInput().getType().getDim(dim);
    Value size = b.size(dimSize), shift = b.size(low);
    index = index.isScalar() ? Index{b.sub(index.start, shift), 0, index.lane}
                             : Index{b.sub(getLaneIndices(index), b.splat(shift))};
    if (mode == PadMode::constant) {
      Value lanes = index.isEqual() ? Value() : getLaneIndices(index);
      conditions.push_back(isInDim(b, index, lanes, size));
      input.addCondition(b, conditions.back());
      continue;
    }
    index = {mirror(mode, index.isEqual() ? index.start : getLaneIndices(index), size)};
    if (!dimSize.getConstant())
      input.addCondition(b, b.atMost(b.i64(1), size));
  }
  Rows rows = evaluate(op.getInput(), input);
  if (conditions.empty())
    return rows;
  Tile scalar = tile.withoutIndices();
  scalar.mask = scalar.count = scalar.inside = Value();
  Rows outside = op.getValue()
                     ? evaluate(op.getValue(), scalar)
                     : Rows(tile.rows, createFill(b, op.getLoc(), rows.front().getType(), 0));
  for (auto [row, value] : llvm::zip_equal(rows, outside))
    for (Value condition : conditions)
      row = b.select(condition, row, value);
  return rows;
}

//===----------------------------------------------------------------------===//
// Concatenation
//===----------------------------------------------------------------------===//

/// The elements of one input, the first of which stands at `start` of the result's dim.
Evaluator::Rows Evaluator::chooseInput(ConcatOp op, unsigned input, Value start, const Tile &tile) {
  Tile part = tile.withoutIndices();
  part.indices = tile.indices;
  Index &index = part.indices[op.getDim()];
  index.start = b.sub(index.start, index.isScalar() ? start : b.splat(start));
  return evaluate(op.getInputs()[input], part);
}

/// Lanes that may lie in different inputs take theirs from each of them.
Evaluator::Rows Evaluator::mixInputs(ConcatOp op, const Tile &tile) {
  int64_t dim = op.getDim();
  Value start = b.i64(0), lanes = getLaneIndices(tile.indices[dim]);
  Rows rows;
  for (auto [number, input] : llvm::enumerate(op.getInputs())) {
    Value size = b.size(cast<PlannedType>(input.getType()).getDim(dim));
    Value there = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, b.sub(lanes, b.splat(start)),
                                        b.splat(size));
    Tile part = tile.withoutIndices();
    part.indices = tile.indices;
    part.addCondition(b, there);
    Rows values = chooseInput(op, number, start, part);
    if (rows.empty())
      rows = values;
    for (auto [row, value] : llvm::zip_equal(rows, values))
      row = b.select(there, value, row);
    start = b.add(start, size);
  }
  return rows;
}

Evaluator::Rows Evaluator::evaluateConcat(ConcatOp op, const Tile &tile) {
  int64_t dim = op.getDim();
  const Index &index = tile.indices[dim];
  if (index.row != 0 && tile.rows != 1)
    return evaluateRowByRow(op, tile);
  SmallVector<Value> starts = {b.i64(0)};
  for (Value input : op.getInputs())
    starts.push_back(b.add(starts.back(), b.size(cast<PlannedType>(input.getType()).getDim(dim))));
  if (index.isScalar() && index.start == firstLane && index.lane == 1)
    for (const Part &part : parts)
      if (part.concat == op)
        return chooseInput(op, part.input, starts[part.input], tile);
  if (!index.isEqual())
    return mixInputs(op, tile);
  unsigned last = op.getInputs().size() - 1;
  std::function<Rows(unsigned)> choose = [&](unsigned input) -> Rows {
    if (input == last)
      return chooseInput(op, input, starts[input], tile);
    Value isHere =
        arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index.start, starts[input + 1]);
    return b.chooseValues(
        isHere, [&] { return chooseInput(op, input, starts[input], tile); },
        [&] { return choose(input + 1); });
  };
  return choose(0);
}

//===----------------------------------------------------------------------===//
// Gathers
//===----------------------------------------------------------------------===//

/// An index out of range is reported and not followed.
Evaluator::Rows Evaluator::evaluateGather(GatherOp op, const Tile &tile) {
  PlannedType indices = op.getIndices().getType();
  int64_t dim = op.getDim(), rank = indices.getRank();
  Tile place = tile.withoutIndices(), input = tile.withoutIndices();
  place.indices = llvm::to_vector(ArrayRef(tile.indices).slice(dim, rank));
  auto isShared = [](const Index &index) { return index.isEqual() && index.row == 0; };
  bool isOne = llvm::all_of(place.indices, isShared);
  if (!isOne && tile.rows != 1)
    return evaluateRowByRow(op, tile);
  Value index = evaluate(op.getIndices(), place).front();
  if (isOne)
    index = b.createOrFold<vector::ExtractOp>(index, 0);
  Type wide = isOne ? Type(b.getI64Type()) : VectorType::get(b.getLanes(), b.getI64Type());
  if (index.getType() != wide)
    index = arith::ExtSIOp::create(b, wide, index);
  auto like = [&](Value scalar) { return isOne ? scalar : b.splat(scalar); };
  Value size = b.size(op.getInput().getType().getDim(dim));
  Value given = index;
  Value isNegative = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, index, like(b.i64(0)));
  index = b.select(isNegative, b.add(index, like(size)), index);
  Value valid = arith::CmpIOp::create(b, arith::CmpIPredicate::ult, index, like(size));
  b.reportUnless(valid, tile.mask, tile.inside, given, size);
  llvm::append_range(input.indices, ArrayRef(tile.indices).take_front(dim));
  input.indices.push_back({index});
  llvm::append_range(input.indices, ArrayRef(tile.indices).drop_front(dim + rank));
  input.addCondition(b, valid);
  return evaluate(op.getInput(), input);
}

Evaluator::Rows Evaluator::evaluateIota(IotaOp op, const Tile &tile) {
  Rows rows;
  for (int64_t row = 0; row != tile.rows; ++row) {
    Value place = getLaneIndices(getRowOf(b, tile, row).indices.front());
    Value value =
        b.add(b.splat(b.size(op.getStart())), b.mul(place, b.splat(b.size(op.getStep()))));
    Type type = VectorType::get(b.getLanes(), getScalarType(op.getType().getElementType()));
    rows.push_back(value.getType() == type ? value
                                           : Value(arith::TruncIOp::create(b, type, value)));
  }
  return rows;
}
