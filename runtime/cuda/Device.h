// The devices that sessions use, and what sessions of the same artifact share there.
#ifndef DLC_RUNTIME_CUDA_DEVICE_H
#define DLC_RUNTIME_CUDA_DEVICE_H

#include "Driver.h"
#include "OwnedArray.h"

#include "dlc/ABI/Program.h"

#include <atomic>

namespace dlc::runtime::cuda {

/// A device with its primary context, which is the one that other libraries of the process use too.
struct Device {
  int ordinal = 0;
  int handle = 0;
  int architecture = 0; // 90 for sm_90
  ContextHandle context = nullptr;
  char name[96] = "";   // "NVIDIA H100"
  char label[128] = ""; // "cuda:0 (NVIDIA H100, sm_90)"
  uint32_t references = 0;
  Device *next = nullptr;

  /// Turns what a call of the driver returned into a status, with a text. After a failure that the
  /// context does not survive, the text is that of the first one.
  Status check(Result result, const char *what, ErrorText &error);
  /// Fails where an earlier call has left the context unusable.
  Status checkUsable(ErrorText &error);

private:
  void noteFailure(Result result, const char *what);

  std::atomic<bool> failed{false};
  char cause[384] = "";
};

/// Makes a device's context the thread's current one, while it lives.
class Current {
public:
  explicit Current(const Device &device) : pushed(driver.cuCtxPushCurrent(device.context)) {}
  ~Current() {
    ContextHandle context = nullptr;
    if (pushed == success)
      (void)driver.cuCtxPopCurrent(&context);
  }
  [[nodiscard]] Result result() const { return pushed; }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  Result pushed;
};

/// A function of an artifact on a device.
struct DeviceFunction {
  FunctionHandle handle;
  uint32_t sharedMemory; // dynamic bytes that it may have so far
};

/// A loaded artifact on a device: its code and its weights, for all sessions of the process.
struct DeviceProgram {
  const dlc_program *program = nullptr;
  Device *device = nullptr;
  ModuleHandle module = nullptr;
  OwnedArray<DeviceFunction> functions;
  DevicePointer weights = 0;
  uint32_t references = 0;
  DeviceProgram *next = nullptr;

  /// Lets a function have so much dynamic shared memory.
  Status allowSharedMemory(uint32_t function, uint32_t bytes, ErrorText &error);
};

/// Brings an artifact to a device, or finds it there: one more reference.
Status acquireProgram(const dlc_program &program, uint32_t ordinal, DeviceProgram *&result,
                      ErrorText &error);
/// Gives a reference back; null is fine. The last one frees code and weights.
void releaseProgram(DeviceProgram *program);

/// Memory of a device that outlives contexts and sessions: it holds a reference to the device.
Status allocateForCaller(Device &device, uint64_t bytes, void *&pointer, ErrorText &error);
void freeForCaller(uint32_t ordinal, void *pointer);

} // namespace dlc::runtime::cuda

#endif
