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
  /// Whether it plans and runs what the artifact has for a device.
  bool usesDevice = false;
  dlc::runtime::cuda::DeviceProgram *onDevice = nullptr; // null: the CPU, or one that only plans
  /// Why it is not on a device though the artifact is for one and the caller has named none.
  dlc::runtime::OwnedArray<char> fallback;
  uint64_t scratchBytes = 0; // that kernels need for each thread, a multiple of 64

  ~dlc_session();
};

namespace dlc::runtime {

/// Row of the tensor with this name, or -1; `nearest` then is the name most like it, or null.
int64_t findTensor(const OwnedArray<ManifestTensor> &tensors, const char *name,
                   const char *&nearest);

/// Checks that an artifact has code for the device that a caller asks for: a DLC_DEVICE_....
Status checkDevice(uint32_t device, const Manifest &manifest, ErrorText &error);

} // namespace dlc::runtime

#endif
