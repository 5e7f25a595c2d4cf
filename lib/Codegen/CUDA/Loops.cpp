// A thread for each vector of neighbours in the results: it finds its indices from its number and
// evaluates the kernel's ops there, with no value in between stored.

#include "../Common/AnchorKernel.h"
#include "../Common/LoopKernel.h"
#include "DeviceKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace dlc;

/// The dims of a buffer as its elements lie: those of the last one are neighbours.
static SmallVector<size_t> getDimOrder(Value buffer) {
  PlannedType type = getTensor(buffer);
  if (hasChannelsLast(type))
    return {0, 2, 3, 1};
  return llvm::to_vector(llvm::seq<size_t>(type.getRank()));
}

/// Emits `body` for the thread's vector of a value of `buffer`, if it has one; the indices are i64,
/// that of neighbours the one of the vector's first element. Known small sizes are divided in 32
/// bits.
static void forThread(KernelBuilder &b, Value buffer, ArrayRef<size_t> order,
                      function_ref<void(ArrayRef<Value>)> body) {
  SmallVector<ExprAttr> dims = llvm::map_to_vector(
      order, [&](size_t dim) { return getTensor(buffer).getDim(static_cast<int64_t>(dim)); });
  size_t laneDim = order.empty() ? 0 : getDimOrder(buffer).back();
  Threads threads(b);
  int64_t lanes = b.getLanes(), blockThreads = b.getSchedule().getRows();
  SmallVector<Value> counts;
  ExprAttr total = ExprAttr::constant(b.getContext(), 1);
  for (auto [index, dim] : llvm::enumerate(dims)) {
    ExprAttr count = order[index] == laneDim ? ceilDiv(dim, lanes) : dim;
    counts.push_back(b.size(count));
    total = total * count;
  }
  Value number = b.add(b.mul(b.getTask(), blockThreads), threads.wide(threads.getThread()));
  constexpr int64_t largestNarrow = int64_t(1) << 30;
  bool isNarrow = total.getConstant().value_or(largestNarrow) < largestNarrow;
  Type type = isNarrow ? b.getI32Type() : b.getI64Type();
  auto convert = [&](Value value) -> Value {
    return isNarrow ? b.createOrFold<arith::TruncIOp>(type, value) : value;
  };
  b.onlyIf(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, number, b.size(total)), [&] {
    Value rest = convert(number);
    SmallVector<Value> indices(dims.size());
    for (size_t i = dims.size(); i-- != 0;) {
      Value count = convert(counts[i]);
      Value index = i == 0 ? rest : b.rem(rest, count);
      rest = i == 0 ? rest : b.div(rest, count);
      indices[order[i]] = isNarrow ? threads.wide(index) : index;
    }
    if (!indices.empty())
      indices[laneDim] = b.mul(indices[laneDim], lanes);
    body(indices);
  });
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

/// Whether all buffers begin at multiples of 16 bytes.
static Value areAligned(KernelBuilder &b) {
  SmallVector<Value> addresses = llvm::map_to_vector(
      b.getSource().getArguments(), [&](Value buffer) { return b.getAddress(buffer); });
  return areAligned(b, addresses);
}

namespace {
class ThreadLoops {
public:
  ThreadLoops(KernelBuilder &b, ArrayRef<WriteOp> writes)
      : b(b), evaluator(b), writes(writes.begin(), writes.end()) {}

  void emit(ArrayRef<Value> indices);

private:
  void emitElements(ArrayRef<Value> indices);
  void emitReductions(ArrayRef<Value> indices);

  KernelBuilder &b;
  Evaluator evaluator;
  SmallVector<WriteOp> writes;
};
} // namespace

void ThreadLoops::emitElements(ArrayRef<Value> indices) {
  Tile tile;
  for (Value index : indices)
    tile.indices.push_back({index});
  Value first = b.i64(0);
  if (!indices.empty()) {
    size_t last = getDimOrder(writes.front().getBuffer()).back();
    tile.indices[last].lane = 1;
    first = indices[last];
  }
  for (WriteOp write : writes) {
    Value value = evaluator.evaluate(write.getValue(), tile).front();
    b.storeElements(value, evaluator.getRow(write.getBuffer(), indices),
                    getTensor(write.getBuffer()).getMemoryType(), /*mask=*/{},
                    evaluator.isAligned(first));
  }
}

void ThreadLoops::emitReductions(ArrayRef<Value> indices) {
  Value zero = b.i64(0);
  for (WriteOp write : writes) {
    auto reduce = write.getValue().getDefiningOp<ReduceOp>();
    Value inner = indices.empty() ? zero : indices.back();
    ArrayRef<Value> outer = indices.empty() ? indices : indices.drop_back();
    Value address = b.offset(evaluator.getRow(write.getBuffer(), outer), inner);
    if (getWay(write) == Way::columnSums)
      b.store(emitReduceColumns(b, reduce, outer, inner, 1, Value()).front(), address);
    else
      b.store(emitReduce(b, reduce, indices), address);
  }
}

void ThreadLoops::emit(ArrayRef<Value> indices) {
  if (getWay(writes.front()) != Way::elements)
    return emitReductions(indices);
  auto emitAligned = [&](bool aligned) {
    bool isKnown = aligned && !indices.empty();
    evaluator.assumeAligned(isKnown ? indices[getDimOrder(writes.front().getBuffer()).back()]
                                    : Value());
    emitElements(indices);
  };
  auto emitBoth = [&] {
    if (b.getLanes() == 1 || evaluator.mayBroadcast)
      return emitAligned(false);
    b.either(areAligned(b), [&] { emitAligned(true); }, [&] { emitAligned(false); });
  };
  Value equal = emitEquality(b);
  if (!equal)
    return emitBoth();
  b.either(equal, emitBoth, [&] {
    evaluator.mayBroadcast = true;
    emitBoth();
  });
}

/// Whether the kernel does nothing but give an image its channels last.
static bool isReorder(WriteOp write) {
  auto read = write.getValue().getDefiningOp<ReadOp>();
  return read && hasChannelsLast(getTensor(write.getBuffer())) &&
         !hasChannelsLast(getTensor(read.getBuffer()));
}

/// A thread for each vector of channels of a pixel: neighbours have neighbouring pixels, which they
/// read together. Lanes behind the last channel are zeros.
static void emitReorder(KernelBuilder &b, WriteOp write) {
  Value from = write.getValue().getDefiningOp<ReadOp>().getBuffer(), to = write.getBuffer();
  Type type = getTensor(from).getMemoryType();
  int64_t lanes = b.getLanes(), channels = *getTensor(to).getDim(1).getConstant();
  Evaluator evaluator(b);
  forThread(b, to, {0, 1, 2, 3}, [&](ArrayRef<Value> indices) {
    SmallVector<Value> elements, places(indices);
    for (int64_t lane = 0; lane != lanes; ++lane) {
      Value channel = b.add(indices[1], lane);
      Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::slt, channel, b.i64(channels));
      places[1] = b.select(exists, channel, b.i64(0));
      Value element = b.loadElement(evaluator.getRow(from, places), type);
      elements.push_back(b.select(exists, element, b.f32(0.0f)));
    }
    Value vector = vector::FromElementsOp::create(b, b.getVectorType(), elements);
    b.storeNeighbours(vector, evaluator.getRow(to, indices), getTensor(to).getMemoryType());
  });
}

LogicalResult dlc::emitCudaLoops(KernelBuilder &b) {
  FailureOr<SmallVector<WriteOp>> writes = matchLoops(b);
  if (failed(writes))
    return failure();
  if (isReorder(writes->front()))
    return emitReorder(b, writes->front()), success();
  Value buffer = writes->front().getBuffer();
  size_t last = getTensor(buffer).getRank() == 0 ? 0 : getDimOrder(buffer).back();
  PlannedType type = getTensor(buffer);
  if (b.getLanes() != 1 &&
      type.getDim(static_cast<int64_t>(last)).getConstant().value_or(1) % b.getLanes() != 0)
    return b.getSource().emitError("expected rows of whole vectors of ") << b.getLanes();
  forThread(b, buffer, getDimOrder(buffer),
            [&](ArrayRef<Value> indices) { ThreadLoops(b, *writes).emit(indices); });
  return success();
}

//===----------------------------------------------------------------------===//
// Grouped convolutions
//===----------------------------------------------------------------------===//

namespace {
/// One element of a convolution whose groups are too narrow for tiles; or of channels that have a
/// filter each and are neighbours, a vector.
class WindowSum {
public:
  WindowSum(KernelBuilder &b, AnchorKernel &kernel)
      : b(b), kernel(kernel), conv(cast<ConvOp>(kernel.anchor)), evaluator(b) {}

  LogicalResult match();
  void emit(ArrayRef<Value> indices);

private:
  Value emitSum(ArrayRef<Value> indices);
  Value load(Value buffer, ArrayRef<Value> indices);
  Value loadFilter(Value channel, Value c, Value r, Value s);
  /// An element, or as many neighbours as there are lanes.
  Value loadFloats(Value address);

  KernelBuilder &b;
  AnchorKernel &kernel;
  ConvOp conv;
  Evaluator evaluator;
  Value input, filter, bias; ///< buffers; null where there is none
};
} // namespace

LogicalResult WindowSum::match() {
  if (failed(kernel.getBuffers(
          {{conv.getInput(), &input}, {conv.getFilter(), &filter}, {conv.getBias(), &bias}})))
    return failure();
  auto panels = dyn_cast_or_null<FilterLayoutAttr>(getTensor(filter).getLayout());
  int64_t outputs = *conv.getType().getDim(1).getConstant();
  if (b.getLanes() != 1 && (!panels || panels.getOutputs() != outputs || panels.getInputs() != 1))
    return conv.emitError("expected the taps of all channels side by side");
  return success();
}

Value WindowSum::load(Value buffer, ArrayRef<Value> indices) {
  Type type = getTensor(buffer).getMemoryType();
  Value address = evaluator.getRow(buffer, indices);
  return b.getLanes() == 1 ? b.loadElement(address, type)
                           : b.loadNeighbours(address, type, b.getLanes());
}

Value WindowSum::loadFloats(Value address) {
  Type type = b.getF32Type();
  if (b.getLanes() == 1)
    return b.loadElement(address, type);
  constexpr unsigned alignment = 16; // as all weights
  return LLVM::LoadOp::create(b, b.getVectorType(), address, alignment);
}

Value WindowSum::loadFilter(Value channel, Value c, Value r, Value s) {
  ArrayRef<ExprAttr> dims = conv.getFilter().getType().getDims();
  Value tap = b.add(b.mul(r, *dims[3].getConstant()), s), base = b.getAddress(filter);
  if (b.getLanes() != 1)
    return loadFloats(b.offset(base, b.add(b.mul(tap, *dims[0].getConstant()), channel)));
  Value plane = b.add(b.mul(channel, *dims[1].getConstant()), c);
  int64_t taps = *dims[2].getConstant() * *dims[3].getConstant();
  return loadFloats(b.offset(base, b.add(b.mul(plane, taps), tap)));
}

Value WindowSum::emitSum(ArrayRef<Value> indices) {
  PlannedType inputType = conv.getInput().getType(), filterType = conv.getFilter().getType();
  int64_t outputs = *filterType.getDim(0).getConstant(),
          inputs = *filterType.getDim(1).getConstant();
  int64_t kernelHeight = *filterType.getDim(2).getConstant(),
          kernelWidth = *filterType.getDim(3).getConstant();
  int64_t groupOutputs = outputs / static_cast<int64_t>(conv.getGroup());
  Value height = b.size(inputType.getDim(2)), width = b.size(inputType.getDim(3));
  Value top = b.add(b.mul(indices[2], conv.getStrides()[0]), -conv.getPads()[0]);
  Value left = b.add(b.mul(indices[3], conv.getStrides()[1]), -conv.getPads()[1]);
  Taps rows = b.clipTaps(top, kernelHeight, conv.getDilations()[0], b.i64(0), height);
  Taps columns = b.clipTaps(left, kernelWidth, conv.getDilations()[1], b.i64(0), width);
  Value channel = b.mul(b.div(indices[1], b.i64(groupOutputs)), inputs);
  Type type = b.getLanes() == 1 ? Type(b.getF32Type()) : Type(b.getVectorType());
  Value init = bias ? loadFloats(b.offset(b.getAddress(bias), indices[1])) : b.fill(type, 0.0f);
  using Carried = KernelBuilder::Carried;
  auto sums = b.loop(b.i64(0), b.i64(inputs), 1, init, [&](Value c, ValueRange carried) {
    return b.loop(rows.begin, rows.end, 1, carried, [&](Value r, ValueRange carried) {
      Value h = b.add(top, b.mul(r, conv.getDilations()[0]));
      return b.loop(columns.begin, columns.end, 1, carried, [&](Value s, ValueRange carried) {
        Value w = b.add(left, b.mul(s, conv.getDilations()[1]));
        Value element = load(input, {indices[0], b.add(channel, c), h, w});
        return Carried{b.fma(element, loadFilter(indices[1], c, r, s), carried[0])};
      });
    });
  });
  return sums[0];
}

void WindowSum::emit(ArrayRef<Value> indices) {
  Value value = kernel.emitEpilogue(b, emitSum(indices), [&](size_t index) {
    return load(kernel.operands[index].getDefiningOp<ReadOp>().getBuffer(), indices);
  });
  Type type = getTensor(kernel.output).getMemoryType();
  Value address = evaluator.getRow(kernel.output, indices);
  if (b.getLanes() == 1)
    b.storeElement(value, address, type);
  else
    b.storeNeighbours(value, address, type);
}

LogicalResult dlc::emitCudaWindow(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, [](Operation *op) { return isa<ConvOp>(op); })))
    return failure();
  WindowSum sum(b, kernel);
  if (failed(sum.match()))
    return failure();
  forThread(b, kernel.output, getDimOrder(kernel.output),
            [&](ArrayRef<Value> indices) { sum.emit(indices); });
  return success();
}
