// Values, and a program that makes them: numbers, hand-over, failures of every service, leaks.
#include "Value.h"
#include "AllocationTrap.h"
#include "ArtifactBuilder.h"
#include "ValueModes.h"

#include "dlc/dlc.h"

#include <cstring>
#include <gtest/gtest.h>
#include <thread>

using namespace dlc::test;

namespace {
/// The strings of a tensor.
std::vector<std::string> stringsOf(const void *data, size_t count) {
  std::vector<std::string> strings;
  for (const auto *text = static_cast<const dlc_text *>(data); strings.size() < count; ++text)
    strings.emplace_back(text->size ? text->data : "", text->size);
  return strings;
}

std::vector<float> floatsOf(const void *data, size_t count) {
  const auto *floats = static_cast<const float *>(data);
  return {floats, floats + count};
}

dlc_value *makeFloats(const std::vector<float> &floats) {
  const auto count = static_cast<int64_t>(floats.size());
  dlc_value *value = nullptr;
  EXPECT_EQ(dlc_value_create_tensor(DLC_F32, 1, &count, floats.data(), &value), DLC_OK);
  return value;
}

/// A session of ValueProgram.c.
struct ValueSession {
  ValueSession() {
    char text[1024];
    const std::string path = folder.write("model.so", buildArtifact(valueSpec()).bytes);
    EXPECT_EQ(dlc_session_load(path.c_str(), nullptr, text, sizeof(text), &session), DLC_OK)
        << text;
  }
  ValueSession(const ValueSession &) = delete;
  ~ValueSession() { dlc_session_release(session); }

  TemporaryFolder folder;
  dlc_session *session = nullptr;
};

/// A context with a call of it; tests bend it.
struct ValueCall {
  explicit ValueCall(dlc_session *session, int64_t mode = 4) : mode(mode) {
    EXPECT_EQ(dlc_context_create(session, nullptr, &context), DLC_OK);
    dlc_value *elements[] = {makeFloats({1, 2}), makeFloats({})};
    EXPECT_EQ(dlc_value_create_sequence(DLC_F32, elements, 2, &list), DLC_OK);
    for (dlc_value *element : elements)
      dlc_value_release(element);
    for (dlc_input &input : inputs)
      input.struct_size = sizeof(input);
    for (dlc_output &output : outputs)
      output.struct_size = sizeof(output);
    inputs[0].dtype = DLC_I64;
    inputs[0].data = &this->mode;
    inputs[0].size = 8;
    setX();
    inputs[2].dtype = DLC_STRING;
    inputs[2].rank = 1;
    inputs[2].dims = textDims;
    inputs[2].data = text;
    inputs[2].size = sizeof(text);
    inputs[3].value = list;
  }
  ValueCall(const ValueCall &) = delete;
  ~ValueCall() {
    releaseOutputs();
    dlc_value_release(list);
    dlc_context_release(context);
  }

  void setX() {
    xDims[0] = static_cast<int64_t>(x.size());
    inputs[1].dtype = DLC_F32;
    inputs[1].rank = 1;
    inputs[1].dims = xDims;
    inputs[1].data = x.data();
    inputs[1].size = x.size() * 4;
  }
  void releaseOutputs() {
    for (dlc_output &output : outputs)
      dlc_output_release(&output);
  }
  dlc_status run() { return dlc_context_run(context, nullptr, inputs, 4, outputs, 5); }
  dlc_status plan() { return dlc_context_plan(context, inputs, 4, outputs, 5, nullptr); }
  std::string error() const { return dlc_context_error_text(context); }

  /// Of a run that keeps to the contract.
  void expectResult() const {
    std::vector<float> y, late;
    for (int64_t i = 0; i < mode; ++i)
      y.push_back(static_cast<float>(i + (mode != 1)));
    for (float element : x)
      if (element != 0)
        late.push_back(2 * element);
    EXPECT_EQ(floatsOf(outputs[0].data, static_cast<size_t>(mode)), y);
    for (int o : {1, 2}) {
      ASSERT_EQ(outputs[o].rank, 1u);
      ASSERT_EQ(outputs[o].dims[0], static_cast<int64_t>(late.size()));
      EXPECT_EQ(outputs[o].size, late.size() * 4);
      EXPECT_EQ(floatsOf(outputs[o].data, late.size()), late);
    }
    ASSERT_EQ(outputs[3].dims[0], 4);
    EXPECT_EQ(outputs[3].dtype, DLC_STRING);
    EXPECT_EQ(stringsOf(outputs[3].data, 4),
              (std::vector<std::string>{"a", "tale", "of", "s\xc3\xa9quences"}));
    const dlc_value *longer = outputs[4].value;
    ASSERT_NE(longer, nullptr);
    EXPECT_EQ(dlc_value_kind(longer), +DLC_KIND_SEQUENCE);
    ASSERT_EQ(dlc_value_count(longer), 3u);
    const std::vector<float> elements[] = {{1, 2}, {}, late};
    for (uint64_t i = 0; i < 3; ++i) {
      const dlc_value *element = dlc_value_element(longer, i);
      ASSERT_EQ(dlc_value_rank(element), 1u);
      EXPECT_EQ(floatsOf(dlc_value_data(element), dlc_value_count(element)), elements[i]);
    }
    EXPECT_EQ(dlc_value_element(longer, 3), nullptr);
  }

  std::vector<float> x = {3, 0, -1, 0, 0.5};
  int64_t mode, xDims[1], textDims[1] = {3};
  dlc_text text[3] = {{"a tale of", 9}, {nullptr, 0}, {"s\xc3\xa9quences", 10}};
  dlc_value *list = nullptr;
  dlc_context *context = nullptr;
  dlc_input inputs[4] = {};
  dlc_output outputs[5] = {};
};

class ValueTest : public testing::Test {
protected:
  dlc_session *session() const { return loaded.session; }

  /// Expects that a run fails so, that nothing is left of it, and that the context goes on.
  void expectFailure(int64_t mode, dlc_status status, const std::string &reason) {
    ValueCall call(session());
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    call.releaseOutputs();
    const int64_t before = liveAllocations;
    call.mode = mode;
    EXPECT_EQ(call.run(), status);
    EXPECT_EQ(call.error(), reason);
    EXPECT_EQ(liveAllocations, before) << "a run that failed has left allocations";
    for (const dlc_output &output : call.outputs) {
      EXPECT_EQ(output.data, nullptr);
      EXPECT_EQ(output.value, nullptr);
    }
    call.mode = 4;
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    call.expectResult();
  }

  ValueSession loaded;
};
} // namespace

TEST_F(ValueTest, GivesWhatOnlyTheRunFindsOut) {
  for (int64_t mode : {0, 1, 2, 7}) {
    ValueCall call(session(), mode);
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    call.expectResult();
    // Once more into what the first run has allocated.
    const void *data = call.outputs[1].data;
    EXPECT_EQ(reinterpret_cast<uintptr_t>(data) % 64, 0u);
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    EXPECT_EQ(call.outputs[1].data, data);
    call.expectResult();
  }
  ValueCall none(session());
  none.x = {0, 0};
  none.setX();
  ASSERT_EQ(none.run(), DLC_OK) << none.error();
  none.expectResult();
}

TEST_F(ValueTest, LeavesNothingBehind) {
  const int64_t before = liveAllocations;
  {
    ValueCall call(session());
    for (int i = 0; i < 3; ++i)
      ASSERT_EQ(call.run(), DLC_OK) << call.error();
    const int64_t between = liveAllocations;
    for (int i = 0; i < 10; ++i)
      ASSERT_EQ(call.run(), DLC_OK) << call.error();
    EXPECT_EQ(liveAllocations, between);
  }
  EXPECT_EQ(liveAllocations, before);
  {
    // What the program holds when it ends, outputs too, ends with the run.
    ValueCall call(session(), HELD_OBJECTS);
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    call.expectResult();
  }
  EXPECT_EQ(liveAllocations, before);
}

TEST_F(ValueTest, OutputsOutliveEverything) {
  dlc_output words = {}, longer = {};
  {
    ValueCall call(session());
    ASSERT_EQ(call.run(), DLC_OK) << call.error();
    std::swap(words, call.outputs[3]);
    std::swap(longer, call.outputs[4]);
  }
  EXPECT_EQ(stringsOf(words.data, 4)[3], "s\xc3\xa9quences");
  dlc_value *element = dlc_value_retain(dlc_value_element(longer.value, 0));
  dlc_output_release(&words);
  dlc_output_release(&longer);
  EXPECT_EQ(longer.value, nullptr);
  EXPECT_EQ(floatsOf(dlc_value_data(element), 2), (std::vector<float>{1, 2}));
  dlc_value_release(element);
}

TEST_F(ValueTest, TakesOutputsAsInputs) {
  ValueCall first(session()), second(session());
  ASSERT_EQ(first.run(), DLC_OK) << first.error();
  second.inputs[3].value = first.outputs[4].value;
  ASSERT_EQ(second.run(), DLC_OK) << second.error();
  EXPECT_EQ(dlc_value_count(second.outputs[4].value), 4u);
  // A planned input and a tensor of strings as values, too.
  const std::vector<float> floats = {0, 5};
  dlc_value *x = makeFloats(floats), *text = nullptr;
  const dlc_text line = {"one two", 7};
  ASSERT_EQ(dlc_value_create_tensor(DLC_STRING, 0, nullptr, &line, &text), DLC_OK);
  second.inputs[1].value = x;
  second.inputs[2].value = text;
  second.releaseOutputs();
  ASSERT_EQ(second.run(), DLC_OK) << second.error();
  EXPECT_EQ(second.outputs[1].dims[0], 1);
  EXPECT_EQ(*static_cast<float *>(second.outputs[1].data), 10.0f);
  EXPECT_EQ(stringsOf(second.outputs[3].data, 2), (std::vector<std::string>{"one", "two"}));
  dlc_value_release(x);
  dlc_value_release(text);
}

TEST_F(ValueTest, WritesIntoTheCallersBuffers) {
  ValueCall call(session());
  float late[3];
  alignas(8) char words[4 * 16 + 17];
  call.outputs[1].data = late;
  call.outputs[1].capacity = sizeof(late);
  call.outputs[3].data = words;
  call.outputs[3].capacity = sizeof(words);
  ASSERT_EQ(call.run(), DLC_OK) << call.error();
  EXPECT_EQ(call.outputs[1].data, late);
  EXPECT_EQ(call.outputs[1].allocated, 0u);
  EXPECT_EQ(call.outputs[3].size, sizeof(words));
  call.expectResult();

  call.outputs[1].capacity = 8;
  call.outputs[3].capacity = 80;
  EXPECT_EQ(call.run(), DLC_BUFFER_TOO_SMALL);
  EXPECT_EQ(call.error(), "output 'late': expected a buffer of 12 bytes, found 8\n"
                          "output 'words': expected a buffer of 81 bytes, found 80");
  EXPECT_EQ(call.outputs[1].size, 12u);
  EXPECT_EQ(call.outputs[3].size, 81u);
  call.outputs[1].capacity = 12;
  call.outputs[3].data = words + 4;
  call.outputs[3].capacity = 100;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 'words': data is not aligned to its elements");
  call.outputs[3].data = nullptr;
  call.outputs[1].data = call.x.data();
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 'late' overlaps input 'x'");
  call.outputs[1].data = nullptr;
}

TEST_F(ValueTest, PlansWhatIsKnown) {
  ValueCall call(session(), 7);
  call.inputs[1].data = call.inputs[2].data = nullptr;
  call.inputs[1].size = call.inputs[2].size = 0;
  ASSERT_EQ(call.plan(), DLC_OK) << call.error();
  EXPECT_EQ(call.outputs[0].size, 28u);
  EXPECT_EQ(call.outputs[0].dims[0], 7);
  EXPECT_EQ(call.outputs[1].rank, 1u);
  EXPECT_EQ(call.outputs[1].dims[0], -1);
  EXPECT_EQ(call.outputs[1].size, 0u);
  EXPECT_EQ(call.outputs[3].rank, 0u);
  EXPECT_EQ(call.outputs[3].dtype, DLC_STRING);
  call.inputs[0].data = nullptr;
  call.inputs[0].size = 0;
  EXPECT_EQ(call.plan(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 'mode': its elements decide sizes, so that a plan needs them");
  call.inputs[0].size = 4;
  EXPECT_EQ(call.plan(), DLC_BUFFER_TOO_SMALL);
  call.inputs[0].size = 8;
  call.inputs[0].data = &call.mode;
  call.mode = -1;
  EXPECT_EQ(call.plan(), DLC_SHAPE_MISMATCH);
  // A cancel is for the next run, not for a plan.
  call.mode = GUARD_IN_PLAN;
  dlc_context_cancel(call.context);
  EXPECT_EQ(call.plan(), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(call.error(), "node 'guard' (Add): expected N to equal M, found " +
                              std::to_string(+GUARD_IN_PLAN) + " and 5");
}

TEST_F(ValueTest, RefusesInputsOfAnotherKind) {
  ValueCall call(session());
  dlc_value *tensor = makeFloats({1}), *strings = nullptr, *optional = nullptr;
  ASSERT_EQ(dlc_value_create_sequence(DLC_STRING, nullptr, 0, &strings), DLC_OK);
  ASSERT_EQ(dlc_value_create_optional(DLC_F32, tensor, &optional), DLC_OK);
  call.inputs[3].value = tensor;
  EXPECT_EQ(call.run(), DLC_TYPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'list': expected a sequence, found a tensor");
  call.inputs[3].value = strings;
  EXPECT_EQ(call.run(), DLC_TYPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'list': expected element type f32, found string");
  call.inputs[3].value = call.list;
  call.inputs[1].value = optional;
  EXPECT_EQ(call.run(), DLC_TYPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'x': expected a tensor, found an optional");
  call.inputs[1].value = nullptr;
  call.inputs[2].value = tensor;
  EXPECT_EQ(call.run(), DLC_TYPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'text': expected element type string, found f32");
  call.inputs[2].value = nullptr;
  call.text[1].size = 3;
  EXPECT_EQ(call.run(), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "input 'text': the data of a string is null");
  call.text[1].size = 0;
  call.textDims[0] = -3;
  EXPECT_EQ(call.run(), DLC_SHAPE_MISMATCH);
  EXPECT_EQ(call.error(), "input 'text': dimension 0 is -3");
  call.textDims[0] = 3;
  EXPECT_EQ(call.run(), DLC_OK) << call.error();
  for (dlc_value *value : {tensor, strings, optional})
    dlc_value_release(value);
}

TEST_F(ValueTest, RefusesStructsWithoutTheField) {
  ValueCall call(session());
  // The array of an earlier caller: its structs end before `value`.
  constexpr size_t size = offsetof(dlc_output, value);
  alignas(8) char rows[5 * size] = {};
  for (size_t i = 0; i < 5; ++i)
    reinterpret_cast<dlc_output *>(rows + i * size)->struct_size = size;
  EXPECT_EQ(dlc_context_run(call.context, nullptr, call.inputs, 4,
                            reinterpret_cast<dlc_output *>(rows), 5),
            DLC_INVALID_ARGUMENT);
  EXPECT_EQ(call.error(), "output 'longer': expected a dlc_output with the field 'value'");
}

TEST_F(ValueTest, ReportsFailuresOfOps) {
  expectFailure(FAILING_OP, DLC_OP_FAILED,
                "node 'op' (Test): index 7 is out of range for 5 entries");
  expectFailure(SILENT_OP, DLC_INTERNAL, "node 'op' (Test): its function returned 5");
  expectFailure(FORGOTTEN_OUTPUT, DLC_INTERNAL, "node 'op' (Test): its function made no output 0");
  expectFailure(FORGOTTEN_ELEMENT, DLC_INTERNAL, "node 'op' (Test): its function made no output 0");
  expectFailure(OVERFLOWING_OP, DLC_OVERFLOW,
                "node 'op' (Test): the size of a value does not fit 63 bits");
}

TEST_F(ValueTest, ReportsFailuresOfChecks) {
  expectFailure(GUARD, DLC_SHAPE_MISMATCH,
                "node 'guard' (Add): expected N to equal M, found 3 and 4");
  expectFailure(NEGATIVE_DIM, DLC_SHAPE_MISMATCH,
                "node 'guard' (Add): a dim of a value would be negative");
  expectFailure(WRONG_KIND, DLC_TYPE_MISMATCH,
                "node 'guard' (Add): expected a tensor, found a sequence");
  expectFailure(WRONG_TYPE, DLC_TYPE_MISMATCH,
                "node 'guard' (Add): expected element type f32, found string");
  expectFailure(WRONG_RANK, DLC_SHAPE_MISMATCH, "node 'guard' (Add): expected rank 0, found 1");
  expectFailure(WRONG_DIM, DLC_SHAPE_MISMATCH,
                "node 'guard' (Add): expected 77 in dimension 0, found 5");
  expectFailure(INDEX_OUT_OF_RANGE, DLC_OP_FAILED,
                "one of the nodes node_0: index 101 is out of range for a dim of 100 elements");
}

TEST_F(ValueTest, ReportsAProgramThatBreaksItsContract) {
  expectFailure(WRONG_VALUE, DLC_INTERNAL, "output 'late': the artifact's code set no such value");
  expectFailure(NO_VALUE, DLC_INTERNAL, "output 'twin': the artifact's code set no such value");
  expectFailure(UNKNOWN_VERSION, DLC_INTERNAL,
                "the artifact's code chose version 2, which it has not");
}

TEST_F(ValueTest, IsCancelledInALoopAndAfterAnOp) {
  ValueCall loop(session(), ENDLESS_LOOP);
  std::atomic<bool> ended{false};
  std::thread canceller([&] {
    while (!ended) {
      dlc_context_cancel(loop.context);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  EXPECT_EQ(loop.run(), DLC_CANCELLED);
  EXPECT_EQ(loop.error(), "the run was cancelled");
  ended = true;
  canceller.join();

  ValueCall op(session(), WAITING_OP);
  auto *word = reinterpret_cast<int32_t *>(op.x.data());
  std::thread during([&] {
    while (std::atomic_ref<int32_t>(*word).load() != 1)
      std::this_thread::yield();
    dlc_context_cancel(op.context);
    std::atomic_ref<int32_t>(*word).store(2);
  });
  EXPECT_EQ(op.run(), DLC_CANCELLED);
  during.join();
  EXPECT_EQ(op.outputs[0].data, nullptr);
  op.x[0] = 3;
  op.mode = 4;
  ASSERT_EQ(op.run(), DLC_OK) << op.error();
  op.expectResult();
}

TEST_F(ValueTest, EveryFailingAllocationIsAStatus) {
  for (int64_t mode : {int64_t{4}, int64_t{HELD_OBJECTS}})
    for (int numFailures = 0;; ++numFailures) {
      ValueCall call(session(), mode);
      // The first run of a context allocates scratch memory on its way, the second none.
      if (mode == HELD_OBJECTS) {
        ASSERT_EQ(call.run(), DLC_OK) << call.error();
        call.releaseOutputs();
      }
      const int64_t before = liveAllocations;
      countdown = numFailures;
      dlc_status status = call.run();
      const bool reached = countdown < 0;
      countdown = -1;
      if (!reached) {
        EXPECT_EQ(status, DLC_OK);
        call.expectResult();
        EXPECT_GE(numFailures, 8);
        break;
      }
      ASSERT_EQ(status, DLC_OUT_OF_MEMORY) << "allocation " << numFailures << ": " << call.error();
      EXPECT_LE(liveAllocations, before + 2) << "arena and scratch memory stay";
      ASSERT_EQ(call.run(), DLC_OK) << call.error();
      call.expectResult();
    }
}

TEST_F(ValueTest, RunsInManyThreadsWithSharedValues) {
  ValueCall first(session());
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      ValueCall call(session(), t + 1);
      call.inputs[3].value = first.list;
      for (int i = 0; i < 100; ++i) {
        failures += call.run() != DLC_OK;
        call.releaseOutputs();
      }
      failures += call.run() != DLC_OK;
      call.expectResult();
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(failures, 0);
}

TEST_F(ValueTest, DescribesItsPorts) {
  dlc_tensor_info info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(dlc_session_input(session(), 0, &info), DLC_OK);
  EXPECT_EQ(info.flags, +DLC_INFO_READ_BY_PLAN);
  ASSERT_EQ(dlc_session_input(session(), 2, &info), DLC_OK);
  EXPECT_EQ(info.flags, +DLC_INFO_ANY_DIMS);
  EXPECT_EQ(info.kind, +DLC_KIND_TENSOR);
  EXPECT_EQ(info.dtype, DLC_STRING);
  ASSERT_EQ(dlc_session_output(session(), 4, &info), DLC_OK);
  EXPECT_EQ(info.kind, +DLC_KIND_SEQUENCE);
  EXPECT_EQ(info.dtype, DLC_F32);
}

TEST(Value, RefusesWrongArguments) {
  const int64_t dims[] = {2, -1}, huge[] = {INT64_MAX, 2}, many[33] = {};
  const float data[2] = {};
  dlc_value *value = nullptr;
  EXPECT_EQ(dlc_value_create_tensor(77, 1, dims, data, &value), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_value_create_tensor(DLC_F32, 2, dims, data, &value), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_value_create_tensor(DLC_F32, 33, many, data, &value), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_value_create_tensor(DLC_F32, 1, dims, nullptr, &value), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_value_create_tensor(DLC_F32, 1, nullptr, data, &value), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_value_create_tensor(DLC_F32, 1, dims, data, nullptr), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_value_create_tensor(DLC_F32, 2, huge, data, &value), DLC_OVERFLOW);
  const dlc_text broken[2] = {{"a", 1}, {nullptr, 1}};
  EXPECT_EQ(dlc_value_create_tensor(DLC_STRING, 1, dims, broken, &value), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(value, nullptr);

  dlc_value *tensor = makeFloats({1, 2}), *sequence = nullptr, *optional = nullptr;
  dlc_value *elements[] = {tensor, nullptr};
  EXPECT_EQ(dlc_value_create_sequence(DLC_F32, elements, 2, &value), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_value_create_sequence(DLC_I64, elements, 1, &value), DLC_INVALID_ARGUMENT);
  ASSERT_EQ(dlc_value_create_sequence(DLC_F32, elements, 1, &sequence), DLC_OK);
  EXPECT_EQ(dlc_value_create_sequence(DLC_F32, &sequence, 1, &value), DLC_INVALID_ARGUMENT);
  ASSERT_EQ(dlc_value_create_optional(DLC_F32, sequence, &optional), DLC_OK);
  EXPECT_EQ(dlc_value_create_optional(DLC_F32, optional, &value), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_value_create_optional(DLC_I64, tensor, &value), DLC_INVALID_ARGUMENT);
  ASSERT_EQ(dlc_value_create_optional(DLC_F32, nullptr, &value), DLC_OK);
  EXPECT_EQ(dlc_value_count(value), 0u);
  EXPECT_EQ(dlc_value_data(optional), nullptr);
  dlc_value_release(tensor);
  dlc_value_release(sequence);
  EXPECT_EQ(dlc_value_element(dlc_value_element(optional, 0), 0), tensor);
  dlc_value_release(optional);
  dlc_value_release(value);
  dlc_value_release(nullptr);
}
