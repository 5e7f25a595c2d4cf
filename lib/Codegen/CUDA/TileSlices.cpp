// How the slices of a product come into shared memory: copied there as they are, in chunks, while
// those before are multiplied; or through registers, where elements are found one by one, or have
// to be rounded.

#include "TensorCores.h"
#include "TileProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

/// Where threads multiply in registers, rows of shared memory are so much longer than they need
/// that what is accessed together falls into different banks.
TileProduct::Slice TileProduct::makeSlice(int64_t outer, bool isLeft) {
  Slice slice;
  slice.isLeft = isLeft;
  slice.order = isLeft ? leftOrder : rightOrder;
  int64_t words = step / parts;
  bool isAlongInner = slice.order == Order::alongInner;
  // Threads that multiply in registers read neighbouring columns as a vector.
  bool hasRows = usesTensorCores() || (isAlongInner && isLeft);
  if (hasRows) {
    slice.outerPitch = usesTensorCores() ? words : words + 4;
    slice.wordPitch = 1;
    slice.words = outer * slice.outerPitch;
  } else {
    slice.outerPitch = 1;
    slice.wordPitch = outer + (isAlongInner ? 4 : 0);
    slice.words = words * slice.wordPitch;
  }
  chooseUnits(slice, outer);
  makePlaces(slice, outer);
  return slice;
}

void TileProduct::chooseUnits(Slice &slice, int64_t outer) {
  constexpr int64_t vector = 4;
  auto choose = [&](int64_t outerUnit, int64_t innerUnit) {
    if (outer * (step / parts) / (outerUnit * innerUnit) % numThreads != 0)
      return false;
    slice.outerUnit = outerUnit;
    slice.innerUnit = innerUnit;
    return true;
  };
  if (slice.order == Order::inChunks) {
    slice.innerUnit = chunkWords;
    return;
  }
  bool isAlongInner = slice.order == Order::alongInner;
  if (slice.isLeft ? isAlongInner && leftVectors : !isAlongInner && rightVectors) {
    slice.takesVectors = isAlongInner ? choose(1, vector / parts) : choose(vector, 1);
    if (slice.takesVectors)
      return;
  }
  if (isAlongInner || !usesTensorCores())
    return;
  // Chunks of some rows, so that neighbouring threads store into different banks.
  for (int64_t rows = slice.isLeft ? leftRows : 1; rows != 1; rows /= 2)
    if (choose(rows, chunkWords)) {
      slice.takesRows = true;
      return;
    }
  choose(1, chunkWords);
}

void TileProduct::makePlaces(Slice &slice, int64_t outer) {
  bool isAlongOuter = slice.order == Order::alongOuter;
  int64_t outerUnit = slice.outerUnit, innerUnit = slice.innerUnit;
  int64_t outers = outer / outerUnit, inners = step / parts / innerUnit;
  int64_t first = isAlongOuter ? outers : inners;
  Value thread = threads.getThread();
  for (int64_t done = 0; done < outers * inners; done += numThreads) {
    // The part of the number that stays the same from turn to turn is computed once.
    Value fast = first <= numThreads ? threads.rem(thread, first)
                                     : threads.add(thread, threads.i32(done % first));
    Value slow = first <= numThreads
                     ? threads.add(threads.div(thread, first), threads.i32(done / first))
                     : threads.i32(done / first);
    fast = threads.mul(fast, isAlongOuter ? outerUnit : innerUnit);
    slow = threads.mul(slow, isAlongOuter ? innerUnit : outerUnit);
    size_t turn = done / numThreads;
    size_t prepared = !isAlongOuter ? turn : first <= numThreads ? 0 : turn % (first / numThreads);
    slice.places.push_back({isAlongOuter ? fast : slow, isAlongOuter ? slow : fast, prepared});
  }
}

/// As many stages as fit beside those of another block, of which a GPU's processor has at least 99
/// KB for each block. Of warpgroups' four are enough: two on their way, one that is multiplied, and
/// one that may still be read when the next product begins.
void TileProduct::chooseStages() {
  constexpr int64_t mostWords = 24 << 10, usualWords = 16 << 10, mostStages = 6, ofWarpgroups = 4;
  if (usesWarpgroups()) {
    numStages = ofWarpgroups;
    stagesAhead = numStages - 2;
    return;
  }
  if (left.order == Order::inChunks && right.order == Order::inChunks) {
    int64_t room = 3 * stageWords > usualWords ? mostWords : usualWords;
    numStages = std::clamp<int64_t>(room / stageWords, 2, mostStages);
  }
  stagesAhead = numStages - 1;
}

/// The sums of a tile lie there in the end, too, and a word for those who share it.
void TileProduct::makeMemory() {
  left = makeSlice(tileRows, /*isLeft=*/true);
  right = makeSlice(tileColumns, /*isLeft=*/false);
  left.start = 0;
  right.start = left.words;
  stageWords = left.words + right.words;
  chooseStages();
  int64_t sumWords = usesTensorCores()
                         ? std::max(tileRows * getSumPitch(true), tileColumns * getSumPitch(false))
                         : 0;
  memoryWords = std::max(numStages * stageWords, sumWords);
  memory = threads.shareDynamic(memoryWords + mayShare);
}

void TileProduct::prepareRows() {
  for (const Place &place : left.places)
    if (place.prepared == left.prepared.size())
      left.prepared.push_back(prepareLeft(place.outer));
  for (const Place &place : right.places)
    if (place.prepared == right.prepared.size())
      right.prepared.push_back(prepareRight(place.outer));
}

Value TileProduct::getStart(const Slice &slice, Value stage) {
  Value place = threads.add(threads.mul(stage, stageWords), threads.i32(slice.start));
  return b.offset(memory, threads.wide(place));
}

Value TileProduct::getAddress(const Slice &slice, Value start, Value outer, Value word) {
  Value place = usesTensorCores() ? getSwizzled(threads, outer, word)
                                  : threads.add(threads.mul(outer, slice.outerPitch),
                                                threads.mul(word, slice.wordPitch));
  return b.offset(start, threads.wide(place));
}

Value TileProduct::wrapStage(Value stage) {
  Value isBehind = b.equal(stage, threads.i32(numStages));
  return b.select(isBehind, threads.i32(0), stage);
}

//===----------------------------------------------------------------------===//
// Through registers
//===----------------------------------------------------------------------===//

TileProduct::Sums TileProduct::loadLeftPlace(const Place &place, ValueRange row, Value start,
                                             bool vectors) {
  auto getOwn = [&](int64_t element) {
    return threads.add(threads.mul(place.word, parts), threads.i32(element));
  };
  Sums elements, rows;
  Value all = vectors ? loadLefts(row, threads.add(start, getOwn(0))) : Value();
  int64_t count = left.innerUnit * parts;
  if (left.takesRows)
    for (int64_t element = 0; element != count; ++element)
      rows.push_back(loadLeftRows(row, getOwn(element), left.outerUnit));
  for (int64_t outer = 0; outer != left.outerUnit; ++outer)
    for (int64_t element = 0; element != count; ++element) {
      if (left.takesRows)
        elements.push_back(vector::ExtractOp::create(b, rows[element], outer));
      else if (vectors)
        elements.push_back(vector::ExtractOp::create(b, all, element));
      else
        elements.push_back(loadLeft(row, threads.add(start, getOwn(element)), getOwn(element)));
    }
  return elements;
}

TileProduct::Sums TileProduct::loadRightPlace(const Place &place, Value start) {
  Sums elements, rows;
  ValueRange prepared = right.prepared[place.prepared];
  auto getK = [&](int64_t element) {
    return threads.add(start, threads.add(threads.mul(place.word, parts), threads.i32(element)));
  };
  int64_t count = right.innerUnit * parts;
  if (right.takesVectors)
    for (int64_t element = 0; element != count; ++element)
      rows.push_back(loadRights(prepared, getK(element)));
  for (int64_t outer = 0; outer != right.outerUnit; ++outer)
    for (int64_t element = 0; element != count; ++element)
      elements.push_back(right.takesVectors
                             ? Value(vector::ExtractOp::create(b, rows[element], outer))
                             : loadRight(prepared, getK(element)));
  return elements;
}

TileProduct::Sums TileProduct::loadElements(Value start) {
  Sums elements;
  if (left.order != Order::inChunks) {
    SmallVector<Sums> rows;
    for (ArrayRef<Value> prepared : left.prepared)
      rows.push_back(prepareStep(prepared, start));
    auto loadAll = [&](bool vectors) {
      Sums all;
      for (const Place &place : left.places)
        llvm::append_range(all, loadLeftPlace(place, rows[place.prepared], start, vectors));
      return all;
    };
    elements = !left.takesVectors ? loadAll(false)
                                  : b.chooseValues(
                                        leftVectors, [&] { return loadAll(true); },
                                        [&] { return loadAll(false); });
  }
  if (right.order != Order::inChunks)
    for (const Place &place : right.places)
      llvm::append_range(elements, loadRightPlace(place, start));
  return elements;
}

/// Words are [outer][inner]; those that are neighbours in shared memory are stored together.
void TileProduct::storeWords(const Slice &slice, const Place &place, ValueRange words,
                             Value start) {
  bool isAlongInner = slice.wordPitch == 1;
  int64_t count = isAlongInner ? slice.innerUnit : slice.outerUnit;
  int64_t others = isAlongInner ? slice.outerUnit : slice.innerUnit;
  for (int64_t i = 0; i != others; ++i) {
    Value own = threads.i32(i);
    Value address =
        getAddress(slice, start, isAlongInner ? threads.add(place.outer, own) : place.outer,
                   isAlongInner ? place.word : threads.add(place.word, own));
    Sums together;
    for (int64_t j = 0; j != count; ++j)
      together.push_back(words[isAlongInner ? i * count + j : j * others + i]);
    if (count == 1) {
      b.store(together.front(), address);
      continue;
    }
    auto type = VectorType::get(count, together.front().getType());
    LLVM::StoreOp::create(b, vector::FromElementsOp::create(b, type, together), address,
                          static_cast<unsigned>(4 * count));
  }
}

void TileProduct::storeElements(ValueRange elements, Value stage) {
  for (const Slice *slice : {&left, &right}) {
    if (slice->order == Order::inChunks)
      continue;
    Value start = getStart(*slice, stage);
    for (const Place &place : slice->places) {
      Sums words;
      for (int64_t word = 0; word != slice->outerUnit * slice->innerUnit; ++word) {
        words.push_back(makeWord(b, precision, [&](int64_t part) { return elements[part]; }));
        elements = elements.drop_front(parts);
      }
      storeWords(*slice, place, words, start);
    }
  }
}

//===----------------------------------------------------------------------===//
// In chunks
//===----------------------------------------------------------------------===//

KernelBuilder::Carried TileProduct::prepareChunk(Value k) {
  Value bits = b.select(threads.less(k, inner), threads.i32(chunkBit), threads.i32(beyondBit));
  return {threads.wide(k), bits};
}

Value TileProduct::getMissing(Value exists) {
  return b.select(exists, threads.i32(beyondBit), threads.i32(-1));
}

SmallVector<TileProduct::Copies> TileProduct::getCopies(Value start, Value stage) {
  SmallVector<Copies> all;
  for (const Slice *slice : {&left, &right}) {
    if (slice->order != Order::inChunks)
      continue;
    // All places of a thread are the same chunk of different rows.
    Value k = threads.add(start, threads.mul(slice->places.front().word, parts));
    Sums common = slice->isLeft ? prepareChunk(k) : TileProduct::prepareChunk(k);
    all.push_back({slice, common, getStart(*slice, stage)});
  }
  return all;
}

void TileProduct::copyPart(ArrayRef<Copies> all, size_t part, size_t count) {
  int64_t turnRows = numThreads / sliceChunks;
  for (const Copies &copies : all) {
    ArrayRef<Place> places = copies.slice->places;
    Value word = places.front().word;
    for (size_t i = part * places.size() / count; i != (part + 1) * places.size() / count; ++i) {
      // Chunks of rows that are a multiple of 8 apart have the same place in them.
      bool isRegular = turnRows % sliceChunks == 0;
      Value to = getAddress(*copies.slice, copies.start, places[isRegular ? 0 : i].outer, word);
      if (isRegular)
        to = b.offset(to, static_cast<int64_t>(i) * turnRows * copies.slice->outerPitch);
      ValueRange prepared = copies.slice->prepared[places[i].prepared];
      Value missing = arith::AndIOp::create(b, prepared[1], copies.common[1]);
      copyChunk(b, to, b.offset(prepared[0], copies.common[0], operandType),
                b.equal(missing, threads.i32(0)));
    }
  }
}

void TileProduct::bringFirst(Value start) {
  for (int64_t i = 0; i != stagesAhead; ++i) {
    Value own = threads.add(start, threads.i32(i * step));
    // A group of their own, which may be empty.
    SmallVector<Copies> copies = getCopies(own, threads.i32(i));
    copyPart(copies, 0, 1);
    if (!copies.empty())
      commitCopies(b);
    storeElements(loadElements(own), threads.i32(i));
  }
}
