// What dlc-inspect says of an artifact, as JSON and for people.
#ifndef DLC_INSPECT_DESCRIBE_H
#define DLC_INSPECT_DESCRIBE_H

#include "ArtifactFile.h"
#include "Manifest.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dlc::inspect {

/// What a run with inputs of given dims would take and give.
struct Plan {
  struct Output {
    std::string name;
    int32_t dtype;             // 0: any
    std::vector<int64_t> dims; // -1: only a run finds it
  };

  std::vector<std::pair<std::string, int64_t>> symbols; // of shapes, and computed at entry
  std::string version;                                  // "N = 1"; "" for the general one
  bool onDevice = false;
  uint64_t workspace = 0; // bytes, for
  uint32_t numThreads = 0;
  int64_t deviceWorkspace = 0;
  std::vector<Output> outputs;
};

struct Artifact {
  uint64_t size = 0;     // bytes of the file
  uint64_t codeSize = 0; // of them code
  runtime::ArtifactParts parts;
  runtime::Manifest manifest;
  std::optional<Plan> plan;
};

std::string toJson(const Artifact &artifact);
std::string toText(const Artifact &artifact);

} // namespace dlc::inspect

#endif
