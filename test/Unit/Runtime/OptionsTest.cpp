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
  ASSERT_EQ(parse({"m.so",
                   "--input",
                   "x=@a.png",
                   "--input=y=1,2",
                   "--output=z=@b.npy",
                   "--bench=3",
                   "--threads",
                   "2",
                   "--verify-weights",
                   "--input",
                   "@all.npz",
                   "--expected=z=@z.pb",
                   "--tolerance",
                   "1e-3",
                   "--random",
                   "7",
                   "--dim=N=4",
                   "--dim",
                   "a=b=5",
                   "--resize=4x6",
                   "--mean=1,2,3",
                   "--scale",
                   "-0.5",
                   "--profile"},
                  options),
            "");
  EXPECT_EQ(options.model, "m.so");
  ASSERT_EQ(options.inputs.size(), 3u);
  EXPECT_EQ(options.inputs[0].name, "x");
  EXPECT_EQ(options.inputs[0].value, "@a.png");
  EXPECT_EQ(options.inputs[1].value, "1,2");
  ASSERT_EQ(options.outputs.size(), 1u);
  EXPECT_EQ(options.outputs[0].value, "b.npy");
  EXPECT_EQ(options.inputs[2].name, "");
  EXPECT_EQ(options.inputs[2].value, "@all.npz");
  ASSERT_EQ(options.expected.size(), 1u);
  EXPECT_EQ(options.expected[0].value, "@z.pb");
  EXPECT_EQ(options.tolerance, 1e-3);
  EXPECT_EQ(options.seed, 7u);
  ASSERT_EQ(options.dims.size(), 2u);
  EXPECT_EQ(options.dims[0].size, 4);
  EXPECT_EQ(options.dims[1].name, "a=b");
  EXPECT_EQ(options.preparation.height, 4);
  EXPECT_EQ(options.preparation.width, 6);
  EXPECT_EQ(options.preparation.mean, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(options.preparation.scale, (std::vector<float>{-0.5f}));
  EXPECT_TRUE(options.profile);
  EXPECT_EQ(options.bench.runs, 3u);
  EXPECT_EQ(options.threads, 2u);
  EXPECT_TRUE(options.verifyWeights);
  EXPECT_EQ(parse({"--help"}, options), "");
  EXPECT_TRUE(options.help);
}

TEST(Options, BenchCountsRunsOrSeconds) {
  Options seconds, profile;
  ASSERT_EQ(parse({"m.so", "--bench", "0.5s"}, seconds), "");
  EXPECT_EQ(seconds.bench.runs, 0u);
  EXPECT_EQ(seconds.bench.seconds, 0.5);
  EXPECT_FALSE(profile.bench.wanted());
  ASSERT_EQ(parse({"m.so", "--profile"}, profile), "");
  EXPECT_EQ(profile.bench.runs, 10u);
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
  EXPECT_EQ(problem({"a.so", "--inputs", "x=1"}),
            "unknown option '--inputs'; the nearest is --input");
  EXPECT_EQ(problem({"a.so", "--frobnicate"}), "unknown option '--frobnicate'");
  EXPECT_EQ(problem({"a.so", "--profile=1"}), "--profile takes no value, found '--profile=1'");
  EXPECT_EQ(problem({"a.so", "--bench=3", "--bench=1s"}), "--bench is given twice");
  EXPECT_EQ(problem({"a.so", "--input"}), "--input expects a value");
  EXPECT_EQ(problem({"a.so", "--input", "x"}), "--input expects NAME=..., found 'x'");
  EXPECT_EQ(problem({"a.so", "--input", "x=@"}), "--input 'x=@': nothing stands behind '='");
  EXPECT_EQ(problem({"a.so", "--output", "x=y.npy"}),
            "--output expects NAME=@FILE, found 'x=y.npy'");
  for (const char *bad : {"0", "3x", "s", "-1s", "0s", "nans", "1e9s", "1000001", ""})
    EXPECT_EQ(problem({"a.so", "--bench", bad}),
              std::string("--bench expects runs from 1 to 1000000, or seconds up to 3600s, found "
                          "'") +
                  bad + "'");
  for (const char *bad : {"-1", "1x", "18446744073709551616", ""})
    EXPECT_EQ(problem({"a.so", "--random", bad}),
              std::string("--random expects a number of up to 64 bits, found '") + bad + "'");
  for (const char *bad : {"N", "=4", "N=", "N=-1", "N=x"})
    EXPECT_EQ(problem({"a.so", "--random=1", "--dim", bad}),
              std::string("--dim expects NAME=SIZE, found '") + bad + "'");
  EXPECT_EQ(problem({"a.so", "--dim", "N=1"}), "--dim is for --random");
  EXPECT_EQ(problem({"a.so", "--random=1", "--dim", "N=1", "--dim", "N=1"}),
            "--dim is given twice for 'N'");
  for (const char *bad : {"4", "4x", "x4", "0x4", "4x32769", "4x4x4"})
    EXPECT_EQ(problem({"a.so", "--resize", bad}),
              std::string("--resize expects HxW of 1 to 32768 each, found '") + bad + "'");
  for (const char *bad : {"", "1,", "1,2", "1,2,3,4", "a", "nan", "1,inf,1"})
    EXPECT_EQ(problem({"a.so", "--mean", bad}),
              std::string("--mean expects one number or three, found '") + bad + "'");
  for (const char *bad : {"", "-1", "nan", "inf", "1%"})
    EXPECT_EQ(problem({"a.so", "--tolerance", bad}),
              std::string("--tolerance expects a number of 0 or more, found '") + bad + "'");
  EXPECT_EQ(problem({"a.so", "--input", "@.npz"}), "--input expects NAME=..., found '@.npz'");
  EXPECT_EQ(problem({"a.so", "--expected", "y=1", "--expected", "y=2"}),
            "--expected is given twice for 'y'");
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
  EXPECT_EQ(timeLine({3, 1, 2}), "3 runs: median 2.000 ms, min 1.000 ms, p90 3.000 ms");
  EXPECT_EQ(timeLine({4, 1, 2, 3}), "4 runs: median 2.500 ms, min 1.000 ms, p90 4.000 ms");
  EXPECT_EQ(timeLine({10, 9, 8, 7, 6, 5, 4, 3, 2, 1}),
            "10 runs: median 5.500 ms, min 1.000 ms, p90 9.000 ms");
  EXPECT_EQ(timeLine({5}), "1 runs: median 5.000 ms, min 5.000 ms, p90 5.000 ms");
}
