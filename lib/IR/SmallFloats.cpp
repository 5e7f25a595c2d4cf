#include "dlc/IR/SmallFloats.h"

#include "ScalarConversion.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

namespace {
/// Arithmetic on the bits of f32, as i32.
class Bits {
public:
  Bits(OpBuilder &builder, Location loc, Type type)
      : builder(builder), loc(loc), i16(getWithElement(type, builder.getI16Type())),
        i32(getWithElement(type, builder.getI32Type())),
        f32(getWithElement(type, builder.getF32Type())) {}

  Value number(uint32_t bits) { return createFill(builder, loc, i32, static_cast<int32_t>(bits)); }
  Value add(Value lhs, Value rhs) { return arith::AddIOp::create(builder, loc, lhs, rhs); }
  Value add(Value lhs, uint32_t rhs) { return add(lhs, number(rhs)); }
  Value both(Value lhs, uint32_t rhs) {
    return arith::AndIOp::create(builder, loc, lhs, number(rhs));
  }
  Value either(Value lhs, Value rhs) { return arith::OrIOp::create(builder, loc, lhs, rhs); }
  Value left(Value value, uint32_t count) {
    return arith::ShLIOp::create(builder, loc, value, number(count));
  }
  Value right(Value value, uint32_t count) {
    return arith::ShRUIOp::create(builder, loc, value, number(count));
  }
  /// As numbers without sign.
  Value above(Value lhs, uint32_t rhs) {
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ugt, lhs, number(rhs));
  }
  Value select(Value condition, Value whenTrue, Value whenFalse) {
    return arith::SelectOp::create(builder, loc, condition, whenTrue, whenFalse);
  }
  Value toFloat(Value bits) { return arith::BitcastOp::create(builder, loc, f32, bits); }
  Value fromFloat(Value value) { return arith::BitcastOp::create(builder, loc, i32, value); }
  Value addFloat(Value lhs, uint32_t rhs) {
    return arith::AddFOp::create(builder, loc, lhs, toFloat(number(rhs)));
  }
  Value mulFloat(Value lhs, uint32_t rhs) {
    return arith::MulFOp::create(builder, loc, lhs, toFloat(number(rhs)));
  }
  Value narrow(Value bits) { return arith::TruncIOp::create(builder, loc, i16, bits); }
  Value widen(Value bits) { return arith::ExtUIOp::create(builder, loc, i32, bits); }

private:
  OpBuilder &builder;
  Location loc;
  Type i16, i32, f32;
};
} // namespace

static constexpr uint32_t magnitudeMask = 0x7fffffff, infinity = 0x7f800000;

/// Adds half of the last place that stays, less one where that place is even.
static Value roundAt(Bits &b, Value bits, uint32_t place) {
  Value odd = b.both(b.right(bits, place), 1);
  return b.right(b.add(b.add(bits, (1u << (place - 1)) - 1), odd), place);
}

static Value packBrainFloat(Bits &b, Value bits) {
  Value isNan = b.above(b.both(bits, magnitudeMask), infinity);
  Value quiet = b.either(b.right(bits, 16), b.number(0x40));
  return b.select(isNan, quiet, roundAt(b, bits, 16));
}

static Value packHalf(Bits &b, Value bits) {
  constexpr uint32_t tooLarge = 0x477fffff, leastNormal = 0x38800000;
  Value magnitude = b.both(bits, magnitudeMask);
  Value special = b.select(b.above(magnitude, infinity), b.number(0x7e00), b.number(0x7c00));
  // Where the last place of the sum is that of the subnormal halves, adding rounds to it.
  constexpr uint32_t half = 0x3f000000;
  Value subnormal = b.add(b.fromFloat(b.addFloat(b.toFloat(magnitude), half)), -half);
  Value normal = roundAt(b, b.add(magnitude, -0x38000000u), 13);
  Value finite = b.select(b.above(magnitude, leastNormal - 1), normal, subnormal);
  Value rounded = b.select(b.above(magnitude, tooLarge), special, finite);
  return b.either(rounded, b.both(b.right(bits, 16), 0x8000));
}

static Value unpackHalf(Bits &b, Value bits) {
  constexpr uint32_t scale = 0x77800000; // 2^112, the ratio of the exponents' biases
  Value magnitude = b.left(b.both(bits, 0x7fff), 13);
  Value finite = b.fromFloat(b.mulFloat(b.toFloat(magnitude), scale));
  Value isSpecial = b.above(magnitude, 0x0f7fffff);
  Value result = b.select(isSpecial, b.either(magnitude, b.number(infinity)), finite);
  return b.either(result, b.left(b.both(bits, 0x8000), 16));
}

Value dlc::packSmallFloat(OpBuilder &builder, Location loc, Value value, Type elementType) {
  Bits b(builder, loc, value.getType());
  Value bits = b.fromFloat(value);
  return b.narrow(elementType.isF16() ? packHalf(b, bits) : packBrainFloat(b, bits));
}

Value dlc::unpackSmallFloat(OpBuilder &builder, Location loc, Value bits, Type elementType) {
  Bits b(builder, loc, bits.getType());
  Value wide = b.widen(bits);
  return b.toFloat(elementType.isF16() ? unpackHalf(b, wide) : b.left(wide, 16));
}
