// Symbolic sizes as text.

#include "dlc/IR/Expr.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace dlc;

/// Whether the parser of types and expressions reads `name` as a symbol and nothing else.
static bool isPlainSymbol(StringRef name) {
  if (name.empty() || !(llvm::isAlpha(name[0]) || name[0] == '_') ||
      !llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
    return false;
  static constexpr StringRef reserved[] = {
      "x",     "floordiv", "min",    "max",    "broadcast", "integer", "index", "none", "complex",
      "tuple", "vector",   "memref", "tensor", "bf16",      "tf32",    "true",  "false"};
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
  if (call.getKind() != CallKind::integer) {
    os << ", ";
    printExpr(os, call.getRhs());
  }
  os << ')';
}

void dlc::printExpr(raw_ostream &os, ExprAttr expr) {
  if (expr.getCoefficients().empty())
    os << '0';
  ArrayRef<Attribute> rest = expr.getFactors();
  for (auto [index, coefficient] : llvm::enumerate(expr.getCoefficients())) {
    ArrayRef<Attribute> factors = rest.take_front(expr.getDegrees()[index]);
    rest = rest.drop_front(factors.size());
    bool negative = index != 0 && coefficient < 0;
    if (index != 0)
      os << (negative ? " - " : " + ");
    // -2^63 has no absolute value; the sum reads the same with its own sign.
    APInt magnitude(64, coefficient, true);
    bool showOne = factors.empty() || (!negative && coefficient == -1);
    if (negative)
      magnitude = magnitude.abs();
    if (showOne || !magnitude.isOne()) {
      magnitude.print(os, /*isSigned=*/!negative);
      if (!factors.empty())
        os << '*';
    }
    llvm::interleave(factors, os, [&](Attribute factor) { printFactor(os, factor); }, "*");
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
    return parser.emitError(loc, "expected floordiv, min, max, broadcast or integer before '('"),
           failure();
  FailureOr<ExprAttr> lhs = parseExpr(parser);
  if (succeeded(lhs) && *kind == CallKind::integer)
    return parser.parseRParen() ? FailureOr<ExprAttr>() : integer(*lhs);
  if (failed(lhs) || parser.parseComma())
    return failure();
  FailureOr<ExprAttr> rhs = parseExpr(parser);
  if (failed(rhs) || parser.parseRParen())
    return failure();
  if (*kind == CallKind::broadcast)
    return broadcast(*lhs, *rhs);
  if (*kind == CallKind::min)
    return minimum(*lhs, *rhs);
  if (*kind == CallKind::max)
    return maximum(*lhs, *rhs);
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
