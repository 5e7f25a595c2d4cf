// A thread for each vector of neighbours in the results: it finds its indices from its number and
// evaluates the kernel's ops there, with no value in between stored.

#include "../Common/AnchorKernel.h"
#include "../Common/LoopKernel.h"
#include "DeviceKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

/// Emits `body` for the thread's vector of a value with dims `dims`, if it has one; the indices are
/// i64, the last one that of the vector's first element. Known small sizes are divided in 32 bits.
static void forThread(KernelBuilder &b, ArrayRef<ExprAttr> dims,
                      function_ref<void(ArrayRef<Value>)> body) {
  Threads threads(b);
  int64_t lanes = b.getLanes(), blockThreads = b.getSchedule().getRows();
  SmallVector<Value> counts;
  ExprAttr total = ExprAttr::constant(b.getContext(), 1);
  for (auto [index, dim] : llvm::enumerate(dims)) {
    ExprAttr count = index + 1 == dims.size() ? ceilDiv(dim, lanes) : dim;
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
      indices[i] = isNarrow ? threads.wide(index) : index;
    }
    if (!indices.empty())
      indices.back() = b.mul(indices.back(), lanes);
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
  if (!indices.empty())
    tile.indices.back().lane = 1;
  Value first = indices.empty() ? b.i64(0) : indices.back();
  ArrayRef<Value> outer = indices.empty() ? indices : indices.drop_back();
  for (WriteOp write : writes) {
    Value value = evaluator.evaluate(write.getValue(), tile).front();
    Type elementType = cast<PlannedType>(write.getValue().getType()).getElementType();
    Value address = b.offset(evaluator.getRow(write.getBuffer(), outer), first, elementType);
    b.storeElements(value, address, elementType, /*mask=*/{}, evaluator.isAligned(first));
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
    evaluator.assumeAligned(aligned && !indices.empty() ? indices.back() : Value());
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

LogicalResult dlc::emitCudaLoops(KernelBuilder &b) {
  FailureOr<SmallVector<WriteOp>> writes = matchLoops(b);
  if (failed(writes))
    return failure();
  PlannedType type = writes->front().getValue().getType();
  if (b.getLanes() != 1 && type.getDims().back().getConstant().value_or(1) % b.getLanes() != 0)
    return b.getSource().emitError("expected rows of whole vectors of ") << b.getLanes();
  forThread(b, type.getDims(),
            [&](ArrayRef<Value> indices) { ThreadLoops(b, *writes).emit(indices); });
  return success();
}

//===----------------------------------------------------------------------===//
// Grouped convolutions
//===----------------------------------------------------------------------===//

namespace {
/// One element of a convolution whose groups are too narrow for tiles.
class WindowSum {
public:
  WindowSum(KernelBuilder &b, AnchorKernel &kernel)
      : b(b), kernel(kernel), conv(cast<ConvOp>(kernel.anchor)) {}

  LogicalResult match();
  void emit(ArrayRef<Value> indices);

private:
  Value emitSum(ArrayRef<Value> indices);

  KernelBuilder &b;
  AnchorKernel &kernel;
  ConvOp conv;
  Value input, filter, bias; ///< addresses; null where there is none
};
} // namespace

LogicalResult WindowSum::match() {
  return kernel.getAddresses(
      b, {{conv.getInput(), &input}, {conv.getFilter(), &filter}, {conv.getBias(), &bias}});
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
  Value image = b.mul(indices[0], b.size(inputType.getDim(1)));
  Value init = bias ? b.loadScalar(b.offset(bias, indices[1])) : b.f32(0.0f);
  using Carried = KernelBuilder::Carried;
  auto sums = b.loop(b.i64(0), b.i64(inputs), 1, init, [&](Value c, ValueRange carried) {
    Value plane = b.mul(b.add(image, b.add(channel, c)), height);
    Value taps = b.mul(b.add(b.mul(indices[1], inputs), c), kernelHeight);
    return b.loop(rows.begin, rows.end, 1, carried, [&](Value r, ValueRange carried) {
      Value row = b.mul(b.add(plane, b.add(top, b.mul(r, conv.getDilations()[0]))), width);
      Value weights = b.offset(filter, b.mul(b.add(taps, r), kernelWidth));
      Value start = b.offset(input, b.add(row, left));
      return b.loop(columns.begin, columns.end, 1, carried, [&](Value s, ValueRange carried) {
        Value element = b.loadScalar(b.offset(start, b.mul(s, conv.getDilations()[1])));
        return Carried{b.fma(element, b.loadScalar(b.offset(weights, s)), carried[0])};
      });
    });
  });
  return sums[0];
}

void WindowSum::emit(ArrayRef<Value> indices) {
  Value place = b.i64(0);
  for (auto [index, dim] : llvm::zip_equal(indices, conv.getType().getDims()))
    place = b.add(b.mul(place, b.size(dim)), index);
  Value value = kernel.emitEpilogue(b, emitSum(indices), [&](size_t index) {
    Value buffer = kernel.operands[index].getDefiningOp<ReadOp>().getBuffer();
    return b.loadScalar(b.offset(b.getAddress(buffer), place));
  });
  b.store(value, b.offset(b.getAddress(kernel.output), place));
}

LogicalResult dlc::emitCudaWindow(KernelBuilder &b) {
  AnchorKernel kernel;
  if (failed(kernel.match(b, [](Operation *op) { return isa<ConvOp>(op); })))
    return failure();
  WindowSum sum(b, kernel);
  if (failed(sum.match()))
    return failure();
  forThread(b, cast<PlannedType>(kernel.anchor->getResult(0).getType()).getDims(),
            [&](ArrayRef<Value> indices) { sum.emit(indices); });
  return success();
}
