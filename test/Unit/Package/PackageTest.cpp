// Artifacts as files: their parts, what they link to, that the runtime loads and runs them, and
// what remains after a failure.

#include "PackageFixture.h"

#include "dlc/ABI/Artifact.h"
#include "dlc/dlc.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Object/ELFObjectFile.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>

using namespace dlc;
using File = llvm::object::ELF64LEFile;

namespace {

class PackageTest : public PackageFixture {
protected:
  /// Three f32 of a file.
  std::string threeWeights() {
    float values[] = {1.0f, 10.0f, 100.0f};
    source = addSource("model.onnx", "x" + std::string(reinterpret_cast<char *>(values), 12));
    return "{offset = 0 : i64, weight = #dlc.weight<source = #dlc.range<file = 0, offset = 1, "
           "length = 12>, shape = "
           "[3], type = f32>}";
  }

  mlir::LogicalResult package(mlir::ModuleOp module, llvm::StringRef objectPath,
                              llvm::StringRef path) {
    std::string object = read(objectPath);
    auto schedule = ScheduleAttr::get(&context, Algorithm::loops, 4, 1, {16, 4}, 8);
    setKernels(module, Kernel{"kernel_0", "Exp_0, Mul_1", schedule});
    return writePackage(module, {object, DLC_CPU_SSE42}, sources, path);
  }

  std::string packageWithWeights() {
    std::string weights = threeWeights();
    auto module = makeModule(source, weights);
    std::string path = inFolder("exp.so");
    EXPECT_TRUE(succeeded(package(*module, DLC_PROGRAM_WITH_WEIGHTS, path)))
        << llvm::join(errors, "\n");
    return path;
  }

  std::string packageWithoutWeights() {
    auto module = makeModule("", "");
    std::string path = inFolder("exp.so");
    EXPECT_TRUE(succeeded(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, path)))
        << llvm::join(errors, "\n");
    return path;
  }

  std::string source;
};

/// Loads an artifact and runs it on 0, 1, 2, 3.
static void runAndCompare(const std::string &path, std::array<float, 4> factors) {
  char why[512];
  dlc_session *session = nullptr;
  dlc_session_options options = {};
  options.struct_size = sizeof(options);
  options.verify_weights = DLC_VERIFY_ALWAYS;
  ASSERT_EQ(dlc_session_load(path.c_str(), &options, why, sizeof(why), &session), DLC_OK) << why;
  dlc_session_info info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(dlc_session_describe(session, &info), DLC_OK);
  EXPECT_STREQ(info.model, "exp.onnx");
  EXPECT_STREQ(info.target, "x86-64");
  EXPECT_EQ(info.num_kernels, 1u);
  dlc_context *context = nullptr;
  ASSERT_EQ(dlc_context_create(session, nullptr, &context), DLC_OK);
  float values[] = {0, 1, 2, 3};
  int64_t dims[] = {4};
  dlc_input x = {};
  x.struct_size = sizeof(x);
  x.dtype = DLC_F32;
  x.rank = 1;
  x.dims = dims;
  x.data = values;
  x.size = sizeof(values);
  dlc_output y = {};
  y.struct_size = sizeof(y);
  ASSERT_EQ(dlc_context_run(context, nullptr, &x, 1, &y, 1), DLC_OK)
      << dlc_context_error_text(context);
  ASSERT_EQ(y.rank, 1u);
  ASSERT_EQ(y.dims[0], 4);
  for (int i = 0; i < 4; ++i)
    EXPECT_FLOAT_EQ(static_cast<float *>(y.data)[i], std::exp(values[i]) * factors[i]);
  dlc_output_release(&y);
  dlc_context_release(context);
  dlc_session_release(session);
}

TEST_F(PackageTest, runtimeRunsIt) { runAndCompare(packageWithWeights(), {1, 10, 100, 1}); }

TEST_F(PackageTest, runtimeRunsItWithoutWeights) {
  runAndCompare(packageWithoutWeights(), {1, 1, 1, 1});
}

TEST_F(PackageTest, signatureAsTheRuntimeReadsIt) {
  auto module =
      makeModule("", "", "!dlc.tensor<1 x 3 x N x 5 x ui8>", "!dlc.tensor<3*N + 1 x f64>");
  ASSERT_TRUE(succeeded(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, inFolder("exp.so"))));
  char why[512];
  dlc_session *session = nullptr;
  ASSERT_EQ(dlc_session_load(inFolder("exp.so").c_str(), nullptr, why, sizeof(why), &session),
            DLC_OK)
      << why;
  dlc_tensor_info tensor = {};
  tensor.struct_size = sizeof(tensor);
  ASSERT_EQ(dlc_session_input(session, 0, &tensor), DLC_OK);
  EXPECT_STREQ(tensor.name, "x");
  EXPECT_EQ(tensor.dtype, DLC_U8);
  EXPECT_EQ(std::vector<int64_t>(tensor.dims, tensor.dims + tensor.rank),
            (std::vector<int64_t>{1, 3, -1, 5}));
  EXPECT_STREQ(tensor.dim_texts[2], "N");
  ASSERT_EQ(dlc_session_output(session, 0, &tensor), DLC_OK);
  EXPECT_EQ(tensor.dtype, DLC_F64);
  EXPECT_STREQ(tensor.dim_texts[0], "3*N + 1");
  EXPECT_EQ(tensor.dims[0], -1);
  dlc_symbol_info symbol = {};
  symbol.struct_size = sizeof(symbol);
  ASSERT_EQ(dlc_session_symbol(session, 0, &symbol), DLC_OK);
  EXPECT_STREQ(symbol.name, "N");
  dlc_session_release(session);
}

TEST_F(PackageTest, kernelTable) {
  std::string bytes = read(packageWithoutWeights());
  File elf = cantFail(File::create(bytes));
  llvm::StringRef blob;
  for (const auto &section : cantFail(elf.sections()))
    if (cantFail(elf.getSectionName(section)) == ".dlc.manifest")
      blob = llvm::StringRef(bytes).substr(section.sh_offset, section.sh_size);
  dlc_manifest manifest;
  dlc_manifest_kernel kernel;
  ASSERT_GE(blob.size(), sizeof(manifest));
  std::memcpy(&manifest, blob.data(), sizeof(manifest));
  ASSERT_EQ(manifest.num_kernels, 1u);
  EXPECT_EQ(manifest.kernels % 8, 0u);
  std::memcpy(&kernel, blob.data() + manifest.kernels, sizeof(kernel));
  EXPECT_STREQ(blob.data() + kernel.name, "kernel_0");
  EXPECT_STREQ(blob.data() + kernel.nodes, "Exp_0, Mul_1");
  EXPECT_STREQ(blob.data() + kernel.schedule,
               "loops, lanes = 4, channels = 1, pixels = [16, 4], rows = 8");
  EXPECT_STREQ(blob.data() + kernel.precision, "fp32");
}

TEST_F(PackageTest, weightsAreALoadedReadOnlyTail) {
  std::string bytes = read(packageWithWeights());
  File elf = cantFail(File::create(bytes));
  EXPECT_EQ(elf.getHeader().e_type, llvm::ELF::ET_DYN);
  const File::Elf_Shdr *weights = nullptr;
  for (const auto &section : cantFail(elf.sections())) {
    llvm::StringRef name = cantFail(elf.getSectionName(section));
    EXPECT_FALSE(name.starts_with(".debug") || name == ".symtab") << name.str();
    if (name == ".ldlc_weights")
      weights = &section;
  }
  ASSERT_NE(weights, nullptr);
  EXPECT_EQ(weights->sh_type, llvm::ELF::SHT_PROGBITS);
  EXPECT_EQ(weights->sh_flags & llvm::ELF::SHF_WRITE, 0u);
  EXPECT_EQ(weights->sh_size, 12u);
  EXPECT_EQ(weights->sh_offset % 4096, 0u);
  EXPECT_EQ(weights->sh_offset + weights->sh_size, bytes.size());
  int segments = 0;
  for (const auto &segment : cantFail(elf.program_headers())) {
    if (segment.p_type == llvm::ELF::PT_GNU_STACK)
      EXPECT_EQ(segment.p_flags & llvm::ELF::PF_X, 0u);
    if (segment.p_type != llvm::ELF::PT_LOAD)
      continue;
    EXPECT_NE(segment.p_flags & (llvm::ELF::PF_W | llvm::ELF::PF_X),
              llvm::ELF::PF_W | llvm::ELF::PF_X);
    if (segment.p_offset != weights->sh_offset)
      continue;
    ++segments;
    EXPECT_EQ(segment.p_flags, llvm::ELF::PF_R);
    EXPECT_EQ(segment.p_filesz, 12u);
    EXPECT_EQ(segment.p_memsz, 12u);
  }
  EXPECT_EQ(segments, 1);
}

TEST_F(PackageTest, exportsOneSymbolAndNeedsOnlyLibm) {
  std::string bytes = read(packageWithWeights());
  File elf = cantFail(File::create(bytes));
  std::vector<std::string> defined, undefined, needed;
  llvm::StringRef strings;
  for (const auto &section : cantFail(elf.sections())) {
    if (section.sh_type != llvm::ELF::SHT_DYNSYM)
      continue;
    strings = cantFail(elf.getStringTableForSymtab(section));
    for (const auto &symbol : cantFail(elf.symbols(&section)).drop_front())
      (symbol.st_shndx == llvm::ELF::SHN_UNDEF ? undefined : defined)
          .push_back(cantFail(symbol.getName(strings)).str());
  }
  for (const auto &entry : cantFail(elf.dynamicEntries()))
    if (entry.d_tag == llvm::ELF::DT_NEEDED)
      needed.push_back(strings.data() + entry.d_un.d_val);
  EXPECT_EQ(defined, std::vector<std::string>{"dlc_query"});
  EXPECT_EQ(undefined, std::vector<std::string>{"exp"});
  EXPECT_EQ(needed, std::vector<std::string>{"libm.so.6"});
}

TEST_F(PackageTest, sameInputsGiveTheSameBytesWithoutPaths) {
  std::string first = read(packageWithWeights());
  std::string second = read(packageWithWeights());
  EXPECT_TRUE(first == second);
  for (llvm::StringRef path : {DLC_SOURCE_FOLDER, "/proc/self", "Program.c", folder.c_str()})
    EXPECT_EQ(first.find(path.str()), std::string::npos) << path.str();
}

TEST_F(PackageTest, damageIsFound) {
  std::string path = packageWithWeights();
  std::string bytes = read(path);
  for (size_t at : {size_t(0x20), bytes.size() / 2, bytes.size() - 1}) {
    std::string damaged = bytes;
    damaged[at] ^= 1;
    char why[512];
    dlc_session *session = nullptr;
    EXPECT_EQ(
        dlc_session_load(write("damaged.so", damaged).c_str(), nullptr, why, sizeof(why), &session),
        DLC_BAD_ARTIFACT)
        << at;
  }
}

TEST_F(PackageTest, replacesAnOlderFile) {
  write("exp.so", "old");
  packageWithWeights();
  EXPECT_GT(read(inFolder("exp.so")).size(), 3u);
}

TEST_F(PackageTest, relativePathWithoutFolder) {
  llvm::SmallString<128> old;
  ASSERT_FALSE(llvm::sys::fs::current_path(old));
  ASSERT_FALSE(llvm::sys::fs::set_current_path(folder));
  auto module = makeModule("", "");
  EXPECT_TRUE(succeeded(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, "plain.so")));
  ASSERT_FALSE(llvm::sys::fs::set_current_path(old));
  EXPECT_EQ(listFolder(), llvm::SmallVector<std::string>{"plain.so"});
}

TEST_F(PackageTest, folderOfAnyName) {
  ASSERT_FALSE(llvm::sys::fs::create_directory(inFolder("100%%%% new")));
  auto module = makeModule("", "");
  std::string path = inFolder("100%%%% new/exp.so");
  EXPECT_TRUE(succeeded(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, path)));
  EXPECT_TRUE(llvm::sys::fs::exists(path));
}

TEST_F(PackageTest, failureLeavesNothing) {
  auto module = makeModule("", "");
  std::string missing = inFolder("no/such/exp.so");
  EXPECT_TRUE(failed(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, missing)));
  EXPECT_EQ(errors.back(), "cannot write '" + missing + "': No such file or directory");
  EXPECT_TRUE(failed(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, folder)));
  EXPECT_EQ(errors.back(), "cannot write '" + folder.str().str() + "': it is no regular file");
  EXPECT_TRUE(failed(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, "/dev/null")));
  auto incomplete = makeModule("#dlc.source<hash = \"0123\", size = 5>", "");
  EXPECT_TRUE(failed(package(*incomplete, DLC_PROGRAM_WITHOUT_WEIGHTS, inFolder("exp.so"))));
  EXPECT_NE(errors.back().find("--source=FILE"), std::string::npos);
  EXPECT_TRUE(listFolder().empty());
}

TEST_F(PackageTest, failureKeepsTheOlderFile) {
  write("exp.so", "old");
  auto incomplete = makeModule("#dlc.source<hash = \"0123\", size = 5>", "");
  EXPECT_TRUE(failed(package(*incomplete, DLC_PROGRAM_WITHOUT_WEIGHTS, inFolder("exp.so"))));
  EXPECT_EQ(read(inFolder("exp.so")), "old");
}

TEST_F(PackageTest, badObjects) {
  auto module = makeModule("", "");
  auto errorFor = [&](llvm::StringRef object) {
    EXPECT_TRUE(failed(package(*module, object, inFolder("exp.so"))));
    EXPECT_FALSE(llvm::sys::fs::exists(inFolder("exp.so")));
    return errors.back();
  };
  EXPECT_EQ(errorFor(write("no.o", "no object")),
            "cannot link the artifact: expected ELF relocatable objects");
  std::string object = read(DLC_PROGRAM_WITHOUT_WEIGHTS);
  // A call of something that is neither in libc's nor in libm's list.
  std::string foreign = object;
  const std::string name("\0exp\0", 5);
  ASSERT_NE(foreign.find(name), std::string::npos);
  for (size_t at; (at = foreign.find(name)) != std::string::npos;)
    foreign.replace(at + 1, 3, "qqq");
  EXPECT_NE(errorFor(write("foreign.o", foreign)).find("undefined symbol: qqq"), std::string::npos);
  std::string mute = object;
  for (size_t at; (at = mute.find("dlc_query")) != std::string::npos;)
    mute.replace(at, 9, "dlc_quern");
  EXPECT_NE(errorFor(write("mute.o", mute)).find("dlc_query"), std::string::npos);
}

TEST_F(PackageTest, damagedObject) {
  // The linker cannot be used again after this, hence a process of its own.
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  std::string object = read(DLC_PROGRAM_WITHOUT_WEIGHTS);
  std::string path = write("half.o", llvm::StringRef(object).take_front(object.size() / 2));
  auto module = makeModule("", "");
  auto packageTwice = [&] {
    bool linked = succeeded(package(*module, path, inFolder("exp.so"))) ||
                  succeeded(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, inFolder("exp.so")));
    llvm::errs() << linked << "; " << llvm::join(errors, "; ") << "; "
                 << llvm::join(listFolder(), " ") << "\n";
    llvm::sys::fs::remove_directories(folder);
    std::_Exit(0);
  };
  EXPECT_EXIT(packageTwice(), testing::ExitedWithCode(0),
              "^0; cannot link the artifact: .+; "
              "cannot link the artifact: the linker failed before; half.o\n");
  GTEST_FLAG_SET(death_test_style, "fast");
}

TEST_F(PackageTest, badSignatures) {
  auto module = makeModule("", "", "!dlc.tensor<M x f32>");
  EXPECT_TRUE(failed(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, inFolder("exp.so"))));
  EXPECT_EQ(errors.back(), "input 'x': expected symbol 'M' to be one of the signature's");
  module = makeModule("", "", "!dlc.tensor<* x f32>");
  EXPECT_TRUE(failed(package(*module, DLC_PROGRAM_WITHOUT_WEIGHTS, inFolder("exp.so"))));
  EXPECT_EQ(errors.back(),
            "input 'x': expected a ranked tensor of numbers, found '!dlc.tensor<* x f32>'");
}

} // namespace
