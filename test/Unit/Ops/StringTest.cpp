// Ops on strings, and strings in ops that move elements. Expected values are written by hand, from
// the operators' specification; where it leaves texts of numbers open they are ONNX Runtime's.

#include "OpTest.h"

#include <cmath>

using namespace dlc::test;

static Input words(std::vector<std::string> elements) {
  int64_t count = int64_t(elements.size());
  return Input::strings({count}, std::move(elements));
}

//===----------------------------------------------------------------------===//
// Concatenation and splitting
//===----------------------------------------------------------------------===//

TEST(StringConcat, Broadcasts) {
  OpRun run("string_concat");
  run.input(Input::strings({2, 1}, {"a", ""})).input(words({"x", "", "long text"}));
  ASSERT_EQ(run.run(), "");
  EXPECT_EQ(dimsOf(run.output()), (Dims{2, 3}));
  EXPECT_EQ(stringsOf(run.output()), (Texts{"ax", "a", "along text", "x", "", "long text"}));
}

TEST(StringConcat, OfNothing) {
  OpRun run("string_concat");
  run.input(words({})).input(words({"x"}));
  ASSERT_EQ(run.run(), "");
  EXPECT_EQ(dimsOf(run.output()), (Dims{0}));
}

TEST(StringConcat, Failures) {
  EXPECT_EQ(OpRun("string_concat").input(words({"a", "b"})).input(words({"a", "b", "c"})).run(),
            "dims [2] and [3] do not broadcast");
  EXPECT_EQ(OpRun("string_concat").input(words({"a"})).input(Input::f32({1}, {1})).run(),
            "operand 1 has element type f32, which is not among those of the op");
}

TEST(StringSplit, ByWhiteSpace) {
  OpRun run("string_split");
  run.input(words({" a  b\tc ", "", "x"}));
  ASSERT_EQ(run.run(2), "");
  EXPECT_EQ(dimsOf(run.output(0)), (Dims{3, 3}));
  EXPECT_EQ(stringsOf(run.output(0)), (Texts{"a", "b", "c", "", "", "", "x", "", ""}));
  EXPECT_EQ(elementsOf<int64_t>(run.output(1)), (Dims{3, 0, 1}));
}

TEST(StringSplit, ByDelimiter) {
  OpRun run("string_split");
  run.input(Input::strings({1, 3}, {"a,,b", ",", ""})).text("delimiter", ",");
  ASSERT_EQ(run.run(2), "");
  EXPECT_EQ(dimsOf(run.output(0)), (Dims{1, 3, 3}));
  EXPECT_EQ(stringsOf(run.output(0)), (Texts{"a", "", "b", "", "", "", "", "", ""}));
  EXPECT_EQ(dimsOf(run.output(1)), (Dims{1, 3}));
  EXPECT_EQ(elementsOf<int64_t>(run.output(1)), (Dims{3, 2, 1}));
}

TEST(StringSplit, AtMostSoOften) {
  OpRun run("string_split");
  run.input(words({"a--b--c", "-", "a"})).text("delimiter", "--").integer("maxsplit", 1);
  ASSERT_EQ(run.run(2), "");
  EXPECT_EQ(stringsOf(run.output(0)), (Texts{"a", "b--c", "-", "", "a", ""}));
  OpRun spaces("string_split");
  spaces.input(words({" a  b  c "})).integer("maxsplit", 1);
  ASSERT_EQ(spaces.run(2), "");
  EXPECT_EQ(stringsOf(spaces.output(0)), (Texts{"a", "b  c"}));
  OpRun none("string_split");
  none.input(words({"a b"})).integer("maxsplit", 0);
  ASSERT_EQ(none.run(2), "");
  EXPECT_EQ(stringsOf(none.output(0)), (Texts{"a b"}));
}

TEST(StringSplit, OfNothing) {
  OpRun run("string_split");
  run.input(Input::strings({2, 0}, {}));
  ASSERT_EQ(run.run(2), "");
  EXPECT_EQ(dimsOf(run.output(0)), (Dims{2, 0, 0}));
  EXPECT_EQ(dimsOf(run.output(1)), (Dims{2, 0}));
}

TEST(StringSplit, Failures) {
  EXPECT_EQ(OpRun("string_split").input(words({"a"})).run(1),
            "expected at least 2 outputs, found 1");
  EXPECT_EQ(OpRun("string_split").run(2), "operand 0 is missing");
}

//===----------------------------------------------------------------------===//
// Case
//===----------------------------------------------------------------------===//

TEST(StringNormalizer, ChangesCase) {
  OpRun upper("string_normalizer");
  upper.input(words({"abc", "Äöß", "жЖ", "λόγος 3%"})).text("case_change_action", "UPPER");
  ASSERT_EQ(upper.run(), "");
  EXPECT_EQ(stringsOf(upper.output()), (Texts{"ABC", "ÄÖß", "ЖЖ", "ΛόΓΟς 3%"}));
  OpRun lower("string_normalizer");
  lower.input(words({"ABC", "ÄÖ×", "ЁЖ", "€[Z"})).text("case_change_action", "LOWER");
  ASSERT_EQ(lower.run(), "");
  EXPECT_EQ(stringsOf(lower.output()), (Texts{"abc", "äö×", "ёж", "€[z"}));
}

TEST(StringNormalizer, RemovesStopWords) {
  OpRun any("string_normalizer");
  any.input(words({"The", "end", "THE"})).texts("stopwords", {"the"});
  ASSERT_EQ(any.run(), "");
  EXPECT_EQ(stringsOf(any.output()), (Texts{"end"}));
  OpRun sensitive("string_normalizer");
  sensitive.input(Input::strings({1, 2}, {"The", "the"})).texts("stopwords", {"the"});
  sensitive.integer("is_case_sensitive", 1).text("case_change_action", "LOWER");
  ASSERT_EQ(sensitive.run(), "");
  EXPECT_EQ(dimsOf(sensitive.output()), (Dims{1, 1}));
  EXPECT_EQ(stringsOf(sensitive.output()), (Texts{"the"}));
}

TEST(StringNormalizer, LeavesOneEmptyString) {
  OpRun run("string_normalizer");
  run.input(Input::strings({1, 2}, {"a", "A"})).texts("stopwords", {"a"});
  ASSERT_EQ(run.run(), "");
  EXPECT_EQ(dimsOf(run.output()), (Dims{1, 1}));
  EXPECT_EQ(stringsOf(run.output()), (Texts{""}));
}

TEST(StringNormalizer, Failures) {
  EXPECT_EQ(OpRun("string_normalizer").input(Input::strings({2, 1}, {"a", "b"})).run(),
            "expected a vector or a row, found dims [2, 1]");
  OpRun run("string_normalizer");
  EXPECT_EQ(run.input(words({"a"})).text("case_change_action", "TITLE").run(),
            "attribute 'case_change_action' has the unknown value 'TITLE'");
}

//===----------------------------------------------------------------------===//
// Texts of numbers
//===----------------------------------------------------------------------===//

TEST(Cast, FloatsToTexts) {
  OpRun run("cast");
  std::vector<float> numbers = {0.1f,     1e10f,    1.5f,      -3,     1e-7f, 123456.789f,
                                NAN,      INFINITY, -INFINITY, 0,      -0.0f, 1e8f,
                                12345678, 1e-4f,    0x1p-13f,  3.4e38f};
  run.input(Input::f32({16}, numbers)).integer("to", DLC_DTYPE_STRING);
  ASSERT_EQ(run.run(), "");
  EXPECT_EQ(stringsOf(run.output()),
            (Texts{"0.1", "1e+10", "1.5", "-3", "1e-07", "123456.79", "NaN", "INF", "-INF", "0",
                   "-0", "1e+08", "12345678", "9.9999997e-05", "0.00012207031", "3.4e+38"}));
}

TEST(Cast, IntegersToTexts) {
  OpRun run("cast");
  run.input(Input::i64({3}, {INT64_MIN, 0, 42})).integer("to", DLC_DTYPE_STRING);
  ASSERT_EQ(run.run(), "");
  EXPECT_EQ(stringsOf(run.output()), (Texts{"-9223372036854775808", "0", "42"}));
  OpRun large("cast");
  large.input(Input::tensor<uint64_t>(DLC_DTYPE_U64, {1}, {UINT64_MAX}));
  ASSERT_EQ(large.integer("to", DLC_DTYPE_STRING).run(), "");
  EXPECT_EQ(stringsOf(large.output()), (Texts{"18446744073709551615"}));
  OpRun truth("cast");
  truth.input(Input::tensor<uint8_t>(DLC_DTYPE_BOOL, {2}, {1, 0}));
  ASSERT_EQ(truth.integer("to", DLC_DTYPE_STRING).run(), "");
  EXPECT_EQ(stringsOf(truth.output()), (Texts{"1", "0"}));
}

TEST(Cast, TextsToFloats) {
  OpRun run("cast");
  run.input(words({"3.14", "1e-5", "-inf", "+INF", " 7 ", "1E8", ".5", "5.", "-0", "1e400"}));
  ASSERT_EQ(run.integer("to", DLC_DTYPE_F32).run(), "");
  EXPECT_EQ(
      elementsOf<float>(run.output()),
      (std::vector<float>{3.14f, 1e-5f, -INFINITY, INFINITY, 7, 1e8f, 0.5f, 5, -0.0f, INFINITY}));
  OpRun nan("cast");
  ASSERT_EQ(nan.input(words({"nAn"})).integer("to", DLC_DTYPE_F64).run(), "");
  EXPECT_TRUE(std::isnan(elementsOf<double>(nan.output())[0]));
}

TEST(Cast, TextsToIntegers) {
  OpRun run("cast");
  run.input(words({"-9223372036854775808", "+7", "100.5", "1e3"}));
  ASSERT_EQ(run.integer("to", DLC_DTYPE_I64).run(), "");
  EXPECT_EQ(elementsOf<int64_t>(run.output()), (Dims{INT64_MIN, 7, 100, 1000}));
  OpRun truth("cast");
  ASSERT_EQ(truth.input(words({"1", "0", "-2"})).integer("to", DLC_DTYPE_BOOL).run(), "");
  EXPECT_EQ(elementsOf<uint8_t>(truth.output()), (std::vector<uint8_t>{1, 0, 1}));
}

TEST(Cast, WhatIsNoNumber) {
  for (const char *text :
       {"", "x1", "1x", "0x10", "1e", "1e+", ".", "-", "1 2", "infinite", "1..2"})
    EXPECT_EQ(OpRun("cast").input(words({text})).integer("to", DLC_DTYPE_F32).run(),
              std::string("'") + text + "' is no f32");
  for (const char *text : {"128", "-129", "nan", "1e30", "99999999999999999999"})
    EXPECT_EQ(OpRun("cast").input(words({text})).integer("to", DLC_DTYPE_I8).run(),
              std::string("'") + text + "' is no i8");
  EXPECT_EQ(OpRun("cast").input(words({"-1"})).integer("to", DLC_DTYPE_U64).run(),
            "'-1' is no u64");
  EXPECT_EQ(OpRun("cast").input(words({"9223372036854775808"})).integer("to", DLC_DTYPE_I64).run(),
            "'9223372036854775808' is no i64");
}

TEST(Strings, AreComparedAndMoved) {
  OpRun gather("gather");
  gather.input(words({"zero", "", "two"})).input(Input::i64({3}, {-1, 0, 1})).integer("axis", 0);
  ASSERT_EQ(gather.run(), "");
  EXPECT_EQ(stringsOf(gather.output()), (Texts{"two", "zero", ""}));
  OpRun equal("equal");
  ASSERT_EQ(equal.input(words({"a", "b"})).input(words({"b", "b"})).run(), "");
  EXPECT_EQ(elementsOf<uint8_t>(equal.output()), (std::vector<uint8_t>{0, 1}));
}

//===----------------------------------------------------------------------===//
// Regular expressions
//===----------------------------------------------------------------------===//

static bool fullyMatches(const char *pattern, const char *text) {
  OpRun run("regex_full_match");
  run.input(Input::strings({}, {text})).text("pattern", pattern);
  EXPECT_EQ(run.run(), "") << pattern;
  return *static_cast<const uint8_t *>(run.output().data) != 0;
}

TEST(RegexTest, MatchesAllOfTheText) {
  struct Case {
    const char *pattern;
    std::vector<const char *> matching, others;
  };
  const Case cases[] = {
      {"", {""}, {"a"}},
      {"ab|c", {"ab", "c"}, {"abc", "a", ""}},
      {"a(b|c)*d", {"ad", "abd", "acbcd"}, {"abcd ", "a", "bd"}},
      {"a+b?c{2}", {"acc", "aabcc"}, {"bcc", "ac", "abbcc"}},
      {"x{2,3}", {"xx", "xxx"}, {"x", "xxxx"}},
      {"x{2,}", {"xx", "xxxxx"}, {"x"}},
      {"(a{1,2}){2}", {"aa", "aaaa"}, {"a", "aaaaa"}},
      {"x{,2}", {"x{,2}"}, {"xx"}},
      {"[a-c]+[^0-9]", {"aż", "cab_"}, {"a1", "a"}},
      {"[]a-]+", {"]a-"}, {"b"}},
      {"[[:alpha:]\\d]+", {"aZ9"}, {"_"}},
      {"\\w+@\\w+\\.(com|org)", {"me@here.org"}, {"me@here,org", "@here.com"}},
      {"\\bfox\\b.*", {"fox", "fox run"}, {"foxes"}},
      {"fox\\B.*", {"foxes"}, {"fox", "fox run"}},
      {"^a$", {"a"}, {"aa"}},
      {"a^b", {}, {"ab", "a^b"}},
      {".", {"a", "貓"}, {"", "\n", "ab"}},
      {"(?:ab)+?", {"ab", "abab"}, {"aba"}},
      {"(a*)*b", {"b", "aaab"}, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
      {"\\s\\S\\D\\W", {" ab-"}, {" a1-", "aab-"}},
  };
  for (const Case &each : cases) {
    for (const char *text : each.matching)
      EXPECT_TRUE(fullyMatches(each.pattern, text)) << each.pattern << " of " << text;
    for (const char *text : each.others)
      EXPECT_FALSE(fullyMatches(each.pattern, text)) << each.pattern << " of " << text;
  }
}

TEST(RegexTest, ReportsWhatIsNoExpression) {
  std::string nested(300, '(');
  const std::pair<const char *, const char *> cases[] = {
      {"(a", "a '(' without its ')'"},
      {"a)", "a ')' without its '('"},
      {"[a", "a '[' without its ']'"},
      {"*a", "nothing to repeat"},
      {"\\", "it ends with"},
      {"\\q", "an escape that is not known"},
      {"(?i)a", "only '(?:' is known"},
      {"((a{1000}){1000}){1000}", "it is too large"},
      {"(((){1000}){1000}){1000}", "it is too large"},
      {nested.c_str(), "a '(' without its ')'"},
  };
  for (auto [pattern, message] : cases) {
    OpRun run("regex_full_match");
    run.input(Input::strings({}, {"a"})).text("pattern", pattern);
    std::string found = run.run();
    EXPECT_NE(found.find(message), std::string::npos) << pattern << ": " << found;
  }
}
