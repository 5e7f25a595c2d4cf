// The library ops that this build carries: they need libc and libm alone, whatever sanitizers the
// build has, and artifacts hold those that they call.

#include "OpLibrary.h"
#include "Link.h"
#include "PackageFixture.h"

#include "dlc/ABI/Op.h"
#include "dlc/ABI/Program.h"

#include "llvm/Object/ELFObjectFile.h"

#include <dlfcn.h>

using namespace dlc;
using File = llvm::object::ELF64LEFile;

namespace {

class OpLibraryTest : public PackageFixture {
protected:
  std::string link(llvm::StringRef objectPath) {
    std::string object = read(objectPath);
    auto image = linkImage({object, "note", "manifest", 0});
    EXPECT_TRUE(bool(image)) << llvm::toString(image.takeError());
    return image ? (*image)->getBuffer().str() : std::string();
  }

  /// The table that the image's query function returns. The image stays loaded.
  const dlc_op_fn *load(const std::string &image) {
    void *library = dlopen(write("ops.so", image).c_str(), RTLD_NOW | RTLD_LOCAL);
    EXPECT_TRUE(library) << dlerror();
    void *query = library ? dlsym(library, DLC_QUERY_SYMBOL) : nullptr;
    return query ? reinterpret_cast<const dlc_op_fn *(*)()>(query)() : nullptr;
  }
};

/// The libraries that an image needs.
std::vector<std::string> getNeeded(llvm::StringRef image) {
  File elf = cantFail(File::create(image));
  llvm::StringRef strings;
  for (const auto &section : cantFail(elf.sections()))
    if (section.sh_type == llvm::ELF::SHT_DYNSYM)
      strings = cantFail(elf.getStringTableForSymtab(section));
  std::vector<std::string> needed;
  for (const auto &entry : cantFail(elf.dynamicEntries()))
    if (entry.d_tag == llvm::ELF::DT_NEEDED)
      needed.push_back(strings.data() + entry.d_un.d_val);
  return needed;
}

TEST_F(OpLibraryTest, aCalledOpIsPartOfTheArtifact) {
  std::string image = link(DLC_ONE_OP);
  ASSERT_FALSE(image.empty());
  EXPECT_EQ(getNeeded(image), std::vector<std::string>{"libc.so.6"}); // relu calls no libm
  const dlc_op_fn *functions = load(image);
  ASSERT_TRUE(functions);
  float from[] = {-1, 2, -3}, to[] = {7, 7, 7};
  int64_t dims[] = {3};
  auto describe = [&](float *data) {
    return dlc_value{sizeof(dlc_value), DLC_VALUE_TENSOR, DLC_DTYPE_F32, 0, 1, 0, dims, 3, data};
  };
  dlc_value input = describe(from), output = describe(to);
  const dlc_value *inputs[] = {&input};
  dlc_value *outputs[] = {&output};
  dlc_op_services services = {};
  services.struct_size = sizeof(services);
  dlc_op_call call = {sizeof(call), 1, 1, 0, inputs, outputs, nullptr, nullptr, &services};
  EXPECT_EQ(functions[0](&call), 0);
  EXPECT_EQ(to[0], 0);
  EXPECT_EQ(to[1], 2);
  EXPECT_EQ(to[2], 0);
}

TEST_F(OpLibraryTest, onlyCalledOpsArePartOfTheArtifact) {
  size_t one = link(DLC_ONE_OP).size(), all = link(DLC_ALL_OPS).size();
  EXPECT_LT(one, 32u << 10); // in pages, one for each kind of segment
  EXPECT_LT(one, all / 3);
  // A message of the helpers of ops.
  EXPECT_NE(link(DLC_ALL_OPS).find("do not broadcast"), std::string::npos);
  EXPECT_EQ(link(DLC_PROGRAM_WITHOUT_WEIGHTS).find("do not broadcast"), std::string::npos);
}

TEST_F(OpLibraryTest, allOpsNeedLibcAndLibmAlone) {
  std::string image = link(DLC_ALL_OPS);
  ASSERT_FALSE(image.empty());
  for (const std::string &library : getNeeded(image))
    EXPECT_TRUE(library == "libm.so.6" || library == "libc.so.6") << library;
  EXPECT_TRUE(load(image)); // every undefined symbol was found
}

TEST_F(OpLibraryTest, archiveTellsNothingOfItsBuild) {
  llvm::StringRef archive = getOpLibrary();
  ASSERT_TRUE(archive.starts_with("!<arch>\n"));
  // Date, user, group and mode of the first member.
  EXPECT_EQ(archive.substr(8 + 16, 32), "0           0     0     0       ");
  EXPECT_EQ(archive.find(DLC_SOURCE_FOLDER), llvm::StringRef::npos);
  EXPECT_EQ(archive.find("__asan"), llvm::StringRef::npos);
  EXPECT_EQ(archive.find("__tsan"), llvm::StringRef::npos);
  EXPECT_EQ(archive.find("__ubsan"), llvm::StringRef::npos);
}

} // namespace
