// The host program: sizes, launches, and the table.

#include "Program.h"

#include <gtest/gtest.h>

#include <limits>

using namespace dlc::test;

static const char *const twoLaunches = R"(
!image = !dlc.buffer<!dlc.tensor<N x W x f32>>
!wide = !dlc.buffer<!dlc.tensor<N x 3*W - 2 x f32>>
!weights = !dlc.buffer<!dlc.tensor<4 x f32>>
module attributes {dlc.model = "test.onnx",
    dlc.weights = [{offset = 64 : i64, weight = #dlc.weight<source = dense<1.0> : tensor<4xf32>, shape = [4], type = f32>}],
    dlc.signature = {symbols = ["N", "W"], inputs = [{name = "x", type = !dlc.tensor<N x W x f32>}],
        outputs = [{name = "y", type = !dlc.tensor<N x 3*W - 2 x f32>}, {name = "z", type = !dlc.tensor<f32>}]}} {
  func.func private @first(%in: !image, %weights: !weights, %out: !image)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    %0 = dlc.read %in : !image -> !dlc.tensor<N x W x f32>
    dlc.write %0, %out : !dlc.tensor<N x W x f32>, !image
    return
  }
  func.func private @second(%in: !image, %out: !image)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    %0 = dlc.read %in : !image -> !dlc.tensor<N x W x f32>
    dlc.write %0, %out : !dlc.tensor<N x W x f32>, !image
    return
  }
  func.func @main(%x: !image, %y: !wide, %z: !dlc.buffer<!dlc.tensor<f32>>)
      attributes {dlc.workspace = #dlc.expr<64*N*W + 128>} {
    %0 = dlc.slot <64*N> : !image
    %1 = dlc.weight_slot 64, <source = dense<1.0> : tensor<4xf32>, shape = [4], type = f32> : !weights
    %2 = dlc.reinterpret %0 : !image -> !dlc.buffer<!dlc.tensor<N*W x f32>>
    %3 = dlc.reinterpret %2 : !dlc.buffer<!dlc.tensor<N*W x f32>> -> !image
    dlc.launch @second tasks <N> (%x, %3) : !image, !image
    dlc.launch @first tasks <floordiv(N - 5, 2)> (%0, %1, %x) : !image, !weights, !image
    return
  }
})";

TEST(Host, Plan) {
  auto program = Program::compile(twoLaunches, "x86-64-v2");
  ASSERT_TRUE(program);
  const dlc_program *table = program->query(DLC_ABI_VERSION);
  auto plan = [&](int64_t n, int64_t w, int64_t (&dims)[2], int64_t &workspace) {
    int64_t symbols[] = {n, w};
    dlc_plan_call call = {};
    call.struct_size = sizeof call;
    call.symbols = symbols;
    call.output_dims = dims;
    const int32_t code = table->plan(&call);
    workspace = call.workspace;
    return code;
  };
  int64_t dims[2], workspace, max = std::numeric_limits<int64_t>::max();
  ASSERT_EQ(plan(2, 5, dims, workspace), DLC_PROGRAM_OK);
  EXPECT_EQ(dims[0], 2);
  EXPECT_EQ(dims[1], 13);
  EXPECT_EQ(workspace, 64 * 2 * 5 + 128);
  EXPECT_EQ(plan(2, 0, dims, workspace), DLC_PROGRAM_NEGATIVE);
  EXPECT_EQ(plan(0, 1, dims, workspace), DLC_PROGRAM_OK);
  EXPECT_EQ(plan(1, max / 2, dims, workspace), DLC_PROGRAM_OVERFLOW) << "a dim";
  EXPECT_EQ(plan(int64_t(1) << 31, int64_t(1) << 31, dims, workspace), DLC_PROGRAM_OVERFLOW)
      << "a size";
  EXPECT_EQ(plan(max / 64 - 1, 1, dims, workspace), DLC_PROGRAM_OVERFLOW) << "the workspace alone";
  EXPECT_EQ(plan(max / 64 - 2, 1, dims, workspace), DLC_PROGRAM_OK);
}

TEST(Host, Launches) {
  auto program = Program::compile(twoLaunches, "x86-64-v2");
  ASSERT_TRUE(program);
  std::vector<dlc_launch> launches;
  std::vector<std::vector<void *>> buffers;
  int32_t answer = 0;
  program->onLaunch = [&](const dlc_launch &launch) {
    launches.push_back(launch);
    buffers.push_back({launch.buffers, launch.buffers + (launch.kernel == 0 ? 2 : 3)});
    return answer;
  };
  char x, y, z, arena[256];
  ASSERT_EQ(program->run({2, 5}, {&x}, {&y, &z}, arena), DLC_PROGRAM_OK);
  ASSERT_EQ(launches.size(), 2u);
  EXPECT_EQ(launches[0].struct_size, sizeof(dlc_launch));
  EXPECT_EQ(launches[0].kernel, 0u);
  EXPECT_EQ(launches[0].num_tasks, 2);
  EXPECT_EQ(launches[1].kernel, 1u);
  EXPECT_EQ(launches[1].num_tasks, -2) << "rounded towards minus infinity";
  EXPECT_NE(launches[0].function, launches[1].function);
  EXPECT_EQ(buffers[0], (std::vector<void *>{&x, arena + 128}));
  auto *weights = const_cast<char *>(program->query(DLC_ABI_VERSION)->weights);
  EXPECT_EQ(buffers[1], (std::vector<void *>{arena + 128, weights + 64, &x}));
  answer = 7;
  EXPECT_EQ(program->run({2, 5}, {&x}, {&y, &z}, arena), DLC_PROGRAM_STOPPED);
  EXPECT_EQ(launches.size(), 3u);
}

TEST(Host, Table) {
  auto program = Program::compile(twoLaunches, "x86-64-v2");
  ASSERT_TRUE(program);
  const dlc_program *table = program->query(DLC_ABI_VERSION);
  ASSERT_TRUE(table);
  EXPECT_EQ(table->struct_size, sizeof(dlc_program));
  EXPECT_EQ(table->abi_version, DLC_ABI_VERSION);
  EXPECT_EQ(table->weights_size, 64 + 16);
  EXPECT_EQ(program->query(DLC_ABI_VERSION + 1), nullptr);
}
