// What the threads of an attention bring: queries into registers, keys and values into shared
// memory, as they are where they lie as tensor cores take them, else rounded on their way.

#include "Attention.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

bool AttentionBlock::haveChunks() {
  Type type = getOperandType(b.getContext(), precision);
  auto isStored = [&](const Heads &heads) { return heads.type == type && heads.inChunks; };
  bool areWhole = size == keyWords * parts && valueSize == columns &&
                  (parts == 1 || columns % (2 * pieceColumns) == 0);
  return precision != Precision::fp32 && isStored(key) && isStored(value) && areWhole &&
         warpKeys % (2 * pieceColumns) == 0;
}

/// Pitches let the words that a warp reads together fall into different banks.
void AttentionBlock::divideMemory() {
  bool isScalar = precision == Precision::fp32;
  keyWords = llvm::alignTo(size, pieceWords * parts) / parts;
  columns = llvm::alignTo(valueSize, pieceColumns);
  keyPitch = keyWords + 4;
  inChunks = haveChunks();
  int64_t valueRows = stepKeys / parts;
  valuePitch = parts == 1 ? columns + 4 : llvm::alignTo(columns, 16) + 8;
  if (inChunks && parts != 1) { // rows of values as they are
    valueRows = stepKeys;
    valuePitch = columns / parts + 4;
  }
  stageWords = stepKeys * keyPitch + valueRows * valuePitch;
  int64_t queryPart = isScalar ? tileRows * keyPitch : 0;
  int64_t joinPart = (groups - 1) * (4 + columns / 2) * rowWarps * warpSize;
  memory = threads.shareDynamic(std::max(stageWords * (inChunks ? 2 : 1) + queryPart, joinPart));
  queryMemory = b.offset(memory, stageWords);
  enterStage(threads.i32(0));
}

void AttentionBlock::enterStage(Value stage) {
  keyMemory = b.offset(memory, threads.wide(threads.mul(stage, stageWords)));
  valueMemory = b.offset(keyMemory, stepKeys * keyPitch);
}

/// Whether a row of queries or keys has an element.
Value AttentionBlock::isElement(Value rowExists, Value element) {
  bool isWhole = size == keyWords * parts;
  return isWhole ? rowExists : b.both(rowExists, threads.less(element, threads.i32(size)));
}

/// An element of a row; 0 where there is none. Nothing is accessed outside of buffers: the result
/// has an element wherever a block runs.
Value AttentionBlock::loadElement(const Heads &heads, Value row, Value element, Value exists) {
  Value address = b.offset(getRow(heads, row), threads.wide(element), heads.type);
  address = b.select(exists, address, getRow(result, firstRow));
  return b.select(exists, b.loadElement(address, heads.type), b.f32(0.0f));
}

void AttentionBlock::forEachWord(int64_t rows, int64_t columns,
                                 function_ref<Value(Value, Value)> load, Value memory,
                                 int64_t pitch) {
  constexpr int64_t mostElements = 8; // are on their way together, in registers
  int64_t turns = llvm::divideCeil(rows * columns, numThreads);
  int64_t atATime = mostElements / parts;
  while (turns % atATime != 0)
    atATime /= 2;
  b.loop(b.i64(0), b.i64(turns), atATime, [&](Value turn) {
    Value first = arith::TruncIOp::create(b, b.getI32Type(), b.mul(turn, numThreads));
    Values words, places, exist;
    for (int64_t i = 0; i != atATime; ++i) {
      Value number =
          threads.add(threads.add(first, threads.i32(i * numThreads)), threads.getThread());
      Value row = threads.div(number, columns), column = threads.rem(number, columns);
      words.push_back(load(row, column));
      places.push_back(threads.add(threads.mul(row, pitch), column));
      exist.push_back(threads.less(number, threads.i32(rows * columns)));
    }
    for (auto [word, place, exists] : llvm::zip_equal(words, places, exist)) {
      auto store = [&, word = word, place = place] {
        b.store(word, b.offset(memory, threads.wide(place)));
      };
      if (rows * columns % numThreads == 0)
        store();
      else
        b.onlyIf(exists, store);
    }
  });
}

/// The words that the thread has of the left operand, or all queries in shared memory.
void AttentionBlock::loadQueries() {
  auto isRow = [&](Value row) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, row, b.add(firstRow, numRows));
  };
  if (precision == Precision::fp32) {
    auto load = [&](Value row, Value column) {
      Value own = b.add(firstRow, threads.wide(row));
      return loadElement(query, own, column, isElement(isRow(own), column));
    };
    return forEachWord(tileRows, keyWords, load, queryMemory, keyPitch);
  }
  bool areWords = query.inChunks && query.type == getOperandType(b.getContext(), precision) &&
                  size == keyWords * parts;
  for (int64_t piece = 0; piece != keyWords; piece += pieceWords)
    for (int64_t word : {piece, piece + 4})
      for (Value row : rows) {
        if (areWords) {
          Value element = threads.add(threads.mul(quarter, parts), threads.i32(word * parts));
          Value exists = isRow(row), own = b.select(exists, row, firstRow);
          Value address = b.offset(getRow(query, own), threads.wide(element), query.type);
          Value loaded = b.load(address, b.getI32Type());
          queries.push_back(b.select(exists, loaded, threads.i32(0)));
          continue;
        }
        queries.push_back(makeWord(b, precision, [&](int64_t part) {
          Value element =
              threads.add(threads.mul(quarter, parts), threads.i32(word * parts + part));
          return loadElement(query, row, element, isElement(isRow(row), element));
        }));
      }
}

void AttentionBlock::loadStep(Value start) {
  auto getKey = [&](Value number) { return b.add(start, threads.wide(number)); };
  auto isKey = [&](Value row) -> Value {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::slt, row, numKeys);
  };
  auto loadKey = [&](Value number, Value word) {
    Value row = getKey(number);
    return makeWord(b, precision, [&](int64_t part) {
      Value element = threads.add(threads.mul(word, parts), threads.i32(part));
      return loadElement(key, row, element, isElement(isKey(row), element));
    });
  };
  auto loadValue = [&](Value number, Value column) {
    return makeWord(b, precision, [&](int64_t part) {
      Value row = getKey(threads.add(threads.mul(number, parts), threads.i32(part)));
      Value exists = isKey(row);
      if (columns != valueSize)
        exists = b.both(exists, threads.less(column, threads.i32(valueSize)));
      return loadElement(value, row, column, exists);
    });
  };
  forEachWord(stepKeys, keyWords, loadKey, keyMemory, keyPitch);
  forEachWord(stepKeys / parts, columns, loadValue, valueMemory, valuePitch);
}

Value AttentionBlock::loadWord(Value memory, int64_t pitch, Value row, Value column,
                               int64_t offset) {
  Value start = threads.add(threads.mul(row, pitch), column);
  return b.load(b.offset(b.offset(memory, threads.wide(start)), offset), b.getI32Type());
}

void AttentionBlock::copyRows(const Heads &heads, Value start, Value memory, int64_t words,
                              int64_t pitch) {
  int64_t chunks = words / chunkWords;
  for (int64_t done = 0; done < stepKeys * chunks; done += numThreads) {
    Value number = threads.add(threads.getThread(), threads.i32(done));
    Value own = threads.div(number, chunks), chunk = threads.rem(number, chunks);
    Value row = b.add(start, threads.wide(own));
    Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, row, numKeys);
    Value element = threads.wide(threads.mul(chunk, chunkWords * parts));
    Value from = b.offset(getRow(heads, b.select(exists, row, b.i64(0))), element, heads.type);
    Value place = threads.add(threads.mul(own, pitch), threads.mul(chunk, chunkWords));
    auto copy = [&] { copyChunk(b, b.offset(memory, threads.wide(place)), from, exists); };
    if (done + numThreads <= stepKeys * chunks)
      copy();
    else
      b.onlyIf(threads.less(number, threads.i32(stepKeys * chunks)), copy);
  }
}

void AttentionBlock::copyStep(Value start, Value stage) {
  enterStage(stage);
  copyRows(key, start, keyMemory, keyWords, keyPitch);
  copyRows(value, start, valueMemory, columns / parts, valuePitch);
  commitCopies(b);
}

AttentionBlock::Values AttentionBlock::loadKeys(int64_t key, int64_t piece) {
  Value row = threads.add(threads.rem(lane, 8), threads.mul(threads.div(lane, 16), 8));
  Value half = threads.rem(threads.div(lane, 8), 2);
  row = threads.add(row, threads.mul(group, warpKeys));
  Value place = threads.add(threads.mul(row, keyPitch), threads.mul(half, chunkWords));
  return loadPieces(b, b.offset(b.offset(keyMemory, threads.wide(place)), key * keyPitch + piece));
}

/// Transposed on their way, so that words are pairs of keys.
AttentionBlock::Values AttentionBlock::loadValues(int64_t key, int64_t column) {
  Value row = threads.add(threads.rem(lane, 16), threads.mul(group, warpKeys));
  Value place =
      threads.add(threads.mul(row, valuePitch), threads.mul(threads.div(lane, 16), chunkWords));
  int64_t offset = key * valuePitch + column / parts;
  return loadPieces(b, b.offset(b.offset(valueMemory, threads.wide(place)), offset),
                    /*transposed=*/true);
}
