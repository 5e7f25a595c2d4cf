/// Calls of library ops in tests.
#ifndef DLC_TEST_OPS_OPTEST_H
#define DLC_TEST_OPS_OPTEST_H

#include "Heap.h"

#include <gtest/gtest.h>

#include <cstring>
#include <deque>

namespace dlc::test {

/// Owns what the description of a value points to.
class Input {
public:
  template <typename T>
  static Input tensor(int32_t dtype, std::vector<int64_t> dims, const std::vector<T> &elements) {
    Input input;
    input.dims = std::move(dims);
    input.bytes.resize(elements.size() * sizeof(T));
    if (!elements.empty())
      std::memcpy(input.bytes.data(), elements.data(), input.bytes.size());
    input.value = describe(DLC_VALUE_TENSOR, dtype, elements.size());
    return input;
  }
  static Input f32(std::vector<int64_t> dims, const std::vector<float> &elements) {
    return tensor(DLC_DTYPE_F32, std::move(dims), elements);
  }
  static Input i64(std::vector<int64_t> dims, const std::vector<int64_t> &elements) {
    return tensor(DLC_DTYPE_I64, std::move(dims), elements);
  }
  static Input scalar(int64_t element) { return i64({}, {element}); }
  static Input strings(std::vector<int64_t> dims, std::vector<std::string> elements) {
    Input input;
    input.dims = std::move(dims);
    input.texts = std::move(elements);
    input.value = describe(DLC_VALUE_TENSOR, DLC_DTYPE_STRING, input.texts.size());
    return input;
  }
  /// A sequence or optional.
  static Input list(uint32_t kind, int32_t dtype, std::vector<Input> children) {
    Input input;
    input.children = std::move(children);
    input.value = describe(kind, dtype, input.children.size());
    return input;
  }

  /// Valid as long as this input is neither moved nor changed.
  const dlc_value *get() {
    value.rank = uint32_t(dims.size());
    value.dims = dims.data();
    value.data = bytes.data();
    if (value.kind != DLC_VALUE_TENSOR) {
      pointers.clear();
      for (Input &child : children)
        pointers.push_back(child.get());
      value.data = pointers.data();
    } else if (value.dtype == DLC_DTYPE_STRING) {
      views.clear();
      for (const std::string &text : texts)
        views.push_back({text.data(), text.size()});
      value.data = views.data();
    }
    return &value;
  }

private:
  static dlc_value describe(uint32_t kind, int32_t dtype, uint64_t count) {
    return {sizeof(dlc_value), kind, dtype, 0, 0, 0, nullptr, count, nullptr};
  }

  dlc_value value = {};
  std::vector<int64_t> dims;
  std::vector<char> bytes;
  std::vector<std::string> texts;
  std::vector<dlc_string> views;
  std::vector<Input> children;
  std::vector<const dlc_value *> pointers;
};

/// One call, its operands and outputs. Each run is also made with each allocation failing.
class OpRun {
public:
  explicit OpRun(const char *name) : function(findOp(name)) {
    EXPECT_NE(function, nullptr) << name;
  }
  ~OpRun() {
    for (dlc_value *value : outputs)
      heap.release(value);
    EXPECT_EQ(heap.numObjects, 0);
    EXPECT_EQ(heap.problem, "");
  }

  OpRun &input(Input value) {
    values.push_back(std::move(value));
    inputs.push_back(values.back().get());
    return *this;
  }
  OpRun &absent() {
    inputs.push_back(nullptr);
    return *this;
  }
  OpRun &integer(const char *name, int64_t value) {
    integers.push_back(value);
    return attribute(name, DLC_ATTRIBUTE_INT, 1, &integers.back());
  }
  OpRun &text(const char *name, const char *value) {
    words.push_back({{value, std::strlen(value)}});
    return attribute(name, DLC_ATTRIBUTE_STRING, 1, words.back().data());
  }
  OpRun &texts(const char *name, const std::vector<const char *> &list) {
    words.emplace_back();
    for (const char *value : list)
      words.back().push_back({value, std::strlen(value)});
    return attribute(name, DLC_ATTRIBUTE_STRINGS, list.size(), words.back().data());
  }
  OpRun &attribute(const char *name, uint32_t kind, uint64_t count, const void *data) {
    attributes.push_back({name, kind, 0, count, data});
    return *this;
  }

  /// What the op reports; nothing where it succeeds. The outputs are objects, or the memory given.
  std::string run(size_t numOutputs = 1, dlc_value *memory = nullptr) {
    outputs.assign(numOutputs, memory);
    dlc_op_call call = {};
    call.num_inputs = uint32_t(inputs.size());
    call.num_outputs = uint32_t(numOutputs);
    call.num_attributes = uint32_t(attributes.size());
    call.inputs = inputs.data();
    call.outputs = outputs.data();
    call.attributes = attributes.data();
    heap.call(function, call);
    return heap.message;
  }

  const dlc_value &output(size_t i = 0) const { return *outputs[i]; }

private:
  Heap heap;
  dlc_op_fn function;
  std::deque<Input> values;
  std::vector<const dlc_value *> inputs;
  std::vector<dlc_value *> outputs;
  std::deque<int64_t> integers;
  std::deque<std::vector<dlc_string>> words;
  std::vector<dlc_attribute> attributes;
};

inline std::vector<int64_t> dimsOf(const dlc_value &value) {
  return {value.dims, value.dims + value.rank};
}
template <typename T> std::vector<T> elementsOf(const dlc_value &value) {
  auto *data = static_cast<const T *>(value.data);
  return {data, data + value.count};
}
inline std::vector<std::string> stringsOf(const dlc_value &value) {
  EXPECT_EQ(value.dtype, DLC_DTYPE_STRING);
  std::vector<std::string> strings;
  for (dlc_string each : elementsOf<dlc_string>(value))
    strings.emplace_back(each.data ? each.data : "", each.size);
  return strings;
}
inline const dlc_value &childOf(const dlc_value &list, size_t i) {
  return *static_cast<dlc_value *const *>(list.data)[i];
}

using Dims = std::vector<int64_t>;
using Texts = std::vector<std::string>;

} // namespace dlc::test

#endif
