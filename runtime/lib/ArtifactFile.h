// An artifact as a file: mapped, and checked before any of its code is loaded.
#ifndef DLC_RUNTIME_ARTIFACTFILE_H
#define DLC_RUNTIME_ARTIFACTFILE_H

#include "Elf.h"
#include "Error.h"

#include "dlc/ABI/Artifact.h"

namespace dlc::runtime {

/// A read-only mapping of a regular file.
class MappedFile {
public:
  MappedFile() = default;
  MappedFile(const MappedFile &) = delete;
  MappedFile &operator=(const MappedFile &) = delete;
  ~MappedFile();

  Status open(const char *path, ErrorText &error);
  Bytes bytes() const { return contents; }

private:
  Bytes contents;
};

/// What the checks of an artifact found: parts of the file's mapping.
struct ArtifactParts {
  dlc_note note;
  Bytes manifest;
  Bytes weights;
};

/// Finds the note of the artifact in `file` and checks versions, sizes, hashes, machine and CPU
/// features, in this order: whatever a damaged file says of itself is not believed. `verifyWeights`
/// is a DLC_VERIFY_ value. The reasons of failures do not name the file.
Status checkArtifact(Bytes file, uint32_t verifyWeights, ArtifactParts &parts, ErrorText &error);

} // namespace dlc::runtime

#endif
