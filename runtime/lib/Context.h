// What one run needs.
#ifndef DLC_RUNTIME_CONTEXT_H
#define DLC_RUNTIME_CONTEXT_H

#include "Arena.h"
#include "Binding.h"
#include "Session.h"

namespace dlc::runtime::cuda {
class DeviceRun;
}

struct dlc_context {
  dlc_session *session = nullptr;
  uint64_t maxWorkspace = 0; // 0: no limit
  uint32_t numThreads = 0;   // 0: no limit
  dlc::runtime::ErrorText error;
  dlc::runtime::Binding binding;
  dlc::runtime::Arena arena;
  dlc::runtime::OwnedArray<int64_t> outputDims; // of all outputs, one after the other
  dlc::runtime::Scratch scratch;
  dlc::runtime::OwnedArray<dlc_value> inputValues; // of those that are values but no objects
  dlc::runtime::OwnedArray<void *> inputBuffers;   // as programs take them
  dlc::runtime::OwnedArray<void *> outputBuffers;
  dlc::runtime::OwnedArray<dlc_value *> outputValues;
  dlc::runtime::OwnedArray<bool> isLate; // an output of which plan does not know all dims
  // Of a session on a device: the buffers as the program takes them, while inputBuffers and
  // outputBuffers are as the caller gave them.
  dlc::runtime::OwnedArray<void *> programInputs;
  dlc::runtime::OwnedArray<void *> programOutputs;
  dlc::runtime::cuda::DeviceRun *device = nullptr; // null: the CPU
  int64_t deviceWorkspace = 0;
  uint32_t version = 0;
  int64_t workspace = 0;
  uint64_t scratchBegin = 0; // where in the workspace the scratch memory of kernels begins
  std::atomic<bool> cancelled{false};
  std::atomic<bool> busy{false};

  /// False when memory is short.
  [[nodiscard]] bool open(dlc_session &of);
  ~dlc_context();
};

#endif
