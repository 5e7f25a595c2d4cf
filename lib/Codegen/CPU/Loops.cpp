// The emitter for whatever is no anchor: walks the rows of the output and evaluates the kernel's
// ops for a vector of neighbours at a time, with no value in between stored.

#include "../Common/LoopKernel.h"
#include "EmitKernels.h"

#include "dlc/IR/Views.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Parts of rows
//===----------------------------------------------------------------------===//

/// The concatenations of elements along the last dim of the results, so that vectors that do not
/// reach over a border know which operand they show. All have the same borders.
class RowParts {
public:
  explicit RowParts(Value result) {
    int64_t rank = cast<PlannedType>(result.getType()).getRank();
    if (rank != 0)
      find(result, rank - 1);
  }

  /// The lengths of the parts; empty for a row of one part.
  SmallVector<ExprAttr> getLengths() const {
    return concats.empty() ? SmallVector<ExprAttr>() : getLengths(concats.front());
  }
  SmallVector<Evaluator::Part> getPart(unsigned number) const {
    return llvm::map_to_vector(concats,
                               [&](ConcatOp concat) { return Evaluator::Part{concat, number}; });
  }

private:
  static SmallVector<ExprAttr> getLengths(ConcatOp concat) {
    return llvm::map_to_vector(concat.getInputs(), [&](Value input) {
      return cast<PlannedType>(input.getType()).getDim(concat.getDim());
    });
  }

  /// Dim `dim` of `value` is the last one of the results.
  void find(Value value, int64_t dim) {
    Operation *op = value.getDefiningOp();
    if (auto concat = dyn_cast<ConcatOp>(op); concat && concat.getDim() == dim) {
      if (concats.empty() || getLengths(concats.front()) == getLengths(concat))
        concats.push_back(concat);
      return;
    }
    if (auto transpose = dyn_cast<TransposeOp>(op))
      return find(transpose.getInput(), transpose.getSourceDims()[dim]);
    if (auto view = dyn_cast<ViewOp>(op);
        view && dim + 1 == view.getType().getRank() && keepsRows(view))
      return find(view.getInput(), view.getInput().getType().getRank() - 1);
    if (!isa<ElementwiseOpInterface, ConcatOp>(op))
      return;
    for (Value operand : op->getOperands()) {
      PlannedType from = cast<PlannedType>(operand.getType()),
                  to = cast<PlannedType>(value.getType());
      int64_t source = dim - (to.getRank() - from.getRank());
      if (source >= 0 && from.getDim(source) == to.getDim(dim))
        find(operand, source);
    }
  }

  SmallVector<ConcatOp> concats;
};

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

namespace {
class LoopNest {
public:
  LoopNest(KernelBuilder &b, ArrayRef<WriteOp> writes);

  void emit();

private:
  using EmitRow = function_ref<void(ValueRange outer, int64_t rows)>;
  using EmitVectors = function_ref<void(Value inner, int64_t vectors, Value count)>;

  void forEachGroup(function_ref<void(ValueRange)> emitGroup);
  void forEachRow(EmitRow emitRow);
  void forEachVector(Value begin, Value end, EmitVectors emitVectors);
  void emitRows(Value total);
  void emitRowsOfElements();
  void emitHalos();
  void emitParts(ValueRange outer, int64_t rows);
  void emitTile(ValueRange outer, int64_t rows, Value inner, int64_t vectors, Value count,
                ArrayRef<Evaluator::Part> parts);
  void emitColumnSums(Value inner, int64_t vectors, Value mask);
  void emitElement(Value inner);

  KernelBuilder &b;
  Evaluator evaluator;
  SmallVector<WriteOp> writes;
  PlannedType type;
  SmallVector<Image> images; // results with a layout
  SmallVector<Value> dims;
  std::optional<int64_t> groupDim; // of the rows of a tile
  int64_t groupRows = 1;
  SmallVector<Value> groups;     // how many there are along each dim but the last
  SmallVector<Value> firstGroup; // indices of the task's first group
  Value numGroups;
};
} // namespace

LoopNest::LoopNest(KernelBuilder &b, ArrayRef<WriteOp> writes)
    : b(b), evaluator(b), writes(writes.begin(), writes.end()),
      type(this->writes.front().getValue().getType()) {
  for (ExprAttr dim : type.getDims())
    dims.push_back(b.size(dim));
  if (dims.empty())
    dims.push_back(b.i64(1));
  for (WriteOp write : this->writes)
    if (write.getBuffer().getType().getTensor().getLayout())
      images.push_back(b.getImage(write.getBuffer()));
  groups.assign(dims.begin(), dims.end() - 1);
  groupRows = b.getSchedule().getChannels();
  if (groupRows == 1)
    return;
  groupDim = getTransposedDim(this->writes.front().getValue());
  groups[*groupDim] = b.ceilDiv(groups[*groupDim], groupRows);
}

/// Counts up, with a carry from dim to dim: cheaper than dividing the group's number each time.
void LoopNest::forEachGroup(function_ref<void(ValueRange)> emitGroup) {
  if (b.getSchedule().getRows() == 1 || firstGroup.empty())
    return emitGroup(firstGroup);
  b.loop(b.i64(0), numGroups, 1, firstGroup, [&](Value, ValueRange outer) {
    emitGroup(outer);
    KernelBuilder::Carried next(outer.size());
    Value step = b.i64(1);
    for (size_t i = outer.size(); i-- != 0;) {
      Value sum = b.add(outer[i], step);
      Value wraps = b.equal(sum, groups[i]);
      next[i] = arith::SelectOp::create(b, wraps, b.i64(0), sum);
      step = arith::ExtUIOp::create(b, b.getI64Type(), wraps);
    }
    return next;
  });
}

/// The rows of a group are one tile where it is whole, else by themselves.
void LoopNest::forEachRow(EmitRow emitRow) {
  forEachGroup([&](ValueRange outer) {
    if (!groupDim)
      return emitRow(outer, 1);
    SmallVector<Value> indices = llvm::to_vector(outer);
    Value first = b.mul(outer[*groupDim], groupRows);
    Value count = b.min(b.sub(dims[*groupDim], first), b.i64(groupRows));
    auto emitEach = [&] {
      b.loop(b.i64(0), count, 1, [&](Value row) {
        indices[*groupDim] = b.add(first, row);
        emitRow(indices, 1);
      });
    };
    if (evaluator.mayBroadcast)
      return emitEach();
    auto emitWhole = [&] {
      indices[*groupDim] = first;
      emitRow(indices, groupRows);
    };
    b.either(b.equal(count, b.i64(groupRows)), emitWhole, emitEach);
  });
}

void LoopNest::forEachVector(Value begin, Value end, EmitVectors emitVectors) {
  int64_t lanes = b.getLanes();
  Value size = b.sub(end, begin);
  Value done = b.loopOverTiles(size, b.getSchedule().getPixels(), [&](Value inner, int64_t pixels) {
    emitVectors(b.add(begin, inner), pixels / lanes, Value());
  });
  b.loop(done, size, lanes,
         [&](Value inner) { emitVectors(b.add(begin, inner), 1, b.sub(size, inner)); });
}

void LoopNest::emitHalos() {
  for (const Image &image : images) {
    if (!image.hasHalo())
      continue;
    forEachRow([&](ValueRange outer, int64_t rows) {
      b.loop(b.i64(0), b.i64(rows), 1, [&](Value row) {
        SmallVector<Value> place = llvm::to_vector(outer);
        if (rows != 1)
          place[*groupDim] = b.add(place[*groupDim], row);
        b.storeHalo(image, place[0], place[1], place[2], b.add(place[2], 1));
      });
    });
  }
}

void LoopNest::emitTile(ValueRange outer, int64_t rows, Value inner, int64_t vectors, Value count,
                        ArrayRef<Evaluator::Part> parts) {
  Type elementType = type.getElementType();
  Value mask = count ? b.laneMask(count) : Value();
  for (int64_t vector = 0; vector != vectors; ++vector) {
    Tile tile;
    tile.rows = rows;
    tile.mask = mask;
    tile.count = count;
    for (auto [i, index] : llvm::enumerate(outer))
      tile.indices.push_back({index, rows != 1 && static_cast<int64_t>(i) == *groupDim});
    Value first = b.add(inner, vector * b.getLanes());
    if (type.getRank() != 0)
      tile.indices.push_back({first, 0, 1});
    evaluator.enterLane(first, parts);
    for (WriteOp write : writes)
      for (auto [row, value] : llvm::enumerate(evaluator.evaluate(write.getValue(), tile))) {
        SmallVector<Value> place = llvm::to_vector(outer);
        if (rows != 1)
          place[*groupDim] = b.add(place[*groupDim], static_cast<int64_t>(row));
        Value address = b.offset(evaluator.getRow(write.getBuffer(), place), first, elementType);
        b.storeElements(value, address, elementType, mask);
      }
  }
}

void LoopNest::emitParts(ValueRange outer, int64_t rows) {
  RowParts parts(writes.front().getValue());
  SmallVector<ExprAttr> lengths = parts.getLengths();
  if (lengths.empty() || evaluator.mayBroadcast)
    return forEachVector(b.i64(0), dims.back(), [&](Value inner, int64_t vectors, Value count) {
      emitTile(outer, rows, inner, vectors, count, {});
    });
  Value begin = b.i64(0);
  for (auto [number, length] : llvm::enumerate(lengths)) {
    Value end = b.add(begin, b.size(length));
    forEachVector(begin, end, [&](Value inner, int64_t vectors, Value count) {
      emitTile(outer, rows, inner, vectors, count, parts.getPart(number));
    });
    begin = end;
  }
}

void LoopNest::emitRowsOfElements() {
  if (!sharesColumns(writes))
    return forEachRow([&](ValueRange outer, int64_t rows) { emitParts(outer, rows); });
  forEachVector(b.i64(0), dims.back(), [&](Value inner, int64_t vectors, Value count) {
    forEachRow(
        [&](ValueRange outer, int64_t rows) { emitTile(outer, rows, inner, vectors, count, {}); });
  });
}

void LoopNest::emitColumnSums(Value inner, int64_t vectors, Value mask) {
  forEachRow([&](ValueRange outer, int64_t) {
    for (WriteOp write : writes) {
      auto reduce = write.getValue().getDefiningOp<ReduceOp>();
      Value address = b.offset(evaluator.getRow(write.getBuffer(), outer), inner);
      SmallVector<Value> sums = emitReduceColumns(b, reduce, outer, inner, vectors, mask);
      for (auto [vector, sum] : llvm::enumerate(sums))
        b.store(sum, b.offset(address, vector * b.getLanes()), mask);
    }
  });
}

/// Sums of rows are one element at a time: their vectors run over what is reduced.
void LoopNest::emitElement(Value inner) {
  forEachRow([&](ValueRange outer, int64_t) {
    SmallVector<Value> indices = llvm::to_vector(outer);
    indices.push_back(inner);
    for (WriteOp write : writes)
      b.store(emitReduce(b, write.getValue().getDefiningOp<ReduceOp>(), indices),
              b.offset(evaluator.getRow(write.getBuffer(), outer), inner));
  });
}

void LoopNest::emitRows(Value total) {
  int64_t rows = b.getSchedule().getRows();
  Value begin = b.mul(b.getTask(), rows);
  firstGroup.resize(groups.size());
  Value rest = begin;
  for (size_t i = firstGroup.size(); i-- != 0;) {
    firstGroup[i] = i == 0 ? rest : b.rem(rest, groups[i]);
    rest = b.div(rest, groups[i]);
  }
  numGroups = b.min(b.sub(total, begin), b.i64(rows));
  emitHalos();
  switch (getWay(writes.front())) {
  case Way::rowSums:
    return b.loop(b.i64(0), dims.back(), 1, [&](Value inner) { emitElement(inner); });
  case Way::columnSums:
    return forEachVector(b.i64(0), dims.back(), [&](Value inner, int64_t vectors, Value count) {
      emitColumnSums(inner, vectors, count ? b.laneMask(count) : Value());
    });
  case Way::elements:
    break;
  }
  Value equal = emitEquality(b);
  if (!equal)
    return emitRowsOfElements();
  b.either(
      equal, [&] { emitRowsOfElements(); },
      [&] {
        evaluator.mayBroadcast = true;
        emitRowsOfElements();
      });
}

void LoopNest::emit() {
  Value total = b.i64(1);
  for (Value count : groups)
    total = b.mul(total, count);
  b.unlessEmpty(total, images, [&] { emitRows(total); });
}

LogicalResult dlc::emitLoops(KernelBuilder &b) {
  FailureOr<SmallVector<WriteOp>> writes = matchLoops(b);
  if (failed(writes))
    return failure();
  int64_t rows = b.getSchedule().getChannels();
  if (rows != 1 && (rows != b.getLanes() || !getTransposedDim(writes->front().getValue())))
    return b.getSource().emitError("expected 1 channel, or one for each lane of a kernel that "
                                   "transposes, found ")
           << rows;
  LoopNest(b, *writes).emit();
  return success();
}
