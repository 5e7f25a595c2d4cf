// Tensors in protobuf's wire format: every field of every type, malformed messages.
#include "TensorProto.h"

#include <cstring>
#include <gtest/gtest.h>
#include <random>

using namespace dlc::run;

namespace {
/// Writes the wire format.
struct Message {
  std::string bytes;

  Message &varint(uint64_t value) {
    for (; value >= 128; value >>= 7)
      bytes += static_cast<char>(value | 128);
    bytes += static_cast<char>(value);
    return *this;
  }
  Message &number(int field, uint64_t value) {
    return varint(static_cast<uint64_t>(field) << 3).varint(value);
  }
  Message &text(int field, const std::string &value) {
    varint(static_cast<uint64_t>(field) << 3 | 2).varint(value.size());
    bytes += value;
    return *this;
  }
  template <typename T> Message &fixed(int field, T value) {
    varint(static_cast<uint64_t>(field) << 3 | (sizeof(T) == 8 ? 1 : 5));
    bytes.append(reinterpret_cast<const char *>(&value), sizeof(T));
    return *this;
  }
};

enum { dims = 1, dataType = 2, segment = 3, floats = 4, ints = 5, longs = 7, name = 8, raw = 9 };
enum { doubles = 10, unsignedLongs = 11, location = 14 };

Message header(int32_t dtype, const std::vector<uint64_t> &shape) {
  Message message;
  for (uint64_t dim : shape)
    message.number(dims, dim);
  return message.number(dataType, static_cast<uint64_t>(dtype));
}

std::string packed(const std::vector<uint64_t> &values) {
  Message message;
  for (uint64_t value : values)
    message.varint(value);
  return message.bytes;
}

std::string problemOf(const Message &message, Tensor *read = nullptr) {
  Tensor tensor;
  Problems problems;
  const bool done = parseTensorProto("a.pb", message.bytes, tensor, problems);
  EXPECT_EQ(done, problems.empty());
  if (read)
    *read = std::move(tensor);
  return problems.empty() ? "" : problems.all().front();
}

template <typename T> void expectElements(const Message &message, const std::vector<T> &expected) {
  Tensor tensor;
  ASSERT_EQ(problemOf(message, &tensor), "");
  EXPECT_EQ(tensor.dims, (std::vector<int64_t>{static_cast<int64_t>(expected.size())}));
  EXPECT_EQ(std::vector<T>(tensor.as<T>(), tensor.as<T>() + expected.size()), expected);
}
} // namespace

TEST(TensorProto, ReadsRawData) {
  for (int32_t dtype : {DLC_F32, DLC_U8, DLC_I8, DLC_U16, DLC_I16, DLC_I32, DLC_I64, DLC_BOOL,
                        DLC_F16, DLC_F64, DLC_U32, DLC_U64, DLC_BF16}) {
    const std::string data(6 * dlc_dtype_size(dtype), '\1');
    Tensor tensor;
    ASSERT_EQ(problemOf(header(dtype, {2, 3}).text(name, "x").text(raw, data), &tensor), "");
    EXPECT_EQ(tensor.dtype, dtype);
    EXPECT_EQ(tensor.dims, (std::vector<int64_t>{2, 3}));
    EXPECT_EQ(std::string(tensor.data.data(), tensor.data.size()), data);
  }
}

TEST(TensorProto, ReadsTypedFields) {
  const uint64_t minusTwo = static_cast<uint64_t>(-2);
  expectElements<float>(header(DLC_F32, {2}).fixed(floats, 1.5f).fixed(floats, -2.0f), {1.5f, -2});
  expectElements<float>(header(DLC_F32, {2}).text(floats, std::string("\0\0\x80\x3f\0\0\0\xc0", 8)),
                        {1, -2});
  expectElements<double>(header(DLC_F64, {1}).fixed(doubles, 0.1), {0.1});
  expectElements<int8_t>(header(DLC_I8, {3}).text(ints, packed({minusTwo, 127, 0})), {-2, 127, 0});
  expectElements<int16_t>(header(DLC_I16, {1}).number(ints, minusTwo), {-2});
  expectElements<int32_t>(header(DLC_I32, {2}).number(ints, minusTwo).text(ints, packed({5})),
                          {-2, 5});
  expectElements<uint8_t>(header(DLC_U8, {1}).number(ints, 255), {255});
  expectElements<uint16_t>(header(DLC_U16, {1}).number(ints, 65535), {65535});
  expectElements<uint16_t>(header(DLC_F16, {1}).number(ints, 0xbc00), {0xbc00});
  expectElements<uint16_t>(header(DLC_BF16, {1}).number(ints, 0xbf80), {0xbf80});
  expectElements<uint8_t>(header(DLC_BOOL, {2}).text(ints, packed({0, 1})), {0, 1});
  expectElements<int64_t>(header(DLC_I64, {1}).number(longs, minusTwo), {-2});
  expectElements<uint32_t>(header(DLC_U32, {1}).number(unsignedLongs, UINT32_MAX), {UINT32_MAX});
  expectElements<uint64_t>(header(DLC_U64, {1}).number(unsignedLongs, UINT64_MAX), {UINT64_MAX});
}

TEST(TensorProto, ReadsScalarsAndEmptyTensors) {
  Tensor tensor;
  EXPECT_EQ(problemOf(header(DLC_I64, {}).number(longs, 7), &tensor), "");
  EXPECT_TRUE(tensor.dims.empty());
  EXPECT_EQ(tensor.as<int64_t>()[0], 7);
  EXPECT_EQ(problemOf(header(DLC_F32, {3, 0})), "");
  EXPECT_EQ(problemOf(header(DLC_F32, {0}).text(raw, "").text(floats, "")), "");
  Message shape = Message().text(dims, packed({1, 2})).number(dataType, DLC_U8);
  EXPECT_EQ(problemOf(shape.text(raw, "ab").number(99, 1).fixed(98, 1.0f).text(97, "?"), &tensor),
            "");
  EXPECT_EQ(tensor.dims, (std::vector<int64_t>{1, 2}));
}

TEST(TensorProto, SaysWhatIsWrong) {
  const std::string malformed = "a.pb: not an onnx.TensorProto, or a truncated one";
  EXPECT_EQ(problemOf({"hello"}), malformed);
  EXPECT_EQ(problemOf({std::string("\0", 1)}), malformed);             // field 0
  EXPECT_EQ(problemOf({"\x0b"}), malformed);                           // a group
  EXPECT_EQ(problemOf({"\x08" + std::string(11, '\xff')}), malformed); // an endless varint
  EXPECT_EQ(problemOf({"\x4a\xff\xff\xff\xff\x0f"
                       "abc"}),
            malformed); // raw_data of 4 GiB
  EXPECT_EQ(problemOf(Message().text(dataType, "a")), malformed);
  EXPECT_EQ(problemOf(Message().number(raw, 1)), malformed);
  EXPECT_EQ(problemOf(Message().number(floats, 1)), malformed);
  EXPECT_EQ(problemOf(Message().text(floats, "abc")), malformed);
  EXPECT_EQ(problemOf({}),
            "a.pb: element type 0 of onnx.TensorProto is not one that dlc-run reads");
  EXPECT_EQ(problemOf(header(8, {1})),
            "a.pb: element type 8 of onnx.TensorProto is not one that dlc-run reads");
  EXPECT_EQ(problemOf(header(-1, {1})), "a.pb: element type 18446744073709551615 of "
                                        "onnx.TensorProto is not one that dlc-run reads");
  EXPECT_EQ(problemOf(header(DLC_U8, std::vector<uint64_t>(33, 1)).text(raw, "a")),
            "a.pb: expected a rank of up to 32, found 33");
  EXPECT_EQ(problemOf(header(DLC_U8, {UINT64_MAX}).text(raw, "a")),
            "a.pb: expected dims of 0 or more, found -1");
  EXPECT_EQ(problemOf(header(DLC_F32, {2, 3}).text(raw, "abcd")),
            "a.pb: expected the data of 2 x 3 elements (f32), found 4 bytes");
  EXPECT_EQ(problemOf(header(DLC_F64, {INT64_MAX, INT64_MAX}).text(raw, "abcd")),
            "a.pb: expected the data of 9223372036854775807 x 9223372036854775807 elements (f64), "
            "found 4 bytes");
  EXPECT_EQ(problemOf(header(DLC_U8, {1}).text(raw, "a").number(location, 1)),
            "a.pb: the tensor's data is in another file");
  EXPECT_EQ(problemOf(header(DLC_U8, {1}).text(raw, "a").text(segment, "")),
            "a.pb: the tensor's data is split into segments");
  const std::string alone = "a.pb: expected the data in raw_data or in the field for u8 alone";
  EXPECT_EQ(problemOf(header(DLC_U8, {1}).text(raw, "a").number(ints, 1)), alone);
  EXPECT_EQ(problemOf(header(DLC_U8, {1}).number(longs, 1)), alone);
  EXPECT_EQ(problemOf(header(DLC_U8, {2}).number(ints, 1).number(longs, 1)), alone);
  EXPECT_EQ(problemOf(header(DLC_U8, {1}).number(ints, 256)), "a.pb: element 0 is no u8");
  EXPECT_EQ(problemOf(header(DLC_I8, {1}).number(ints, 128)), "a.pb: element 0 is no i8");
  EXPECT_EQ(problemOf(header(DLC_F16, {2}).text(ints, packed({0, 65536}))),
            "a.pb: element 1 is no f16");
  EXPECT_EQ(problemOf(header(DLC_BOOL, {1}).text(raw, "\2")),
            "a.pb: a bool that is neither 0 nor 1");
}

TEST(TensorProto, SurvivesDamage) {
  const Message rawTensor = header(DLC_F32, {2, 3}).text(name, "x").text(raw, std::string(24, 'x'));
  const Message typed = header(DLC_I32, {300}).text(ints, packed(std::vector<uint64_t>(300, 200)));
  std::mt19937 random(4);
  for (const Message &good : {rawTensor, typed}) {
    ASSERT_EQ(problemOf(good), "");
    for (size_t size = 0; size < good.bytes.size(); ++size)
      EXPECT_NE(problemOf({good.bytes.substr(0, size)}), "") << size;
    for (int i = 0; i < 20000; ++i) {
      Message bad = good;
      for (int change = 0; change < 3; ++change)
        bad.bytes[random() % bad.bytes.size()] = static_cast<char>(random());
      (void)problemOf(bad);
    }
  }
}
