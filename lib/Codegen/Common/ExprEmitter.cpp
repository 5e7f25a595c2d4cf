#include "ExprEmitter.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace dlc;

ExprEmitter::ExprEmitter(OpBuilder builder, Location loc, Value symbols, ArrayRef<StringRef> names,
                         Mode mode)
    : builder(builder), loc(loc), symbols(symbols), names(names), checked(mode == Mode::checked) {
  if (checked)
    overflow = LLVM::ConstantOp::create(this->builder, loc, builder.getI1Type(), 0);
}

void ExprEmitter::define(StringRef symbol, Value value) {
  values[StringAttr::get(loc.getContext(), symbol)] = value;
}

Value ExprEmitter::constant(int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, builder.getI64Type(), value);
}

template <typename CheckedOp> Value ExprEmitter::emitChecked(Value lhs, Value rhs) {
  Type i1 = builder.getI1Type();
  Type pair = LLVM::LLVMStructType::getLiteral(builder.getContext(), {lhs.getType(), i1});
  Value both = CheckedOp::create(builder, loc, pair, lhs, rhs);
  Value left = LLVM::ExtractValueOp::create(builder, loc, both, 1);
  overflow = LLVM::OrOp::create(builder, loc, overflow, left);
  return LLVM::ExtractValueOp::create(builder, loc, both, 0);
}

Value ExprEmitter::add(Value lhs, Value rhs) {
  if (checked)
    return emitChecked<LLVM::SAddWithOverflowOp>(lhs, rhs);
  return LLVM::AddOp::create(builder, loc, lhs, rhs);
}

Value ExprEmitter::multiply(Value lhs, Value rhs) {
  if (checked)
    return emitChecked<LLVM::SMulWithOverflowOp>(lhs, rhs);
  return LLVM::MulOp::create(builder, loc, lhs, rhs);
}

/// The divisor is a positive constant, so that the quotient cannot overflow; division rounds
/// towards 0 and is one too large where the remainder is negative.
Value ExprEmitter::emitFloorDiv(Value lhs, Value rhs) {
  Value quotient = LLVM::SDivOp::create(builder, loc, lhs, rhs);
  Value remainder = LLVM::SRemOp::create(builder, loc, lhs, rhs);
  Value negative =
      LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::slt, remainder, constant(0));
  Value correction = LLVM::SExtOp::create(builder, loc, builder.getI64Type(), negative);
  return LLVM::AddOp::create(builder, loc, quotient, correction);
}

FailureOr<Value> ExprEmitter::emitCall(CallAttr call) {
  FailureOr<Value> lhs = emit(call.getLhs()), rhs = emit(call.getRhs());
  if (failed(lhs) || failed(rhs))
    return failure();
  switch (call.getKind()) {
  case CallKind::floordiv:
    return emitFloorDiv(*lhs, *rhs);
  case CallKind::min:
    return Value(LLVM::SMinOp::create(builder, loc, *lhs, *rhs));
  case CallKind::max:
    return Value(LLVM::SMaxOp::create(builder, loc, *lhs, *rhs));
  case CallKind::broadcast: {
    Value isOne = LLVM::ICmpOp::create(builder, loc, LLVM::ICmpPredicate::eq, *lhs, constant(1));
    return Value(LLVM::SelectOp::create(builder, loc, isOne, *rhs, *lhs));
  }
  case CallKind::integer:
    return *lhs;
  }
  llvm_unreachable("all kinds are handled");
}

FailureOr<Value> ExprEmitter::emitFactor(Attribute factor) {
  if (Value known = values.lookup(factor))
    return known;
  FailureOr<Value> value = failure();
  if (auto call = dyn_cast<CallAttr>(factor)) {
    value = emitCall(call);
  } else {
    StringRef name = cast<StringAttr>(factor).getValue();
    const StringRef *found = llvm::find(names, name);
    if (found == names.end())
      return emitError(loc, "expected a symbol of the signature, found '") << name << "'";
    auto index = static_cast<int32_t>(found - names.begin());
    Type pointer = LLVM::LLVMPointerType::get(builder.getContext());
    Value address =
        LLVM::GEPOp::create(builder, loc, pointer, builder.getI64Type(), symbols,
                            ArrayRef<LLVM::GEPArg>{index}, LLVM::GEPNoWrapFlags::inbounds);
    value = Value(LLVM::LoadOp::create(builder, loc, builder.getI64Type(), address, 8));
  }
  if (succeeded(value))
    values[factor] = *value;
  return value;
}

FailureOr<Value> ExprEmitter::emit(ExprAttr expr) {
  if (Value known = values.lookup(expr))
    return known;
  Value sum;
  ArrayRef<Attribute> factors = expr.getFactors();
  for (auto [coefficient, degree] : llvm::zip_equal(expr.getCoefficients(), expr.getDegrees())) {
    Value term = coefficient == 1 && degree != 0 ? Value() : constant(coefficient);
    for (Attribute factor : factors.take_front(degree)) {
      FailureOr<Value> value = emitFactor(factor);
      if (failed(value))
        return failure();
      term = term ? multiply(term, *value) : *value;
    }
    factors = factors.drop_front(degree);
    sum = sum ? add(sum, term) : term;
  }
  values[expr] = sum ? sum : constant(0);
  return values[expr];
}
