// Normal form: the factors of a term are sorted, terms are sorted and have different factors and
// coefficients other than zero, the constant comes last. Everything is built through `build`, which
// makes it so.

#include "dlc/IR/Expr.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

#include <numeric>

using namespace mlir;
using namespace dlc;

namespace {
struct Term {
  int64_t coefficient;
  SmallVector<Attribute, 2> factors;
};
using Terms = SmallVector<Term, 4>;
} // namespace

static Terms getTerms(ExprAttr expr) {
  Terms terms;
  ArrayRef<Attribute> factors = expr.getFactors();
  for (auto [coefficient, degree] : llvm::zip_equal(expr.getCoefficients(), expr.getDegrees())) {
    terms.push_back({coefficient, llvm::to_vector<2>(factors.take_front(degree))});
    factors = factors.drop_front(degree);
  }
  return terms;
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

static int compareExprs(ExprAttr lhs, ExprAttr rhs);

/// Symbols by name, then calls by kind and operands: never by address, so that text and artifacts
/// are reproducible.
static int compareFactors(Attribute lhs, Attribute rhs) {
  if (lhs == rhs)
    return 0;
  auto lhsCall = dyn_cast<CallAttr>(lhs), rhsCall = dyn_cast<CallAttr>(rhs);
  if (!lhsCall && !rhsCall)
    return cast<StringAttr>(lhs).getValue().compare(cast<StringAttr>(rhs).getValue());
  if (!lhsCall || !rhsCall)
    return lhsCall ? 1 : -1;
  if (lhsCall.getKind() != rhsCall.getKind())
    return lhsCall.getKind() < rhsCall.getKind() ? -1 : 1;
  if (int order = compareExprs(lhsCall.getLhs(), rhsCall.getLhs()))
    return order;
  return compareExprs(lhsCall.getRhs(), rhsCall.getRhs());
}

/// Higher degrees first, the constant last.
static int compareFactorLists(ArrayRef<Attribute> lhs, ArrayRef<Attribute> rhs) {
  if (lhs.size() != rhs.size())
    return lhs.size() > rhs.size() ? -1 : 1;
  for (auto [l, r] : llvm::zip(lhs, rhs))
    if (int order = compareFactors(l, r))
      return order;
  return 0;
}

static int compareExprs(ExprAttr lhs, ExprAttr rhs) {
  if (lhs == rhs)
    return 0;
  Terms lhsTerms = getTerms(lhs), rhsTerms = getTerms(rhs);
  for (auto [l, r] : llvm::zip(lhsTerms, rhsTerms)) {
    if (int order = compareFactorLists(l.factors, r.factors))
      return order;
    if (l.coefficient != r.coefficient)
      return l.coefficient < r.coefficient ? -1 : 1;
  }
  return lhsTerms.size() < rhsTerms.size() ? -1 : 1;
}

//===----------------------------------------------------------------------===//
// Construction
//===----------------------------------------------------------------------===//

static ExprAttr build(MLIRContext *context, Terms terms) {
  for (Term &term : terms)
    llvm::sort(term.factors, [](Attribute l, Attribute r) { return compareFactors(l, r) < 0; });
  llvm::sort(terms, [](const Term &l, const Term &r) {
    return compareFactorLists(l.factors, r.factors) < 0;
  });
  SmallVector<int64_t, 4> coefficients, degrees;
  SmallVector<Attribute, 4> factors;
  for (size_t begin = 0, end; begin != terms.size(); begin = end) {
    int64_t coefficient = 0;
    for (end = begin; end != terms.size() && terms[end].factors == terms[begin].factors; ++end)
      if (llvm::AddOverflow(coefficient, terms[end].coefficient, coefficient))
        return {};
    if (coefficient == 0)
      continue;
    coefficients.push_back(coefficient);
    degrees.push_back(terms[begin].factors.size());
    llvm::append_range(factors, terms[begin].factors);
  }
  return ExprAttr::get(context, coefficients, degrees, factors);
}

ExprAttr ExprAttr::constant(MLIRContext *context, int64_t value) {
  return build(context, {{value, {}}});
}

ExprAttr ExprAttr::symbol(MLIRContext *context, StringRef name) {
  return build(context, {{1, {StringAttr::get(context, name)}}});
}

static ExprAttr call(CallKind kind, ExprAttr lhs, ExprAttr rhs) {
  MLIRContext *context = lhs.getContext();
  return build(context, {{1, {CallAttr::get(context, kind, lhs, rhs)}}});
}

ExprAttr dlc::operator+(ExprAttr lhs, ExprAttr rhs) {
  if (!lhs || !rhs)
    return {};
  Terms terms = getTerms(lhs);
  llvm::append_range(terms, getTerms(rhs));
  return build(lhs.getContext(), std::move(terms));
}

ExprAttr dlc::operator*(ExprAttr lhs, ExprAttr rhs) {
  if (!lhs || !rhs)
    return {};
  Terms terms, rhsTerms = getTerms(rhs);
  for (const Term &l : getTerms(lhs))
    for (const Term &r : rhsTerms) {
      Term product{0, l.factors};
      if (llvm::MulOverflow(l.coefficient, r.coefficient, product.coefficient))
        return {};
      llvm::append_range(product.factors, r.factors);
      terms.push_back(std::move(product));
    }
  return build(lhs.getContext(), std::move(terms));
}

ExprAttr dlc::operator-(ExprAttr lhs, ExprAttr rhs) { return lhs + rhs * -1; }

ExprAttr dlc::operator+(ExprAttr lhs, int64_t rhs) {
  return lhs ? lhs + ExprAttr::constant(lhs.getContext(), rhs) : lhs;
}
ExprAttr dlc::operator-(ExprAttr lhs, int64_t rhs) {
  return lhs ? lhs - ExprAttr::constant(lhs.getContext(), rhs) : lhs;
}
ExprAttr dlc::operator*(ExprAttr lhs, int64_t rhs) {
  return lhs ? lhs * ExprAttr::constant(lhs.getContext(), rhs) : lhs;
}

ExprAttr dlc::getProduct(MLIRContext *context, ArrayRef<ExprAttr> factors) {
  ExprAttr product = ExprAttr::constant(context, 1);
  for (ExprAttr factor : factors)
    product = product * factor;
  return product;
}

/// The operands of an expression that is one call of this kind and nothing else.
static CallAttr getCall(ExprAttr expr, CallKind kind) {
  if (expr.getCoefficients() != ArrayRef<int64_t>{1} || expr.getFactors().size() != 1)
    return {};
  auto call = dyn_cast<CallAttr>(expr.getFactors().front());
  return call && call.getKind() == kind ? call : CallAttr();
}

/// Takes out all whole multiples of the divisor, then common factors of what is left: the normal
/// form of a quotient.
ExprAttr dlc::floorDiv(ExprAttr lhs, int64_t rhs) {
  assert(rhs > 0 && "divisors are positive");
  if (!lhs || rhs == 1)
    return lhs;
  MLIRContext *context = lhs.getContext();
  Terms whole, rest;
  for (const Term &term : getTerms(lhs)) {
    int64_t quotient = llvm::divideFloorSigned(term.coefficient, rhs);
    whole.push_back({quotient, term.factors});
    rest.push_back({term.coefficient - quotient * rhs, term.factors});
  }
  ExprAttr remainder = build(context, rest), quotient = build(context, whole);
  if (remainder.getConstant()) // in [0, rhs)
    return quotient;
  int64_t common = rhs;
  for (const Term &term : getTerms(remainder))
    if (!term.factors.empty())
      common = std::gcd(common, term.coefficient);
  Terms reduced = getTerms(remainder);
  for (Term &term : reduced)
    term.coefficient = llvm::divideFloorSigned(term.coefficient, common);
  remainder = build(context, std::move(reduced));
  rhs /= common;
  if (rhs == 1)
    return quotient + remainder;
  if (CallAttr inner = getCall(remainder, CallKind::floordiv)) {
    int64_t product;
    if (llvm::MulOverflow(rhs, *inner.getRhs().getConstant(), product))
      return {};
    return quotient + floorDiv(inner.getLhs(), product);
  }
  return quotient + call(CallKind::floordiv, remainder, ExprAttr::constant(context, rhs));
}

ExprAttr dlc::mod(ExprAttr lhs, int64_t rhs) { return lhs - floorDiv(lhs, rhs) * rhs; }

ExprAttr dlc::ceilDiv(ExprAttr lhs, int64_t rhs) { return floorDiv(lhs + (rhs - 1), rhs); }

/// `expr` as a numerator over the divisor of its one quotient: a + floordiv(b, c) is (a*c + b) / c,
/// rounded down. A null numerator where it is no such sum.
static std::pair<ExprAttr, int64_t> getFraction(ExprAttr expr) {
  CallAttr quotient;
  for (const Term &term : getTerms(expr))
    for (Attribute factor : term.factors)
      if (auto call = dyn_cast<CallAttr>(factor)) {
        if (quotient || call.getKind() != CallKind::floordiv || term.coefficient != 1 ||
            term.factors.size() != 1)
          return {};
        quotient = call;
      }
  if (!quotient)
    return {};
  ExprAttr whole = expr - build(expr.getContext(), {{1, {quotient}}});
  int64_t divisor = *quotient.getRhs().getConstant();
  return {whole * divisor + quotient.getLhs(), divisor};
}

bool dlc::isKnownNonNegative(ExprAttr expr) {
  return llvm::all_of(expr.getCoefficients(), [](int64_t c) { return c >= 0; }) &&
         llvm::all_of(expr.getFactors(), [](Attribute factor) {
           auto call = dyn_cast<CallAttr>(factor);
           if (!call)
             return true;
           bool left = isKnownNonNegative(call.getLhs());
           if (call.getKind() == CallKind::floordiv)
             return left;
           bool right = isKnownNonNegative(call.getRhs());
           return call.getKind() == CallKind::max ? left || right : left && right;
         });
}

static ExprAttr extremum(CallKind kind, ExprAttr lhs, ExprAttr rhs) {
  if (!lhs || !rhs)
    return {};
  if (ExprAttr difference = lhs - rhs)
    if (std::optional<int64_t> value = difference.getConstant())
      return (*value < 0) == (kind == CallKind::min) ? lhs : rhs;
  if (lhs.getConstant() == 0)
    std::swap(lhs, rhs);
  if (rhs.getConstant() == 0 && isKnownNonNegative(lhs))
    return kind == CallKind::min ? rhs : lhs;
  // Rounding down keeps order: of two quotients with one divisor, that of the larger numerator is
  // the larger.
  auto [lhsNumerator, lhsDivisor] = getFraction(lhs);
  auto [rhsNumerator, rhsDivisor] = getFraction(rhs);
  if (lhsNumerator && rhsNumerator && lhsDivisor == rhsDivisor)
    if (ExprAttr difference = lhsNumerator - rhsNumerator; difference && difference.getConstant())
      return floorDiv(extremum(kind, lhsNumerator, rhsNumerator), lhsDivisor);
  if (compareExprs(lhs, rhs) > 0)
    std::swap(lhs, rhs);
  return call(kind, lhs, rhs);
}

ExprAttr dlc::minimum(ExprAttr lhs, ExprAttr rhs) { return extremum(CallKind::min, lhs, rhs); }
ExprAttr dlc::maximum(ExprAttr lhs, ExprAttr rhs) { return extremum(CallKind::max, lhs, rhs); }

static bool shareSymbol(ExprAttr lhs, ExprAttr rhs) {
  bool shared = false;
  lhs.walkSymbols(
      [&](StringRef left) { rhs.walkSymbols([&](StringRef right) { shared |= left == right; }); });
  return shared;
}

/// Adds the sizes that an expression is broadcast from, each once; its own where it is of no
/// broadcast.
static void collectBroadcast(ExprAttr expr, SmallVectorImpl<ExprAttr> &sizes) {
  if (CallAttr call = getCall(expr, CallKind::broadcast)) {
    collectBroadcast(call.getLhs(), sizes);
    collectBroadcast(call.getRhs(), sizes);
  } else if (expr.getConstant() != 1 && !llvm::is_contained(sizes, expr)) {
    sizes.push_back(expr);
  }
}

ExprAttr dlc::broadcast(ExprAttr lhs, ExprAttr rhs) {
  if (!lhs || !rhs)
    return {};
  SmallVector<ExprAttr> all, sizes;
  collectBroadcast(lhs, all);
  collectBroadcast(rhs, all);
  for (ExprAttr size : all) {
    if (size.getConstant())
      return size;
    // Sizes of one symbol, as H and 2 * floordiv(H, 2), are meant to be equal.
    if (llvm::none_of(sizes, [&](ExprAttr other) { return shareSymbol(size, other); }))
      sizes.push_back(size);
  }
  if (sizes.empty())
    return ExprAttr::constant(lhs.getContext(), 1);
  llvm::sort(sizes, [](ExprAttr left, ExprAttr right) { return compareExprs(left, right) < 0; });
  ExprAttr result = sizes.front();
  for (ExprAttr size : ArrayRef(sizes).drop_front())
    result = call(CallKind::broadcast, result, size);
  return result;
}

bool dlc::broadcastsAtRunTime(ExprAttr operand, ExprAttr result) {
  if (operand == result || operand.getConstant())
    return false;
  if (!shareSymbol(operand, result))
    return true;
  return llvm::any_of(result.getFactors(), [](Attribute factor) {
    auto call = dyn_cast<CallAttr>(factor);
    return call && call.getKind() == CallKind::broadcast;
  });
}

//===----------------------------------------------------------------------===//
// Queries
//===----------------------------------------------------------------------===//

std::optional<int64_t> ExprAttr::getConstant() const {
  if (getCoefficients().empty())
    return 0;
  if (getFactors().empty())
    return getCoefficients().front();
  return std::nullopt;
}

std::optional<StringRef> ExprAttr::getSymbol() const {
  if (getCoefficients() != ArrayRef<int64_t>{1} || getFactors().size() != 1)
    return std::nullopt;
  if (auto name = dyn_cast<StringAttr>(getFactors().front()))
    return name.getValue();
  return std::nullopt;
}

void ExprAttr::walkSymbols(function_ref<void(StringRef)> visit) const {
  for (Attribute factor : getFactors()) {
    if (auto name = dyn_cast<StringAttr>(factor)) {
      visit(name.getValue());
    } else {
      cast<CallAttr>(factor).getLhs().walkSymbols(visit);
      cast<CallAttr>(factor).getRhs().walkSymbols(visit);
    }
  }
}

static std::optional<int64_t>
evaluateFactor(Attribute factor, function_ref<std::optional<int64_t>(StringRef)> valueOf) {
  if (auto name = dyn_cast<StringAttr>(factor))
    return valueOf(name.getValue());
  auto call = cast<CallAttr>(factor);
  std::optional<int64_t> lhs = call.getLhs().evaluate(valueOf);
  std::optional<int64_t> rhs = call.getRhs().evaluate(valueOf);
  if (!lhs || !rhs)
    return std::nullopt;
  switch (call.getKind()) {
  case CallKind::floordiv:
    return llvm::divideFloorSigned(*lhs, *rhs);
  case CallKind::min:
    return std::min(*lhs, *rhs);
  case CallKind::max:
    return std::max(*lhs, *rhs);
  case CallKind::broadcast:
    return *lhs == 1 ? *rhs : *lhs;
  }
  llvm_unreachable("all kinds are handled");
}

std::optional<int64_t>
ExprAttr::evaluate(function_ref<std::optional<int64_t>(StringRef)> valueOf) const {
  int64_t sum = 0;
  for (const Term &term : getTerms(*this)) {
    int64_t product = term.coefficient;
    for (Attribute factor : term.factors) {
      std::optional<int64_t> value = evaluateFactor(factor, valueOf);
      if (!value || llvm::MulOverflow(product, *value, product))
        return std::nullopt;
    }
    if (llvm::AddOverflow(sum, product, sum))
      return std::nullopt;
  }
  return sum;
}

static ExprAttr substituteFactor(Attribute factor, function_ref<ExprAttr(StringRef)> valueOf) {
  if (auto name = dyn_cast<StringAttr>(factor)) {
    ExprAttr value = valueOf(name.getValue());
    return value ? value : ExprAttr::symbol(factor.getContext(), name.getValue());
  }
  auto call = cast<CallAttr>(factor);
  ExprAttr lhs = substitute(call.getLhs(), valueOf);
  if (call.getKind() == CallKind::floordiv)
    return floorDiv(lhs, *call.getRhs().getConstant());
  ExprAttr rhs = substitute(call.getRhs(), valueOf);
  if (call.getKind() == CallKind::broadcast)
    return broadcast(lhs, rhs);
  return extremum(call.getKind(), lhs, rhs);
}

ExprAttr dlc::substitute(ExprAttr expr, function_ref<ExprAttr(StringRef)> valueOf) {
  ExprAttr sum = ExprAttr::constant(expr.getContext(), 0);
  for (const Term &term : getTerms(expr)) {
    ExprAttr product = ExprAttr::constant(expr.getContext(), term.coefficient);
    for (Attribute factor : term.factors)
      product = product * substituteFactor(factor, valueOf);
    sum = sum + product;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// Whether the parser of types and expressions reads `name` as a symbol and nothing else.
static bool isPlainSymbol(StringRef name) {
  if (name.empty() || !(llvm::isAlpha(name[0]) || name[0] == '_') ||
      !llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
    return false;
  static constexpr StringRef reserved[] = {
      "x",     "floordiv", "min",    "max",    "broadcast", "index", "none", "complex",
      "tuple", "vector",   "memref", "tensor", "bf16",      "tf32",  "true", "false"};
  if (llvm::is_contained(reserved, name))
    return false;
  for (StringRef prefix : {"f", "i", "si", "ui"}) // f32, i64, f8E4M3 ...
    if (name.starts_with(prefix) && name.size() > prefix.size() &&
        llvm::isDigit(name[prefix.size()]))
      return false;
  return true;
}

static void printFactor(raw_ostream &os, Attribute factor) {
  if (auto name = dyn_cast<StringAttr>(factor)) {
    if (isPlainSymbol(name.getValue())) {
      os << name.getValue();
    } else {
      os << '"';
      llvm::printEscapedString(name.getValue(), os);
      os << '"';
    }
    return;
  }
  auto call = cast<CallAttr>(factor);
  os << stringifyCallKind(call.getKind()) << '(';
  printExpr(os, call.getLhs());
  os << ", ";
  printExpr(os, call.getRhs());
  os << ')';
}

void dlc::printExpr(raw_ostream &os, ExprAttr expr) {
  Terms terms = getTerms(expr);
  if (terms.empty())
    os << '0';
  for (auto [index, term] : llvm::enumerate(terms)) {
    bool negative = index != 0 && term.coefficient < 0;
    if (index != 0)
      os << (negative ? " - " : " + ");
    // -2^63 has no absolute value; the sum reads the same with its own sign.
    APInt magnitude(64, term.coefficient, true);
    bool showOne = term.factors.empty() || (!negative && term.coefficient == -1);
    if (negative)
      magnitude = magnitude.abs();
    if (showOne || !magnitude.isOne()) {
      magnitude.print(os, /*isSigned=*/!negative);
      if (!term.factors.empty())
        os << '*';
    }
    llvm::interleave(term.factors, os, [&](Attribute factor) { printFactor(os, factor); }, "*");
  }
}

std::string ExprAttr::str() const {
  std::string text;
  llvm::raw_string_ostream os(text);
  printExpr(os, *this);
  return text;
}

static FailureOr<ExprAttr> parseFactor(AsmParser &parser) {
  MLIRContext *context = parser.getContext();
  SMLoc loc = parser.getCurrentLocation();
  int64_t value;
  if (OptionalParseResult result = parser.parseOptionalInteger(value); result.has_value()) {
    if (failed(*result))
      return failure();
    return ExprAttr::constant(context, value);
  }
  std::string name;
  if (succeeded(parser.parseOptionalString(&name)))
    return ExprAttr::symbol(context, name);
  StringRef keyword;
  if (failed(parser.parseOptionalKeyword(&keyword)))
    return parser.emitError(loc, "expected a number, a symbol or a call"), failure();
  if (failed(parser.parseOptionalLParen()))
    return ExprAttr::symbol(context, keyword);
  std::optional<CallKind> kind = symbolizeCallKind(keyword);
  if (!kind)
    return parser.emitError(loc, "expected floordiv, min, max or broadcast before '('"), failure();
  FailureOr<ExprAttr> lhs = parseExpr(parser);
  if (failed(lhs) || parser.parseComma())
    return failure();
  FailureOr<ExprAttr> rhs = parseExpr(parser);
  if (failed(rhs) || parser.parseRParen())
    return failure();
  if (*kind == CallKind::broadcast)
    return broadcast(*lhs, *rhs);
  if (*kind != CallKind::floordiv)
    return extremum(*kind, *lhs, *rhs);
  std::optional<int64_t> divisor = rhs->getConstant();
  if (!divisor || *divisor <= 0)
    return parser.emitError(loc, "expected a positive constant as divisor"), failure();
  return floorDiv(*lhs, *divisor);
}

static FailureOr<ExprAttr> parseTerm(AsmParser &parser) {
  FailureOr<ExprAttr> term = parseFactor(parser);
  while (succeeded(term) && succeeded(parser.parseOptionalStar())) {
    FailureOr<ExprAttr> factor = parseFactor(parser);
    if (failed(factor))
      return failure();
    term = *term * *factor;
  }
  return term;
}

FailureOr<ExprAttr> dlc::parseExpr(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  FailureOr<ExprAttr> sum = parseTerm(parser);
  while (succeeded(sum)) {
    bool plus = succeeded(parser.parseOptionalPlus());
    if (!plus && failed(parser.parseOptionalMinus()))
      break;
    FailureOr<ExprAttr> term = parseTerm(parser);
    if (failed(term))
      return failure();
    sum = plus ? *sum + *term : *sum - *term;
  }
  if (succeeded(sum) && !*sum)
    return parser.emitError(loc, "expression leaves 64 bits"), failure();
  return sum;
}
