// Sequences and optionals: what they hold, and who owns it.

#include "OpTest.h"

using namespace dlc::test;

static Input sequence(std::vector<Input> children, int32_t dtype = DLC_DTYPE_F32) {
  return Input::list(DLC_VALUE_SEQUENCE, dtype, std::move(children));
}

/// [1], [2, 3] and []
static Input three() {
  return sequence({Input::f32({1}, {1}), Input::f32({2}, {2, 3}), Input::f32({0}, {})});
}

using Floats = std::vector<float>;

static std::vector<Floats> childrenOf(const dlc_value &list) {
  std::vector<Floats> children;
  for (size_t i = 0; i < list.count; ++i)
    children.push_back(elementsOf<float>(childOf(list, i)));
  return children;
}

//===----------------------------------------------------------------------===//
// Sequences
//===----------------------------------------------------------------------===//

TEST(Sequence, EmptyAndConstruct) {
  OpRun empty("sequence_empty");
  ASSERT_EQ(empty.integer("dtype", DLC_DTYPE_I32).run(), "");
  EXPECT_EQ(empty.output().kind, uint32_t(DLC_VALUE_SEQUENCE));
  EXPECT_EQ(empty.output().dtype, DLC_DTYPE_I32);
  EXPECT_EQ(empty.output().count, 0u);
  OpRun two("sequence_construct");
  ASSERT_EQ(two.input(Input::f32({2}, {1, 2})).input(Input::f32({}, {3})).run(), "");
  EXPECT_EQ(childrenOf(two.output()), (std::vector<Floats>{{1, 2}, {3}}));
  EXPECT_EQ(two.output().dtype, DLC_DTYPE_F32);

  EXPECT_EQ(OpRun("sequence_empty").integer("dtype", 99).run(), "unknown element type 99");
  EXPECT_EQ(OpRun("sequence_construct").run(), "operand 0 is missing");
  EXPECT_EQ(OpRun("sequence_construct").input(Input::f32({}, {1})).input(Input::scalar(1)).run(),
            "expected operand 1 to have element type f32, found i64");
}

TEST(Sequence, Insert) {
  auto insert = [](int64_t position) {
    OpRun run("sequence_insert");
    run.input(three()).input(Input::f32({1}, {9})).input(Input::scalar(position));
    EXPECT_EQ(run.run(), "");
    return childrenOf(run.output());
  };
  EXPECT_EQ(insert(0), (std::vector<Floats>{{9}, {1}, {2, 3}, {}}));
  EXPECT_EQ(insert(-1), (std::vector<Floats>{{1}, {2, 3}, {9}, {}}));
  EXPECT_EQ(insert(3), (std::vector<Floats>{{1}, {2, 3}, {}, {9}}));
  OpRun last("sequence_insert");
  ASSERT_EQ(last.input(sequence({})).input(Input::f32({1}, {9})).run(), "");
  EXPECT_EQ(childrenOf(last.output()), (std::vector<Floats>{{9}}));

  OpRun far("sequence_insert");
  EXPECT_EQ(far.input(three()).input(Input::f32({}, {1})).input(Input::scalar(4)).run(),
            "position 4 is out of range for an insertion into a sequence of 3");
  EXPECT_EQ(OpRun("sequence_insert").input(three()).input(Input::scalar(1)).run(),
            "cannot insert i64 into a sequence of f32");
  EXPECT_EQ(OpRun("sequence_insert").input(Input::scalar(1)).input(Input::scalar(1)).run(),
            "expected operand 0 to be a value of kind sequence, found tensor");
}

TEST(Sequence, EraseAtLength) {
  OpRun last("sequence_erase");
  ASSERT_EQ(last.input(three()).run(), "");
  EXPECT_EQ(childrenOf(last.output()), (std::vector<Floats>{{1}, {2, 3}}));
  OpRun middle("sequence_erase");
  ASSERT_EQ(middle.input(three()).input(Input::scalar(-2)).run(), "");
  EXPECT_EQ(childrenOf(middle.output()), (std::vector<Floats>{{1}, {}}));
  OpRun at("sequence_at");
  ASSERT_EQ(at.input(three()).input(Input::i64({1}, {1})).run(), "");
  EXPECT_EQ(elementsOf<float>(at.output()), (Floats{2, 3}));
  OpRun length("sequence_length");
  ASSERT_EQ(length.input(three()).run(), "");
  EXPECT_EQ(elementsOf<int64_t>(length.output()), (Dims{3}));
  EXPECT_EQ(dimsOf(length.output()), Dims{});

  EXPECT_EQ(OpRun("sequence_erase").input(sequence({})).run(),
            "position -1 is out of range for a sequence of 0");
  EXPECT_EQ(OpRun("sequence_at").input(three()).input(Input::scalar(-4)).run(),
            "position -4 is out of range for a sequence of 3");
  EXPECT_EQ(OpRun("sequence_at").input(three()).run(), "operand 1 is missing");
  EXPECT_EQ(OpRun("sequence_at").input(three()).input(Input::i64({2}, {0, 0})).run(),
            "expected operand 1 to have one element, found dims [2]");
  EXPECT_EQ(OpRun("sequence_length").run(), "operand 0 is missing");
}

TEST(Sequence, SharesItsValues) {
  Heap heap;
  dlc_value *element = heap.newTensor(DLC_DTYPE_F32, {1});
  const dlc_value *inputs[] = {element, element};
  dlc_value *outputs[] = {nullptr};
  dlc_op_call call = {};
  call.num_inputs = 2;
  call.num_outputs = 1;
  call.inputs = inputs;
  call.outputs = outputs;
  ASSERT_EQ(heap.call(findOp("sequence_construct"), call), 0);
  EXPECT_EQ(&childOf(*outputs[0], 0), element);
  EXPECT_EQ(&childOf(*outputs[0], 1), element);
  EXPECT_EQ(heap.numObjects, 2);
  heap.release(outputs[0]);
  EXPECT_EQ(heap.numObjects, 1);
  heap.release(element);
  EXPECT_EQ(heap.numObjects, 0);
}

//===----------------------------------------------------------------------===//
// Joining and splitting
//===----------------------------------------------------------------------===//

TEST(Sequence, Concat) {
  OpRun concat("concat_from_sequence");
  ASSERT_EQ(concat.input(three()).integer("axis", 0).run(), "");
  EXPECT_EQ(elementsOf<float>(concat.output()), (Floats{1, 2, 3}));
  OpRun newAxis("concat_from_sequence");
  newAxis.input(sequence({Input::f32({2}, {1, 2}), Input::f32({2}, {3, 4})}));
  ASSERT_EQ(newAxis.integer("axis", -1).integer("new_axis", 1).run(), "");
  EXPECT_EQ(dimsOf(newAxis.output()), (Dims{2, 2}));
  EXPECT_EQ(elementsOf<float>(newAxis.output()), (Floats{1, 3, 2, 4}));

  EXPECT_EQ(OpRun("concat_from_sequence").input(sequence({})).run(), "the sequence is empty");
  EXPECT_EQ(OpRun("concat_from_sequence").input(three()).integer("new_axis", 1).run(),
            "cannot join dims [1] and [2] along axis 0");
}

TEST(Sequence, Stack) {
  OpRun stack("stack");
  stack.input(sequence({Input::f32({2}, {1, 2}), Input::f32({2}, {3, 4})}));
  ASSERT_EQ(stack.input(Input::i64({1}, {2})).run(), "");
  EXPECT_EQ(dimsOf(stack.output()), (Dims{2, 2}));
  EXPECT_EQ(elementsOf<float>(stack.output()), (Floats{1, 2, 3, 4}));
  OpRun empty("stack");
  empty.input(sequence({}, 0)).input(Input::i64({2}, {5, 7}));
  ASSERT_EQ(empty.integer("dtype", DLC_DTYPE_I32).run(), "");
  EXPECT_EQ(dimsOf(empty.output()), (Dims{0, 5, 7}));
  EXPECT_EQ(empty.output().dtype, DLC_DTYPE_I32);
  OpRun texts("stack");
  texts.input(sequence({Input::strings({}, {"a"}), Input::strings({}, {"bc"})}, DLC_DTYPE_STRING));
  ASSERT_EQ(texts.run(), "");
  EXPECT_EQ(stringsOf(texts.output()), (Texts{"a", "bc"}));

  EXPECT_EQ(OpRun("stack").input(three()).run(), "cannot join dims [1] and [2] along axis 0");
  EXPECT_EQ(OpRun("stack").input(sequence({})).run(), "operand 1 is missing");
  EXPECT_EQ(OpRun("stack").input(sequence({}, 0)).input(Input::i64({0}, {})).run(),
            "unknown element type 0");
  EXPECT_EQ(OpRun("stack").input(sequence({sequence({})})).run(), "expected a sequence of tensors");
}

TEST(Sequence, Split) {
  Input five = Input::f32({5}, {1, 2, 3, 4, 5});
  OpRun single("split_to_sequence");
  ASSERT_EQ(single.input(Input::f32({2, 1}, {1, 2})).integer("keepdims", 0).run(), "");
  EXPECT_EQ(childrenOf(single.output()), (std::vector<Floats>{{1}, {2}}));
  EXPECT_EQ(dimsOf(childOf(single.output(), 0)), (Dims{1}));
  OpRun equal("split_to_sequence");
  ASSERT_EQ(equal.input(five).input(Input::scalar(2)).integer("keepdims", 0).run(), "");
  EXPECT_EQ(childrenOf(equal.output()), (std::vector<Floats>{{1, 2}, {3, 4}, {5}}));
  OpRun sizes("split_to_sequence");
  ASSERT_EQ(sizes.input(five).input(Input::i64({3}, {3, 0, 2})).run(), "");
  EXPECT_EQ(childrenOf(sizes.output()), (std::vector<Floats>{{1, 2, 3}, {}, {4, 5}}));
  OpRun columns("split_to_sequence");
  columns.input(Input::strings({2, 2}, {"a", "b", "c", "d"})).integer("axis", 1);
  ASSERT_EQ(columns.run(), "");
  EXPECT_EQ(stringsOf(childOf(columns.output(), 1)), (Texts{"b", "d"}));
  OpRun none("split_to_sequence");
  ASSERT_EQ(none.input(Input::f32({0}, {})).run(), "");
  EXPECT_EQ(none.output().count, 0u);

  EXPECT_EQ(OpRun("split_to_sequence").input(five).input(Input::scalar(0)).run(),
            "the size of a part is 0");
  EXPECT_EQ(OpRun("split_to_sequence").input(five).input(Input::i64({2}, {6, -1})).run(),
            "sizes of parts do not add up to 5");
  EXPECT_EQ(OpRun("split_to_sequence").input(five).integer("axis", 1).run(),
            "axis 1 is not among 1 dims");
}

//===----------------------------------------------------------------------===//
// Optionals
//===----------------------------------------------------------------------===//

TEST(Optional, HoldsOneValueOrNone) {
  OpRun full("optional");
  ASSERT_EQ(full.input(Input::f32({1}, {7})).run(), "");
  EXPECT_EQ(full.output().kind, uint32_t(DLC_VALUE_OPTIONAL));
  EXPECT_EQ(childrenOf(full.output()), (std::vector<Floats>{{7}}));
  OpRun empty("optional");
  ASSERT_EQ(empty.absent().integer("dtype", DLC_DTYPE_F32).run(), "");
  EXPECT_EQ(empty.output().count, 0u);
  EXPECT_EQ(empty.output().dtype, DLC_DTYPE_F32);
}

TEST(Optional, GetElement) {
  auto optional = [](std::vector<Input> children) {
    return Input::list(DLC_VALUE_OPTIONAL, DLC_DTYPE_F32, std::move(children));
  };
  OpRun get("optional_get_element");
  ASSERT_EQ(get.input(optional({three()})).run(), "");
  EXPECT_EQ(get.output().kind, uint32_t(DLC_VALUE_SEQUENCE));
  EXPECT_EQ(childrenOf(get.output()), (std::vector<Floats>{{1}, {2, 3}, {}}));
  OpRun itself("optional_get_element");
  ASSERT_EQ(itself.input(Input::f32({1}, {7})).run(), "");
  EXPECT_EQ(elementsOf<float>(itself.output()), (Floats{7}));
  EXPECT_EQ(OpRun("optional_get_element").input(optional({})).run(), "the optional holds no value");
  EXPECT_EQ(OpRun("optional_get_element").absent().run(), "operand 0 is missing");

  auto has = [](OpRun &run) {
    EXPECT_EQ(run.run(), "");
    return elementsOf<uint8_t>(run.output())[0];
  };
  OpRun full("optional_has_element"), empty("optional_has_element");
  OpRun tensor("optional_has_element"), nothing("optional_has_element");
  EXPECT_EQ(has(full.input(optional({three()}))), 1);
  EXPECT_EQ(has(empty.input(optional({}))), 0);
  EXPECT_EQ(has(tensor.input(Input::scalar(0))), 1);
  EXPECT_EQ(has(nothing.absent()), 0);
}
