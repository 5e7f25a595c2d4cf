#include "TileProduct.h"

#include "TensorCores.h"

#include "dlc/IR/Emitters.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

TileProduct::TileProduct(KernelBuilder &b, AnchorKernel &kernel)
    : b(b), threads(b), kernel(kernel), tileRows(b.getSchedule().getPixels()[0]),
      tileColumns(b.getSchedule().getChannels()), step(b.getSchedule().getRows()),
      threadColumns(b.getLanes()), precision(b.getSchedule().getPrecision()),
      numThreads(b.getSchedule().getTileThreads()), parts(getWordParts(precision)),
      rowsOfPart(b.getSchedule().getPixels()[1]) {}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Nothing is accessed outside of buffers: the result has an element wherever a block runs.
Value TileProduct::loadIf(Value exists, Value base, Value place) {
  Value address = b.select(exists, b.offset(base, place), b.getAddress(kernel.output));
  return orZeros(exists, b.loadScalar(address));
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
  return b.getAddress(kernel.operands[index].getDefiningOp<ReadOp>().getBuffer());
}

Value TileProduct::Slice::getAddress(TileProduct &product, Value outer, Value word) const {
  Threads &threads = product.threads;
  Value place = threads.add(threads.mul(outer, outerPitch), threads.mul(word, wordPitch));
  return product.b.offset(memory, threads.wide(place));
}

/// Rows of shared memory are so much longer than they need that what threads access together falls
/// into different banks: of tensor cores 8 neighbours along the outer dim times 4 along k.
TileProduct::Slice TileProduct::makeSlice(int64_t outer, Order order, bool isLeft) {
  Slice slice;
  slice.order = order;
  int64_t words = step / parts;
  bool isAlongInner = order == Order::alongInner;
  // Threads that multiply in registers read neighbouring columns as a vector.
  bool hasRows = isAlongInner && (usesTensorCores() || isLeft);
  if (hasRows) {
    slice.outerPitch = words + 4;
    slice.wordPitch = 1;
    slice.words = outer * slice.outerPitch;
  } else {
    slice.outerPitch = 1;
    slice.wordPitch = outer + (usesTensorCores() ? pieceColumns : isAlongInner ? 4 : 0);
    slice.words = words * slice.wordPitch;
  }
  constexpr int64_t vector = 4;
  bool takesVectors = isLeft ? isAlongInner && leftVectors : !isAlongInner && rightVectors;
  slice.unit = isAlongInner ? vector / parts : vector;
  if (!takesVectors || outer * words / slice.unit % numThreads != 0)
    slice.unit = 1;
  makePlaces(slice, outer);
  return slice;
}

void TileProduct::makePlaces(Slice &slice, int64_t outer) {
  bool isAlongInner = slice.order == Order::alongInner;
  int64_t words = step / parts, first = (isAlongInner ? words : outer) / slice.unit;
  Value thread = threads.getThread();
  for (int64_t done = 0; done < outer * words / slice.unit; done += numThreads) {
    // The part of the number that stays the same from turn to turn is computed once.
    Value fast = first <= numThreads ? threads.rem(thread, first)
                                     : threads.add(thread, threads.i32(done % first));
    Value slow = first <= numThreads
                     ? threads.add(threads.div(thread, first), threads.i32(done / first))
                     : threads.i32(done / first);
    fast = threads.mul(fast, slice.unit);
    size_t turn = done / numThreads;
    size_t prepared = isAlongInner ? turn : first <= numThreads ? 0 : turn % (first / numThreads);
    slice.places.push_back({isAlongInner ? slow : fast, isAlongInner ? fast : slow, prepared});
  }
}

TileProduct::Sums TileProduct::loadLeftPlace(const Place &place, ValueRange row, Value start,
                                             bool vectors) {
  auto getOwn = [&](int64_t element) {
    return threads.add(threads.mul(place.word, parts), threads.i32(element));
  };
  Sums words;
  Value all = vectors ? loadLefts(row, threads.add(start, getOwn(0))) : Value();
  for (int64_t word = 0; word != left.unit; ++word)
    words.push_back(makeWord(b, precision, [&](int64_t part) -> Value {
      int64_t element = word * parts + part;
      if (vectors)
        return vector::ExtractOp::create(b, all, element);
      Value own = getOwn(element);
      return loadLeft(row, threads.add(start, own), own);
    }));
  return words;
}

TileProduct::Sums TileProduct::loadRightPlace(const Place &place, Value start) {
  Sums words, rows;
  ValueRange prepared = right.prepared[place.prepared];
  auto getK = [&](int64_t part) {
    return threads.add(start, threads.add(threads.mul(place.word, parts), threads.i32(part)));
  };
  if (right.unit != 1)
    for (int64_t part = 0; part != parts; ++part)
      rows.push_back(loadRights(prepared, getK(part)));
  for (int64_t word = 0; word != right.unit; ++word)
    words.push_back(makeWord(b, precision, [&](int64_t part) -> Value {
      if (right.unit != 1)
        return vector::ExtractOp::create(b, rows[part], word);
      return loadRight(prepared, getK(part));
    }));
  return words;
}

/// The words that the thread brings of both slices which begin at `start`, an i32.
TileProduct::Sums TileProduct::loadSlices(Value start) {
  SmallVector<Sums> rows;
  for (ArrayRef<Value> prepared : left.prepared)
    rows.push_back(prepareStep(prepared, start));
  auto loadAll = [&](bool vectors) {
    Sums words;
    for (const Place &place : left.places)
      llvm::append_range(words, loadLeftPlace(place, rows[place.prepared], start, vectors));
    return words;
  };
  Sums words = left.unit == 1 ? loadAll(false)
                              : b.chooseValues(
                                    leftVectors, [&] { return loadAll(true); },
                                    [&] { return loadAll(false); });
  for (const Place &place : right.places)
    llvm::append_range(words, loadRightPlace(place, start));
  return words;
}

void TileProduct::storeSlices(ValueRange words) {
  for (Slice *slice : {&left, &right}) {
    int64_t unit = slice->unit;
    bool areNeighbours = (slice->order == Order::alongInner) == (slice->wordPitch == 1);
    for (const Place &place : slice->places) {
      Value address = slice->getAddress(*this, place.outer, place.word);
      ValueRange own = words.take_front(unit);
      words = words.drop_front(unit);
      if (unit != 1 && areNeighbours) {
        auto type = VectorType::get(unit, own.front().getType());
        LLVM::StoreOp::create(b, vector::FromElementsOp::create(b, type, own), address,
                              static_cast<unsigned>(4 * unit));
        continue;
      }
      for (auto [i, word] : llvm::enumerate(own))
        b.store(word, b.offset(address, static_cast<int64_t>(i) *
                                            std::max(slice->wordPitch, slice->outerPitch)));
    }
  }
}

void TileProduct::placeSlices(Value half) {
  Value start = threads.mul(half, left.words + right.words);
  left.memory = b.offset(memory, threads.wide(start));
  right.memory = b.offset(left.memory, left.words);
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

TileProduct::Sums TileProduct::multiplyScalars(ValueRange sums) {
  Sums next = llvm::to_vector(sums);
  int64_t rowGroups = tileRows / rowsOfPart;
  Value leftStart = left.getAddress(*this, threadRow, threads.i32(0));
  Value rightStart = right.getAddress(*this, threadColumn, threads.i32(0));
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

/// The thread's first row and column in its warp's part, as mma.sync distributes sums.
void TileProduct::beginTensors() {
  columnsOfPart = b.getSchedule().getWarpColumns();
  Value thread = threads.getThread(), lane = threads.rem(thread, warpSize),
        warp = threads.div(thread, warpSize);
  quarter = threads.rem(lane, 4);
  int64_t warpRows = tileRows / rowsOfPart;
  threadRow =
      threads.add(threads.mul(threads.rem(warp, warpRows), rowsOfPart), threads.div(lane, 4));
  threadColumn = threads.mul(threads.div(warp, warpRows), columnsOfPart);
}

/// The word of the thread's quarter, `word` words and `offset` rows or columns further.
Value TileProduct::loadWord(const Slice &slice, Value outer, int64_t word, int64_t offset) {
  Value address = b.offset(slice.getAddress(*this, outer, quarter),
                           word * slice.wordPitch + offset * slice.outerPitch);
  return LLVM::LoadOp::create(b, b.getI32Type(), address, /*alignment=*/4);
}

/// Sums are [row piece][column piece][4].
TileProduct::Sums TileProduct::multiplyTensors(ValueRange sums) {
  Sums next = llvm::to_vector(sums);
  Value column =
      threads.add(threadColumn, threads.div(threads.rem(threads.getThread(), warpSize), 4));
  for (int64_t word = 0; word != step / parts; word += pieceWords) {
    SmallVector<Sums> rights;
    for (int64_t j = 0; j != columnsOfPart; j += pieceColumns)
      rights.push_back({loadWord(right, column, word, j), loadWord(right, column, word + 4, j)});
    Value *sum = next.begin();
    for (int64_t i = 0; i != rowsOfPart; i += pieceRows) {
      Sums lefts = {loadWord(left, threadRow, word, i), loadWord(left, threadRow, word, i + 8),
                    loadWord(left, threadRow, word + 4, i),
                    loadWord(left, threadRow, word + 4, i + 8)};
      for (const Sums &weights : rights) {
        Sums products = multiplyPieces(b, precision, lefts, weights, {sum, 4});
        sum = llvm::copy(products, sum);
      }
    }
  }
  return next;
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
  for (int64_t i = 0; i != rowsOfPart; i += pieceRows)
    llvm::append_range(inits, piecesOfRow);
  return inits;
}

TileProduct::Sums TileProduct::multiply(ValueRange sums) {
  return usesTensorCores() ? multiplyTensors(sums) : multiplyScalars(sums);
}

void TileProduct::storeAll(ValueRange sums) {
  if (!usesTensorCores()) {
    for (auto [i, sum] : llvm::enumerate(sums)) {
      int64_t offset = static_cast<int64_t>(i) * (tileRows / rowsOfPart);
      storeSums(threads.add(threadRow, threads.i32(offset)), threadColumn, sum);
    }
    return;
  }
  for (int64_t i = 0; i != rowsOfPart; i += pieceRows)
    for (int64_t j = 0; j != columnsOfPart; j += pieceColumns) {
      Value column =
          threads.add(threadColumn, threads.add(threads.mul(quarter, 2), threads.i32(j)));
      for (int64_t half : {0, 8}) {
        Value pair = vector::FromElementsOp::create(b, b.getVectorType(), sums.take_front(2));
        storeSums(threads.add(threadRow, threads.i32(i + half)), column, pair);
        sums = sums.drop_front(2);
      }
    }
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
  Value memory = threads.share("arrived", 1);
  b.onlyIf(isFirst, [&] {
    Value before = LLVM::AtomicRMWOp::create(b, LLVM::AtomicBinOp::add, counter, threads.i32(1),
                                             LLVM::AtomicOrdering::monotonic, "device");
    b.store(before, memory);
  });
  threads.wait();
  Value before = threads.wide(b.load(memory, b.getI32Type()));
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

/// Two halves where they fit, so that threads wait for each other once in a step.
void TileProduct::makeMemory() {
  constexpr int64_t mostWords = 10 << 10; // of 48 KB, of which tables of windows may take some
  left = makeSlice(tileRows, leftOrder, /*isLeft=*/true);
  right = makeSlice(tileColumns, rightOrder, /*isLeft=*/false);
  int64_t words = left.words + right.words;
  hasHalves = 2 * words <= mostWords;
  memory = threads.share("slices", hasHalves ? 2 * words : words);
}

void TileProduct::emit() {
  ScheduleAttr schedule = b.getSchedule();
  mayShare = schedule.getSlices() != 1;
  slices = b.size(getNumSlices(getNumTiles(kernel.anchor, schedule), schedule));
  tile = mayShare ? b.div(b.getTask(), slices) : b.getTask();
  begin();
  makeMemory();
  for (const Place &place : left.places)
    if (place.prepared == left.prepared.size())
      left.prepared.push_back(prepareLeft(place.outer));
  for (const Place &place : right.places)
    if (place.prepared == right.prepared.size())
      right.prepared.push_back(prepareRight(place.outer));
  if (usesTensorCores())
    beginTensors();
  else
    beginScalars();
  auto [first, end] = getRange();
  Sums inits = getInits(/*withBias=*/!mayShare);
  size_t numSums = inits.size();
  inits.push_back(threads.i32(0));
  llvm::append_range(inits, loadSlices(first));
  Sums carried = b.loop(
      threads.wide(first), threads.wide(end), step, inits, [&](Value start, ValueRange values) {
        Value half = values[numSums];
        placeSlices(half);
        storeSlices(values.drop_front(numSums + 1));
        threads.wait();
        // The next slices are on their way while these are multiplied.
        Value next = arith::TruncIOp::create(b, b.getI32Type(), b.add(start, step));
        Sums words = loadSlices(next);
        Sums results = multiply(values.take_front(numSums));
        if (hasHalves)
          half = arith::SubIOp::create(b, threads.i32(1), half);
        else
          threads.wait();
        results.push_back(half);
        llvm::append_range(results, words);
        return results;
      });
  ValueRange results = ValueRange(carried).take_front(numSums);
  if (!mayShare)
    return storeAll(results);
  if (matchPattern(slices, m_Constant()))
    return shareSums(results);
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
