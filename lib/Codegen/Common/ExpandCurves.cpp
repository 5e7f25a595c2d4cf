// Inverse circular and hyperbolic functions of f32, computed in f64: what series and cancellation
// lose there is far below what f32 shows.

#include "ExpandCurves.h"
#include "FloatBuilder.h"

#include <limits>
#include <numbers>

using namespace mlir;
using namespace dlc;
using arith::CmpFPredicate;

// Taylor's coefficients of functions of x, divided by x, in x^2; highest first.
// tan(pi/8)^23 / 23 is below 2^-33.
static constexpr double atanSeries[] = {1.0 / 21, -1.0 / 19, 1.0 / 17, -1.0 / 15,
                                        1.0 / 13, -1.0 / 11, 1.0 / 9,  -1.0 / 7,
                                        1.0 / 5,  -1.0 / 3,  1};
// Of log((1 + s) / (1 - s)) / 2 for |s| <= 0.172.
static constexpr double logSeries[] = {1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9,
                                       1.0 / 7,  1.0 / 5,  1.0 / 3,  1};
static constexpr double sinhSeries[] = {
    1.0 / 6227020800, 1.0 / 39916800, 1.0 / 362880, 1.0 / 5040, 1.0 / 120, 1.0 / 6, 1};
// Of exp(x) in x for |x| <= log(2) / 2; its error is below 2^-35 of the value.
static constexpr double expSeries[] = {1.0 / 362880, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120,
                                       1.0 / 24,     1.0 / 6,     0.5,        1,         1};
static constexpr double infinity = std::numeric_limits<double>::infinity();

namespace {
/// Builds on scalars or vectors of f64 that were f32.
class Curves : public FloatBuilder {
public:
  using FloatBuilder::FloatBuilder;

  Value atan(Value x);
  Value exp(Value x);
  Value log(Value x);
  Value sinh(Value x);
  Value cosh(Value x);
  Value asinh(Value x);
  Value atanh(Value x);
};
} // namespace

/// Of 1/x where x is above 1, and of (x - 1) / (x + 1) where that is above tan(pi/8).
Value Curves::atan(Value x) {
  Value size = abs(x);
  Value inverted = is(CmpFPredicate::OGT, size, 1);
  size = select(inverted, div(fill(1), size), size);
  Value turned = is(CmpFPredicate::OGT, size, std::numbers::sqrt2 - 1);
  Value reduced = select(turned, div(sub(size, fill(1)), add(size, fill(1))), size);
  Value angle = oddPolynomial(atanSeries, reduced);
  angle = select(turned, add(angle, fill(std::numbers::pi / 4)), angle);
  angle = select(inverted, sub(fill(std::numbers::pi / 2), angle), angle);
  return withSign(angle, x);
}

/// 2^n * exp(x - n * log(2)). Arguments that f32 cannot hold the result of are limited.
Value Curves::exp(Value x) {
  constexpr double limit = 200;
  Value limited = select(is(CmpFPredicate::OGT, x, limit), fill(limit), x);
  limited = select(is(CmpFPredicate::OLT, x, -limit), fill(-limit), limited);
  // Adding 1.5 * 2^52 rounds to a whole number, which then stands in the lowest bits.
  Value shifter = fill(0x1.8p52);
  Value shifted = add(mul(limited, fill(std::numbers::log2e)), shifter);
  Value rest = sub(limited, mul(sub(shifted, shifter), fill(std::numbers::ln2)));
  Value exponent = shiftUp(addBits(asBits(shifted), fillBits(1023)), 52);
  return mul(polynomial(expSeries, rest), asFloat(exponent));
}

/// log(2) * n + log(m) with m from sqrt(1/2) to sqrt(2), for what is not negative.
Value Curves::log(Value x) {
  constexpr int64_t halfRoot = 0x3fe6a09e667f3bcd; // sqrt(1/2)
  Value all = asBits(x);
  Value exponent = shiftDown(subBits(all, fillBits(halfRoot)), 52);
  Value mantissa = asFloat(subBits(all, shiftUp(exponent, 52)));
  Value s = div(sub(mantissa, fill(1)), add(mantissa, fill(1)));
  Value whole = create<arith::SIToFPOp>(type, exponent);
  Value result =
      add(mul(whole, fill(std::numbers::ln2)), mul(oddPolynomial(logSeries, s), fill(2)));
  result = select(is(CmpFPredicate::OEQ, x, 0), fill(-infinity), result);
  result = select(is(CmpFPredicate::OEQ, x, infinity), x, result);
  Value invalid = is(CmpFPredicate::ULT, x, 0); // or a NaN
  return select(invalid, fill(std::numeric_limits<double>::quiet_NaN()), result);
}

Value Curves::sinh(Value x) {
  Value power = exp(abs(x));
  Value large = withSign(mul(sub(power, div(fill(1), power)), fill(0.5)), x);
  Value small = is(CmpFPredicate::OLT, abs(x), 1);
  Value result = select(small, oddPolynomial(sinhSeries, x), large);
  return select(is(CmpFPredicate::UNO, x, 0), x, result);
}

Value Curves::cosh(Value x) {
  Value power = exp(abs(x));
  Value result = mul(add(power, div(fill(1), power)), fill(0.5));
  return select(is(CmpFPredicate::UNO, x, 0), x, result);
}

/// log(|x| + sqrt(x^2 + 1)); of small ones two terms of the series.
Value Curves::asinh(Value x) {
  Value size = abs(x), square = mul(x, x);
  Value large = log(add(size, sqrt(add(square, fill(1)))));
  Value series = sub(size, mul(mul(size, square), fill(1.0 / 6)));
  return withSign(select(is(CmpFPredicate::OLT, size, 0x1p-10), series, large), x);
}

Value Curves::atanh(Value x) {
  Value large = mul(log(div(add(fill(1), x), sub(fill(1), x))), fill(0.5));
  Value series = add(x, mul(mul(mul(x, x), x), fill(1.0 / 3)));
  return select(is(CmpFPredicate::OLT, abs(x), 0x1p-10), series, large);
}

/// 2 * atan(sqrt((1 - x) / (1 + x))), a NaN beyond 1.
static Value buildAcos(Curves &c, Value x) {
  Value ratio = c.div(c.sub(c.fill(1), x), c.add(c.fill(1), x));
  return c.mul(c.atan(c.sqrt(ratio)), c.fill(2));
}
/// log(x + sqrt(x^2 - 1)), a NaN below 1.
static Value buildAcosh(Curves &c, Value x) {
  Value root = c.sqrt(c.mul(c.sub(x, c.fill(1)), c.add(x, c.fill(1))));
  Value result = c.log(c.add(x, root));
  return c.select(c.is(CmpFPredicate::OLT, x, 1), c.fill(std::numeric_limits<double>::quiet_NaN()),
                  result);
}
/// 2 * atan(x / (1 + sqrt(1 - x^2))), a NaN beyond 1.
static Value buildAsin(Curves &c, Value x) {
  Value root = c.sqrt(c.mul(c.sub(c.fill(1), x), c.add(c.fill(1), x)));
  return c.mul(c.atan(c.div(x, c.add(c.fill(1), root))), c.fill(2));
}
static Value buildAsinh(Curves &c, Value x) { return c.asinh(x); }
static Value buildAtan(Curves &c, Value x) { return c.atan(x); }
static Value buildAtanh(Curves &c, Value x) { return c.atanh(x); }
static Value buildCosh(Curves &c, Value x) { return c.cosh(x); }
static Value buildSinh(Curves &c, Value x) { return c.sinh(x); }

namespace {
template <typename OpTy, Value (*build)(Curves &, Value)> struct Expand : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return rewriter.notifyMatchFailure(op, "not of f32");
    Type wide = getWithElement(type, rewriter.getF64Type());
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Curves curves(b, wide);
    Value argument = arith::ExtFOp::create(b, wide, op.getOperand());
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type, build(curves, argument));
    return success();
  }
};
} // namespace

void dlc::populateCurvePatterns(RewritePatternSet &patterns) {
  patterns.add<Expand<math::AcosOp, buildAcos>, Expand<math::AcoshOp, buildAcosh>,
               Expand<math::AsinOp, buildAsin>, Expand<math::AsinhOp, buildAsinh>,
               Expand<math::AtanOp, buildAtan>, Expand<math::AtanhOp, buildAtanh>,
               Expand<math::CoshOp, buildCosh>, Expand<math::SinhOp, buildSinh>>(
      patterns.getContext());
}
