// What holds for all ops: operands, attributes and outputs that do not fit are reported, whatever
// the op.

#include "OpTest.h"

using namespace dlc::test;

static const Input vector = Input::f32({2}, {1, 2});

TEST(OpCall, OperandsThatDoNotFit) {
  EXPECT_EQ(OpRun("add").input(vector).absent().run(), "operand 1 is missing");
  EXPECT_EQ(OpRun("add").input(vector).run(), "operand 1 is missing");
  EXPECT_EQ(OpRun("add").input(Input::list(DLC_VALUE_OPTIONAL, 0, {})).input(vector).run(),
            "expected operand 0 to be a tensor, found optional");
  EXPECT_EQ(OpRun("exp").input(Input::tensor<uint8_t>(99, {1}, {0})).run(),
            "operand 0 has element type ?, which is not among those of the op");
  EXPECT_EQ(OpRun("exp").input(Input::f32(Dims(33, 1), {0})).run(),
            "expected at most 32 dims, found 33");
  EXPECT_EQ(OpRun("exp").input(Input::f32(Dims(32, 1), {0})).run(), "");
}

TEST(OpCall, AttributesThatDoNotFit) {
  EXPECT_EQ(OpRun("flatten").input(vector).text("axis", "one").run(),
            "attribute 'axis' is of kind 2, expected 0");
  EXPECT_EQ(OpRun("transpose").input(vector).integer("perm", 0).run(),
            "attribute 'perm' is of kind 0, expected 3");
  EXPECT_EQ(OpRun("leaky_relu").input(vector).integer("alpha", 0).run(),
            "attribute 'alpha' is of kind 0, expected 1");
}

TEST(OpCall, OutputsThatDoNotFit) {
  EXPECT_EQ(OpRun("neg").input(vector).run(0), "expected at least 1 outputs, found 0");
  float data[2];
  int64_t dims[] = {2};
  dlc_value memory = {sizeof(dlc_value), DLC_VALUE_TENSOR, DLC_DTYPE_F32, 0, 1, 0, dims, 2, data};
  {
    OpRun run("neg");
    EXPECT_EQ(run.input(vector).run(1, &memory), "");
    EXPECT_EQ(data[1], -2);
    EXPECT_EQ(&run.output(), &memory);
  }
  dims[0] = 3;
  EXPECT_EQ(OpRun("neg").input(vector).run(1, &memory),
            "expected memory for output 0 of f32 [2], found f32 [3]");
  EXPECT_EQ(OpRun("identity").input(vector).run(1, &memory),
            "expected memory for output 0 of f32 [2], found f32 [3]");
  dims[0] = 2;
  memory.dtype = DLC_DTYPE_I64;
  EXPECT_EQ(OpRun("neg").input(vector).run(1, &memory),
            "expected memory for output 0 of f32 [2], found i64 [2]");
  EXPECT_EQ(OpRun("sequence_construct").input(vector).run(1, &memory),
            "expected output 0 to be an object that the op makes");
  memory.dtype = DLC_DTYPE_STRING;
  EXPECT_EQ(OpRun("string_concat")
                .input(Input::strings({2}, {"a", "b"}))
                .input(Input::strings({}, {"c"}))
                .run(1, &memory),
            "expected memory for output 0 of string [2], found string [2]");
}

TEST(OpCall, BroadcastTakesTheDescribedDims) {
  float data[6];
  int64_t dims[] = {3, 2};
  dlc_value memory = {sizeof(dlc_value), DLC_VALUE_TENSOR, DLC_DTYPE_F32, 0, 2, 0, dims, 6, data};
  OpRun run("broadcast");
  ASSERT_EQ(run.input(vector).run(1, &memory), "");
  EXPECT_EQ(elementsOf<float>(memory), (std::vector<float>{1, 2, 1, 2, 1, 2}));
}

TEST(OpCall, LongDimsAreCutInMessages) {
  Dims dims(32, 1);
  dims[0] = 0;
  std::string message =
      OpRun("reshape").input(Input::f32(dims, {})).input(Input::i64({1}, {INT64_MAX / 2})).run();
  EXPECT_EQ(message.find("cannot reshape dims [0, 1, 1,"), 0u) << message;
  Dims large(32, INT64_MIN);
  message = OpRun("reshape").input(vector).input(Input::i64({32}, large)).run();
  EXPECT_NE(message.find(", ...]"), std::string::npos) << message;
}
