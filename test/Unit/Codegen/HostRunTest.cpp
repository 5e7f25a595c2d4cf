// Programs with library calls, symbols of the run, branches and loops, planned and executed.

#include "FakeRuntime.h"

#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"

using namespace dlc::test;

using Floats = std::vector<float>;

/// Wraps `text` of functions and aliases into a module with the op library.
static std::unique_ptr<Program> plan(const std::string &text) {
  std::string ir = R"(
!v = !dlc.tensor<N x f32>
!one = !dlc.tensor<1 x f32>
!n = !dlc.tensor<n x f32>
module attributes {dlc.model = "test.onnx"} {)" +
                   getOpLibrary() + text + "\n}";
  return Program::planAndCompile(ir, "x86-64-v2");
}

/// A box that adds `lhs` and `rhs` of type `type`, as value `result`.
static std::string addBox(const char *result, const char *lhs, const char *rhs, const char *type) {
  return llvm::formatv(R"(
    {0} = dlc.kernel loops ({1}, {2}) schedule <loops, lanes = 4, channels = 1, pixels = [4], rows = 1>
        : ({3}, {3}) -> {3} {{
    ^bb0(%read0: {3}, %read1: {3}):
      %total = dlc.add %read0, %read1 : ({3}, {3}) -> {3}
      dlc.yield %total : {3}
    })",
                       result, lhs, rhs, type);
}

TEST(HostRun, LibraryCalls) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}) -> (!v {dlc.name = "y"}, !v {dlc.name = "same"}, !dlc.value {dlc.name = "h"}) {
    %absent = dlc.absent : !dlc.value
    %0 = dlc.library_call "scale"(%x) {by = #dlc.expr<N + 1>, factors = [1.5, 0.5], kind = "linear"} : (!v) -> !v
    %1 = dlc.library_call "add"(%0, %absent) {} : (!v, !dlc.value) -> !v)" +
                      addBox("%2", "%1", "%x", "!v") + R"(
    %3 = dlc.library_call "nonzero"(%x) {} : (!v) -> !dlc.value
    return %2, %x, %3 : !v, !v, !dlc.value
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1, 0, 2, 0, 5};
  ASSERT_EQ(runtime.run({5}, {x.data()}, {1, 1, -1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.outputDims, (std::vector<int64_t>{5, 5}));
  EXPECT_EQ(runtime.getFloats(0), (Floats{107, 100, 114, 100, 135}));
  EXPECT_EQ(runtime.getFloats(1), x);
  EXPECT_EQ(runtime.getFloats(2), (Floats{1, 2, 5}));
  EXPECT_EQ(runtime.countLive(), 0u);
}

TEST(HostRun, EntrySymbols) {
  auto program = plan(R"(
  func.func @main(%s: !dlc.tensor<2 x f32> {dlc.name = "s"}, %x: !v {dlc.name = "x"}) -> (!dlc.tensor<a*b x f32> {dlc.name = "y"}) {
    %0 = dlc.library_call "to_i64"(%s) {} : (!dlc.tensor<2 x f32>) -> !dlc.tensor<2 x i64>
    dlc.bind %0 as ["a", "b"] : !dlc.tensor<2 x i64>
    dlc.guard <a + 1> equals <b>
    %1 = dlc.library_call "count"() {} : () -> !dlc.tensor<a*b x f32>
    return %1 : !dlc.tensor<a*b x f32>
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats s = {2, 3}, x;
  // x is not read at entry.
  ASSERT_EQ(runtime.run({0}, {s.data(), nullptr}, {1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.symbols, (std::vector<int64_t>{0, 2, 3}));
  EXPECT_EQ(runtime.getFloats(0), (Floats{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(runtime.numCalls, 3u) << "twice to plan, once to run";
  s = {3, 3};
  EXPECT_EQ(runtime.run({0}, {s.data(), nullptr}, {1}), DLC_PROGRAM_STOPPED);
  EXPECT_EQ(runtime.error, "4 is not 3");
  s = {-2, -1};
  EXPECT_EQ(runtime.run({0}, {s.data(), nullptr}, {1}), DLC_PROGRAM_OK) << "a product of 2";
  s = {-1, 0};
  EXPECT_EQ(runtime.run({0}, {s.data(), nullptr}, {1}), DLC_PROGRAM_OK);
}

TEST(HostRun, LateSizes) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}) -> (!n {dlc.name = "y"}, !dlc.tensor<n + 1 x f32> {dlc.name = "z"}) {
    %0 = dlc.library_call "nonzero"(%x) {} : (!v) -> !dlc.value
    %1 = dlc.match %0 binds ["n"] : !dlc.value -> !n)" +
                      addBox("%2", "%1", "%1", "!n") + addBox("%3", "%2", "%1", "!n") + R"(
    %4 = dlc.library_call "append"(%3) {} : (!n) -> !dlc.tensor<n + 1 x f32>
    return %3, %4 : !n, !dlc.tensor<n + 1 x f32>
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1, 0, 2, 0, 5};
  ASSERT_EQ(runtime.run({5}, {x.data()}, {1, 1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.outputDims, (std::vector<int64_t>{-1, -1}));
  EXPECT_EQ(runtime.getFloats(0), (Floats{3, 6, 15}));
  EXPECT_EQ(runtime.getFloats(1), (Floats{3, 6, 15, 1}));
  EXPECT_EQ(runtime.countLive(), 0u);
  EXPECT_EQ(runtime.numObjects, 4u);
  std::fill(x.begin(), x.end(), 0.0f);
  ASSERT_EQ(runtime.run({5}, {x.data()}, {1, 1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(1), Floats{1});
}

TEST(HostRun, MatchesCheckWhatTheyBind) {
  auto program = plan(R"(
  func.func @main(%h: !dlc.value {dlc.name = "h"}) -> (!dlc.tensor<k x k x f32> {dlc.name = "y"}) {
    %0 = dlc.match %h binds ["k"] : !dlc.value -> !dlc.tensor<k x k x f32>
    return %0 : !dlc.tensor<k x k x f32>
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  ASSERT_EQ(runtime.run({}, {runtime.makeTensor(DLC_DTYPE_F32, {3, 3})}, {2}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(0).size(), 9u);
  EXPECT_EQ(runtime.run({}, {runtime.makeTensor(DLC_DTYPE_F32, {3, 4})}, {2}), DLC_PROGRAM_STOPPED);
  EXPECT_EQ(runtime.error, "3 is not 4");
  EXPECT_EQ(runtime.run({}, {runtime.makeTensor(DLC_DTYPE_F32, {3})}, {2}), DLC_PROGRAM_STOPPED);
  EXPECT_EQ(runtime.error, "no match");
}

TEST(HostRun, Branches) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}) -> (!v {dlc.name = "y"}, !dlc.value {dlc.name = "h"}, !v {dlc.name = "x2"}) {
    %outer = dlc.library_call "nonzero"(%x) {} : (!v) -> !dlc.value
    %c = dlc.library_call "less"(%x) {} : (!v) -> !dlc.value
    %r:3 = dlc.if %c : (!dlc.value) -> (!v, !dlc.value, !v) {
)" + addBox("%0", "%x", "%x", "!v") +
                      R"(
      dlc.yield %0, %outer, %0 : !v, !dlc.value, !v
    } else {
      dlc.guard <N> equals <3>
      %1 = dlc.library_call "append"(%x) {} : (!v) -> !dlc.value
      dlc.yield %x, %1, %x : !v, !dlc.value, !v
    })" + addBox("%2", "%r#0", "%r#2", "!v") +
                      R"(
    return %2, %r#1, %r#0 : !v, !dlc.value, !v
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1, 0};
  ASSERT_EQ(runtime.run({2}, {x.data()}, {1, -1, 1}), DLC_PROGRAM_OK)
      << "a guard in a branch that is not taken";
  EXPECT_EQ(runtime.getFloats(0), (Floats{4, 0}));
  EXPECT_EQ(runtime.getFloats(1), Floats{1});
  EXPECT_EQ(runtime.getFloats(2), (Floats{2, 0}));
  EXPECT_EQ(runtime.countLive(), 0u);
  x = {10, 0, 3};
  ASSERT_EQ(runtime.run({3}, {x.data()}, {1, -1, 1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(0), (Floats{20, 0, 6}));
  EXPECT_EQ(runtime.getFloats(1), (Floats{10, 0, 3, 1}));
  EXPECT_EQ(runtime.getFloats(2), x);
  EXPECT_EQ(runtime.run({2}, {x.data()}, {1, -1, 1}), DLC_PROGRAM_STOPPED);
  EXPECT_EQ(runtime.error, "2 is not 3");
}

/// Each iteration permutes and repeats what it carries.
TEST(HostRun, CarriedValuesMoveAtOnce) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}, %t: !dlc.tensor<i64> {dlc.name = "t"})
      -> (!v {dlc.name = "a"}, !v {dlc.name = "b"}, !v {dlc.name = "c"}, !v {dlc.name = "d"}) {
)" + addBox("%x2", "%x", "%x", "!v") +
                      addBox("%x3", "%x2", "%x", "!v") + R"(
    %r:4 = dlc.loop "i" max_trip %t (%x, %x2, %x3, %x) : (!dlc.tensor<i64>, !v, !v, !v, !v) -> (!v, !v, !v, !v) {
    ^bb0(%p: !v, %q: !v, %s: !v, %u: !v):
)" + addBox("%sum", "%p", "%q", "!v") +
                      R"(
      dlc.yield %q, %s, %p, %sum : !v, !v, !v, !v
    }
    return %r#0, %r#1, %r#2, %r#3 : !v, !v, !v, !v
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1, 10, 100};
  Floats expected[4] = {x, {2, 20, 200}, {3, 30, 300}, x};
  for (int64_t trips = 0; trips != 6; ++trips) {
    ASSERT_EQ(runtime.run({3}, {x.data(), &trips}, {1, 1, 1, 1}), DLC_PROGRAM_OK);
    for (size_t i = 0; i != 4; ++i)
      EXPECT_EQ(runtime.getFloats(i), expected[i]) << trips << " iterations, output " << i;
    Floats sum = expected[0];
    for (size_t k = 0; k != sum.size(); ++k)
      sum[k] += expected[1][k];
    std::rotate(expected, expected + 1, expected + 3);
    expected[3] = sum;
  }
  EXPECT_EQ(runtime.numPolls, 0u + 1 + 2 + 3 + 4 + 5);
}

/// Fibonacci numbers while below 10; the next value is computed where the last one was.
TEST(HostRun, Conditions) {
  auto program = plan(R"(
  func.func @main(%x: !one {dlc.name = "x"}) -> (!one {dlc.name = "a"}, !one {dlc.name = "b"}) {
    %true = dlc.sizes [#dlc.expr<1>] : !dlc.tensor<i1>
    %r:2 = dlc.loop "i" while %true (%x, %x) : (!dlc.tensor<i1>, !one, !one) -> (!one, !one) {
    ^bb0(%a: !one, %b: !one):
)" + addBox("%sum", "%a", "%b", "!one") +
                      R"(
      %c = dlc.library_call "less"(%sum) {} : (!one) -> !dlc.tensor<1 x i1>
      dlc.yield %c, %b, %sum : !dlc.tensor<1 x i1>, !one, !one
    }
    return %r#0, %r#1 : !one, !one
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1};
  ASSERT_EQ(runtime.run({}, {x.data()}, {1, 1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(0), Floats{8});
  EXPECT_EQ(runtime.getFloats(1), Floats{13});
  x = {4};
  ASSERT_EQ(runtime.run({}, {x.data()}, {1, 1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(0), Floats{8});
  EXPECT_EQ(runtime.getFloats(1), Floats{12});
}

TEST(HostRun, HandlesAndLateSizesInLoops) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}) -> (!dlc.value {dlc.name = "h"}, !v {dlc.name = "y"}) {
    %0 = dlc.library_call "nonzero"(%x) {} : (!v) -> !dlc.value
    %c = dlc.library_call "less"(%x) {} : (!v) -> !dlc.value
    %r:3 = dlc.loop "i" trip <N> while %c (%0, %0, %x) : (!dlc.value, !dlc.value, !dlc.value, !v) -> (!dlc.value, !dlc.value, !v) {
    ^bb0(%h: !dlc.value, %last: !dlc.value, %y: !v):
      %m = dlc.match %h binds ["n"] : !dlc.value -> !n
)" + addBox("%twice", "%m", "%m", "!n") +
                      R"(
      %next = dlc.library_call "append"(%twice) {} : (!n) -> !dlc.value
      %by = dlc.library_call "scale"(%y) {by = #dlc.expr<n + i>, factors = [1.5, 0.5], kind = "linear"} : (!v) -> !v
      %go = dlc.library_call "less"(%by) {} : (!v) -> !dlc.value
      dlc.yield %go, %next, %h, %by : !dlc.value, !dlc.value, !dlc.value, !v
    }
    return %r#0, %r#2 : !dlc.value, !v
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1, 2, 0, 3};
  ASSERT_EQ(runtime.run({4}, {x.data()}, {-1, 1}), DLC_PROGRAM_OK);
  // n + i is 3, then 5: the first element is 3, then 15.
  EXPECT_EQ(runtime.getFloats(0), (Floats{4, 8, 12, 2, 1}));
  EXPECT_EQ(runtime.getFloats(1), (Floats{15, 30, 0, 45}));
  EXPECT_EQ(runtime.countLive(), 0u);
  x[0] = 20;
  ASSERT_EQ(runtime.run({4}, {x.data()}, {-1, 1}), DLC_PROGRAM_OK) << "no iteration";
  EXPECT_EQ(runtime.getFloats(0), (Floats{20, 2, 3}));
  EXPECT_EQ(runtime.getFloats(1), x);
  EXPECT_EQ(runtime.countLive(), 0u);
}

TEST(HostRun, LoopsInLoops) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}, %s: !dlc.tensor<i64> {dlc.name = "s"}) -> (!v {dlc.name = "y"}) {
    %r = dlc.loop "i" trip <N> (%x) : (!v) -> !v {
    ^bb0(%a: !v):
      %inner = dlc.loop "j" trip <i + 1> (%a) : (!v) -> !v {
      ^bb0(%b: !v):
)" + addBox("%sum", "%b", "%x", "!v") +
                      R"(
        dlc.yield %sum : !v
      }
      %c = dlc.sizes [#dlc.expr<i>] : !dlc.tensor<i1>
      %picked = dlc.if %c : (!dlc.tensor<i1>) -> !v {
)" + addBox("%twice", "%inner", "%inner", "!v") +
                      R"(
        dlc.yield %twice : !v
      } else {
        dlc.yield %inner : !v
      }
      dlc.yield %picked : !v
    }
    return %r : !v
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1, 2, 3};
  int64_t unused = 0;
  ASSERT_EQ(runtime.run({3}, {x.data(), &unused}, {1}), DLC_PROGRAM_OK);
  // 1, +1 -> 2, (+2) * 2 -> 8, +3 -> 11
  EXPECT_EQ(runtime.getFloats(0), (Floats{11, 22, 33}));
}

TEST(HostRun, Failures) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}) -> (!v {dlc.name = "y"}) {
    %0 = dlc.library_call "fail"(%x) {} : (!v) -> !v
    return %0 : !v
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1};
  EXPECT_EQ(runtime.run({1}, {x.data()}, {1}), DLC_PROGRAM_STOPPED);
  EXPECT_EQ(runtime.error, "it failed");
  auto endless = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}) -> (!v {dlc.name = "y"}) {
    %r = dlc.loop "i" (%x) : (!v) -> !v {
    ^bb0(%a: !v):
)" + addBox("%sum", "%a", "%x", "!v") +
                      R"(
      dlc.yield %sum : !v
    }
    return %r : !v
  })");
  ASSERT_TRUE(endless);
  FakeRuntime other(*endless);
  EXPECT_EQ(other.run({1}, {x.data()}, {1}), DLC_PROGRAM_STOPPED) << "poll says so";
}

/// Late values that branches and loops write, and a handle made of one.
TEST(HostRun, LateValuesInControlFlow) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}, %c: !dlc.tensor<i1> {dlc.name = "c"}) -> (!n {dlc.name = "y"}, !dlc.value {dlc.name = "h"}) {
    %0 = dlc.library_call "nonzero"(%x) {} : (!v) -> !dlc.value
    %m = dlc.match %0 binds ["n"] : !dlc.value -> !n
    %p = dlc.if %c : (!dlc.tensor<i1>) -> !n {
)" + addBox("%twice", "%m", "%m", "!n") +
                      R"(
      dlc.yield %twice : !n
    } else {
      dlc.yield %m : !n
    }
    %empty = dlc.wrap %m : !n -> !dlc.value
    %r:2 = dlc.loop "i" trip <n> (%p, %empty) : (!n, !dlc.value) -> (!n, !dlc.value) {
    ^bb0(%a: !n, %h: !dlc.value):
      %kept = dlc.wrap %a : !n -> !dlc.value
)" + addBox("%sum", "%a", "%m", "!n") +
                      R"(
      dlc.yield %sum, %kept : !n, !dlc.value
    }
    return %r#0, %r#1 : !n, !dlc.value
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1, 0, 2};
  char condition = 1;
  ASSERT_EQ(runtime.run({3}, {x.data(), &condition}, {1, -1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(0), (Floats{4, 8}));
  EXPECT_EQ(runtime.getFloats(1), (Floats{3, 6})) << "as it was when it was wrapped";
  EXPECT_EQ(runtime.countLive(), 0u);
  condition = 0;
  ASSERT_EQ(runtime.run({3}, {x.data(), &condition}, {1, -1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(0), (Floats{3, 6}));
  EXPECT_EQ(runtime.countLive(), 0u);
  x = {0, 0, 0};
  ASSERT_EQ(runtime.run({3}, {x.data(), &condition}, {1, -1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(1), Floats{});
}

/// A size of the run that does not fit, or is negative.
TEST(HostRun, LateSizesAreChecked) {
  auto program = plan(R"(
  func.func @main(%x: !v {dlc.name = "x"}) -> (!dlc.tensor<8*k x f32> {dlc.name = "y"}) {
    %0 = dlc.library_call "nonzero"(%x) {} : (!v) -> !dlc.value
    %m = dlc.match %0 binds ["n"] : !dlc.value -> !n
    %1 = dlc.library_call "to_i64"(%m) {} : (!n) -> !dlc.value
    %2 = dlc.match %1 binds [] : !dlc.value -> !dlc.tensor<1 x i64>
    dlc.bind %2 as ["k"] : !dlc.tensor<1 x i64>
    %3 = dlc.library_call "count"() {} : () -> !dlc.tensor<8*k x f32>
    return %3 : !dlc.tensor<8*k x f32>
  })");
  ASSERT_TRUE(program);
  FakeRuntime runtime(*program);
  Floats x = {1};
  ASSERT_EQ(runtime.run({1}, {x.data()}, {1}), DLC_PROGRAM_OK);
  EXPECT_EQ(runtime.getFloats(0).size(), 8u);
  x = {0x1p+61f};
  EXPECT_EQ(runtime.run({1}, {x.data()}, {1}), DLC_PROGRAM_OVERFLOW);
  x = {-1};
  EXPECT_EQ(runtime.run({1}, {x.data()}, {1}), DLC_PROGRAM_STOPPED);
  EXPECT_EQ(runtime.error, "negative dim");
}
