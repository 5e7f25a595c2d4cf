// Plan and run: numbers, symbols, buffers, errors, cancellation.
#include "ArtifactBuilder.h"

#include "dlc/dlc.h"

#include <atomic>
#include <cstring>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace dlc::test;

namespace {
struct Session {
  explicit Session(const std::string &path) {
    char text[1024];
    EXPECT_EQ(dlc_session_load(path.c_str(), nullptr, text, sizeof(text), &session), DLC_OK)
        << text;
  }
  Session(const Session &) = delete;
  ~Session() { dlc_session_release(session); }
  dlc_session *session = nullptr;
};

/// A context and the tensors of a call, of the right size for N rows; tests bend them.
struct Call {
  Call(dlc_session *session, int64_t n, const dlc_context_options *options = nullptr)
      : xDims{n, 3}, sDims{n} {
    EXPECT_EQ(dlc_context_create(session, options, &context), DLC_OK);
    const auto rows = n < 100000 ? static_cast<size_t>(n) : 0;
    for (size_t i = 0; i < rows * 3; ++i)
      x.push_back(static_cast<float>(i));
    for (size_t i = 0; i < rows; ++i)
      s.push_back(static_cast<float>(i) * 1000);
    inputs[0] = {sizeof(dlc_input), DLC_F32,      nullptr, 2, 0, xDims,
                 x.data(),          x.size() * 4, nullptr, 0, 0};
    inputs[1] = {sizeof(dlc_input), DLC_F32,      nullptr, 1, 0, sDims,
                 s.data(),          s.size() * 4, nullptr, 0, 0};
    for (dlc_output &output : outputs)
      output.struct_size = sizeof(output);
  }
  Call(const Call &) = delete;
  ~Call() {
    for (dlc_output &output : outputs)
      dlc_output_release(&output);
    dlc_context_release(context);
  }

  dlc_status run(const dlc_run_options *options = nullptr) {
    return dlc_context_run(context, options, inputs, 2, outputs, 2);
  }
  dlc_status plan() { return dlc_context_plan(context, inputs, 2, outputs, 2, &workspace); }
  std::string error() const { return dlc_context_error_text(context); }
  const float *y() const { return static_cast<const float *>(outputs[0].data); }

  void expectResult(float weight0 = 10) const {
    for (size_t row = 0; row < s.size(); ++row)
      for (size_t col = 0; col < 3; ++col)
        ASSERT_EQ(y()[row * 3 + col],
                  x[row * 3 + col] + s[row] + weight0 * static_cast<float>(col + 1));
    ASSERT_EQ(outputs[1].size, (s.size() - 2) * 8);
    for (size_t row = 0; row + 2 < s.size(); ++row)
      ASSERT_EQ(static_cast<const int64_t *>(outputs[1].data)[row], static_cast<int64_t>(row));
  }

  int64_t xDims[2], sDims[1];
  std::vector<float> x, s;
  dlc_context *context = nullptr;
  dlc_input inputs[2];
  dlc_output outputs[2] = {};
  uint64_t workspace = 0;
};

class ContextTest : public testing::Test {
protected:
  dlc_session *session() const { return loaded.session; }

  TemporaryFolder folder;
  Session loaded{folder.write("model.so", buildArtifact().bytes)};
};
} // namespace

TEST_F(ContextTest, RunsOneArtifactAtEverySize) {
  for (int64_t n : {2, 3, 7, 1000, 3}) {
    Call call(session(), n);
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    EXPECT_EQ(call.error(), "");
    EXPECT_EQ(call.outputs[0].allocated, 1u);
    EXPECT_EQ(call.outputs[0].rank, 2u);
    EXPECT_EQ(call.outputs[0].dims[0], n);
    EXPECT_EQ(call.outputs[0].dims[1], 3);
    EXPECT_EQ(call.outputs[0].dtype, DLC_F32);
    EXPECT_EQ(call.outputs[1].dims[0], n - 2);
    call.expectResult();
  }
}

TEST_F(ContextTest, PlansWithoutData) {
  Call call(session(), 5);
  call.inputs[0].data = call.inputs[1].data = nullptr;
  call.inputs[0].size = call.inputs[1].size = 0;
  ASSERT_EQ(call.plan(), DLC_OK) << call.error();
  EXPECT_EQ(call.workspace, 64u);
  EXPECT_EQ(call.outputs[0].size, 60u);
  EXPECT_EQ(call.outputs[1].size, 24u);
  EXPECT_EQ(call.outputs[0].data, nullptr);
  EXPECT_EQ(dlc_context_plan(call.context, call.inputs, 2, nullptr, 0, nullptr), DLC_OK);
}

TEST_F(ContextTest, WritesIntoTheCallersBuffers) {
  Call call(session(), 4);
  std::vector<float> y(13, -1.0f);
  std::vector<int64_t> rows(2);
  call.outputs[0].data = y.data();
  call.outputs[0].capacity = 52;
  call.outputs[1].data = rows.data();
  call.outputs[1].capacity = 16;
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  EXPECT_EQ(call.outputs[0].data, y.data());
  EXPECT_EQ(call.outputs[0].allocated, 0u);
  EXPECT_EQ(call.outputs[0].size, 48u);
  EXPECT_EQ(y[12], -1.0f);
  call.expectResult();

  call.outputs[0].capacity = 47;
  EXPECT_EQ(call.run(), DLC_BUFFER_TOO_SMALL);
  EXPECT_EQ(call.error(), "output 'y': expected a buffer of 48 bytes, found 47");
  call.outputs[0].capacity = 52;
  call.outputs[0].data = reinterpret_cast<char *>(y.data()) + 1;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 'y': data is not aligned to its elements");
}

TEST_F(ContextTest, ReusesOutputsThatARunAllocated) {
  Call call(session(), 4);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  void *data = call.outputs[0].data;
  EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 64, 0u);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  EXPECT_EQ(call.outputs[0].data, data);
  EXPECT_EQ(call.outputs[0].allocated, 1u);
  dlc_output_release(&call.outputs[0]);
  EXPECT_EQ(call.outputs[0].data, nullptr);
  EXPECT_EQ(call.outputs[0].capacity, 0u);
  dlc_output_release(&call.outputs[0]);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

TEST_F(ContextTest, UsesTheCallersWorkspace) {
  Call call(session(), 4);
  alignas(64) char memory[192] = {};
  dlc_run_options options = {sizeof(options), 0, memory, 64, nullptr, 0, 0, nullptr};
  ASSERT_EQ(call.run(&options), DLC_OK) << call.error();
  call.expectResult();
  EXPECT_EQ(*reinterpret_cast<float *>(memory + 4), 1.0f) << "the arena was not the caller's";
  options.workspace_size = 63;
  EXPECT_EQ(call.run(&options), DLC_BUFFER_TOO_SMALL);
  EXPECT_EQ(call.error(), "expected a workspace of 64 bytes, found 63");
  options.workspace = memory + 32;
  options.workspace_size = 128;
  EXPECT_EQ(call.run(&options), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "the workspace is not aligned to 64 bytes");
}

TEST_F(ContextTest, HonoursTheWorkspaceLimit) {
  const dlc_context_options options = {sizeof(options), 0, 64};
  Call small(session(), 5, &options), large(session(), 6, &options);
  EXPECT_EQ(small.run(), DLC_OK) << small.error();
  EXPECT_EQ(large.run(), DLC_OUT_OF_MEMORY);
  EXPECT_EQ(large.error(), "a workspace of 128 bytes is over the limit of 64");
}

TEST_F(ContextTest, TakesInputsByName) {
  Call call(session(), 4);
  call.inputs[0].name = "x";
  call.inputs[1].name = "s";
  std::swap(call.inputs[0], call.inputs[1]);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
  call.inputs[0].name = "xs";
  call.inputs[1].name = "pixels";
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "no input 'xs'; the nearest name is 'x'\n"
                          "no input 'pixels'; the nearest name is 'x'\n"
                          "input 'x' is missing\n"
                          "input 's' is missing");
  call.inputs[0].name = call.inputs[1].name = "s";
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 's' is given twice\ninput 'x' is missing");
  call.inputs[0].name = nullptr;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "some inputs have names and some have none");
}

TEST_F(ContextTest, ComparesDimsWithTheSignature) {
  Call call(session(), 4);
  call.xDims[1] = 1;
  call.sDims[0] = 5;
  EXPECT_EQ(call.run(), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(call.error(),
            "input 'x': expected 3 in dimension 1, found 1\n"
            "input 's': expected 4 in dimension 0 (N), as in dimension 0 of input 'x', found 5");
  call.xDims[1] = 3;
  call.sDims[0] = 4;
  call.inputs[0].rank = 1;
  EXPECT_EQ(call.run(), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'x': expected rank 2, found 1");
  call.inputs[0].rank = 2;
  call.inputs[0].dtype = DLC_F64;
  call.inputs[1].dtype = 99;
  EXPECT_EQ(call.run(), DLC_TYPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'x': expected element type f32, found f64\n"
                          "input 's': expected element type f32, found an unknown one");
  EXPECT_EQ(call.outputs[0].data, nullptr);
}

TEST_F(ContextTest, LabelsStaticDimsThatHaveNames) {
  ArtifactSpec spec;
  spec.inputs[0].dims[1].text = "C";
  Session other(folder.write("labelled.so", buildArtifact(spec).bytes));
  Call call(other.session, 4);
  call.xDims[1] = 1;
  EXPECT_EQ(call.run(), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'x': expected 3 in dimension 1 (C), found 1");
}

TEST_F(ContextTest, ReportsOneLineWhateverTheNames) {
  ArtifactSpec spec;
  spec.inputs[0].name = "x\nerror: y\x1b";
  spec.inputs[0].dims[1].text = "C\t\x7f";
  Session other(folder.write("names.so", buildArtifact(spec).bytes));
  Call call(other.session, 4);
  call.xDims[1] = 1;
  EXPECT_EQ(call.run(), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'x\\x0aerror: y\\x1b': expected 3 in dimension 1 (C\\x09\\x7f), "
                          "found 1");
  // What does not fit is cut, between two characters.
  spec.inputs[0].name = std::string(5000, '\n');
  Session endless(folder.write("names.so", buildArtifact(spec).bytes));
  Call cut(endless.session, 4);
  cut.xDims[1] = 1;
  EXPECT_EQ(cut.run(), DLC_SHAPE_MISMATCH);
  EXPECT_LT(cut.error().size(), 4096u);
  EXPECT_EQ(cut.error().substr(cut.error().size() - 8), "\\x0a\\x0a");
}

TEST_F(ContextTest, ChecksDeclaredRanges) {
  ArtifactSpec spec;
  spec.symbols = {{"N", 3, 8}};
  Session ranged(folder.write("ranged.so", buildArtifact(spec).bytes));
  for (int64_t n : {3, 8}) {
    Call call(ranged.session, n);
    EXPECT_EQ(call.run(), DLC_OK) << call.error();
  }
  for (int64_t n : {2, 9}) {
    Call call(ranged.session, n);
    EXPECT_EQ(call.run(), DLC_SHAPE_MISMATCH);
    EXPECT_EQ(call.error(),
              "input 'x': expected 3 to 8 in dimension 0 (N), found " + std::to_string(n));
  }
}

TEST_F(ContextTest, RefusesNegativeAndEnormousDims) {
  Call negative(session(), 4);
  negative.xDims[0] = negative.sDims[0] = -4;
  EXPECT_EQ(negative.run(), DLC_SHAPE_MISMATCH);
  Call small(session(), 1);
  EXPECT_EQ(small.run(), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(small.error(),
            "the inputs are too small for the model: a dim would be negative at N = 1");
  Call zero(session(), 0);
  EXPECT_EQ(zero.run(), DLC_SHAPE_MISMATCH);
  Call enormous(session(), int64_t{1} << 60);
  EXPECT_EQ(enormous.run(), DLC_OVERFLOW);
  EXPECT_EQ(enormous.error(), "a size does not fit 63 bits at N = 1152921504606846976");
  // Fits, but is more than the given data and any memory.
  Call large(session(), int64_t{1} << 55);
  EXPECT_EQ(large.plan(), DLC_OK) << large.error();
  EXPECT_EQ(large.run(), DLC_BUFFER_TOO_SMALL);
}

TEST_F(ContextTest, ReportsWantOfMemory) {
  Call call(session(), int64_t{1} << 55);
  // Sizes that are true of no memory: the run must fail before it reads any of it.
  call.inputs[0].data = call.inputs[1].data = &call;
  call.inputs[0].size = (uint64_t{1} << 55) * 12;
  call.inputs[1].size = (uint64_t{1} << 55) * 4;
  EXPECT_EQ(call.run(), DLC_OUT_OF_MEMORY);
  EXPECT_EQ(call.error(), "out of memory for a workspace of 432345564227567616 bytes");
  Call small(session(), 4);
  EXPECT_EQ(small.run(), DLC_OK);
}

TEST_F(ContextTest, ChecksTheDataOfInputs) {
  Call call(session(), 4);
  call.inputs[0].size = 47;
  EXPECT_EQ(call.run(), DLC_BUFFER_TOO_SMALL);
  EXPECT_EQ(call.error(), "input 'x': expected 48 bytes for its dims, found 47");
  call.inputs[0].size = 49;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  call.inputs[0].size = 48;
  call.inputs[1].data = nullptr;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 's': data is null");
  call.inputs[1].data = reinterpret_cast<const char *>(call.s.data()) + 2;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 's': data is not aligned to its elements");
}

TEST_F(ContextTest, RefusesOverlappingBuffers) {
  Call call(session(), 4);
  call.outputs[0].data = call.x.data();
  call.outputs[0].capacity = 48;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 'y' overlaps input 'x'");
  alignas(64) char memory[256];
  call.outputs[0].data = memory;
  call.outputs[1].data = memory + 40;
  call.outputs[1].capacity = 16;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 'rows' overlaps output 'y'");
  call.outputs[1].data = memory + 48;
  dlc_run_options options = {sizeof(options), 0, memory, 64, nullptr, 0, 0, nullptr};
  EXPECT_EQ(call.run(&options), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "the workspace overlaps output 'y'");
  options.workspace = memory + 64;
  EXPECT_EQ(call.run(&options), DLC_OK) << call.error();
}

TEST_F(ContextTest, RefusesWrongCountsAndStructs) {
  Call call(session(), 4);
  EXPECT_EQ(dlc_context_run(call.context, nullptr, call.inputs, 1, call.outputs, 2),
            DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "expected 2 inputs, found 1");
  EXPECT_EQ(dlc_context_run(call.context, nullptr, call.inputs, 2, call.outputs, 1),
            DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "expected 2 outputs, found 1");
  EXPECT_EQ(dlc_context_run(call.context, nullptr, nullptr, 2, call.outputs, 2),
            DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_context_run(call.context, nullptr, call.inputs, 2, nullptr, 2),
            DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_context_run(nullptr, nullptr, call.inputs, 2, call.outputs, 2),
            DLC_INVALID_ARGUMENT);
  call.outputs[1].struct_size = 8;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 1: struct_size differs from that of output 0");
  call.inputs[0].struct_size = 0;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 0: struct_size 0 is not that of this API");
}

TEST_F(ContextTest, ReportsAProgramThatBreaksItsContract) {
  Call odd(session(), 6666), wrong(session(), 6667);
  EXPECT_EQ(odd.run(), DLC_INTERNAL);
  EXPECT_EQ(odd.error(), "the artifact's code returned 42 at N = 6666");
  EXPECT_EQ(wrong.run(), DLC_INTERNAL);
  EXPECT_EQ(wrong.error(), "output 'y': the artifact's code computed 6668 for dimension 0 (N)");
}

TEST_F(ContextTest, IsCancelledFromAnotherThread) {
  Call call(session(), 7777); // does not end by itself
  std::vector<float> y(7777 * 3, -1.0f);
  call.outputs[0].data = y.data();
  call.outputs[0].capacity = y.size() * 4;
  std::atomic<dlc_status> status{DLC_OK};
  std::thread runner([&] { status = call.run(); });
  while (std::atomic_ref<float>(y.back()).load() == -1.0f)
    std::this_thread::yield();
  // A second call meanwhile is refused, and the run goes on.
  EXPECT_EQ(call.plan(), DLC_INVALID_ARGUMENT);
  dlc_context_cancel(call.context);
  runner.join();
  EXPECT_EQ(status, DLC_CANCELLED);
  EXPECT_EQ(call.error(), "the run was cancelled");
  EXPECT_EQ(call.outputs[1].data, nullptr) << "an output was allocated by a run that failed";
}

TEST_F(ContextTest, ACancelWithoutARunEndsTheNextOne) {
  Call call(session(), 4);
  dlc_context_cancel(call.context);
  EXPECT_EQ(call.run(), DLC_CANCELLED);
  EXPECT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

TEST_F(ContextTest, RunsOneSessionInManyThreads) {
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int64_t n : {3, 50, 700, 9000})
    threads.emplace_back([&, n] {
      Call call(session(), n);
      for (int i = 0; i < 50; ++i)
        failures += call.run() != DLC_OK;
      call.expectResult();
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(ContextTest, GivesTheSameBytesForAnyNumberOfThreads) {
  dlc_context_options options = {sizeof(options), 1, 0};
  Call alone(session(), 5000, &options);
  ASSERT_EQ(alone.run(), DLC_OK) << alone.error();
  alone.expectResult();
  for (uint32_t numThreads : {0u, 2u, 3u, 1000u}) {
    options.num_threads = numThreads;
    Call call(session(), 5000, &options);
    for (int i = 0; i < 20; ++i) {
      ASSERT_EQ(call.run(), DLC_OK) << call.error();
      for (int o = 0; o < 2; ++o)
        ASSERT_EQ(memcmp(call.outputs[o].data, alone.outputs[o].data, alone.outputs[o].size), 0);
    }
  }
}

TEST_F(ContextTest, CancelsOneOfManyRuns) {
  // More leaders than CPUs, each with helpers; every second one is cancelled again and again.
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int64_t i = 0; i < 8; ++i)
    threads.emplace_back([&, i] {
      const bool endless = i % 2 != 0;
      Call call(session(), endless ? 7777 : 1000 + i);
      for (int round = 0; round < 20; ++round) {
        std::atomic<bool> ended{false};
        std::thread canceller([&] {
          while (endless && !ended) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
            dlc_context_cancel(call.context);
          }
        });
        failures += call.run() != (endless ? DLC_CANCELLED : DLC_OK);
        ended = true;
        canceller.join();
      }
      if (!endless)
        call.expectResult();
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(ContextTest, IsUsableAfterEveryFailure) {
  Call good(session(), 4);
  ASSERT_EQ(good.run(), DLC_OK) << good.error();
  auto fails = [&](dlc_status expected, auto &&bend) {
    Call bad(session(), 4);
    bend(bad);
    EXPECT_EQ(dlc_context_run(good.context, nullptr, bad.inputs, 2, bad.outputs, 2), expected)
        << good.error();
    EXPECT_NE(good.error(), "");
    ASSERT_EQ(good.run(), DLC_OK) << good.error();
    EXPECT_EQ(good.error(), "");
    good.expectResult();
  };
  fails(DLC_SHAPE_MISMATCH, [](Call &call) { call.xDims[1] = 4; });
  fails(DLC_SHAPE_MISMATCH, [](Call &call) { call.xDims[0] = -1; });
  fails(DLC_SHAPE_MISMATCH, [](Call &call) { call.xDims[0] = call.sDims[0] = 1; });
  fails(DLC_TYPE_MISMATCH, [](Call &call) { call.inputs[1].dtype = DLC_F64; });
  fails(DLC_BUFFER_TOO_SMALL, [](Call &call) { call.inputs[0].size = 47; });
  fails(DLC_INVALID_ARGUMENT, [](Call &call) { call.inputs[0].data = nullptr; });
  fails(DLC_INVALID_ARGUMENT, [](Call &call) { call.outputs[0].struct_size = 1; });
  fails(DLC_CANCELLED, [&](Call &) { dlc_context_cancel(good.context); });
  for (int64_t n : {6666, 6667}) { // a program that breaks its contract
    Call odd(session(), n);
    EXPECT_EQ(dlc_context_run(good.context, nullptr, odd.inputs, 2, odd.outputs, 2), DLC_INTERNAL);
    ASSERT_EQ(good.run(), DLC_OK) << good.error();
    good.expectResult();
  }
}

// ThreadSanitizer takes a forked child's new thread for a helper that stayed behind, and aborts.
#if !defined(__SANITIZE_THREAD__)
TEST_F(ContextTest, AForkedChildUsesItsParentsSession) {
  Call call(session(), 9000);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  std::atomic<bool> done{false};
  std::thread busy([&] { // its run goes on while the process forks, and is no affair of the child
    Call other(session(), 9000);
    while (!done)
      EXPECT_EQ(other.run(), DLC_OK);
  });
  for (int i = 0; i < 10; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      bool good = call.run() == DLC_OK && call.y()[26999] == 26999.0f + 8999000.0f + 30.0f;
      Session anew(folder.path("model.so"));
      Call own(anew.session, 9000), shared(session(), 9000);
      good = good && own.run() == DLC_OK && shared.run() == DLC_OK;
      _exit(good ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  done = true;
  busy.join();
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}
#endif

TEST_F(ContextTest, KeepsItsSessionAlive) {
  auto own = std::make_unique<Session>(folder.path("model.so"));
  Call call(own->session, 4);
  own.reset();
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  call.expectResult();
}

TEST_F(ContextTest, AReplacedFileIsLoadedAnewBesideTheOldOne) {
  Call before(session(), 4);
  ArtifactSpec spec;
  spec.weights = {100, 200, 300};
  Session replaced(folder.write("model.so", buildArtifact(spec).bytes));
  Call after(replaced.session, 4);
  ASSERT_EQ(after.run(), DLC_OK) << after.error();
  after.expectResult(100);
  spec.weights = {1, 2, 3};
  Session again(folder.write("model.so", buildArtifact(spec).bytes));
  Call third(again.session, 4);
  ASSERT_EQ(third.run(), DLC_OK) << third.error();
  third.expectResult(1);
  ASSERT_EQ(before.run(), DLC_OK) << before.error();
  before.expectResult(10);
}

TEST(Context, AddsUpAProfile) {
  TemporaryFolder folder;
  Session session(folder.write("model.so", buildArtifact().bytes));
  dlc_kernel_info kernel = {};
  kernel.struct_size = sizeof(kernel);
  ASSERT_EQ(dlc_session_kernel(session.session, 1, &kernel), DLC_OK);
  EXPECT_STREQ(kernel.name, "add_weights");
  EXPECT_STREQ(kernel.nodes, "node_1, node_2");
  EXPECT_EQ(dlc_session_kernel(session.session, 2, &kernel), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_session_kernel(nullptr, 0, &kernel), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_session_kernel(session.session, 0, nullptr), DLC_INVALID_ARGUMENT);

  Call call(session.session, 50);
  dlc_profile_row rows[2] = {};
  rows[0].struct_size = rows[1].struct_size = sizeof(dlc_profile_row);
  dlc_run_options options = {sizeof(options), 0, nullptr, 0, rows, 2, 0, nullptr};
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(call.run(&options), DLC_OK);
  call.expectResult();
  for (const dlc_profile_row &row : rows) {
    EXPECT_EQ(row.calls, 3u);
    EXPECT_GT(row.nanoseconds, 0u);
    EXPECT_LT(row.nanoseconds, 10'000'000'000u);
  }
  EXPECT_EQ(rows[0].flops, 3u * 6 * 50);
  EXPECT_EQ(rows[1].flops, 0u); // its record ends before the count
  ASSERT_EQ(call.run(), DLC_OK);
  EXPECT_EQ(rows[0].calls, 3u);

  options.num_profile_rows = 1;
  EXPECT_EQ(call.run(&options), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "expected 2 profile rows, found 1");
  options.struct_size = 24; // a caller who knows of no profile
  EXPECT_EQ(call.run(&options), DLC_OK);
  EXPECT_EQ(rows[0].calls, 3u);
}

TEST(Context, TellsHowManyThreadsComputeAtMost) {
  TemporaryFolder folder;
  Session session(folder.write("model.so", buildArtifact().bytes));
  const dlc_context_options one = {sizeof(one), 1, 0};
  Call limited(session.session, 5, &one), free(session.session, 5);
  EXPECT_EQ(dlc_context_num_threads(limited.context), 1u);
  EXPECT_GE(dlc_context_num_threads(free.context), 1u);
  EXPECT_EQ(dlc_context_num_threads(nullptr), 0u);
}
