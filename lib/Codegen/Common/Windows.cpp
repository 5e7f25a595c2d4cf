// Windows and reductions of values that lie row by row.

#include "Evaluator.h"
#include "Reducer.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

static Value getBuffer(Value value) { return value.getDefiningOp<ReadOp>().getBuffer(); }

LogicalResult dlc::verifyWindow(Operation *op) {
  if (!op->getOperand(0).getDefiningOp<ReadOp>())
    return op->emitError("expected an operand that is read from a buffer");
  auto reduce = dyn_cast<ReduceOp>(op);
  if (!reduce)
    return success();
  if (!reduce.getSortedAxes())
    return op->emitError("expected axes to be dims of the input, each once");
  if (llvm::any_of(op->getUsers(), [](Operation *user) { return !isa<WriteOp>(user); }))
    return op->emitError("expected a reduction that is written as it is");
  return success();
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

static Value narrow(KernelBuilder &b, Value size) {
  return b.splat(arith::TruncIOp::create(b, b.getI32Type(), size));
}

/// The columns of the input that the windows at `site` reach with a tap `shift` behind where they
/// would begin without pads.
static Value getColumns(KernelBuilder &b, PoolOp op, const Site &site, Value shift) {
  Value index = site.lanes == Site::Lanes::indexed ? site.inner : narrow(b, site.inner);
  if (site.lanes == Site::Lanes::contiguous)
    index = arith::AddIOp::create(b, index, b.laneNumbers());
  index = arith::MulIOp::create(b, index, narrow(b, b.i64(op.getStrides()[1])));
  return arith::AddIOp::create(b, index, narrow(b, shift));
}

/// Which of the columns are below `end`, and not negative.
static Value areInside(KernelBuilder &b, Value columns, Value end) {
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, columns, narrow(b, end));
}

/// Elements of a row of the input for the windows at `site`, `outside` where there are none. They
/// are `stride` apart.
static Value loadTaps(KernelBuilder &b, PoolOp op, Value row, Value stride, const Site &site,
                      Value shift, float outside) {
  Value width = b.size(op.getInput().getType().getDim(3)), value, inside;
  Type type = getTensor(getBuffer(op.getInput())).getMemoryType();
  if (getConstantIntValue(stride) != 1 || !type.isF32()) {
    Value columns = getColumns(b, op, site, shift);
    inside = areInside(b, columns, width);
    Value places = arith::MulIOp::create(b, columns, narrow(b, stride));
    value = b.gatherElements(row, places, type, inside);
  } else if (site.lanes == Site::Lanes::contiguous && op.getStrides()[1] == 1) {
    Value start = b.add(site.inner, shift);
    inside = b.laneMask(start, width);
    value = b.loadVector(b.offset(row, start), inside);
  } else {
    Value columns = getColumns(b, op, site, shift);
    inside = areInside(b, columns, width);
    value = b.gather(row, columns, inside);
  }
  return b.select(inside, value, b.splat(outside));
}

/// The number of elements in each window at `site`, or with pads.
static Value countElements(KernelBuilder &b, PoolOp op, const Site &site, Value top) {
  ArrayRef<int64_t> kernel = op.getKernel(), dilations = op.getDilations(), pads = op.getPads();
  bool withPads = op.getIncludePads();
  PlannedType input = op.getInput().getType();
  Value low = b.i64(withPads ? -pads[0] : 0);
  Value high = b.add(b.size(input.getDim(2)), withPads ? pads[2] : 0);
  Value width = b.add(b.size(input.getDim(3)), withPads ? pads[1] + pads[3] : 0);
  Taps rows = b.clipTaps(top, kernel[0], dilations[0], low, high);
  KernelBuilder::Carried columns =
      b.loop(b.i64(0), b.i64(kernel[1]), 1, b.splat(0.0f), [&](Value kx, ValueRange sums) {
        Value shift = b.add(b.mul(kx, dilations[1]), withPads ? 0 : -pads[1]);
        Value inside = areInside(b, getColumns(b, op, site, shift), width);
        Value one = b.select(inside, b.splat(1.0f), b.splat(0.0f));
        return KernelBuilder::Carried{arith::AddFOp::create(b, sums[0], one)};
      });
  Value numRows = arith::SIToFPOp::create(b, b.getF32Type(), b.sub(rows.end, rows.begin));
  return arith::MulFOp::create(b, columns[0], b.splat(numRows));
}

/// The taps of a window along image dim `dim`, 0 or 1, from index `start` on that exist; or those
/// that count, where pads do.
static Taps getTaps(KernelBuilder &b, PoolOp op, int64_t dim, Value index, bool counted) {
  Value start = b.add(b.mul(index, op.getStrides()[dim]), -op.getPads()[dim]);
  bool withPads = counted && op.getIncludePads();
  Value low = b.i64(withPads ? -op.getPads()[dim] : 0);
  Value high =
      b.add(b.size(op.getInput().getType().getDim(2 + dim)), withPads ? op.getPads()[2 + dim] : 0);
  return b.clipTaps(start, op.getKernel()[dim], op.getDilations()[dim], low, high);
}

/// The windows of neighbouring channels of one pixel.
static Value emitChannels(KernelBuilder &b, Evaluator &evaluator, PoolOp op, const Site &site) {
  Reducer reducer(b, op.getKind());
  Value buffer = getBuffer(op.getInput()), pixel[2] = {site.outer.back(), site.inner};
  Taps taps[2] = {getTaps(b, op, 0, pixel[0], false), getTaps(b, op, 1, pixel[1], false)};
  auto getPlace = [&](int64_t dim, Value tap) {
    Value start = b.add(b.mul(pixel[dim], op.getStrides()[dim]), -op.getPads()[dim]);
    return b.add(start, b.mul(tap, op.getDilations()[dim]));
  };
  using Carried = KernelBuilder::Carried;
  Value init = b.splat(reducer.getIdentity());
  Carried result = b.loop(taps[0].begin, taps[0].end, 1, init, [&](Value r, ValueRange sums) {
    return b.loop(taps[1].begin, taps[1].end, 1, sums, [&](Value s, ValueRange sums) {
      SmallVector<Value> indices = site.outer;
      indices.back() = getPlace(0, r);
      indices.push_back(getPlace(1, s));
      Value value = b.loadNeighbours(evaluator.getRow(buffer, indices),
                                     getTensor(buffer).getMemoryType(), b.getLanes());
      return Carried{reducer.accumulate(sums[0], value)};
    });
  });
  if (op.getKind() != ReduceKind::mean)
    return reducer.finish(result[0], b.i64(1));
  Value count = b.i64(1);
  for (int64_t dim : {0, 1}) {
    Taps counted = getTaps(b, op, dim, pixel[dim], true);
    count = b.mul(count, b.sub(counted.end, counted.begin));
  }
  return reducer.finish(result[0], count);
}

Value dlc::emitWindow(KernelBuilder &b, Evaluator &evaluator, PoolOp op, const Site &site) {
  if (hasChannelsLast(getTensor(getBuffer(op.getInput()))) && site.lanes == Site::Lanes::equal)
    return emitChannels(b, evaluator, op, site);
  Reducer reducer(b, op.getKind());
  ArrayRef<int64_t> dilations = op.getDilations();
  Value top = b.add(b.mul(site.outer.back(), op.getStrides()[0]), -op.getPads()[0]);
  Taps rows = b.clipTaps(top, op.getKernel()[0], dilations[0], b.i64(0),
                         b.size(op.getInput().getType().getDim(2)));
  Value init = b.splat(reducer.getIdentity());
  using Carried = KernelBuilder::Carried;
  Carried result = b.loop(rows.begin, rows.end, 1, init, [&](Value ky, ValueRange sums) {
    SmallVector<Value> outer = site.outer;
    outer.back() = b.add(top, b.mul(ky, dilations[0]));
    Value row = evaluator.getRow(getBuffer(op.getInput()), outer);
    Value stride = evaluator.getRowStride(getBuffer(op.getInput()));
    return b.loop(b.i64(0), b.i64(op.getKernel()[1]), 1, sums, [&](Value kx, ValueRange sums) {
      Value shift = b.add(b.mul(kx, dilations[1]), -op.getPads()[1]);
      Value value = loadTaps(b, op, row, stride, site, shift, reducer.getIdentity());
      return Carried{reducer.accumulate(sums[0], value)};
    });
  });
  if (op.getKind() == ReduceKind::mean)
    return arith::DivFOp::create(b, result[0], countElements(b, op, site, top));
  return reducer.finish(result[0], b.i64(1));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

namespace {
/// The elements of the input that one result is reduced from.
class Reduction {
public:
  /// `indices` are those of the result.
  Reduction(KernelBuilder &b, ReduceOp op, ValueRange indices)
      : b(b), type(op.getInput().getType()), buffer(getBuffer(op.getInput())),
        reduced(*op.getSortedAxes()), count(b.i64(1)) {
    size_t next = 0;
    for (int64_t dim = 0; dim != type.getRank(); ++dim) {
      bool isReduced = llvm::is_contained(reduced, dim);
      places.push_back(isReduced ? b.i64(0) : indices[next]);
      next += op.getKeepDims() || !isReduced;
      if (isReduced)
        count = b.mul(count, b.size(type.getDim(dim)));
    }
  }

  using Emit = function_ref<KernelBuilder::Carried(Value address, ValueRange sums)>;
  /// Loops over the first `loops` dims that are reduced; `emit` gets the address for each.
  KernelBuilder::Carried forEach(size_t loops, ValueRange inits, Emit emit) {
    return forEach(ArrayRef(reduced).take_front(loops), inits, emit);
  }

  /// The dims at the end whose elements lie side by side, as a number of dims that are reduced.
  size_t getRunDims() const {
    if (isImage() || hasChannelsLast(getTensor(buffer)))
      return 1;
    size_t dims = 0;
    while (dims != reduced.size() &&
           reduced[reduced.size() - 1 - dims] == type.getRank() - 1 - static_cast<int64_t>(dims))
      ++dims;
    return dims;
  }

  /// How far elements of a run are from each other, and what they are in memory.
  Value getRunStride() { return isImage() ? b.i64(1) : Evaluator(b).getRowStride(buffer); }
  Type getMemoryType() const { return getTensor(buffer).getMemoryType(); }

  size_t getNumReduced() const { return reduced.size(); }
  Value getCount() const { return count; }
  /// The number of elements of a run.
  Value getRunLength() {
    Value length = b.i64(1);
    for (int64_t dim : ArrayRef(reduced).take_back(getRunDims()))
      length = b.mul(length, b.size(type.getDim(dim)));
    return length;
  }

private:
  bool isImage() const { return isa_and_nonnull<ImageLayoutAttr>(getTensor(buffer).getLayout()); }

  KernelBuilder::Carried forEach(ArrayRef<int64_t> dims, ValueRange sums, Emit emit) {
    if (dims.empty())
      return emit(getAddress(), sums);
    return b.loop(b.i64(0), b.size(type.getDim(dims.front())), 1, sums,
                  [&](Value i, ValueRange carried) {
                    places[dims.front()] = i;
                    return forEach(dims.drop_front(), carried, emit);
                  });
  }

  Value getAddress() {
    if (isImage())
      return b.offset(b.getImage(buffer), places[0], places[1], places[2], places[3]);
    return Evaluator(b).getRow(buffer, places);
  }

  KernelBuilder &b;
  PlannedType type;
  Value buffer;
  SmallVector<int64_t> reduced; ///< dims, in order
  Value count;                  ///< of elements
  SmallVector<Value> places;
};
} // namespace

Value dlc::emitReduce(KernelBuilder &b, ReduceOp op, ValueRange indices) {
  Reduction reduction(b, op, indices);
  Reducer reducer(b, op.getKind());
  Value length = reduction.getRunLength();
  KernelBuilder::Carried sums = reduction.forEach(
      reduction.getNumReduced() - reduction.getRunDims(), reducer.createAccumulators(),
      [&](Value address, ValueRange sums) { return reducer.reduceRun(address, length, sums); });
  return reducer.finish(reducer.joinLanes(reducer.joinAccumulators(sums)), reduction.getCount());
}

Value dlc::emitReducePart(KernelBuilder &b, ReduceOp op, ValueRange indices, Value first,
                          int64_t step) {
  Reduction reduction(b, op, indices);
  Reducer reducer(b, op.getKind());
  Value length = reduction.getRunLength(), stride = reduction.getRunStride();
  Type type = reduction.getMemoryType();
  auto emitRun = [&](Value address, ValueRange sums) {
    return b.loop(first, length, step, sums, [&](Value i, ValueRange carried) {
      Value element = b.loadElement(b.offset(address, b.mul(i, stride), type), type);
      return KernelBuilder::Carried{reducer.accumulate(carried[0], element)};
    });
  };
  return reduction.forEach(reduction.getNumReduced() - reduction.getRunDims(),
                           b.f32(reducer.getIdentity()), emitRun)[0];
}

Value dlc::finishReduce(KernelBuilder &b, ReduceOp op, Value sum) {
  PlannedType type = op.getInput().getType();
  const SmallVector<ExprAttr> dims =
      llvm::map_to_vector(*op.getSortedAxes(), [&](int64_t dim) { return type.getDim(dim); });
  return Reducer(b, op.getKind()).finish(sum, b.size(dims));
}

SmallVector<Value> dlc::emitReduceColumns(KernelBuilder &b, ReduceOp op, ValueRange outer,
                                          Value inner, int64_t count, Value mask) {
  SmallVector<Value> indices = llvm::to_vector(outer);
  indices.push_back(inner);
  Reduction reduction(b, op, indices);
  Reducer reducer(b, op.getKind());
  SmallVector<Value> inits(count, b.splat(reducer.getIdentity()));
  KernelBuilder::Carried sums =
      reduction.forEach(reduction.getNumReduced(), inits, [&](Value address, ValueRange sums) {
        KernelBuilder::Carried next;
        for (auto [vector, sum] : llvm::enumerate(sums)) {
          Value element = b.loadVector(b.offset(address, vector * b.getLanes()), mask);
          next.push_back(reducer.accumulate(sum, element));
        }
        return next;
      });
  for (Value &sum : sums)
    sum = reducer.finish(sum, reduction.getCount());
  return sums;
}
