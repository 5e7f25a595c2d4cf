// Short forms of arithmetic on scalars or vectors of one float type.
#ifndef DLC_LIB_CODEGEN_COMMON_FLOATBUILDER_H
#define DLC_LIB_CODEGEN_COMMON_FLOATBUILDER_H

#include "dlc/IR/Dlc.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace dlc {

class FloatBuilder {
public:
  /// `type` is f32 or f64, or a vector of them; `hasFma` where the target multiplies and adds in
  /// one step, with one rounding.
  FloatBuilder(mlir::ImplicitLocOpBuilder &b, mlir::Type type, bool hasFma = false)
      : b(b), type(type),
        bits(getWithElement(
            type, b.getIntegerType(mlir::getElementTypeOrSelf(type).getIntOrFloatBitWidth()))),
        hasFma(hasFma) {}

  mlir::Value fill(double value) { return createFill(b, b.getLoc(), type, value); }
  mlir::Value add(mlir::Value lhs, mlir::Value rhs) {
    return create<mlir::arith::AddFOp>(lhs, rhs);
  }
  mlir::Value sub(mlir::Value lhs, mlir::Value rhs) {
    return create<mlir::arith::SubFOp>(lhs, rhs);
  }
  mlir::Value mul(mlir::Value lhs, mlir::Value rhs) {
    return create<mlir::arith::MulFOp>(lhs, rhs);
  }
  mlir::Value div(mlir::Value lhs, mlir::Value rhs) {
    return create<mlir::arith::DivFOp>(lhs, rhs);
  }
  mlir::Value fma(mlir::Value lhs, mlir::Value rhs, mlir::Value sum) {
    return hasFma ? create<mlir::math::FmaOp>(lhs, rhs, sum) : add(mul(lhs, rhs), sum);
  }
  mlir::Value neg(mlir::Value x) { return create<mlir::arith::NegFOp>(x); }
  mlir::Value abs(mlir::Value x) { return create<mlir::math::AbsFOp>(x); }
  mlir::Value sqrt(mlir::Value x) { return create<mlir::math::SqrtOp>(x); }
  mlir::Value round(mlir::Value x) { return create<mlir::math::RoundEvenOp>(x); }
  mlir::Value withSign(mlir::Value size, mlir::Value sign) {
    return create<mlir::math::CopySignOp>(size, sign);
  }
  mlir::Value is(mlir::arith::CmpFPredicate predicate, mlir::Value lhs, mlir::Value rhs) {
    return create<mlir::arith::CmpFOp>(predicate, lhs, rhs);
  }
  mlir::Value is(mlir::arith::CmpFPredicate predicate, mlir::Value x, double bound) {
    return is(predicate, x, fill(bound));
  }
  mlir::Value select(mlir::Value condition, mlir::Value lhs, mlir::Value rhs) {
    return create<mlir::arith::SelectOp>(condition, lhs, rhs);
  }
  /// The highest coefficient comes first.
  mlir::Value polynomial(llvm::ArrayRef<double> coefficients, mlir::Value x) {
    mlir::Value sum = fill(coefficients.front());
    for (double coefficient : coefficients.drop_front())
      sum = fma(sum, x, fill(coefficient));
    return sum;
  }
  mlir::Value oddPolynomial(llvm::ArrayRef<double> coefficients, mlir::Value x) {
    return mul(x, polynomial(coefficients, mul(x, x)));
  }

  /// Integers of as many bits as the floats have.
  mlir::Value fillBits(int64_t value) {
    mlir::TypedAttr attr = b.getIntegerAttr(mlir::getElementTypeOrSelf(bits), value);
    if (auto vector = llvm::dyn_cast<mlir::VectorType>(bits))
      attr = mlir::DenseElementsAttr::get(vector, llvm::ArrayRef<mlir::Attribute>(attr));
    return mlir::arith::ConstantOp::create(b, bits, attr);
  }
  mlir::Value asBits(mlir::Value x) { return mlir::arith::BitcastOp::create(b, bits, x); }
  mlir::Value asFloat(mlir::Value x) { return mlir::arith::BitcastOp::create(b, type, x); }
  mlir::Value addBits(mlir::Value lhs, mlir::Value rhs) {
    return create<mlir::arith::AddIOp>(lhs, rhs);
  }
  mlir::Value subBits(mlir::Value lhs, mlir::Value rhs) {
    return create<mlir::arith::SubIOp>(lhs, rhs);
  }
  mlir::Value shiftUp(mlir::Value x, int64_t places) {
    return create<mlir::arith::ShLIOp>(x, fillBits(places));
  }
  mlir::Value shiftDown(mlir::Value x, int64_t places) {
    return create<mlir::arith::ShRSIOp>(x, fillBits(places));
  }

protected:
  template <typename Op, typename... Args> mlir::Value create(Args &&...args) {
    return Op::create(b, std::forward<Args>(args)...);
  }

  mlir::ImplicitLocOpBuilder &b;
  mlir::Type type, bits;

private:
  bool hasFma;
};

} // namespace dlc

#endif
