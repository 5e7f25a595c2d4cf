// What a run has asked of the device and the device has not begun: launches and copies up to the
// next copy to the host. A segment that was seen before is replayed as a graph.
#ifndef DLC_RUNTIME_CUDA_SEGMENT_H
#define DLC_RUNTIME_CUDA_SEGMENT_H

#include "Device.h"
#include "GrowingArray.h"

namespace dlc::runtime::cuda {

/// One step of a segment. Addresses and parameters lie apart, in the segment's words: two segments
/// with the same steps differ in words alone.
struct Step {
  uint32_t isCopy;
  uint32_t function; // of a launch
  uint32_t kernel;
  uint32_t threads;
  uint32_t blocks;
  uint32_t sharedMemory;
  uint32_t firstWord;
  uint32_t numWords; // a launch's parameters; target and source of a copy
  uint32_t fromHost; // of a copy: the source is pinned memory of the host
  uint32_t reserved;
  uint64_t bytes; // of a copy
  int64_t flops;  // of a launch; last, as it is no part of what segments have in common
};

struct Segment {
  GrowingArray<Step> steps;
  GrowingArray<uint64_t> words;

  void clear() {
    steps.clear();
    words.clear();
  }
  /// Whether both have the same steps, but for what profiles count.
  bool matches(const Segment &other) const;
};

/// The segments that a context has seen lately, with graphs of those that it has seen twice.
class SegmentCache {
public:
  explicit SegmentCache(DeviceProgram &program) : program(program) {}
  SegmentCache(const SegmentCache &) = delete;
  SegmentCache &operator=(const SegmentCache &) = delete;
  ~SegmentCache();

  /// Begins the segment's steps on a stream.
  Status launch(const Segment &segment, StreamHandle stream, ErrorText &error);

private:
  /// Short segments gain nothing.
  static constexpr size_t leastSteps = 3;
  static constexpr size_t numEntries = 8;

  struct Entry {
    Segment segment; // as the graph has it now
    GraphHandle graph = nullptr;
    ExecutableGraph executable = nullptr;
    GrowingArray<GraphNode> nodes;
    uint64_t lastUse = 0; // 0: empty
  };

  Status remember(Entry &entry, const Segment &segment, ErrorText &error) const;
  Status build(Entry &entry, ErrorText &error) const;
  Status addNode(Entry &entry, const Step &step, ErrorText &error) const;
  Status update(Entry &entry, const Segment &segment, ErrorText &error) const;
  void drop(Entry &entry) const;

  DeviceProgram &program;
  Entry entries[numEntries];
  uint64_t clock = 0;
};

/// Begins one step on a stream.
Status launchStep(DeviceProgram &program, const Segment &segment, const Step &step,
                  StreamHandle stream, ErrorText &error);

} // namespace dlc::runtime::cuda

#endif
