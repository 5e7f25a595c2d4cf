// What the runtime uses of the CUDA driver's API: own declarations, and a table of functions that
// is filled from libcuda.so.1 when a session first asks for a device.
//
// Source: NVIDIA's "CUDA Driver API" reference manual. Names and numbers are the manual's.
#ifndef DLC_RUNTIME_CUDA_DRIVER_H
#define DLC_RUNTIME_CUDA_DRIVER_H

#include "Error.h"

#include <cstddef>
#include <cstdint>

namespace dlc::runtime::cuda {

using Result = int; // CUresult
using DevicePointer = uint64_t;
using ContextHandle = struct CUctx_st *;
using ModuleHandle = struct CUmod_st *;
using FunctionHandle = struct CUfunc_st *;
using StreamHandle = struct CUstream_st *;
using EventHandle = struct CUevent_st *;
using GraphHandle = struct CUgraph_st *;
using GraphNode = struct CUgraphNode_st *;
using ExecutableGraph = struct CUgraphExec_st *;

/// CUDA_KERNEL_NODE_PARAMS_v1.
struct KernelNodeParams {
  FunctionHandle function;
  unsigned gridX, gridY, gridZ, blockX, blockY, blockZ;
  unsigned sharedMemory;
  void **parameters;
  void **extra;
};

/// One side of a CUDA_MEMCPY3D_v2.
struct CopySide {
  size_t x, y, z, levelOfDetail;
  unsigned memoryType; // CU_MEMORYTYPE_
  const void *host;
  DevicePointer device;
  void *array;
  void *reserved;
  size_t pitch, height;
};

/// CUDA_MEMCPY3D_v2.
struct CopyParams {
  CopySide source, target;
  size_t width, height, depth;
};

// Addresses of a device, as programs and callers give and take them.
inline void *asPointer(DevicePointer address) { return reinterpret_cast<void *>(address); }
inline DevicePointer asDevice(const void *pointer) {
  return reinterpret_cast<DevicePointer>(pointer);
}

enum : int {
  success = 0,
  invalidValue = 1,
  outOfMemory = 2,
  noDevice = 100,
  invalidDevice = 101,
  noBinaryForGpu = 209,
  eccUncorrectable = 214,
  invalidPtx = 218,
  unsupportedPtxVersion = 222,
  jitCompilationDisabled = 223,
  illegalAddress = 700,
  launchTimeout = 702,
  assertFailed = 710,
  hardwareStackError = 714,
  invalidPc = 718,
  launchFailed = 719,
  systemDriverMismatch = 803
};

enum : unsigned { memoryHost = 1, memoryDevice = 2 };     // CU_MEMORYTYPE_
enum : int { attributeMajor = 75, attributeMinor = 76 };  // CU_DEVICE_ATTRIBUTE_
enum : int { attributeDynamicSharedMemory = 8 };          // CU_FUNC_ATTRIBUTE_
enum : unsigned { jitErrorLog = 5, jitErrorLogSize = 6 }; // CU_JIT_
enum : int { pointerMemoryType = 2, pointerOrdinal = 9, rangeStart = 11, rangeSize = 12 };

// (function, the symbol's suffix, parameters)
#define DLC_DRIVER_FUNCTIONS(X)                                                                    \
  X(cuInit, "", (unsigned flags))                                                                  \
  X(cuDriverGetVersion, "", (int *version))                                                        \
  X(cuGetErrorName, "", (Result result, const char **name))                                        \
  X(cuGetErrorString, "", (Result result, const char **text))                                      \
  X(cuDeviceGetCount, "", (int *count))                                                            \
  X(cuDeviceGet, "", (int *device, int ordinal))                                                   \
  X(cuDeviceGetName, "", (char *name, int size, int device))                                       \
  X(cuDeviceGetAttribute, "", (int *value, int attribute, int device))                             \
  X(cuDevicePrimaryCtxRetain, "", (ContextHandle * context, int device))                           \
  X(cuDevicePrimaryCtxRelease, "_v2", (int device))                                                \
  X(cuCtxPushCurrent, "_v2", (ContextHandle context))                                              \
  X(cuCtxPopCurrent, "_v2", (ContextHandle * context))                                             \
  X(cuModuleLoadDataEx, "",                                                                        \
    (ModuleHandle * module, const void *image, unsigned count, unsigned *options, void **values))  \
  X(cuModuleUnload, "", (ModuleHandle module))                                                     \
  X(cuModuleGetFunction, "", (FunctionHandle * function, ModuleHandle module, const char *name))   \
  X(cuFuncSetAttribute, "", (FunctionHandle function, int attribute, int value))                   \
  X(cuMemAlloc, "_v2", (DevicePointer * pointer, size_t bytes))                                    \
  X(cuMemFree, "_v2", (DevicePointer pointer))                                                     \
  X(cuMemHostAlloc, "", (void **pointer, size_t bytes, unsigned flags))                            \
  X(cuMemFreeHost, "", (void *pointer))                                                            \
  X(cuMemcpyHtoDAsync, "_v2",                                                                      \
    (DevicePointer target, const void *source, size_t bytes, StreamHandle stream))                 \
  X(cuMemcpyDtoHAsync, "_v2",                                                                      \
    (void *target, DevicePointer source, size_t bytes, StreamHandle stream))                       \
  X(cuMemcpyDtoDAsync, "_v2",                                                                      \
    (DevicePointer target, DevicePointer source, size_t bytes, StreamHandle stream))               \
  X(cuMemsetD8Async, "",                                                                           \
    (DevicePointer target, unsigned char value, size_t bytes, StreamHandle stream))                \
  X(cuPointerGetAttribute, "", (void *value, int attribute, DevicePointer pointer))                \
  X(cuStreamCreate, "", (StreamHandle * stream, unsigned flags))                                   \
  X(cuStreamDestroy, "_v2", (StreamHandle stream))                                                 \
  X(cuStreamSynchronize, "", (StreamHandle stream))                                                \
  X(cuEventCreate, "", (EventHandle * event, unsigned flags))                                      \
  X(cuEventDestroy, "_v2", (EventHandle event))                                                    \
  X(cuEventRecord, "", (EventHandle event, StreamHandle stream))                                   \
  X(cuEventElapsedTime, "", (float *milliseconds, EventHandle begin, EventHandle end))             \
  X(cuLaunchKernel, "",                                                                            \
    (FunctionHandle function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,     \
     unsigned blockY, unsigned blockZ, unsigned sharedMemory, StreamHandle stream,                 \
     void **parameters, void **extra))                                                             \
  X(cuGraphCreate, "", (GraphHandle * graph, unsigned flags))                                      \
  X(cuGraphDestroy, "", (GraphHandle graph))                                                       \
  X(cuGraphAddKernelNode, "",                                                                      \
    (GraphNode * node, GraphHandle graph, const GraphNode *dependencies, size_t count,             \
     const KernelNodeParams *parameters))                                                          \
  X(cuGraphAddMemcpyNode, "",                                                                      \
    (GraphNode * node, GraphHandle graph, const GraphNode *dependencies, size_t count,             \
     const CopyParams *parameters, ContextHandle context))                                         \
  X(cuGraphInstantiateWithFlags, "",                                                               \
    (ExecutableGraph * executable, GraphHandle graph, unsigned long long flags))                   \
  X(cuGraphExecKernelNodeSetParams, "",                                                            \
    (ExecutableGraph executable, GraphNode node, const KernelNodeParams *parameters))              \
  X(cuGraphExecMemcpyNodeSetParams, "",                                                            \
    (ExecutableGraph executable, GraphNode node, const CopyParams *parameters,                     \
     ContextHandle context))                                                                       \
  X(cuGraphLaunch, "", (ExecutableGraph executable, StreamHandle stream))                          \
  X(cuGraphExecDestroy, "", (ExecutableGraph executable))

struct Driver {
#define DLC_DRIVER_FIELD(name, suffix, parameters) Result(*name) parameters;
  DLC_DRIVER_FUNCTIONS(DLC_DRIVER_FIELD)
#undef DLC_DRIVER_FIELD
};

/// The process's driver; filled once openDriver() has succeeded.
extern Driver driver;

/// Opens libcuda.so.1 and starts the driver; not for several threads at the same time. The driver
/// stays open until the process ends.
Status openDriver(ErrorText &error);

/// The status of a result: the one place that knows.
dlc_status statusOf(Result result);

/// Whether a result says that the context can no more be used.
inline bool isSticky(Result result) {
  return result == eccUncorrectable || result == illegalAddress || result == launchTimeout ||
         result == assertFailed || (result >= hardwareStackError && result <= launchFailed);
}

/// "out of memory (CUDA_ERROR_OUT_OF_MEMORY, 2)", for messages.
struct ResultText {
  explicit ResultText(Result result);
  char text[256];
};

} // namespace dlc::runtime::cuda

#endif
