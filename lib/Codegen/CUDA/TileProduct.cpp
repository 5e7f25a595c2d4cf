#include "TileProduct.h"

#include "TensorCores.h"

#include "dlc/IR/Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numeric>

using namespace mlir;
using namespace dlc;

TileProduct::TileProduct(KernelBuilder &b, AnchorKernel &kernel)
    : b(b), threads(b), kernel(kernel), precision(b.getSchedule().getPrecision()),
      operandType(getOperandType(b.getContext(), precision)),
      tileRows(b.getSchedule().getPixels()[0]), tileColumns(b.getSchedule().getChannels()),
      step(b.getSchedule().getRows()), threadColumns(b.getLanes()),
      numThreads(b.getSchedule().getTileThreads()), parts(getWordParts(precision)),
      rowsOfPart(b.getSchedule().getPixels()[1]) {}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Nothing is accessed outside of buffers: the result has an element wherever a block runs.
Value TileProduct::loadIf(Value exists, Value base, Value place, Type type) {
  Type element = type ? type : Type(b.getF32Type());
  Value address = b.offset(base, place, element);
  address = b.select(exists, address, b.getAddress(kernel.output));
  return orZeros(exists, b.loadElement(address, element));
}

Value TileProduct::orZeros(Value exists, Value loaded) {
  return needsZeros ? b.select(exists, loaded, b.fill(loaded.getType(), 0.0f)) : loaded;
}

/// The operand has elements wherever a block runs.
Value TileProduct::loadVectorIf(Value exists, Value base, Value place) {
  auto type = VectorType::get(4, b.getF32Type());
  Value address = b.offset(base, b.select(exists, place, b.i64(0)));
  return orZeros(exists, LLVM::LoadOp::create(b, type, address, /*alignment=*/16));
}

Value TileProduct::getOperand(size_t index) {
  return kernel.operands[index].getDefiningOp<ReadOp>().getBuffer();
}

//===----------------------------------------------------------------------===//
// In registers
//===----------------------------------------------------------------------===//

void TileProduct::beginScalars() {
  Value thread = threads.getThread();
  int64_t rowGroups = tileRows / rowsOfPart, columnGroups = tileColumns / threadColumns;
  threadRow = columnsFirst ? threads.div(thread, columnGroups) : threads.rem(thread, rowGroups);
  Value group = columnsFirst ? threads.rem(thread, columnGroups) : threads.div(thread, rowGroups);
  threadColumn = threads.mul(group, threadColumns);
}

TileProduct::Sums TileProduct::multiplyScalars(ValueRange sums, Value stage) {
  Sums next = llvm::to_vector(sums);
  int64_t rowGroups = tileRows / rowsOfPart;
  Value zero = threads.i32(0);
  Value leftStart = getAddress(left, getStart(left, stage), threadRow, zero);
  Value rightStart = getAddress(right, getStart(right, stage), threadColumn, zero);
  constexpr int64_t together = 4; // elements of a row that lies along k are loaded as a vector
  auto vector = VectorType::get(together, b.getF32Type());
  Sums rows(next.size());
  for (int64_t k = 0; k != step; ++k) {
    Value weights = LLVM::LoadOp::create(
        b, b.getVectorType(), b.offset(rightStart, k * right.wordPitch), /*alignment=*/16);
    for (auto [i, sum] : llvm::enumerate(next)) {
      Value start = b.offset(leftStart, static_cast<int64_t>(i) * rowGroups * left.outerPitch);
      Value element;
      if (left.wordPitch == 1) {
        if (k % together == 0)
          rows[i] = LLVM::LoadOp::create(b, vector, b.offset(start, k), /*alignment=*/16);
        element = vector::ExtractOp::create(b, rows[i], k % together);
      } else {
        element = b.loadScalar(b.offset(start, k * left.wordPitch));
      }
      sum = b.fma(b.splat(element), weights, sum);
    }
  }
  return next;
}

//===----------------------------------------------------------------------===//
// By tensor cores
//===----------------------------------------------------------------------===//

/// The thread's first row and column in its warp's part, as tensor cores distribute sums.
void TileProduct::beginTensors() {
  columnsOfPart = b.getSchedule().getWarpColumns();
  Value thread = threads.getThread(), lane = threads.rem(thread, warpSize),
        warp = threads.div(thread, warpSize);
  quarter = threads.rem(lane, 4);
  if (!usesWarpgroups())
    return beginWarps(lane, warp);
  Value firstRow = threads.mul(threads.div(warp, groupWarps), rowsOfPart);
  Value ownRow = threads.mul(threads.rem(warp, groupWarps), pieceRows);
  threadRow = threads.add(threads.add(firstRow, ownRow), threads.div(lane, 4));
  threadColumn = threads.i32(0);
}

int64_t TileProduct::getRowStep() const { return usesWarpgroups() ? groupRows : pieceRows; }

/// Which rows of the slices the thread has the addresses of, too.
void TileProduct::beginWarps(Value lane, Value warp) {
  int64_t warpRows = tileRows / rowsOfPart;
  Value firstRow = threads.mul(threads.rem(warp, warpRows), rowsOfPart);
  threadRow = threads.add(firstRow, threads.div(lane, 4));
  threadColumn = threads.mul(threads.div(warp, warpRows), columnsOfPart);
  Value row = threads.rem(lane, 8), matrix = threads.div(lane, 8);
  Value low = threads.rem(matrix, 2), high = threads.div(matrix, 2);
  auto addPieces = [&](Sums &pieces, Value outer, Value half) {
    for (int64_t word = 0; word != sliceWords; word += pieceWords) {
      Value first = threads.add(threads.mul(half, chunkWords), threads.i32(word));
      pieces.push_back(threads.wide(getSwizzled(threads, outer, first)));
    }
  };
  // Of rows 16, of columns two pieces of 8, each with both halves of 8 words.
  addPieces(leftPieces, threads.add(firstRow, threads.add(row, threads.mul(low, 8))), high);
  addPieces(rightPieces, threads.add(threadColumn, threads.add(row, threads.mul(high, 8))), low);
}

/// Sums are [row piece][column piece][4].
TileProduct::Sums TileProduct::multiplyTensors(ValueRange sums, Value stage,
                                               function_ref<void(size_t, size_t)> copy) {
  Sums next = llvm::to_vector(sums);
  Value leftStart = getStart(left, stage), rightStart = getStart(right, stage);
  size_t part = 0;
  for (auto [leftPiece, rightPiece] : llvm::zip_equal(leftPieces, rightPieces)) {
    Value leftAddress = b.offset(leftStart, leftPiece);
    Value rightAddress = b.offset(rightStart, rightPiece);
    Sums words;
    for (int64_t j = 0; j != columnsOfPart; j += 2 * pieceColumns)
      llvm::append_range(words, loadPieces(b, b.offset(rightAddress, j * sliceWords)));
    SmallVector<Sums, 2> rights = splitWords(b, precision, words);
    Value *rowSums = next.begin();
    for (int64_t i = 0; i != rowsOfPart; i += pieceRows, rowSums += columnsOfPart / 2) {
      SmallVector<Sums, 2> lefts =
          splitWords(b, precision, loadPieces(b, b.offset(leftAddress, i * sliceWords)));
      // The smaller products first, without those of two rests.
      for (size_t l = lefts.size(); l-- != 0;)
        for (size_t r = rights.size() - l; r-- != 0;) {
          Value *sum = rowSums;
          for (ValueRange rest = rights[r]; !rest.empty(); rest = rest.drop_front(2))
            sum = llvm::copy(multiplyPieces(b, precision, lefts[l], rest.take_front(2), {sum, 4}),
                             sum);
        }
    }
    copy(part++, leftPieces.size());
  }
  return next;
}

/// Sums are [64 rows][column piece][4].
TileProduct::Sums TileProduct::multiplyGroups(ValueRange sums, Value stage) {
  Value group = threads.div(threads.getThread(), groupWarps * warpSize);
  Value firstRow = threads.mul(group, rowsOfPart * sliceWords);
  Value leftStart = b.offset(getStart(left, stage), threads.wide(firstRow));
  Sums lefts;
  for (int64_t i = 0; i != rowsOfPart; i += groupRows)
    lefts.push_back(getDescriptor(b, b.offset(leftStart, i * sliceWords)));
  return beginProducts(b, precision, lefts, getDescriptor(b, getStart(right, stage)), sums);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

TileProduct::Sums TileProduct::getInits(bool withBias) {
  if (!usesTensorCores())
    return Sums(rowsOfPart, withBias ? loadBias(threadColumn) : b.splat(0.0f));
  Sums piecesOfRow, inits;
  for (int64_t j = 0; j != columnsOfPart; j += pieceColumns) {
    Value column = threads.add(threadColumn, threads.add(threads.mul(quarter, 2), threads.i32(j)));
    Value pair = withBias ? loadBias(column) : b.splat(0.0f);
    for (int64_t element = 0; element != 4; ++element)
      piecesOfRow.push_back(vector::ExtractOp::create(b, pair, element % 2));
  }
  for (int64_t i = 0; i != rowsOfPart; i += getRowStep())
    llvm::append_range(inits, piecesOfRow);
  return inits;
}

void TileProduct::storeScalars(ValueRange sums) {
  for (auto [i, sum] : llvm::enumerate(sums)) {
    int64_t offset = static_cast<int64_t>(i) * (tileRows / rowsOfPart);
    storeSums(threads.add(threadRow, threads.i32(offset)), threadColumn, sum, {});
  }
}

/// Sums go through shared memory, so that neighbouring threads store neighbouring elements, and the
/// epilogue is there once.
void TileProduct::storeTensors(ValueRange sums) {
  int64_t rowPitch = columnsFirst ? getSumPitch(true) : 1;
  int64_t columnPitch = columnsFirst ? 1 : getSumPitch(false);
  auto getPlace = [&](Value row, Value column) {
    Value place = threads.add(threads.mul(row, rowPitch), threads.mul(column, columnPitch));
    return b.offset(memory, threads.wide(place));
  };
  waitForCopies(b, 0);
  threads.wait(); // for those who still multiply what lies there
  Value start = getPlace(threadRow, threads.add(threadColumn, threads.mul(quarter, 2)));
  for (int64_t i = 0; i != rowsOfPart; i += getRowStep())
    for (int64_t j = 0; j != columnsOfPart; j += pieceColumns)
      for (int64_t half : {0, 8}) {
        Value own = b.offset(start, (i + half) * rowPitch + j * columnPitch);
        if (columnPitch == 1) {
          auto pair = VectorType::get(2, b.getF32Type());
          LLVM::StoreOp::create(b, vector::FromElementsOp::create(b, pair, sums.take_front(2)), own,
                                /*alignment=*/8);
        } else {
          b.store(sums[0], own);
          b.store(sums[1], b.offset(own, columnPitch));
        }
        sums = sums.drop_front(2);
      }
  threads.wait();
  // What is read beside some sums is on its way while others are stored.
  int64_t together = kernel.operands.empty() ? 1 : 4;
  int64_t stored = storedColumns * storedRows;
  int64_t turns = tileRows * tileColumns / stored / numThreads;
  int64_t atATime = std::gcd(turns, together);
  int64_t rowGroups = tileRows / storedRows, columnGroups = tileColumns / storedColumns;
  Value first = threads.wide(threads.getThread());
  auto type = VectorType::get(stored, b.getF32Type());
  b.loop(b.i64(0), b.i64(turns), atATime, [&](Value turn) {
    SmallVector<std::pair<Value, Value>> places;
    SmallVector<Sums> loaded;
    for (int64_t i = 0; i != atATime; ++i) {
      Value number = threads.narrow(b.add(b.mul(b.add(turn, i), numThreads), first));
      Value row = columnsFirst ? threads.div(number, columnGroups) : threads.rem(number, rowGroups);
      Value column =
          columnsFirst ? threads.rem(number, columnGroups) : threads.div(number, rowGroups);
      places.push_back({threads.mul(row, storedRows), threads.mul(column, storedColumns)});
      loaded.push_back(loadOperands(places.back().first, places.back().second, stored));
    }
    for (auto [place, operands] : llvm::zip_equal(places, loaded)) {
      auto [row, column] = place;
      constexpr unsigned alignment = 16;
      Value own = LLVM::LoadOp::create(b, type, getPlace(row, column),
                                       std::min(alignment, static_cast<unsigned>(4 * stored)));
      storeSums(row, column, own, operands);
    }
  });
}

void TileProduct::storeAll(ValueRange sums) {
  if (usesTensorCores())
    storeTensors(sums);
  else
    storeScalars(sums);
}

//===----------------------------------------------------------------------===//
// Slices
//===----------------------------------------------------------------------===//

std::pair<Value, Value> TileProduct::getRange() {
  if (!mayShare)
    return {threads.i32(0), inner};
  Value steps = threads.wide(threads.div(threads.add(inner, threads.i32(step - 1)), step));
  Value all = b.mul(b.div(b.add(b.add(steps, slices), -1), slices), step);
  Value length = arith::TruncIOp::create(b, b.getI32Type(), all);
  Value slice = arith::TruncIOp::create(b, b.getI32Type(), b.rem(b.getTask(), slices));
  Value start = arith::MulIOp::create(b, slice, length);
  return {start, arith::MinSIOp::create(b, inner, threads.add(start, length))};
}

/// Each block leaves its sums to the last one of its tile, which adds those of all blocks in their
/// order, whoever it is: the result does not depend on when blocks run.
void TileProduct::shareSums(ValueRange sums) {
  ValueRange scratch = b.getSource().getArguments().take_back(2);
  Value parts = b.getAddress(scratch[0]), counters = b.getAddress(scratch[1]);
  Type type = sums.front().getType(), pointer = parts.getType();
  auto size = static_cast<int64_t>(sums.size()) * numThreads;
  auto getPlace = [&](Value block, int64_t number) -> Value {
    Value place = b.add(b.mul(block, size), threads.wide(threads.getThread()));
    return LLVM::GEPOp::create(b, pointer, type, parts,
                               ArrayRef<LLVM::GEPArg>{b.add(place, number * numThreads)});
  };
  unsigned alignment = isa<VectorType>(type) ? 16 : 4;
  for (auto [number, sum] : llvm::enumerate(sums))
    LLVM::StoreOp::create(b, sum, getPlace(b.getTask(), static_cast<int64_t>(number)), alignment);
  auto fence = [&] {
    LLVM::FenceOp::create(b, LLVM::AtomicOrdering::acq_rel, /*syncscope=*/"device");
  };
  fence();
  threads.wait();
  Value isFirst = b.equal(threads.getThread(), threads.i32(0));
  Value counter =
      LLVM::GEPOp::create(b, pointer, b.getI32Type(), counters, ArrayRef<LLVM::GEPArg>{tile});
  Value arrived = b.offset(memory, memoryWords);
  b.onlyIf(isFirst, [&] {
    Value before = LLVM::AtomicRMWOp::create(b, LLVM::AtomicBinOp::add, counter, threads.i32(1),
                                             LLVM::AtomicOrdering::monotonic, "device");
    b.store(before, arrived);
  });
  threads.wait();
  Value before = threads.wide(b.load(arrived, b.getI32Type()));
  b.onlyIf(b.equal(before, b.add(slices, -1)), [&] {
    fence();
    Sums inits = getInits(/*withBias=*/true);
    Value first = b.mul(tile, slices);
    Sums all = b.loop(b.i64(0), slices, 1, inits, [&](Value slice, ValueRange carried) {
      Sums next;
      for (auto [number, sum] : llvm::enumerate(carried)) {
        Value part = LLVM::LoadOp::create(
            b, type, getPlace(b.add(first, slice), static_cast<int64_t>(number)), alignment);
        next.push_back(arith::AddFOp::create(b, sum, part));
      }
      return next;
    });
    storeAll(all);
    b.onlyIf(isFirst, [&] { b.store(threads.i32(0), counter); });
  });
}

/// The sums over the block's range. While a step is multiplied, those behind it are on their way:
/// its place is filled again when all threads are past it. Warpgroups begin with a step before the
/// one before it is done.
TileProduct::Sums TileProduct::sumAll() {
  auto [first, end] = getRange();
  bringFirst(first);
  Sums inits = getInits(/*withBias=*/!mayShare);
  size_t numSums = inits.size();
  inits.push_back(threads.i32(0));
  bool hasCopies = left.order == Order::inChunks || right.order == Order::inChunks;
  Sums carried = b.loop(
      threads.wide(first), threads.wide(end), step, inits, [&](Value start, ValueRange values) {
        Value stage = values[numSums];
        if (hasCopies)
          waitForCopies(b, stagesAhead - 1);
        if (usesWarpgroups())
          showCopies(b);
        threads.wait();
        Value ahead = threads.add(threads.narrow(start), threads.i32(stagesAhead * step));
        Value before = threads.add(stage, threads.i32(stagesAhead));
        Value isBehind = threads.less(before, threads.i32(numStages));
        before = b.select(isBehind, before, threads.add(before, threads.i32(-numStages)));
        Sums elements = loadElements(ahead);
        ValueRange sums = values.take_front(numSums);
        // Addresses are found, and copies begin, while tensor cores multiply.
        SmallVector<Copies> copies = getCopies(ahead, before);
        Sums results;
        if (usesWarpgroups()) {
          results = multiplyGroups(sums, stage);
          copyPart(copies, 0, 1);
          results = waitForProducts(b, results, /*pending=*/1);
        } else if (usesTensorCores()) {
          results = multiplyTensors(
              sums, stage, [&](size_t part, size_t count) { copyPart(copies, part, count); });
        } else {
          results = multiplyScalars(sums, stage);
        }
        if (hasCopies)
          commitCopies(b);
        storeElements(elements, before);
        results.push_back(wrapStage(threads.add(stage, threads.i32(1))));
        return results;
      });
  carried.pop_back();
  return usesWarpgroups() ? waitForProducts(b, carried, /*pending=*/0) : carried;
}

void TileProduct::shareIfMany(ValueRange results) {
  b.either(
      b.equal(slices, b.i64(1)),
      [&] {
        Sums all;
        for (auto [sum, bias] : llvm::zip_equal(results, getInits(/*withBias=*/true)))
          all.push_back(arith::AddFOp::create(b, bias, sum));
        storeAll(all);
      },
      [&] { shareSums(results); });
}

LogicalResult TileProduct::emit() {
  ScheduleAttr schedule = b.getSchedule();
  mayShare = schedule.getSlices() != 1;
  slices = b.size(getNumSlices(getNumTiles(kernel.anchor, schedule), schedule));
  tile = mayShare ? b.div(b.getTask(), slices) : b.getTask();
  begin();
  if (usesWarpgroups() && (leftOrder != Order::inChunks || rightOrder != Order::inChunks))
    return kernel.anchor->emitError("expected operands that lie as tensor cores multiply them");
  makeMemory();
  prepareRows();
  if (usesTensorCores())
    beginTensors();
  else
    beginScalars();
  Sums results = sumAll();
  if (!mayShare)
    storeAll(results);
  else if (matchPattern(slices, m_Constant()))
    shareSums(results);
  else
    shareIfMany(results);
  return success();
}
