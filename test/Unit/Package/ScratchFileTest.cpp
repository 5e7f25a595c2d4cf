#include "PackageFixture.h"

#include "dlc/Support/ScratchFile.h"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace dlc;

namespace {

class ScratchFileTest : public PackageFixture {};

TEST_F(ScratchFileTest, disappearsUnlessRenamed) {
  {
    llvm::Expected<ScratchFile> file = ScratchFile::create(inFolder("scratch-"), 10, "out");
    ASSERT_TRUE(bool(file));
    EXPECT_EQ(listFolder().size(), 1u);
  }
  EXPECT_TRUE(listFolder().empty());
  {
    llvm::Expected<ScratchFile> file = ScratchFile::create(inFolder("scratch-"), 10, "out");
    ASSERT_TRUE(bool(file));
    {
      auto region = file->map();
      ASSERT_TRUE(bool(region));
      std::memcpy(region->data(), "0123456789", 10);
    }
    ASSERT_FALSE(bool(file->renameTo(inFolder("kept"))));
  }
  ASSERT_EQ(listFolder(), llvm::SmallVector<std::string>{"kept"});
  EXPECT_EQ(read(inFolder("kept")), "0123456789");
}

TEST_F(ScratchFileTest, honoursUmask) {
  mode_t old = umask(027);
  llvm::Expected<ScratchFile> file = ScratchFile::create(inFolder("scratch-"), 10, "out");
  umask(old);
  ASSERT_TRUE(bool(file));
  struct stat status;
  ASSERT_EQ(stat(file->path().str().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST_F(ScratchFileTest, diesWithASignal) {
  for (int signal : {SIGINT, SIGTERM}) {
    EXPECT_EXIT(
        {
          auto file = ScratchFile::create(inFolder("scratch-"), 10, "out");
          if (file && listFolder().size() == 1)
            raise(signal);
        },
        testing::KilledBySignal(signal), "");
    EXPECT_TRUE(listFolder().empty());
  }
}

TEST_F(ScratchFileTest, noRoom) {
  // A limit on the size of files stands for a full disk.
  rlimit old;
  getrlimit(RLIMIT_FSIZE, &old);
  auto oldHandler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = {1 << 20, old.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  llvm::Expected<ScratchFile> file = ScratchFile::create(inFolder("scratch-"), 2 << 20, "out");
  setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, oldHandler);
  ASSERT_FALSE(bool(file));
  EXPECT_EQ(llvm::toString(file.takeError()), "cannot write 'out': File too large");
  EXPECT_TRUE(listFolder().empty());
}

} // namespace
