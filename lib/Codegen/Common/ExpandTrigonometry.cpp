// Sine, cosine and tangent of f32, computed in f64: the argument less its multiple of pi/2 keeps
// enough places there for every f32 up to 2^27. Where a lane is larger, the math library computes
// all.

#include "ExpandTrigonometry.h"

#include "dlc/IR/Dlc.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace dlc;

static constexpr double largestArgument = 0x1p27;
static constexpr double twoOverPi = 0x1.45f306dc9c883p-1;
// pi/2 as a number of 25 bits, whose products with quotients below 2^28 are exact, and the rest.
static constexpr double halfPiHigh = 0x1.921fb5p+0, halfPiLow = 0x1.110b4611a6263p-26;

// Taylor's coefficients: on [-pi/4, pi/4] the error is below 2^-31 of the value.
static constexpr double sineCoefficients[] = {1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1};
static constexpr double cosineCoefficients[] = {-1.0 / 3628800, 1.0 / 40320, -1.0 / 720,
                                                1.0 / 24,       -0.5,        1};

namespace {
/// Builds on scalars or vectors of f64.
class Trigonometry {
public:
  Trigonometry(ImplicitLocOpBuilder &b, Value argument) : b(b), argument(argument) {}

  /// The sine of the argument plus `quarters` * pi/2.
  Value emitSine(int64_t quarters);

  ImplicitLocOpBuilder &b;

private:
  Value fill(double value) { return createFill(b, b.getLoc(), argument.getType(), value); }
  Value emitPolynomial(ArrayRef<double> coefficients, Value x);
  Value emitBit(Value number, int64_t bit);

  Value argument;
};
} // namespace

Value Trigonometry::emitPolynomial(ArrayRef<double> coefficients, Value x) {
  Value sum = fill(coefficients.front());
  for (double coefficient : coefficients.drop_front())
    sum = arith::AddFOp::create(b, arith::MulFOp::create(b, sum, x).getResult(), fill(coefficient));
  return sum;
}

/// Whether `bit`, a power of two, is set.
Value Trigonometry::emitBit(Value number, int64_t bit) {
  Type type = number.getType();
  Value masked = arith::AndIOp::create(b, number, createFill(b, b.getLoc(), type, bit));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, masked,
                               createFill(b, b.getLoc(), type, 0));
}

Value Trigonometry::emitSine(int64_t quarters) {
  Value scaled = arith::MulFOp::create(b, argument, fill(twoOverPi));
  // Adding 1.5 * 2^52 rounds to a whole number, which then stands in the lowest bits.
  Value shifter = fill(0x1.8p52);
  Value shifted = arith::AddFOp::create(b, scaled, shifter);
  Value quotient = arith::SubFOp::create(b, shifted, shifter);
  Value rest = arith::SubFOp::create(
      b, argument, arith::MulFOp::create(b, quotient, fill(halfPiHigh)).getResult());
  rest = arith::SubFOp::create(b, rest,
                               arith::MulFOp::create(b, quotient, fill(halfPiLow)).getResult());
  Type bitsType = b.getI64Type();
  if (auto vector = dyn_cast<VectorType>(argument.getType()))
    bitsType = vector.clone(bitsType);
  Value bits = arith::BitcastOp::create(b, bitsType, shifted);
  Value quadrant =
      arith::AddIOp::create(b, bits, createFill(b, b.getLoc(), bitsType, double(quarters)));
  Value square = arith::MulFOp::create(b, rest, rest);
  Value sine = arith::MulFOp::create(b, rest, emitPolynomial(sineCoefficients, square)).getResult();
  Value cosine = emitPolynomial(cosineCoefficients, square);
  Value curve = arith::SelectOp::create(b, emitBit(quadrant, 1), cosine, sine);
  Value negative = arith::NegFOp::create(b, curve);
  return arith::SelectOp::create(b, emitBit(quadrant, 2), negative, curve);
}

static Value build(math::SinOp, Trigonometry angle) { return angle.emitSine(0); }
static Value build(math::CosOp, Trigonometry angle) { return angle.emitSine(1); }
static Value build(math::TanOp, Trigonometry angle) {
  Value sine = angle.emitSine(0), cosine = angle.emitSine(1);
  return arith::DivFOp::create(angle.b, sine, cosine);
}

namespace {
template <typename OpTy> struct Expand : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op.getType(), wide = rewriter.getF64Type();
    if (!getElementTypeOrSelf(type).isF32())
      return rewriter.notifyMatchFailure(op, "not of f32");
    auto vector = dyn_cast<VectorType>(type);
    if (vector)
      wide = vector.clone(wide);
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value argument = arith::ExtFOp::create(b, wide, op.getOperand());
    Value large = arith::CmpFOp::create(b, arith::CmpFPredicate::OGT,
                                        math::AbsFOp::create(b, argument).getResult(),
                                        createFill(b, b.getLoc(), wide, largestArgument));
    if (vector)
      large = vector::ReductionOp::create(b, vector::CombiningKind::OR, large);
    auto choice = scf::IfOp::create(b, TypeRange(wide), large, /*withElseRegion=*/true);
    b.setInsertionPointToStart(choice.thenBlock());
    scf::YieldOp::create(b, OpTy::create(b, argument).getResult());
    b.setInsertionPointToStart(choice.elseBlock());
    scf::YieldOp::create(b, build(op, Trigonometry(b, argument)));
    b.setInsertionPointAfter(choice);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type, choice.getResult(0));
    return success();
  }
};
} // namespace

void dlc::populateTrigonometryPatterns(RewritePatternSet &patterns) {
  patterns.add<Expand<math::SinOp>, Expand<math::CosOp>, Expand<math::TanOp>>(
      patterns.getContext());
}
