// The readers of the file format, by themselves: notes, CPU features, manifests, names.
#include "ArtifactBuilder.h"
#include "CpuFeatures.h"
#include "Dtype.h"
#include "Elf.h"
#include "Manifest.h"
#include "Names.h"

#include <cstring>
#include <gtest/gtest.h>

using namespace dlc::runtime;
using namespace dlc::test;

static std::string noteBytes(uint32_t nameSize, uint32_t descriptorSize, uint32_t type,
                             const std::string &payload) {
  std::string bytes(12, '\0');
  memcpy(bytes.data(), &nameSize, 4);
  memcpy(bytes.data() + 4, &descriptorSize, 4);
  memcpy(bytes.data() + 8, &type, 4);
  return bytes + payload;
}

static Bytes asBytes(const std::string &text) {
  return Bytes(reinterpret_cast<const unsigned char *>(text.data()), text.size());
}

TEST(Elf, FindsANoteBehindOthers) {
  const std::string other = noteBytes(4, 5, 1, std::string("GNU\0hello\0\0\0", 12));
  const std::string wanted = noteBytes(4, 3, 7, std::string("dlc\0abc\0", 8));
  const std::string segment = other + wanted;
  Bytes descriptor;
  ASSERT_TRUE(findNoteInSegment(asBytes(segment), 4, "dlc", 7, descriptor));
  EXPECT_EQ(memcmp(descriptor.data(), "abc", 3), 0);
  EXPECT_EQ(descriptor.size(), 3u);
  EXPECT_FALSE(findNoteInSegment(asBytes(segment), 4, "dlc", 8, descriptor));
  EXPECT_FALSE(findNoteInSegment(asBytes(segment), 4, "dl", 7, descriptor));
}

TEST(Elf, RefusesNotesThatReachBeyondTheirSegment) {
  Bytes descriptor;
  for (uint32_t nameSize : {4u, 5u, 0xfffffffcu, 0xffffffffu})
    for (uint32_t descriptorSize : {4u, 0xfffffff8u, 0xffffffffu}) {
      const std::string segment =
          noteBytes(nameSize, descriptorSize, 7, std::string("dlc\0abc", 7));
      EXPECT_FALSE(findNoteInSegment(asBytes(segment), 4, "dlc", 7, descriptor));
    }
  EXPECT_FALSE(findNoteInSegment(Bytes(), 4, "dlc", 7, descriptor));
}

TEST(Elf, SlicesWithoutOverflow) {
  const std::string text = "0123456789";
  Bytes part;
  EXPECT_TRUE(slice(asBytes(text), 3, 7, part));
  EXPECT_EQ(part.size(), 7u);
  EXPECT_TRUE(slice(asBytes(text), 10, 0, part));
  EXPECT_FALSE(slice(asBytes(text), 3, 8, part));
  EXPECT_FALSE(slice(asBytes(text), 11, 0, part));
  EXPECT_FALSE(slice(asBytes(text), 3, UINT64_MAX, part));
  EXPECT_FALSE(slice(asBytes(text), UINT64_MAX, 1, part));
}

TEST(CpuFeatures, NamesTheMissingOne) {
  EXPECT_EQ(missingCpuFeature(0, 0), nullptr);
  EXPECT_EQ(missingCpuFeature(DLC_CPU_AVX2, DLC_CPU_AVX2 | DLC_CPU_FMA), nullptr);
  EXPECT_STREQ(missingCpuFeature(DLC_CPU_AVX2 | DLC_CPU_AVX512F, DLC_CPU_AVX2), "avx512f");
  EXPECT_STREQ(missingCpuFeature(DLC_CPU_FMA | DLC_CPU_AVX, 0), "avx");
  EXPECT_STREQ(missingCpuFeature(uint64_t{1} << 63, UINT64_MAX >> 1),
               "a feature without a name here");
}

TEST(Names, CountsEdits) {
  EXPECT_EQ(editDistance("input", "input"), 0u);
  EXPECT_EQ(editDistance("inptu", "input"), 2u);
  EXPECT_EQ(editDistance("", "abc"), 3u);
  EXPECT_EQ(editDistance("abc", ""), 3u);
  EXPECT_EQ(editDistance("kitten", "sitting"), 3u);
  EXPECT_EQ(editDistance(std::string(1000, 'a').c_str(), "b"), 64u);
}

TEST(Dtype, CountsBytesWithoutOverflow) {
  uint64_t bytes = 1;
  const int64_t fits[] = {int64_t{1} << 30, int64_t{1} << 30};
  EXPECT_TRUE(tensorBytes(DLC_F32, fits, 2, bytes));
  EXPECT_EQ(bytes, uint64_t{1} << 62);
  const int64_t tooMany[] = {int64_t{1} << 31, int64_t{1} << 30};
  EXPECT_FALSE(tensorBytes(DLC_F32, tooMany, 2, bytes));
  const int64_t empty[] = {INT64_MAX, INT64_MAX, 0};
  EXPECT_TRUE(tensorBytes(DLC_F32, empty, 3, bytes));
  EXPECT_EQ(bytes, 0u);
  EXPECT_TRUE(tensorBytes(DLC_F64, nullptr, 0, bytes));
  EXPECT_EQ(bytes, 8u);
}

namespace {
/// Reads the manifest that a spec is written to.
std::string manifestProblem(const ArtifactSpec &spec) {
  const Artifact artifact = buildArtifact(spec);
  Bytes blob;
  EXPECT_TRUE(slice(asBytes(artifact.bytes), artifact.manifestOffset, artifact.manifestSize, blob));
  Manifest manifest;
  ErrorText error;
  dlc_status status = manifest.load(blob, error);
  EXPECT_EQ(status == DLC_OK, error.empty());
  return error.text();
}
} // namespace

TEST(Manifest, ReadsASoundOne) {
  EXPECT_EQ(manifestProblem({}), "");
  ArtifactSpec scalars;
  scalars.inputs = {{"a", DLC_DTYPE_BOOL, {}}};
  scalars.outputs = {};
  scalars.symbols = {};
  EXPECT_EQ(manifestProblem(scalars), "");
}

TEST(Manifest, RefusesUnsoundSignatures) {
  ArtifactSpec spec;
  spec.inputs[0].dtype = 77;
  EXPECT_EQ(manifestProblem(spec), "input 'x' has the unknown element type 77");
  spec = {};
  spec.inputs[1].dims[0].symbol = 1;
  EXPECT_EQ(manifestProblem(spec),
            "bad manifest: dimension 0 of input 's' is neither a size nor a symbol");
  spec = {};
  spec.inputs[0].dims[1].value = -1;
  EXPECT_EQ(manifestProblem(spec),
            "bad manifest: dimension 1 of input 'x' is neither a size nor a symbol");
  spec = {};
  spec.symbols.push_back({"H", 1, 2});
  EXPECT_EQ(manifestProblem(spec), "bad manifest: symbol 'H' is no input's dimension");
  spec = {};
  spec.symbols[0] = {"N", 3, 2};
  EXPECT_EQ(manifestProblem(spec), "bad manifest: symbol 'N' has an empty or negative range");
  spec = {};
  spec.symbols[0].hint = -2;
  EXPECT_EQ(manifestProblem(spec), "bad manifest: symbol 'N' has a negative usual value");
  spec = {};
  spec.computedSymbols = {{"M", DLC_SYMBOL_SHAPE}};
  EXPECT_EQ(manifestProblem(spec), "bad manifest: symbol 'M' is of an unknown class");
  spec = {};
  spec.outputs[0].dims.assign(33, {1, -1, "1"});
  EXPECT_EQ(manifestProblem(spec), "output 'y' has rank 33; this runtime takes up to 32");
}

TEST(Manifest, RefusesUnsoundSitesAndArenas) {
  ArtifactSpec spec;
  spec.sites = {{"node 'a' (Add)", "add", DLC_SITE_TENSOR + 1}};
  EXPECT_EQ(manifestProblem(spec), "bad manifest: site 0 is of an unknown kind");
  spec = {};
  spec.arenas.push_back({1, DLC_ARENA_HOST, "64"});
  EXPECT_EQ(manifestProblem(spec), "bad manifest: arena 1 is of nothing known");
  spec.arenas[1] = {0, DLC_ARENA_HOST, "64", {{-2, "64", 1}}};
  EXPECT_EQ(manifestProblem(spec), "bad manifest: a slot lies before its arena");
  spec.arenas[1] = {0, DLC_ARENA_DEVICE + 1, "64"};
  EXPECT_EQ(manifestProblem(spec), "bad manifest: arena 1 is of nothing known");
}

TEST(Manifest, KeepsTheSlotsOfEachArena) {
  ArtifactSpec spec = valueSpec();
  spec.arenas = {{0, DLC_ARENA_HOST, "0"},
                 {1, DLC_ARENA_HOST, "64*N + 64", {{0, "64*N", 2}, {-1, "12", 1}}},
                 {1, DLC_ARENA_DEVICE, "256", {{4096, "256", 3}}}};
  const Artifact artifact = buildArtifact(spec);
  Bytes blob;
  ASSERT_TRUE(slice(asBytes(artifact.bytes), artifact.manifestOffset, artifact.manifestSize, blob));
  Manifest manifest;
  ErrorText error;
  ASSERT_EQ(manifest.load(blob, error), DLC_OK) << error.text();
  ASSERT_EQ(manifest.arenas().size(), 3u);
  EXPECT_EQ(manifest.arenas()[0].numSlots, 0u);
  const ManifestArena &device = manifest.arenas()[2];
  EXPECT_EQ(device.memory, uint32_t{DLC_ARENA_DEVICE});
  ASSERT_EQ(device.numSlots, 1u);
  EXPECT_STREQ(manifest.slots()[device.firstSlot].size, "256");
  EXPECT_EQ(manifest.slots()[device.firstSlot].numValues, 3u);
  EXPECT_EQ(manifest.slots()[device.firstSlot].place, 4096);
  EXPECT_EQ(manifest.slots()[manifest.arenas()[1].firstSlot + 1].place, -1);
  ASSERT_EQ(manifest.computedSymbols().size(), 2u);
  EXPECT_STREQ(manifest.computedSymbols()[1].name, "K");
  EXPECT_EQ(manifest.computedSymbols()[1].symbolClass, uint32_t{DLC_SYMBOL_LATE});
}

TEST(ErrorText, KeepsLinesAndCutsWhatDoesNotFit) {
  ErrorText error;
  EXPECT_EQ(error.fail(DLC_IO, "first %d", 1), DLC_IO);
  EXPECT_EQ(error.fail(DLC_IO, "second"), DLC_IO);
  EXPECT_STREQ(error.text(), "first 1\nsecond");
  for (int i = 0; i < 1000; ++i)
    (void)error.fail(DLC_IO, "a line that takes some room: %d", i);
  EXPECT_LT(strlen(error.text()), 4096u);
  error.clear();
  EXPECT_STREQ(error.text(), "");
  EXPECT_TRUE(error.empty());
}
