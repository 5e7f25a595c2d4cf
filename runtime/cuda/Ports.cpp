#include "Ports.h"

#include "DeviceRun.h"
#include "Dtype.h"
#include "Outputs.h"

#include <cstdio>

using namespace dlc::runtime;
using namespace dlc::runtime::cuda;

//===-- Checks -----------------------------------------------------------------------------------//

/// Checks memory that the caller says lies on the session's device, as far as the driver knows it.
static Status checkPointer(const Device &device, const char *kind, const char *name,
                           const void *pointer, uint64_t bytes, ErrorText &error) {
  if (bytes == 0)
    return DLC_OK;
  unsigned type = 0;
  int ordinal = -1;
  DevicePointer begin = 0;
  size_t size = 0;
  const DevicePointer at = asDevice(pointer);
  if (driver.cuPointerGetAttribute(&type, pointerMemoryType, at) != success ||
      driver.cuPointerGetAttribute(&ordinal, pointerOrdinal, at) != success)
    return error.fail(
        DLC_INVALID_ARGUMENT,
        "%s '%s': expected memory of device %s, found an address that the CUDA driver "
        "does not know",
        kind, name, device.label);
  if (type != memoryDevice || ordinal != device.ordinal) {
    char found[32] = "the host";
    if (type == memoryDevice)
      snprintf(found, sizeof(found), "cuda:%d", ordinal);
    return error.fail(DLC_INVALID_ARGUMENT,
                      "%s '%s': expected memory of device %s, found memory of %s", kind, name,
                      device.label, found);
  }
  if (driver.cuPointerGetAttribute(&begin, rangeStart, at) == success &&
      driver.cuPointerGetAttribute(&size, rangeSize, at) == success &&
      (at < begin || at - begin > size || bytes > size - (at - begin)))
    return error.fail(DLC_BUFFER_TOO_SMALL,
                      "%s '%s': expected %llu bytes of memory, found an allocation with %llu", kind,
                      name, static_cast<unsigned long long>(bytes),
                      static_cast<unsigned long long>(at < begin ? 0 : size - (at - begin)));
  return DLC_OK;
}

/// Checks what kind of memory a port can have.
static Status checkMemory(const dlc_context &context, const char *kind, const ManifestTensor &port,
                          uint32_t memory, ErrorText &error) {
  if (memory == DLC_MEMORY_HOST)
    return DLC_OK;
  if (memory != DLC_MEMORY_DEVICE)
    return error.fail(DLC_INVALID_ARGUMENT, "%s '%s': unknown kind of memory %u", kind, port.name,
                      memory);
  if (!context.session->usesDevice)
    return error.fail(DLC_INVALID_ARGUMENT,
                      "%s '%s': expected memory of the host, as the session runs on the CPU, found "
                      "memory of a device",
                      kind, port.name);
  if (!port.onDevice)
    return error.fail(DLC_INVALID_ARGUMENT,
                      "%s '%s': expected memory of the host, where the model uses it, found memory "
                      "of a device",
                      kind, port.name);
  return DLC_OK;
}

Status dlc::runtime::cuda::checkInputMemory(dlc_context &context) {
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.inputs();
  FirstFailure failure;
  for (uint32_t i = 0; i < declared.size(); ++i)
    failure.add(
        checkMemory(context, "input", declared[i], context.binding.input(i).memory, context.error));
  return failure.status();
}

Status dlc::runtime::cuda::checkOutputMemory(dlc_context &context, const dlc_output *outputs) {
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.outputs();
  FirstFailure failure;
  for (uint32_t i = 0; i < declared.size(); ++i) {
    const uint32_t memory = memoryOf(rowOf(outputs, i));
    const dlc_status status = checkMemory(context, "output", declared[i], memory, context.error);
    failure.add(status);
    if (status == DLC_OK && memory == DLC_MEMORY_DEVICE && context.isLate[i])
      failure.add(context.error.fail(DLC_INVALID_ARGUMENT,
                                     "output '%s': expected memory of the host, as the run alone "
                                     "finds its size, found memory of a device",
                                     declared[i].name));
  }
  return failure.status();
}

Status dlc::runtime::cuda::checkPointers(dlc_context &context, const dlc_output *outputs) {
  const Manifest &manifest = context.session->manifest;
  const Device &device = context.device->device();
  FirstFailure failure;
  for (uint32_t i = 0; i < manifest.inputs().size(); ++i) {
    const GivenInput &given = context.binding.input(i);
    if (given.memory == DLC_MEMORY_DEVICE)
      failure.add(checkPointer(device, "input", manifest.inputs()[i].name, given.data, given.size,
                               context.error));
  }
  for (uint32_t i = 0; i < manifest.outputs().size(); ++i) {
    const dlc_output &given = rowOf(outputs, i);
    if (memoryOf(given) == DLC_MEMORY_DEVICE && given.data)
      failure.add(checkPointer(device, "output", manifest.outputs()[i].name, given.data,
                               given.capacity, context.error));
  }
  return failure.status();
}

//===-- Runs -------------------------------------------------------------------------------------//

static bool isStaged(const ManifestTensor &port, uint32_t memory) {
  return port.onDevice && memory == DLC_MEMORY_HOST;
}

/// Adds `bytes` at the next multiple of 256; false where the sum does not fit.
static bool place(uint64_t bytes, uint64_t &size, uint64_t &offset) {
  constexpr uint64_t alignment = 256;
  offset = (size + alignment - 1) & -alignment;
  return !__builtin_add_overflow(offset, bytes, &size) && size <= INT64_MAX;
}

/// Sets the buffers of ports: for those that are staged their offsets in the device's memory. Sets
/// the bytes of it all.
static bool placePorts(dlc_context &context, const dlc_output *outputs, uint64_t &size) {
  const Manifest &manifest = context.session->manifest;
  uint64_t offset = 0;
  for (uint32_t i = 0; i < manifest.inputs().size(); ++i) {
    const GivenInput &given = context.binding.input(i);
    context.programInputs[i] = context.inputBuffers[i];
    if (!isStaged(manifest.inputs()[i], given.memory))
      continue;
    if (!place(given.size, size, offset))
      return false;
    context.programInputs[i] = asPointer(offset);
  }
  for (uint32_t i = 0; i < manifest.outputs().size(); ++i) {
    context.programOutputs[i] = context.outputBuffers[i];
    if (context.isLate[i] || !isStaged(manifest.outputs()[i], memoryOf(rowOf(outputs, i))))
      continue;
    if (!place(rowOf(outputs, i).size, size, offset))
      return false;
    context.programOutputs[i] = asPointer(offset);
  }
  return true;
}

Status dlc::runtime::cuda::beginRun(dlc_context &context, const dlc_output *outputs, void *stream) {
  const Manifest &manifest = context.session->manifest;
  DeviceRun &device = *context.device;
  ErrorText &error = context.error;
  auto size = static_cast<uint64_t>(context.deviceWorkspace);
  if (size < DLC_DEVICE_ZEROS)
    size = DLC_DEVICE_ZEROS;
  if (!placePorts(context, outputs, size))
    return error.fail(DLC_OVERFLOW, "the size of the device's arena does not fit 63 bits");
  if (context.maxWorkspace != 0 && size > context.maxWorkspace)
    return error.fail(DLC_OUT_OF_MEMORY, "an arena of %llu bytes is over the limit of %llu",
                      static_cast<unsigned long long>(size),
                      static_cast<unsigned long long>(context.maxWorkspace));
  DLC_RETURN_IF_ERROR(device.begin(size, stream, error));
  auto addressOf = [&](void *offset) { return asPointer(device.memory() + asDevice(offset)); };
  for (uint32_t i = 0; i < manifest.inputs().size(); ++i) {
    const GivenInput &given = context.binding.input(i);
    void *&input = context.programInputs[i];
    if (!isStaged(manifest.inputs()[i], given.memory))
      continue;
    input = addressOf(input);
    DLC_RETURN_IF_ERROR(device.upload(asDevice(input), given.data, given.size, error));
  }
  for (uint32_t i = 0; i < manifest.outputs().size(); ++i)
    if (!context.isLate[i] && isStaged(manifest.outputs()[i], memoryOf(rowOf(outputs, i))))
      context.programOutputs[i] = addressOf(context.programOutputs[i]);
  return DLC_OK;
}

Status dlc::runtime::cuda::finishRun(dlc_context &context, RunState &run,
                                     const dlc_output *outputs) {
  const OwnedArray<ManifestTensor> &declared = context.session->manifest.outputs();
  DeviceRun &device = *context.device;
  DLC_RETURN_IF_ERROR(device.flush(run));
  for (uint32_t i = 0; i < declared.size(); ++i) {
    const dlc_output &output = rowOf(outputs, i);
    if (!context.isLate[i] && isStaged(declared[i], memoryOf(output)))
      DLC_RETURN_IF_ERROR(device.download(
          context.outputBuffers[i], asDevice(context.programOutputs[i]), output.size, run.error));
  }
  return device.wait(run);
}
