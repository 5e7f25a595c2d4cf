// Powers that are rounded to f32 or less: 2^(y * log2(x)) in f64, whose polynomials leave errors
// below 2^-32 of the result. Bases are of f32 or less, so that none is subnormal in f64.

#include "ExpandPower.h"
#include "FloatBuilder.h"

#include <limits>
#include <numbers>

using namespace mlir;
using namespace dlc;
using arith::CmpFPredicate, arith::CmpIPredicate;

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr int64_t fractionBits = 52, exponentBias = 1023;
// The bits of sqrt(1/2): fractions between it and its double are near 1 on both sides.
static constexpr int64_t leastFraction = 0x3fe6a09e667f3bcd;
// Adding it rounds to a whole number, which then stands in the lowest bits.
static constexpr double shifter = 0x1.8p52;
static constexpr int64_t shifterBits = 0x4338000000000000;
/// Beyond it the result is infinite or 0 in f32.
static constexpr double largestExponent = 200;

namespace {
/// Builds on scalars or vectors of f64.
class Power : public FloatBuilder {
public:
  using FloatBuilder::FloatBuilder;

  /// As C's pow: a power of 0 is 1, and so is each power of 1, whatever NaNs there are.
  Value emit(Value base, Value exponent);

private:
  Value both(Value lhs, Value rhs) { return create<arith::AndIOp>(lhs, rhs); }
  Value isWhole(Value x) { return is(CmpFPredicate::OEQ, create<math::FloorOp>(x), x); }
  Value log2(Value x);
  Value exp2(Value x);
};
} // namespace

/// Of a number that is not negative.
Value Power::log2(Value x) {
  Value all = asBits(x);
  Value exponent = shiftDown(subBits(all, fillBits(leastFraction)), fractionBits);
  Value fraction = asFloat(subBits(all, shiftUp(exponent, fractionBits)));
  Value whole = sub(asFloat(addBits(exponent, fillBits(shifterBits))), fill(shifter));
  Value quotient = div(sub(fraction, fill(1)), add(fraction, fill(1)));
  Value square = mul(quotient, quotient), sum = fill(1.0 / 15);
  for (int64_t odd = 13; odd > 0; odd -= 2) // of the series of the area tangent
    sum = add(mul(sum, square), fill(1.0 / static_cast<double>(odd)));
  Value result = add(whole, mul(mul(quotient, fill(2 * std::numbers::log2e)), sum));
  result = select(is(CmpFPredicate::OEQ, x, fill(0)), fill(-infinity), result);
  // Of infinity it is infinity, of a NaN a NaN.
  return select(is(CmpFPredicate::OLT, x, fill(infinity)), result, x);
}

Value Power::exp2(Value x) {
  Value limit = fill(largestExponent), least = fill(-largestExponent);
  x = select(is(CmpFPredicate::OGT, x, limit), limit, x);
  x = select(is(CmpFPredicate::OLT, x, least), least, x);
  Value shifted = add(x, fill(shifter));
  Value rest = sub(x, sub(shifted, fill(shifter)));
  constexpr int64_t degree = 10;
  double coefficients[degree + 1] = {1};
  for (int64_t i = 1; i <= degree; ++i)
    coefficients[i] = coefficients[i - 1] * std::numbers::ln2 / static_cast<double>(i);
  Value sum = fill(coefficients[degree]);
  for (int64_t i = degree; i-- != 0;)
    sum = add(mul(sum, rest), fill(coefficients[i]));
  Value biased = addBits(asBits(shifted), fillBits(exponentBias));
  return mul(sum, asFloat(shiftUp(biased, fractionBits)));
}

Value Power::emit(Value base, Value exponent) {
  Value zero = fill(0), one = fill(1), size = abs(base);
  Value result = exp2(mul(exponent, log2(size)));
  // 1 to the power of infinity.
  result = select(is(CmpFPredicate::OEQ, size, one), one, result);
  Value isNegative = create<arith::CmpIOp>(CmpIPredicate::slt, asBits(base), fillBits(0));
  Value wholeExponent = isWhole(exponent), half = mul(exponent, fill(0.5));
  Value isEven = isWhole(half);
  Value never = is(CmpFPredicate::ONE, zero, zero);
  Value isOdd = select(isEven, never, wholeExponent);
  result = select(both(isNegative, isOdd), neg(result), result);
  Value isBelowZero =
      both(is(CmpFPredicate::OLT, base, zero), is(CmpFPredicate::OLT, size, fill(infinity)));
  Value nan = fill(std::numeric_limits<double>::quiet_NaN());
  result = select(isBelowZero, select(wholeExponent, result, nan), result);
  Value isOne = create<arith::OrIOp>(is(CmpFPredicate::OEQ, exponent, zero),
                                     is(CmpFPredicate::OEQ, base, one));
  return select(isOne, one, result);
}

namespace {
struct ExpandPower : OpRewritePattern<arith::TruncFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::TruncFOp op, PatternRewriter &rewriter) const override {
    auto power = op.getIn().getDefiningOp<math::PowFOp>();
    if (!power || !getElementTypeOrSelf(power.getType()).isF64())
      return rewriter.notifyMatchFailure(op, "rounds no power in f64");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Value result = Power(b, power.getType()).emit(power.getLhs(), power.getRhs());
    rewriter.modifyOpInPlace(op, [&] { op.getInMutable().assign(result); });
    return success();
  }
};
} // namespace

void dlc::populatePowerPatterns(RewritePatternSet &patterns) {
  patterns.add<ExpandPower>(patterns.getContext());
}
