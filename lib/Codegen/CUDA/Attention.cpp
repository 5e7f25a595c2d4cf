// Attention as in FlashAttention-2 (Dao, 2023): a block of threads has some queries of one head and
// walks along its keys; scores, their exponentials and the result stay in registers. Warps are
// rows x groups of them: those of a row share 16 queries, each has its part of the keys of a step,
// and what they have found is joined in the end, in their order.

#include "Attention.h"

#include "../Common/Reducer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

void AttentionBlock::multiplyBoth(ValueRange lefts, ValueRange rights, Value *sum) {
  for (int64_t i = 0; i != 4; i += 2)
    sum = llvm::copy(multiplyPieces(b, precision, lefts, rights.slice(i, 2), {sum, 4}), sum);
}

AttentionBlock::Values AttentionBlock::multiplyQueries() {
  Values sums(warpKeys / pieceColumns * 4, b.f32(0.0f));
  Value first = threads.add(threads.mul(group, warpKeys), octet);
  for (int64_t piece = 0; piece != keyWords; piece += pieceWords)
    for (int64_t j = 0; j != warpKeys; j += pieceColumns) {
      ArrayRef<Value> lefts = ArrayRef(queries).slice(piece / 2, 4);
      Value *sum = sums.begin() + j / pieceColumns * 4;
      if (inChunks) {
        multiplyBoth(lefts, loadKeys(j, piece), sum);
        j += pieceColumns;
        continue;
      }
      int64_t offset = j * keyPitch + piece;
      Values rights = {loadWord(keyMemory, keyPitch, first, quarter, offset),
                       loadWord(keyMemory, keyPitch, first, quarter, offset + 4)};
      llvm::copy(multiplyPieces(b, precision, lefts, rights, {sum, 4}), sum);
    }
  return sums;
}

/// As tensor cores leave them.
AttentionBlock::Values AttentionBlock::multiplyQueriesScalar() {
  constexpr int64_t width = 4;
  auto vector = VectorType::get(width, b.getF32Type());
  auto getStart = [&](Value memory, Value row) {
    return b.offset(memory, threads.wide(threads.mul(row, keyPitch)));
  };
  Value queryStart = getStart(queryMemory, threads.add(threads.mul(rowWarp, pieceRows), octet));
  Value keyStart =
      getStart(keyMemory, threads.add(threads.mul(group, warpKeys), threads.mul(quarter, 2)));
  Values inits(warpKeys / pieceColumns * 4, b.f32(0.0f));
  return b.loop(b.i64(0), b.i64(keyWords), width, inits, [&](Value k, ValueRange carried) {
    Values sums(carried);
    auto loadFour = [&](Value start, int64_t row) {
      Value address = b.offset(b.offset(start, k), row * keyPitch);
      return LLVM::LoadOp::create(b, vector, address, /*alignment=*/16).getResult();
    };
    Value left[2] = {loadFour(queryStart, 0), loadFour(queryStart, 8)};
    for (int64_t j = 0; j != warpKeys; j += pieceColumns)
      for (int64_t column : {0, 1}) {
        Value right = loadFour(keyStart, j + column);
        for (int64_t row : {0, 1})
          for (int64_t i = 0; i != width; ++i) {
            Value &sum = sums[j / pieceColumns * 4 + row * 2 + column];
            sum = b.fma(vector::ExtractOp::create(b, left[row], i),
                        vector::ExtractOp::create(b, right, i), sum);
          }
      }
    return sums;
  });
}

Value AttentionBlock::finishScore(Value product, Value row, Value column) {
  auto isBelow = [&](Value number, Value count) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, count);
  };
  Value score = scaleScore(product), exists = isBelow(column, numKeys);
  if (mask) {
    Type type = op.getMask().getType().getElementType();
    Value isInside = b.both(exists, isBelow(row, b.add(firstRow, numRows)));
    Value zero = b.i64(0);
    Value address = getMaskAddress(b.select(isInside, row, zero), b.select(isInside, column, zero));
    score = maskScore(score, b.loadElement(address, type));
  }
  if (op.getIsCausal())
    exists = b.both(exists, isBelow(column, b.add(row, 1)));
  return b.select(exists, score, getBlocked(b.getF32Type()));
}

AttentionBlock::Values AttentionBlock::getScores(Value start) {
  Values scores = precision == Precision::fp32 ? multiplyQueriesScalar() : multiplyQueries();
  Value first = threads.add(threads.mul(group, warpKeys), threads.mul(quarter, 2));
  for (auto [i, score] : llvm::enumerate(scores)) {
    auto place = static_cast<int64_t>(i / 4 * pieceColumns + i % 2);
    Value column = b.add(start, threads.wide(threads.add(first, threads.i32(place))));
    score = finishScore(score, rows[i / 2 % 2], column);
  }
  return scores;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

Value AttentionBlock::reduceQuad(Value value, function_ref<Value(Value, Value)> combine) {
  for (int64_t mask : {1, 2})
    value = combine(value, threads.exchange(value, mask));
  return value;
}

/// The exponentials of neighbouring keys are where the left operand has them: of words of one
/// element each, column 2 * q of a piece is word q, and column 2 * q + 1 word q + 4.
void AttentionBlock::multiplyValues(Values &result, ArrayRef<Value> weights) {
  int64_t pieceKeys = pieceWords * parts, width = 4 * parts; // weights of a piece
  Value first = threads.mul(group, warpKeys / parts);
  first = threads.add(first, threads.mul(quarter, parts == 1 ? 2 : 1));
  int64_t second = parts == 1 ? valuePitch : 4 * valuePitch;
  for (int64_t key = 0; key != warpKeys; key += pieceKeys) {
    ArrayRef<Value> own = weights.slice(key / pieceColumns * 4, width);
    Values lefts;
    for (int64_t word = 0; word != 4; ++word)
      lefts.push_back(makeWord(b, precision, [&](int64_t part) {
        return parts == 1 ? own[word % 2 * 2 + word / 2] : own[word / 2 * 4 + word % 2 * 2 + part];
      }));
    for (int64_t column = 0; column != columns; column += pieceColumns) {
      Value *sum = result.begin() + column / pieceColumns * 4;
      if (inChunks && parts != 1) {
        multiplyBoth(lefts, loadValues(key, column), sum);
        column += pieceColumns;
        continue;
      }
      int64_t offset = key / parts * valuePitch + column;
      Values rights = {loadWord(valueMemory, valuePitch, first, octet, offset),
                       loadWord(valueMemory, valuePitch, first, octet, offset + second)};
      llvm::copy(multiplyPieces(b, precision, lefts, rights, {sum, 4}), sum);
    }
  }
}

void AttentionBlock::multiplyValuesScalar(Values &result, ArrayRef<Value> weights) {
  auto pair = VectorType::get(2, b.getF32Type());
  Value first =
      threads.add(threads.mul(threads.mul(group, warpKeys), valuePitch), threads.mul(quarter, 2));
  Value start = b.offset(valueMemory, threads.wide(first));
  for (int64_t key = 0; key != warpKeys; ++key) {
    int64_t piece = key / pieceColumns * 4, owner = key % pieceColumns / 2;
    Value ownWeights[2];
    for (int64_t row : {0, 1})
      ownWeights[row] = threads.getOfQuad(weights[piece + row * 2 + key % 2], owner);
    for (int64_t column = 0; column != columns; column += pieceColumns) {
      Value address = b.offset(start, key * valuePitch + column);
      Value elements = LLVM::LoadOp::create(b, pair, address, /*alignment=*/8);
      for (int64_t i = 0; i != 4; ++i) {
        Value &sum = result[column / pieceColumns * 4 + i];
        sum = b.fma(ownWeights[i / 2], vector::ExtractOp::create(b, elements, i % 2), sum);
      }
    }
  }
}

AttentionBlock::State AttentionBlock::addValues(State state, Values scores) {
  Reducer maxima(b, ReduceKind::max);
  for (int64_t row : {0, 1}) {
    Value most = state.largest[row];
    auto forOwn = [&](function_ref<void(Value &)> change) {
      for (auto [i, score] : llvm::enumerate(scores))
        if (static_cast<int64_t>(i / 2 % 2) == row)
          change(score);
    };
    forOwn([&](Value &score) { most = maxima.combine(most, score); });
    most = reduceQuad(most, [&](Value lhs, Value rhs) { return maxima.combine(lhs, rhs); });
    Value subtracted = getSubtracted(most);
    auto getPower = [&](Value number) -> Value {
      Value difference = arith::SubFOp::create(b, number, subtracted);
      return math::ExpOp::create(b, difference);
    };
    Value factor = getPower(state.largest[row]);
    Value sum = arith::MulFOp::create(b, state.sums[row], factor);
    forOwn([&](Value &score) {
      score = getPower(score);
      sum = arith::AddFOp::create(b, sum, score);
    });
    state.largest[row] = most;
    state.sums[row] = sum;
    for (auto [i, value] : llvm::enumerate(state.result))
      if (static_cast<int64_t>(i / 2 % 2) == row)
        value = arith::MulFOp::create(b, value, factor);
  }
  if (precision == Precision::fp32)
    multiplyValuesScalar(state.result, scores);
  else
    multiplyValues(state.result, scores);
  return state;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

AttentionBlock::State AttentionBlock::combine(const State &lhs, const State &rhs) {
  Reducer maxima(b, ReduceKind::max);
  State both = lhs;
  for (int64_t row : {0, 1}) {
    both.largest[row] = maxima.combine(lhs.largest[row], rhs.largest[row]);
    Value subtracted = getSubtracted(both.largest[row]);
    auto rescale = [&](const State &state, Value number) -> Value {
      Value difference = arith::SubFOp::create(b, state.largest[row], subtracted);
      return arith::MulFOp::create(b, number, math::ExpOp::create(b, difference));
    };
    auto add = [&](Value left, Value right) -> Value {
      return arith::AddFOp::create(b, rescale(lhs, left), rescale(rhs, right));
    };
    both.sums[row] = add(lhs.sums[row], rhs.sums[row]);
    for (size_t i = 0; i != both.result.size(); ++i)
      if (static_cast<int64_t>(i / 2 % 2) == row)
        both.result[i] = add(lhs.result[i], rhs.result[i]);
  }
  return both;
}

/// Adds to the state of the first group those of the others, which leave theirs in shared memory.
AttentionBlock::State AttentionBlock::joinGroups(State state) {
  Values values = state.join();
  auto count = static_cast<int64_t>(values.size());
  Value own = threads.add(threads.mul(rowWarp, warpSize), lane);
  auto getPlace = [&](Value number, int64_t value) {
    Value place =
        threads.add(threads.mul(threads.add(threads.mul(number, count), threads.i32(value)),
                                rowWarps * warpSize),
                    own);
    return b.offset(memory, threads.wide(place));
  };
  threads.wait(); // for those who still read keys and values there
  b.onlyIf(threads.less(threads.i32(0), group), [&] {
    Value number = threads.add(group, threads.i32(-1));
    for (auto [i, value] : llvm::enumerate(values))
      b.store(value, getPlace(number, static_cast<int64_t>(i)));
  });
  threads.wait();
  return State::split(b.chooseValues(
      b.equal(group, threads.i32(0)),
      [&] {
        State all = state;
        for (int64_t other = 0; other != groups - 1; ++other) {
          Values loaded;
          for (int64_t i = 0; i != count; ++i)
            loaded.push_back(b.loadScalar(getPlace(threads.i32(other), i)));
          all = combine(all, State::split(loaded));
        }
        return all.join();
      },
      [&] { return values; }));
}

void AttentionBlock::storeResult(const State &state) {
  Value end = b.add(firstRow, numRows);
  for (int64_t row : {0, 1}) {
    Value factor = arith::DivFOp::create(b, b.f32(1.0f), getDivisor(state.sums[row]));
    b.onlyIf(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, rows[row], end), [&] {
      Value start = getRow(result, rows[row]);
      for (int64_t column = 0; column != columns; column += pieceColumns)
        storePair(state, row, column, factor, start);
    });
  }
}

/// Neighbours of a row of the result; behind its last element there may be columns that only pieces
/// have.
void AttentionBlock::storePair(const State &state, int64_t row, int64_t column, Value factor,
                               Value start) {
  Values values;
  for (int64_t i : {0, 1})
    values.push_back(
        arith::MulFOp::create(b, state.result[column / pieceColumns * 4 + row * 2 + i], factor));
  Value place = threads.add(threads.mul(quarter, 2), threads.i32(column));
  auto getAddress = [&](Value own) { return b.offset(start, threads.wide(own), result.type); };
  if (columns == valueSize && result.inChunks) {
    auto pair = VectorType::get(2, b.getF32Type());
    Value both = vector::FromElementsOp::create(b, pair, values);
    return b.storeNeighbours(both, getAddress(place), result.type);
  }
  for (auto [i, value] : llvm::enumerate(values)) {
    Value own = threads.add(place, threads.i32(static_cast<int64_t>(i)));
    auto store = [&, value = value] { b.storeElement(value, getAddress(own), result.type); };
    if (columns == valueSize)
      store();
    else
      b.onlyIf(threads.less(own, threads.i32(valueSize)), store);
  }
}

void AttentionBlock::begin() {
  enterTask(tileRows);
  Value thread = threads.getThread(), warp = threads.div(thread, warpSize);
  lane = threads.rem(thread, warpSize);
  octet = threads.div(lane, 4);
  quarter = threads.rem(lane, 4);
  rowWarp = threads.rem(warp, rowWarps);
  group = threads.div(warp, rowWarps);
  Value row = threads.add(threads.mul(rowWarp, pieceRows), octet);
  rows[0] = b.add(firstRow, threads.wide(row));
  rows[1] = b.add(rows[0], 8);
  divideMemory();
}

void AttentionBlock::emit() {
  begin();
  loadQueries();
  Value zero = b.f32(0.0f), blocked = getBlocked(b.getF32Type());
  State state = {{blocked, blocked}, {zero, zero}, Values(columns / 2, zero)};
  Value end = numKeys;
  if (op.getIsCausal()) // none behind the last query
    end = b.min(end, b.add(firstRow, tileRows));
  Values inits = state.join();
  inits.push_back(threads.i32(0));
  if (inChunks)
    copyStep(b.i64(0), threads.i32(0));
  Values found = b.loop(b.i64(0), end, stepKeys, inits, [&](Value start, ValueRange carried) {
    Value stage = carried.back();
    Value other = arith::SubIOp::create(b, threads.i32(1), stage);
    threads.wait(); // for those who still read the step before
    if (inChunks) {
      copyStep(b.add(start, stepKeys), other);
      waitForCopies(b, 1);
      enterStage(stage);
    } else {
      loadStep(start);
    }
    threads.wait();
    State next = addValues(State::split(carried.drop_back()), getScores(start));
    Values values = next.join();
    values.push_back(inChunks ? other : stage);
    return values;
  });
  if (inChunks)
    waitForCopies(b, 0);
  found.pop_back();
  state = State::split(found);
  for (Value &sum : state.sums)
    sum = reduceQuad(
        sum, [&](Value lhs, Value rhs) -> Value { return arith::AddFOp::create(b, lhs, rhs); });
  if (groups > 1)
    state = joinGroups(state);
  b.onlyIf(b.equal(group, threads.i32(0)), [&] { storeResult(state); });
}

LogicalResult dlc::emitCudaAttention(KernelBuilder &b) {
  AttentionBlock block(b);
  if (failed(block.match()))
    return failure();
  block.emit();
  return success();
}
