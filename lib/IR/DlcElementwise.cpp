// Scalar semantics of the elementwise ops: one builder each, on scalars or vectors of f32.

#include "dlc/IR/Dlc.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

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

static Value createConstant(OpBuilder &builder, Location loc, Type type, double value) {
  TypedAttr scalar = builder.getFloatAttr(getElementTypeOrSelf(type), value);
  if (auto vector = dyn_cast<VectorType>(type))
    scalar = DenseElementsAttr::get(vector, scalar);
  return arith::ConstantOp::create(builder, loc, type, scalar);
}

Value ErfOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return math::ErfOp::create(builder, loc, operands[0]);
}

Value ExpOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return math::ExpOp::create(builder, loc, operands[0]);
}

Value NegOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::NegFOp::create(builder, loc, operands[0]);
}

Value SigmoidOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value one = createConstant(builder, loc, operands[0].getType(), 1.0);
  Value negative = arith::NegFOp::create(builder, loc, operands[0]);
  Value power = math::ExpOp::create(builder, loc, negative);
  return arith::DivFOp::create(builder, loc, one, arith::AddFOp::create(builder, loc, one, power));
}

Value SqrtOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return math::SqrtOp::create(builder, loc, operands[0]);
}

Value TanhOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return math::TanhOp::create(builder, loc, operands[0]);
}

Value LeakyReluOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Type type = operands[0].getType();
  Value zero = createConstant(builder, loc, type, 0.0);
  Value alpha = createConstant(builder, loc, type, getAlpha().convertToDouble());
  Value scaled = arith::MulFOp::create(builder, loc, operands[0], alpha);
  Value negative =
      arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::OLT, operands[0], zero);
  return arith::SelectOp::create(builder, loc, negative, scaled, operands[0]);
}

Value ReluOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Type type = operands[0].getType();
  Value zero = createConstant(builder, loc, type, 0.0);
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
