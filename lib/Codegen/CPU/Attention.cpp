// Attention block of keys by block of keys, as in FlashAttention (Dao et al., 2022): each query
// keeps the largest score so far and the sum of its exponentials, and its result is rescaled where
// a larger one comes. A block of keys is transposed once for all queries of a task; the scores of a
// tile of queries with one block lie in scratch memory. Heads are read and written wherever views,
// transpositions and slices say that they lie.

#include "../Common/AttentionKernel.h"
#include "../Common/ExpandExponentials.h"
#include "../Common/Reducer.h"
#include "EmitKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

/// Keys of a block, unless one vector tile has more: with heads of 64 elements they are half of a
/// first-level cache.
static constexpr int64_t usualBlock = 64;

namespace {
class AttentionEmitter : public AttentionKernel {
public:
  explicit AttentionEmitter(KernelBuilder &b) : AttentionKernel(b), lanes(b.getLanes()) {}

  void emit();

private:
  /// Keys [first, first + count) of the task.
  struct Block {
    Value first, count;
  };

  using Step = function_ref<KernelBuilder::Carried(Value k, ValueRange carried)>;

  void divideScratch();
  KernelBuilder::Carried emitSteps(Value count, ValueRange inits, Step emitStep);
  void emitBlock(const Block &block);
  void transposeKeys(const Block &block);
  void emitScores(Value row, int64_t height, const Block &block);
  void emitScoreTile(Value row, int64_t height, Value column, int64_t vectors, const Block &block);
  Value maskScores(Value vector, Value row, Value column, Value exists);
  void emitWeights(Value row, int64_t height, const Block &block);
  void findLargest(Value row, Value tileRow, const Block &block);
  void weigh(Value row, Value tileRow, const Block &block);
  void emitValues(Value row, int64_t height, const Block &block);
  void emitValueTile(Value row, int64_t height, Value column, int64_t vectors, Value mask,
                     const Block &block);
  void finishRow(Value row);
  void forEachColumn(function_ref<void(Value column, int64_t vectors, Value mask)> emit);

  int64_t lanes, blockKeys = 0;
  /// In scratch memory: keys as [size][blockKeys]; scores of a tile, then their exponentials, as
  /// [queries][blockKeys]; for each query of the tile what its result is rescaled by; for each
  /// query of the task the largest score and a vector of sums.
  Value transposed, scores, factors, largest, sums;
};
} // namespace

//===----------------------------------------------------------------------===//
// A task
//===----------------------------------------------------------------------===//

/// The pieces begin at vectors of their own.
void AttentionEmitter::divideScratch() {
  ScheduleAttr schedule = b.getSchedule();
  int64_t tileRows = schedule.getPixels().front();
  constexpr int64_t lineElements = 16;
  std::pair<Value *, int64_t> pieces[] = {{&transposed, size * blockKeys},
                                          {&scores, tileRows * blockKeys},
                                          {&factors, tileRows},
                                          {&largest, schedule.getRows()},
                                          {&sums, schedule.getRows() * lanes}};
  int64_t total = 0;
  for (auto [piece, elements] : pieces)
    total += llvm::alignTo(elements, lineElements);
  Value next = b.getScratch(total * static_cast<int64_t>(sizeof(float)));
  for (auto [piece, elements] : pieces) {
    *piece = next;
    next = b.offset(next, llvm::alignTo(elements, lineElements));
  }
}

void AttentionEmitter::emit() {
  int64_t columns = b.getSchedule().getChannels();
  blockKeys = std::max(columns, usualBlock / columns * columns);
  enterTask(b.getSchedule().getRows());
  divideScratch();
  b.loop(b.i64(0), numRows, 1, [&](Value row) {
    b.store(getBlocked(b.getF32Type()), b.offset(largest, row));
    b.store(b.splat(0.0f), b.offset(sums, b.mul(row, lanes)));
    b.storeZeros(getRow(result, b.add(firstRow, row)), b.i64(valueSize));
  });
  b.loop(b.i64(0), numKeys, blockKeys,
         [&](Value first) { emitBlock({first, b.min(b.sub(numKeys, first), b.i64(blockKeys))}); });
  b.loop(b.i64(0), numRows, 1, [&](Value row) { finishRow(row); });
}

void AttentionEmitter::emitBlock(const Block &block) {
  transposeKeys(block);
  b.loopOverTiles(numRows, b.getSchedule().getPixels(), [&](Value row, int64_t height) {
    emitScores(row, height, block);
    emitWeights(row, height, block);
    emitValues(row, height, block);
  });
}

/// Divides the result of a query by its sum.
void AttentionEmitter::finishRow(Value row) {
  Reducer reducer(b, ReduceKind::sum);
  Value sum = reducer.joinLanes(b.loadVector(b.offset(sums, b.mul(row, lanes))));
  Value divisor = getDivisor(sum);
  Value factor = b.splat(arith::DivFOp::create(b, b.f32(1.0f), divisor));
  Value start = getRow(result, b.add(firstRow, row));
  auto scale = [&](Value place, Value lanesMask) {
    Value address = b.offset(start, place);
    b.store(arith::MulFOp::create(b, b.loadVector(address, lanesMask), factor), address, lanesMask);
  };
  int64_t whole = valueSize / lanes * lanes;
  b.loop(b.i64(0), b.i64(whole), lanes, [&](Value place) { scale(place, Value()); });
  if (whole != valueSize)
    scale(b.i64(whole), b.laneMask(b.i64(valueSize - whole)));
}

/// A reduction of `count` steps. An iteration of one would be as many instructions again as its
/// multiply-adds.
KernelBuilder::Carried AttentionEmitter::emitSteps(Value count, ValueRange inits, Step emitStep) {
  constexpr int64_t together = 8;
  Value whole = b.mul(b.div(count, b.i64(together)), together);
  KernelBuilder::Carried sums =
      b.loop(b.i64(0), whole, together, inits, [&](Value k, ValueRange carried) {
        KernelBuilder::Carried next = llvm::to_vector(carried);
        for (int64_t i = 0; i != together; ++i)
          next = emitStep(b.add(k, i), next);
        return next;
      });
  return b.loop(whole, count, 1, sums, emitStep);
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

/// Columns behind the last key repeat it.
void AttentionEmitter::transposeKeys(const Block &block) {
  b.loop(b.i64(0), block.count, lanes, [&](Value column) {
    SmallVector<Value> rows;
    for (int64_t lane = 0; lane != lanes; ++lane) {
      Value place = b.min(b.add(column, lane), b.add(block.count, -1));
      rows.push_back(getRow(key, b.add(block.first, place)));
    }
    auto getPlace = [&](Value element) {
      return b.offset(b.offset(transposed, b.mul(element, blockKeys)), column);
    };
    int64_t whole = size / lanes * lanes;
    b.loop(b.i64(0), b.i64(whole), lanes, [&](Value element) {
      SmallVector<Value> addresses =
          llvm::map_to_vector(rows, [&](Value row) { return b.offset(row, element); });
      for (auto [i, vector] : llvm::enumerate(b.loadTransposed(addresses, b.getF32Type())))
        b.store(vector, getPlace(b.add(element, static_cast<int64_t>(i))));
    });
    if (whole == size)
      return;
    Value places = b.laneMultiples(key.strides[2]);
    Value exists = b.laneMask(b.sub(block.count, column));
    Value start = getRow(key, b.add(block.first, column));
    b.loop(b.i64(whole), b.i64(size), 1, [&](Value element) {
      b.store(b.gather(b.offset(start, element), places, exists), getPlace(element));
    });
  });
}

/// The scores of vectors of keys from the products; `row` counts queries of the head, `exists` are
/// the keys that there are.
Value AttentionEmitter::maskScores(Value vector, Value row, Value column, Value exists) {
  if (mask) {
    Type type = op.getMask().getType().getElementType();
    Value address = getMaskAddress(row, column);
    bool isOne = op.getMask().getType().getDims().back().getConstant() == 1;
    vector = maskScore(vector, isOne ? b.splat(b.loadElement(address, type))
                                     : b.loadElements(address, type, exists));
  }
  if (op.getIsCausal())
    exists = b.both(exists, b.laneMask(b.add(b.sub(row, column), 1)));
  return b.select(exists, vector, getBlocked(vector.getType()));
}

/// Keys from `column` of the block on.
void AttentionEmitter::emitScoreTile(Value row, int64_t height, Value column, int64_t vectors,
                                     const Block &block) {
  SmallVector<Value> rows;
  for (int64_t i = 0; i != height; ++i)
    rows.push_back(getRow(query, b.add(firstRow, b.add(row, i))));
  SmallVector<Value> inits(height * vectors, b.splat(0.0f));
  using Carried = KernelBuilder::Carried;
  auto emitStep = [&](Value k, ValueRange carried) {
    Value start = b.offset(b.offset(transposed, b.mul(k, blockKeys)), column);
    SmallVector<Value> keys;
    for (int64_t vector = 0; vector != vectors; ++vector)
      keys.push_back(b.loadVector(b.offset(start, vector * lanes)));
    Carried next;
    for (Value queryRow : rows) {
      Value element = b.splat(b.loadScalar(b.offset(queryRow, k)));
      for (Value factor : keys)
        next.push_back(b.fma(element, factor, carried[next.size()]));
    }
    return next;
  };
  Carried products = emitSteps(b.i64(size), inits, emitStep);
  for (int64_t i = 0; i != height; ++i)
    for (int64_t vector = 0; vector != vectors; ++vector) {
      Value place = b.add(column, vector * lanes);
      Value exists = b.laneMask(b.sub(block.count, place));
      Value finished =
          maskScores(scaleScore(products[i * vectors + vector]), b.add(firstRow, b.add(row, i)),
                     b.add(block.first, place), exists);
      b.store(finished, b.offset(b.offset(scores, i * blockKeys), place));
    }
}

/// Of the last block, which may have few keys, no more vectors than hold them.
void AttentionEmitter::emitScores(Value row, int64_t height, const Block &block) {
  int64_t columns = b.getSchedule().getChannels();
  SmallVector<int64_t> widths = {columns};
  if (columns != lanes)
    widths.push_back(lanes);
  Value padded = b.mul(b.ceilDiv(block.count, lanes), lanes);
  b.loopOverTiles(padded, widths, [&](Value column, int64_t width) {
    emitScoreTile(row, height, column, width / lanes, block);
  });
}

/// Finds the largest score so far of a query, and by how much it has grown.
void AttentionEmitter::findLargest(Value row, Value tileRow, const Block &block) {
  Reducer maxima(b, ReduceKind::max);
  Value start = b.offset(scores, b.mul(tileRow, blockKeys)), place = b.offset(largest, row);
  using Carried = KernelBuilder::Carried;
  Value before = b.splat(b.loadScalar(place));
  Carried most = b.loop(b.i64(0), block.count, lanes, before, [&](Value i, ValueRange carried) {
    return Carried{maxima.accumulate(carried[0], b.loadVector(b.offset(start, i)))};
  });
  Value now = maxima.joinLanes(most[0]);
  b.store(now, place);
  Value difference = arith::SubFOp::create(b, before, b.splat(getSubtracted(now)));
  b.store(vector::ExtractOp::create(b, difference, int64_t(0)), b.offset(factors, tileRow));
}

/// Makes the scores of a query with a block exponentials less the largest so far.
void AttentionEmitter::weigh(Value row, Value tileRow, const Block &block) {
  Value start = b.offset(scores, b.mul(tileRow, blockKeys));
  Value subtracted = b.splat(getSubtracted(b.loadScalar(b.offset(largest, row))));
  Value factor = b.splat(b.loadScalar(b.offset(factors, tileRow)));
  Value sumPlace = b.offset(sums, b.mul(row, lanes));
  Value rescaled = arith::MulFOp::create(b, b.loadVector(sumPlace), factor);
  using Carried = KernelBuilder::Carried;
  Carried sum = b.loop(b.i64(0), block.count, lanes, rescaled, [&](Value i, ValueRange carried) {
    Value address = b.offset(start, i);
    Value less = arith::SubFOp::create(b, b.loadVector(address), subtracted);
    Value power = createFallingExp(b, b.getLoc(), less);
    b.store(power, address);
    return Carried{arith::AddFOp::create(b, carried[0], power)};
  });
  b.store(sum[0], sumPlace);
}

/// The exponentials of a tile's scores, and what its results so far are rescaled by: vectors of one
/// for each query.
void AttentionEmitter::emitWeights(Value row, int64_t height, const Block &block) {
  auto forEachRow = [&](function_ref<void(Value row, Value tileRow)> emit) {
    b.loop(b.i64(0), b.i64(height), 1, [&](Value i) { emit(b.add(row, i), i); });
  };
  forEachRow([&](Value row, Value tileRow) { findLargest(row, tileRow, block); });
  for (int64_t i = 0; i < height; i += lanes) {
    Value address = b.offset(factors, i);
    b.store(createFallingExp(b, b.getLoc(), b.loadVector(address)), address);
  }
  forEachRow([&](Value row, Value tileRow) { weigh(row, tileRow, block); });
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

void AttentionEmitter::forEachColumn(function_ref<void(Value, int64_t, Value)> emit) {
  SmallVector<int64_t> widths = {b.getSchedule().getChannels()};
  if (widths.front() != lanes)
    widths.push_back(lanes);
  b.loopOverTiles(b.i64(valueSize), widths,
                  [&](Value column, int64_t width) { emit(column, width / lanes, Value()); });
  if (int64_t rest = valueSize % lanes)
    emit(b.i64(valueSize - rest), 1, b.laneMask(b.i64(rest)));
}

/// Adds the values of a block, by their weights, to the rescaled results of a tile.
void AttentionEmitter::emitValueTile(Value row, int64_t height, Value column, int64_t vectors,
                                     Value mask, const Block &block) {
  SmallVector<Value> inits, places;
  for (int64_t i = 0; i != height; ++i) {
    Value factor = b.splat(b.loadScalar(b.offset(factors, i)));
    Value start = b.offset(getRow(result, b.add(firstRow, b.add(row, i))), column);
    for (int64_t vector = 0; vector != vectors; ++vector) {
      places.push_back(b.offset(start, vector * lanes));
      inits.push_back(arith::MulFOp::create(b, b.loadVector(places.back(), mask), factor));
    }
  }
  Value first = b.offset(getRow(value, block.first), column);
  using Carried = KernelBuilder::Carried;
  auto emitStep = [&](Value k, ValueRange carried) {
    Value start = b.offset(first, b.mul(k, value.strides[2]));
    SmallVector<Value> elements;
    for (int64_t vector = 0; vector != vectors; ++vector)
      elements.push_back(b.loadVector(b.offset(start, vector * lanes), mask));
    Carried next;
    for (int64_t i = 0; i != height; ++i) {
      Value weight = b.splat(b.loadScalar(b.offset(b.offset(scores, i * blockKeys), k)));
      for (Value element : elements)
        next.push_back(b.fma(weight, element, carried[next.size()]));
    }
    return next;
  };
  Carried totals = emitSteps(block.count, inits, emitStep);
  for (auto [total, place] : llvm::zip_equal(totals, places))
    b.store(total, place, mask);
}

void AttentionEmitter::emitValues(Value row, int64_t height, const Block &block) {
  forEachColumn([&](Value column, int64_t vectors, Value columnMask) {
    emitValueTile(row, height, column, vectors, columnMask, block);
  });
}

LogicalResult dlc::emitAttention(KernelBuilder &b) {
  AttentionEmitter emitter(b);
  if (failed(emitter.match()))
    return failure();
  emitter.emit();
  return success();
}
