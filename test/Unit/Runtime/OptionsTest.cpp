// The command line and the summary lines of dlc-run.
#include "Options.h"
#include "Report.h"

#include <cmath>
#include <gtest/gtest.h>

using namespace dlc::run;

static std::string parse(std::vector<const char *> arguments, Options &options) {
  arguments.insert(arguments.begin(), "dlc-run");
  return parseOptions(static_cast<int>(arguments.size()), arguments.data(), options);
}

TEST(Options, ReadsBothForms) {
  Options options;
  ASSERT_EQ(parse({"m.so", "--input", "x=@a.png", "--input=y=1,2", "--output=z=@b.npy",
                   "--repeat=3", "--threads", "2", "--verify-weights"},
                  options),
            "");
  EXPECT_EQ(options.model, "m.so");
  ASSERT_EQ(options.inputs.size(), 2u);
  EXPECT_EQ(options.inputs[0].name, "x");
  EXPECT_EQ(options.inputs[0].value, "@a.png");
  EXPECT_EQ(options.inputs[1].value, "1,2");
  ASSERT_EQ(options.outputs.size(), 1u);
  EXPECT_EQ(options.outputs[0].value, "b.npy");
  EXPECT_EQ(options.repeat, 3u);
  EXPECT_EQ(options.threads, 2u);
  EXPECT_TRUE(options.verifyWeights);
  EXPECT_EQ(parse({"--help"}, options), "");
  EXPECT_TRUE(options.help);
}

TEST(Options, RefusesWrongUsage) {
  auto problem = [](std::vector<const char *> arguments) {
    Options options;
    return parse(std::move(arguments), options);
  };
  EXPECT_EQ(problem({}), "no model is given");
  EXPECT_EQ(problem({""}), "an empty argument is no model");
  EXPECT_EQ(problem({"", "a.so"}), "an empty argument is no model");
  EXPECT_EQ(problem({"a.so", "--output", "y=@"}), "--output 'y=@': nothing stands behind '='");
  EXPECT_EQ(problem({"a.so", "--output", ""}), "--output expects NAME=..., found ''");
  EXPECT_EQ(problem({"a.so", "b.so"}), "expected one model, found 'a.so' and 'b.so'");
  EXPECT_EQ(problem({"a.so", "--inputs", "x=1"}), "unknown option '--inputs'");
  EXPECT_EQ(problem({"a.so", "--input"}), "--input expects a value");
  EXPECT_EQ(problem({"a.so", "--input", "x"}), "--input expects NAME=..., found 'x'");
  EXPECT_EQ(problem({"a.so", "--input", "x=@"}), "--input 'x=@': nothing stands behind '='");
  EXPECT_EQ(problem({"a.so", "--output", "x=y.npy"}),
            "--output expects NAME=@FILE, found 'x=y.npy'");
  EXPECT_EQ(problem({"a.so", "--repeat", "0"}),
            "--repeat expects a number from 1 to 1000000, found '0'");
  EXPECT_EQ(problem({"a.so", "--repeat", "3x"}),
            "--repeat expects a number from 1 to 1000000, found '3x'");
  EXPECT_EQ(problem({"a.so", "--threads=0"}),
            "--threads expects a number from 1 to 1024, found '0'");
  EXPECT_EQ(problem({"a.so", "--input", "x=1", "--input", "x=2"}),
            "--input is given twice for 'x'");
}

TEST(Report, SummarizesElements) {
  const float values[] = {1, -2, 4, NAN};
  EXPECT_EQ(summaryLine("y", {DLC_F32, {2, 2}, values, 16}),
            "y: f32 2 x 2, min -2, mean 1, max 4, 1 NaN");
  EXPECT_EQ(summaryLine("y", {DLC_F32, {0}, nullptr, 0}), "y: f32 0, empty");
  const uint16_t halves[] = {0x3c00, 0xc000, 0x0001}; // 1, -2, 2^-24
  EXPECT_EQ(summaryLine("h", {DLC_F16, {3}, halves, 6}), "h: f16 3, min -2, mean -0.333333, max 1");
  const uint16_t brains[] = {0x3f80};
  EXPECT_EQ(summaryLine("b", {DLC_BF16, {}, brains, 2}), "b: bf16 scalar, min 1, mean 1, max 1");
}

TEST(Report, TakesTheMedian) {
  EXPECT_EQ(timeLine({3, 1, 2}), "3 runs: min 1.000 ms, median 2.000 ms");
  EXPECT_EQ(timeLine({4, 1, 2, 3}), "4 runs: min 1.000 ms, median 2.500 ms");
}
