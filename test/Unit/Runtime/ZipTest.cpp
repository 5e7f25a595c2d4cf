// Zip archives: read, damaged, and made to mislead.
#include "Zip.h"
#include "Crc32.h"

#include <gtest/gtest.h>
#include <random>

using namespace dlc::run;

namespace {
void number(std::string &bytes, uint64_t value, int size) {
  for (int i = 0; i < size; ++i, value >>= 8)
    bytes += static_cast<char>(value);
}

struct MemberSpec {
  std::string name;
  std::string packed;
  std::string contents;
  uint16_t method = 0;
  uint16_t flags = 0;
};

/// "aaaa...": 1000 times a, as zlib deflates it.
const std::string deflatedContents(1000, 'a');
const std::string deflatedBytes("\x4b\x4c\x1c\x05\xa3\x60\x14\x0c\x77\x00\x00", 11);

std::string archive(const std::vector<MemberSpec> &members) {
  std::string bytes, directory;
  for (const MemberSpec &member : members) {
    const size_t at = bytes.size();
    auto common = [&](std::string &record) {
      number(record, 20, 2);
      number(record, member.flags, 2);
      number(record, member.method, 2);
      number(record, 0, 4); // time
      number(record, crc32(member.contents), 4);
      number(record, member.packed.size(), 4);
      number(record, member.contents.size(), 4);
      number(record, member.name.size(), 2);
      number(record, 0, 2); // extra field
    };
    bytes += "PK\3\4";
    common(bytes);
    bytes += member.name + member.packed;
    directory += "PK\1\2";
    number(directory, 20, 2);
    common(directory);
    number(directory, 0, 2 + 2 + 2 + 4); // comment, disk, attributes
    number(directory, at, 4);
    directory += member.name;
  }
  const size_t at = bytes.size();
  bytes += directory + "PK\5\6";
  number(bytes, 0, 4);
  number(bytes, members.size(), 2);
  number(bytes, members.size(), 2);
  number(bytes, directory.size(), 4);
  number(bytes, at, 4);
  number(bytes, 0, 2);
  return bytes;
}

const std::vector<MemberSpec> twoMembers = {{"x.npy", "hello", "hello"},
                                            {"y.npy", deflatedBytes, deflatedContents, 8}};

std::string problemOf(const std::string &bytes) {
  std::vector<ZipMember> members;
  Problems problems;
  if (listZip("a.npz", bytes, members, problems))
    for (const ZipMember &member : members) {
      Buffer contents;
      (void)extractZip("a.npz: " + std::string(member.name), member, contents, problems);
    }
  return problems.empty() ? "" : problems.all().front();
}
} // namespace

TEST(Zip, ReadsStoredAndDeflatedMembers) {
  for (const std::string &comment : {std::string(), std::string("a comment PK\5\6")}) {
    std::string bytes = archive(twoMembers);
    bytes[bytes.size() - 2] = static_cast<char>(comment.size());
    bytes += comment;
    std::vector<ZipMember> members;
    Problems problems;
    ASSERT_TRUE(listZip("a.npz", bytes, members, problems)) << problems.all().front();
    ASSERT_EQ(members.size(), 2u);
    Buffer x, y;
    ASSERT_TRUE(extractZip("x", members[0], x, problems));
    ASSERT_TRUE(extractZip("y", members[1], y, problems)) << problems.all().front();
    EXPECT_EQ(std::string(x.data(), x.size()), "hello");
    EXPECT_EQ(std::string(y.data(), y.size()), deflatedContents);
  }
  EXPECT_EQ(problemOf(archive({})), "");
}

TEST(Zip, SaysWhatIsWrong) {
  EXPECT_EQ(problemOf("hello"), "a.npz: not a zip archive");
  EXPECT_EQ(problemOf(std::string(100, 'x')), "a.npz: not a zip archive, or a truncated one");
  EXPECT_EQ(problemOf(archive({{"x", "hello", "hello", 0, 1}})), "a.npz: member 'x' is encrypted");
  EXPECT_EQ(problemOf(archive({{"x", "hello", "hello", 14}})),
            "a.npz: member 'x' is packed by another method than deflate");
  EXPECT_EQ(problemOf(archive({{"x", "hello", "hell"}})),
            "a.npz: member 'x' has another size than the directory tells");
  EXPECT_EQ(problemOf(archive({{"x", "hello", "hallo"}})), "a.npz: x: the checksum is wrong");
  EXPECT_EQ(
      problemOf(archive({{"x", "hello", "hello", 8}})),
      "a.npz: x: the deflated data is damaged, or not of the 5 bytes that the directory tells");
}

TEST(Zip, RefusesSizesThatTheDirectoryDoesNotTell) {
  // Too much and too little for the memory that the directory makes it take; and a size that no
  // deflated data can have, before any memory is taken.
  for (size_t size : {999u, 1001u, 0u, 11352u})
    EXPECT_EQ(problemOf(archive({{"x", deflatedBytes, std::string(size, 'a'), 8}})),
              fmt::format("a.npz: x: the deflated data is damaged, or not of the {} bytes that the "
                          "directory tells",
                          size));
  EXPECT_EQ(problemOf(archive({{"x", deflatedBytes, std::string(11353, 'a'), 8}})),
            "a.npz: member 'x' has another size than the directory tells");
  std::string bytes = archive({{"x", "", ""}});
  const size_t entry = bytes.find("PK\1\2");
  for (size_t field : {20u, 24u, 42u}) {
    std::string large = bytes;
    large.replace(entry + field, 4, "\xff\xff\xff\xff");
    EXPECT_EQ(problemOf(large), "a.npz: member 'x' has 4 GiB or more, or lies as far from the "
                                "archive's beginning");
    large.replace(entry + field, 4, "\xff\xff\xff\x7f");
    EXPECT_NE(problemOf(large), "");
  }
  std::string many = bytes;
  many.replace(bytes.find("PK\5\6") + 8, 4, "\xff\xff\xff\xff");
  EXPECT_EQ(problemOf(many), "a.npz: the archive's directory is damaged at entry 1");
  std::string renamed = bytes;
  renamed[30] = 'z';
  EXPECT_EQ(problemOf(renamed),
            "a.npz: member 'x' has another local header than the directory tells");
}

TEST(Zip, SurvivesDamage) {
  const std::string good = archive(twoMembers);
  ASSERT_EQ(problemOf(good), "");
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(problemOf(good.substr(0, size)), "") << size;
  for (size_t size = 1; size < good.size(); ++size)
    (void)problemOf(good.substr(size));
  std::mt19937 random(3);
  for (int i = 0; i < 50000; ++i) {
    std::string bytes = good;
    for (int change = 0; change < 3; ++change)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    (void)problemOf(bytes);
  }
}
