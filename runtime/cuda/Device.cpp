#include "Device.h"

#include "Binding.h"

#include <algorithm>
#include <cstdio>
#include <new>
#include <pthread.h>

using namespace dlc::runtime;
using namespace dlc::runtime::cuda;

namespace {
/// Guards the lists below and the driver's opening.
pthread_mutex_t listsMutex = PTHREAD_MUTEX_INITIALIZER;
Device *devices = nullptr;
DeviceProgram *programs = nullptr;

class Lock {
public:
  Lock() { pthread_mutex_lock(&listsMutex); }
  ~Lock() { pthread_mutex_unlock(&listsMutex); }
  Lock(const Lock &) = delete;
  Lock &operator=(const Lock &) = delete;
};
} // namespace

/// An object of the heap; null when memory is short.
template <typename T> static T *makeObject() {
  void *memory = malloc(sizeof(T));
  return memory ? new (memory) T() : nullptr;
}

template <typename T> static void destroyObject(T *object) {
  object->~T();
  free(object);
}

template <typename T> static void removeFromList(T *&first, T *object) {
  for (T **at = &first; *at; at = &(*at)->next)
    if (*at == object) {
      *at = object->next;
      return;
    }
}

//===-- Failures ---------------------------------------------------------------------------------//

void Device::noteFailure(Result result, const char *what) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&mutex);
  if (!failed.load()) {
    snprintf(cause, sizeof(cause), "%s: %s", what, ResultText(result).text);
    failed.store(true);
  }
  pthread_mutex_unlock(&mutex);
}

Status Device::checkUsable(ErrorText &error) {
  if (!failed.load())
    return DLC_OK;
  return error.fail(DLC_DEVICE_FAILED,
                    "device %s has failed and is of no use until all sessions on it are released; "
                    "the first failure was: %s",
                    label, cause);
}

Status Device::check(Result result, const char *what, ErrorText &error) {
  if (result == success)
    return DLC_OK;
  if (isSticky(result)) {
    noteFailure(result, what);
    return checkUsable(error);
  }
  return error.fail(statusOf(result), "device %s: %s: %s", label, what, ResultText(result).text);
}

//===-- Devices ----------------------------------------------------------------------------------//

static Status openDevice(Device &device, uint32_t ordinal, ErrorText &error) {
  int count = 0;
  snprintf(device.label, sizeof(device.label), "cuda:%u", ordinal);
  DLC_RETURN_IF_ERROR(device.check(driver.cuDeviceGetCount(&count), "counting devices", error));
  if (ordinal >= static_cast<uint32_t>(std::max(count, 0)))
    return error.fail(DLC_NO_DEVICE, "no device cuda:%u: the CUDA driver finds %d device%s",
                      ordinal, count, count == 1 ? "" : "s");
  device.ordinal = static_cast<int>(ordinal);
  int major = 0, minor = 0;
  Result result = driver.cuDeviceGet(&device.handle, device.ordinal);
  if (result == success)
    result = driver.cuDeviceGetName(device.name, sizeof(device.name), device.handle);
  if (result == success)
    result = driver.cuDeviceGetAttribute(&major, attributeMajor, device.handle);
  if (result == success)
    result = driver.cuDeviceGetAttribute(&minor, attributeMinor, device.handle);
  DLC_RETURN_IF_ERROR(device.check(result, "asking what it is", error));
  device.architecture = major * 10 + minor;
  snprintf(device.label, sizeof(device.label), "cuda:%u (%.80s, sm_%d)", ordinal, device.name,
           device.architecture);
  return device.check(driver.cuDevicePrimaryCtxRetain(&device.context, device.handle),
                      "making a context", error);
}

/// One more reference to a device. The lists are locked.
static Status acquireDevice(uint32_t ordinal, Device *&result, ErrorText &error) {
  for (Device *device = devices; device; device = device->next)
    if (device->ordinal == static_cast<int>(ordinal)) {
      DLC_RETURN_IF_ERROR(device->checkUsable(error));
      ++device->references;
      result = device;
      return DLC_OK;
    }
  DLC_RETURN_IF_ERROR(openDriver(error));
  auto *device = makeObject<Device>();
  if (!device)
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory");
  if (dlc_status status = openDevice(*device, ordinal, error); status != DLC_OK) {
    destroyObject(device);
    return status;
  }
  device->references = 1;
  device->next = devices;
  devices = device;
  result = device;
  return DLC_OK;
}

/// The lists are locked.
static void releaseDevice(Device *device) {
  if (!device || --device->references != 0)
    return;
  removeFromList(devices, device);
  (void)driver.cuDevicePrimaryCtxRelease(device->handle);
  destroyObject(device);
}

//===-- Programs ---------------------------------------------------------------------------------//

/// The image for a device: machine code of its major version, else the latest PTX; null where none
/// fits.
static const dlc_image *chooseImage(const dlc_program &program, uint32_t architecture) {
  const dlc_image *best = nullptr;
  auto isBetter = [&](const dlc_image &image) {
    return !best || image.form > best->form ||
           (image.form == best->form && image.architecture > best->architecture);
  };
  for (uint32_t i = 0; i < program.num_images; ++i) {
    const dlc_image &image = rowOf(program.images, i);
    const bool isKnown = image.form == DLC_IMAGE_PTX || image.form == DLC_IMAGE_CUBIN;
    const uint32_t last = image.is_specific               ? image.architecture
                          : image.form == DLC_IMAGE_CUBIN ? image.architecture / 10 * 10 + 9
                                                          : architecture;
    const bool fits = isKnown && image.architecture <= architecture && architecture <= last;
    if (fits && isBetter(image))
      best = &image;
  }
  return best;
}

static Status refuseImages(const DeviceProgram &loaded, ErrorText &error) {
  char list[256] = "";
  size_t length = 0;
  for (uint32_t i = 0; i < loaded.program->num_images && length < sizeof(list); ++i) {
    const dlc_image &image = rowOf(loaded.program->images, i);
    length += static_cast<size_t>(snprintf(
        list + length, sizeof(list) - length, "%ssm_%u%s (%s)", i ? ", " : "", image.architecture,
        image.is_specific ? "a" : "", image.form == DLC_IMAGE_PTX ? "PTX" : "cubin"));
  }
  return error.fail(DLC_INCOMPATIBLE, "expected code for device %s, found %s", loaded.device->label,
                    list);
}

static Status loadModule(DeviceProgram &loaded, ErrorText &error) {
  const dlc_image *image =
      chooseImage(*loaded.program, static_cast<uint32_t>(loaded.device->architecture));
  if (!image)
    return refuseImages(loaded, error);
  char log[2048] = "";
  unsigned options[] = {jitErrorLog, jitErrorLogSize};
  void *values[] = {log, reinterpret_cast<void *>(sizeof(log))};
  const Result result = driver.cuModuleLoadDataEx(&loaded.module, image->data, 2, options, values);
  if (result == success)
    return DLC_OK;
  log[sizeof(log) - 1] = '\0';
  char what[2200];
  snprintf(what, sizeof(what), "loading code for sm_%u%s (%s)%s%s", image->architecture,
           image->is_specific ? "a" : "", image->form == DLC_IMAGE_PTX ? "PTX" : "cubin",
           log[0] ? ": " : "", log);
  return loaded.device->check(result, what, error);
}

static Status findFunctions(DeviceProgram &loaded, ErrorText &error) {
  const dlc_program &program = *loaded.program;
  if (!loaded.functions.allocate(program.num_device_functions))
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory");
  for (uint32_t i = 0; i < program.num_device_functions; ++i) {
    const char *name = program.device_functions[i];
    if (driver.cuModuleGetFunction(&loaded.functions[i].handle, loaded.module, name) != success)
      return error.fail(DLC_BAD_ARTIFACT, "its code for devices has no function '%s'", name);
  }
  return DLC_OK;
}

static Status uploadWeights(DeviceProgram &loaded, ErrorText &error) {
  const auto bytes = static_cast<size_t>(loaded.program->device_weights_size);
  if (bytes == 0)
    return DLC_OK;
  char what[64];
  snprintf(what, sizeof(what), "bringing %zu bytes of weights", bytes);
  Result result = driver.cuMemAlloc(&loaded.weights, bytes);
  if (result == success)
    result = driver.cuMemcpyHtoDAsync(loaded.weights, loaded.program->weights, bytes, nullptr);
  if (result == success)
    result = driver.cuStreamSynchronize(nullptr);
  return loaded.device->check(result, what, error);
}

static Status loadProgram(DeviceProgram &loaded, ErrorText &error) {
  Current current(*loaded.device);
  DLC_RETURN_IF_ERROR(loaded.device->check(current.result(), "making it current", error));
  DLC_RETURN_IF_ERROR(loadModule(loaded, error));
  DLC_RETURN_IF_ERROR(findFunctions(loaded, error));
  return uploadWeights(loaded, error);
}

/// The lists are locked.
static void destroyProgram(DeviceProgram *loaded) {
  if (loaded->device) {
    Current current(*loaded->device);
    if (loaded->weights)
      (void)driver.cuMemFree(loaded->weights);
    if (loaded->module)
      (void)driver.cuModuleUnload(loaded->module);
  }
  releaseDevice(loaded->device);
  destroyObject(loaded);
}

Status dlc::runtime::cuda::acquireProgram(const dlc_program &program, uint32_t ordinal,
                                          DeviceProgram *&result, ErrorText &error) {
  Lock lock;
  for (DeviceProgram *loaded = programs; loaded; loaded = loaded->next)
    if (loaded->program == &program && loaded->device->ordinal == static_cast<int>(ordinal)) {
      DLC_RETURN_IF_ERROR(loaded->device->checkUsable(error));
      ++loaded->references;
      result = loaded;
      return DLC_OK;
    }
  auto *loaded = makeObject<DeviceProgram>();
  if (!loaded)
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory");
  loaded->program = &program;
  dlc_status status = acquireDevice(ordinal, loaded->device, error);
  if (status == DLC_OK)
    status = loadProgram(*loaded, error);
  if (status != DLC_OK) {
    destroyProgram(loaded);
    return status;
  }
  loaded->references = 1;
  loaded->next = programs;
  programs = loaded;
  result = loaded;
  return DLC_OK;
}

void dlc::runtime::cuda::releaseProgram(DeviceProgram *program) {
  Lock lock;
  if (!program || --program->references != 0)
    return;
  removeFromList(programs, program);
  destroyProgram(program);
}

Status DeviceProgram::allowSharedMemory(uint32_t function, uint32_t bytes, ErrorText &error) {
  // Of 48 KB, of which a kernel may have some by itself.
  constexpr uint32_t alwaysAllowed = 32 * 1024;
  if (bytes <= alwaysAllowed)
    return DLC_OK;
  Lock lock; // contexts of several threads share the function
  DeviceFunction &of = functions[function];
  if (bytes <= of.sharedMemory)
    return DLC_OK;
  DLC_RETURN_IF_ERROR(device->check(
      driver.cuFuncSetAttribute(of.handle, attributeDynamicSharedMemory, static_cast<int>(bytes)),
      "asking for shared memory", error));
  of.sharedMemory = bytes;
  return DLC_OK;
}

//===-- Callers' memory --------------------------------------------------------------------------//

Status dlc::runtime::cuda::allocateForCaller(Device &device, uint64_t bytes, void *&pointer,
                                             ErrorText &error) {
  DevicePointer memory = 0;
  DLC_RETURN_IF_ERROR(
      device.check(driver.cuMemAlloc(&memory, bytes ? bytes : 1), "allocating an output", error));
  pointer = asPointer(memory);
  Lock lock;
  ++device.references;
  return DLC_OK;
}

void dlc::runtime::cuda::freeForCaller(uint32_t ordinal, void *pointer) {
  Lock lock;
  for (Device *device = devices; device; device = device->next)
    if (device->ordinal == static_cast<int>(ordinal)) {
      {
        Current current(*device);
        (void)driver.cuMemFree(asDevice(pointer));
      }
      releaseDevice(device);
      return;
    }
}
