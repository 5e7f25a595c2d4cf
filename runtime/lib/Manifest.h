// The manifest of an artifact, checked and unpacked: signature, symbols, names.
#ifndef DLC_RUNTIME_MANIFEST_H
#define DLC_RUNTIME_MANIFEST_H

#include "Elf.h"
#include "Error.h"
#include "OwnedArray.h"

#include "dlc/ABI/Artifact.h"

namespace dlc::runtime {

struct ManifestTensor {
  const char *name;
  int32_t dtype;
  uint32_t rank;
  const dlc_manifest_dim
      *dims;                // `value` is -1 and `symbol` an index, or -1 and -1 for an expression
  const int64_t *dimValues; // as the C API shows them
  const char *const *dimTexts;
  bool isValue;       // a dlc_value of any dims: `rank` is 0
  uint32_t valueKind; // DLC_VALUE_; a tensor where it is not one
  bool readAtEntry;
  bool onDevice; // the program takes it in the device's memory
};

struct ManifestSymbol {
  const char *name;
  int64_t min;
  int64_t max;
  int64_t hint; // -1: none
};

/// A symbol that is no input's dim.
struct ManifestComputedSymbol {
  const char *name;
  uint32_t symbolClass; // DLC_SYMBOL_ENTRY or _LATE
};

struct ManifestKernel {
  const char *name;
  const char *nodes;
  const char *schedule;
  const char *precision;
};

struct ManifestSite {
  const char *nodes;
  const char *text;
  uint32_t kind; // DLC_SITE_
};

struct ManifestVersion {
  const char *when; // "N = 1"; "" for the general one of its machine
  bool onDevice;
};

/// Device code.
struct ManifestImage {
  const char *target; // "cuda:sm_80"
  uint32_t form;      // DLC_IMAGE_
};

/// In bytes.
struct ManifestSlot {
  int64_t place;    // -1: it depends on symbols
  const char *size; // a text for people
  uint32_t numValues;
};

struct ManifestArena {
  uint32_t version; // row of the versions
  uint32_t memory;  // DLC_ARENA_
  const char *size;
  size_t firstSlot; // row of the slots
  size_t numSlots;
};

/// Immutable once a session has it.
class Manifest {
public:
  /// Copies `blob` and unpacks it. The reasons of failures do not name the file.
  Status load(Bytes blob, ErrorText &error);
  /// Lets no input or output lie on a device, for a session on the CPU.
  void bringToCpu();

  const OwnedArray<ManifestTensor> &inputs() const { return inputTable; }
  const OwnedArray<ManifestTensor> &outputs() const { return outputTable; }
  /// Those that the dims of inputs bind.
  const OwnedArray<ManifestSymbol> &symbols() const { return symbolTable; }
  const OwnedArray<ManifestComputedSymbol> &computedSymbols() const { return computedTable; }
  const OwnedArray<ManifestKernel> &kernels() const { return kernelTable; }
  const OwnedArray<ManifestSite> &sites() const { return siteTable; }
  const OwnedArray<ManifestVersion> &versions() const { return versionTable; }
  /// Whether it has a program that runs on the CPU alone.
  bool runsOnCpu() const;
  /// Its device code; none: all runs on the CPU.
  const OwnedArray<ManifestImage> &images() const { return imageTable; }
  const OwnedArray<ManifestArena> &arenas() const { return arenaTable; }
  /// Of all arenas, one after the other.
  const OwnedArray<ManifestSlot> &slots() const { return slotTable; }
  /// Dims of all outputs together: what dlc_program.plan writes.
  size_t numOutputDims() const { return outputDimCount; }
  const char *model() const { return modelName; }
  const char *compiler() const { return compilerVersion; }
  const char *target() const { return targetName; }

private:
  template <typename T> bool table(uint64_t offset, uint64_t count, const T *&rows) const;
  bool string(uint32_t offset, const char *&text) const;
  Status loadSymbols(const dlc_manifest &header, ErrorText &error);
  Status loadComputedSymbols(const dlc_manifest &header, ErrorText &error);
  Status countDims(const char *kind, uint32_t offset, uint32_t count, size_t &dims,
                   ErrorText &error) const;
  Status checkPort(const char *kind, const char *name, const dlc_manifest_tensor &row,
                   ErrorText &error) const;
  Status loadTensors(const char *kind, uint32_t offset, OwnedArray<ManifestTensor> &tensors,
                     size_t firstDim, bool expressions, ErrorText &error);
  Status loadKernels(const dlc_manifest &header, ErrorText &error);
  Status loadSites(const dlc_manifest &header, ErrorText &error);
  Status loadVersions(const dlc_manifest &header, ErrorText &error);
  Status loadImages(const dlc_manifest &header, ErrorText &error);
  Status loadArenas(const dlc_manifest &header, ErrorText &error);
  Status loadSlots(const dlc_manifest_arena *rows, ErrorText &error);
  Status checkSymbolsBound(ErrorText &error) const;

  OwnedArray<uint64_t> blob; // of words, so that its tables are aligned
  uint64_t blobSize = 0;
  uint32_t numImages = 0;
  OwnedArray<ManifestTensor> inputTable;
  OwnedArray<ManifestTensor> outputTable;
  OwnedArray<ManifestSymbol> symbolTable;
  OwnedArray<ManifestComputedSymbol> computedTable;
  OwnedArray<ManifestKernel> kernelTable;
  OwnedArray<ManifestSite> siteTable;
  OwnedArray<ManifestVersion> versionTable;
  OwnedArray<ManifestImage> imageTable;
  OwnedArray<ManifestArena> arenaTable;
  OwnedArray<ManifestSlot> slotTable;
  OwnedArray<int64_t> dimValues;
  OwnedArray<const char *> dimTexts;
  size_t outputDimCount = 0;
  const char *modelName = nullptr;
  const char *compilerVersion = nullptr;
  const char *targetName = nullptr;
};

} // namespace dlc::runtime

#endif
