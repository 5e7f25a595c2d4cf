// Segments that repeat become graphs.
#include "CudaFixture.h"

using namespace dlc::test;

namespace {
class CudaGraphTest : public CudaFixture {
protected:
  void SetUp() override {
    CudaFixture::SetUp();
    ASSERT_EQ(load(), DLC_OK) << reason;
  }
  static void runWell(CudaCall &call) {
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    call.expectResult();
  }
};
} // namespace

TEST_F(CudaGraphTest, TheFirstRunLaunchesTheSecondMakesAGraph) {
  CudaCall call(session, 10);
  runWell(call);
  EXPECT_EQ(fake_get_counts().graph_launches, 0);
  EXPECT_EQ(fake_get_counts().launches, 3);
  for (int run = 2; run <= 5; ++run) {
    runWell(call);
    EXPECT_EQ(fake_get_counts().graph_launches, run - 1);
    EXPECT_EQ(fake_get_counts().instantiations, 1);
    EXPECT_EQ(fake_get_counts().launches, 3 * run);
  }
  EXPECT_EQ(fake_get_counts().node_updates, 0);
}

TEST_F(CudaGraphTest, PointersAndSymbolsAreUpdated) {
  CudaCall call(session, 10);
  runWell(call);
  runWell(call);
  // As many blocks, other sizes: the same graph with other parameters.
  for (int64_t n : {11, 9, 1, 128}) {
    call.resize(n, 7);
    runWell(call);
  }
  EXPECT_EQ(fake_get_counts().instantiations, 1);
  EXPECT_EQ(fake_get_counts().graph_launches, 5);
  EXPECT_GE(fake_get_counts().node_updates, 12);
}

TEST_F(CudaGraphTest, EachNumberOfBlocksIsAGraphOfItsOwn) {
  CudaCall small(session, 10);
  for (int round = 0; round < 3; ++round)
    for (int64_t n : {128, 129, 300}) {
      small.resize(n, 3);
      runWell(small);
    }
  EXPECT_EQ(fake_get_counts().instantiations, 3);
  EXPECT_EQ(fake_get_counts().graph_launches, 6);
}

TEST_F(CudaGraphTest, GraphsThatAreNotUsedAreDropped) {
  CudaCall call(session, 1);
  int64_t most = 0;
  for (int64_t blocks = 1; blocks <= 40; ++blocks)
    for (int run = 0; run < 2; ++run) {
      call.n = blocks * 128;
      call.x.assign(static_cast<size_t>(call.n), 2);
      call.inputs[1].data = call.x.data();
      call.inputs[1].size = call.x.size() * sizeof(float);
      dlc_output_release(&call.output);
      runWell(call);
      most = std::max(most, fake_get_counts().live - live);
    }
  EXPECT_EQ(fake_get_counts().instantiations, 40);
  EXPECT_LE(most, 32); // 8 graphs and their executables, and what a session and a context have
}

TEST_F(CudaGraphTest, ASegmentEndsWhereTheHostLooks) {
  CudaCall call(session, 10, LOOK_BACK);
  for (int run = 0; run < 4; ++run)
    runWell(call);
  // Copy and one kernel are too few for a graph; copy and two kernels are not.
  EXPECT_EQ(fake_get_counts().instantiations, 1);
  EXPECT_EQ(fake_get_counts().graph_launches, 3);
}

TEST_F(CudaGraphTest, AfterAFailureGraphsGoOn) {
  CudaCall call(session, 10);
  runWell(call);
  runWell(call);
  call.mode = LOWER_ERROR;
  EXPECT_EQ(call.run(), DLC_OP_FAILED);
  EXPECT_EQ(call.error(),
            "one of the nodes node_1, node_2: index 7 is out of range for a dim of 5 elements");
  call.mode = PLAIN;
  runWell(call);
  EXPECT_EQ(fake_get_counts().instantiations, 1);
}
