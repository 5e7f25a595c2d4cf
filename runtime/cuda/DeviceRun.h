// What the runs of one context need on a device: memory, a stream, and the segment that is
// collected.
#ifndef DLC_RUNTIME_CUDA_DEVICERUN_H
#define DLC_RUNTIME_CUDA_DEVICERUN_H

#include "Segment.h"
#include "Services.h"

namespace dlc::runtime::cuda {

/// A piece of device memory that grows by being replaced.
struct DeviceBuffer {
  DevicePointer pointer = 0;
  uint64_t size = 0;
};

/// Memory of the host that the device reads and writes by itself.
struct PinnedBuffer {
  char *pointer = nullptr;
  uint64_t size = 0;
};

/// Used by the one run that its context has at a time, with the device's context current.
class DeviceRun {
public:
  explicit DeviceRun(DeviceProgram &program) : program(program), cache(program) {}
  DeviceRun(const DeviceRun &) = delete;
  DeviceRun &operator=(const DeviceRun &) = delete;
  ~DeviceRun();

  Device &device() const { return *program.device; }
  DevicePointer weights() const { return program.weights; }

  /// The host's part of the arena; null when memory is short.
  char *reserveHostArena(uint64_t size);
  /// Begins a run with `size` bytes of device memory, whose first DLC_DEVICE_ZEROS are zeros, on
  /// the caller's stream or, where that is null, its own.
  Status begin(uint64_t size, void *callersStream, ErrorText &error);
  DevicePointer memory() const { return buffer.pointer; }

  Status upload(DevicePointer target, const void *source, uint64_t bytes, ErrorText &error) const;
  Status download(void *target, DevicePointer source, uint64_t bytes, ErrorText &error) const;

  // The services.
  Status launch(RunState &run, const dlc_device_launch &launch);
  Status copy(RunState &run, uint32_t direction, void *target, const void *source, uint64_t bytes);
  Status allocate(uint64_t bytes, void *&pointer, ErrorText &error);

  /// Begins what was collected.
  Status flush(RunState &run);
  /// Waits for the device, reports a kernel's error, and adds what a profile measured.
  Status wait(RunState &run);
  /// Ends a run, whether or not it failed.
  void end(bool failed);

private:
  /// Makes the stream and what has a fixed size, where it is not there yet.
  Status open(ErrorText &error);
  Status copyToDevice(RunState &run, DevicePointer target, const void *source, uint64_t bytes);
  Status collect(const Step &step, const uint64_t *words, ErrorText &error);
  Status launchTimed(RunState &run);
  void count(RunState &run);
  Status reserveEvents(size_t count, ErrorText &error);
  Status allocatePinned(PinnedBuffer &pinned, uint64_t size, ErrorText &error) const;

  DeviceProgram &program;
  StreamHandle own = nullptr, stream = nullptr;
  DeviceBuffer buffer;
  DevicePointer errorWord = 0;
  PinnedBuffer hostArena, staging, errorCopy;
  uint64_t staged = 0; // bytes of `staging` that the segment reads
  bool isDirty = true; // zeros and error word must be set before the next run
  Segment segment;
  SegmentCache cache;
  GrowingArray<DeviceBuffer> late; // kept for the next run
  size_t lateUsed = 0;
  GrowingArray<EventHandle> events; // one before each step of a timed segment, one behind the last
  Segment timed;                    // what the events belong to
};

} // namespace dlc::runtime::cuda

#endif
