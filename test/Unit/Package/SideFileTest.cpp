#include "dlc/Support/SideFile.h"
#include "dlc/Support/SourceFiles.h"

#include <gtest/gtest.h>

#include <cstring>

using namespace dlc;

namespace {

TEST(SideFile, bytesStayWhereTheyAre) {
  SideFile file;
  ASSERT_FALSE(file.open(1 << 20));
  auto first = file.allocate(100);
  auto second = file.allocate(70000);
  ASSERT_TRUE(bool(first) && bool(second));
  EXPECT_EQ(first->data(), file.data());
  EXPECT_EQ(second->data(), file.data() + 128);
  EXPECT_EQ(file.size(), 128u + 70000u);
  EXPECT_EQ((*second)[69999], 0);
  std::memset(first->data(), 1, first->size());
  std::memset(second->data(), 2, second->size());
  EXPECT_EQ((*first)[99], 1);
}

TEST(SideFile, finishedItIsASource) {
  for (size_t size : {1, 70, 70000}) {
    SideFile file;
    ASSERT_FALSE(file.open(1 << 20));
    auto bytes = file.allocate(70000);
    ASSERT_TRUE(bool(bytes));
    std::memset(bytes->data(), 3, bytes->size());
    auto buffer = file.finish(size);
    ASSERT_TRUE(bool(buffer));
    SourceFiles sources;
    const SourceFiles::File &source = sources[sources.add(std::move(*buffer))];
    EXPECT_TRUE(source.path.empty());
    EXPECT_EQ(sources.find(source.hash, size), std::string(size, 3));
    EXPECT_FALSE(sources.find(source.hash, size + 1));
  }
}

TEST(SideFile, capacityIsNotExceeded) {
  SideFile file;
  ASSERT_FALSE(file.open(1000));
  ASSERT_TRUE(bool(file.allocate(900)));
  auto more = file.allocate(100);
  ASSERT_FALSE(bool(more));
  EXPECT_EQ(llvm::toString(more.takeError()),
            "cannot hold data in a temporary file: No space left on device");
  EXPECT_EQ(file.size(), 900u);
}

} // namespace
