// Scalar semantics of the elementwise ops: one builder each, on scalars or vectors of f32.

#include "dlc/IR/Dlc.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

/// `lhs > rhs ? lhs : rhs`: one instruction on x86, and a NaN in `rhs` stays.
static Value keepNanMaximum(OpBuilder &builder, Location loc, Value lhs, Value rhs) {
  Value greater = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OGT, lhs, rhs);
  return arith::SelectOp::create(builder, loc, greater, lhs, rhs);
}

/// `lhs < rhs ? lhs : rhs`; a NaN in `rhs` stays.
static Value keepNanMinimum(OpBuilder &builder, Location loc, Value lhs, Value rhs) {
  Value less = arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, lhs, rhs);
  return arith::SelectOp::create(builder, loc, less, lhs, rhs);
}

Value AddOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::AddFOp::create(builder, loc, operands[0], operands[1]);
}

Value SubOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::SubFOp::create(builder, loc, operands[0], operands[1]);
}

Value MulOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::MulFOp::create(builder, loc, operands[0], operands[1]);
}

Value DivOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::DivFOp::create(builder, loc, operands[0], operands[1]);
}

Value ReluOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Type type = operands[0].getType();
  Value zero = arith::ConstantOp::create(builder, loc, type, builder.getZeroAttr(type));
  return keepNanMaximum(builder, loc, zero, operands[0]);
}

Value ClipOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value value = operands[0];
  if (getLow())
    value = keepNanMaximum(builder, loc, operands[1], value);
  if (getHigh())
    value = keepNanMinimum(builder, loc, operands.back(), value);
  return value;
}
