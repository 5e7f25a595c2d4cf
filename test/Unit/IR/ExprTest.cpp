// Symbolic sizes: normal forms mean what the formulas mean, at every value of the symbols.

#include "dlc/IR/Dlc.h"

#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <limits>
#include <random>

using namespace mlir;
using namespace dlc;

namespace {
struct Expr : testing::Test {
  Expr() { context.loadDialect<DlcDialect>(); }

  ExprAttr constant(int64_t value) { return ExprAttr::constant(&context, value); }
  ExprAttr symbol(StringRef name) { return ExprAttr::symbol(&context, name); }

  MLIRContext context;
};

/// A formula and its value, built side by side.
struct Pair {
  ExprAttr expr;
  int64_t value;
};
} // namespace

TEST_F(Expr, EqualSizesAreEqualAttributes) {
  ExprAttr h = symbol("H"), w = symbol("W");
  EXPECT_EQ((h + w) * (h - w), h * h - w * w);
  EXPECT_EQ(h + w - w, h);
  EXPECT_EQ(h * 0, constant(0));
  EXPECT_EQ(floorDiv(h * 6 + 4, 2), h * 3 + 2);
  EXPECT_EQ(floorDiv(floorDiv(h, 2), 3), floorDiv(h, 6));
  EXPECT_EQ(ceilDiv(h * 64, 64), h);
  EXPECT_EQ(mod(h * 4 + 3, 2), constant(1));
  EXPECT_EQ(maximum(h, w), maximum(w, h));
  EXPECT_EQ(maximum(h, h + 3), h + 3);
  EXPECT_EQ(minimum(h, h), h);
  EXPECT_EQ(minimum(floorDiv(h, 2), floorDiv(h + 1, 2)), floorDiv(h, 2));
  EXPECT_EQ(maximum(floorDiv(h * 3 + 1, 4) + w, floorDiv(h * 3 + 9, 4) + w - 1),
            floorDiv(h * 3 + 5, 4) + w);
}

TEST_F(Expr, IntegersMayBeNegative) {
  ExprAttr n = symbol("N"), any = integer(symbol("a"));
  EXPECT_EQ(maximum(n, constant(0)), n);
  EXPECT_NE(maximum(any, constant(0)), any);
  EXPECT_TRUE(isKnownNonNegative(maximum(any, constant(0))));
  EXPECT_FALSE(isKnownNonNegative(any) || isKnownNonNegative(any + n) || isKnownPositive(any + 1));
  EXPECT_NE(broadcast(any, any + 1), any + 1);
  EXPECT_EQ(any - any, constant(0));
  EXPECT_EQ(integer(constant(-3)), constant(-3));
  EXPECT_EQ((any * 2 + 1).evaluate([](StringRef) { return -4; }), -7);
  EXPECT_EQ(substitute(any, [&](StringRef) { return constant(-3); }), constant(-3));
  EXPECT_EQ(substitute(any, [&](StringRef) { return n; }), integer(n));
}

TEST_F(Expr, BroadcastIsASetOfSizes) {
  ExprAttr h = symbol("H"), w = symbol("W"), c = symbol("C");
  EXPECT_EQ(broadcast(h, w), broadcast(w, h));
  EXPECT_EQ(broadcast(h, broadcast(w, h)), broadcast(h, w));
  EXPECT_EQ(broadcast(broadcast(h, w), broadcast(h, c)), broadcast(broadcast(w, c), h));
  EXPECT_EQ(broadcast(constant(1), h), h);
  EXPECT_EQ(broadcast(broadcast(h, w), constant(5)), constant(5));
  EXPECT_EQ(broadcast(constant(1), constant(1)), constant(1));
}

TEST_F(Expr, SizesThatAreOneTogetherNeedNoBroadcast) {
  ExprAttr h = symbol("H"), w = symbol("W"), even = floorDiv(h, 2) * 2;
  // Equal wherever they broadcast: the first one's.
  EXPECT_EQ(broadcast(h, minimum(h, constant(512))), h);
  EXPECT_EQ(broadcast(minimum(h + w, constant(9)), h + w), minimum(h + w, constant(9)));
  EXPECT_FALSE(broadcastsAtRunTime(minimum(h, constant(512)), h));
  // 2 * k is never 1, H may be.
  EXPECT_EQ(broadcast(h, even), even);
  EXPECT_EQ(broadcast(h, ceilDiv(h, 2) * 2), ceilDiv(h, 2) * 2);
  EXPECT_EQ(broadcast(w, h * 2), h * 2);
  // Where H is 1, the first is 0 and has nothing to read, the other 2.
  EXPECT_FALSE(broadcastsAtRunTime(h, even));
  EXPECT_TRUE(broadcastsAtRunTime(h, ceilDiv(h, 2) * 2));
  // Each is 1 without the other.
  EXPECT_EQ(broadcast(h, h + 1).str(), "broadcast(H, H + 1)");
  EXPECT_TRUE(broadcastsAtRunTime(h, broadcast(h, h + 1)));
  EXPECT_EQ(broadcast(h, minimum(h, constant(1))), broadcast(minimum(h, constant(1)), h));
  // No bound to what would have to be tried.
  EXPECT_TRUE(broadcastsAtRunTime(h * w, minimum(h * w, constant(2))));
}

TEST_F(Expr, SizesOfDimsThatAreNotEmptyArePositive) {
  ExprAttr h = symbol("H"), w = symbol("W");
  EXPECT_TRUE(isKnownPositive(h * w + floorDiv(h, 2)));
  EXPECT_TRUE(isKnownPositive(ceilDiv(h, 16)));
  EXPECT_TRUE(isKnownPositive(h + w - 1));
  for (ExprAttr size : {h - 1, floorDiv(h, 2), h * 2 - ceilDiv(h, 2), constant(0)})
    EXPECT_FALSE(isKnownPositive(size));
}

TEST_F(Expr, RangesOfSymbolsBoundExpressions) {
  ExprAttr h = symbol("H"), w = symbol("W"), any = integer(h);
  constexpr int64_t lowest = std::numeric_limits<int64_t>::min(),
                    highest = std::numeric_limits<int64_t>::max();
  auto rangeOf = [](StringRef name) { return name == "H" ? SizeRange{2, 9} : SizeRange(); };
  auto expect = [&](ExprAttr expr, int64_t min, int64_t max) {
    SizeRange range = getRange(expr, rangeOf);
    EXPECT_EQ(range.min, min) << expr.str();
    EXPECT_EQ(range.max, max) << expr.str();
  };
  expect(constant(-3), -3, -3);
  expect(h * 2 - 5, -1, 13);
  expect(h * h - h, -5, 79);
  expect(w * h + 1, 1, highest);
  expect(h - w * 2, lowest, 9);
  expect(floorDiv(h * 3 - 10, 4), -1, 4);
  expect(minimum(h, w), 0, 9);
  expect(maximum(h, w) - 1, 1, highest);
  expect(any + h, lowest, highest);
  expect(h * highest, highest, highest);
  EXPECT_TRUE(isKnownNonNegative(constant(512) - minimum(h, constant(512))));
  EXPECT_FALSE(isKnownNonNegative(h - 1) || isKnownNonNegative(h - w));
  EXPECT_EQ(simplify(minimum(h, constant(9)) * maximum(h - 3, constant(0)), rangeOf),
            h * maximum(h - 3, constant(0)));
  EXPECT_EQ(simplify(floorDiv(maximum(h - 1, constant(0)), 2) + 1, rangeOf), floorDiv(h + 1, 2));
  EXPECT_EQ(simplify(maximum(h, w), rangeOf), maximum(h, w));
}

TEST_F(Expr, BroadcastsAreRightAtAllSizes) {
  std::mt19937 random(3);
  ExprAttr h = symbol("H"), w = symbol("W");
  std::vector<ExprAttr> sizes = {h, w, constant(1), constant(3)};
  auto pick = [&] { return sizes[random() % sizes.size()]; };
  while (sizes.size() != 60) {
    ExprAttr size = pick(), other = pick();
    int64_t number = 1 + static_cast<int64_t>(random() % 3);
    ExprAttr made[] = {size + number,
                       maximum(size - number, constant(0)),
                       floorDiv(size, number),
                       size * number,
                       minimum(size, other),
                       maximum(size, other),
                       size + other};
    sizes.push_back(made[random() % std::size(made)]);
  }
  for (ExprAttr left : sizes)
    for (ExprAttr right : sizes)
      for (int64_t i = 0; i != 49; ++i) {
        auto valueOf = [&](StringRef name) { return std::optional(name == "H" ? i / 7 : i % 7); };
        int64_t l = *left.evaluate(valueOf), r = *right.evaluate(valueOf);
        if (l != r && l != 1 && r != 1)
          continue;
        ExprAttr result = broadcast(left, right);
        int64_t size = *result.evaluate(valueOf);
        EXPECT_EQ(size, l == 1 ? r : l) << left.str() << " and " << right.str();
        if (size > 0 && l == 1 && size != 1 && left.getConstant() != 1)
          EXPECT_TRUE(broadcastsAtRunTime(left, result)) << left.str() << " to " << result.str();
      }
}

TEST_F(Expr, ConstantsAndSymbolsAreRecognized) {
  EXPECT_EQ(constant(-7).getConstant(), -7);
  EXPECT_EQ((symbol("H") - symbol("H")).getConstant(), 0);
  EXPECT_FALSE(symbol("H").getConstant());
  EXPECT_EQ(symbol("H").getSymbol(), StringRef("H"));
  EXPECT_FALSE((symbol("H") * 2).getSymbol());
  EXPECT_FALSE((symbol("H") + 1).getSymbol());
  EXPECT_FALSE(floorDiv(symbol("H"), 2).getSymbol());
}

TEST_F(Expr, SubstitutionGivesTheNormalForm) {
  ExprAttr h = symbol("H"), w = symbol("W");
  ExprAttr expr = floorDiv(h * w + 3, 2) * h + maximum(w, h * 2);
  auto give = [&](ExprAttr value) {
    return [=](StringRef name) { return name == "H" ? value : ExprAttr(); };
  };
  EXPECT_EQ(substitute(expr, give(constant(4))), w * 8 + 4 + maximum(w, constant(8)));
  EXPECT_EQ(substitute(expr, give(h)), expr);
  EXPECT_EQ(substitute(h - w, give(w)), constant(0));
  EXPECT_FALSE(substitute(h * h, give(constant(int64_t(1) << 32))));
}

TEST_F(Expr, OverflowGivesNull) {
  constexpr int64_t max = std::numeric_limits<int64_t>::max();
  EXPECT_FALSE(constant(max) + 1);
  EXPECT_FALSE(symbol("H") * max + symbol("H"));
  EXPECT_FALSE(constant(max) * constant(2));
  EXPECT_FALSE((constant(max) + 1) * 0);
  EXPECT_FALSE(floorDiv(constant(max) + 1, 2));
  EXPECT_FALSE(maximum(constant(1), constant(max) + 1));
}

TEST_F(Expr, EvaluationChecksOverflow) {
  ExprAttr square = symbol("H") * symbol("H");
  auto at = [](int64_t value) {
    return [=](StringRef) -> std::optional<int64_t> { return value; };
  };
  EXPECT_EQ(square.evaluate(at(3)), 9);
  EXPECT_FALSE(square.evaluate(at(int64_t(1) << 32)));
  EXPECT_FALSE(square.evaluate([](StringRef) { return std::nullopt; }));
}

TEST_F(Expr, TextOfExtremeCoefficientsIsRead) {
  EXPECT_EQ((symbol("H") + std::numeric_limits<int64_t>::min()).str(), "H - 9223372036854775808");
  EXPECT_EQ((symbol("H") * -1 - 1).str(), "-1*H - 1");
  EXPECT_EQ(constant(0).str(), "0");
}

/// Random formulas over three symbols: the normal form has the value of the formula.
TEST_F(Expr, NormalFormKeepsTheValue) {
  std::mt19937 random(7);
  auto pick = [&](int64_t from, int64_t to) {
    return std::uniform_int_distribution<int64_t>(from, to)(random);
  };
  for (int round = 0; round != 2000; ++round) {
    std::array<int64_t, 3> values = {pick(0, 9), pick(0, 9), pick(0, 9)};
    std::array<StringRef, 3> names = {"H", "N", "W"};
    std::vector<Pair> pairs;
    for (size_t i = 0; i != 3; ++i)
      pairs.push_back({symbol(names[i]), values[i]});
    pairs.push_back({constant(pick(-3, 3)), 0});
    pairs.back().value = *pairs.back().expr.getConstant();
    for (int step = 0; step != 6; ++step) {
      Pair a = pairs[pick(0, pairs.size() - 1)], b = pairs[pick(0, pairs.size() - 1)];
      int64_t divisor = pick(1, 6);
      switch (pick(0, 6)) {
      case 0:
        pairs.push_back({a.expr + b.expr, a.value + b.value});
        break;
      case 1:
        pairs.push_back({a.expr - b.expr, a.value - b.value});
        break;
      case 2:
        if (std::abs(a.value) < 1000 && std::abs(b.value) < 1000)
          pairs.push_back({a.expr * b.expr, a.value * b.value});
        break;
      case 3:
        pairs.push_back({floorDiv(a.expr, divisor), llvm::divideFloorSigned(a.value, divisor)});
        break;
      case 4:
        pairs.push_back({mod(a.expr, divisor), (a.value % divisor + divisor) % divisor});
        break;
      case 5:
        pairs.push_back({minimum(a.expr, b.expr), std::min(a.value, b.value)});
        break;
      case 6:
        pairs.push_back({maximum(a.expr, b.expr), std::max(a.value, b.value)});
        break;
      }
    }
    for (const Pair &pair : pairs) {
      ASSERT_TRUE(pair.expr);
      std::optional<int64_t> value =
          pair.expr.evaluate([&](StringRef name) -> std::optional<int64_t> {
            return values[llvm::find(names, name) - names.begin()];
          });
      EXPECT_EQ(value, pair.value) << pair.expr.str();
    }
  }
}
