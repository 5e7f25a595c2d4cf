#include "DeviceRun.h"

#include "Binding.h"

#include <algorithm>
#include <cstdio>

using namespace dlc::runtime;
using namespace dlc::runtime::cuda;

/// What launches and small copies of one segment read from the host at most.
static constexpr uint64_t stagingSize = uint64_t{1} << 20;

//===-- Memory -----------------------------------------------------------------------------------//

Status DeviceRun::allocatePinned(PinnedBuffer &pinned, uint64_t size, ErrorText &error) const {
  void *memory = nullptr;
  DLC_RETURN_IF_ERROR(program.device->check(driver.cuMemHostAlloc(&memory, size, 0),
                                            "allocating pinned memory", error));
  pinned = {static_cast<char *>(memory), size};
  return DLC_OK;
}

Status DeviceRun::open(ErrorText &error) {
  Device &device = *program.device;
  // A stream that waits for the default stream: where callers have filled their inputs there, these
  // are ready.
  if (!own)
    DLC_RETURN_IF_ERROR(device.check(driver.cuStreamCreate(&own, 0), "making a stream", error));
  if (!errorCopy.pointer)
    DLC_RETURN_IF_ERROR(allocatePinned(errorCopy, sizeof(dlc_kernel_error), error));
  if (!staging.pointer)
    DLC_RETURN_IF_ERROR(allocatePinned(staging, stagingSize, error));
  if (!errorWord)
    DLC_RETURN_IF_ERROR(device.check(driver.cuMemAlloc(&errorWord, sizeof(dlc_kernel_error)),
                                     "allocating the error word", error));
  return DLC_OK;
}

DeviceRun::~DeviceRun() {
  for (PinnedBuffer *pinned : {&hostArena, &staging, &errorCopy})
    if (pinned->pointer)
      (void)driver.cuMemFreeHost(pinned->pointer);
  for (DevicePointer memory : {buffer.pointer, errorWord})
    if (memory)
      (void)driver.cuMemFree(memory);
  for (size_t i = 0; i < late.size(); ++i)
    if (late[i].pointer)
      (void)driver.cuMemFree(late[i].pointer);
  for (size_t i = 0; i < events.size(); ++i)
    (void)driver.cuEventDestroy(events[i]);
  if (own)
    (void)driver.cuStreamDestroy(own);
}

char *DeviceRun::reserveHostArena(uint64_t size) {
  if (hostArena.pointer && hostArena.size >= size)
    return hostArena.pointer;
  if (hostArena.pointer)
    (void)driver.cuMemFreeHost(hostArena.pointer);
  hostArena = {};
  ErrorText ignored; // the caller reports what it asked for
  (void)!allocatePinned(hostArena, std::max<uint64_t>(size, 1), ignored);
  return hostArena.pointer;
}

Status DeviceRun::begin(uint64_t size, void *callersStream, ErrorText &error) {
  Device &device = *program.device;
  DLC_RETURN_IF_ERROR(device.checkUsable(error));
  DLC_RETURN_IF_ERROR(open(error));
  stream = callersStream ? static_cast<StreamHandle>(callersStream) : own;
  const uint64_t needed = std::max<uint64_t>(size, DLC_DEVICE_ZEROS);
  if (buffer.size < needed) {
    if (buffer.pointer)
      (void)driver.cuMemFree(buffer.pointer);
    buffer = {};
    char what[80];
    snprintf(what, sizeof(what), "allocating an arena of %llu bytes",
             static_cast<unsigned long long>(needed));
    DLC_RETURN_IF_ERROR(device.check(driver.cuMemAlloc(&buffer.pointer, needed), what, error));
    buffer.size = needed;
    isDirty = true;
  }
  if (!isDirty)
    return DLC_OK;
  const dlc_kernel_error none = {INT64_MAX, 0, 0};
  memcpy(errorCopy.pointer, &none, sizeof(none));
  DLC_RETURN_IF_ERROR(
      device.check(driver.cuMemsetD8Async(buffer.pointer, 0, DLC_DEVICE_ZEROS, stream),
                   "clearing the arena", error));
  DLC_RETURN_IF_ERROR(upload(errorWord, errorCopy.pointer, sizeof(none), error));
  DLC_RETURN_IF_ERROR(
      device.check(driver.cuStreamSynchronize(stream), "clearing the arena", error));
  isDirty = false;
  return DLC_OK;
}

Status DeviceRun::upload(DevicePointer target, const void *source, uint64_t bytes,
                         ErrorText &error) const {
  if (bytes == 0)
    return DLC_OK;
  return program.device->check(driver.cuMemcpyHtoDAsync(target, source, bytes, stream),
                               "copying to the device", error);
}

Status DeviceRun::download(void *target, DevicePointer source, uint64_t bytes,
                           ErrorText &error) const {
  if (bytes == 0)
    return DLC_OK;
  return program.device->check(driver.cuMemcpyDtoHAsync(target, source, bytes, stream),
                               "copying from the device", error);
}

Status DeviceRun::allocate(uint64_t bytes, void *&pointer, ErrorText &error) {
  if (lateUsed == late.size() && !late.append(DeviceBuffer()))
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory");
  DeviceBuffer &memory = late[lateUsed];
  if (!memory.pointer || memory.size < bytes) {
    if (memory.pointer)
      (void)driver.cuMemFree(memory.pointer);
    memory = {};
    char what[80];
    snprintf(what, sizeof(what), "allocating %llu bytes", static_cast<unsigned long long>(bytes));
    const uint64_t size = std::max<uint64_t>(bytes, 256);
    DLC_RETURN_IF_ERROR(
        program.device->check(driver.cuMemAlloc(&memory.pointer, size), what, error));
    memory.size = size;
  }
  ++lateUsed;
  pointer = asPointer(memory.pointer);
  return DLC_OK;
}

//===-- Collecting -------------------------------------------------------------------------------//

Status DeviceRun::collect(const Step &step, const uint64_t *words, ErrorText &error) {
  Step placed = step;
  placed.firstWord = static_cast<uint32_t>(segment.words.size());
  if (!segment.words.append(words, step.numWords) || !segment.steps.append(placed))
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory for a launch");
  return DLC_OK;
}

Status DeviceRun::launch(RunState &run, const dlc_device_launch &launch) {
  ErrorText &error = run.error;
  if (launch.blocks == 0)
    return DLC_OK;
  if (launch.function >= program.functions.size() || launch.blocks < 0)
    return error.fail(DLC_INTERNAL, "the artifact's code launched function %u in %lld blocks",
                      launch.function, static_cast<long long>(launch.blocks));
  if (launch.blocks > INT32_MAX)
    return error.fail(DLC_OVERFLOW, "expected a launch of up to 2147483647 blocks, found %lld",
                      static_cast<long long>(launch.blocks));
  DLC_RETURN_IF_ERROR(program.allowSharedMemory(launch.function, launch.shared_memory, error));
  Step step = {};
  step.function = launch.function;
  step.kernel = launch.kernel;
  step.threads = launch.threads;
  step.blocks = static_cast<uint32_t>(launch.blocks);
  step.sharedMemory = launch.shared_memory;
  step.firstWord = static_cast<uint32_t>(segment.words.size());
  step.numWords = launch.num_buffers + launch.num_symbols + 2;
  step.flops = launch.flops;
  const uint64_t last[] = {errorWord, launch.kernel};
  static_assert(sizeof(void *) == sizeof(uint64_t));
  if (!segment.words.append(reinterpret_cast<const uint64_t *>(launch.buffers),
                            launch.num_buffers) ||
      !segment.words.append(reinterpret_cast<const uint64_t *>(launch.symbols),
                            launch.num_symbols) ||
      !segment.words.append(last, 2) || !segment.steps.append(step))
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory for a launch");
  return DLC_OK;
}

/// The source may change once the service has returned: what it holds is taken now.
Status DeviceRun::copyToDevice(RunState &run, DevicePointer target, const void *source,
                               uint64_t bytes) {
  ErrorText &error = run.error;
  const uint64_t rounded = (bytes + 63) & ~uint64_t{63};
  if (rounded > stagingSize - staged) {
    DLC_RETURN_IF_ERROR(flush(run));
    DLC_RETURN_IF_ERROR(upload(target, source, bytes, error));
    return wait(run);
  }
  char *copied = staging.pointer + staged;
  memcpy(copied, source, bytes);
  staged += rounded;
  Step step = {};
  step.isCopy = step.fromHost = 1;
  step.bytes = bytes;
  step.numWords = 2;
  const uint64_t words[] = {target, asDevice(copied)};
  return collect(step, words, error);
}

Status DeviceRun::copy(RunState &run, uint32_t direction, void *target, const void *source,
                       uint64_t bytes) {
  if (direction == DLC_COPY_TO_HOST) {
    DLC_RETURN_IF_ERROR(flush(run));
    DLC_RETURN_IF_ERROR(download(target, asDevice(source), bytes, run.error));
    return wait(run);
  }
  if (bytes == 0)
    return DLC_OK;
  if (direction == DLC_COPY_TO_DEVICE)
    return copyToDevice(run, asDevice(target), source, bytes);
  Step step = {};
  step.isCopy = 1;
  step.bytes = bytes;
  step.numWords = 2;
  const uint64_t words[] = {asDevice(target), asDevice(source)};
  return collect(step, words, run.error);
}

//===-- Executing --------------------------------------------------------------------------------//

Status DeviceRun::reserveEvents(size_t count, ErrorText &error) {
  while (events.size() < count) {
    EventHandle event = nullptr;
    DLC_RETURN_IF_ERROR(
        program.device->check(driver.cuEventCreate(&event, 0), "making an event", error));
    if (!events.append(event)) {
      (void)driver.cuEventDestroy(event);
      return error.fail(DLC_OUT_OF_MEMORY, "out of memory for a profile");
    }
  }
  return DLC_OK;
}

/// Begins the steps one by one, with an event around each.
Status DeviceRun::launchTimed(RunState &run) {
  Device &device = *program.device;
  DLC_RETURN_IF_ERROR(reserveEvents(segment.steps.size() + 1, run.error));
  for (size_t i = 0; i < segment.steps.size(); ++i) {
    if (!run.goesOn())
      return run.status;
    DLC_RETURN_IF_ERROR(
        device.check(driver.cuEventRecord(events[i], stream), "recording an event", run.error));
    DLC_RETURN_IF_ERROR(launchStep(program, segment, segment.steps[i], stream, run.error));
  }
  return device.check(driver.cuEventRecord(events[segment.steps.size()], stream),
                      "recording an event", run.error);
}

Status DeviceRun::flush(RunState &run) {
  if (segment.steps.size() == 0)
    return DLC_OK;
  dlc_status status = DLC_OK;
  if (run.profile) {
    status = launchTimed(run);
    if (status == DLC_OK) {
      timed.steps.swap(segment.steps);
      timed.words.swap(segment.words);
    }
  } else {
    status = cache.launch(segment, stream, run.error);
  }
  segment.clear();
  return status;
}

/// Adds the times of the last segment to the profile's rows; the device has finished it.
void DeviceRun::count(RunState &run) {
  for (size_t i = 0; run.profile && i < timed.steps.size(); ++i) {
    const Step &step = timed.steps[i];
    float milliseconds = 0;
    if (step.isCopy || step.kernel >= run.numProfileRows ||
        driver.cuEventElapsedTime(&milliseconds, events[i], events[i + 1]) != success)
      continue;
    dlc_profile_row &row = rowOf(run.profile, step.kernel);
    ++row.calls;
    row.nanoseconds += static_cast<uint64_t>(static_cast<double>(milliseconds) * 1e6);
    row.flops += static_cast<uint64_t>(step.flops);
  }
  timed.clear();
}

Status DeviceRun::wait(RunState &run) {
  DLC_RETURN_IF_ERROR(download(errorCopy.pointer, errorWord, sizeof(dlc_kernel_error), run.error));
  DLC_RETURN_IF_ERROR(
      program.device->check(driver.cuStreamSynchronize(stream), "waiting for kernels", run.error));
  staged = 0;
  count(run);
  dlc_kernel_error found;
  memcpy(&found, errorCopy.pointer, sizeof(found));
  return found.task == INT64_MAX ? DLC_OK : failKernel(run, found.task, found);
}

void DeviceRun::end(bool failed) {
  if (failed) {
    // Kernels that go on must not write into what the caller frees.
    (void)driver.cuStreamSynchronize(stream);
    isDirty = true;
  }
  segment.clear();
  timed.clear();
  staged = 0;
  lateUsed = 0;
}
