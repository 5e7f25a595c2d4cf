// Makes artifacts for tests: completes the object that Program.c was linked to as a packager does.
#ifndef DLC_TEST_ARTIFACTBUILDER_H
#define DLC_TEST_ARTIFACTBUILDER_H

#include "dlc/ABI/Artifact.h"
#include "dlc/ABI/Program.h"

#include <string>
#include <vector>

namespace dlc::test {

struct DimSpec {
  int64_t value;
  int32_t symbol;
  std::string text;
};

struct TensorSpec {
  std::string name;
  uint32_t dtype;
  std::vector<DimSpec> dims;
  uint32_t port = DLC_PORT_TENSOR;
  uint32_t flags = 0;
  uint32_t valueKind = DLC_VALUE_TENSOR;
};

struct SiteSpec {
  std::string nodes;
  std::string text;
  uint32_t kind = DLC_SITE_CALL;
};

struct SymbolSpec {
  std::string name;
  int64_t min;
  int64_t max;
  int64_t hint = -1;
};

struct ComputedSymbolSpec {
  std::string name;
  uint32_t symbolClass;
};

struct SlotSpec {
  int64_t place;
  std::string size;
  uint32_t numValues;
};

struct ArenaSpec {
  uint32_t version;
  uint32_t memory;
  std::string size;
  std::vector<SlotSpec> slots = {};
};

struct VersionSpec {
  std::string when;
  uint32_t onDevice = 0;
};

struct ImageSpec {
  std::string target;
  uint32_t form;
};

struct ArtifactSpec {
  std::string program = DLC_TEST_PROGRAM;
  std::vector<TensorSpec> inputs = {
      {"x", DLC_DTYPE_F32, {{-1, 0, "N"}, {3, -1, "3"}}},
      {"s", DLC_DTYPE_F32, {{-1, 0, "N"}}},
  };
  std::vector<TensorSpec> outputs = {
      {"y", DLC_DTYPE_F32, {{-1, 0, "N"}, {3, -1, "3"}}},
      {"rows", DLC_DTYPE_I64, {{-1, -1, "N - 2"}}},
  };
  std::vector<SymbolSpec> symbols = {{"N", 0, INT64_MAX}};
  std::vector<ComputedSymbolSpec> computedSymbols = {};
  std::vector<ArenaSpec> arenas = {
      {0, DLC_ARENA_HOST, "64*N + 64", {{0, "64*N", 2}, {-1, "12", 1}}}};
  std::vector<SiteSpec> sites = {};
  std::vector<VersionSpec> versions = {{""}};
  std::vector<ImageSpec> images = {};
  std::vector<float> weights = {10, 20, 30};
  uint32_t formatVersion = DLC_FORMAT_VERSION;
  uint32_t abiVersion = DLC_ABI_VERSION;
  uint32_t machine = 0; // 0: the host's
  uint64_t cpuFeatures = 0;
};

/// The bytes of an artifact and where its parts lie.
struct Artifact {
  std::string bytes;
  size_t noteOffset = 0; // of the dlc_note
  size_t manifestOffset = 0;
  size_t manifestSize = 0;
  size_t weightsOffset = 0;

  /// Computes the hashes anew, after a change of the bytes.
  void seal();
  dlc_note note() const;
  void setNote(const dlc_note &note);
};

Artifact buildArtifact(const ArtifactSpec &spec = {});

/// What belongs to ValueProgram.c.
ArtifactSpec valueSpec();

/// What belongs to DeviceProgram.c.
ArtifactSpec deviceSpec();
/// The same with a version for the CPU alone.
ArtifactSpec bothSpec();

/// A folder for one test's files, removed with it.
class TemporaryFolder {
public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string path(const std::string &name) const { return folder + "/" + name; }
  /// Writes a file and renames it into place; returns its path.
  std::string write(const std::string &name, const std::string &contents) const;
  std::vector<std::string> list() const;

private:
  std::string folder;
};

std::string readWhole(const std::string &path);

} // namespace dlc::test

#endif
