#include "TileProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

// What one instruction of tensor cores multiplies: 16 rows and 8 columns, 8 words of each.
static constexpr int64_t pieceRows = 16, pieceColumns = 8, pieceWords = 8, warpSize = 32;

TileProduct::TileProduct(KernelBuilder &b, AnchorKernel &kernel)
    : b(b), threads(b), kernel(kernel), tileRows(b.getSchedule().getPixels()[0]),
      tileColumns(b.getSchedule().getChannels()), step(b.getSchedule().getRows()),
      threadColumns(b.getLanes()), precision(b.getSchedule().getPrecision()),
      numThreads(b.getSchedule().getTileThreads()),
      parts(precision == Precision::fp16 || precision == Precision::bf16 ? 2 : 1),
      rowsOfPart(b.getSchedule().getPixels()[1]) {}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

/// Nothing is accessed outside of buffers: the result has an element wherever a block runs.
Value TileProduct::loadIf(Value exists, Value base, Value place) {
  Value address = b.select(exists, b.offset(base, place), b.getAddress(kernel.output));
  return b.select(exists, b.loadScalar(address), b.f32(0.0f));
}

Value TileProduct::getOperand(size_t index) {
  return b.getAddress(kernel.operands[index].getDefiningOp<ReadOp>().getBuffer());
}

/// Rows of shared memory are so much longer than the tile that what threads access together falls
/// into different banks: of tensor cores 8 neighbours in each of 4 rows, else a row where it is
/// stored along k.
TileProduct::Slice TileProduct::makeSlice(StringRef name, int64_t outer, Order order) {
  Slice slice;
  bool isAlongInner = order == Order::alongInner;
  int64_t words = step / parts;
  slice.pitch = outer + (usesTensorCores() ? pieceColumns : isAlongInner ? 4 : 0);
  slice.memory = threads.share(name, words * slice.pitch);
  int64_t first = isAlongInner ? words : outer;
  Value thread = threads.getThread();
  for (int64_t done = 0; done < outer * words; done += numThreads) {
    // The part of the number that stays the same from turn to turn is computed once.
    Value fast = first <= numThreads ? threads.rem(thread, first)
                                     : threads.add(thread, threads.i32(done % first));
    Value slow = first <= numThreads
                     ? threads.add(threads.div(thread, first), threads.i32(done / first))
                     : threads.i32(done / first);
    size_t turn = done / numThreads;
    size_t prepared = isAlongInner ? turn : first <= numThreads ? 0 : turn % (first / numThreads);
    slice.places.push_back({isAlongInner ? slow : fast, isAlongInner ? fast : slow, prepared});
  }
  return slice;
}

/// A word of shared memory: an f32, or what of one or two of them is multiplied, as an i32.
Value TileProduct::makeWord(function_ref<Value(int64_t)> load) {
  if (precision == Precision::fp32)
    return load(0);
  if (precision == Precision::tf32)
    return NVVM::ConvertFloatToTF32Op::create(b, b.getI32Type(), load(0), NVVM::FPRoundingMode::RNA,
                                              NVVM::SaturationMode::NONE,
                                              /*relu=*/false);
  auto pair = VectorType::get(2, precision == Precision::fp16 ? Type(b.getF16Type())
                                                              : Type(b.getBF16Type()));
  Value both = vector::FromElementsOp::create(b, VectorType::get(2, b.getF32Type()),
                                              ValueRange{load(0), load(1)});
  return LLVM::BitcastOp::create(b, b.getI32Type(), arith::TruncFOp::create(b, pair, both));
}

/// The words that the thread brings of both slices which begin at `start`, an i32.
TileProduct::Sums TileProduct::loadSlices(Value start) {
  Sums words;
  SmallVector<KernelBuilder::Carried> rows;
  for (ArrayRef<Value> prepared : left.prepared)
    rows.push_back(prepareStep(prepared, start));
  for (const Place &place : left.places)
    words.push_back(makeWord([&](int64_t part) {
      Value own = threads.add(threads.mul(place.word, parts), threads.i32(part));
      return loadLeft(rows[place.prepared], threads.add(start, own), own);
    }));
  for (const Place &place : right.places)
    words.push_back(makeWord([&](int64_t part) {
      Value own = threads.add(threads.mul(place.word, parts), threads.i32(part));
      return loadRight(right.prepared[place.prepared], threads.add(start, own));
    }));
  return words;
}

void TileProduct::storeSlices(ValueRange words) {
  for (Slice *slice : {&left, &right}) {
    for (const Place &place : slice->places) {
      Value index = threads.add(threads.mul(place.word, slice->pitch), place.outer);
      b.store(words.front(), b.offset(slice->memory, threads.wide(index)));
      words = words.drop_front();
    }
  }
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
  Value leftStart = b.offset(left.memory, threads.wide(threadRow));
  Value rightStart = b.offset(right.memory, threads.wide(threadColumn));
  for (int64_t k = 0; k != step; ++k) {
    Value weights = LLVM::LoadOp::create(b, b.getVectorType(),
                                         b.offset(rightStart, k * right.pitch), /*alignment=*/16);
    for (auto [i, sum] : llvm::enumerate(next)) {
      Value element =
          b.loadScalar(b.offset(leftStart, k * left.pitch + static_cast<int64_t>(i) * rowGroups));
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

Value TileProduct::loadWord(const Slice &slice, Value outer, int64_t word, int64_t offset) {
  Value start = threads.add(threads.mul(quarter, slice.pitch), outer);
  Value address =
      b.offset(b.offset(slice.memory, threads.wide(start)), word * slice.pitch + offset);
  return LLVM::LoadOp::create(b, b.getI32Type(), address, /*alignment=*/4);
}

/// Sums are [row piece][column piece][4].
TileProduct::Sums TileProduct::multiplyTensors(ValueRange sums) {
  Sums next = llvm::to_vector(sums);
  Type f32 = b.getF32Type();
  Type result = LLVM::LLVMStructType::getLiteral(b.getContext(), {f32, f32, f32, f32});
  NVVM::MMATypes type = precision == Precision::tf32   ? NVVM::MMATypes::tf32
                        : precision == Precision::fp16 ? NVVM::MMATypes::f16
                                                       : NVVM::MMATypes::bf16;
  std::array<NVVM::MMATypes, 2> types = {type, type};
  std::array<NVVM::MMALayout, 2> layouts = {NVVM::MMALayout::row, NVVM::MMALayout::col};
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
      if (precision == Precision::fp16) // packed pairs are vectors to this op
        for (Value &value : lefts)
          value = LLVM::BitcastOp::create(b, VectorType::get(2, b.getF16Type()), value);
      for (Sums weights : rights) {
        if (precision == Precision::fp16)
          for (Value &value : weights)
            value = LLVM::BitcastOp::create(b, VectorType::get(2, b.getF16Type()), value);
        Value product = NVVM::MmaOp::create(
            b, result, lefts, weights, ValueRange{sum[0], sum[1], sum[2], sum[3]},
            {pieceRows, pieceColumns, pieceWords * parts}, /*b1Op=*/std::nullopt,
            /*intOverflow=*/std::nullopt, types, layouts);
        for (int64_t element = 0; element != 4; ++element)
          *sum++ = LLVM::ExtractValueOp::create(b, product, element);
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
  int64_t slices = b.getSchedule().getSlices();
  if (slices == 1)
    return {threads.i32(0), inner};
  Value steps = threads.div(threads.add(inner, threads.i32(step - 1)), step);
  Value length =
      threads.mul(threads.div(threads.add(steps, threads.i32(slices - 1)), slices), step);
  Value slice = arith::TruncIOp::create(b, b.getI32Type(), b.rem(b.getTask(), b.i64(slices)));
  Value start = arith::MulIOp::create(b, slice, length);
  return {start, arith::MinSIOp::create(b, inner, threads.add(start, length))};
}

/// Each block leaves its sums to the last one of its tile, which adds those of all blocks in their
/// order, whoever it is: the result does not depend on when blocks run.
void TileProduct::shareSums(ValueRange sums) {
  int64_t slices = b.getSchedule().getSlices();
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
  Value before = b.load(memory, b.getI32Type());
  b.onlyIf(b.equal(before, threads.i32(slices - 1)), [&] {
    fence();
    Sums inits = getInits(/*withBias=*/true);
    Value first = b.mul(tile, slices);
    Sums all = b.loop(b.i64(0), b.i64(slices), 1, inits, [&](Value slice, ValueRange carried) {
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

void TileProduct::emit() {
  int64_t slices = b.getSchedule().getSlices();
  tile = slices == 1 ? b.getTask() : b.div(b.getTask(), b.i64(slices));
  begin();
  left = makeSlice("left", tileRows, leftOrder);
  right = makeSlice("right", tileColumns, rightOrder);
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
  Sums inits = getInits(/*withBias=*/slices == 1);
  size_t numSums = inits.size();
  llvm::append_range(inits, loadSlices(first));
  Sums carried = b.loop(
      threads.wide(first), threads.wide(end), step, inits, [&](Value start, ValueRange sums) {
        storeSlices(sums.drop_front(numSums));
        threads.wait();
        // The next slices are on their way while these are multiplied.
        Value next = arith::TruncIOp::create(b, b.getI32Type(), b.add(start, step));
        Sums words = loadSlices(next);
        Sums results = multiply(sums.take_front(numSums));
        threads.wait();
        llvm::append_range(results, words);
        return results;
      });
  ValueRange results = ValueRange(carried).take_front(numSums);
  if (slices == 1)
    storeAll(results);
  else
    shareSums(results);
}
