// Sine, cosine and tangent of f32, computed in f64: the argument less its multiple of pi/2 keeps
// enough places there for every f32 up to 2^27. Where a lane is larger, the multiple is found from
// more places of 2/pi (Payne and Hanek, "Radian reduction for trigonometric functions", 1983).

#include "ExpandTrigonometry.h"
#include "FloatBuilder.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

#include <numbers>

using namespace mlir;
using namespace dlc;

static constexpr double largestArgument = 0x1p27;
static constexpr double twoOverPi = 0x1.45f306dc9c883p-1;
// pi/2 as a number of 25 bits, whose products with quotients below 2^28 are exact, and the rest.
static constexpr double halfPiHigh = 0x1.921fb5p+0, halfPiLow = 0x1.110b4611a6263p-26;

// 2/pi in parts of 24 bits, whose products with an f32 are exact: enough for the largest one.
static constexpr double twoOverPiParts[] = {0xa2f983p-24,  0x6e4e44p-48,  0x1529fcp-72,
                                            0x2757d1p-96,  0xf534ddp-120, 0xc0db62p-144,
                                            0x95993cp-168, 0x439041p-192};

// Adding it rounds to a whole number, which then stands in the lowest bits.
static constexpr double shifter = 0x1.8p52;

// Taylor's coefficients: on [-pi/4, pi/4] the error is below 2^-31 of the value.
static constexpr double sineCoefficients[] = {1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1};
static constexpr double cosineCoefficients[] = {-1.0 / 3628800, 1.0 / 40320, -1.0 / 720,
                                                1.0 / 24,       -0.5,        1};

namespace {
/// Builds on scalars or vectors of f64.
class Trigonometry : public FloatBuilder {
public:
  Trigonometry(ImplicitLocOpBuilder &b, Value argument)
      : FloatBuilder(b, argument.getType()), argument(argument) {}

  /// Finds the argument's multiple of pi/2; all that follows is of what it leaves.
  void reduce();
  /// The sine of the argument plus `quarters` * pi/2.
  Value emitSine(int64_t quarters);

private:
  Value emitBit(Value number, int64_t bit);
  SmallVector<Value> reduceUsual();
  SmallVector<Value> reduceLarge();

  Value argument;
  Value rest, quotient; // between -pi/4 and pi/4; a whole number, whose two lowest bits count
};
} // namespace

/// Whether `bit`, a power of two, is set.
Value Trigonometry::emitBit(Value number, int64_t bit) {
  Value masked = create<arith::AndIOp>(number, fillBits(bit));
  return create<arith::CmpIOp>(arith::CmpIPredicate::ne, masked, fillBits(0));
}

SmallVector<Value> Trigonometry::reduceUsual() {
  Value shifted = add(mul(argument, fill(twoOverPi)), fill(shifter));
  Value whole = sub(shifted, fill(shifter));
  Value high = sub(argument, mul(whole, fill(halfPiHigh)));
  return {sub(high, mul(whole, fill(halfPiLow))), asBits(shifted)};
}

/// Each product of the argument and a part of 2/pi is exact, and so is what it leaves of a multiple
/// of 4. Of the sum the whole numbers go first, so that a small rest keeps its places.
SmallVector<Value> Trigonometry::reduceLarge() {
  Value sum = fill(0), whole = fill(0);
  for (double part : twoOverPiParts) {
    Value term = mul(argument, fill(part));
    Value turns = round(mul(term, fill(0.25)));
    sum = add(sum, sub(term, mul(turns, fill(4))));
    Value next = round(sum);
    sum = sub(sum, next);
    whole = add(whole, next);
  }
  return {mul(sum, fill(std::numbers::pi / 2)), asBits(add(whole, fill(shifter)))};
}

/// Of each lane as its size asks, whatever its neighbours are.
void Trigonometry::reduce() {
  SmallVector<Value> usual = reduceUsual();
  Value isLarge = is(arith::CmpFPredicate::OGT, abs(argument), largestArgument);
  Value any = isLarge;
  if (isa<VectorType>(type))
    any = vector::ReductionOp::create(b, vector::CombiningKind::OR, isLarge);
  auto choice = scf::IfOp::create(b, TypeRange{type, bits}, any,
                                  /*withElseRegion=*/true);
  b.setInsertionPointToStart(choice.thenBlock());
  SmallVector<Value> chosen;
  for (auto [large, other] : llvm::zip_equal(reduceLarge(), usual))
    chosen.push_back(create<arith::SelectOp>(isLarge, large, other));
  scf::YieldOp::create(b, chosen);
  b.setInsertionPointToStart(choice.elseBlock());
  scf::YieldOp::create(b, usual);
  b.setInsertionPointAfter(choice);
  rest = choice.getResult(0);
  quotient = choice.getResult(1);
}

Value Trigonometry::emitSine(int64_t quarters) {
  Value quadrant = addBits(quotient, fillBits(quarters));
  Value square = mul(rest, rest);
  Value curve = select(emitBit(quadrant, 1), polynomial(cosineCoefficients, square),
                       mul(rest, polynomial(sineCoefficients, square)));
  return select(emitBit(quadrant, 2), neg(curve), curve);
}

static Value build(math::SinOp, Trigonometry &angle) { return angle.emitSine(0); }
static Value build(math::CosOp, Trigonometry &angle) { return angle.emitSine(1); }
static Value build(math::TanOp, Trigonometry &angle) {
  Value sine = angle.emitSine(0), cosine = angle.emitSine(1);
  return angle.div(sine, cosine);
}

namespace {
template <typename OpTy> struct Expand : OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpTy op, PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF32())
      return rewriter.notifyMatchFailure(op, "not of f32");
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Type wide = getWithElement(type, rewriter.getF64Type());
    Trigonometry angle(b, arith::ExtFOp::create(b, wide, op.getOperand()));
    angle.reduce();
    Value result = build(op, angle);
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type, result);
    return success();
  }
};
} // namespace

void dlc::populateTrigonometryPatterns(RewritePatternSet &patterns) {
  patterns.add<Expand<math::SinOp>, Expand<math::CosOp>, Expand<math::TanOp>>(
      patterns.getContext());
}
