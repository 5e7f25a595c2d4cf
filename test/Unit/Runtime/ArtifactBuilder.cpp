#include "ArtifactBuilder.h"

#include <algorithm>
#include <cstring>
#include <elf.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace dlc::test;

namespace {
/// Lays out a manifest: tables first, at multiples of 8, strings where they come.
class ManifestWriter {
public:
  std::string write(const ArtifactSpec &spec) {
    blob.resize(sizeof(dlc_manifest));
    dlc_manifest header = {};
    header.struct_size = sizeof(header);
    header.num_inputs = static_cast<uint32_t>(spec.inputs.size());
    header.inputs = tensors(spec.inputs);
    header.num_outputs = static_cast<uint32_t>(spec.outputs.size());
    header.outputs = tensors(spec.outputs);
    std::vector<dlc_manifest_symbol> symbols;
    for (const SymbolSpec &symbol : spec.symbols)
      symbols.push_back({string(symbol.name), 0, symbol.min, symbol.max, symbol.hint});
    header.num_symbols = static_cast<uint32_t>(symbols.size());
    header.symbols = table(symbols);
    std::vector<dlc_manifest_computed_symbol> computed;
    for (const ComputedSymbolSpec &symbol : spec.computedSymbols)
      computed.push_back({string(symbol.name), symbol.symbolClass});
    header.num_computed_symbols = static_cast<uint32_t>(computed.size());
    header.computed_symbols = table(computed);
    const uint32_t schedule = string("loops, lanes = 8"), precision = string("fp32");
    std::vector<dlc_manifest_kernel> kernels = {
        {string("add_s"), string("node_0"), schedule, precision},
        {string("add_weights"), string("node_1, node_2"), schedule, precision}};
    header.num_kernels = static_cast<uint32_t>(kernels.size());
    header.kernels = table(kernels);
    std::vector<dlc_manifest_site> sites;
    for (const SiteSpec &site : spec.sites)
      sites.push_back({string(site.nodes), string(site.text), site.kind, 0});
    header.num_sites = static_cast<uint32_t>(sites.size());
    header.sites = table(sites);
    std::vector<dlc_manifest_version> versions;
    for (const VersionSpec &version : spec.versions)
      versions.push_back({string(version.when), version.onDevice});
    header.num_versions = static_cast<uint32_t>(versions.size());
    header.versions = table(versions);
    std::vector<dlc_manifest_image> images;
    for (const ImageSpec &image : spec.images)
      images.push_back({string(image.target), image.form});
    header.num_images = static_cast<uint32_t>(images.size());
    header.images = table(images);
    std::vector<dlc_manifest_arena> arenas;
    for (const ArenaSpec &arena : spec.arenas)
      arenas.push_back(makeArena(arena));
    header.num_arenas = static_cast<uint32_t>(arenas.size());
    header.arenas = table(arenas);
    header.model = string("model.onnx");
    header.compiler = string("0.1.0");
    header.target = string("x86-64");
    memcpy(blob.data(), &header, sizeof(header));
    return blob;
  }

private:
  dlc_manifest_arena makeArena(const ArenaSpec &arena) {
    std::vector<dlc_manifest_slot> slots;
    for (const SlotSpec &slot : arena.slots)
      slots.push_back({slot.place, string(slot.size), slot.numValues});
    const uint32_t size = string(arena.size);
    return {
        arena.version, arena.memory, size, static_cast<uint32_t>(slots.size()), table(slots), 0};
  }

  uint32_t string(const std::string &text) {
    auto offset = static_cast<uint32_t>(blob.size());
    blob.append(text.c_str(), text.size() + 1);
    return offset;
  }

  template <typename T> uint32_t table(const std::vector<T> &rows) {
    blob.resize((blob.size() + 7) / 8 * 8);
    auto offset = static_cast<uint32_t>(blob.size());
    blob.append(reinterpret_cast<const char *>(rows.data()), rows.size() * sizeof(T));
    return offset;
  }

  uint32_t tensors(const std::vector<TensorSpec> &specs) {
    std::vector<dlc_manifest_tensor> rows;
    for (const TensorSpec &spec : specs) {
      std::vector<dlc_manifest_dim> dims;
      for (const DimSpec &dim : spec.dims)
        dims.push_back({dim.value, dim.symbol, string(dim.text)});
      uint32_t name = string(spec.name);
      dlc_manifest_tensor row = {};
      row.name = name;
      row.dtype = spec.dtype;
      row.rank = static_cast<uint32_t>(dims.size());
      row.dims = table(dims);
      row.port = spec.port;
      row.flags = spec.flags;
      row.value_kind = spec.valueKind;
      rows.push_back(row);
    }
    return table(rows);
  }

  std::string blob;
};
} // namespace

static size_t findNote(const std::string &bytes) {
  const std::string needle = std::string(DLC_NOTE_NAME, 4);
  for (size_t at = bytes.find(needle); at != std::string::npos; at = bytes.find(needle, at + 1)) {
    uint32_t type = 0;
    if (at >= 4)
      memcpy(&type, bytes.data() + at - 4, 4);
    if (type == DLC_NOTE_TYPE)
      return at + 4;
  }
  return std::string::npos;
}

/// Points the segment that has no bytes in the file at the appended weights.
static void patchWeightsSegment(std::string &bytes, size_t weightsOffset, bool &patched) {
  Elf64_Ehdr header;
  memcpy(&header, bytes.data(), sizeof(header));
  for (int i = 0; i < header.e_phnum; ++i) {
    char *at = bytes.data() + header.e_phoff + static_cast<size_t>(i) * sizeof(Elf64_Phdr);
    Elf64_Phdr segment;
    memcpy(&segment, at, sizeof(segment));
    if (segment.p_type != PT_LOAD || segment.p_filesz != 0)
      continue;
    segment.p_offset = weightsOffset;
    segment.p_filesz = segment.p_memsz;
    segment.p_flags = PF_R;
    memcpy(at, &segment, sizeof(segment));
    patched = true;
  }
}

dlc_note Artifact::note() const {
  dlc_note note;
  memcpy(&note, bytes.data() + noteOffset, sizeof(note));
  return note;
}

void Artifact::setNote(const dlc_note &note) {
  memcpy(bytes.data() + noteOffset, &note, sizeof(note));
}

void Artifact::seal() {
  dlc_note sealed = note();
  memset(sealed.code_hash, 0, sizeof(sealed.code_hash));
  memset(sealed.weights_hash, 0, sizeof(sealed.weights_hash));
  setNote(sealed);
  const size_t split = std::min<size_t>(sealed.weights_offset, bytes.size());
  XXH128_canonical_t code, weights;
  XXH128_canonicalFromHash(&code, XXH3_128bits(bytes.data(), split));
  XXH128_canonicalFromHash(&weights, XXH3_128bits(bytes.data() + split, bytes.size() - split));
  memcpy(sealed.code_hash, &code, sizeof(code));
  memcpy(sealed.weights_hash, &weights, sizeof(weights));
  setNote(sealed);
}

Artifact dlc::test::buildArtifact(const ArtifactSpec &spec) {
  Artifact artifact;
  std::string &bytes = artifact.bytes;
  bytes = readWhole(spec.program);
  EXPECT_FALSE(bytes.empty()) << spec.program;
  artifact.noteOffset = findNote(bytes);
  EXPECT_NE(artifact.noteOffset, std::string::npos);
  bytes.resize((bytes.size() + 7) / 8 * 8);
  const std::string manifest = ManifestWriter().write(spec);
  artifact.manifestOffset = bytes.size();
  artifact.manifestSize = manifest.size();
  bytes += manifest;
  bytes.resize((bytes.size() + 4095) / 4096 * 4096);
  artifact.weightsOffset = bytes.size();
  bool patched = false;
  patchWeightsSegment(bytes, artifact.weightsOffset, patched);
  EXPECT_TRUE(patched);
  bytes.append(reinterpret_cast<const char *>(spec.weights.data()),
               spec.weights.size() * sizeof(float));

  dlc_note note = {};
  note.struct_size = sizeof(note);
  note.format_version = spec.formatVersion;
  note.abi_version = spec.abiVersion;
  Elf64_Ehdr header;
  memcpy(&header, bytes.data(), sizeof(header));
  note.machine = spec.machine ? spec.machine : header.e_machine;
  note.cpu_features = spec.cpuFeatures;
  note.manifest_offset = artifact.manifestOffset;
  note.manifest_size = artifact.manifestSize;
  note.weights_offset = artifact.weightsOffset;
  note.weights_size = spec.weights.size() * sizeof(float);
  artifact.setNote(note);
  artifact.seal();
  return artifact;
}

ArtifactSpec dlc::test::valueSpec() {
  ArtifactSpec spec;
  spec.program = DLC_TEST_VALUES;
  spec.inputs = {
      {"mode", DLC_DTYPE_I64, {}, DLC_PORT_TENSOR, DLC_PORT_READ_AT_ENTRY},
      {"x", DLC_DTYPE_F32, {{-1, 0, "N"}}},
      {"text", DLC_DTYPE_STRING, {}, DLC_PORT_VALUE},
      {"list", DLC_DTYPE_F32, {}, DLC_PORT_VALUE, 0, DLC_VALUE_SEQUENCE},
  };
  spec.outputs = {
      {"y", DLC_DTYPE_F32, {{-1, -1, "M"}}},
      {"late", DLC_DTYPE_F32, {{-1, -1, "K"}}},
      {"twin", DLC_DTYPE_F32, {{-1, -1, "K"}}},
      {"words", DLC_DTYPE_STRING, {}, DLC_PORT_VALUE},
      {"longer", DLC_DTYPE_F32, {}, DLC_PORT_VALUE, 0, DLC_VALUE_SEQUENCE},
  };
  spec.sites = {{"node 'op' (Test)", "test"},
                {"node 'guard' (Add)", "expected N to equal M", DLC_SITE_GUARD}};
  spec.versions = {{"M = 1"}, {""}};
  spec.computedSymbols = {{"M", DLC_SYMBOL_ENTRY}, {"K", DLC_SYMBOL_LATE}};
  return spec;
}

ArtifactSpec dlc::test::deviceSpec() {
  ArtifactSpec spec;
  spec.program = DLC_TEST_DEVICE;
  spec.inputs = {
      {"mode", DLC_DTYPE_I64, {}, DLC_PORT_TENSOR, DLC_PORT_READ_AT_ENTRY},
      {"x", DLC_DTYPE_F32, {{-1, 0, "N"}}, DLC_PORT_TENSOR, DLC_PORT_DEVICE},
  };
  spec.outputs = {{"y", DLC_DTYPE_F32, {{-1, 0, "N"}}, DLC_PORT_TENSOR, DLC_PORT_DEVICE}};
  spec.versions = {{"", 1}};
  spec.images = {
      {"cuda:sm_80", DLC_IMAGE_PTX}, {"cuda:sm_70", DLC_IMAGE_PTX}, {"cuda:sm_86a", DLC_IMAGE_PTX}};
  return spec;
}

ArtifactSpec dlc::test::bothSpec() {
  ArtifactSpec spec = deviceSpec();
  spec.program = DLC_TEST_BOTH;
  spec.versions = {{"", 0}, {"", 1}};
  spec.arenas = {{0, DLC_ARENA_HOST, "64"}, {1, DLC_ARENA_DEVICE, "4*N + 4352"}};
  return spec;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "dlc-test-XXXXXX";
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  folder = name;
}

TemporaryFolder::~TemporaryFolder() { std::filesystem::remove_all(folder); }

std::string TemporaryFolder::write(const std::string &name, const std::string &contents) const {
  const std::string temporary = path(name + ".new");
  {
    std::ofstream file(temporary, std::ios::binary);
    file << contents;
    EXPECT_TRUE(file.good());
  }
  std::filesystem::rename(temporary, path(name));
  return path(name);
}

std::vector<std::string> TemporaryFolder::list() const {
  std::vector<std::string> names;
  for (const auto &entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

std::string dlc::test::readWhole(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream contents;
  contents << file.rdbuf();
  return contents.str();
}
