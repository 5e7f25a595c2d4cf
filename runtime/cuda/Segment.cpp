#include "Segment.h"

using namespace dlc::runtime;
using namespace dlc::runtime::cuda;

bool Segment::matches(const Segment &other) const {
  if (steps.size() != other.steps.size())
    return false;
  for (size_t i = 0; i < steps.size(); ++i)
    if (memcmp(&steps[i], &other.steps[i], offsetof(Step, flops)) != 0)
      return false;
  return true;
}

namespace {
/// The parameters of a launch as the driver takes them: an address for each.
class Parameters {
public:
  /// False when memory is short.
  [[nodiscard]] bool point(const Segment &segment, const Step &step) {
    addresses.clear();
    for (uint32_t i = 0; i < step.numWords; ++i) {
      void *word = const_cast<uint64_t *>(segment.words.data() + step.firstWord + i);
      if (!addresses.append(word))
        return false;
    }
    return true;
  }
  void **data() { return addresses.data(); }

private:
  GrowingArray<void *> addresses;
};
} // namespace

static KernelNodeParams nodeOf(const DeviceProgram &program, const Step &step, void **parameters) {
  return {program.functions[step.function].handle,
          step.blocks,
          1,
          1,
          step.threads,
          1,
          1,
          step.sharedMemory,
          parameters,
          nullptr};
}

static CopyParams copyOf(const Segment &segment, const Step &step) {
  CopyParams copy = {};
  const uint64_t target = segment.words[step.firstWord], source = segment.words[step.firstWord + 1];
  copy.target.memoryType = memoryDevice;
  copy.target.device = target;
  copy.source.memoryType = step.fromHost ? memoryHost : memoryDevice;
  if (step.fromHost)
    copy.source.host = reinterpret_cast<const void *>(source);
  else
    copy.source.device = source;
  copy.width = step.bytes;
  copy.height = copy.depth = 1;
  return copy;
}

Status dlc::runtime::cuda::launchStep(DeviceProgram &program, const Segment &segment,
                                      const Step &step, StreamHandle stream, ErrorText &error) {
  const uint64_t *words = segment.words.data() + step.firstWord;
  if (step.isCopy && step.fromHost)
    return program.device->check(driver.cuMemcpyHtoDAsync(words[0],
                                                          reinterpret_cast<const void *>(words[1]),
                                                          step.bytes, stream),
                                 "copying to the device", error);
  if (step.isCopy)
    return program.device->check(driver.cuMemcpyDtoDAsync(words[0], words[1], step.bytes, stream),
                                 "copying on the device", error);
  Parameters parameters;
  if (!parameters.point(segment, step))
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory for a launch");
  return program.device->check(driver.cuLaunchKernel(program.functions[step.function].handle,
                                                     step.blocks, 1, 1, step.threads, 1, 1,
                                                     step.sharedMemory, stream, parameters.data(),
                                                     nullptr),
                               "launching a kernel", error);
}

SegmentCache::~SegmentCache() {
  for (Entry &entry : entries)
    drop(entry);
}

void SegmentCache::drop(Entry &entry) const {
  if (entry.executable)
    (void)driver.cuGraphExecDestroy(entry.executable);
  if (entry.graph)
    (void)driver.cuGraphDestroy(entry.graph);
  entry.executable = nullptr;
  entry.graph = nullptr;
  entry.nodes.clear();
  entry.segment.clear();
  entry.lastUse = 0;
}

Status SegmentCache::remember(Entry &entry, const Segment &segment, ErrorText &error) const {
  entry.segment.clear();
  if (!entry.segment.steps.append(segment.steps.data(), segment.steps.size()) ||
      !entry.segment.words.append(segment.words.data(), segment.words.size())) {
    entry.segment.clear();
    return error.fail(DLC_OUT_OF_MEMORY, "out of memory for a graph");
  }
  return DLC_OK;
}

Status SegmentCache::addNode(Entry &entry, const Step &step, ErrorText &error) const {
  // The order of the steps is that of the nodes: each depends on the one before.
  const GraphNode *before = entry.nodes.size() ? &entry.nodes[entry.nodes.size() - 1] : nullptr;
  const size_t count = before ? 1 : 0;
  GraphNode node = nullptr;
  Result result = success;
  if (step.isCopy) {
    const CopyParams copy = copyOf(entry.segment, step);
    result = driver.cuGraphAddMemcpyNode(&node, entry.graph, before, count, &copy,
                                         program.device->context);
  } else {
    Parameters parameters;
    if (!parameters.point(entry.segment, step))
      return error.fail(DLC_OUT_OF_MEMORY, "out of memory for a graph");
    const KernelNodeParams launch = nodeOf(program, step, parameters.data());
    result = driver.cuGraphAddKernelNode(&node, entry.graph, before, count, &launch);
  }
  DLC_RETURN_IF_ERROR(program.device->check(result, "building a graph", error));
  return entry.nodes.append(node) ? DLC_OK
                                  : error.fail(DLC_OUT_OF_MEMORY, "out of memory for a graph");
}

Status SegmentCache::build(Entry &entry, ErrorText &error) const {
  Device &device = *program.device;
  DLC_RETURN_IF_ERROR(
      device.check(driver.cuGraphCreate(&entry.graph, 0), "building a graph", error));
  for (size_t i = 0; i < entry.segment.steps.size(); ++i)
    DLC_RETURN_IF_ERROR(addNode(entry, entry.segment.steps[i], error));
  return device.check(driver.cuGraphInstantiateWithFlags(&entry.executable, entry.graph, 0),
                      "instantiating a graph", error);
}

/// Gives the graph's nodes the words of this run.
Status SegmentCache::update(Entry &entry, const Segment &segment, ErrorText &error) const {
  for (size_t i = 0; i < segment.steps.size(); ++i) {
    const Step &step = segment.steps[i];
    const uint64_t *now = segment.words.data() + step.firstWord;
    uint64_t *then = entry.segment.words.data() + step.firstWord;
    if (memcmp(now, then, step.numWords * sizeof(uint64_t)) == 0)
      continue;
    Result result = success;
    if (step.isCopy) {
      const CopyParams copy = copyOf(segment, step);
      result = driver.cuGraphExecMemcpyNodeSetParams(entry.executable, entry.nodes[i], &copy,
                                                     program.device->context);
    } else {
      Parameters parameters;
      if (!parameters.point(segment, step))
        return error.fail(DLC_OUT_OF_MEMORY, "out of memory for a graph");
      const KernelNodeParams launch = nodeOf(program, step, parameters.data());
      result = driver.cuGraphExecKernelNodeSetParams(entry.executable, entry.nodes[i], &launch);
    }
    DLC_RETURN_IF_ERROR(program.device->check(result, "updating a graph", error));
    memcpy(then, now, step.numWords * sizeof(uint64_t));
  }
  return DLC_OK;
}

Status SegmentCache::launch(const Segment &segment, StreamHandle stream, ErrorText &error) {
  Entry *found = nullptr, *oldest = &entries[0];
  for (Entry &entry : entries) {
    if (entry.lastUse != 0 && entry.segment.matches(segment))
      found = &entry;
    if (entry.lastUse < oldest->lastUse)
      oldest = &entry;
  }
  if (found) {
    found->lastUse = ++clock;
    dlc_status status = found->executable ? DLC_OK : build(*found, error);
    if (status == DLC_OK)
      status = update(*found, segment, error);
    if (status == DLC_OK)
      return program.device->check(driver.cuGraphLaunch(found->executable, stream),
                                   "launching a graph", error);
    drop(*found);
    return status;
  }
  if (segment.steps.size() >= leastSteps) {
    drop(*oldest);
    DLC_RETURN_IF_ERROR(remember(*oldest, segment, error));
    oldest->lastUse = ++clock;
  }
  for (size_t i = 0; i < segment.steps.size(); ++i)
    DLC_RETURN_IF_ERROR(launchStep(program, segment, segment.steps[i], stream, error));
  return DLC_OK;
}
