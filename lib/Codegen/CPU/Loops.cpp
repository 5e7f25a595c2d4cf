// The emitter for whatever is no anchor: walks the rows of the output and evaluates the kernel's
// ops for a vector of neighbours at a time, with no value in between stored.

#include "Pool.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

/// The linear index of a row of a dense value.
static Value getRowIndex(KernelBuilder &b, PlannedType type, ValueRange outer) {
  Value index = b.i64(0);
  for (auto [dim, i] : llvm::zip_first(outer, type.getDims()))
    index = b.add(b.mul(index, b.size(i)), dim);
  return index;
}

Value Evaluator::getRow(Value address, PlannedType type, ValueRange outer) {
  if (type.getRank() == 0)
    return address;
  return b.offset(address, b.mul(getRowIndex(b, type, outer), b.size(type.getDims().back())),
                  type.getElementType());
}

Value Evaluator::getRow(Value buffer, ValueRange outer) {
  PlannedType type = getTensor(buffer);
  if (type.getLayout())
    return b.offset(b.getImage(buffer), outer[0], outer[1], outer[2], b.i64(0));
  return getRow(b.getAddress(buffer), type, outer);
}

Value Evaluator::load(Value row, Type elementType, const Site &site) {
  switch (site.lanes) {
  case Site::Lanes::contiguous:
    return b.loadElements(b.offset(row, site.inner, elementType), elementType, site.mask);
  case Site::Lanes::equal:
    return b.splat(b.loadElement(b.offset(row, site.inner, elementType), elementType));
  case Site::Lanes::indexed:
    return b.gatherElements(row, site.inner, elementType);
  }
  llvm_unreachable("all kinds are handled");
}

/// A constant of one element as a vector of it.
static Value splatConstant(KernelBuilder &b, DenseElementsAttr elements) {
  Type scalar = getScalarType(elements.getElementType());
  TypedAttr value;
  if (auto integer = dyn_cast<DenseIntElementsAttr>(elements)) {
    value = b.getIntegerAttr(scalar, *integer.value_begin<APInt>());
  } else {
    APFloat number = *elements.value_begin<APFloat>();
    bool losesInfo;
    number.convert(cast<FloatType>(scalar).getFloatSemantics(), APFloat::rmNearestTiesToEven,
                   &losesInfo);
    value = b.getFloatAttr(scalar, number);
  }
  auto type = VectorType::get(b.getLanes(), scalar);
  return arith::ConstantOp::create(b, type, DenseElementsAttr::get(type, value));
}

/// A constant of one element becomes an immediate.
Value Evaluator::evaluateConstant(ConstantOp op, const Site &site) {
  auto elements = cast<DenseElementsAttr>(op.getValue());
  if (elements.getNumElements() == 1)
    return splatConstant(b, elements);
  Value address = b.getGlobal(elements);
  return load(getRow(address, op.getType(), site.outer), op.getType().getElementType(), site);
}

/// The site of `operand` for a result of type `type`, where broadcasting makes it another than the
/// result's.
static std::optional<Site> getOperandSite(KernelBuilder &b, PlannedType operand, PlannedType type,
                                          const Site &site) {
  ExprAttr one = ExprAttr::constant(b.getContext(), 1);
  if (operand.getDims() == type.getDims())
    return std::nullopt;
  Site result;
  int64_t missing = type.getRank() - operand.getRank();
  for (int64_t i = 0; i + 1 < operand.getRank(); ++i)
    result.outer.push_back(operand.getDim(i) == one ? b.i64(0) : site.outer[i + missing]);
  bool broadcast = operand.getRank() == 0 || (operand.getDims().back() == one);
  result.lanes = broadcast ? Site::Lanes::equal : site.lanes;
  result.inner = broadcast ? b.i64(0) : site.inner;
  result.mask = broadcast ? Value() : site.mask;
  return result;
}

Value Evaluator::evaluateElementwise(ElementwiseOpInterface op, Site &site) {
  auto type = cast<PlannedType>(op->getResult(0).getType());
  SmallVector<Value> operands;
  for (Value operand : op->getOperands()) {
    std::optional<Site> other = getOperandSite(b, cast<PlannedType>(operand.getType()), type, site);
    operands.push_back(evaluate(operand, other ? *other : site));
  }
  return op.emitScalar(b, op.getLoc(), operands);
}

Value Evaluator::evaluate(Value value, Site &site) {
  if (Value known = site.values.lookup(value))
    return known;
  Operation *op = value.getDefiningOp();
  Value result;
  if (auto read = dyn_cast<ReadOp>(op))
    result = load(getRow(read.getBuffer(), site.outer), read.getValue().getType().getElementType(),
                  site);
  else if (auto constant = dyn_cast<ConstantOp>(op))
    result = evaluateConstant(constant, site);
  else if (auto resize = dyn_cast<ResizeOp>(op))
    result = emitResize(b, *this, resize, site);
  else if (auto pool = dyn_cast<MaxPoolOp>(op))
    result = emitMaxPool(b, *this, pool, site);
  else
    result = evaluateElementwise(cast<ElementwiseOpInterface>(op), site);
  return site.values[value] = result;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

/// How the results of a kernel are computed: all in one way.
enum class Way { elements, columnSums, rowSums };

static Way getWay(WriteOp write) {
  auto reduce = write.getValue().getDefiningOp<ReduceOp>();
  if (!reduce)
    return Way::elements;
  return reduce.keepsLastDim() ? Way::columnSums : Way::rowSums;
}

namespace {
class LoopNest {
public:
  LoopNest(KernelBuilder &b, ArrayRef<WriteOp> writes)
      : b(b), evaluator(b), writes(writes.begin(), writes.end()),
        type(this->writes.front().getValue().getType()) {
    for (ExprAttr dim : type.getDims())
      dims.push_back(b.size(dim));
    if (dims.empty())
      dims.push_back(b.i64(1));
    for (WriteOp write : this->writes)
      if (write.getBuffer().getType().getTensor().getLayout())
        images.push_back(b.getImage(write.getBuffer()));
  }

  void emit();

private:
  using EmitRow = function_ref<void(ValueRange outer)>;
  void forEachRow(EmitRow emitRow);
  void emitRows(Value total);
  void emitHalos();
  void emitTile(Value inner, int64_t vectors, Value mask);
  void emitColumnSums(Value inner, int64_t vectors, Value mask);
  void emitElement(Value inner);

  KernelBuilder &b;
  Evaluator evaluator;
  SmallVector<WriteOp> writes;
  PlannedType type;
  SmallVector<Image> images; // results with a layout
  SmallVector<Value> dims;
  SmallVector<Value> firstRow; // indices of the task's first row
  Value numRows;
};
} // namespace

void LoopNest::forEachRow(EmitRow emitRow) {
  if (b.getSchedule().getRows() == 1 || firstRow.empty())
    return emitRow(firstRow);
  b.loop(b.i64(0), numRows, 1, firstRow, [&](Value, ValueRange outer) {
    emitRow(outer);
    // Counts up, with a carry from dim to dim: cheaper than dividing the row's number each time.
    KernelBuilder::Carried next(outer.size());
    Value step = b.i64(1);
    for (size_t i = outer.size(); i-- != 0;) {
      Value sum = b.add(outer[i], step);
      Value wraps = b.equal(sum, dims[i]);
      next[i] = arith::SelectOp::create(b, wraps, b.i64(0), sum);
      step = arith::ExtUIOp::create(b, b.getI64Type(), wraps);
    }
    return next;
  });
}

void LoopNest::emitHalos() {
  for (const Image &image : images) {
    if (!image.hasHalo())
      continue;
    forEachRow([&](ValueRange outer) {
      b.storeHalo(image, outer[0], outer[1], outer[2], b.add(outer[2], 1));
    });
  }
}

void LoopNest::emitTile(Value inner, int64_t vectors, Value mask) {
  if (getWay(writes.front()) == Way::columnSums)
    return emitColumnSums(inner, vectors, mask);
  forEachRow([&](ValueRange outer) {
    for (int64_t vector = 0; vector != vectors; ++vector) {
      Site site;
      site.outer = llvm::to_vector(outer);
      site.inner = b.add(inner, vector * b.getLanes());
      site.mask = mask;
      Type elementType = type.getElementType();
      for (WriteOp write : writes)
        b.storeElements(
            evaluator.evaluate(write.getValue(), site),
            b.offset(evaluator.getRow(write.getBuffer(), outer), site.inner, elementType),
            elementType, mask);
    }
  });
}

void LoopNest::emitColumnSums(Value inner, int64_t vectors, Value mask) {
  forEachRow([&](ValueRange outer) {
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
  forEachRow([&](ValueRange outer) {
    SmallVector<Value> indices = llvm::to_vector(outer);
    indices.push_back(inner);
    for (WriteOp write : writes)
      b.store(emitReduce(b, write.getValue().getDefiningOp<ReduceOp>(), indices),
              b.offset(evaluator.getRow(write.getBuffer(), outer), inner));
  });
}

/// Rows are the inner loop, so that what depends on the column alone (as the weights of a resize)
/// is computed once for all rows of a task.
void LoopNest::emitRows(Value total) {
  int64_t rows = b.getSchedule().getRows(), lanes = b.getLanes();
  Value begin = b.mul(b.getTask(), rows);
  firstRow.resize(dims.size() - 1);
  Value rest = begin;
  for (size_t i = firstRow.size(); i-- != 0;) {
    firstRow[i] = i == 0 ? rest : b.rem(rest, dims[i]);
    rest = b.div(rest, dims[i]);
  }
  numRows = b.min(b.sub(total, begin), b.i64(rows));
  emitHalos();
  if (getWay(writes.front()) == Way::rowSums)
    return b.loop(b.i64(0), dims.back(), 1, [&](Value inner) { emitElement(inner); });
  Value end =
      b.loopOverTiles(dims.back(), b.getSchedule().getPixels(), [&](Value inner, int64_t pixels) {
        emitTile(inner, pixels / lanes, Value());
      });
  b.loop(end, dims.back(), lanes,
         [&](Value inner) { emitTile(inner, 1, b.laneMask(b.sub(dims.back(), inner))); });
}

void LoopNest::emit() {
  Value total = b.i64(1);
  for (Value dim : ArrayRef(dims).drop_back())
    total = b.mul(total, dim);
  b.unlessEmpty(total, images, [&] { emitRows(total); });
}

//===----------------------------------------------------------------------===//
// Verification
//===----------------------------------------------------------------------===//

static LogicalResult verifyBuffer(Operation *op, PlannedType type) {
  auto image = dyn_cast_or_null<ImageLayoutAttr>(type.getLayout());
  if (type.getLayout() && (!image || image.getBlock() != 1))
    return op->emitError("expected a dense value or a planar image, found ") << type;
  if (type.getLayout() && !type.getElementType().isF32())
    return op->emitError("expected an image of f32, found ") << type;
  return success();
}

static LogicalResult verifyOp(Operation &op) {
  if (auto read = dyn_cast<ReadOp>(op))
    return verifyBuffer(&op, read.getBuffer().getType().getTensor());
  if (auto write = dyn_cast<WriteOp>(op))
    return verifyBuffer(&op, write.getBuffer().getType().getTensor());
  if (auto resize = dyn_cast<ResizeOp>(op))
    return verifyResize(resize);
  if (isa<MaxPoolOp, ReduceOp>(op))
    return verifyPoolInLoops(&op);
  if (auto constant = dyn_cast<ConstantOp>(op);
      constant && !isa<DenseElementsAttr>(constant.getValue()))
    return op.emitError("expected a dense constant in a kernel");
  if (isa<ConstantOp, ElementwiseOpInterface, func::ReturnOp>(op))
    return success();
  return op.emitError("expected elementwise ops, resizes, windows and reductions in this kernel");
}

LogicalResult dlc::emitLoops(KernelBuilder &b) {
  SmallVector<WriteOp> writes;
  for (Operation &op : b.getSource().getBody().front()) {
    if (failed(verifyOp(op)))
      return failure();
    if (auto write = dyn_cast<WriteOp>(op)) {
      if (!writes.empty() && writes.front().getValue().getType() != write.getValue().getType())
        return write.emitError("expected results of one type in this kernel");
      if (!writes.empty() && getWay(writes.front()) != getWay(write))
        return write.emitError("expected results that are computed in one way in this kernel");
      writes.push_back(write);
    }
  }
  if (writes.empty())
    return b.getSource().emitError("expected a kernel that writes a result");
  LoopNest(b, writes).emit();
  return success();
}
