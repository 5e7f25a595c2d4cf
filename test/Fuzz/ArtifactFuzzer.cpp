// Any bytes as a manifest, and any changes of an artifact, with its old hashes and with right ones:
// read within their bounds. Code behind a right hash is trusted, so that nothing is loaded here.

#include "ArtifactBuilder.h"
#include "ArtifactFile.h"
#include "Manifest.h"

#include "dlc/dlc.h"

#include <cstdlib>
#include <cstring>
#include <iterator>

using namespace dlc::runtime;
using namespace dlc::test;

static size_t measure(const OwnedArray<ManifestTensor> &tensors) {
  size_t length = 0;
  for (const ManifestTensor &tensor : tensors) {
    length += strlen(tensor.name);
    for (uint32_t dim = 0; dim != tensor.rank; ++dim)
      length += strlen(tensor.dimTexts[dim]);
  }
  return length;
}

static void check(Status status, const ErrorText &error) {
  if ((status == DLC_OK) != error.empty())
    abort(); // refused without a reason, or taken with one
}

/// Reads all that a manifest tells.
static void readManifest(Bytes blob) {
  ErrorText error;
  Manifest manifest;
  Status status = manifest.load(blob, error);
  check(status, error);
  if (status != DLC_OK)
    return;
  size_t length = measure(manifest.inputs()) + measure(manifest.outputs()) +
                  strlen(manifest.model()) + strlen(manifest.compiler()) +
                  strlen(manifest.target());
  for (const ManifestSymbol &symbol : manifest.symbols())
    length += strlen(symbol.name);
  for (const ManifestKernel &kernel : manifest.kernels())
    length += strlen(kernel.name) + strlen(kernel.nodes) + strlen(kernel.schedule);
  for (const ManifestSite &site : manifest.sites())
    length += strlen(site.nodes) + strlen(site.text);
  for (const ManifestVersion &version : manifest.versions())
    length += strlen(version.when) + version.onDevice;
  for (const ManifestImage &image : manifest.images())
    length += strlen(image.target);
  for (const ManifestComputedSymbol &symbol : manifest.computedSymbols())
    length += strlen(symbol.name);
  for (const ManifestArena &arena : manifest.arenas())
    length += strlen(arena.size);
  for (const ManifestSlot &slot : manifest.slots())
    length += strlen(slot.size);
  if (length == SIZE_MAX)
    abort();
}

static void checkFile(const std::string &file) {
  // Of its own, so that reading beyond its end shows.
  std::vector<unsigned char> bytes(file.begin(), file.end());
  ErrorText error;
  ArtifactParts parts;
  Status status = checkArtifact(Bytes(bytes.data(), bytes.size()), DLC_VERIFY_ALWAYS, parts, error);
  check(status, error);
  if (status == DLC_OK)
    readManifest(parts.manifest);
}

/// Changes bytes of a whole artifact, four of the input for each: where (of the first 64 KiB, or of
/// the note or the manifest) and what to change there.
static void change(Artifact &artifact, Bytes changes) {
  for (size_t at = 0; at + 4 <= changes.size(); at += 4) {
    size_t place = changes[at] + 256u * changes[at + 1];
    if (changes[at + 2] % 3 == 1)
      place = artifact.noteOffset + place % sizeof(dlc_note);
    else if (changes[at + 2] % 3 == 2)
      place = artifact.manifestOffset + place % artifact.manifestSize;
    char &byte = artifact.bytes[place % artifact.bytes.size()];
    byte = static_cast<char>(byte ^ changes[at + 3]);
  }
}

/// Whether the note is where it was and says where to find what the hashes are of.
static bool isSealable(const Artifact &artifact) {
  return artifact.note().weights_offset <= artifact.bytes.size();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const Artifact artifacts[] = {buildArtifact(), buildArtifact(valueSpec()),
                                       buildArtifact(deviceSpec())};
  Bytes input(data, size);
  readManifest(input);
  if (input.empty())
    return 0;
  Artifact artifact = artifacts[input[0] % std::size(artifacts)];
  change(artifact, input.subspan(1));
  checkFile(artifact.bytes);
  if (isSealable(artifact)) {
    artifact.seal();
    checkFile(artifact.bytes);
  }
  return 0;
}
