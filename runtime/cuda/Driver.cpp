#include "Driver.h"

#include <cstdio>
#include <dlfcn.h>

using namespace dlc::runtime;
using namespace dlc::runtime::cuda;

Driver dlc::runtime::cuda::driver = {};

/// The first version with all functions of the table: CUDA 11.4.
static constexpr int oldestVersion = 11040;

static constexpr const char *libraryName = "libcuda.so.1";

/// Fills a table from an open library; the version is asked first, so that an old driver is called
/// that and not what it lacks.
static Status fillTable(void *library, Driver &table, ErrorText &error) {
  using GetVersion = Result (*)(int *);
  int version = 0;
  auto getVersion = reinterpret_cast<GetVersion>(dlsym(library, "cuDriverGetVersion"));
  if (!getVersion || getVersion(&version) != success)
    return error.fail(DLC_NO_DEVICE, "%s does not tell its version: it is no CUDA driver",
                      libraryName);
  if (version < oldestVersion)
    return error.fail(DLC_NO_DEVICE,
                      "the CUDA driver is too old: expected one for CUDA %d.%d or later, found "
                      "%d.%d",
                      oldestVersion / 1000, oldestVersion % 1000 / 10, version / 1000,
                      version % 1000 / 10);
#define DLC_DRIVER_SYMBOL(name, suffix, parameters)                                                \
  if (!(table.name = reinterpret_cast<Result(*) parameters>(dlsym(library, #name suffix))))        \
    return error.fail(DLC_NO_DEVICE, "the CUDA driver (CUDA %d.%d) has no function %s",            \
                      version / 1000, version % 1000 / 10, #name suffix);
  DLC_DRIVER_FUNCTIONS(DLC_DRIVER_SYMBOL)
#undef DLC_DRIVER_SYMBOL
  return DLC_OK;
}

Status dlc::runtime::cuda::openDriver(ErrorText &error) {
  if (driver.cuInit)
    return DLC_OK;
  void *library = dlopen(libraryName, RTLD_NOW | RTLD_LOCAL);
  if (!library)
    return error.fail(DLC_NO_DEVICE, "no CUDA driver: %s", dlerror());
  Driver table = {};
  dlc_status status = fillTable(library, table, error);
  if (status == DLC_OK) {
    driver = table; // for the text of the result
    if (Result result = table.cuInit(0); result != success) {
      status = statusOf(result);
      status = error.fail(status == DLC_DEVICE_FAILED ? DLC_NO_DEVICE : status,
                          "the CUDA driver cannot start: %s", ResultText(result).text);
    }
  }
  if (status != DLC_OK) {
    driver = {};
    dlclose(library);
  }
  return status;
}

dlc_status dlc::runtime::cuda::statusOf(Result result) {
  switch (result) {
  case success:
    return DLC_OK;
  case outOfMemory:
    return DLC_OUT_OF_MEMORY;
  case noDevice:
  case invalidDevice:
  case systemDriverMismatch:
    return DLC_NO_DEVICE;
  case noBinaryForGpu:
  case invalidPtx:
  case unsupportedPtxVersion:
  case jitCompilationDisabled:
    return DLC_INCOMPATIBLE;
  default:
    return DLC_DEVICE_FAILED;
  }
}

ResultText::ResultText(Result result) {
  const char *name = nullptr, *description = nullptr;
  if (driver.cuGetErrorName(result, &name) != success || !name)
    name = "an unknown result";
  if (driver.cuGetErrorString(result, &description) != success || !description)
    description = "failed";
  snprintf(text, sizeof(text), "%s (%s, %d)", description, name, result);
}
