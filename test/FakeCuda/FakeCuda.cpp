#include "FakeCuda.h"

#include "Driver.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

using namespace dlc::runtime::cuda;

namespace {
struct Node {
  bool isCopy = false;
  KernelNodeParams launch = {};
  std::vector<uint64_t> words;
  CopyParams copy = {};
};

/// What a function's handle points to.
struct Kernel {
  fake_kernel function;
  size_t numParameters;
};

struct Allocation {
  uint64_t size;
  int device;
  bool pinned;
};

struct Graph {
  std::vector<GraphNode> nodes;
};

struct Fake {
  std::recursive_mutex mutex;
  int numDevices = 2, architecture = 90, version = 12040;
  uint64_t memory = uint64_t{1} << 32;
  int64_t failAt = -1;
  int failWith = 0, sticky = 0;
  fake_counts counts = {};
  std::string firstMisuse;
  std::map<std::string, Kernel> kernels;
  std::map<int, int> retained; // primary contexts by device
  std::map<uint64_t, Allocation> allocations;
  std::map<void *, std::string> handles; // kinds of what exists
  std::map<GraphNode, Node> nodes;
  std::map<void *, Graph> graphs; // and executables, by handle
};

Fake &fake() {
  static Fake *theFake = new Fake;
  return *theFake;
}
thread_local std::vector<ContextHandle> contextStack;

using Guard = std::lock_guard<std::recursive_mutex>;
} // namespace

static Result misuse(const std::string &what, Result result = invalidValue) {
  if (fake().counts.misuse++ == 0)
    fake().firstMisuse = what;
  return result;
}

/// What every call begins with: counts it, and fails it where that was asked for.
static Result enter(bool needsContext = true) {
  Fake &f = fake();
  ++f.counts.calls;
  if (f.failAt >= 0 && f.failAt-- == 0) {
    f.sticky = isSticky(f.failWith) ? f.failWith : 0;
    return f.failWith;
  }
  if (needsContext && contextStack.empty())
    return misuse("a call without a current context", 201);
  return needsContext ? f.sticky : success;
}

#define FAKE_ENTER(...)                                                                            \
  Guard guard(fake().mutex);                                                                       \
  if (Result entered = enter(__VA_ARGS__); entered != success)                                     \
  return entered

template <typename T> static T make(const char *kind) {
  void *handle = malloc(1);
  fake().handles[handle] = kind;
  ++fake().counts.live;
  return reinterpret_cast<T>(handle);
}

static bool exists(const void *handle, const char *kind) {
  auto found = fake().handles.find(const_cast<void *>(handle));
  return found != fake().handles.end() && found->second == kind;
}

/// Handles are not used twice, so that a destroyed one is known as such: their memory stays.
static Result destroy(void *handle, const char *kind) {
  if (!exists(handle, kind))
    return misuse(std::string("destroys an unknown ") + kind);
  fake().handles[handle] = std::string("destroyed ") + kind;
  --fake().counts.live;
  return success;
}

/// A call that fails destroys all the same, as the driver's do.
static Result enterAndDestroy(void *handle, const char *kind) {
  Guard guard(fake().mutex);
  const Result entered = enter();
  const Result destroyed = destroy(handle, kind);
  return entered != success ? entered : destroyed;
}

static bool streamExists(const void *stream) {
  return reinterpret_cast<uintptr_t>(stream) <= 2 || exists(stream, "stream");
}

static int currentDevice() {
  return contextStack.empty()
             ? -1
             : static_cast<int>(reinterpret_cast<intptr_t>(contextStack.back()) / 16 - 1);
}

/// Whether `bytes` at `pointer` lie in one allocation of the current device or, where pinned, of
/// the host.
static bool isMemory(uint64_t pointer, uint64_t bytes) {
  auto after = fake().allocations.upper_bound(pointer);
  if (after == fake().allocations.begin())
    return false;
  auto &[begin, allocation] = *--after;
  return !allocation.pinned && allocation.device == currentDevice() &&
         pointer - begin <= allocation.size && bytes <= allocation.size - (pointer - begin);
}

extern "C" {

void fake_reset(void) {
  Guard guard(fake().mutex);
  Fake &f = fake();
  const int64_t live = f.counts.live, bytes = f.counts.device_bytes;
  f.numDevices = 2;
  f.architecture = 90;
  f.version = 12040;
  f.memory = uint64_t{1} << 32;
  f.failAt = -1;
  f.sticky = 0;
  f.firstMisuse.clear();
  f.counts = {};
  f.counts.live = live;
  f.counts.device_bytes = bytes;
}

void fake_set_devices(int count, int architecture) {
  fake().numDevices = count;
  fake().architecture = architecture;
}
void fake_set_version(int version) { fake().version = version; }
void fake_set_memory(uint64_t bytes) { fake().memory = bytes; }
void fake_fail_at(int64_t call, int result) {
  Guard guard(fake().mutex);
  fake().failAt = call;
  fake().failWith = result;
  fake().sticky = 0;
}
void fake_register(const char *name, fake_kernel kernel, unsigned num_parameters) {
  fake().kernels[name] = {kernel, num_parameters};
}
fake_counts fake_get_counts(void) {
  Guard guard(fake().mutex);
  return fake().counts;
}
const char *fake_first_misuse(void) { return fake().firstMisuse.c_str(); }

//===-- Devices and modules ----------------------------------------------------------------------//

Result cuInit(unsigned) {
  FAKE_ENTER(false);
  return fake().numDevices == 0 ? noDevice : success;
}
Result cuDriverGetVersion(int *version) {
  *version = fake().version;
  return success;
}
Result cuGetErrorName(Result result, const char **name) {
  *name = result == outOfMemory      ? "CUDA_ERROR_OUT_OF_MEMORY"
          : result == illegalAddress ? "CUDA_ERROR_ILLEGAL_ADDRESS"
          : result == noDevice       ? "CUDA_ERROR_NO_DEVICE"
                                     : "CUDA_ERROR_FAKE";
  return success;
}
Result cuGetErrorString(Result result, const char **text) {
  *text = result == outOfMemory      ? "out of memory"
          : result == illegalAddress ? "an illegal memory access was encountered"
          : result == noDevice       ? "no CUDA-capable device is detected"
                                     : "a fake failure";
  return success;
}
Result cuDeviceGetCount(int *count) {
  FAKE_ENTER(false);
  *count = fake().numDevices;
  return success;
}
Result cuDeviceGet(int *device, int ordinal) {
  FAKE_ENTER(false);
  *device = ordinal;
  return ordinal < fake().numDevices ? success : invalidDevice;
}
Result cuDeviceGetName(char *name, int size, int) {
  FAKE_ENTER(false);
  snprintf(name, static_cast<size_t>(size), "Fake GPU");
  return success;
}
Result cuDeviceGetAttribute(int *value, int attribute, int) {
  FAKE_ENTER(false);
  *value = attribute == attributeMajor ? fake().architecture / 10 : fake().architecture % 10;
  return success;
}
Result cuDevicePrimaryCtxRetain(ContextHandle *context, int device) {
  FAKE_ENTER(false);
  if (fake().retained[device]++ == 0)
    ++fake().counts.live;
  *context = reinterpret_cast<ContextHandle>(static_cast<intptr_t>(device + 1) * 16);
  return success;
}
Result cuDevicePrimaryCtxRelease_v2(int device) {
  Guard guard(fake().mutex);
  if (fake().retained[device] == 0)
    return misuse("releases a context that is not retained");
  if (--fake().retained[device] == 0) {
    --fake().counts.live;
    fake().sticky = 0; // a new context is sound again
  }
  return success;
}
// Making a context current does not fail while it exists: these two are not made to fail.
Result cuCtxPushCurrent_v2(ContextHandle context) {
  contextStack.push_back(context);
  return success;
}
Result cuCtxPopCurrent_v2(ContextHandle *context) {
  Guard guard(fake().mutex);
  if (contextStack.empty())
    return misuse("pops from an empty stack of contexts");
  *context = contextStack.back();
  contextStack.pop_back();
  return success;
}
Result cuModuleLoadDataEx(ModuleHandle *module, const void *image, unsigned count,
                          unsigned *options, void **values) {
  FAKE_ENTER();
  if (strstr(static_cast<const char *>(image), "bad")) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == jitErrorLog)
        snprintf(static_cast<char *>(values[i]), 64, "ptxas fatal: line 1");
    return invalidPtx;
  }
  *module = make<ModuleHandle>("module");
  return success;
}
Result cuModuleUnload(ModuleHandle module) { return enterAndDestroy(module, "module"); }
Result cuModuleGetFunction(FunctionHandle *function, ModuleHandle module, const char *name) {
  FAKE_ENTER();
  if (!exists(module, "module"))
    return misuse("asks an unknown module for a function");
  auto found = fake().kernels.find(name);
  if (found == fake().kernels.end())
    return 500;
  *function = reinterpret_cast<FunctionHandle>(&found->second);
  return success;
}
Result cuFuncSetAttribute(FunctionHandle, int, int) {
  FAKE_ENTER();
  return success;
}

//===-- Memory -----------------------------------------------------------------------------------//

static uint64_t allocate(uint64_t bytes, bool pinned) {
  void *memory = nullptr;
  if (posix_memalign(&memory, 256, bytes) != 0)
    return 0;
  memset(memory, 0xa5, bytes);
  const auto pointer = reinterpret_cast<uint64_t>(memory);
  fake().allocations[pointer] = {bytes, currentDevice(), pinned};
  ++fake().counts.live;
  return pointer;
}
static Result freeMemory(uint64_t pointer, bool pinned) {
  auto found = fake().allocations.find(pointer);
  if (found == fake().allocations.end() || found->second.pinned != pinned)
    return misuse("frees memory that is not allocated");
  if (!pinned && found->second.device != currentDevice())
    return misuse("frees memory of another device");
  if (!pinned)
    fake().counts.device_bytes -= static_cast<int64_t>(found->second.size);
  --fake().counts.live;
  fake().allocations.erase(found);
  free(reinterpret_cast<void *>(pointer));
  return success;
}
Result cuMemAlloc_v2(DevicePointer *pointer, size_t bytes) {
  FAKE_ENTER();
  if (bytes == 0)
    return misuse("allocates no bytes");
  if (static_cast<uint64_t>(fake().counts.device_bytes) + bytes > fake().memory)
    return outOfMemory;
  *pointer = allocate(bytes, false);
  fake().counts.device_bytes += static_cast<int64_t>(bytes);
  return success;
}
Result cuMemHostAlloc(void **pointer, size_t bytes, unsigned) {
  FAKE_ENTER();
  *pointer = reinterpret_cast<void *>(allocate(bytes, true));
  return success;
}
// What frees does so even where it is made to fail, as a context's end would: only what the runtime
// has not freed counts as left behind.
Result cuMemFree_v2(DevicePointer pointer) {
  Guard guard(fake().mutex);
  const Result entered = enter();
  const Result freed = freeMemory(pointer, false);
  return entered != success ? entered : freed;
}
Result cuMemFreeHost(void *pointer) {
  Guard guard(fake().mutex);
  const Result entered = enter();
  const Result freed = freeMemory(reinterpret_cast<uint64_t>(pointer), true);
  return entered != success ? entered : freed;
}
Result cuMemcpyHtoDAsync_v2(DevicePointer target, const void *source, size_t bytes,
                            StreamHandle stream) {
  FAKE_ENTER();
  if (!streamExists(stream) || !isMemory(target, bytes))
    return misuse("copies to the device: no such stream or memory");
  memcpy(reinterpret_cast<void *>(target), source, bytes);
  ++fake().counts.copies_to_device;
  fake().counts.bytes_to_device += static_cast<int64_t>(bytes);
  return success;
}
Result cuMemcpyDtoHAsync_v2(void *target, DevicePointer source, size_t bytes, StreamHandle stream) {
  FAKE_ENTER();
  if (!streamExists(stream) || !isMemory(source, bytes))
    return misuse("copies from the device: no such stream or memory");
  memcpy(target, reinterpret_cast<void *>(source), bytes);
  ++fake().counts.copies_to_host;
  return success;
}
Result cuMemcpyDtoDAsync_v2(DevicePointer target, DevicePointer source, size_t bytes,
                            StreamHandle stream) {
  FAKE_ENTER();
  if (!streamExists(stream) || !isMemory(source, bytes) || !isMemory(target, bytes))
    return misuse("copies on the device: no such stream or memory");
  memmove(reinterpret_cast<void *>(target), reinterpret_cast<void *>(source), bytes);
  return success;
}
Result cuMemsetD8Async(DevicePointer target, unsigned char value, size_t bytes,
                       StreamHandle stream) {
  FAKE_ENTER();
  if (!streamExists(stream) || !isMemory(target, bytes))
    return misuse("sets memory: no such stream or memory");
  memset(reinterpret_cast<void *>(target), value, bytes);
  return success;
}
Result cuPointerGetAttribute(void *value, int attribute, DevicePointer pointer) {
  FAKE_ENTER();
  auto after = fake().allocations.upper_bound(pointer);
  if (after == fake().allocations.begin())
    return invalidValue;
  auto &[begin, allocation] = *--after;
  if (pointer - begin >= allocation.size)
    return invalidValue;
  if (attribute == pointerMemoryType)
    *static_cast<unsigned *>(value) = allocation.pinned ? memoryHost : memoryDevice;
  else if (attribute == pointerOrdinal)
    *static_cast<int *>(value) = allocation.device;
  else
    *static_cast<uint64_t *>(value) = attribute == rangeStart ? begin : allocation.size;
  return success;
}

//===-- Streams and events -----------------------------------------------------------------------//

Result cuStreamCreate(StreamHandle *stream, unsigned) {
  FAKE_ENTER();
  *stream = make<StreamHandle>("stream");
  return success;
}
Result cuStreamDestroy_v2(StreamHandle stream) { return enterAndDestroy(stream, "stream"); }
Result cuStreamSynchronize(StreamHandle stream) {
  FAKE_ENTER();
  return streamExists(stream) ? success : misuse("waits for an unknown stream");
}
Result cuEventCreate(EventHandle *event, unsigned) {
  FAKE_ENTER();
  *event = make<EventHandle>("event");
  return success;
}
Result cuEventDestroy_v2(EventHandle event) { return enterAndDestroy(event, "event"); }
Result cuEventRecord(EventHandle event, StreamHandle stream) {
  FAKE_ENTER();
  return exists(event, "event") && streamExists(stream) ? success
                                                        : misuse("records an unknown event");
}
Result cuEventElapsedTime(float *milliseconds, EventHandle begin, EventHandle end) {
  FAKE_ENTER();
  *milliseconds = 0.25F;
  return exists(begin, "event") && exists(end, "event") ? success
                                                        : misuse("measures an unknown event");
}

//===-- Launches and graphs ----------------------------------------------------------------------//

static const Kernel &kernelOf(const KernelNodeParams &launch) {
  return *reinterpret_cast<const Kernel *>(launch.function);
}
static Result runKernel(const KernelNodeParams &launch) {
  if (launch.gridX == 0 || launch.blockX == 0 || launch.blockX > 1024)
    return misuse("launches no blocks or threads");
  ++fake().counts.launches;
  kernelOf(launch).function(launch.parameters, launch.gridX, launch.blockX);
  return success;
}
Result cuLaunchKernel(FunctionHandle function, unsigned gridX, unsigned gridY, unsigned gridZ,
                      unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedMemory,
                      StreamHandle stream, void **parameters, void **) {
  FAKE_ENTER();
  if (!streamExists(stream))
    return misuse("launches on an unknown stream");
  return runKernel(
      {function, gridX, gridY, gridZ, blockX, blockY, blockZ, sharedMemory, parameters, nullptr});
}
Result cuGraphCreate(GraphHandle *graph, unsigned) {
  FAKE_ENTER();
  *graph = make<GraphHandle>("graph");
  fake().graphs[*graph] = {};
  return success;
}
Result cuGraphDestroy(GraphHandle graph) { return enterAndDestroy(graph, "graph"); }

/// The driver copies the parameters; they are words, all of them.
static void setLaunch(Node &node, const KernelNodeParams &launch) {
  node.launch = launch;
  node.words.clear();
  for (size_t i = 0; i < kernelOf(launch).numParameters; ++i)
    node.words.push_back(*static_cast<const uint64_t *>(launch.parameters[i]));
}
static Result addNode(GraphNode *node, GraphHandle graph, const GraphNode *dependencies,
                      size_t count, Node &added) {
  if (!exists(graph, "graph"))
    return misuse("adds a node to an unknown graph");
  std::vector<GraphNode> &nodes = fake().graphs[graph].nodes;
  if (count != (nodes.empty() ? 0U : 1U) || (count && dependencies[0] != nodes.back()))
    return misuse("adds a node that does not follow the one before");
  *node = reinterpret_cast<GraphNode>(malloc(1));
  fake().nodes[*node] = added;
  nodes.push_back(*node);
  return success;
}
Result cuGraphAddKernelNode(GraphNode *node, GraphHandle graph, const GraphNode *dependencies,
                            size_t count, const KernelNodeParams *parameters) {
  FAKE_ENTER();
  Node added;
  setLaunch(added, *parameters);
  return addNode(node, graph, dependencies, count, added);
}
Result cuGraphAddMemcpyNode(GraphNode *node, GraphHandle graph, const GraphNode *dependencies,
                            size_t count, const CopyParams *parameters, ContextHandle) {
  FAKE_ENTER();
  Node added;
  added.isCopy = true;
  added.copy = *parameters;
  return addNode(node, graph, dependencies, count, added);
}
Result cuGraphInstantiateWithFlags(ExecutableGraph *executable, GraphHandle graph,
                                   unsigned long long) {
  FAKE_ENTER();
  if (!exists(graph, "graph"))
    return misuse("instantiates an unknown graph");
  *executable = make<ExecutableGraph>("executable");
  fake().graphs[*executable] = fake().graphs[graph];
  ++fake().counts.instantiations;
  return success;
}
static Node *findNode(ExecutableGraph executable, GraphNode node) {
  if (!exists(executable, "executable"))
    return nullptr;
  for (GraphNode known : fake().graphs[executable].nodes)
    if (known == node)
      return &fake().nodes[node];
  return nullptr;
}
Result cuGraphExecKernelNodeSetParams(ExecutableGraph executable, GraphNode node,
                                      const KernelNodeParams *parameters) {
  FAKE_ENTER();
  Node *found = findNode(executable, node);
  if (!found || found->isCopy)
    return misuse("updates a node that is no kernel of the graph");
  ++fake().counts.node_updates;
  setLaunch(*found, *parameters);
  return success;
}
Result cuGraphExecMemcpyNodeSetParams(ExecutableGraph executable, GraphNode node,
                                      const CopyParams *parameters, ContextHandle) {
  FAKE_ENTER();
  Node *found = findNode(executable, node);
  if (!found || !found->isCopy || found->copy.source.memoryType != parameters->source.memoryType)
    return misuse("updates a node that is no such copy of the graph");
  ++fake().counts.node_updates;
  found->copy = *parameters;
  return success;
}
static Result runCopy(const CopyParams &copy) {
  const bool fromHost = copy.source.memoryType == memoryHost;
  if (!isMemory(copy.target.device, copy.width) ||
      (!fromHost && !isMemory(copy.source.device, copy.width)))
    return misuse("a graph copies memory that is not there");
  memmove(reinterpret_cast<void *>(copy.target.device),
          fromHost ? copy.source.host : reinterpret_cast<void *>(copy.source.device), copy.width);
  if (fromHost) {
    ++fake().counts.copies_to_device;
    fake().counts.bytes_to_device += static_cast<int64_t>(copy.width);
  }
  return success;
}
Result cuGraphLaunch(ExecutableGraph executable, StreamHandle stream) {
  FAKE_ENTER();
  if (!exists(executable, "executable") || !streamExists(stream))
    return misuse("launches an unknown graph");
  ++fake().counts.graph_launches;
  for (GraphNode handle : fake().graphs[executable].nodes) {
    Node &node = fake().nodes[handle];
    Result result = success;
    if (node.isCopy) {
      result = runCopy(node.copy);
    } else {
      std::vector<void *> parameters;
      for (uint64_t &word : node.words)
        parameters.push_back(&word);
      KernelNodeParams launch = node.launch;
      launch.parameters = parameters.data();
      result = runKernel(launch);
    }
    if (result != success)
      return result;
  }
  return success;
}
Result cuGraphExecDestroy(ExecutableGraph executable) {
  return enterAndDestroy(executable, "executable");
}
}
