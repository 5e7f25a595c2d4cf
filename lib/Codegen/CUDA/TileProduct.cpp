#include "TileProduct.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

TileProduct::TileProduct(KernelBuilder &b, AnchorKernel &kernel)
    : b(b), threads(b), kernel(kernel), tileRows(b.getSchedule().getPixels()[0]),
      tileColumns(b.getSchedule().getChannels()), threadRows(b.getSchedule().getPixels()[1]),
      threadColumns(b.getLanes()), step(b.getSchedule().getRows()),
      numThreads(tileRows / threadRows * (tileColumns / threadColumns)) {}

/// Nothing is accessed outside of buffers: the result has an element wherever a block runs.
Value TileProduct::loadIf(Value exists, Value base, Value place) {
  Value address = b.select(exists, b.offset(base, place), b.getAddress(kernel.output));
  return b.select(exists, b.loadScalar(address), b.f32(0.0f));
}

Value TileProduct::getOperand(size_t index) {
  return b.getAddress(kernel.operands[index].getDefiningOp<ReadOp>().getBuffer());
}

/// Rows of shared memory for each k. A column more than the tile has lets neighbours that are
/// stored along k fall into different banks.
TileProduct::Slice TileProduct::makeSlice(StringRef name, int64_t outer, Order order) {
  Slice slice;
  bool isAlongInner = order == Order::alongInner;
  slice.pitch = outer + (isAlongInner ? 4 : 0);
  slice.memory = threads.share(name, step * slice.pitch);
  int64_t first = isAlongInner ? step : outer;
  Value thread = threads.getThread();
  for (int64_t done = 0; done < outer * step; done += numThreads) {
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

/// The elements that the thread brings of both slices which begin at `start`, an i32.
KernelBuilder::Carried TileProduct::loadSlices(Value start) {
  KernelBuilder::Carried elements;
  for (const Place &place : left.places)
    elements.push_back(loadLeft(left.prepared[place.prepared], threads.add(start, place.k)));
  for (const Place &place : right.places)
    elements.push_back(loadRight(right.prepared[place.prepared], threads.add(start, place.k)));
  return elements;
}

void TileProduct::storeSlices(ValueRange elements) {
  for (Slice *slice : {&left, &right}) {
    for (const Place &place : slice->places) {
      Value index = threads.add(threads.mul(place.k, slice->pitch), place.outer);
      b.store(elements.front(), b.offset(slice->memory, threads.wide(index)));
      elements = elements.drop_front();
    }
  }
}

KernelBuilder::Carried TileProduct::multiply(ValueRange sums) {
  KernelBuilder::Carried next = llvm::to_vector(sums);
  int64_t rowGroups = tileRows / threadRows;
  Value leftStart = b.offset(left.memory, threads.wide(threadRow));
  Value rightStart = b.offset(right.memory, threads.wide(threadColumn));
  for (int64_t k = 0; k != step; ++k) {
    Value weights =
        LLVM::LoadOp::create(b, b.getVectorType(), b.offset(rightStart, k * right.pitch),
                             /*alignment=*/16);
    for (auto [i, sum] : llvm::enumerate(next)) {
      Value element =
          b.loadScalar(b.offset(leftStart, k * left.pitch + static_cast<int64_t>(i) * rowGroups));
      sum = b.fma(b.splat(element), weights, sum);
    }
  }
  return next;
}

void TileProduct::emit() {
  begin();
  left = makeSlice("left", tileRows, leftOrder);
  right = makeSlice("right", tileColumns, rightOrder);
  for (const Place &place : left.places)
    if (place.prepared == left.prepared.size())
      left.prepared.push_back(prepareLeft(place.outer));
  for (const Place &place : right.places)
    if (place.prepared == right.prepared.size())
      right.prepared.push_back(prepareRight(place.outer));
  Value thread = threads.getThread();
  int64_t rowGroups = tileRows / threadRows, columnGroups = tileColumns / threadColumns;
  threadRow = columnsFirst ? threads.div(thread, columnGroups) : threads.rem(thread, rowGroups);
  Value group = columnsFirst ? threads.rem(thread, columnGroups) : threads.div(thread, rowGroups);
  threadColumn = threads.mul(group, threadColumns);

  KernelBuilder::Carried inits(threadRows, loadBias(threadColumn));
  llvm::append_range(inits, loadSlices(threads.i32(0)));
  auto carried =
      b.loop(b.i64(0), threads.wide(inner), step, inits, [&](Value start, ValueRange carried) {
        storeSlices(carried.drop_front(threadRows));
        threads.wait();
        // The next slices are on their way while these are multiplied.
        Value next = arith::TruncIOp::create(b, b.getI32Type(), b.add(start, step));
        KernelBuilder::Carried elements = loadSlices(next);
        KernelBuilder::Carried results = multiply(carried.take_front(threadRows));
        threads.wait();
        llvm::append_range(results, elements);
        return results;
      });
  for (int64_t i = 0; i != threadRows; ++i)
    storeSums(threads.add(threadRow, threads.i32(i * rowGroups)), threadColumn, carried[i]);
}
