// Arithmetic on symbolic sizes.
//
// All functions take and return `#dlc.expr` in normal form. A null operand gives a null result, and
// so does a coefficient that leaves 64 bits: callers build whole formulas and test once, before
// they put the result into a type.
#ifndef DLC_IR_EXPR_H
#define DLC_IR_EXPR_H

#include "dlc/IR/Dlc.h"

#include <limits>

namespace dlc {

/// The values that a symbol or an expression may have, both ends included; the least and the
/// largest number where there is no end. Symbols are sizes.
struct SizeRange {
  int64_t min = 0, max = std::numeric_limits<int64_t>::max();
};

ExprAttr operator+(ExprAttr lhs, ExprAttr rhs);
ExprAttr operator-(ExprAttr lhs, ExprAttr rhs);
ExprAttr operator*(ExprAttr lhs, ExprAttr rhs);
ExprAttr operator+(ExprAttr lhs, int64_t rhs);
ExprAttr operator-(ExprAttr lhs, int64_t rhs);
ExprAttr operator*(ExprAttr lhs, int64_t rhs);

mlir::ArrayAttr getArrayAttr(mlir::MLIRContext *context, llvm::ArrayRef<ExprAttr> exprs);

/// 1 where there are no factors.
ExprAttr getProduct(mlir::MLIRContext *context, llvm::ArrayRef<ExprAttr> factors);

/// Quotient and remainder by a positive constant, rounded towards minus infinity.
ExprAttr floorDiv(ExprAttr lhs, int64_t rhs);
ExprAttr mod(ExprAttr lhs, int64_t rhs);
/// The quotient rounded up.
ExprAttr ceilDiv(ExprAttr lhs, int64_t rhs);
ExprAttr minimum(ExprAttr lhs, ExprAttr rhs);
ExprAttr maximum(ExprAttr lhs, ExprAttr rhs);
/// The size of a dim that dims of these two sizes broadcast to: the one that is not 1.
ExprAttr broadcast(ExprAttr lhs, ExprAttr rhs);
/// The same value, of which nobody knows that it is not negative: symbols are sizes but here.
ExprAttr integer(ExprAttr value);

/// The range of an expression whose symbols have these ones: what each call and product of it may
/// be, whatever the others are.
SizeRange getRange(ExprAttr expr, llvm::function_ref<SizeRange(llvm::StringRef)> rangeOf);

/// Whether `expr` is never negative whatever sizes its symbols are.
bool isKnownNonNegative(ExprAttr expr);

/// Whether `expr` is known to be at least 1 where all of its symbols are.
bool isKnownPositive(ExprAttr expr);

/// Whether a dim of size `operand` that broadcasts to one of `result` may be 1 or not, as only the
/// run will know. Where it is not, an index into the result is one into the operand, or the result
/// has no elements.
bool broadcastsAtRunTime(ExprAttr operand, ExprAttr result);

/// `expr` with each symbol replaced by what `valueOf` gives, or kept where that is null.
ExprAttr substitute(ExprAttr expr, llvm::function_ref<ExprAttr(llvm::StringRef)> valueOf);

/// `expr` with each minimum and maximum of two that never cross replaced by the one that it is.
ExprAttr simplify(ExprAttr expr, llvm::function_ref<SizeRange(llvm::StringRef)> rangeOf);

/// Prints `expr` as in types; parses a sum of products, calls and (quoted) symbols.
void printExpr(llvm::raw_ostream &os, ExprAttr expr);
mlir::FailureOr<ExprAttr> parseExpr(mlir::AsmParser &parser);

} // namespace dlc

#endif
