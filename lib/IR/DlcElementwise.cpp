// Scalar semantics of the elementwise ops: one builder each, on scalars or vectors.

#include "dlc/IR/Dlc.h"

#include "ScalarConversion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <cmath>

using namespace mlir;
using namespace dlc;

using FloatPredicate = arith::CmpFPredicate;
using IntPredicate = arith::CmpIPredicate;

static bool isFloatValue(Value value) { return isa<FloatType>(getElementTypeOrSelf(value)); }

static Type getElementType(Value operand) {
  return cast<PlannedType>(operand.getType()).getElementType();
}

static bool isUnsigned(Operation *op) {
  return getElementType(op->getOperand(0)).isUnsignedInteger();
}

Value dlc::createFill(OpBuilder &builder, Location loc, Type type, double value) {
  Type element = getElementTypeOrSelf(type);
  TypedAttr scalar;
  if (isa<FloatType>(element))
    scalar = builder.getFloatAttr(element, value);
  else
    scalar = builder.getIntegerAttr(element, APInt(element.getIntOrFloatBitWidth(), int64_t(value),
                                                   /*isSigned=*/true, /*implicitTrunc=*/true));
  if (auto vector = dyn_cast<VectorType>(type))
    scalar = DenseElementsAttr::get(vector, scalar);
  return arith::ConstantOp::create(builder, loc, type, scalar);
}

static Value fillLike(OpBuilder &builder, Location loc, Value value, double number) {
  return createFill(builder, loc, value.getType(), number);
}

/// One op for floats and one for integers of any sign.
template <typename FloatOp, typename IntOp>
static Value emitBinary(OpBuilder &builder, Location loc, ValueRange operands) {
  if (isFloatValue(operands[0]))
    return FloatOp::create(builder, loc, operands[0], operands[1]);
  return IntOp::create(builder, loc, operands[0], operands[1]);
}

/// A comparison by the kind of the operands of `op`.
static Value compare(Operation *op, OpBuilder &builder, Location loc, Value lhs, Value rhs,
                     FloatPredicate real, IntPredicate isSigned, IntPredicate isUnsignedPredicate) {
  if (isFloatValue(lhs))
    return arith::CmpFOp::create(builder, loc, real, lhs, rhs);
  return arith::CmpIOp::create(builder, loc, isUnsigned(op) ? isUnsignedPredicate : isSigned, lhs,
                               rhs);
}

static Value isGreater(Operation *op, OpBuilder &builder, Location loc, Value lhs, Value rhs) {
  return compare(op, builder, loc, lhs, rhs, FloatPredicate::OGT, IntPredicate::sgt,
                 IntPredicate::ugt);
}

static Value isLess(Operation *op, OpBuilder &builder, Location loc, Value lhs, Value rhs) {
  return compare(op, builder, loc, lhs, rhs, FloatPredicate::OLT, IntPredicate::slt,
                 IntPredicate::ult);
}

/// `lhs > rhs ? lhs : rhs`: one instruction on x86, and a NaN in `rhs` stays.
static Value keepNanMaximum(Operation *op, OpBuilder &builder, Location loc, Value lhs, Value rhs) {
  return arith::SelectOp::create(builder, loc, isGreater(op, builder, loc, lhs, rhs), lhs, rhs);
}

/// `lhs < rhs ? lhs : rhs`; a NaN in `rhs` stays.
static Value keepNanMinimum(Operation *op, OpBuilder &builder, Location loc, Value lhs, Value rhs) {
  return arith::SelectOp::create(builder, loc, isLess(op, builder, loc, lhs, rhs), lhs, rhs);
}

//===----------------------------------------------------------------------===//
// Two operands
//===----------------------------------------------------------------------===//

Value AddOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return emitBinary<arith::AddFOp, arith::AddIOp>(builder, loc, operands);
}

Value SubOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return emitBinary<arith::SubFOp, arith::SubIOp>(builder, loc, operands);
}

Value MulOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return emitBinary<arith::MulFOp, arith::MulIOp>(builder, loc, operands);
}

/// The divisor, or 1 where the CPU would trap: division by zero, and of the least number by -1.
static Value guardDivisor(OpBuilder &builder, Location loc, Value lhs, Value rhs, bool isUnsigned) {
  auto equals = [&](Value value, double number) -> Value {
    return arith::CmpIOp::create(builder, loc, IntPredicate::eq, value,
                                 fillLike(builder, loc, value, number));
  };
  Value traps = equals(rhs, 0);
  if (!isUnsigned) {
    double least = -std::exp2(getElementTypeOrSelf(lhs).getIntOrFloatBitWidth() - 1);
    Value overflows = arith::AndIOp::create(builder, loc, equals(lhs, least), equals(rhs, -1));
    traps = arith::OrIOp::create(builder, loc, traps, overflows);
  }
  return arith::SelectOp::create(builder, loc, traps, fillLike(builder, loc, rhs, 1), rhs);
}

Value DivOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  if (isFloatValue(operands[0]))
    return arith::DivFOp::create(builder, loc, operands[0], operands[1]);
  bool noSign = isUnsigned(*this);
  Value divisor = guardDivisor(builder, loc, operands[0], operands[1], noSign);
  if (noSign)
    return arith::DivUIOp::create(builder, loc, operands[0], divisor);
  return arith::DivSIOp::create(builder, loc, operands[0], divisor);
}

/// A remainder with the sign of `rhs`, also where it is zero.
static Value takeSign(OpBuilder &builder, Location loc, Value rest, Value rhs) {
  Value zero = fillLike(builder, loc, rest, 0);
  auto isNegative = [&](Value value) {
    return arith::CmpFOp::create(builder, loc, FloatPredicate::OLT, value, zero).getResult();
  };
  Value differ = arith::XOrIOp::create(builder, loc, isNegative(rest), isNegative(rhs));
  Value moved = arith::AddFOp::create(builder, loc, rest, rhs);
  Value isZero = arith::CmpFOp::create(builder, loc, FloatPredicate::OEQ, rest, zero);
  Value signedZero = math::CopySignOp::create(builder, loc, rest, rhs);
  Value other = arith::SelectOp::create(builder, loc, differ, moved, rest);
  return arith::SelectOp::create(builder, loc, isZero, signedZero, other);
}

/// The remainder of f32 is computed in f64, which is exact.
static Value emitFloatRemainder(OpBuilder &builder, Location loc, Value lhs, Value rhs,
                                bool truncates) {
  Type type = lhs.getType(), wide = getWithElement(type, builder.getF64Type());
  auto widen = [&](Value value) -> Value {
    return type == wide ? value : arith::ExtFOp::create(builder, loc, wide, value).getResult();
  };
  lhs = widen(lhs);
  rhs = widen(rhs);
  Value rest = arith::RemFOp::create(builder, loc, lhs, rhs);
  if (!truncates)
    rest = takeSign(builder, loc, rest, rhs);
  return type == wide ? rest : arith::TruncFOp::create(builder, loc, type, rest).getResult();
}

Value ModOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value lhs = operands[0], rhs = operands[1];
  if (isFloatValue(lhs))
    return emitFloatRemainder(builder, loc, lhs, rhs, getFmod());
  bool noSign = isUnsigned(*this);
  Value divisor = guardDivisor(builder, loc, lhs, rhs, noSign);
  if (noSign)
    return arith::RemUIOp::create(builder, loc, lhs, divisor);
  Value rest = arith::RemSIOp::create(builder, loc, lhs, divisor);
  if (getFmod())
    return rest;
  Value zero = fillLike(builder, loc, rest, 0);
  Value signs = arith::XOrIOp::create(builder, loc, rest, divisor);
  Value differ = arith::CmpIOp::create(builder, loc, IntPredicate::slt, signs, zero);
  Value inexact = arith::CmpIOp::create(builder, loc, IntPredicate::ne, rest, zero);
  Value wrong = arith::AndIOp::create(builder, loc, differ, inexact);
  Value moved = arith::AddIOp::create(builder, loc, rest, divisor);
  return arith::SelectOp::create(builder, loc, wrong, moved, rest);
}

/// In f64, whose error vanishes when the result is rounded to f32.
Value PowOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Type f64 = builder.getF64Type(), base = getElementType(getLhs());
  Value lhs = convertScalar(builder, loc, operands[0], base, f64);
  Value rhs = convertScalar(builder, loc, operands[1], getElementType(getRhs()), f64);
  Value power = math::PowFOp::create(builder, loc, lhs, rhs);
  return convertScalar(builder, loc, power, f64, getScalarType(base));
}

Value MaxOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  if (isFloatValue(operands[0]))
    return arith::MaximumFOp::create(builder, loc, operands[0], operands[1]);
  return keepNanMaximum(*this, builder, loc, operands[0], operands[1]);
}

Value MinOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  if (isFloatValue(operands[0]))
    return arith::MinimumFOp::create(builder, loc, operands[0], operands[1]);
  return keepNanMinimum(*this, builder, loc, operands[0], operands[1]);
}

//===----------------------------------------------------------------------===//
// Comparisons, logic, choices
//===----------------------------------------------------------------------===//

Value EqualOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return compare(*this, builder, loc, operands[0], operands[1], FloatPredicate::OEQ,
                 IntPredicate::eq, IntPredicate::eq);
}

Value GreaterOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return isGreater(*this, builder, loc, operands[0], operands[1]);
}

Value GreaterEqualOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return compare(*this, builder, loc, operands[0], operands[1], FloatPredicate::OGE,
                 IntPredicate::sge, IntPredicate::uge);
}

Value LessOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return isLess(*this, builder, loc, operands[0], operands[1]);
}

Value LessEqualOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return compare(*this, builder, loc, operands[0], operands[1], FloatPredicate::OLE,
                 IntPredicate::sle, IntPredicate::ule);
}

Value IsNanOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::CmpFOp::create(builder, loc, FloatPredicate::UNO, operands[0], operands[0]);
}

Value AndOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::AndIOp::create(builder, loc, operands[0], operands[1]);
}

Value OrOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::OrIOp::create(builder, loc, operands[0], operands[1]);
}

Value XorOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::XOrIOp::create(builder, loc, operands[0], operands[1]);
}

Value NotOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value ones = fillLike(builder, loc, operands[0], -1);
  return arith::XOrIOp::create(builder, loc, operands[0], ones);
}

/// Whether an amount, as a number without sign, is less than the number of bits.
static Value isWithinBits(OpBuilder &builder, Location loc, Value amount) {
  unsigned width = getElementTypeOrSelf(amount).getIntOrFloatBitWidth();
  return arith::CmpIOp::create(builder, loc, IntPredicate::ult, amount,
                               fillLike(builder, loc, amount, width));
}

Value ShiftLeftOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value zero = fillLike(builder, loc, operands[0], 0);
  Value fits = isWithinBits(builder, loc, operands[1]);
  Value amount = arith::SelectOp::create(builder, loc, fits, operands[1], zero);
  Value shifted = arith::ShLIOp::create(builder, loc, operands[0], amount);
  return arith::SelectOp::create(builder, loc, fits, shifted, zero);
}

Value ShiftRightOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value input = operands[0], zero = fillLike(builder, loc, input, 0);
  Value fits = isWithinBits(builder, loc, operands[1]);
  unsigned width = getElementTypeOrSelf(input).getIntOrFloatBitWidth();
  Value most = fillLike(builder, loc, input, width - 1);
  Value amount = arith::SelectOp::create(builder, loc, fits, operands[1], most);
  if (!isUnsigned(*this))
    return arith::ShRSIOp::create(builder, loc, input, amount);
  Value shifted = arith::ShRUIOp::create(builder, loc, input, amount);
  return arith::SelectOp::create(builder, loc, fits, shifted, zero);
}

Value SelectOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return arith::SelectOp::create(builder, loc, operands[0], operands[1], operands[2]);
}

/// A result that is only stored is rounded there.
Value CastOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Type from = getElementType(getInput()), to = getType().getElementType();
  bool isStored =
      llvm::all_of(getResult().getUsers(), [](Operation *user) { return isa<WriteOp>(user); });
  return convertScalar(builder, loc, operands[0], from, isStored ? getScalarType(to) : to);
}

//===----------------------------------------------------------------------===//
// One operand
//===----------------------------------------------------------------------===//

Value AbsOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  if (isFloatValue(operands[0]))
    return math::AbsFOp::create(builder, loc, operands[0]);
  if (isUnsigned(*this))
    return operands[0];
  Value negative =
      arith::SubIOp::create(builder, loc, fillLike(builder, loc, operands[0], 0), operands[0]);
  return keepNanMaximum(*this, builder, loc, negative, operands[0]);
}

/// The polynomial of f32 knows normal numbers alone: smaller ones are scaled up before.
Value LogOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value input = operands[0];
  if (!getElementTypeOrSelf(input).isF32())
    return math::LogOp::create(builder, loc, input);
  constexpr double scale = 0x1p23, logOfScale = 15.942385152878742;
  Value tiny = arith::CmpFOp::create(builder, loc, FloatPredicate::OLT, input,
                                     fillLike(builder, loc, input, 0x1p-126));
  Value scaled = arith::MulFOp::create(builder, loc, input, fillLike(builder, loc, input, scale));
  Value normal = arith::SelectOp::create(builder, loc, tiny, scaled, input);
  Value log = math::LogOp::create(builder, loc, normal);
  Value shift =
      arith::SelectOp::create(builder, loc, tiny, fillLike(builder, loc, input, logOfScale),
                              fillLike(builder, loc, input, 0));
  return arith::SubFOp::create(builder, loc, log, shift);
}

Value NegOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  if (isFloatValue(operands[0]))
    return arith::NegFOp::create(builder, loc, operands[0]);
  return arith::SubIOp::create(builder, loc, fillLike(builder, loc, operands[0], 0), operands[0]);
}

Value dlc::createSigmoid(OpBuilder &builder, Location loc, Value value) {
  // With a power that does not overflow, of numbers far below 0 it is the result.
  Value one = fillLike(builder, loc, value, 1.0);
  Value size = math::AbsFOp::create(builder, loc, value);
  Value power = math::ExpOp::create(builder, loc, arith::NegFOp::create(builder, loc, size));
  Value negative = arith::CmpFOp::create(builder, loc, FloatPredicate::OLT, value,
                                         fillLike(builder, loc, value, 0.0));
  Value share = arith::SelectOp::create(builder, loc, negative, power, one);
  return arith::DivFOp::create(builder, loc, share,
                               arith::AddFOp::create(builder, loc, one, power));
}

Value SigmoidOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  return createSigmoid(builder, loc, operands[0]);
}

Value SignOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value input = operands[0], zero = fillLike(builder, loc, input, 0);
  Value one = fillLike(builder, loc, input, 1);
  Value positive = isGreater(*this, builder, loc, input, zero);
  // The sum makes -0 the other zero.
  Value rest =
      isFloatValue(input) ? arith::AddFOp::create(builder, loc, input, zero).getResult() : input;
  Value sign = arith::SelectOp::create(builder, loc, positive, one, rest);
  if (isUnsigned(*this))
    return sign;
  Value negative = isLess(*this, builder, loc, input, zero);
  return arith::SelectOp::create(builder, loc, negative, fillLike(builder, loc, input, -1), sign);
}

Value LeakyReluOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value zero = fillLike(builder, loc, operands[0], 0);
  Value alpha = fillLike(builder, loc, operands[0], getAlpha().convertToDouble());
  Value scaled = arith::MulFOp::create(builder, loc, operands[0], alpha);
  Value negative = isLess(*this, builder, loc, operands[0], zero);
  return arith::SelectOp::create(builder, loc, negative, scaled, operands[0]);
}

Value ReluOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value zero = fillLike(builder, loc, operands[0], 0);
  return keepNanMaximum(*this, builder, loc, zero, operands[0]);
}

Value ClipOp::emitScalar(OpBuilder &builder, Location loc, ValueRange operands) {
  Value value = operands[0];
  if (getLow())
    value = keepNanMaximum(*this, builder, loc, operands[1], value);
  if (getHigh())
    value = keepNanMinimum(*this, builder, loc, operands.back(), value);
  return value;
}
