#include "AttentionKernel.h"

#include "dlc/IR/Strides.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;
using namespace dlc;

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

FailureOr<AttentionKernel::Heads> AttentionKernel::getHeads(Value root, ExprAttr offset,
                                                            ArrayRef<ExprAttr> strides) {
  if (getTensor(root).getLayout() && !isa<DeviceLayoutAttr>(getTensor(root).getLayout()))
    return op.emitError("expected dense heads, found ") << getTensor(root);
  if (strides.back().getConstant() != 1)
    return op.emitError("expected heads whose elements are neighbours");
  Heads heads;
  heads.type = getTensor(root).getMemoryType();
  heads.base = b.offset(b.getAddress(root), b.size(offset), heads.type);
  for (ExprAttr stride : strides)
    heads.strides.push_back(b.size(stride));
  auto layout = dyn_cast_or_null<DeviceLayoutAttr>(getTensor(root).getLayout());
  auto isWhole = [&](ExprAttr number) {
    return llvm::all_of(number.getCoefficients(),
                        [&](int64_t factor) { return factor % layout.getChunk() == 0; });
  };
  heads.inChunks = layout && isWhole(offset) && llvm::all_of(strides.drop_back(), isWhole);
  return heads;
}

void AttentionKernel::matchMask(Value buffer) {
  mask = b.getAddress(buffer);
  PlannedType type = op.getMask().getType();
  maskStrides.assign(4, b.i64(0));
  Value stride = b.i64(1);
  for (int64_t i = type.getRank(); i-- != 0; stride = b.mul(stride, b.size(type.getDim(i))))
    if (type.getDim(i).getConstant() != 1)
      maskStrides[4 - type.getRank() + i] = stride;
}

LogicalResult AttentionKernel::matchOp() {
  for (Operation &it : b.getSource().getBody().front()) {
    if (isa<ReadOp, WriteOp, func::ReturnOp, ViewOp, TransposeOp, SliceOp>(it))
      continue;
    if (op || !isa<AttentionOp>(it))
      return it.emitError("expected one attention and moves of its heads in this kernel");
    op = cast<AttentionOp>(it);
  }
  if (!op)
    return b.getSource().emitError("expected an attention in this kernel");
  std::optional<int64_t> keySize = op.getKey().getType().getDim(3).getConstant();
  std::optional<int64_t> resultSize = op.getType().getDim(3).getConstant();
  if (!keySize || !resultSize)
    return op.emitError("expected heads of known size");
  size = *keySize, valueSize = *resultSize;
  numKeys = b.size(op.getKey().getType().getDim(2));
  return success();
}

LogicalResult AttentionKernel::matchResult() {
  WriteOp write = *b.getSource().getOps<WriteOp>().begin();
  auto strides = traceResult(op.getResult(), write.getValue());
  if (!strides)
    return op.emitError("expected a result that lies in strides of a buffer");
  FailureOr<Heads> found =
      getHeads(write.getBuffer(), ExprAttr::constant(b.getContext(), 0), *strides);
  if (failed(found))
    return failure();
  result = *found;
  return success();
}

LogicalResult AttentionKernel::match() {
  if (failed(matchOp()))
    return failure();
  for (auto [operand, heads] : {std::pair<Value, Heads *>{op.getQuery(), &query},
                                {op.getKey(), &key},
                                {op.getValue(), &value}}) {
    std::optional<Strided> from = traceOperand(operand, /*numOps=*/-1);
    auto read = from ? from->root.getDefiningOp<ReadOp>() : ReadOp();
    if (!read)
      return op.emitError("expected heads that lie in strides of a buffer");
    FailureOr<Heads> found = getHeads(read.getBuffer(), from->offset, from->strides);
    if (failed(found))
      return failure();
    *heads = *found;
  }
  if (failed(matchResult()))
    return failure();
  if (!op.getMask())
    return success();
  auto read = op.getMask().getDefiningOp<ReadOp>();
  if (!read)
    return op.emitError("expected a mask that is read from a buffer");
  matchMask(read.getBuffer());
  return success();
}

//===----------------------------------------------------------------------===//
// Tasks
//===----------------------------------------------------------------------===//

void AttentionKernel::enterTask(int64_t bandRows) {
  PlannedType type = op.getType();
  Value length = b.size(type.getDim(2)), numHeads = b.size(type.getDim(1));
  Value bands = b.ceilDiv(length, bandRows), rest = b.div(b.getTask(), bands);
  firstRow = b.mul(b.rem(b.getTask(), bands), bandRows);
  numRows = b.min(b.sub(length, firstRow), b.i64(bandRows));
  Value batch = b.div(rest, numHeads), head = b.rem(rest, numHeads), shared = head;
  ExprAttr keyHeads = op.getKey().getType().getDim(1);
  if (keyHeads != type.getDim(1)) // constants, else they would be equal
    shared = b.div(head, b.i64(*type.getDim(1).getConstant() / *keyHeads.getConstant()));
  auto enter = [&](Heads &heads, Value index) {
    Value start = b.add(b.mul(batch, heads.strides[0]), b.mul(index, heads.strides[1]));
    heads.base = b.offset(heads.base, start, heads.type);
  };
  enter(query, head);
  enter(key, shared);
  enter(value, shared);
  enter(result, head);
  if (mask) {
    Value start = b.add(b.mul(batch, maskStrides[0]), b.mul(head, maskStrides[1]));
    mask = b.offset(mask, start, op.getMask().getType().getElementType());
  }
}

//===----------------------------------------------------------------------===//
// Scores
//===----------------------------------------------------------------------===//

Value AttentionKernel::getBlocked(Type type) {
  return b.fill(type, -std::numeric_limits<float>::infinity());
}

Value AttentionKernel::getSubtracted(Value largest) {
  Value isBlocked =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, largest, getBlocked(largest.getType()));
  return b.select(isBlocked, b.fill(largest.getType(), 0.0f), largest);
}

Value AttentionKernel::scaleScore(Value product) {
  Type type = product.getType();
  Value score = arith::MulFOp::create(b, product, b.fill(type, op.getScale().convertToFloat()));
  if (!op.getSoftcap())
    return score;
  float cap = op.getSoftcap()->convertToFloat();
  Value part = arith::MulFOp::create(b, score, b.fill(type, 1 / cap));
  return arith::MulFOp::create(b, math::TanhOp::create(b, part), b.fill(type, cap));
}

Value AttentionKernel::getMaskAddress(Value row, Value column) {
  Value place = b.add(b.mul(row, maskStrides[2]), b.mul(column, maskStrides[3]));
  return b.offset(mask, place, op.getMask().getType().getElementType());
}

Value AttentionKernel::maskScore(Value score, Value element) {
  if (op.getMask().getType().getElementType().isF32())
    return arith::AddFOp::create(b, score, element);
  Type type = score.getType();
  Value blocked =
      op.getBlocked() ? b.fill(type, op.getBlocked()->convertToFloat()) : getBlocked(type);
  return b.select(element, score, blocked);
}

Value AttentionKernel::getDivisor(Value sum) {
  Value isEmpty = op.getNanBlocked()
                      ? b.equal(numKeys, b.i64(0))
                      : Value(arith::CmpFOp::create(b, arith::CmpFPredicate::OEQ, sum, b.f32(0)));
  return b.select(isEmpty, b.f32(1.0f), sum);
}
