// Normal form: the factors of a term are sorted, terms are sorted and have different factors and
// coefficients other than zero, the constant comes last. Everything is built through `build`, which
// makes it so.

#include "dlc/IR/Expr.h"

#include "llvm/ADT/MapVector.h"
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

ArrayAttr dlc::getArrayAttr(MLIRContext *context, ArrayRef<ExprAttr> exprs) {
  return ArrayAttr::get(context, SmallVector<Attribute>(exprs.begin(), exprs.end()));
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

//===----------------------------------------------------------------------===//
// Ranges
//===----------------------------------------------------------------------===//

namespace {
using RangeOf = function_ref<SizeRange(StringRef)>;
} // namespace

static constexpr int64_t lowest = std::numeric_limits<int64_t>::min(),
                         highest = std::numeric_limits<int64_t>::max();

/// The sum of two ends of ranges, of which `open` is none.
static int64_t addEnds(int64_t lhs, int64_t rhs, int64_t open) {
  int64_t sum;
  if (lhs == open || rhs == open)
    return open;
  return llvm::AddOverflow(lhs, rhs, sum) ? (lhs < 0 ? lowest : highest) : sum;
}

static int64_t multiplyEnds(int64_t lhs, int64_t rhs) {
  auto isOpen = [](int64_t end) { return end == lowest || end == highest; };
  int64_t product;
  if (lhs == 0 || rhs == 0)
    return 0;
  if (isOpen(lhs) || isOpen(rhs) || llvm::MulOverflow(lhs, rhs, product))
    return (lhs < 0) == (rhs < 0) ? highest : lowest;
  return product;
}

static SizeRange getFactorRange(Attribute factor, RangeOf rangeOf) {
  if (auto name = dyn_cast<StringAttr>(factor))
    return rangeOf(name.getValue());
  auto call = cast<CallAttr>(factor);
  if (call.getKind() == CallKind::integer)
    return {lowest, highest};
  SizeRange lhs = getRange(call.getLhs(), rangeOf), rhs = getRange(call.getRhs(), rangeOf);
  auto divide = [&](int64_t end) {
    bool isOpen = end == lowest || end == highest;
    return isOpen ? end : llvm::divideFloorSigned(end, rhs.min);
  };
  switch (call.getKind()) {
  case CallKind::floordiv:
    return {divide(lhs.min), divide(lhs.max)};
  case CallKind::min:
    return {std::min(lhs.min, rhs.min), std::min(lhs.max, rhs.max)};
  case CallKind::max:
    return {std::max(lhs.min, rhs.min), std::max(lhs.max, rhs.max)};
  case CallKind::broadcast:
    return {std::min(lhs.min, rhs.min), std::max(lhs.max, rhs.max)};
  case CallKind::integer:
    break;
  }
  llvm_unreachable("all kinds are handled");
}

SizeRange dlc::getRange(ExprAttr expr, RangeOf rangeOf) {
  SizeRange sum = {0, 0};
  for (const Term &term : getTerms(expr)) {
    SizeRange product = {term.coefficient, term.coefficient};
    for (Attribute factor : term.factors) {
      SizeRange other = getFactorRange(factor, rangeOf);
      auto [least, most] =
          std::minmax({multiplyEnds(product.min, other.min), multiplyEnds(product.min, other.max),
                       multiplyEnds(product.max, other.min), multiplyEnds(product.max, other.max)});
      product = {least, most};
    }
    sum = {addEnds(sum.min, product.min, lowest), addEnds(sum.max, product.max, highest)};
  }
  return sum;
}

bool dlc::isKnownNonNegative(ExprAttr expr) {
  return getRange(expr, [](StringRef) { return SizeRange(); }).min >= 0;
}

//===----------------------------------------------------------------------===//
// Minimum and maximum
//===----------------------------------------------------------------------===//

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

ExprAttr dlc::integer(ExprAttr value) {
  if (!value || value.getConstant())
    return value;
  return call(CallKind::integer, value, ExprAttr::constant(value.getContext(), 0));
}

//===----------------------------------------------------------------------===//
// Broadcasts
//===----------------------------------------------------------------------===//

static bool isKnownNonNegative(Attribute factor) {
  auto call = dyn_cast<CallAttr>(factor);
  return !call || dlc::isKnownNonNegative(build(factor.getContext(), {{1, {factor}}}));
}

/// Whether no growth of a symbol makes `expr` smaller.
static bool isIncreasing(ExprAttr expr) {
  return llvm::all_of(getTerms(expr), [](const Term &term) {
    if (term.factors.empty())
      return true;
    return term.coefficient > 0 && llvm::all_of(term.factors, [&](Attribute factor) {
             auto call = dyn_cast<CallAttr>(factor);
             bool isCallIncreasing =
                 !call ||
                 (call.getKind() != CallKind::broadcast && call.getKind() != CallKind::integer &&
                  isIncreasing(call.getLhs()) && isIncreasing(call.getRhs()));
             return isCallIncreasing && (term.factors.size() == 1 || isKnownNonNegative(factor));
           });
  });
}

bool dlc::isKnownPositive(ExprAttr expr) {
  return isIncreasing(expr) && expr.evaluate([](StringRef) { return 1; }).value_or(0) > 0;
}

namespace {
/// Visits all values of the symbols of an increasing expression at which it is 1.
class OnesVisitor {
public:
  using Lookup = function_ref<std::optional<int64_t>(StringRef)>;

  OnesVisitor(ExprAttr expr, function_ref<bool(Lookup)> test) : expr(expr), test(test) {
    expr.walkSymbols([&](StringRef name) { values.insert({name, 0}); });
  }

  /// Whether all pass the test; false, too, where they are too many to be tried.
  bool allPass(size_t symbol = 0) {
    auto lookup = [&](StringRef name) -> std::optional<int64_t> {
      auto found = values.find(name);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    };
    int64_t &value = (values.begin() + symbol)->second;
    for (value = 0;; ++value) {
      std::optional<int64_t> size = expr.evaluate(lookup);
      if (!size || trials++ == maxTrials)
        return false;
      if (*size > 1) // and so for all larger values
        break;
      bool isLast = symbol + 1 == values.size();
      if (isLast ? *size == 1 && !test(lookup) : !allPass(symbol + 1))
        return false;
    }
    value = 0;
    return true;
  }

private:
  static constexpr int64_t maxTrials = 1000;

  ExprAttr expr;
  function_ref<bool(Lookup)> test;
  llvm::MapVector<StringRef, int64_t> values; ///< those not yet chosen are 0
  int64_t trials = 0;
};
} // namespace

/// Whether a dim of size `expr` is known to be 1 only where one of size `other` is 1, or, with
/// `or_none`, 0.
static bool isOneOnlyWith(ExprAttr expr, ExprAttr other, bool orNone = false) {
  if (expr == other || other.getConstant() == 1)
    return true;
  if (std::optional<int64_t> size = expr.getConstant())
    return *size != 1;
  return isIncreasing(expr) && OnesVisitor(expr, [&](OnesVisitor::Lookup lookup) {
                                 std::optional<int64_t> size = other.evaluate(lookup);
                                 return size == 1 || (orNone && size == 0);
                               }).allPass();
}

/// Adds the sizes that an expression is broadcast from, each once; its own where it is of no
/// broadcast.
static void collectBroadcast(ExprAttr expr, SmallVectorImpl<ExprAttr> &sizes) {
  if (CallAttr call = getCall(expr, CallKind::broadcast)) {
    collectBroadcast(call.getLhs(), sizes);
    collectBroadcast(call.getRhs(), sizes);
  } else if (!llvm::is_contained(sizes, expr)) {
    sizes.push_back(expr);
  }
}

/// Of two sizes that may be broadcast, one that is 1 only where the other is 1 is the result's.
ExprAttr dlc::broadcast(ExprAttr lhs, ExprAttr rhs) {
  if (!lhs || !rhs)
    return {};
  SmallVector<ExprAttr> all, sizes;
  collectBroadcast(lhs, all);
  collectBroadcast(rhs, all);
  for (ExprAttr size : all) {
    if (llvm::any_of(sizes, [&](ExprAttr other) { return isOneOnlyWith(other, size); }))
      continue;
    llvm::erase_if(sizes, [&](ExprAttr other) { return isOneOnlyWith(size, other); });
    sizes.push_back(size);
  }
  llvm::sort(sizes, [](ExprAttr left, ExprAttr right) { return compareExprs(left, right) < 0; });
  ExprAttr result = sizes.front();
  for (ExprAttr size : ArrayRef(sizes).drop_front())
    result = call(CallKind::broadcast, result, size);
  return result;
}

bool dlc::broadcastsAtRunTime(ExprAttr operand, ExprAttr result) {
  return !operand.getConstant() && !isOneOnlyWith(operand, result, /*orNone=*/true);
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
  case CallKind::integer:
    return *lhs;
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

namespace {
/// Builds an expression anew, from the symbols up.
struct Rebuilder {
  function_ref<ExprAttr(StringRef)> valueOf; ///< null: the symbol
  function_ref<ExprAttr(CallKind, ExprAttr, ExprAttr)> buildExtremum = extremum;

  ExprAttr rebuild(ExprAttr expr) {
    ExprAttr sum = ExprAttr::constant(expr.getContext(), 0);
    for (const Term &term : getTerms(expr)) {
      ExprAttr product = ExprAttr::constant(expr.getContext(), term.coefficient);
      for (Attribute factor : term.factors)
        product = product * rebuild(factor);
      sum = sum + product;
    }
    return sum;
  }

  ExprAttr rebuild(Attribute factor) {
    if (auto name = dyn_cast<StringAttr>(factor)) {
      ExprAttr value = valueOf(name.getValue());
      return value ? value : ExprAttr::symbol(factor.getContext(), name.getValue());
    }
    auto call = cast<CallAttr>(factor);
    ExprAttr lhs = rebuild(call.getLhs());
    if (call.getKind() == CallKind::floordiv)
      return floorDiv(lhs, *call.getRhs().getConstant());
    if (call.getKind() == CallKind::integer)
      return integer(lhs);
    ExprAttr rhs = rebuild(call.getRhs());
    if (call.getKind() == CallKind::broadcast)
      return broadcast(lhs, rhs);
    return buildExtremum(call.getKind(), lhs, rhs);
  }
};
} // namespace

ExprAttr dlc::substitute(ExprAttr expr, function_ref<ExprAttr(StringRef)> valueOf) {
  return Rebuilder{valueOf}.rebuild(expr);
}

ExprAttr dlc::simplify(ExprAttr expr, RangeOf rangeOf) {
  auto keep = [](StringRef) { return ExprAttr(); };
  auto choose = [&](CallKind kind, ExprAttr lhs, ExprAttr rhs) {
    ExprAttr difference = lhs - rhs;
    SizeRange range = difference ? getRange(difference, rangeOf) : SizeRange{lowest, highest};
    if (range.min >= 0)
      return kind == CallKind::max ? lhs : rhs;
    if (range.max <= 0)
      return kind == CallKind::max ? rhs : lhs;
    return extremum(kind, lhs, rhs);
  };
  return expr ? Rebuilder{keep, choose}.rebuild(expr) : expr;
}
