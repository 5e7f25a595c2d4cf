#include "ScalarConversion.h"

#include "dlc/IR/SmallFloats.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace dlc;

bool dlc::isFloat(Type elementType) {
  return elementType.isF16() || elementType.isBF16() || elementType.isF32() || elementType.isF64();
}

bool dlc::isInteger(Type elementType) {
  auto integer = dyn_cast<IntegerType>(elementType);
  return integer && llvm::is_contained({8u, 16u, 32u, 64u}, integer.getWidth());
}

bool dlc::isSignedNumber(Type elementType) {
  return isFloat(elementType) || (isInteger(elementType) && !elementType.isUnsignedInteger());
}

bool dlc::isNumber(Type elementType) { return isFloat(elementType) || isInteger(elementType); }

bool dlc::isBool(Type elementType) { return elementType.isInteger(1); }

bool dlc::isBits(Type elementType) { return isInteger(elementType) || isBool(elementType); }

Type dlc::getScalarType(Type elementType) {
  if (elementType.isF16() || elementType.isBF16() || elementType.isTF32())
    return Float32Type::get(elementType.getContext());
  if (auto integer = dyn_cast<IntegerType>(elementType))
    return IntegerType::get(elementType.getContext(), integer.getWidth());
  return elementType;
}

Type dlc::getStoredType(Type elementType) {
  if (elementType.isF32() || elementType.isF64())
    return elementType;
  if (elementType.isTF32())
    return Float32Type::get(elementType.getContext());
  unsigned width = elementType.getIntOrFloatBitWidth();
  return IntegerType::get(elementType.getContext(), width == 1 ? 8 : width);
}

Type dlc::getWithElement(Type type, Type elementType) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(elementType);
  return elementType;
}

static Value convertIntToFloat(OpBuilder &builder, Location loc, Value value, Type from, Type to) {
  if (from.isUnsignedInteger() || isBool(from))
    return arith::UIToFPOp::create(builder, loc, to, value);
  return arith::SIToFPOp::create(builder, loc, to, value);
}

static Value convertIntToInt(OpBuilder &builder, Location loc, Value value, Type from, Type to) {
  unsigned fromWidth = from.getIntOrFloatBitWidth();
  unsigned toWidth = getElementTypeOrSelf(to).getIntOrFloatBitWidth();
  if (fromWidth == toWidth)
    return value;
  if (fromWidth > toWidth)
    return arith::TruncIOp::create(builder, loc, to, value);
  if (from.isUnsignedInteger() || isBool(from))
    return arith::ExtUIOp::create(builder, loc, to, value);
  return arith::ExtSIOp::create(builder, loc, to, value);
}

/// Narrow integers are cut off a wider one, which also holds what is just out of their range.
static Value convertFloatToInt(OpBuilder &builder, Location loc, Value value, Type element,
                               Type to) {
  unsigned width = element.getIntOrFloatBitWidth();
  if (element.isUnsignedInteger(64))
    return arith::FPToUIOp::create(builder, loc, to, value);
  unsigned wideWidth = width < 32 ? 32 : element.isUnsignedInteger() ? 64 : width;
  Type wide = getWithElement(to, builder.getIntegerType(wideWidth));
  Value number = arith::FPToSIOp::create(builder, loc, wide, value);
  return wide == to ? number : arith::TruncIOp::create(builder, loc, to, number).getResult();
}

static Value convertFloatToFloat(OpBuilder &builder, Location loc, Value value, Type to) {
  unsigned from = getElementTypeOrSelf(value).getIntOrFloatBitWidth();
  unsigned width = getElementTypeOrSelf(to).getIntOrFloatBitWidth();
  if (from < width)
    return arith::ExtFOp::create(builder, loc, to, value);
  if (from > width)
    return arith::TruncFOp::create(builder, loc, to, value);
  return value;
}

Value dlc::convertScalar(OpBuilder &builder, Location loc, Value value, Type from, Type to) {
  if (from == to)
    return value;
  bool fromFloat = isFloat(from);
  Type scalar = getWithElement(value.getType(), getScalarType(to));
  if (isBool(to)) {
    Value zero = createFill(builder, loc, value.getType(), 0);
    if (fromFloat)
      return arith::CmpFOp::create(builder, loc, arith::CmpFPredicate::UNE, value, zero);
    return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::ne, value, zero);
  }
  if (isNumber(to) && !isFloat(to))
    return fromFloat ? convertFloatToInt(builder, loc, value, to, scalar)
                     : convertIntToInt(builder, loc, value, from, scalar);
  Value real = fromFloat ? convertFloatToFloat(builder, loc, value, scalar)
                         : convertIntToFloat(builder, loc, value, from, scalar);
  if (to.isF16() || to.isBF16())
    return unpackSmallFloat(builder, loc, packSmallFloat(builder, loc, real, to), to);
  return real;
}
