// The exponential, tanh and erf of f32. Their errors are below 2 units in the last place for all
// numbers, those whose results are subnormal among them. With AVX-512 a table of 16 roots of 2 in
// registers takes the place of half of the polynomial of the exponential.

#include "ExpandExponentials.h"
#include "FloatBuilder.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include <cmath>
#include <numbers>

using namespace mlir;
using namespace dlc;
using arith::CmpFPredicate;

// (exp(x) - 1 - x) / x^2 for |x| <= log(2) / 2, highest first: those of Cephes' expf.
static constexpr double expTail[] = {1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3,
                                     4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1};
// log(2) as a number of 10 bits, whose products with exponents are exact, and the rest.
static constexpr double ln2High = 0.693359375, ln2Low = -2.12194440e-4;
// What has results of 0 below and infinite ones above.
static constexpr double lowest = -105, highest = 89;

// (tanh(x) / x - 1) / x^2 in x^2 for |x| <= tanhSplit, and exp(x / 2) in x above: minimax
// polynomials for tanh.
static constexpr double tanhSplit = 1;
static constexpr double tanhSmall[] = {-3.58452031e-4, 2.30136467e-3, -7.94610661e-3, 2.14866567e-2,
                                       -5.38798012e-2, 1.33323446e-1, -3.33332956e-1};
static constexpr double tanhRoot[] = {5.84286045e-6, -2.31003778e-5, 4.89407394e-4, 1.93470612e-3,
                                      2.20050998e-2, 1.23787880e-1,  5.00682175e-1, 9.99839246e-1};

// erf(x) / x - 1 in x^2 for |x| <= erfSplit, and (1 - erf(x))^(-1/8) in x above: minimax
// polynomials.
static constexpr double erfSplit = 1.203125;
static constexpr double erfSmall[] = {6.50699221e-5, -7.55397719e-4, 5.13003999e-3, -2.68193223e-2,
                                      1.12826593e-1, -3.76125336e-1, 1.28379151e-1};
static constexpr double erfcRoot[] = {2.88811163e-3, -1.91316027e-2, 7.51102492e-2, -1.13934487e-1,
                                      2.42283940e-1, 5.04732169e-2,  1.02244580};

namespace {
/// Builds on scalars or vectors of f32.
class Exponentials : public FloatBuilder {
public:
  Exponentials(ImplicitLocOpBuilder &b, Type type, ExponentialTarget target)
      : FloatBuilder(b, type, target.hasFma), hasAvx512(target.hasAvx512) {}

  Value exp(Value x);
  Value tanh(Value x);
  Value erf(Value x);

private:
  /// x = whole * log(2) + rest, where `whole` is a number of steps; `shifted` has how many in its
  /// lowest bits.
  struct Reduced {
    Value shifted, whole, rest;
  };

  /// A NaN stays one.
  Value atMost(Value x, double bound) {
    return select(is(CmpFPredicate::OGT, x, bound), fill(bound), x);
  }
  static double getShifter(int stepBits, int64_t bias) {
    return std::ldexp(1.5, 23 - stepBits) + std::ldexp(bias, -stepBits);
  }
  /// Steps are 1 / 2^stepBits. What stands in the lowest bits is larger by `bias`.
  Reduced reduce(Value x, int stepBits, int64_t bias = 0);
  /// The exponential of numbers that are not above 0, and of any up to the limit.
  Value fallingExp(Value x);
  Value limitedExp(Value x);
  bool hasTable() const;
  Value tableExp(Value x);
  Value lookUp(Value numbers, function_ref<double(int)> getEntry);
  Value call(StringRef intrinsic, ValueRange arguments) {
    return LLVM::CallIntrinsicOp::create(b, type, b.getStringAttr(intrinsic), arguments)
        .getResult(0);
  }
  Value restExp(Value rest) {
    return add(fma(mul(rest, rest), polynomial(expTail, rest), rest), fill(1));
  }
  /// `factor`, and 0 where there are so few steps of 1 that exp is: with a factor of 0 no product
  /// underflows, which takes CPUs many cycles. Asks what is at hand anyway: registers are few.
  Value orZero(const Reduced &reduced, int64_t bias, Value factor) {
    constexpr int64_t leastSteps = -150;
    Value isZero =
        is(CmpFPredicate::OLT, reduced.shifted, getShifter(/*stepBits=*/0, bias) + leastSteps);
    return select(isZero, fill(0), factor);
  }
  Value atLeastLowest(Value x) {
    return select(is(CmpFPredicate::OLT, x, lowest), fill(lowest), x);
  }
  Value getExponent(const Reduced &reduced) {
    return subBits(asBits(reduced.shifted), fillBits(0x4b400000));
  }
  /// 2^exponent, of a normal number. The lowest nine bits alone are read.
  Value powerOfTwo(Value exponent) {
    return asFloat(addBits(shiftUp(exponent, 23), fillBits(127 << 23)));
  }

  bool hasAvx512;
};
} // namespace

/// Adding 1.5 * 2^(23 - stepBits) rounds to a number of steps, which then stands in the lowest
/// bits.
Exponentials::Reduced Exponentials::reduce(Value x, int stepBits, int64_t bias) {
  double shifter = getShifter(stepBits, bias);
  Value shifted = fma(x, fill(std::numbers::log2e), fill(shifter));
  Value whole = sub(shifted, fill(shifter));
  Value rest = fma(whole, fill(-ln2Low), fma(whole, fill(-ln2High), x));
  return {shifted, whole, rest};
}

bool Exponentials::hasTable() const {
  auto vector = dyn_cast<VectorType>(type);
  return hasAvx512 && vector && (vector.getNumElements() == 8 || vector.getNumElements() == 16);
}

/// getEntry(i) for the lowest four bits i of each number: one instruction.
Value Exponentials::lookUp(Value numbers, function_ref<double(int)> getEntry) {
  auto vector = cast<VectorType>(type);
  auto makeTable = [&](int begin) -> Value {
    SmallVector<float> entries;
    for (int i = 0; i != vector.getNumElements(); ++i)
      entries.push_back(static_cast<float>(getEntry(begin + i)));
    return arith::ConstantOp::create(b, vector, DenseElementsAttr::get(vector, ArrayRef(entries)));
  };
  Value indices = asBits(numbers);
  if (vector.getNumElements() == 16)
    return call("llvm.x86.avx512.permvar.sf.512", {makeTable(0), indices});
  return call("llvm.x86.avx512.vpermi2var.ps.256", {makeTable(0), indices, makeTable(8)});
}

/// 2^(whole + i / 16) * exp(rest), of which the tail x^2 / 2 + x^3 / 6 is enough. What rounding has
/// taken from a root goes to the rest. The instruction that scales takes the whole part, and rounds
/// once whatever comes out.
Value Exponentials::tableExp(Value x) {
  auto [shifted, whole, rest] = reduce(x, /*stepBits=*/4);
  auto getRoot = [](int i) { return std::exp2(i / 16.0); };
  Value root = lookUp(shifted, getRoot);
  Value lost =
      lookUp(shifted, [&](int i) { return getRoot(i) / static_cast<float>(getRoot(i)) - 1; });
  Value tail = fma(rest, fill(1.0 / 6), fill(0.5));
  Value less = fma(mul(rest, rest), tail, add(rest, lost));
  Value power = fma(root, less, root);
  auto constant = [&](unsigned width, int64_t value) -> Value {
    return LLVM::ConstantOp::create(b, b.getIntegerType(width), value);
  };
  if (cast<VectorType>(type).getNumElements() == 16)
    return call("llvm.x86.avx512.mask.scalef.ps.512",
                {power, whole, power, constant(16, -1), /*rounding as it is=*/constant(32, 4)});
  return call("llvm.x86.avx512.mask.scalef.ps.256", {power, whole, power, constant(8, -1)});
}

/// The first factor is too large, and normal; the second one makes up for it, and rounds once where
/// the result is subnormal.
Value Exponentials::fallingExp(Value x) {
  Value limited = atLeastLowest(x);
  if (hasTable())
    return tableExp(limited);
  constexpr int64_t bias = 64;
  Reduced reduced = reduce(limited, /*stepBits=*/0, bias);
  Value result = mul(restExp(reduced.rest), powerOfTwo(asBits(reduced.shifted)));
  return mul(result, orZero(reduced, bias, fill(std::ldexp(1.0, -bias))));
}

/// 2^exponent * exp(rest). Two factors, since their product may be subnormal or infinite.
Value Exponentials::limitedExp(Value x) {
  Value limited = atLeastLowest(x);
  if (hasTable())
    return tableExp(limited);
  Reduced reduced = reduce(limited, /*stepBits=*/0);
  Value exponent = getExponent(reduced);
  Value half = shiftDown(exponent, 1), other = subBits(exponent, half);
  return mul(mul(restExp(reduced.rest), powerOfTwo(half)),
             orZero(reduced, /*bias=*/0, powerOfTwo(other)));
}

/// Whether `x` is written as a number that is not above 0.
static bool isFalling(Value x) {
  auto negated = x.getDefiningOp<arith::NegFOp>();
  return negated && negated.getOperand().getDefiningOp<math::AbsFOp>();
}

Value Exponentials::exp(Value x) {
  return isFalling(x) ? fallingExp(x) : limitedExp(atMost(x, highest));
}

/// x + x^3 * P(x^2), and 1 - 2 / (R(|x|)^4 + 1) for what is not small. As erf, it is short: a tile
/// waits for a dozen of them.
Value Exponentials::tanh(Value x) {
  constexpr double highest = 9.02; // whose result is 1
  Value size = atMost(abs(x), highest);
  Value square = mul(size, size);
  Value small = fma(mul(polynomial(tanhSmall, square), square), size, size);
  Value root = polynomial(tanhRoot, size), power = mul(root, root);
  Value large = sub(fill(1), div(fill(2), fma(power, power, fill(1))));
  return withSign(select(is(CmpFPredicate::OGT, size, tanhSplit), large, small), x);
}

/// x + x * P(x^2), and 1 - 1 / R(|x|)^8 for what is not small: the error of the power is one of
/// what is taken from 1.
Value Exponentials::erf(Value x) {
  constexpr double highest = 4; // whose result is 1
  Value size = atMost(abs(x), highest);
  Value small = fma(polynomial(erfSmall, mul(x, x)), x, x);
  Value power = polynomial(erfcRoot, size);
  for (int i = 0; i != 3; ++i)
    power = mul(power, power);
  Value large = withSign(sub(fill(1), div(fill(1), power)), x);
  return select(is(CmpFPredicate::OGT, size, erfSplit), large, small);
}

Value dlc::createFallingExp(OpBuilder &b, Location loc, Value x) {
  Value size = math::AbsFOp::create(b, loc, x);
  return math::ExpOp::create(b, loc, arith::NegFOp::create(b, loc, size).getResult());
}

namespace {
template <typename OpTy, Value (Exponentials::*build)(Value)>
struct Expand : OpRewritePattern<OpTy> {
  Expand(MLIRContext *context, ExponentialTarget target)
      : OpRewritePattern<OpTy>(context), target(target) {}

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getType()).isF32())
      return rewriter.notifyMatchFailure(op, "not of f32");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Exponentials exponentials(b, op.getType(), target);
    rewriter.replaceOp(op, (exponentials.*build)(op.getOperand()));
    return success();
  }

private:
  ExponentialTarget target;
};
} // namespace

void dlc::populateExponentialPatterns(RewritePatternSet &patterns, ExponentialTarget target) {
  patterns.add<Expand<math::ErfOp, &Exponentials::erf>, Expand<math::ExpOp, &Exponentials::exp>,
               Expand<math::TanhOp, &Exponentials::tanh>>(patterns.getContext(), target);
}
