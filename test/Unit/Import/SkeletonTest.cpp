// The scan over the wire format: what it takes out, and that nothing it reads can make it read
// elsewhere.

#include "Import/Skeleton.h"

#include "OnnxWriter.h"
#include "llvm/Support/Endian.h"
#include "gtest/gtest.h"

using namespace llvm;
using namespace dlc;
using namespace dlc::test;

static std::string failureOf(StringRef file) {
  Expected<Skeleton> skeleton = readSkeleton(file);
  return skeleton ? "" : toString(skeleton.takeError());
}

static std::string join(const Skeleton &skeleton) {
  std::string all;
  for (const Skeleton::Field &field : skeleton.fields)
    all += field.bytes;
  return all;
}

/// A model whose graph has these tensors as initializers.
static std::string modelOf(ArrayRef<std::string> tensors) {
  std::string graph;
  for (const std::string &tensor : tensors)
    graph += bytes(5, tensor);
  return bytes(7, graph);
}

/// `raw_data` of a tensor in a skeleton.
static std::string row(uint64_t index) {
  char content[8];
  support::endian::write64le(content, index);
  return bytes(9, StringRef(content, sizeof(content)));
}

TEST(Skeleton, TakesTensorDataOut) {
  std::string file = convModel();
  Expected<Skeleton> skeleton = readSkeleton(file);
  ASSERT_TRUE(!!skeleton);
  ASSERT_EQ(skeleton->tensors.size(), 2u);
  ASSERT_EQ(skeleton->tensors[0].size(), 1u);
  TensorChunk filter = skeleton->tensors[0][0], bias = skeleton->tensors[1][0];
  EXPECT_EQ(filter.kind, TensorChunk::raw);
  EXPECT_EQ(file.substr(filter.offset, filter.length), convFilter());
  EXPECT_EQ(bias.kind, TensorChunk::floats);
  EXPECT_EQ(bias.length, 8 * sizeof(float));
  EXPECT_EQ(join(*skeleton).find(convFilter().substr(64)), std::string::npos);
  EXPECT_LT(join(*skeleton).size(), file.size() - convFilter().size());
}

TEST(Skeleton, KeepsEverythingElse) {
  std::string before = number(1, 8) + bytes(2, "producer"), after = bytes(6, "text");
  std::string dims = number(1, 1) + number(2, 1);
  std::string tensor = dims + bytes(9, "abcd");
  Expected<Skeleton> skeleton = readSkeleton(before + modelOf({tensor}) + after);
  ASSERT_TRUE(!!skeleton);
  EXPECT_EQ(join(*skeleton), before + modelOf({dims + row(0)}) + after);
}

TEST(Skeleton, GivesEveryTensorItsOwnRow) {
  // The second tensor claims to be a row of the table; the third has no data.
  Expected<Skeleton> skeleton = readSkeleton(modelOf({bytes(9, "abcd"), row(7), std::string()}));
  ASSERT_TRUE(!!skeleton);
  EXPECT_EQ(join(*skeleton), modelOf({row(0), row(1), row(2)}));
  EXPECT_EQ(skeleton->tensors[1].size(), 1u);
  EXPECT_TRUE(skeleton->tensors[2].empty());
}

TEST(Skeleton, RewritesTagsThatAreLongerThanNeeded) {
  // The tag of raw_data in two bytes, as no writer does it but every reader takes it.
  std::string tensor = std::string("\xca\x00", 2) + varint(4) + "abcd";
  Expected<Skeleton> skeleton = readSkeleton(modelOf({tensor}));
  ASSERT_TRUE(!!skeleton);
  EXPECT_EQ(join(*skeleton), modelOf({row(0)}));
}

TEST(Skeleton, FindsTensorsInNestedGraphs) {
  std::string inner = bytes(5, bytes(9, "abcd"));
  std::string graph = bytes(1, bytes(5, bytes(6, inner) + bytes(11, inner)));
  Expected<Skeleton> skeleton = readSkeleton(bytes(7, graph));
  ASSERT_TRUE(!!skeleton);
  EXPECT_EQ(skeleton->tensors.size(), 2u);
}

TEST(Skeleton, SaysWhatIsWrongWhere) {
  EXPECT_EQ(failureOf(number(1, 8) + varint(1 << 3 | 3)),
            "field 1 at byte 2 has the unknown wire type 3");
  EXPECT_EQ(failureOf(std::string("\x00\x00", 2)), "byte 0 starts no field");
  EXPECT_EQ(failureOf(number(1, 8) + bytes(7, "abcd").substr(0, 4)),
            "field 7 at byte 2 has 4 bytes, but 2 are left");
  EXPECT_EQ(failureOf("\x08\x80"), "the number at byte 1 is cut off");
  EXPECT_EQ(failureOf("\x08" + std::string(9, '\xff') + "\x02"),
            "the number at byte 1 has more than 64 bits");
  EXPECT_EQ(failureOf(varint(7 << 3 | 2) + varint(UINT64_MAX)),
            "field 7 at byte 0 has 18446744073709551615 bytes, but 0 are left");
  // Inside of a message the bytes of what follows it do not count.
  EXPECT_EQ(failureOf(bytes(7, varint(5 << 3 | 2) + varint(3)) + "abc"),
            "field 5 at byte 2 has 3 bytes, but 0 are left");
}

TEST(Skeleton, LimitsDepth) {
  std::string graph;
  for (int i = 0; i != 1000; ++i)
    graph = bytes(1, bytes(5, bytes(6, graph)));
  EXPECT_NE(failureOf(bytes(7, graph)).find("is nested deeper than 100 others"), std::string::npos);
}

TEST(Skeleton, TakesEveryPrefix) {
  std::string file = convModel();
  size_t accepted = 0;
  for (size_t length = 0; length != file.size(); ++length)
    accepted += failureOf(StringRef(file).take_front(length)).empty();
  // Those that end between the model's own fields: after none, ir_version and opset_import.
  EXPECT_EQ(accepted, 3u);
}
