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

/// Immutable after `load`.
class Manifest {
public:
  /// Copies `blob` and unpacks it. The reasons of failures do not name the file.
  Status load(Bytes blob, ErrorText &error);

  const OwnedArray<ManifestTensor> &inputs() const { return inputTable; }
  const OwnedArray<ManifestTensor> &outputs() const { return outputTable; }
  const OwnedArray<ManifestSymbol> &symbols() const { return symbolTable; }
  const OwnedArray<ManifestKernel> &kernels() const { return kernelTable; }
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
  Status loadTensors(const char *kind, uint32_t offset, OwnedArray<ManifestTensor> &tensors,
                     size_t firstDim, bool expressions, ErrorText &error);
  Status loadKernels(const dlc_manifest &header, ErrorText &error);
  Status checkSymbolsBound(ErrorText &error) const;

  OwnedArray<uint64_t> blob; // of words, so that its tables are aligned
  uint64_t blobSize = 0;
  OwnedArray<ManifestTensor> inputTable;
  OwnedArray<ManifestTensor> outputTable;
  OwnedArray<ManifestSymbol> symbolTable;
  OwnedArray<ManifestKernel> kernelTable;
  OwnedArray<int64_t> dimValues;
  OwnedArray<const char *> dimTexts;
  size_t outputDimCount = 0;
  const char *modelName = nullptr;
  const char *compilerVersion = nullptr;
  const char *targetName = nullptr;
};

} // namespace dlc::runtime

#endif
