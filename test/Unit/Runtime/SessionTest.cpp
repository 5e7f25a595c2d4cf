// Loading: what a session tells of an artifact, and how files that are none are refused.
#include "ArtifactBuilder.h"

#include "dlc/dlc.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <link.h>
#include <sys/stat.h>

using namespace dlc::test;

namespace {
/// The result of a load; releases the session.
struct Load {
  explicit Load(const std::string &path, const dlc_session_options *options = nullptr) {
    status = dlc_session_load(path.c_str(), options, text, sizeof(text), &session);
  }
  Load(const Load &) = delete;
  ~Load() { dlc_session_release(session); }

  char text[1024] = "?";
  dlc_session *session = nullptr;
  dlc_status status;
};

class SessionTest : public testing::Test {
protected:
  /// Builds and loads; expects the status and that the reason is `path: reason`.
  void expectRefused(const std::string &contents, dlc_status status, const std::string &reason) {
    const std::string path = folder.write("model.so", contents);
    Load load(path);
    EXPECT_EQ(load.status, status) << dlc_status_text(load.status);
    EXPECT_EQ(std::string(load.text).substr(0, path.size() + 2 + reason.size()),
              path + ": " + reason);
    EXPECT_EQ(load.session, nullptr);
  }

  TemporaryFolder folder;
};
} // namespace

TEST_F(SessionTest, DescribesTheSignature) {
  Load load(folder.write("model.so", buildArtifact().bytes));
  ASSERT_EQ(load.status, DLC_OK) << load.text;
  EXPECT_STREQ(load.text, "");

  dlc_session_info info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(dlc_session_describe(load.session, &info), DLC_OK);
  EXPECT_EQ(info.num_inputs, 2u);
  EXPECT_EQ(info.num_outputs, 2u);
  EXPECT_EQ(info.num_symbols, 1u);
  EXPECT_EQ(info.num_kernels, 2u);
  EXPECT_EQ(info.weights_size, 12u);
  EXPECT_STREQ(info.model, "model.onnx");
  EXPECT_STREQ(info.compiler, "0.1.0");

  dlc_tensor_info tensor = {};
  tensor.struct_size = sizeof(tensor);
  ASSERT_EQ(dlc_session_input(load.session, 0, &tensor), DLC_OK);
  EXPECT_STREQ(tensor.name, "x");
  EXPECT_EQ(tensor.dtype, DLC_F32);
  ASSERT_EQ(tensor.rank, 2u);
  EXPECT_EQ(tensor.dims[0], -1);
  EXPECT_EQ(tensor.dims[1], 3);
  EXPECT_STREQ(tensor.dim_texts[0], "N");
  ASSERT_EQ(dlc_session_output(load.session, 1, &tensor), DLC_OK);
  EXPECT_STREQ(tensor.name, "rows");
  EXPECT_EQ(tensor.dtype, DLC_I64);
  EXPECT_EQ(tensor.dims[0], -1);
  EXPECT_STREQ(tensor.dim_texts[0], "N - 2");

  dlc_symbol_info symbol = {};
  symbol.struct_size = sizeof(symbol);
  ASSERT_EQ(dlc_session_symbol(load.session, 0, &symbol), DLC_OK);
  EXPECT_STREQ(symbol.name, "N");
  EXPECT_EQ(symbol.max, INT64_MAX);
}

TEST_F(SessionTest, RefusesWrongIndicesAndStructSizes) {
  Load load(folder.write("model.so", buildArtifact().bytes));
  ASSERT_EQ(load.status, DLC_OK) << load.text;
  dlc_tensor_info tensor = {};
  EXPECT_EQ(dlc_session_input(load.session, 0, &tensor), DLC_INVALID_ARGUMENT);
  tensor.struct_size = sizeof(tensor);
  EXPECT_EQ(dlc_session_input(load.session, 2, &tensor), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_session_input(nullptr, 0, &tensor), DLC_INVALID_ARGUMENT);
  EXPECT_EQ(dlc_session_input(load.session, 0, nullptr), DLC_INVALID_ARGUMENT);
  // A caller of a later version has larger structs.
  struct {
    dlc_tensor_info info;
    uint64_t later;
  } larger = {{}, 7};
  larger.info.struct_size = sizeof(larger);
  EXPECT_EQ(dlc_session_input(load.session, 0, &larger.info), DLC_OK);
  EXPECT_EQ(larger.info.struct_size, sizeof(larger));
  EXPECT_EQ(larger.later, 7u);
}

TEST_F(SessionTest, FindsNamesAndTheNearest) {
  Load load(folder.write("model.so", buildArtifact().bytes));
  ASSERT_EQ(load.status, DLC_OK) << load.text;
  uint32_t index = 9;
  const char *nearest = "?";
  EXPECT_EQ(dlc_session_find_output(load.session, "rows", &index, &nearest), DLC_OK);
  EXPECT_EQ(index, 1u);
  EXPECT_EQ(nearest, nullptr);
  EXPECT_EQ(dlc_session_find_output(load.session, "row", &index, &nearest), DLC_INVALID_ARGUMENT);
  EXPECT_STREQ(nearest, "rows");
  EXPECT_EQ(dlc_session_find_input(load.session, "y", &index, nullptr), DLC_INVALID_ARGUMENT);
}

TEST_F(SessionTest, RefusesWhatIsNoArtifact) {
  expectRefused("", DLC_BAD_ARTIFACT, "the file is empty");
  expectRefused("hello", DLC_BAD_ARTIFACT, "not an ELF file");
  expectRefused(std::string("\x7f"
                            "ELF"),
                DLC_BAD_ARTIFACT, "truncated within the ELF header");
  Load missing(folder.path("missing.so"));
  EXPECT_EQ(missing.status, DLC_IO);
  EXPECT_EQ(std::string(missing.text),
            folder.path("missing.so") + ": cannot be opened: No such file or directory");
  Load directory(folder.path(""));
  EXPECT_EQ(directory.status, DLC_IO);
  const std::string pipe = folder.path("pipe.so");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  Load fromPipe(pipe);
  EXPECT_EQ(fromPipe.status, DLC_IO);
  EXPECT_EQ(std::string(fromPipe.text), pipe + ": not a regular file");
}

TEST_F(SessionTest, RefusesAForeignSharedObject) {
  void *library = dlopen("libm.so.6", RTLD_NOW);
  ASSERT_NE(library, nullptr);
  link_map *map = nullptr;
  ASSERT_EQ(dlinfo(library, RTLD_DI_LINKMAP, &map), 0);
  const std::string contents = readWhole(map->l_name);
  ASSERT_GT(contents.size(), 10000u);
  dlclose(library);
  expectRefused(contents, DLC_BAD_ARTIFACT,
                "a shared object, but not one that dlc built (no dlc note)");
}

TEST_F(SessionTest, RefusesOtherVersions) {
  expectRefused(buildArtifact({.formatVersion = 9}).bytes, DLC_INCOMPATIBLE,
                "artifact format version 9; this runtime reads version 4: compile the model again");
  expectRefused(buildArtifact({.abiVersion = 9}).bytes, DLC_INCOMPATIBLE,
                "ABI version 9; this runtime speaks version 4: compile the model again");
}

TEST_F(SessionTest, RefusesAnotherMachineOrCpu) {
  expectRefused(buildArtifact({.machine = 243}).bytes, DLC_INCOMPATIBLE,
                "built for machine 243 of ELF; this is x86-64, 62");
  expectRefused(buildArtifact({.cpuFeatures = uint64_t{1} << 40}).bytes, DLC_INCOMPATIBLE,
                "needs a CPU with a feature without a name here, which this one lacks");
}

TEST_F(SessionTest, RefusesAProgramThatContradictsItsNote) {
  expectRefused(buildArtifact({.program = DLC_TEST_NO_QUERY}).bytes, DLC_BAD_ARTIFACT,
                "exports no dlc_query");
  expectRefused(buildArtifact({.weights = {1, 2, 3, 4}}).bytes, DLC_BAD_ARTIFACT,
                "its program table contradicts its note");
}

TEST_F(SessionTest, RefusesAProgramThatContradictsItsManifest) {
  // plan would write three dims where there is room for two, or for four.
  ArtifactSpec spec;
  spec.outputs[0].dims.pop_back();
  expectRefused(buildArtifact(spec).bytes, DLC_BAD_ARTIFACT,
                "its program table contradicts its manifest");
  spec.outputs[0].dims.resize(3, {3, -1, "3"});
  expectRefused(buildArtifact(spec).bytes, DLC_BAD_ARTIFACT,
                "its program table contradicts its manifest");
  ArtifactSpec moreSymbols;
  moreSymbols.symbols.push_back({"M", 0, INT64_MAX});
  moreSymbols.inputs[1].dims[0].symbol = 1;
  expectRefused(buildArtifact(moreSymbols).bytes, DLC_BAD_ARTIFACT,
                "its program table contradicts its manifest");
}

TEST_F(SessionTest, ShowsControlCharactersOfPathsAndNames) {
  dlc_session *session = nullptr;
  char text[256];
  EXPECT_EQ(dlc_session_load("/no\nerror: \x1b[31m", nullptr, text, sizeof(text), &session),
            DLC_IO);
  EXPECT_STREQ(text, "/no\\x0aerror: \\x1b[31m: cannot be opened: No such file or directory");
}

TEST_F(SessionTest, VerifiesWeightsAsAsked) {
  Artifact artifact = buildArtifact();
  artifact.bytes.back() ^= 1;
  expectRefused(artifact.bytes, DLC_BAD_ARTIFACT,
                "damaged: the weights' hash differs from the one in its note");
  const std::string path = folder.write("model.so", artifact.bytes);
  dlc_session_options options = {};
  options.struct_size = sizeof(options);
  options.verify_weights = DLC_VERIFY_NEVER;
  EXPECT_EQ(Load(path, &options).status, DLC_OK);
  options.verify_weights = DLC_VERIFY_ALWAYS;
  EXPECT_EQ(Load(path, &options).status, DLC_BAD_ARTIFACT);
  options.verify_weights = 3;
  EXPECT_EQ(Load(path, &options).status, DLC_INVALID_ARGUMENT);
}

TEST_F(SessionTest, WithoutADriverThereIsNoDevice) {
  if (void *driver = dlopen("libcuda.so.1", RTLD_NOW)) {
    dlclose(driver);
    GTEST_SKIP() << "this machine has a driver";
  }
  const std::string reason = "no CUDA driver: libcuda.so.1: cannot open shared object file";
  expectRefused(buildArtifact(deviceSpec()).bytes, DLC_NO_DEVICE, reason);
  Load load(folder.write("both.so", buildArtifact(bothSpec()).bytes));
  ASSERT_EQ(load.status, DLC_OK) << load.text;
  dlc_session_info info = {};
  info.struct_size = sizeof(info);
  ASSERT_EQ(dlc_session_describe(load.session, &info), DLC_OK);
  EXPECT_STREQ(info.device, "cpu");
  EXPECT_EQ(std::string(info.fallback).substr(0, reason.size()), reason);
}

TEST_F(SessionTest, CutsTheReasonToTheCallersBuffer) {
  char text[8] = "???????";
  dlc_session *session = nullptr;
  EXPECT_EQ(dlc_session_load("/nowhere/model.so", nullptr, text, sizeof(text), &session), DLC_IO);
  EXPECT_STREQ(text, "/nowher");
  EXPECT_EQ(dlc_session_load("/nowhere/model.so", nullptr, nullptr, 0, &session), DLC_IO);
  EXPECT_EQ(dlc_session_load(nullptr, nullptr, text, sizeof(text), &session), DLC_INVALID_ARGUMENT);
}
