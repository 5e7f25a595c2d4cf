// dlc-run as a program: exit status, error lines, files.
#include "ArtifactBuilder.h"
#include "Npy.h"
#include "OutputFile.h"

#include <csignal>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace dlc::test;

namespace {
struct Result {
  int status;
  std::string text; // stdout and stderr
};

Result run(const std::string &arguments) {
  FILE *pipe = popen((std::string(DLC_RUN) + " " + arguments + " 2>&1").c_str(), "r");
  Result result = {-1, ""};
  char buffer[4096];
  while (size_t size = fread(buffer, 1, sizeof(buffer), pipe))
    result.text.append(buffer, size);
  int status = pclose(pipe);
  result.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return result;
}

/// Waits until a process has installed a handler for `signal`.
void waitUntilCatches(pid_t process, int signal) {
  for (;;) {
    const std::string status = readWhole("/proc/" + std::to_string(process) + "/status");
    const size_t at = status.find("SigCgt:");
    ASSERT_NE(at, std::string::npos);
    if (std::stoull(status.substr(at + 7), nullptr, 16) >> (signal - 1) & 1)
      return;
    usleep(1000);
  }
}

template <typename T>
std::string npy(int32_t dtype, const std::vector<int64_t> &dims, const std::vector<T> &values) {
  return dlc::run::npyHeader(dtype, dims) +
         std::string(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T));
}

class ToolTest : public testing::Test {
protected:
  TemporaryFolder folder;
  const std::string model = folder.write("model.so", buildArtifact().bytes);
};
} // namespace

TEST_F(ToolTest, RunsOnLiteralsAndPrintsSummaries) {
  Result result = run(model + " --input x=1,2,3,4,5,6,7,8,9 --input s=0,0,100");
  EXPECT_EQ(result.text, "y: f32 3 x 3, min 11, mean 58.3333, max 139\n"
                         "rows: i64 1, min 0, mean 0, max 0\n");
  EXPECT_EQ(result.status, 0);
}

TEST_F(ToolTest, ReadsAndWritesNpy) {
  const std::string x = folder.write("x.npy", npy<float>(DLC_F32, {2, 3}, {1, 2, 3, 4, 5, 6}));
  const std::string y = folder.path("y.npy");
  Result result = run(model + " --input x=@" + x + " --input s=0,1 --output y=@" + y);
  EXPECT_EQ(result.text, "");
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(readWhole(y), npy<float>(DLC_F32, {2, 3}, {11, 22, 33, 15, 26, 37}));
  EXPECT_EQ(folder.list(), (std::vector<std::string>{"model.so", "x.npy", "y.npy"}));
}

TEST_F(ToolTest, TimesRuns) {
  Result result = run(model + " --repeat 5 --input x=1,2,3,4,5,6 --input s=0,1");
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.text.find("\n5 runs: min "), std::string::npos) << result.text;
}

TEST_F(ToolTest, ReportsAllProblemsOfItsInput) {
  const std::string bad = folder.write("bad.png", "no picture");
  const std::string doubles = folder.write("d.npy", npy<double>(DLC_F64, {2}, {1, 2}));
  Result result = run(model + " --input x=@" + bad + " --input z=1 --output yy=@o.txt");
  EXPECT_EQ(result.text,
            "error: " + model + ": no output 'yy'; the nearest name is 'y'\n" +
                "error: o.txt: expected a file .npy or .png for output 'yy'\n" + "error: " + bad +
                ": a picture is f32 1 x 3 x H x W or 1 x 1 x H x W; input 'x' takes f32 "
                "N x 3\n" +
                "error: " + model + ": no input 'z'; the nearest name is 'x'\n" +
                "error: " + model +
                ": input 's' is missing; feed it with --input "
                "s=...\n");
  EXPECT_EQ(result.status, 1);
  result = run(model + " --input x=1,2,3 --input s=@" + doubles);
  EXPECT_EQ(result.text, "error: " + doubles + ": expected f32 for input 's', found f64\n");
  EXPECT_EQ(result.status, 1);
  result = run(model + " --input x=1,2,3,4,5,6 --input s=1,2,3");
  EXPECT_EQ(result.text, "error: input 's': expected 2 in dimension 0 (N), as in dimension 0 of "
                         "input 'x', found 3\n");
  EXPECT_EQ(result.status, 1);
  result = run(folder.path("none.so"));
  EXPECT_EQ(result.text,
            "error: " + folder.path("none.so") + ": cannot be opened: No such file or directory\n");
  EXPECT_EQ(result.status, 1);
}

TEST_F(ToolTest, LeavesNoPartialOutput) {
  const std::string inputs = " --input x=1,2,3,4,5,6 --input s=0,1";
  const std::string y = folder.path("y.png");
  Result result = run(model + inputs + " --output y=@" + y);
  EXPECT_EQ(result.text, "error: " + y +
                             ": a picture needs an output of 1 x 3 x H x W or 1 x 1 x H "
                             "x W, found 2 x 3\n");
  EXPECT_EQ(result.status, 1);
  const std::string nowhere = folder.path("no/y.npy");
  result = run(model + inputs + " --output y=@" + nowhere);
  EXPECT_EQ(result.text, "error: " + nowhere + ": cannot be written: No such file or directory\n");
  EXPECT_EQ(result.status, 1);
  result = run("--help");
  EXPECT_EQ(result.status, 0);
  // A disk that is full, as the limit of a file's size plays it: the write fails in the middle.
  FILE *shell = popen(
      ("ulimit -f 1; trap '' XFSZ; exec " + std::string(DLC_RUN) + " " + model + " --input x=@" +
       folder.write("x.npy", npy<float>(DLC_F32, {999, 3}, std::vector<float>(2997))) +
       " --input s=@" + folder.write("s.npy", npy<float>(DLC_F32, {999}, std::vector<float>(999))) +
       " --output y=@" + folder.path("y.npy") + " 2>/dev/null")
          .c_str(),
      "r");
  EXPECT_EQ(WEXITSTATUS(pclose(shell)), 1);
  EXPECT_EQ(folder.list(), (std::vector<std::string>{"model.so", "s.npy", "x.npy"}));
}

TEST_F(ToolTest, AnswersWrongUsageWithStatus2) {
  Result result = run("");
  EXPECT_EQ(result.text, "error: no model is given\nTry dlc-run --help.\n");
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(run(model + " --frobnicate").status, 2);
}

TEST_F(ToolTest, EndsWithStatus130WhenInterrupted) {
  std::vector<float> zeros(7777 * 3);
  const std::string x = "x=@" + folder.write("x.npy", npy(DLC_F32, {7777, 3}, zeros));
  zeros.resize(7777);
  const std::string s = "s=@" + folder.write("s.npy", npy(DLC_F32, {7777}, zeros));
  const std::string y = "y=@" + folder.path("y.npy");
  for (int signal : {SIGINT, SIGTERM}) {
    pid_t child = fork();
    if (child == 0) {
      execl(DLC_RUN, "dlc-run", model.c_str(), "--input", x.c_str(), "--input", s.c_str(),
            "--output", y.c_str(), nullptr);
      _exit(99);
    }
    waitUntilCatches(child, signal); // the run itself never ends
    kill(child, signal);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 130);
  }
  EXPECT_EQ(folder.list(), (std::vector<std::string>{"model.so", "s.npy", "x.npy"}));
}

TEST_F(ToolTest, AnInterruptedWriteLeavesTheOldFileOrTheNewOne) {
  const std::string path = folder.path("y.npy");
  const std::string contents(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    pid_t child = fork();
    if (child == 0) {
      dlc::run::catchInterrupts();
      dlc::run::Problems problems;
      while (dlc::run::writeFile(path, {contents, contents}, problems)) {
      }
      _exit(99);
    }
    waitUntilCatches(child, SIGTERM);
    usleep(static_cast<useconds_t>(500 * i));
    kill(child, SIGTERM);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    ASSERT_EQ(WEXITSTATUS(status), 130);
    for (const std::string &name : folder.list())
      ASSERT_TRUE(name == "model.so" || name == "y.npy") << name;
    const size_t size = readWhole(path).size();
    ASSERT_TRUE(size == 0 || size == 2 * contents.size()) << size;
  }
}
