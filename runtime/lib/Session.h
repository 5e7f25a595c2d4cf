// A loaded artifact.
#ifndef DLC_RUNTIME_SESSION_H
#define DLC_RUNTIME_SESSION_H

#include "Manifest.h"

#include "dlc/ABI/Program.h"

#include <atomic>

namespace dlc::runtime::cuda {
struct DeviceProgram;
}

struct dlc_session {
  /// Owners: the caller and each context.
  std::atomic<uint32_t> references{1};
  dlc::runtime::Manifest manifest;
  uint64_t weightsSize = 0;
  void *library = nullptr;
  const dlc_program *program = nullptr;
  dlc::runtime::cuda::DeviceProgram *onDevice = nullptr; // null: it runs on the CPU
  uint64_t scratchBytes = 0; // that kernels need for each thread, a multiple of 64

  ~dlc_session();
};

namespace dlc::runtime {

/// Row of the tensor with this name, or -1; `nearest` then is the name most like it, or null.
int64_t findTensor(const OwnedArray<ManifestTensor> &tensors, const char *name,
                   const char *&nearest);

} // namespace dlc::runtime

#endif
