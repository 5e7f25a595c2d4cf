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
};

struct ManifestKernel {
  const char *name;
  const char *nodes;
};

struct ManifestSite {
  const char *nodes;
  const char *text;
};

/// Immutable after `load`.
class Manifest {
public:
  /// Copies `blob` and unpacks it. The reasons of failures do not name the file.
  Status load(Bytes blob, ErrorText &error);

  const OwnedArray<ManifestTensor> &inputs() const { return inputTable; }
  const OwnedArray<ManifestTensor> &outputs() const { return outputTable; }
  const OwnedArray<ManifestSymbol> &symbols() const { return symbolTable; }
  const OwnedArray<ManifestKernel> &kernels() const { return kernelTable; }
  const OwnedArray<ManifestSite> &sites() const { return siteTable; }
  /// What each version is for: "N = 1"; the last is the general one.
  const OwnedArray<const char *> &versions() const { return versionTable; }
  /// The targets of its device code ("cuda:sm_80"); none: all runs on the CPU.
  const OwnedArray<const char *> &images() const { return imageTable; }
  /// Dims of all outputs together: what dlc_program.plan writes.
  size_t numOutputDims() const { return outputDimCount; }
  const char *model() const { return modelName; }
  const char *compiler() const { return compilerVersion; }
  const char *target() const { return targetName; }

private:
  template <typename T> bool table(uint64_t offset, uint64_t count, const T *&rows) const;
  bool string(uint32_t offset, const char *&text) const;
  Status loadSymbols(const dlc_manifest &header, ErrorText &error);
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
  Status checkSymbolsBound(ErrorText &error) const;

  OwnedArray<uint64_t> blob; // of words, so that its tables are aligned
  uint64_t blobSize = 0;
  uint32_t numImages = 0;
  OwnedArray<ManifestTensor> inputTable;
  OwnedArray<ManifestTensor> outputTable;
  OwnedArray<ManifestSymbol> symbolTable;
  OwnedArray<ManifestKernel> kernelTable;
  OwnedArray<ManifestSite> siteTable;
  OwnedArray<const char *> versionTable;
  OwnedArray<const char *> imageTable;
  OwnedArray<int64_t> dimValues;
  OwnedArray<const char *> dimTexts;
  size_t outputDimCount = 0;
  const char *modelName = nullptr;
  const char *compilerVersion = nullptr;
  const char *targetName = nullptr;
};

} // namespace dlc::runtime

#endif
