// dlc-run as a program: exit status, error lines, files.
#include "ArtifactBuilder.h"
#include "Npy.h"
#include "OutputFile.h"
#include "PngBuilder.h"

#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <regex>
#include <sys/wait.h>
#include <unistd.h>

using namespace dlc::test;

namespace {
struct Result {
  int status;
  std::string text; // stdout and stderr, unless redirected
};

Result run(const std::string &arguments, const std::string &redirections = "2>&1") {
  FILE *pipe = popen((std::string(DLC_RUN) + " " + arguments + " " + redirections).c_str(), "r");
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

TEST_F(ToolTest, TheDeviceIsTheOneAskedFor) {
  const std::string feeds = " --input x=1,2,3,4,5,6,7,8,9 --input s=0,0,100";
  EXPECT_EQ(run(model + feeds + " --device cpu").status, 0);
  Result result = run(model + feeds + " --device cuda:1");
  EXPECT_EQ(result.status, 1);
  EXPECT_NE(
      result.text.find("expected an artifact with code for CUDA, found one for the CPU alone"),
      std::string::npos)
      << result.text;
  result = run(model + feeds + " --device gpu");
  EXPECT_EQ(result.status, 2);
  EXPECT_NE(result.text.find("--device expects cpu, cuda or cuda:N, found 'gpu'"),
            std::string::npos)
      << result.text;
}

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
  Result result = run(model + " --bench 5 --input x=1,2,3,4,5,6 --input s=0,1");
  EXPECT_EQ(result.status, 0);
  EXPECT_NE(result.text.find("\n5 runs: median "), std::string::npos) << result.text;
}

TEST_F(ToolTest, ProfilesKernels) {
  // The program counts 6 flops for each row of its first kernel, and none of the second.
  Result result =
      run(model + " --random 1 --dim N=5000 --bench 4 --profile --threads 1 | grep -v ^.:");
  EXPECT_EQ(result.status, 0);
  EXPECT_TRUE(std::regex_search(
      result.text, std::regex("\n4 runs: median [^\n]*\n"
                              "kernel +calls +ms +share +GFLOP/s +peak  ONNX nodes\n"
                              "(.*\n)?add_s +4 +[0-9.]+ +[0-9.]+% +[0-9.]+ +[0-9.]+%  node_0\n")))
      << result.text;
  EXPECT_TRUE(std::regex_search(
      result.text, std::regex("\nadd_weights +4 +[0-9.]+ +[0-9.]+% +- +-  node_1, node_2\n")))
      << result.text;
  EXPECT_TRUE(std::regex_search(
      result.text, std::regex("\n\\(outside\\) +[0-9.]+ +[0-9.]+%\npeak: [0-9.]+ GFLOP/s of f32, "
                              "measured with [A-Z0-9-]+ on 1 thread\n$")))
      << result.text;
}

TEST_F(ToolTest, ReportsAllProblemsOfItsInput) {
  const std::string bad = folder.write("bad.png", "no picture");
  const std::string doubles = folder.write("d.npy", npy<double>(DLC_F64, {2}, {1, 2}));
  Result result = run(model + " --input x=@" + bad + " --input z=1 --output yy=@o.txt");
  EXPECT_EQ(result.text,
            "error: " + model + ": no output 'yy'; the nearest name is 'y'\n" +
                "error: o.txt: expected a file .npy or .png for output 'yy'\n" + "error: " + model +
                ": no input 'z'; the nearest name is 'x'\n" + "error: " + bad +
                ": a picture is f32 1 x 3 x H x W or 1 x 1 x H x W; input 'x' takes f32 N x 3\n" +
                "error: " + model +
                ": input 's' is missing; feed it with --input "
                "s=... or --random\n");
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

TEST_F(ToolTest, NeverReplacesWhatItReads) {
  const std::string contents = npy<float>(DLC_F32, {2, 3}, {1, 2, 3, 4, 5, 6});
  const std::string x = folder.write("x.npy", contents);
  const std::string artifact = readWhole(model);
  std::filesystem::create_hard_link(x, folder.path("link.npy"));
  std::filesystem::create_symlink("model.so", folder.path("model.npy"));
  const std::string inputs = model + " --input x=@" + x + " --input s=0,1";
  auto expectRefused = [&](const std::string &outputs, const std::string &problem) {
    Result result = run(inputs + outputs);
    EXPECT_EQ(result.text, "error: " + problem + "\n");
    EXPECT_EQ(result.status, 1);
  };
  expectRefused(" --output y=@" + x, x + ": output 'y' would replace the file of input 'x'");
  for (std::string other : {"./x.npy", "link.npy"}) {
    other = folder.path(other);
    expectRefused(" --output y=@" + other,
                  other + ": output 'y' would replace the file of input 'x'");
  }
  expectRefused(" --output y=@" + folder.path("model.npy"),
                folder.path("model.npy") + ": output 'y' would replace the model");
  const std::string twice = folder.path(
      "../" + std::filesystem::path(folder.path("")).parent_path().filename().string() + "/y.npy");
  expectRefused(" --output rows=@" + folder.path("y.npy") + " --output y=@" + twice,
                twice + ": outputs 'rows' and 'y' would go to one file");
  EXPECT_EQ(readWhole(x), contents);
  EXPECT_EQ(readWhole(model), artifact);
  EXPECT_EQ(folder.list(),
            (std::vector<std::string>{"link.npy", "model.npy", "model.so", "x.npy"}));
  // A file that is only there already is replaced.
  EXPECT_EQ(run(inputs + " --output y=@" + folder.write("y.npy", "old")).status, 0);
  EXPECT_EQ(readWhole(folder.path("y.npy")).size(), 128 + 24u);
}

TEST_F(ToolTest, ShowsControlCharacters) {
  Result result = run("\"$(printf 'a\\nerror: b\\033[31m.so')\"");
  EXPECT_EQ(result.text, "error: a\\x0aerror: b\\x1b[31m.so: cannot be opened: No such file or "
                         "directory\n");
  result = run(model + " \"$(printf -- '--a\\rb')\"");
  EXPECT_EQ(result.text, "error: unknown option '--a\\x0db'; see --help\n");
  std::string bad = npy<float>(DLC_F32, {1}, {1});
  bad.replace(bad.find("<f4"), 3, std::string("\0\x1b\n", 3));
  const std::string s = folder.write("s.npy", bad);
  result = run(model + " --input x=1,2,3 --input s=@" + s);
  EXPECT_EQ(result.text,
            "error: " + s + ": element type '\\x00\\x1b\\x0a' is not one that dlc-run reads\n");
  ArtifactSpec spec;
  spec.inputs[0].name = "x\n";
  spec.outputs[0].name = "y\n\x1b[2J";
  const std::string named = folder.write("named.so", buildArtifact(spec).bytes);
  result = run(named + " --input \"x\n\"=1,2,3,4,5,6 --input s=0,1");
  EXPECT_EQ(result.text, "y\\x0a\\x1b[2J: f32 2 x 3, min 11, mean 24, max 37\n"
                         "rows: i64 0, empty\n");
  result = run(named + " --input \"x\n\"=1,2,3,4,5,6 --input s=0,1,2");
  EXPECT_EQ(result.text, "error: input 's': expected 2 in dimension 0 (N), as in dimension 0 of "
                         "input 'x\\x0a', found 3\n");
}

TEST_F(ToolTest, NamesTheModelWhereNothingElseIsAtFault) {
  Result result = run(model + " --input x=1,2,3 --input s=1");
  EXPECT_EQ(result.text, "error: " + model +
                             ": the inputs are too small for the model: a dim would be negative "
                             "at N = 1\n");
  EXPECT_EQ(result.status, 1);
}

TEST_F(ToolTest, SurvivesStreamsThatCannotBeWritten) {
  EXPECT_EQ(run("nonexist", "2>&-").status, 1);
  EXPECT_EQ(run("nonexist", "2>/dev/full").status, 1);
  EXPECT_EQ(run("", "2>&-").status, 2);
  const std::string sound = model + " --input x=1,2,3,4,5,6 --input s=0,1";
  for (const std::string &arguments : {sound, std::string("--help")}) {
    Result result = run(arguments, "2>&1 >/dev/full");
    EXPECT_EQ(result.text, "error: standard output: cannot be written: No space left on device\n");
    EXPECT_EQ(result.status, 1);
    result = run(arguments, "2>&1 >&-");
    EXPECT_EQ(result.text, "error: standard output: cannot be written: Bad file descriptor\n");
    EXPECT_EQ(result.status, 1);
  }
  // Nothing is to be printed here.
  EXPECT_EQ(run(sound + " --output y=@" + folder.path("y.npy"), "2>&- >&-").status, 0);
}

TEST_F(ToolTest, EndsWithAnErrorLineWhereTheLibraryLacksMemory) {
  EXPECT_EXIT(
      {
        dlc::run::catchFailures();
        std::vector<std::string> large;
        large.reserve(large.max_size());
        _exit(static_cast<int>(large.capacity() % 2) + 98);
      },
      testing::ExitedWithCode(1), "^error: out of memory\n$");
}

TEST_F(ToolTest, JudgesAPictureByItsDimsBeforeItDecodesIt) {
  ArtifactSpec spec;
  spec.program = DLC_TEST_ENLARGE;
  spec.symbols = {{"H", 0, INT64_MAX}, {"W", 0, INT64_MAX}};
  spec.inputs = {{"p", DLC_F32, {{1, -1, "1"}, {3, -1, "3"}, {-1, 0, "H"}, {-1, 1, "W"}}}};
  spec.outputs = {{"q", DLC_F32, {{1, -1, "1"}, {3, -1, "3"}, {-1, -1, "16*H"}, {-1, -1, "16*W"}}}};
  const std::string enlarge = folder.write("enlarge.so", buildArtifact(spec).bytes);
  const std::string q = folder.path("q.png");
  // Neither picture has pixels, which comes to light where they are decoded.
  const std::string large = folder.write("large.png", buildPng({32768, 4000, 8, pngRgb, {}, {}}));
  const std::string small = folder.write("small.png", buildPng({2, 2, 8, pngRgb, {}, {}}));
  Result result = run(enlarge + " --input p=@" + large + " --output q=@" + q);
  EXPECT_EQ(result.text, "error: " + q + ": a picture of 524288 x 64000 pixels is too large\n");
  EXPECT_EQ(result.status, 1);
  result = run(enlarge + " --input p=@" + small + " --output q=@" + q);
  EXPECT_EQ(result.text.rfind("error: " + small + ": the picture cannot be decoded: ", 0), 0u)
      << result.text;
  EXPECT_EQ(result.status, 1);
  const std::string sound =
      folder.write("sound.png", buildPng({2, 1, 8, pngRgb, {"\1\2\3\4\5\6"}, {}}));
  result = run(enlarge + " --input p=@" + sound);
  EXPECT_EQ(result.text, "q: f32 1 x 3 x 16 x 32, min 1, mean 3.5, max 6\n");
  result = run(enlarge + " --input p=@" + sound + " --output q=@" + sound);
  EXPECT_EQ(result.text, "error: " + sound + ": output 'q' would replace the file of input 'p'\n");
}

TEST_F(ToolTest, AnswersWrongUsageWithStatus2) {
  Result result = run("");
  EXPECT_EQ(result.text, "error: no model is given; see --help\n");
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(run(model + " --frobnicate").status, 2);
  EXPECT_EQ(run("''").status, 2);
  EXPECT_EQ(run("'' " + model).status, 2);
  EXPECT_EQ(run(model + " --output ''").status, 2);
  EXPECT_EQ(run(model + " --output y=@").status, 2);
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

TEST_F(ToolTest, ComputesOnAsManyThreadsAsItIsTold) {
  const std::string x =
      "x=@" + folder.write("x.npy", npy(DLC_F32, {7777, 3}, std::vector<float>(7777 * 3)));
  const std::string s =
      "s=@" + folder.write("s.npy", npy(DLC_F32, {7777}, std::vector<float>(7777)));
  struct Case {
    const char *environment, *option;
    long numThreads;
  };
  for (const Case &told : {Case{"1", "--threads=8", 1}, Case{"3", "--threads=8", 3},
                           Case{"5", "--threads=2", 2}, Case{"5", "--threads=1", 1}}) {
    pid_t child = fork();
    if (child == 0) {
      setenv("DLC_NUM_THREADS", told.environment, 1);
      execl(DLC_RUN, "dlc-run", model.c_str(), told.option, "--input", x.c_str(), "--input",
            s.c_str(), nullptr);
      _exit(99);
    }
    waitUntilCatches(child, SIGTERM);
    // The run goes on until it is interrupted: the threads are there soon, and are no more later.
    const std::string path = "/proc/" + std::to_string(child) + "/task";
    auto count = [&] {
      std::error_code error;
      return std::distance(std::filesystem::directory_iterator(path, error), {});
    };
    for (int i = 0; i < 10000 && count() < told.numThreads; ++i)
      usleep(1000);
    usleep(20000);
    EXPECT_EQ(count(), told.numThreads) << told.environment << told.option;
    kill(child, SIGTERM);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 130);
  }
}

TEST_F(ToolTest, AnInterruptedWriteLeavesTheOldFileOrTheNewOne) {
  const std::string path = folder.path("y.npy");
  const std::string contents(1 << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    pid_t child = fork();
    if (child == 0) {
      dlc::run::catchFailures();
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
